package dossier_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
)

const origin = "log.example.gov.cn/zhilu"

// desk is a house with one case and somebody who may take it away.
type desk struct {
	*gatetest.World
	keys    *keyring.Keyring
	seq     *custody.Sequencer
	config  dossier.Config
	svc     *dossier.Service
	c       *dossier.Case
	actor   access.Actor
	printed int
	failAt  int // the print that fails
	consent error
	pause   func()
	halted  bool // nobody signs the log
	print   func(context.Context, *dossier.Case, *dossier.Paper) (dossier.PDF, error)
	cover   func(context.Context, *dossier.Case, dossier.Index) (dossier.PDF, error)
}

var errPress = errors.New("the press is gone")

func digestOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func newDesk(t testing.TB, w *gatetest.World, papers int) *desk {
	t.Helper()
	d := &desk{World: w, actor: access.Actor{
		Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.New[ident.PersonID](), Name: "赵法制", Roles: []access.Role{access.LegalReviewer},
	}}
	var err error
	if d.keys, err = keyring.Generate(durable.OS(), t.TempDir(), origin); err != nil {
		t.Fatal(err)
	}
	d.seq, err = custody.NewSequencer(t.Context(), custody.Config{DB: w.DB, Keys: d.keys, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例局"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.seq.Close() })
	d.c = &dossier.Case{
		ID: string(ident.New[ident.CaseID]()), No: "示案〔2026〕1号", Title: "某厂<未>报告案", Act: "penalty", Procedure: "ordinary", State: "open", OpenedAt: w.Clock.Now(), Department: "d1",
	}
	about := custody.Subject{Kind: "case", ID: d.c.ID}
	by := custody.Actor{Kind: custody.Person, ID: d.actor.ID}
	entry := func(action string, s custody.Subject, related []custody.Subject, detail ...any) custody.Entry {
		return custody.Entry{ID: ident.New[ident.EntryID](), At: w.Clock.Now(), Actor: by, Action: action, Subject: s, Related: related, Outcome: custody.Done, Detail: custody.Detail(detail...)}
	}
	all := []custody.Entry{entry("case.open", about, nil)}
	d.c.Parties = []dossier.Party{{Role: "party", Kind: "person", Name: "张三", From: w.Clock.Now(), Entry: all[0].ID}}
	d.c.Handlers = []dossier.Handler{{Person: "p", Name: "李四", Certificate: "1", Lead: true, From: w.Clock.Now(), Entry: all[0].ID}}
	d.c.Waivers = []dossier.Waiver{{Item: "x", Reason: "r", By: "王五", At: w.Clock.Now(), Entry: all[0].ID}}
	d.c.Events = []dossier.Event{{Event: "e", On: w.Clock.Now(), Basis: "b", By: "王五", At: w.Clock.Now(), Entry: all[0].ID}}
	for i := range papers {
		p := dossier.Paper{
			ID: string(ident.New[ident.PaperID]()), Type: fmt.Sprintf("type-%d", i%7), Title: fmt.Sprintf("第%d份文书", i+1), No: fmt.Sprintf("示罚〔2026〕%d号", i+1), State: "complete",
			Version: 1 + i%2, FixedAt: w.Clock.Now(), FixedBy: d.actor.ID, Author: "示例局",
		}
		p.Content = p.Type + "\n" + fmt.Sprintf(`{"n":%d,"text":"内容\u2028"}`, i)
		p.Digest = digestOf(p.Content)
		subject := custody.Subject{Kind: "paper", ID: p.ID}
		fixed := entry("paper.sign", subject, []custody.Subject{about}, "version", p.Version, "digest", p.Digest, "paper_row", map[string]any{"id": p.ID})
		sign := entry("paper.sign", subject, []custody.Subject{about}, "role", "party")
		p.Entry = fixed.ID
		p.Signatures = []dossier.Signature{{Role: "party", Mode: "drawn", Name: "张三", At: w.Clock.Now(), Entry: sign.ID, Image: []byte("\x89PNG" + p.ID)}}
		p.Approvals = []dossier.Approval{{Step: "legal", Decision: "agree", Opinion: "同意", By: "李四", At: w.Clock.Now(), Entry: sign.ID}}
		all = append(all, fixed, sign)
		d.c.Papers = append(d.c.Papers, p)
	}
	file := []byte("footage")
	r := receipt.Receipt{
		ID: ident.New[ident.ReceiptID](), File: ident.New[ident.FileID](), Recording: ident.New[ident.RecordingID](), Name: "现场.mp4", Size: int64(len(file)),
		SHA256: digestOf(string(file)), State: receipt.Stored, StoredAt: w.Clock.Now(), Bureau: "示例局", Entry: ident.New[ident.EntryID](), IncludeBy: w.Clock.Now().Add(time.Hour),
	}
	all = append(all, custody.Entry{
		ID: r.Entry, At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Dock, ID: "dock"}, Action: "recording.seal", Subject: custody.Subject{Kind: "file", ID: string(r.File)},
		Outcome: custody.Done, Detail: receipt.FileDetail(r.File, r.Size, r.SHA256, "", r.State),
	})
	d.c.Recordings = []dossier.Footage{
		{Recording: r.Recording, File: r.File, Name: r.Name, Size: r.Size, SHA256: r.SHA256, State: "stored"},
		{Recording: r.Recording, File: ident.New[ident.FileID](), Name: "b.mp4", Size: 1, SHA256: digestOf("b"), State: "stored"},
	}
	if err := w.DB.Write(t.Context(), func(tx bun.Tx) error { return custody.Append(t.Context(), tx, all...) }); err != nil {
		t.Fatal(err)
	}
	request := ident.New[ident.ViewingID]()
	d.config = dossier.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, FS: durable.OS(), Origin: origin, Bureau: "示例局",
		Print: func(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
			if d.print != nil {
				return d.print(ctx, c, p)
			}
			if d.printed++; d.printed == d.failAt {
				return dossier.PDF{}, errPress
			}
			return dossier.PDF{Bytes: []byte("%PDF " + p.Title), Pages: 1 + len(p.Title)%3}, nil
		},
		Cover: func(ctx context.Context, c *dossier.Case, x dossier.Index) (dossier.PDF, error) {
			if d.cover != nil {
				return d.cover(ctx, c, x)
			}
			if d.pause != nil {
				d.pause()
			}
			return dossier.PDF{Bytes: fmt.Appendf(nil, "%%PDF %d", x.Pages), Pages: 1}, nil
		},
		Receipt: func(ctx context.Context, _ access.Actor, id ident.FileID) ([]byte, error) {
			if id != r.File {
				return nil, fault.New(fault.NotFound, "receipt.unknown")
			}
			s, err := receipt.Issue(ctx, w.DB.Reader, d.keys, r)
			if err != nil {
				return nil, err
			}
			return s.Render()
		},
		Consent: func(_ context.Context, _ bun.IDB, who ident.PersonID, no int64, id string) (dossier.Consent, error) {
			if who != d.actor.Person || no != 7 || id != d.c.ID {
				return dossier.Consent{}, fault.New(fault.NotFound, "viewing.unknown")
			}
			return dossier.Consent{ID: request, No: no}, d.consent
		},
		Sequence: func(ctx context.Context) error {
			if d.halted {
				return errPress
			}
			_, err := d.seq.Sequence(ctx)
			return err
		},
	}
	d.svc = d.on(t, durable.OS())
	return d
}

