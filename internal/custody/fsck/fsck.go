// Package fsck is the independent checker: every sealed byte, every row, the whole log and every receipt, each against
// the others. It says what is missing, what is changed and what was added, and it changes nothing. With Online it
// works beside a running server and passes over what is still on its way.
package fsck

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/audit"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/verify"
)

// File is a row that names a sealed object.
type File struct {
	ID       ident.FileID
	Upload   ident.UploadID
	SHA256   string
	SM3      string // "" until verified
	Size     int64
	Entry    ident.EntryID // the entry of its sealing
	StoredAt time.Time
}

// Receipt is a receipt as it is kept. Body is empty while nobody has asked for it.
type Receipt struct {
	ID    ident.ReceiptID
	File  ident.FileID
	Entry ident.EntryID
	State string
	Body  []byte
}

// Catalog is what the rows say. recording is one.
type Catalog interface {
	Files(ctx context.Context) iter.Seq2[File, error]
	Receipts(ctx context.Context) iter.Seq2[Receipt, error]
	// Open reports whether the upload has an intent and has not ended.
	Open(ctx context.Context, id ident.UploadID) (bool, error)
}

// Config says what to check.
type Config struct {
	DB      *db.DB
	Keys    *keyring.Keyring // nil: not against the checkpoint kept beside the keys
	Vault   vault.Vault
	Catalog Catalog
	Clock   clock.Clock
	Trust   []byte // the trust file; empty: made from the database, so signers are judged by its own keys
	Bureau  string
	Online  bool // a server is running: what is on its way is no finding
	// OnObject is told of each object read; nil for none.
	OnObject func(done int, bytes int64)
}

// Finding is one thing that is wrong. Code is stable: "object.missing", "object.changed", "object.added",
// "object.foreign", "object.size", "row.altered", "row.missing", "row.entry", "stage.orphan", "stage.damaged",
// "receipt.wrong", "receipt.mismatch", "log.…" (see audit.Finding).
type Finding struct {
	Code string `json:"code"`
	ID   string `json:"id,omitempty"`
	What string `json:"what,omitempty"`
}

