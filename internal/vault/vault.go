// Package vault is the contract of the place where evidence lies: bytes come in through a stage, are sealed once
// under the SHA-256 of their plain content, and are only ever read from then on. What a vault holds can be read
// without the database, given the storage key: every object carries its sidecar.
//
// Everything at rest is encrypted and authenticated (format: docs/formats/vault-object-v1.md). Digests, sizes and
// offsets always mean the plain bytes.
//
// The promises, which every implementation MUST keep and package vaulttest checks:
//
//   - An offset that Stage.Offset or Stage.Append has told survives a power cut and a killed process.
//   - A Seal that returned nil survives both; the object is found under its digest, whole.
//   - An object is written once. It is never overwritten, and equal content is never stored twice.
//   - A changed, cut, reordered or exchanged byte is found when it is read, before it is handed out.
//   - After one failed fsync the vault refuses to write (fault Unavailable "vault.read_only") until it is opened anew;
//     it never acknowledges anything about the bytes concerned.
//
// What is not promised: protection from somebody who has both the storage key and the disk, or who deletes whole
// objects (the custody log and fsck show that); secrecy of sizes, times and digests (a digest names its object, so
// whoever has a copy of a file can see that it is here).
package vault

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"time"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/ident"
)

// SizeUnknown is the size of an upload whose sender has not told it yet.
const SizeUnknown int64 = -1

// StaleAfter is how long a stage may lie untouched before its caller may discard it, with an entry in the custody log.
const StaleAfter = 7 * 24 * time.Hour

// MaxSize is the greatest length of one object, in bytes: 64 TiB.
const MaxSize = int64(1) << 46

// MaxMeta is the greatest length of the caller's facts, in bytes.
const MaxMeta = 64 << 10

// Vault keeps sealed objects and the stages they grow in. It is safe for concurrent use.
//
// Faults every method may return: Internal "vault.damaged" wrapping *Damage, for bytes that fail authentication;
// Unavailable "vault.key_unknown", for bytes under a storage key that was not handed in. Failures of the disk itself
// come back as they are.
type Vault interface {
	// Begin opens a stage under a fresh id, durable before it returns, so that Resume finds it from then on. size is
	// the announced length in bytes or SizeUnknown. meta is the caller's, valid JSON or nil, kept encrypted.
	//
	// It refuses before the first byte: Exhausted "vault.full" (bytes needed, bytes free) if size and the reserve do
	// not fit; Conflict "vault.stage_exists"; Unavailable "vault.read_only"; Invalid "vault.meta_malformed", TooLarge
	// "vault.meta_too_large".
	Begin(ctx context.Context, id ident.UploadID, size int64, meta json.RawMessage) (Stage, error)

	// Resume finds a stage by its id, also one that an earlier process began on this node. NotFound
	// "vault.stage_unknown" if there is none: it was sealed, discarded or never begun.
	Resume(ctx context.Context, id ident.UploadID) (Stage, error)

	// Stages lists this node's unfinished stages, by id (that is, oldest first). A stage that cannot be read is yielded
	// as its id with an error, and the list goes on.
	Stages(ctx context.Context) iter.Seq2[StageInfo, error]

	// Open opens an object for reading. Every byte handed out has been authenticated; that all of them together have
	// the object's digest is Verify's work. NotFound "vault.object_unknown".
	Open(ctx context.Context, d Digest) (Object, error)

	// Stat describes an object; its header, trailer and sidecar are authenticated. NotFound "vault.object_unknown".
	Stat(ctx context.Context, d Digest) (Info, error)

	// Objects lists all objects in the order of their digests. What does not belong there, or cannot be read, is
	// yielded as an error wrapping *Damage (with the digest, where the name tells one), and the list goes on.
	//
	// An object that nobody was told of, left by a crash, may be adopted, but only while ReadOnly is nil: after a failed
	// fsync a listed name need not be on the disk.
	Objects(ctx context.Context) iter.Seq2[Info, error]

	// Sidecar reads what was sealed with an object. NotFound "vault.object_unknown".
	Sidecar(ctx context.Context, d Digest) (Sidecar, error)

	// Verify reads the whole object from the disk rather than the page cache, as well as the system allows, and
	// recomputes SHA-256 and SM3 of the plain bytes in one pass. It returns nil only if every byte is authentic and
	// the SHA-256 is d. NotFound "vault.object_unknown"; otherwise Internal "vault.damaged" wrapping *Damage.
	Verify(ctx context.Context, d Digest) (Verified, error)

	// Free tells the room left.
	Free(ctx context.Context) (Space, error)

	// ReadOnly is nil while the vault may be written, or the reason why not: a fault Unavailable "vault.read_only" that
	// wraps the first failed fsync. It never goes back to nil while the process lives.
	ReadOnly() error
}

