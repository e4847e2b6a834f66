package casefile_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

// TestEditionOfTheDay: R-03-1, R-27-1. A case is judged by the edition in force on the day it was opened, whatever is adopted
// later: a document type added without code is asked of cases opened from its first day on, not of those before; an act that the
// bureau opened by its legal power opens on that day and not earlier.
func TestEditionOfTheDay(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		drafter := access.Actor{Kind: access.Person, ID: "account-admin", Person: "admin", Name: "系统管理员", Roles: []access.Role{access.SystemAdmin}}
		old := w.Open("penalty", matter.Ordinary, matter.Organisation)
		compulsion := casefile.Opening{Title: "查封经营场所案", Act: "compulsion", Procedure: matter.Ordinary, Department: w.Department, Lead: w.A.Person, Others: []ident.PersonID{w.B.Person}}

		d, err := w.Rules.BeginDraft(ctx, drafter, "新设文书，登记行政强制职权")
		if err != nil {
			t.Fatal(err)
		}
		own := catalogue.Document{
			ID: "our-own-register", Text: catalogue.Text{ZH: "本局登记表", EN: "the bureau's register"}, Stage: "initiation", Acts: []string{"penalty"},
			Kind: "internal-record", Requirement: "mandatory", SeedArticles: []string{"7"}, Confidence: "high",
			Fields: []catalogue.Field{{ID: "note", Text: catalogue.Text{ZH: "说明", EN: "note"}, Type: "text", Required: true}},
		}
		for i, step := range []edition.Step{
			edition.Put[catalogue.Document]{Row: own, New: true},
			edition.Open{Power: edition.Power{Act: "compulsion", Law: "行政强制法", Article: "第十七条", DocumentNo: "3 号", Date: "2026-01-01"}},
		} {
			if d, err = w.Rules.Edit(ctx, drafter, d.ID, i, step); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Rules.AdoptDraft(ctx, w.Leader, d.ID, d.Revision, "2026-11-25"); err != nil {
			t.Fatal(err)
		}
		sameDay := w.Open("penalty", matter.Ordinary, matter.Organisation)
		_, err = w.Cases.Open(ctx, w.A, compulsion)
		code(t, err, "case.act_closed")

		w.Clock.Add(24 * time.Hour)
		young := w.Open("penalty", matter.Ordinary, matter.Organisation)
		if _, err := w.Cases.Open(ctx, w.A, compulsion); err != nil {
			t.Fatalf("an act opened by its power: %v", err)
		}
		if old.Edition != 0 || sameDay.Edition != 0 || young.Edition != 1 {
			t.Fatalf("editions %d, %d, %d", old.Edition, sameDay.Edition, young.Edition)
		}
		for _, c := range []matter.Case{old, sameDay} {
			if _, err := w.Cases.Draft(ctx, w.A, c.ID, own.ID); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s takes a document of a later edition: %v", c.No, err)
			}
		}
		if list := owed(t, w, young.ID); !slices.Contains(list, own.ID+" missing") {
			t.Errorf("the new document is not asked of %s: %v", young.No, list)
		}
		if _, err := w.Cases.Draft(ctx, w.A, young.ID, own.ID); err != nil {
			t.Errorf("%s does not take a document of its own edition: %v", young.No, err)
		}
	})
}
