package whole_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/disclosure/whole"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

// house is a bureau with a case of a few papers and three recordings, the last of which nobody asked for.
type house struct {
	*gatetest.World
	t                  testing.TB
	ctx                context.Context
	keys               *keyring.Keyring
	seq                *custody.Sequencer
	looks              *viewing.Service
	marks              *marking.Service
	plans              *whole.Service
	packs              *dossier.Service
	c                  *dossier.Case
	head, legal, other access.Actor
	recs               []ident.RecordingID
	files              map[ident.RecordingID]disclosure.File
	bytes              map[string][]byte
	open               func(ctx context.Context, sha256 string) (io.ReadCloser, error)
	copies             []disclosure.Copy
	print              func(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error)
	press              func(context.Context, sheet.Paper) (sheet.PDF, error)
}

func person(id, name string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.PersonID(id), Name: name, Roles: roles, Department: d, Departments: []ident.DepartmentID{d},
	}
}

func (h *house) Object(_ context.Context, id ident.RecordingID) (viewing.Object, error) {
	return viewing.Object{ID: id, Department: "d1", Officer: "o", Name: "a.mp4", Duration: 10 * time.Minute}, nil
}

func (h *house) HeadOf(context.Context, ident.DepartmentID) (ident.PersonID, error) { return "h", nil }

func (h *house) Leaders(context.Context) ([]ident.PersonID, error) {
	return []ident.PersonID{"l", "l2"}, nil
}

func (h *house) Want(*gate.Tx, ident.RecordingID) error { return nil }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

type closer struct{ io.Reader }

func (closer) Close() error { return nil }

// newHouse makes one whose case has so many papers and whose recordings are of these sizes.
func newHouse(t testing.TB, w *gatetest.World, papers int, sizes ...int64) *house {
	t.Helper()
	h := &house{World: w, t: t, ctx: context.Background(), bytes: map[string][]byte{}, files: map[ident.RecordingID]disclosure.File{}}
	h.head, h.legal, h.other = person("h", "王科长", "d1", access.Head), person("p", "赵法制", "d9", access.LegalReviewer), person("x", "别人", "d9", access.LegalReviewer)
	h.print = func(_ context.Context, _ *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
		return dossier.PDF{Bytes: []byte("%PDF " + p.Title), Pages: 2}, nil
	}
	h.press = func(_ context.Context, p sheet.Paper) (sheet.PDF, error) {
		var b bytes.Buffer
		for _, s := range p.Sections {
			b.WriteString(s.Heading)
			for _, x := range s.Blocks {
				if x.Table != nil {
					for _, r := range x.Table.Rows {
						b.WriteString(strings.Join(r, "|") + "\n")
					}
				}
			}
		}
		return sheet.PDF{Bytes: append([]byte("%PDF "), b.Bytes()...), Pages: 1}, nil
	}
	h.open = func(_ context.Context, d string) (io.ReadCloser, error) {
		return closer{bytes.NewReader(h.bytes[d])}, nil
	}
	h.c = &dossier.Case{
		ID: string(ident.New[ident.CaseID]()), No: "示案〔2026〕1号", Title: "某厂未报告案", Act: "penalty", Procedure: "ordinary", State: "open", OpenedAt: w.Clock.Now(), Department: "d1",
	}
	about := custody.Subject{Kind: "case", ID: h.c.ID}
	entry := func(action string, s custody.Subject, detail ...any) custody.Entry {
		return custody.Entry{
			ID: ident.New[ident.EntryID](), At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: h.legal.ID}, Action: action, Subject: s,
			Related: []custody.Subject{about}, Outcome: custody.Done, Detail: custody.Detail(detail...),
		}
	}
	all := []custody.Entry{entry("case.open", about)}
	for i := range papers {
		p := dossier.Paper{ID: string(ident.New[ident.PaperID]()), Type: "record", Title: "现场检查笔录", State: "complete", Version: 1, FixedAt: w.Clock.Now(), FixedBy: h.legal.ID, Author: "示例局"}
		p.Content = "record\n{}"
		p.Digest = sum([]byte(p.Content))
		e := entry("paper.sign", custody.Subject{Kind: "paper", ID: p.ID}, "version", 1, "digest", p.Digest, "n", i)
		p.Entry = e.ID
		all, h.c.Papers = append(all, e), append(h.c.Papers, p)
	}
	for _, size := range sizes {
		id, body := ident.New[ident.RecordingID](), make([]byte, size)
		_, _ = rand.Read(body)
		h.add(id, disclosure.File{ID: ident.New[ident.FileID](), Name: "FILE0001.MP4", SHA256: sum(body), Size: size})
		h.bytes[sum(body)] = body
	}
	h.must(w.DB.Write(h.ctx, func(tx bun.Tx) error { return custody.Append(h.ctx, tx, all...) }))
	h.services()
	return h
}