// Stage is an upload on its way to becoming an object. One call at a time: a call that meets another one running is
// refused with Conflict "vault.stage_busy", except ID, Offset, Size, SHA256, Touched and Open, which may always be
// called.
type Stage interface {
	// ID is the upload the stage belongs to.
	ID() ident.UploadID

	// Offset is how many bytes are durable, the only number that may be told to a sender.
	Offset() int64

	// Size is the announced length or SizeUnknown.
	Size() int64

	// SHA256 is the digest of all bytes. ok is false before the announced length is durable.
	SHA256() (d Digest, ok bool)

	// Touched is the last time bytes became durable.
	Touched() time.Time

	// Open reads back what is durable at the time of the call: Offset bytes, each authenticated before it is handed out.
	// What is appended later does not show in it. Once the stage has ended, reads go on or fail with NotFound
	// "vault.stage_unknown"; they never yield other bytes. It is for joining uploads, never for showing them.
	Open(ctx context.Context) (Object, error)

	// Append adds what r yields at Offset and returns how many bytes became durable.
	//
	// If check is not nil, it is called when r has ended, and then all or nothing: if r or check fails, nothing of this
	// call is kept, Offset is what it was, and that error is returned as it is. A sender's checksum belongs there.
	//
	// If check is nil and r fails, what arrived before is made durable and counted, and r's error is returned with the
	// count. Long streams become durable piece by piece, about every 32 MiB, and Offset follows.
	//
	// Bytes beyond the announced length: TooLarge "vault.over_size" (size), nothing since the last durable offset is
	// kept. No room: Exhausted "vault.full" (bytes needed, bytes free); Offset stays durable and the upload can be
	// resumed once there is room. A cancelled ctx counts as r failing with its cause.
	Append(ctx context.Context, r io.Reader, check func() error) (int64, error)

	// DeclareSize sets a length that was unknown. Declaring the same again is fine; another one, or one below Offset, is
	// Conflict "vault.size_declared" (declared, asked).
	DeclareSize(ctx context.Context, size int64) error

	// Seal makes the stage an object, if its length is the announced one (Conflict "vault.incomplete": offset, size) and
	// its digest is *want, where want is given (Conflict "vault.digest_mismatch": want, got). meta, unless nil, takes
	// the place of Begin's. On any error the stage is kept as it was.
	//
	// existed reports that the vault already held an intact object of this content: then no second one is made, the
	// first one's sidecar stays, and the stage is gone. After a nil error the stage is finished: every further call
	// answers NotFound "vault.stage_unknown".
	Seal(ctx context.Context, want *Digest, meta json.RawMessage) (info Info, existed bool, err error)

	// Discard gives up the stage and removes its bytes.
	Discard(ctx context.Context) error
}

// Object is an open object. ReadAt is safe for concurrent use and follows io.ReaderAt.
type Object interface {
	io.ReaderAt
	io.Closer
	// Size is the number of plain bytes.
	Size() int64
}

// StageInfo describes an unfinished stage.
type StageInfo struct {
	ID      ident.UploadID
	Node    string // the server that holds it
	Offset  int64  // durable bytes
	Size    int64  // announced length or SizeUnknown
	Begun   time.Time
	Touched time.Time // the last time bytes became durable
	Meta    json.RawMessage
}

// Stale reports whether the stage has lain untouched for StaleAfter.
func (s StageInfo) Stale(now time.Time) bool { return now.Sub(s.Touched) >= StaleAfter }

// Info describes an object.
type Info struct {
	Digest   Digest
	Size     int64     // plain bytes
	Stored   int64     // bytes on the disk
	SealedAt time.Time // our clock
	Upload   ident.UploadID
	Key      KeyID // the storage key that opens it
}

// Sidecar is what an object tells of itself without the database. It is written with the object and never changes.
type Sidecar struct {
	Digest   Digest
	Size     int64
	SealedAt time.Time
	Upload   ident.UploadID // the upload that brought the bytes first
	Node     string         // the server that received them
	Meta     json.RawMessage
}

// Verified is the outcome of reading an object back.
type Verified struct {
	Info
	SHA256 Digest
	SM3    Digest         // GB/T 32905-2016
	Medium durable.Medium // how surely the disk was read rather than a cache
	At     time.Time      // our clock, when the last byte had been read
}

// Space is the room in a vault, in bytes on the disk.
type Space struct {
	Free    int64 // free on the file system
	Total   int64
	Reserve int64 // kept free for the database and the log
}

// Usable is what uploads may still take.
func (s Space) Usable() int64 { return max(0, s.Free-s.Reserve) }
