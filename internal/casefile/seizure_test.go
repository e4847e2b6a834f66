package casefile_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

// limitOf gives a time limit of a case as a day, "" where there is none that runs.
func limitOf(f matter.File, term string) (due string, met bool) {
	for _, l := range f.Limits {
		if l.Term == term && !l.Gone {
			return l.Due.In(time.FixedZone("", 8*3600)).Format(time.DateOnly), !l.Met.IsZero()
		}
	}
	return "", false
}

// TestSeizureWithExtension: R-08-08. Thirty days from the seizure, sixty by the extension, longer by the days that a notice
// to the party leaves out for a test of the goods; met by the release (行政强制法 §25, §28).
func TestSeizureWithExtension(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		drafter := access.Actor{Kind: access.Person, ID: "account-admin", Person: "admin", Name: "系统管理员", Roles: []access.Role{access.SystemAdmin}}
		d, err := w.Rules.BeginDraft(ctx, drafter, "登记行政强制职权")
		must(t, err)
		d, err = w.Rules.Edit(ctx, drafter, d.ID, 0, edition.Open{Power: edition.Power{Act: "compulsion", Law: "行政强制法", Article: "第十七条", DocumentNo: "3 号", Date: "2026-01-01"}})
		must(t, err)
		must(t, firstErr(w.Rules.AdoptDraft(ctx, w.Leader, d.ID, d.Revision, "2026-11-25")))
		w.Clock.Add(24 * time.Hour)
		id := w.Open("compulsion", matter.Ordinary, matter.Organisation).ID
		w.Sign(w.Draft(w.A, id, "case-source-register", nil))
		advance(t, w, id)
		w.Answer(id, map[string]string{"property_seized": "true"})

		// A decision without its approval is not signed; nor with another text than the approved one.
		decision := w.Draft(w.A, id, "seizure-decision", map[string]any{"term_from": "2026-11-25", "term_to": "2026-12-25", "issued_on": "2026-11-25"})
		code(t, w.Cases.Sign(ctx, w.A, decision, own("officer2")), "paper.blocked.approval")
		w.Approve(w.Draft(w.A, id, "compulsion-approval", nil), decision)
		w.Sign(decision)
		if due, met := limitOf(w.File(id), "seizure-30d"); due != "2026-12-25" || met {
			t.Fatalf("seizure ends %s (%v), want 2026-12-25: the day of it does not count", due, met)
		}
		w.Answer(id, map[string]string{"appraised": "true", "appraisal_time_excluded": "true"})
		notice := w.Draft(w.A, id, "appraisal-period-notice", map[string]any{"period_from": "2026-12-01", "period_to": "2026-12-10", "issued_on": "2026-11-25"})
		w.Sign(notice)
		// Ten days left out: 25 December becomes 4 January.
		if due, _ := limitOf(w.File(id), "seizure-30d"); due != "2027-01-04" {
			t.Fatalf("with a test of ten days it ends %s, want 2027-01-04", due)
		}
		w.Clock.Add(26 * 24 * time.Hour)
		w.Answer(id, map[string]string{"seizure_extended": "true"})
		extension := w.Draft(w.A, id, "seizure-extension", map[string]any{"extend_to": "2027-02-03"})
		w.Approve(extension)
		w.Sign(extension)
		// Thirty more: 3 February.
		if due, _ := limitOf(w.File(id), "seizure-30d"); due != "2027-02-03" {
			t.Fatalf("extended it ends %s, want 2027-02-03", due)
		}
		w.Clock.Add(10 * 24 * time.Hour)
		release := w.Draft(w.A, id, "seizure-release", map[string]any{"released_at": w.Clock.Now().Format(time.RFC3339)})
		w.Approve(release)
		w.Sign(release)
		if _, met := limitOf(w.File(id), "seizure-30d"); !met {
			t.Fatal("the release did not end the seizure's time")
		}
		book, err := duty.NewBook(duty.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock})
		must(t, err)
		open, err := book.List(ctx, w.Supervisor, duty.Filter{Kinds: []duty.Kind{duty.CaseTerm}, Limit: 100})
		must(t, err)
		done, err := book.Done(ctx, w.Supervisor, duty.Filter{Kinds: []duty.Kind{duty.CaseTerm}, Limit: 100})
		must(t, err)
		of := func(list []duty.Duty) []string {
			var out []string
			for _, x := range list {
				for _, l := range w.File(id).Limits {
					if x.Subject.ID == string(id)+"/"+string(l.ID) {
						out = append(out, l.Term)
					}
				}
			}
			return out
		}
		if slices.Contains(of(open.Duties), "seizure-30d") || !slices.Contains(of(done.Duties), "seizure-30d") {
			t.Fatalf("open %v, done %v", of(open.Duties), of(done.Duties))
		}
	})
}
