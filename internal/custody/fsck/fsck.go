// Package fsck is the independent checker: every sealed byte, every row, the whole log and every receipt, each against
// the others. It says what is missing, what is changed and what was added, and it changes nothing. With Online it
// works beside a running server and passes over what is still on its way.
package fsck

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/audit"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/verify"
)

// File is a row that names a sealed object.
type File struct {
	ID        ident.FileID
	Recording ident.RecordingID
	Name      string
	SHA256    string
	SM3       string // "" until verified
	Size      int64
	Good      time.Time // when it was read back from the disk the first time; zero: not yet
}

// Receipt is a receipt as it is kept, and the row it speaks of. Body is empty while nobody has asked for it.
type Receipt struct {
	ID    ident.ReceiptID
	Entry ident.EntryID
	State string
	Body  []byte
	File  File // its ID alone where there is no such row
	Known bool // there is
}

// Catalog is what the rows say of the vault and of receipts. recording is one.
type Catalog interface {
	// Files yields every file.
	Files(ctx context.Context, idb bun.IDB) iter.Seq2[File, error]
	// FileOf finds the file of a digest.
	FileOf(ctx context.Context, idb bun.IDB, sha256 string) (File, bool, error)
	// Receipts yields every receipt.
	Receipts(ctx context.Context, idb bun.IDB) iter.Seq2[Receipt, error]
	// Announced reports whether the upload has an intent, ended or not: its staged bytes belong to somebody.
	Announced(ctx context.Context, idb bun.IDB, id ident.UploadID) (bool, error)
	// Open reports whether the upload has an intent and its file is not entered yet: only then may a sealed object be without
	// a row.
	Open(ctx context.Context, idb bun.IDB, id ident.UploadID) (bool, error)
}

// Config says what to check.
type Config struct {
	DB      *db.DB
	Keys    *keyring.Keyring // nil: not against the checkpoint kept beside the keys
	Vault   vault.Vault
	Catalog Catalog
	Tables  []vouch.Table // whose rows the log says
	Clock   clock.Clock
	Trust   []byte // the trust file; empty: made from the database, so signers are judged by its own keys
	Online  bool   // a server is running: what is on its way is no finding
	// ListOnly lists the objects and does not read them: a scrub reads them in its own time, with Object.
	ListOnly bool
	// OnObject is told of each object read; nil for none.
	OnObject func(done int, bytes int64)
}

// Finding is one thing that is wrong. Code is stable; ID names the row, object, receipt or entry, What the part of it.
//
//	object.missing   a row names it, the vault does not have it
//	object.changed   it is not what was sealed
//	object.key       no storage key at hand opens it
//	object.unreadable the disk does not give it back
//	object.added     no row names it, and no open upload
//	object.size      it and its row have different sizes
//	object.sm3       it and its row have different SM3 digests
//	vault.unreadable a folder of the vault cannot be read
//	vault.foreign    something lies in the vault that is nothing of ours
//	row.altered      the log says otherwise of it; What names table, columns and entry
//	row.added        the log does not say it
//	row.missing      the log says it, and it is not there
//	row.double       it is there twice
//	row.entry        the entry it names as its own is not there, or speaks of something else
//	stage.orphan     an unfinished upload without an intent
//	stage.damaged    an unfinished upload that cannot be read
//	database.damaged the database itself says that it is
//	receipt.wrong    it does not verify
//	receipt.mismatch it verifies, and says something else than the row or the log
//	log.…            see audit.Finding
type Finding struct {
	Code string `json:"code"`
	ID   string `json:"id,omitempty"`
	What string `json:"what,omitempty"`

	// Whose it is and when it was last found whole, where that is known. The caller fills them (scrub.Fill).
	File      ident.FileID      `json:"file_id,omitempty"`
	Recording ident.RecordingID `json:"recording_id,omitempty"`
	LastGood  *time.Time        `json:"last_good,omitempty"`
}

// Report is what was looked at and what was found.
type Report struct {
	Objects  int           `json:"objects"`
	Bytes    int64         `json:"bytes"`
	Files    int           `json:"files"`
	Rows     int           `json:"rows"` // compared with what the log says of them
	Receipts int           `json:"receipts"`
	Stages   int           `json:"stages"`
	Waiting  int           `json:"waiting"` // objects whose upload is open: to be adopted
	Log      *audit.Report `json:"log"`
	Findings []Finding     `json:"findings"`
	// Derivatives counts what was made from recordings and is sound; Rebuild names what is gone or damaged of it. That is no
	// finding: it is made again from originals, which are whole. The caller fills both.
	Derivatives int       `json:"derivatives"`
	Rebuild     []Finding `json:"rebuild,omitempty"`
	// Entry is the custody entry that says that this was done; empty where the house was only read.
	Entry ident.EntryID `json:"entry,omitempty"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func (r *Report) add(code, id, what string) {
	r.Findings = append(r.Findings, Finding{Code: code, ID: id, What: what})
}

type checker struct {
	c     Config
	r     *Report
	seen  map[vault.Digest]bool // objects met, sound or not
	trust *verify.Trust

	idb   bun.IDB // for what one statement answers
	audit func(context.Context) (*audit.Report, error)
	// read runs fn in one snapshot of the database.
	read func(ctx context.Context, fn func(idb bun.IDB) error) error
}

// Run checks everything. An error means that it could not look; what it finds is in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.DB == nil || c.Vault == nil || c.Catalog == nil || c.Clock == nil {
		return nil, errors.New("fsck: Config needs DB, Vault, Catalog and Clock")
	}
	k := newChecker(c)
	k.idb, k.read = c.DB.Reader, snapshots(c.DB)
	k.audit = func(ctx context.Context) (*audit.Report, error) { return audit.Run(ctx, c.DB, c.Keys) }
	return k.run(ctx)
}

func newChecker(c Config) *checker {
	if c.OnObject == nil {
		c.OnObject = func(int, int64) {}
	}
	return &checker{c: c, r: &Report{Findings: []Finding{}, Log: &audit.Report{}}, seen: map[vault.Digest]bool{}}
}

func (k *checker) run(ctx context.Context) (*Report, error) {
	for _, step := range []func(context.Context) error{
		k.database, k.log, k.tables, k.sayings, k.objects, k.missing, k.strays, k.stages, k.loadTrust, k.receipts,
	} {
		err := step(ctx)
		if db.IsDamaged(err) { // what can still be read is looked at all the same
			k.r.add("database.damaged", "", err.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return k.r, nil
}

// database asks the database whether it holds together, where it can tell.
func (k *checker) database(ctx context.Context) error {
	return k.read(ctx, func(idb bun.IDB) error {
		complaints, err := integrity(ctx, idb)
		for _, c := range complaints {
			k.r.add("database.damaged", "", c)
		}
		return err
	})
}

// log computes the custody log again.
func (k *checker) log(ctx context.Context) error {
	a, err := k.audit(ctx)
	if err != nil {
		return err
	}
	k.r.Log = a
	for _, f := range a.Findings {
		what := f.What
		if f.Index >= 0 { // a place in the tree, or a size of it
			what = strings.TrimSpace(strconv.FormatInt(f.Index, 10) + " " + what)
		}
		k.r.add("log."+f.Code, f.Entry, what)
	}
	return nil
}