func (h *house) add(id ident.RecordingID, f disclosure.File) {
	at := clock.Micros(h.Clock.Now())
	_, err := h.DB.Writer.NewRaw(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict)
		VALUES (?, 'video', 'verified', 'a.mp4', 1, 1, '', ?, ?, 'in_time')`, id, at, at).Exec(h.ctx)
	h.must(err)
	h.recs, h.files[id] = append(h.recs, id), f
	h.c.Recordings = append(h.c.Recordings, dossier.Footage{Recording: id, File: f.ID, Name: f.Name, Size: f.Size, SHA256: f.SHA256, State: "verified"})
}

func (h *house) services() {
	t, w := h.t, h.World
	var err error
	h.keys, err = keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu")
	h.must(err)
	h.seq, err = custody.NewSequencer(h.ctx, custody.Config{DB: w.DB, Keys: h.keys, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例局"})
	h.must(err)
	t.Cleanup(func() { _ = h.seq.Close() })
	h.looks, err = viewing.New(viewing.Config{
		DB: w.DB, Gate: w.Gate, Recordings: h, Offices: h, Copies: h, Clock: w.Clock, Log: w.Log, DepartmentName: func(context.Context, ident.DepartmentID) string { return "法制科" },
	})
	h.must(err)
	h.marks, err = marking.New(marking.Config{DB: w.DB, Gate: w.Gate, Object: func(_ context.Context, id ident.RecordingID) (marking.Object, error) {
		return marking.Object{ID: id, Department: "d1", Officer: "o", Name: "a.mp4"}, nil
	}})
	h.must(err)
	words, err := locale.Load()
	h.must(err)
	h.plans, err = whole.New(whole.Config{
		DB: w.DB, Clock: w.Clock, Bureau: "示例局", Words: words.For(locale.Chinese),
		Press: func(ctx context.Context, p sheet.Paper) (sheet.PDF, error) { return h.press(ctx, p) },
		Recording: func(context.Context, ident.RecordingID) (whole.Recording, error) {
			return whole.Recording{Name: "现场检查", Verdict: "in_time", StoredAt: w.Clock.Now()}, nil
		},
		Files: func(_ context.Context, id ident.RecordingID) ([]disclosure.File, error) {
			return []disclosure.File{h.files[id]}, nil
		},
		Open: func(ctx context.Context, d string) (io.ReadCloser, error) { return h.open(ctx, d) },
		Copies: func(_ context.Context, rec ident.RecordingID) (out []disclosure.Copy, _ error) {
			return slices.DeleteFunc(slices.Clone(h.copies), func(c disclosure.Copy) bool { return c.Recording != rec }), nil
		},
		OpenCopy: func(context.Context, string) (*disclosure.Taken, error) {
			film := bytes.Repeat([]byte("masked "), 1000)
			return &disclosure.Taken{ReadCloser: closer{bytes.NewReader(film)}, Media: int64(len(film)), Statement: []byte("{}\n")}, nil
		},
		Looks: func(ctx context.Context, id ident.RecordingID) ([]viewing.Look, error) {
			return viewing.LooksOf(ctx, w.DB.Reader, id)
		},
	})
	h.must(err)
	h.packs, err = dossier.New(dossier.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, FS: durable.OS(), Origin: h.keys.Origin(), Bureau: "示例局",
		Print: func(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
			return h.print(ctx, c, p)
		},
		Cover: func(_ context.Context, _ *dossier.Case, _ dossier.Index) (dossier.PDF, error) {
			return dossier.PDF{Bytes: []byte("%PDF index"), Pages: 1}, nil
		},
		Receipt: func(context.Context, access.Actor, ident.FileID) ([]byte, error) {
			return nil, fault.New(fault.NotFound, "receipt.unknown")
		},
		Consent: func(ctx context.Context, idb bun.IDB, who ident.PersonID, no int64, id string) (dossier.Consent, error) {
			r, err := viewing.ForCase(ctx, idb, w.Clock.Now(), who, no, ident.CaseID(id))
			if err != nil {
				return dossier.Consent{}, err
			}
			return dossier.Consent{ID: r.ID, No: r.No, Until: r.Until}, nil
		},
		Sequence: func(ctx context.Context) error { _, err := h.seq.Sequence(ctx); return err },
	})
	h.must(err)
}

// granted is the legal reviewer's request for copies of these recordings of the case, which the head agreed to.
func (h *house) granted(recs ...ident.RecordingID) *viewing.Request {
	h.t.Helper()
	var items []viewing.Item
	for _, r := range recs {
		items = append(items, viewing.Item{Recording: r})
	}
	q, err := h.looks.Ask(h.ctx, h.legal, viewing.Ask{Items: items, Case: ident.CaseID(h.c.ID), Manner: viewing.MannerCopy, Purpose: viewing.PurposeReply, Words: "行政复议答复", Until: h.Clock.Now().Add(24 * time.Hour)})
	h.must(err)
	h.must(h.looks.Decide(h.ctx, h.head, q.ID, viewing.Decision{Consent: true}))
	return q
}

func (h *house) make(q *viewing.Request, out string, apart bool) (dossier.Result, error) {
	h.t.Helper()
	w, err := h.plans.Of(h.ctx, whole.Order{Case: h.c, Person: h.legal.Person, Request: q.No, Apart: apart})
	if err != nil {
		return dossier.Result{}, err
	}
	return h.packs.Make(h.ctx, h.legal, dossier.Order{Case: h.c, Request: q.No, Out: out, More: w})
}

func (h *house) check(target string) *verify.Report {
	h.t.Helper()
	own, err := custody.ReadTrust(h.ctx, h.DB.Reader, h.keys.Origin(), "示例局")
	h.must(err)
	raw, err := own.Render()
	h.must(err)
	trust, err := verify.ParseTrust(raw)
	h.must(err)
	r, err := verify.Target(h.ctx, target, verify.Options{Clock: h.Clock, Trust: trust})
	h.must(err)
	return r
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// empty fails where anything lies in a folder.
func (h *house) empty(dir string) {
	h.t.Helper()
	list, err := os.ReadDir(dir)
	h.must(err)
	for _, e := range list {
		h.t.Errorf("%s was left behind", e.Name())
	}
}

// TestWhole: a whole case leaves as a folder and as one encrypted zip, an outsider's reader takes both, and names what was changed,
// taken away or put in. // issue 6 point 7
func TestWhole(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, g *gatetest.World) {
		h := newHouse(t, g, 3, 9<<20, 100_000, 50_000)
		dir := t.TempDir()
		q := h.granted(h.recs[0], h.recs[1])
		out := filepath.Join(dir, "out")
		res, err := h.make(q, out, false)
		h.must(err)
		r := h.check(out)
		if r.ExitCode() != 0 || r.Case.Whole == nil || r.Case.Whole.Originals != 2 || r.Case.Whole.Left != 1 || r.Case.Whole.Recordings != 3 || r.Case.Documents != 3 {
			t.Fatalf("%+v %+v %+v", r.RecordIntact, r.InLog, r.Case)
		}
		if res.Bytes < 9<<20 || len(res.Apart) != 0 {
			t.Errorf("%+v", res)
		}
		index, err := os.ReadFile(filepath.Join(out, "whole.pdf"))
		h.must(err)
		for _, says := range []string{"未登记现场活动", "现场检查笔录", "按时", "未获同意", h.files[h.recs[1]].SHA256[:16]} {
			if !bytes.Contains(index, []byte(says)) {
				t.Errorf("the index does not say %q", says)
			}
		}
		for name, c := range map[string]struct {
			do   func(file string) error
			code string
		}{
			"footage/001-1-original.mp4": {func(f string) error { return os.WriteFile(f, []byte("other"), 0o600) }, "file.changed"},
			"footage/002-1-original.mp4": {os.Remove, "file.missing"},
			"footage/009-1-original.mp4": {func(f string) error { return os.WriteFile(f, []byte("x"), 0o600) }, "file.added"},
			"whole.json":                 {func(f string) error { return os.WriteFile(f, []byte("{}\n"), 0o600) }, "file.changed"},
		} {
			bad := filepath.Join(t.TempDir(), "bad")
			h.must(os.CopyFS(bad, os.DirFS(out)))
			h.must(c.do(filepath.Join(bad, filepath.FromSlash(name))))
			r := h.check(bad)
			if r.ExitCode() != verify.ExitWrong || !slices.Contains(r.RecordIntact.Reasons, verify.Reason{Code: c.code, What: name}) {
				t.Errorf("%s: %+v", name, r.RecordIntact)
			}
		}

		id, err := age.GenerateX25519Identity()
		h.must(err)
		apart := filepath.Join(dir, "apart")
		res, err = h.make(q, apart, true)
		h.must(err)
		if list, err := os.ReadDir(filepath.Join(apart, "footage")); len(res.Apart) != 2 || err == nil && len(list) > 0 {
			t.Errorf("footage was copied twice: %v %v", list, err)
		}
		var sealed bytes.Buffer
		h.must(whole.Stream(h.ctx, &sealed, apart, res.Apart, id.Recipient().String()))
		if bytes.Contains(sealed.Bytes(), []byte("manifest.json")) {
			t.Error("it can be read without the key")
		}
		plain, err := age.Decrypt(&sealed, id)
		h.must(err)
		zipped := filepath.Join(dir, "whole.zip")
		body, err := io.ReadAll(plain)
		h.must(err)
		h.must(os.WriteFile(zipped, body, 0o600))
		if r := h.check(zipped); r.ExitCode() != 0 || r.Case.Whole.Originals != 2 {
			t.Fatalf("%+v %+v", r.RecordIntact, r.Case)
		}
		want(t, whole.Stream(h.ctx, io.Discard, apart, nil, "age1nobody"), "disclosure.key")
	})
}

// TestRevokedWhilePacking: a consent that is taken back while footage is copied stops it there, and nothing lies anywhere afterwards; one
// taken back while a zip is sent breaks the zip. // issue 6 bad input, T6
func TestRevokedWhilePacking(t *testing.T) {
	t.Parallel()
	h := newHouse(t, gatetest.New(t, dbtest.SQLite(t)), 2, 100_000, 100_000)
	q := h.granted(h.recs...)
	dir := t.TempDir()
	plain, n := h.open, 0
	h.open = func(ctx context.Context, d string) (io.ReadCloser, error) {
		if n++; n == 2 {
			h.must(h.looks.Revoke(h.ctx, h.head, q.ID, "不再需要"))
		}
		return plain(ctx, d)
	}
	_, err := h.make(q, filepath.Join(dir, "out"), false)
	want(t, err, "viewing.not_granted")
	h.empty(dir)

	q, n = h.granted(h.recs...), 0
	apart := filepath.Join(t.TempDir(), "apart")
	res, err := h.make(q, apart, true)
	h.must(err)
	var sent bytes.Buffer
	want(t, whole.Stream(h.ctx, &sent, apart, res.Apart, ""), "viewing.not_granted")
	if _, err := verify.CaseZip(h.ctx, bytes.NewReader(sent.Bytes()), int64(sent.Len()), verify.Options{Clock: h.Clock}); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.zip")
	h.must(os.WriteFile(broken, sent.Bytes(), 0o600))
	if r := h.check(broken); r.ExitCode() == 0 {
		t.Error("half a package passes for whole")
	}
}

// TestMarksTighten: what a mark protects leaves as a masked copy or not at all, what shows who informed or is said to hold a state secret
// stops everything, and nobody takes a case on another's request or on one that was only for looking. // T14, T20, decisions 21 and 26
func TestMarksTighten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, gatetest.New(t, dbtest.SQLite(t)), 1, 1000, 1000)
	q := h.granted(h.recs...)
	dir := t.TempDir()
	mark := func(m marking.Mark, rec ident.RecordingID) {
		t.Helper()
		_, err := h.marks.Put(h.ctx, h.head, rec, m, "当事人要求保护")
		h.must(err)
	}
	_, err := h.plans.Of(h.ctx, whole.Order{Case: h.c, Person: h.other.Person, Request: q.No})
	want(t, err, "viewing.unknown")
	mark(marking.Privacy, h.recs[0])
	_, err = h.make(q, filepath.Join(dir, "a"), false)
	want(t, err, "disclosure.masked")
	h.copies = []disclosure.Copy{{ID: "c1", No: 1, Recording: h.recs[0], Masked: true, Name: "脱敏.mp4"}}
	_, err = h.make(q, filepath.Join(dir, "b"), false)
	h.must(err)
	if _, err := os.Stat(filepath.Join(dir, "b", "footage", "001-1-original.mp4")); err == nil {
		t.Error("the original of what a mark masks left")
	}
	r := h.check(filepath.Join(dir, "b"))
	if r.Case.Whole.Copies != 1 || r.ExitCode() != verify.ExitWrong { // the statement of this copy is none, and that is found
		t.Fatalf("%+v %+v", r.RecordIntact, r.Case.Whole)
	}
	h.must(os.RemoveAll(filepath.Join(dir, "b")))
	// Marked while the first recording is copied: the whole stops.
	plain := h.open
	h.open = func(ctx context.Context, d string) (io.ReadCloser, error) {
		mark(marking.Informant, h.recs[1])
		return plain(ctx, d)
	}
	_, err = h.make(q, filepath.Join(dir, "c"), false)
	want(t, err, "disclosure.withheld")
	h.empty(dir)
}
