package casefile_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
)

// TestEveryActThatIsOpen: the four acts a bureau has from the first day run from their source or application to the archive,
// with what is usual in them, and nothing is owed that cannot be done.
func TestEveryActThatIsOpen(t *testing.T) {
	for _, c := range []struct {
		name, act string
		procedure matter.Procedure
		kind      matter.PartyKind
		facts     map[string]string
		over      map[string]map[string]any
		want      []string
	}{
		{
			name: "an inspection without a case", act: "inspection", procedure: matter.Ordinary, kind: matter.Organisation,
			facts: map[string]string{"decided_on_spot": "true", "site_visited": "true", "site_inspected": "true", "outcome": "nothing_found"},
			want:  []string{"case-source-register", "inspection-approval", "onsite-inspection-record", "inspection-result-notice", "closing-approval"},
		},
		{
			name: "a permit with correction", act: "permit", procedure: matter.Ordinary, kind: matter.Organisation,
			facts: map[string]string{"materials_incomplete": "true", "application_refused": "false", "outcome": "granted", "decided_on_spot": "false", "legal_review_due": "false", "discussion_due": "false"},
			want:  []string{"application-form", "application-receipt", "correction-notice", "acceptance-notice", "application-review-opinion", "decision-approval"},
		},
		{
			name: "a legal-aid grant", act: "payment", procedure: matter.Ordinary, kind: matter.Natural,
			facts: map[string]string{"application_refused": "false", "outcome": "granted", "decided_on_spot": "false", "legal_review_due": "false", "discussion_due": "false"},
			want:  []string{"application-form", "benefit-assessment-form", "decision-approval", "benefit-disbursement-record"},
		},
		{
			name: "a fine on the spot", act: "penalty", procedure: matter.Summary, kind: matter.Natural,
			facts: map[string]string{"money_imposed": "true"}, over: map[string]map[string]any{"spot-penalty-decision": {"fine_amount": "50", "spot_collection": "small"}},
			want: []string{"case-source-register", "spot-penalty-decision", "fine-payment-voucher", "closing-approval"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *casetest.World) {
				id := w.Open(c.act, c.procedure, c.kind).ID
				made := w.Through(id, c.facts, c.over)
				for _, doc := range c.want {
					if !slices.Contains(made, doc) {
						t.Errorf("%s was not made; made: %s", doc, strings.Join(made, " "))
					}
				}
			})
		})
	}
}

// TestTwoPeopleOneDraft: neither loses words, and nothing is signed before somebody has said which stand.
func TestTwoPeopleOneDraft(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		id := w.Open("penalty", matter.Ordinary, matter.Organisation).ID
		paper := w.Draft(w.A, id, "case-source-register", nil)
		_, p, err := w.Cases.OfPaper(ctx, w.A, paper)
		must(t, err)
		one, err := w.Cases.Save(ctx, w.A, paper, []casefile.Edit{{Field: "clue_facts", Value: []byte(`"甲写的"`), Base: p.Revision}})
		must(t, err)
		two, err := w.Cases.Save(ctx, w.B, paper, []casefile.Edit{
			{Field: "clue_facts", Value: []byte(`"乙写的"`), Base: p.Revision}, {Field: "remarks", Value: []byte(`"乙的备注"`), Base: p.Revision},
		})
		must(t, err)
		if len(one.Clashes) != 0 || len(two.Clashes) != 1 || two.Clashes[0].Field != "clue_facts" {
			t.Fatalf("clashes %+v and %+v", one.Clashes, two.Clashes)
		}
		_, p, err = w.Cases.OfPaper(ctx, w.A, paper)
		must(t, err)
		if p.Values.Text("clue_facts") != "甲写的" || p.Values.Text("remarks") != "乙的备注" {
			t.Fatalf("kept %q and %q", p.Values.Text("clue_facts"), p.Values.Text("remarks"))
		}
		code(t, w.Cases.Sign(ctx, w.A, paper, casefile.Mark{Role: "officer", Mode: matter.Own}), "paper.clashes")
		must(t, w.Cases.Settle(ctx, w.A, paper, two.Clashes[0].ID, true))
		must(t, w.Cases.Sign(ctx, w.A, paper, casefile.Mark{Role: "officer", Mode: matter.Own}))
		_, p, err = w.Cases.OfPaper(ctx, w.A, paper)
		must(t, err)
		if p.Values.Text("clue_facts") != "乙写的" || p.State != matter.Complete {
			t.Fatalf("%q, %s", p.Values.Text("clue_facts"), p.State)
		}
		if _, err := w.Cases.Save(ctx, w.A, paper, []casefile.Edit{{Field: "remarks", Value: []byte(`"改"`), Base: 99}}); err == nil {
			t.Fatal("a signed paper was changed")
		}
		must(t, w.Cases.Correct(ctx, w.A, paper, "备注写错了"))
		must(t, firstErr(w.Cases.Save(ctx, w.A, paper, []casefile.Edit{{Field: "remarks", Value: []byte(`"改正"`), Base: 99}})))
		must(t, w.Cases.Sign(ctx, w.A, paper, casefile.Mark{Role: "officer", Mode: matter.Own}))
		versions, err := w.Cases.Versions(ctx, w.A, paper)
		must(t, err)
		if len(versions) != 2 || versions[0].Values.Text("remarks") != "乙的备注" || versions[1].Reason == "" {
			t.Fatalf("%d versions", len(versions))
		}
	})
}