// on makes the same service over another disk.
func (d *desk) on(t testing.TB, fsys durable.FS) *dossier.Service {
	t.Helper()
	c := d.config
	c.FS = fsys
	s, err := dossier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (d *desk) order(out string) dossier.Order { return dossier.Order{Case: d.c, Request: 7, Out: out} }

func (d *desk) verify(t testing.TB, target string) *verify.Report {
	t.Helper()
	own, err := custody.ReadTrust(t.Context(), d.DB.Reader, origin, "示例局")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := own.Render()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := verify.ParseTrust(raw)
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Target(t.Context(), target, verify.Options{Clock: d.Clock, Trust: trust})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What the house writes is what an outsider's reader takes, as a folder and as a zip. // issue 5 point 8, G7
func TestMake(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		d := newDesk(t, w, 12)
		dir := t.TempDir()
		out := filepath.Join(dir, "out")
		var seen []int
		o := d.order(out)
		o.Progress = func(done, total int) { seen = append(seen, done, total) }
		res, err := d.svc.Make(t.Context(), d.actor, o)
		if err != nil {
			t.Fatal(err)
		}
		r := d.verify(t, out)
		if r.ExitCode() != 0 || r.Case == nil || r.Case.Documents != 12 || r.Case.Recordings != 2 || r.Case.No != d.c.No {
			t.Fatalf("%+v", r)
		}
		if res.Documents != 12 || res.Files != r.Case.Files+2 || len(seen) != 24 || seen[23] != 12 {
			t.Errorf("%+v, %v", res, seen)
		}
		var z bytes.Buffer
		if err := dossier.Zip(&z, out); err != nil {
			t.Fatal(err)
		}
		zipped := filepath.Join(dir, "case.zip")
		if err := os.WriteFile(zipped, z.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := d.verify(t, zipped); r.ExitCode() != 0 {
			t.Errorf("the zip: %+v", r)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
			t.Errorf("beside the package lies %v, %v", left, err)
		}
		text, err := os.ReadFile(filepath.Join(out, "README.txt"))
		if err != nil || !bytes.Contains(text, []byte("第 7 号查阅申请")) || bytes.Contains(text, []byte("{")) || bytes.Count(text, []byte("\n")) != bytes.Count(text, []byte("\r\n")) {
			t.Errorf("the README: %s, %v", text, err)
		}
		log, err := os.ReadFile(filepath.Join(out, "log", "entries.jsonl"))
		if err != nil || bytes.Contains(log, []byte(`"name":"detail.paper_row"`)) || !bytes.Contains(log, []byte(`"value":"intent"`)) {
			t.Errorf("a row is opened, or the beginning is not there: %v", err)
		}
		history := w.History(t, "case", d.c.ID)
		var outcomes []string
		for _, e := range history {
			if e.Action == "case.export" {
				outcomes = append(outcomes, string(e.Outcome))
			}
		}
		if strings.Join(outcomes, " ") != "done intent" && strings.Join(outcomes, " ") != "intent done" {
			t.Errorf("entries: %v", outcomes)
		}
		if _, err := d.svc.Make(t.Context(), d.actor, d.order(out)); !fault.HasCode(err, "dossier.exists") {
			t.Errorf("a folder that holds something was taken: %v", err)
		}
	})
}

// Whoever has no consent gets nothing, not even an unfinished folder, and the refusal is an entry. // decision 3
func TestMakeRefused(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		d := newDesk(t, w, 2)
		dir := t.TempDir()
		for name, c := range map[string]func(*dossier.Order, *access.Actor){
			"another's request": func(_ *dossier.Order, a *access.Actor) { a.Person = ident.New[ident.PersonID]() },
			"no such request":   func(o *dossier.Order, _ *access.Actor) { o.Request = 8 },
			"an administrator":  func(_ *dossier.Order, a *access.Actor) { a.Roles = []access.Role{access.SystemAdmin} },
			"the host":          func(_ *dossier.Order, a *access.Actor) { *a = access.HostActor("export") },
		} {
			o, actor := d.order(filepath.Join(dir, "out")), d.actor
			c(&o, &actor)
			if _, err := d.svc.Make(t.Context(), actor, o); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		d.pause = func() { d.consent = fault.New(fault.Conflict, "viewing.not_granted") }
		if _, err := d.svc.Make(t.Context(), d.actor, d.order(filepath.Join(dir, "out"))); !fault.HasCode(err, "viewing.not_granted") {
			t.Errorf("a consent that was taken back while papers were printed: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, "out")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a package is there: %v", err)
		}
		if d.printed != 2 || d.printed == 0 {
			t.Errorf("%d papers were printed", d.printed)
		}
	})
}

