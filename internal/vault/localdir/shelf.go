package localdir

import (
	"context"
	"io"
	"iter"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/vault"
)

// Shelf is where sealed objects lie, apart from the stages they grow in. The vault's own directory is one; package s3
// has another. A Shelf moves stored bytes and knows nothing of what is in them: the vault authenticates every one.
//
// An object that is not there is fs.ErrNotExist, an occupied place fs.ErrExist. Faults come through as they are.
type Shelf interface {
	// Name is how the operator finds an object.
	Name(d vault.Digest) string
	// Open opens an object's stored bytes for reading anywhere. It outlives ctx.
	Open(ctx context.Context, d vault.Digest) (Stored, error)
	// Reread opens an object's stored bytes for one pass in aligned pieces, past every cache it can go round, and says
	// where they come from.
	Reread(ctx context.Context, d vault.Digest) (Stored, durable.Medium, error)
	// Put gives the finished, synced file part its place, which must be free (fs.ErrExist), and makes the place
	// durable. moved says that the file is no longer where it was; with an error, that the object has its place and
	// only its name may be lost.
	Put(ctx context.Context, d vault.Digest, part string) (moved bool, err error)
	// Settle makes the name of an object that is there durable, whoever put it there.
	Settle(ctx context.Context, d vault.Digest) error
	// List yields all objects in the order of their digests. What does not belong there is an error wrapping
	// *vault.Damage, with the digest where the name tells one; an object may be yielded and be named in an error too.
	List(ctx context.Context) iter.Seq2[vault.Digest, error]
}

// Stored is the stored form of an object, open for reading.
type Stored interface {
	io.ReaderAt
	io.Closer
	// Size is the number of stored bytes.
	Size() (int64, error)
}