// TestNobodyDecidesOnTheirOwn: T7. Who handles or handled a case neither reviews, decides, waives nor assigns in it.
func TestNobodyDecidesOnTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		id := w.Open("penalty", matter.Ordinary, matter.Organisation).ID
		filing := w.Draft(w.A, id, "case-filing-approval", map[string]any{"filing_outcome": "filed"})
		must(t, w.Cases.Submit(ctx, w.A, filing, nil))
		code(t, w.Cases.Decide(ctx, w.A, filing, true, "我自己同意"), "paper.spoke_already")
		must(t, w.Cases.Decide(ctx, w.B, filing, true, "同意立案"))
		both := w.A // an officer who is also head and leader
		both.Roles = append(slices.Clone(both.Roles), "head", "leader")
		code(t, w.Cases.Decide(ctx, both, filing, true, "同意立案"), "paper.not_decider")
		if err := w.Cases.Waive(ctx, both, id, "case-source-register", "不需要了吧"); err == nil {
			t.Fatal("a handler waived in their own case")
		}
		if err := w.Cases.Assign(ctx, both, id, w.Presider.Person, []ident.PersonID{w.B.Person}, "换人办理"); err == nil {
			t.Fatal("a handler assigned their own case")
		}
		must(t, w.Cases.Waive(ctx, w.Head, id, "case-source-register", "线索随案移送，已有登记"))
		must(t, w.Cases.Decide(ctx, w.Head, filing, false, "事实写得太简单，补充后再报"))
		if got := casefile.Returned(w.File(id), filing); !strings.Contains(got, "补充") {
			t.Fatalf("returned with %q", got)
		}
		if _, err := w.Cases.Get(ctx, w.Stranger, id); err == nil {
			t.Fatal("an officer of no department saw the case")
		}
	})
}

// TestSplitAndJoin: part of a case goes on as a case of its own with the same officers; a case that was joined ends where
// the other goes on, and takes no more writing.
func TestSplitAndJoin(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		old := w.Open("penalty", matter.Ordinary, matter.Organisation)
		other, err := w.Cases.AddParty(ctx, w.A, old.ID, casefile.PartyEdit{Role: matter.PartyMain, Kind: matter.Natural, Name: "买买提·艾力"})
		must(t, err)
		code(t, firstErr(w.Cases.Split(ctx, w.A, old.ID, "另案处理", "两人行为各自独立", nil)), "case.split")
		fresh, err := w.Cases.Split(ctx, w.A, old.ID, "买买提·艾力私自收费案", "两人行为各自独立", []ident.PartyID{other.ID})
		must(t, err)
		f := w.File(fresh.ID)
		if f.Case.No == old.No || f.Case.SplitFrom != old.ID || len(f.Parties) != 1 || f.Parties[0].Name != "买买提·艾力" || len(f.Current()) != 2 {
			t.Fatalf("%+v with %d parties and %d handlers", f.Case, len(f.Parties), len(f.Current()))
		}
		if err := w.Cases.Join(ctx, w.A, fresh.ID, old.ID, "同一事实，合并办理"); err == nil {
			t.Fatal("a handler joined cases: that is the department's decision")
		}
		must(t, w.Cases.Join(ctx, w.Head, fresh.ID, old.ID, "同一事实，合并办理"))
		if f = w.File(fresh.ID); f.Case.State != matter.Joined || f.Case.JoinedInto != old.ID {
			t.Fatalf("%+v", f.Case)
		}
		code(t, firstErr(w.Cases.Draft(ctx, w.A, fresh.ID, "case-source-register")), "case.ended")
	})
}