// Report is what was looked at and what was found.
type Report struct {
	Objects  int           `json:"objects"`
	Bytes    int64         `json:"bytes"`
	Files    int           `json:"files"`
	Receipts int           `json:"receipts"`
	Stages   int           `json:"stages"`
	Log      *audit.Report `json:"log"`
	Findings []Finding     `json:"findings"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func (r *Report) add(code, id, what string) { r.Findings = append(r.Findings, Finding{code, id, what}) }

type checker struct {
	c     Config
	r     *Report
	files map[string]File       // by digest
	byID  map[ident.FileID]File // for receipts
	seen  map[string]bool       // digests of objects read
	trust *verify.Trust
}

// Run checks everything. An error means that it could not look; what it finds is in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.DB == nil || c.Vault == nil || c.Catalog == nil || c.Clock == nil {
		return nil, errors.New("fsck: Config needs DB, Vault, Catalog and Clock")
	}
	if c.OnObject == nil {
		c.OnObject = func(int, int64) {}
	}
	k := &checker{
		c: c, r: &Report{Findings: []Finding{}}, files: map[string]File{}, byID: map[ident.FileID]File{}, seen: map[string]bool{},
	}
	for _, step := range []func(context.Context) error{
		k.log, k.loadFiles, k.objects, k.missing, k.sealed, k.stages, k.loadTrust, k.receipts,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return k.r, nil
}

// log computes the custody log again.
func (k *checker) log(ctx context.Context) error {
	a, err := audit.Run(ctx, k.c.DB, k.c.Keys)
	if err != nil {
		return err
	}
	k.r.Log = a
	for _, f := range a.Findings {
		k.r.add("log."+f.Code, f.Entry, f.What)
	}
	return nil
}

func (k *checker) loadFiles(ctx context.Context) error {
	for f, err := range k.c.Catalog.Files(ctx) {
		if err != nil {
			return err
		}
		k.r.Files++
		k.files[f.SHA256], k.byID[f.ID] = f, f
		if err := k.entryOf(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// entryOf compares a row with the entry of its sealing: whoever edits one must forge the other.
func (k *checker) entryOf(ctx context.Context, f File) error {
	rec, err := custody.Get(ctx, k.c.DB.Reader, f.Entry)
	if fault.Is(err, fault.NotFound) {
		k.r.add("row.entry", string(f.ID), string(f.Entry))
		return nil
	}
	if err != nil {
		return err
	}
	var said struct {
		File   ident.FileID `json:"file_id"`
		SHA256 string       `json:"sha256"`
		Size   int64        `json:"size"`
	}
	if len(rec.Erased) > 0 {
		return nil // what was lawfully erased cannot be compared; the log's own check covers the erasure
	}
	if json.Unmarshal(rec.Detail, &said) != nil || said.File != f.ID || said.SHA256 != f.SHA256 || said.Size != f.Size {
		k.r.add("row.altered", string(f.ID), f.SHA256)
	}
	return nil
}

// objects reads every byte of the vault from the disk.
func (k *checker) objects(ctx context.Context) error {
	for info, err := range k.c.Vault.Objects(ctx) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if d, ok := errors.AsType[*vault.Damage](err); ok {
			if d.Digest == (vault.Digest{}) {
				k.r.add("object.foreign", "", d.Error())
			} else {
				k.seen[d.Digest.String()] = true
				k.r.add("object.changed", d.Digest.String(), d.Error())
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := k.object(ctx, info); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) object(ctx context.Context, info vault.Info) error {
	id := info.Digest.String()
	k.seen[id] = true
	k.r.Objects++
	k.r.Bytes += info.Size
	defer k.c.OnObject(k.r.Objects, k.r.Bytes)
	v, err := k.c.Vault.Verify(ctx, info.Digest)
	if d, ok := errors.AsType[*vault.Damage](err); ok {
		k.r.add("object.changed", id, d.Error())
		return nil
	}
	if err != nil {
		return err
	}
	row, ok := k.files[id]
	switch {
	case !ok:
		return k.withoutRow(ctx, info)
	case row.Size != info.Size:
		k.r.add("object.size", id, string(row.ID))
	case row.SM3 != "" && row.SM3 != v.SM3.String():
		k.r.add("row.altered", string(row.ID), "sm3")
	}
	return nil
}

// withoutRow judges an object that no row names. Beside a running server it may be a moment old; then its upload is
// open still, or its row has been written since the rows were read.
func (k *checker) withoutRow(ctx context.Context, info vault.Info) error {
	if k.c.Online {
		open, err := k.c.Catalog.Open(ctx, info.Upload)
		if err != nil || open {
			return err
		}
		for f, err := range k.c.Catalog.Files(ctx) {
			if err != nil {
				return err
			}
			if f.SHA256 == info.Digest.String() {
				return nil
			}
		}
	}
	k.r.add("object.added", info.Digest.String(), string(info.Upload))
	return nil
}

func (k *checker) missing(context.Context) error {
	for id, f := range k.files {
		if !k.seen[id] {
			k.r.add("object.missing", id, string(f.ID))
		}
	}
	return nil
}

// sealed walks the log's sealings: a row that was deleted leaves its entry behind.
func (k *checker) sealed(ctx context.Context) error {
	for _, action := range []string{"recording.seal", "recording.adopt"} {
		f := custody.Filter{Action: action, Outcome: custody.Done, Limit: 500}
		for {
			page, err := custody.List(ctx, k.c.DB.Reader, f)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, rec := range page {
				f.Before = rec.Seq
				var said struct {
					File ident.FileID `json:"file_id"`
				}
				if json.Unmarshal(rec.Detail, &said) != nil || said.File == "" {
					continue
				}
				if _, ok := k.byID[said.File]; !ok && !k.c.Online {
					k.r.add("row.missing", string(said.File), string(rec.ID))
				}
			}
		}
	}
	return nil
}

func (k *checker) stages(ctx context.Context) error {
	for st, err := range k.c.Vault.Stages(ctx) {
		k.r.Stages++
		if err != nil {
			k.r.add("stage.damaged", string(st.ID), err.Error())
			continue
		}
		open, err := k.c.Catalog.Open(ctx, st.ID)
		if err != nil {
			return err
		}
		if !open && !k.c.Online {
			k.r.add("stage.orphan", string(st.ID), "")
		}
	}
	return nil
}

func (k *checker) loadTrust(ctx context.Context) error {
	raw := k.c.Trust
	if len(raw) == 0 && k.c.Keys != nil {
		t, err := custody.ReadTrust(ctx, k.c.DB.Reader, k.c.Keys.Origin(), k.c.Bureau)
		if err != nil {
			return err
		}
		if raw, err = t.Render(); err != nil {
			return err
		}
	}
	if len(raw) == 0 {
		return nil
	}
	var err error
	k.trust, err = verify.ParseTrust(raw)
	return err
}

// receipts checks every receipt that was given out, with the code outsiders check it with.
func (k *checker) receipts(ctx context.Context) error {
	for rc, err := range k.c.Catalog.Receipts(ctx) {
		if err != nil {
			return err
		}
		k.r.Receipts++
		if len(rc.Body) == 0 {
			continue
		}
		rep, err := verify.Bytes(rc.Body, verify.Options{Trust: k.trust, Clock: k.c.Clock})
		if err != nil {
			return err
		}
		if rep.RecordIntact.Answer != verify.Yes || rep.SignerTrusted.Answer == verify.No {
			k.r.add("receipt.wrong", string(rc.ID), string(rc.File))
			continue
		}
		row, ok := k.byID[rc.File]
		s := rep.Statement
		if !ok && k.c.Online {
			continue
		}
		if !ok || s == nil || s.FileID != rc.File || s.SHA256 != row.SHA256 || s.Size != row.Size {
			k.r.add("receipt.mismatch", string(rc.ID), string(rc.File))
		}
	}
	return nil
}
