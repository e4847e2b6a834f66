package casefile_test

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

func each(t *testing.T, run func(t *testing.T, w *casetest.World)) {
	t.Helper()
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, g *gatetest.World) { run(t, casetest.New(t, g)) })
}

func owed(t *testing.T, w *casetest.World, id ident.CaseID) []string {
	t.Helper()
	f := w.File(id)
	var out []string
	for _, it := range procedure.Check(f, w.Catalogue()).Owed(f.Case.Stage) {
		out = append(out, it.Key+" "+string(it.Standing))
	}
	return out
}

func advance(t *testing.T, w *casetest.World, id ident.CaseID) {
	t.Helper()
	w.None(id)
	w.FilmAll(id)
	if err := w.Cases.Advance(context.Background(), w.A, id); err != nil {
		t.Fatalf("%v; owed: %v", err, owed(t, w, id))
	}
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if !fault.HasCode(err, want) {
		t.Fatalf("got %v, want %s", err, want)
	}
}

// TestPenaltyWithHearing: R-07-1 … R-11-1. An ordinary penalty from its source to the archive, with a hearing; at each
// step what the regulation forbids is tried first.
func TestPenaltyWithHearing(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		c := w.Open("penalty", matter.Ordinary, matter.Organisation)
		if c.No != "罚〔2026〕1号" {
			t.Fatalf("number %q", c.No)
		}
		code(t, w.Cases.Advance(ctx, w.A, c.ID), "case.owed")
		source := w.Draft(w.A, c.ID, "case-source-register", nil)
		w.Sign(source)
		filing := w.Draft(w.A, c.ID, "case-filing-approval", map[string]any{"filing_outcome": "filed"})
		code(t, w.Cases.Sign(ctx, w.A, filing, casefile.Mark{Role: "handler2", Mode: matter.Own}), "paper.submit_first")
		w.Approve(filing)
		advance(t, w, c.ID)
		w.Clock.Add(24 * time.Hour)

		inspection := w.Draft(w.A, c.ID, "onsite-inspection-record", nil)
		w.Sign(inspection)
		w.Answer(c.ID, map[string]string{"hearing_due": "true", "outcome": "penalty", "legal_review_due": "true", "discussion_due": "true"})
		decision := w.Draft(w.A, c.ID, "penalty-decision", map[string]any{"issued_on": "2027-02-01"})
		code(t, w.Cases.Sign(ctx, w.A, decision, casefile.Mark{Role: "seal", Mode: matter.Sealed}), "paper.blocked.stage")

		prior := w.Draft(w.A, c.ID, "penalty-prior-notice", map[string]any{"reply_by": "2026-12-02"})
		w.Sign(prior)
		told := w.Draft(w.A, c.ID, "hearing-right-notice", map[string]any{"reply_by": "2026-12-02"})
		w.Sign(told)
		w.Answer(c.ID, map[string]string{"hearing_asked": "true"})
		asked := w.Draft(w.A, c.ID, "hearing-application", nil)
		w.Sign(asked)
		notice := w.Draft(w.A, c.ID, "hearing-notice", map[string]any{
			"hearing_at": "2026-12-15T10:00:00+08:00", "presider": map[string]any{"person_id": string(w.Presider.Person), "name": "听证主持人"},
			"hearing_clerk": map[string]any{"person_id": string(w.Presider.Person), "name": "听证主持人"},
		})
		w.Sign(notice)
		w.Clock.Add(21 * 24 * time.Hour)
		hearing := w.Draft(w.Presider, c.ID, "hearing-record", map[string]any{
			"presider": map[string]any{"person_id": string(w.Presider.Person), "name": "听证主持人"},
		})
		w.Sign(hearing)
		report := w.Draft(w.Presider, c.ID, "hearing-report", nil)
		w.Sign(report)
		advance(t, w, c.ID)

		w.Sign(w.Draft(w.A, c.ID, "investigation-report", nil))
		code(t, firstErr(w.Cases.Draft(ctx, w.A, c.ID, "unit-review-form")), "paper.not_writer")
		code(t, firstErr(w.Cases.Draft(ctx, w.A, c.ID, "legal-review-opinion")), "paper.not_writer")
		approval := w.Draft(w.A, c.ID, "decision-approval", nil)
		if err := w.Cases.Submit(ctx, w.A, approval, []ident.PaperID{decision}); err != nil {
			t.Fatal(err)
		}
		must(t, w.Cases.Decide(ctx, w.B, approval, true, "同意处罚建议。"))
		must(t, w.Cases.Decide(ctx, w.Head, approval, true, "同意，报法制审核。"))
		must(t, w.Cases.Decide(ctx, w.Legal, approval, true, "同意，程序合法。"))
		code(t, w.Cases.Decide(ctx, w.Leader, approval, true, "同意处罚。"), "paper.blocked.unit_review")
		w.Sign(w.Draft(w.Head, c.ID, "unit-review-form", nil))
		code(t, w.Cases.Decide(ctx, w.Leader, approval, true, "同意处罚。"), "paper.blocked.legal_review")
		w.Sign(w.Draft(w.Legal, c.ID, "legal-review-opinion", nil))
		code(t, w.Cases.Decide(ctx, w.Leader, approval, true, "同意处罚。"), "paper.blocked.discussion")
		w.Sign(w.Draft(w.A, c.ID, "collective-discussion-record", nil))
		must(t, w.Cases.Decide(ctx, w.Leader, approval, true, "同意处罚。"))

		// R-09-05: the text that was approved is the text that is issued.
		_, p, err := w.Cases.OfPaper(ctx, w.A, decision)
		must(t, err)
		if _, err := w.Cases.Save(ctx, w.A, decision, []casefile.Edit{{Field: "facts", Value: []byte(`"另一种说法"`), Base: p.Revision}}); err != nil {
			t.Fatal(err)
		}
		code(t, w.Cases.Sign(ctx, w.A, decision, casefile.Mark{Role: "seal", Mode: matter.Sealed}), "paper.blocked.other_text")
		must(t, saved(w.Cases.Save(ctx, w.A, decision, []casefile.Edit{{Field: "facts", Value: p.Values["facts"], Base: p.Revision + 1}})))
		w.Sign(decision)
		advance(t, w, c.ID)

		w.Serve(decision)
		w.Answer(c.ID, map[string]string{"money_imposed": "true"})
		w.Sign(w.Draft(w.A, c.ID, "fine-payment-voucher", nil))
		w.Sign(w.Draft(w.A, c.ID, "performance-record", nil))
		closing := w.Draft(w.A, c.ID, "closing-approval", nil)
		code(t, w.Cases.Submit(ctx, w.A, closing, nil), "paper.blocked.stage")
		advance(t, w, c.ID)
		w.Approve(closing)
		if got := w.File(c.ID).Case.State; got != matter.Closed {
			t.Fatalf("state %s; owed %v", got, owed(t, w, c.ID))
		}
		code(t, w.Cases.Archive(ctx, w.A, c.ID), "case.owed")
		for _, doc := range []string{"case-file-cover", "file-index", "file-reference-sheet", "archive-transfer-register"} {
			w.Sign(w.Draft(w.A, c.ID, doc, nil))
		}
		w.None(c.ID)
		must(t, w.Cases.Archive(ctx, w.A, c.ID))
	})
}

func firstErr[T any](_ T, err error) error { return err }

func saved(_ casefile.Saved, err error) error { return err }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func own(role string) casefile.Mark { return casefile.Mark{Role: role, Mode: matter.Own} }
