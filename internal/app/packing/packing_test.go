package packing_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

// offices and none stand where accounts and recordings would: what is tried here is the case.
type offices struct{ head ident.PersonID }

func (o offices) HeadOf(context.Context, ident.DepartmentID) (ident.PersonID, error) {
	return o.head, nil
}

func (offices) Leaders(context.Context) ([]ident.PersonID, error) { return nil, nil }

type none struct{}

func (none) Object(context.Context, ident.RecordingID) (viewing.Object, error) {
	return viewing.Object{}, fault.New(fault.NotFound, "recording.unknown")
}
func (none) Want(*gate.Tx, ident.RecordingID) error { return nil }

// plain prints nothing but that it was asked; how papers look is tried where they are made.
type plain struct{ during func() }

func (*plain) Ready() error { return nil }
func (*plain) Set(context.Context, sheet.Paper) (sheet.PDF, error) {
	return sheet.PDF{Bytes: []byte("%PDF index"), Pages: 1}, nil
}

func (p *plain) SetOfficial(_ context.Context, o sheet.Official) (sheet.PDF, error) {
	if p.during != nil {
		p.during()
	}
	return sheet.PDF{Bytes: []byte("%PDF " + o.Title), Pages: 2}, nil
}

// A case that was signed, approved, served, corrected, filmed, reported on and excused leaves as a package that verifies: every
// entry that its rows name is what the format says. // issue 5 point 8
func TestWholeCase(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, g *gatetest.World) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		w := casetest.New(t, g)
		c := w.Open("penalty", matter.Ordinary, matter.Organisation)
		source := w.Draft(w.A, c.ID, "case-source-register", nil)
		w.Sign(source)
		w.Approve(w.Draft(w.A, c.ID, "case-filing-approval", map[string]any{"filing_outcome": "filed"}))
		w.None(c.ID)
		w.FilmAll(c.ID)
		must(w.Cases.Advance(ctx, w.A, c.ID))
		g.Clock.Add(time.Hour)
		w.Sign(w.Draft(w.A, c.ID, "onsite-inspection-record", nil))
		prior := w.Draft(w.A, c.ID, "penalty-prior-notice", map[string]any{"reply_by": "2026-12-02"})
		w.Sign(prior)
		w.Serve(prior)
		must(w.Cases.Correct(ctx, w.A, source, "日期写错，予以更正"))
		spare := w.Draft(w.A, c.ID, "onsite-inspection-record", nil)
		must(w.Cases.Void(ctx, w.A, spare, "重复制作，予以作废"))
		_ = w.Cases.Waive(ctx, w.Leader, c.ID, "none", "没有这种情形，予以免除") // whether there is such an item or not

		words, err := locale.Load()
		must(err)
		keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu")
		must(err)
		seq, err := custody.NewSequencer(ctx, custody.Config{DB: g.DB, Keys: keys, Clock: g.Clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例局"})
		must(err)
		defer func() { _ = seq.Close() }()
		looks, err := viewing.New(viewing.Config{
			DB: g.DB, Gate: g.Gate, Recordings: none{}, Offices: offices{w.Head.Person}, Copies: none{}, Clock: g.Clock, Log: g.Log,
			DepartmentName: func(context.Context, ident.DepartmentID) string { return "" },
			Case: func(ctx context.Context, actor access.Actor, id ident.CaseID) (viewing.CaseObject, error) {
				f, err := w.Cases.Get(ctx, actor, id)
				return viewing.CaseObject{ID: id, No: f.Case.No, Department: f.Case.Department}, err
			},
		})
		must(err)
		who := w.Legal
		who.ID = string(ident.New[ident.AccountID]())
		q, err := looks.Ask(ctx, who, viewing.Ask{Case: c.ID, Purpose: viewing.PurposeReview, Words: "法制审核", Until: g.Clock.Now().Add(time.Hour)})
		must(err)
		must(looks.Decide(ctx, w.Head, q.ID, viewing.Decision{Consent: true}))
		press := &plain{}
		o, err := packing.New(packing.Deps{
			DB: g.DB, Gate: g.Gate, Clock: g.Clock, Cases: w.Cases, People: w.Org, Words: words, Press: press, Origin: keys.Origin(), Bureau: "示例局",
			Sequence: func(ctx context.Context) error { _, err := seq.Sequence(ctx); return err },
		})
		must(err)
		films(ctx, t, g, w, o, c.ID)
		frozenMeanwhile(ctx, t, g, press, w.File(c.ID).Links[0].Recording, func() error {
			_, err := o.Make(ctx, who, w.File(c.ID), dossier.Order{Request: q.No, Out: filepath.Join(t.TempDir(), "out")})
			return err
		})
		vouchtest.EveryColumn(t, g, bounded(g), slices.DeleteFunc(rows.Tables(), func(x vouch.Table) bool {
			return x.Name == "case_waiver" || x.Name == "case_report" // none of this case
		})...) // T9
		out := filepath.Join(t.TempDir(), "out")
		res, err := o.Make(ctx, who, w.File(c.ID), dossier.Order{Request: q.No, Out: out})
		must(err)
		trust, err := custody.ReadTrust(ctx, g.DB.Reader, keys.Origin(), "示例局")
		must(err)
		raw, err := trust.Render()
		must(err)
		parsed, err := verify.ParseTrust(raw)
		must(err)
		r, err := verify.Target(ctx, out, verify.Options{Clock: g.Clock, Trust: parsed})
		must(err)
		if r.ExitCode() != 0 || r.Case.Documents < 4 || res.Documents != r.Case.Documents {
			t.Errorf("%+v %+v %+v", r.RecordIntact, r.InLog, r.Case)
		}
	})
}