// What breaks off goes on where it was, and is never taken for a whole package.
func TestMakeGoesOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), 9)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	d.failAt = 6
	if _, err := d.svc.Make(t.Context(), d.actor, d.order(out)); !errors.Is(err, errPress) {
		t.Fatal(err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("half a package has its name")
	}
	partial := filepath.Join(dir, ".out.partial")
	if err := errors.Join(
		os.WriteFile(filepath.Join(partial, "package", "documents", "001-type-0.pdf"), []byte("%PDF forged"), 0o600), // printed anew
		os.WriteFile(filepath.Join(partial, "package", "stray"), nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(partial, "journal"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(`{"name":"documents/009`) // a torn line
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	before := d.printed
	if _, err := d.svc.Make(t.Context(), d.actor, d.order(out)); err != nil {
		t.Fatal(err)
	}
	if n := d.printed - before; n != 9-5+1 {
		t.Errorf("%d papers were printed again", n)
	}
	if r := d.verify(t, out); r.ExitCode() != 0 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(partial); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished folder is still there: %v", err)
	}
}

// A package whose entry was committed is finished by the next try, with that entry and no other.
func TestMakeFinishesWhatWasEntered(t *testing.T) {
	t.Parallel()
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), 3)
	out := filepath.Join(t.TempDir(), "out")
	d.pause = func() { d.halted = true } // after the log's part was written
	if _, err := d.svc.Make(t.Context(), d.actor, d.order(out)); err == nil {
		t.Fatal("finished although nobody signs")
	}
	if n := len(d.exports(t)); n != 1 {
		t.Fatalf("%d entries", n)
	}
	d.pause, d.halted = nil, false
	printed := d.printed
	res, err := d.svc.Make(t.Context(), d.actor, d.order(out))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.exports(t)); n != 1 || d.printed != printed || res.Entry != d.exports(t)[0].ID || res.Pages == 0 {
		t.Errorf("%d entries, %d printed again, %+v", n, d.printed-printed, res)
	}
	if r := d.verify(t, out); r.ExitCode() != 0 {
		t.Errorf("%+v", r)
	}
}

