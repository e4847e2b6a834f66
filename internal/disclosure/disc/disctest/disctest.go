// Package disctest gives tests a small house that makes evidence discs, of recordings that are only text.
package disctest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/optical"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	disccheck "zhilu.dev/zhilu/internal/verify/disc"
)

// Origin is the log's.
const Origin = "log.example.gov.cn/zhilu"

// Desk is a house with two recordings of one case and somebody who may copy them.
type Desk struct {
	*gatetest.World

	Service *disc.Service
	Config  disc.Config
	Actor   access.Actor
	Keeper  access.Actor
	Consent disc.Consent
	Revoked error
	Frozen  error
	Pieces  map[ident.RecordingID][]disc.Piece
	Opened  func() // before each file is read
	Free    int64
}

// plain prints nothing but that it was asked; how papers look is tried where they are made.
type plain struct{}

func (plain) Ready() error { return nil }
func (plain) Note(_ context.Context, d disc.Disc, n disc.Note) ([]byte, error) {
	return []byte("%PDF note " + d.Number + n.Extractor), nil
}

func (plain) Label(_ context.Context, d disc.Disc, copies []disc.Copy, fingerprint string) ([]byte, error) {
	return []byte("%PDF label " + d.Number + " " + fingerprint + " " + d.LogRoot + " " + copies[0].Custodian), nil
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Note is a complete one.
func Note() disc.Note {
	return disc.Note{Maker: "执法人员甲", Object: "镕喆食品店", MadeAt: "2026年11月20日", Place: "和田县团结路㐂来巷12号", Method: "从采集站导入后原样复制", Proves: "经营超过保质期的食品", Transcript: "问：……\n答：……"}
}

// New makes a house with a recording of each of these names.
func New(t testing.TB, w *gatetest.World, names ...string) *Desk {
	t.Helper()
	if err := optical.Ready(""); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := &Desk{World: w, Free: 1 << 40, Pieces: map[ident.RecordingID][]disc.Piece{}}
	department := ident.DepartmentID("d1")
	d.Actor = access.Actor{Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.New[ident.PersonID](), Name: "赵执法", Roles: []access.Role{access.Officer}}
	d.Keeper = access.Actor{
		Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.New[ident.PersonID](), Name: "钱保管", Roles: []access.Role{access.Custodian}, Departments: []ident.DepartmentID{department},
	}
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), Origin)
	if err != nil {
		t.Fatal(err)
	}
	seq, err := custody.NewSequencer(t.Context(), custody.Config{DB: w.DB, Keys: keys, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例局"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seq.Close() })
	d.Consent = disc.Consent{ID: ident.New[ident.ViewingID](), No: 7, Case: ident.New[ident.CaseID](), Department: department}
	all := []custody.Entry{{
		ID: ident.New[ident.EntryID](), At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: "x"}, Action: "viewing.decide",
		Subject: custody.Subject{Kind: "viewing", ID: string(d.Consent.ID)}, Outcome: custody.Done, Detail: custody.Detail("consent", true, "words", "同意"),
	}}
	var slips []receipt.Receipt
	for i, name := range names {
		body := bytes.Repeat([]byte(name+"\n"), 3000+i)
		r := receipt.Receipt{
			ID: ident.New[ident.ReceiptID](), File: ident.New[ident.FileID](), Recording: ident.New[ident.RecordingID](), Name: name, Size: int64(len(body)), SHA256: sha(body),
			State: receipt.Stored, StoredAt: w.Clock.Now(), Bureau: "示例局", Entry: ident.New[ident.EntryID](), IncludeBy: w.Clock.Now().Add(time.Hour),
		}
		all = append(all, custody.Entry{
			ID: r.Entry, At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Dock, ID: "dock"}, Action: "recording.seal", Subject: custody.Subject{Kind: "file", ID: string(r.File)},
			Outcome: custody.Done, Detail: receipt.FileDetail(r.File, r.Size, r.SHA256, "", r.State),
		})
		slips = append(slips, r)
		d.Consent.Recordings = append(d.Consent.Recordings, r.Recording)
		p := disc.Piece{Recording: r.Recording, File: r.File, Name: name, Kind: "original", Size: r.Size, SHA256: r.SHA256, Open: func(context.Context) (io.ReadCloser, error) {
			if d.Opened != nil {
				d.Opened()
			}
			return io.NopCloser(bytes.NewReader(body)), nil
		}}
		if i == 1 {
			p.View = func(_ context.Context, w io.Writer) error { _, err := w.Write([]byte("h264 of " + name)); return err }
		}
		d.Pieces[r.Recording] = []disc.Piece{p}
	}
	if err := w.DB.Write(t.Context(), func(tx bun.Tx) error { return custody.Append(t.Context(), tx, all...) }); err != nil {
		t.Fatal(err)
	}
	if _, err := seq.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range slips {
		s, err := receipt.Issue(t.Context(), w.DB.Reader, keys, r)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := s.Render()
		if err != nil {
			t.Fatal(err)
		}
		d.Pieces[r.Recording][0].Receipt = raw
	}
	d.Config = disc.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, Origin: Origin, Bureau: "示例局", Sheets: plain{},
		Consent: func(_ context.Context, _ bun.IDB, person ident.PersonID, no int64) (disc.Consent, error) {
			if person != d.Actor.Person || no != d.Consent.No {
				return disc.Consent{}, fault.New(fault.NotFound, "viewing.unknown")
			}
			return d.Consent, d.Revoked
		},
		Pieces: func(_ context.Context, _ access.Actor, _ disc.Consent, rec ident.RecordingID) ([]disc.Piece, error) {
			return d.Pieces[rec], nil
		},
		Refuse: func(context.Context, bun.IDB, ident.RecordingID) error { return d.Frozen },
		CaseOf: func(_ context.Context, id ident.CaseID) (disc.Case, error) {
			return disc.Case{ID: id, No: "示案〔2026〕1号", Title: "某店<过期>食品案"}, nil
		},
		Linked: func(context.Context, bun.IDB, ident.CaseID) ([]ident.RecordingID, error) {
			return d.Consent.Recordings, nil
		},
		Free:   func(string) (int64, error) { return d.Free, nil },
		Reread: func(context.Context) time.Duration { return 2 * 365 * 24 * time.Hour },
		Sequence: func(ctx context.Context) error {
			_, err := seq.Sequence(ctx)
			return err
		},
	}
	if d.Service, err = disc.New(d.Config); err != nil {
		t.Fatal(err)
	}
	return d
}

// Make makes a disc of all of them.
func (d *Desk) Make(t testing.TB, form disc.Form) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	if _, err := d.Service.Make(t.Context(), d.Actor, disc.Order{Request: 7, Note: Note(), Form: form, Out: out}); err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	return out
}

// Trust is the house's trust file.
func (d *Desk) Trust(t testing.TB) *verify.Trust {
	t.Helper()
	tr, err := custody.ReadTrust(t.Context(), d.DB.Reader, Origin, "示例局")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tr.Render()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := verify.ParseTrust(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// Verify checks a disc against it.
func (d *Desk) Verify(t testing.TB, target string) *verify.Report {
	t.Helper()
	r, err := disccheck.Target(t.Context(), target, verify.Options{Clock: d.Clock, Trust: d.Trust(t)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