// frozenMeanwhile: T6. A recording that is marked as a state secret while the papers are being printed keeps the case in the house.
func frozenMeanwhile(ctx context.Context, t *testing.T, g *gatetest.World, press *plain, film ident.RecordingID, pack func() error) {
	t.Helper()
	mark := ident.New[ident.MarkingID]()
	press.during = func() {
		press.during = nil
		if _, err := g.DB.Writer.NewRaw(`INSERT INTO marking (id, recording_id, mark, words, put_at, put_by, put_name) VALUES (?, ?, 'state_secret', 'x', 1, 'k', 'k')`, mark, film).Exec(ctx); err != nil {
			t.Error(err)
		}
	}
	if err := pack(); !fault.HasCode(err, "marking.frozen") {
		t.Errorf("a recording was frozen while the case was packed: %v", err)
	}
	if _, err := g.DB.Writer.NewRaw(`UPDATE marking SET lifted_at = 2, lifted_by = 'q', lifted_words = 'x', basis = 'y' WHERE id = ?`, mark).Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

// films: a recording that would show who informed is in no package, and one that is said to hold a state secret lets nothing of the case
// leave (decisions 21 and 26).
func films(ctx context.Context, t *testing.T, g *gatetest.World, w *casetest.World, o *packing.Office, id ident.CaseID) {
	t.Helper()
	run := func(q string, args ...any) {
		t.Helper()
		if _, err := g.DB.Writer.NewRaw(q, args...).Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	footage := func() int {
		t.Helper()
		c, err := o.Case(ctx, w.File(id))
		if err != nil {
			t.Fatal(err)
		}
		return len(c.Recordings)
	}
	w.Film(id, w.File(id).Papers[0].ID)
	film := w.File(id).Links[0].Recording
	before := footage()
	if known, err := g.DB.Reader.NewSelect().Table("recording").Where("id = ?", film).Count(ctx); err != nil {
		t.Fatal(err)
	} else if known == 0 {
		run(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict) VALUES (?, 'video', 'verified', 'a.mp4', 1, 1, '', 1, 1, 'in_time')`, film)
	}
	file := record.File{ID: ident.New[ident.FileID](), Recording: film, N: 9, Upload: ident.New[ident.UploadID](), Entry: ident.New[ident.EntryID](), SHA256: strings.Repeat("a", 64), Size: 1, Name: "a.mp4", Path: "a.mp4", State: record.Stored, StoredAt: 1, Number: -1}
	if err := record.Insert(ctx, g.DB.Writer, &file); err != nil {
		t.Fatal(err)
	}
	if n := footage(); n != before+1 {
		t.Fatalf("%d files of recordings, %d before", n, before)
	}
	mark := func(m string) {
		t.Helper()
		run(`INSERT INTO marking (id, recording_id, mark, words, put_at, put_by, put_name) VALUES (?, ?, ?, 'x', 1, 'k', 'k')`, ident.New[ident.MarkingID](), film, m)
	}
	mark("informant")
	if n := footage(); n != before {
		t.Fatalf("a package shows who informed: %d files, want %d", n, before)
	}
	mark("state_secret")
	if _, err := o.Case(ctx, w.File(id)); !fault.HasCode(err, "marking.frozen") {
		t.Fatalf("a case with a frozen recording leaves: %v", err)
	}
	run(`UPDATE marking SET lifted_at = 2, lifted_by = 'q', lifted_words = 'x', basis = 'y' WHERE mark = 'state_secret'`)
}

// bounded is what the database holds a column to.
func bounded(g *gatetest.World) map[string]string {
	out := map[string]string{
		"case_signature.mode": "'scan'", "case_approval.step": "CASE step WHEN 'leader' THEN 'unit' ELSE 'leader' END", "case_approval.agreed": "NOT agreed", "case_signature.image": "x'00'",
	}
	if g.DB.Engine == db.Postgres {
		out["case_signature.image"] = "'x'::bytea"
	}
	return out
}