// exports are the entries that a package was made.
func (d *desk) exports(t testing.TB) []custody.Record {
	t.Helper()
	list, err := custody.List(context.Background(), d.DB.Reader, custody.Filter{Action: "case.export", Outcome: custody.Done})
	if err != nil {
		t.Error(err)
	}
	return list
}

// A paper that is not what was fixed is not handed out as if it were.
func TestMakeOfAnEditedPaper(t *testing.T) {
	t.Parallel()
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), 2)
	out := filepath.Join(t.TempDir(), "out")
	d.c.Papers[1].Content += " "
	if _, err := d.svc.Make(t.Context(), d.actor, d.order(out)); !fault.HasCode(err, "dossier.digest") {
		t.Error(err)
	}
	d.c.Papers[1].Content = strings.TrimSuffix(d.c.Papers[1].Content, " ")
	d.c.Papers[0].Entry = ident.New[ident.EntryID]()
	if _, err := d.svc.Make(t.Context(), d.actor, d.order(out)); !fault.HasCode(err, "dossier.entry") {
		t.Error(err)
	}
}

func TestIndexOf(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 1, 17, 0, 0, 0, time.UTC) // the second in Beijing
	x := dossier.IndexOf([]dossier.Paper{{Title: "甲", FixedAt: day, No: "1"}, {Title: "乙"}, {Title: "丙", Note: "作废"}, {Title: "丁"}}, []int{2, 0, 3})
	want := []dossier.Row{
		{N: 1, No: "1", Title: "甲", Date: "2026-11-02", From: 1, To: 2}, {N: 2, Title: "乙"}, {N: 3, Title: "丙", From: 3, To: 5, Note: "作废"}, {N: 4, Title: "丁"},
	}
	if x.Pages != 5 || fmt.Sprint(x.Rows) != fmt.Sprint(want) {
		t.Errorf("%+v", x)
	}
	if x := dossier.IndexOf(nil, nil); x.Rows == nil || x.Pages != 0 {
		t.Errorf("%+v", x)
	}
}

func TestFolderName(t *testing.T) {
	t.Parallel()
	for no, want := range map[string]string{
		"示应急罚〔2026〕1号": "示应急罚〔2026〕1号", `a/b\c:d*e?f"g<h>i|j`: "a-b-c-d-e-f-g-h-i-j", "..": "case", "": "case", "../x": "x", "a. ": "a", "\xff": "case", "a\x00b": "a-b",
	} {
		if have := dossier.FolderName(no); have != want {
			t.Errorf("%q: %q, want %q", no, have, want)
		}
	}
}
