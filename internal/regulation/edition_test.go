package regulation_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

func actor(person string, roles ...access.Role) access.Actor {
	return access.Actor{Kind: access.Person, ID: "account-" + person, Person: ident.PersonID(person), Name: "名 " + person, Roles: roles}
}

var (
	drafter = actor("drafter", access.SystemAdmin)
	leader  = actor("leader", access.Leader)
)

// termOf gives a term of an edition, with another length.
func termOf(t testing.TB, e regulation.Edition, id string, length int) edition.Put[catalogue.Term] {
	t.Helper()
	row, ok := e.Catalogue.Term(id)
	if !ok {
		t.Fatalf("no term %s", id)
	}
	row.Length = &length
	return edition.Put[catalogue.Term]{Row: row}
}

func lengthOn(t testing.TB, s *regulation.Service, day string) (number, length int) {
	t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.EditionOn(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	row, _ := e.Catalogue.Term("penalty-decision-90d")
	return e.Number, *row.Length
}

// TestEdition: R-27-1. An edition is drafted, changed in steps, and adopted by somebody else for a day to come; a case judged by a
// day before keeps what was in force then, whatever is adopted later.
func TestEdition(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		if n, length := lengthOn(t, s, "2026-11-24"); n != 0 || length != 90 {
			t.Fatalf("before the first: %d %d", n, length)
		}
		shipped, err := s.Edition(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.BeginDraft(ctx, leader, "why"); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a leader drafted: %v", err)
		}
		if _, err := s.BeginDraft(ctx, drafter, " "); !fault.HasCode(err, "edition.words") {
			t.Fatalf("a draft without a reason: %v", err)
		}
		d, err := s.BeginDraft(ctx, drafter, "九十日改为六十日")
		if err != nil || d.No != 1 || d.Base != 0 {
			t.Fatalf("%+v %v", d, err)
		}
		if d, err = s.Edit(ctx, drafter, d.ID, 0, termOf(t, shipped, "penalty-decision-90d", 60)); err != nil || d.Revision != 1 {
			t.Fatalf("%+v %v", d, err)
		}
		if _, err := s.Edit(ctx, drafter, d.ID, 0, termOf(t, shipped, "penalty-decision-90d", 61)); !fault.HasCode(err, "edition.changed") {
			t.Fatalf("an edit of what was changed meanwhile: %v", err)
		}
		if _, err := s.Edit(ctx, drafter, d.ID, 1, termOf(t, shipped, "penalty-decision-90d", 60)); !fault.HasCode(err, "edition.unchanged") {
			t.Fatalf("the same again: %v", err)
		}
		_, err = s.Edit(ctx, drafter, d.ID, 1, termOf(t, shipped, "penalty-decision-90d", -1))
		if b, ok := errors.AsType[*edition.Broken](err); !ok || b.Problems[0].Field != "length" || !fault.HasCode(err, "edition.rows") {
			t.Fatalf("a wrong row: %v", err)
		}
		for name, c := range map[string]struct {
			who  access.Actor
			rev  int
			from string
			code string
		}{
			"the drafter":        {drafter, 1, "2026-12-01", "access.not_own"},
			"another admin":      {actor("other", access.SystemAdmin), 1, "2026-12-01", "access.ask_leader"},
			"not as it is":       {leader, 0, "2026-12-01", "edition.changed"},
			"from yesterday":     {leader, 1, "2026-11-23", "edition.past"},
			"from no day":        {leader, 1, "2026-11-31", "edition.day"},
			"from far away":      {leader, 1, "2126-11-01", "edition.day"},
			"from a day too odd": {leader, 1, "2026-12-1", "edition.day"},
		} {
			if _, err := s.AdoptDraft(ctx, c.who, d.ID, c.rev, c.from); !fault.HasCode(err, c.code) {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		e, err := s.AdoptDraft(ctx, leader, d.ID, 1, "2026-12-01")
		if err != nil || e.Number != 1 || e.AdoptedBy != "leader" || e.Entry == "" {
			t.Fatalf("%+v %v", e.Adoption, err)
		}
		for day, want := range map[string][2]int{"2026-11-24": {0, 90}, "2026-11-30": {0, 90}, "2026-12-01": {1, 60}, "2030-01-01": {1, 60}} {
			if n, length := lengthOn(t, s, day); n != want[0] || length != want[1] {
				t.Errorf("on %s: edition %d, %d days, want %v", day, n, length, want)
			}
		}
		if _, err := s.Edit(ctx, drafter, d.ID, 1, termOf(t, shipped, "penalty-decision-90d", 50)); !fault.HasCode(err, "edition.ended") {
			t.Fatalf("an edit of what is in force: %v", err)
		}

		second, err := s.BeginDraft(ctx, drafter, "再改")
		if err != nil || second.Base != 1 {
			t.Fatalf("%+v %v", second, err)
		}
		if second, err = s.Edit(ctx, drafter, second.ID, 0, termOf(t, e, "penalty-decision-90d", 30)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AdoptDraft(ctx, leader, second.ID, 1, "2026-11-30"); !fault.HasCode(err, "edition.order") {
			t.Fatalf("in force before the one it is made from: %v", err)
		}
		if e, err = s.AdoptDraft(ctx, leader, second.ID, 1, "2027-01-01"); err != nil || e.Number != 2 {
			t.Fatalf("%+v %v", e.Adoption, err)
		}
		again := regulation.New(w.Gate, w.DB) // reads the rows, not what the first remembers
		for day, want := range map[string][2]int{"2026-11-30": {0, 90}, "2026-12-31": {1, 60}, "2027-01-01": {2, 30}} {
			if n, length := lengthOn(t, again, day); n != want[0] || length != want[1] {
				t.Errorf("on %s: edition %d, %d days, want %v", day, n, length, want)
			}
		}
		if list, err := s.Editions(ctx); err != nil || len(list) != 2 || list[0].Number != 2 || list[1].From != "2026-12-01" {
			t.Fatalf("%+v %v", list, err)
		}
		if _, err := w.DB.Writer.ExecContext(ctx, "UPDATE regulation_edition SET deadlines = documents"); !db.IsConstraint(err) {
			t.Fatalf("an edition was edited: %v", err)
		}
		if _, err := w.DB.Writer.ExecContext(ctx, "DELETE FROM regulation_edition"); !db.IsConstraint(err) {
			t.Fatalf("an edition was deleted: %v", err)
		}
	})
}

// TestDraftEditorDoesNotAdopt: T7. Whoever took a step on a draft, under whatever office then, does not adopt it.
func TestDraftEditorDoesNotAdopt(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		shipped, err := s.Edition(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.BeginDraft(ctx, drafter, "why")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Edit(ctx, actor("both", access.SystemAdmin), d.ID, 0, termOf(t, shipped, "penalty-decision-90d", 60)); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"both", "drafter"} {
			if _, err := s.AdoptDraft(ctx, actor(who, access.Leader), d.ID, 1, "2026-12-01"); !fault.HasCode(err, "access.not_own") {
				t.Errorf("%s adopted: %v", who, err)
			}
		}
		if _, err := s.AdoptDraft(ctx, leader, d.ID, 1, "2026-11-24"); err != nil {
			t.Fatal(err)
		}
		if n, _ := lengthOn(t, s, "2026-11-24"); n != 1 {
			t.Fatalf("adopted for today: %d is in force", n)
		}
	})
}

// TestBrokenDraft: a draft in which a row refers to nothing is not adopted, and the fault says which; nor one whose text somebody
// damaged past the program.
func TestBrokenDraft(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		d, err := s.BeginDraft(ctx, drafter, "why")
		if err != nil {
			t.Fatal(err)
		}
		if d, err = s.Edit(ctx, drafter, d.ID, 0, edition.Drop{Part: edition.Deadlines, ID: "penalty-decision-90d"}); err != nil {
			t.Fatal(err)
		}
		_, err = s.AdoptDraft(ctx, leader, d.ID, d.Revision, "2026-12-01")
		b, ok := errors.AsType[*edition.Broken](err)
		if !ok || !fault.HasCode(err, "edition.rows") {
			t.Fatalf("adopted: %v", err)
		}
		if p := b.Problems[0]; p.File != "documents.json" || p.Row == 0 || p.ID == "" || p.Field != "deadlines" || p.Arg != "penalty-decision-90d" {
			t.Fatalf("%+v", p)
		}
		if _, err := w.DB.Writer.ExecContext(ctx, "UPDATE regulation_draft SET calendar = '{}'"); err != nil {
			t.Fatal(err)
		}
		_, err = s.AdoptDraft(ctx, leader, d.ID, d.Revision, "2026-12-01")
		if b, ok := errors.AsType[*edition.Broken](err); !ok || b.Problems[len(b.Problems)-1].File != "calendar.json" {
			t.Fatalf("a damaged calendar: %v", err)
		}
		if list, err := s.Editions(ctx); err != nil || len(list) != 0 {
			t.Fatalf("%+v %v", list, err)
		}
		if _, err := s.Discard(ctx, leader, d.ID, d.Revision, ""); !fault.HasCode(err, "edition.words") {
			t.Fatalf("discarded without a reason: %v", err)
		}
		if d, err = s.Discard(ctx, leader, d.ID, d.Revision, "引用不全"); err != nil || d.State != regulation.DraftDiscarded || d.EndedWords != "引用不全" {
			t.Fatalf("%+v %v", d, err)
		}
		if _, err := s.Discard(ctx, leader, d.ID, d.Revision, "再来"); !fault.HasCode(err, "edition.ended") {
			t.Fatalf("discarded twice: %v", err)
		}
		if got, _, steps, err := s.Draft(ctx, d.ID); err != nil || got.State != regulation.DraftDiscarded || len(steps) != 1 || steps[0].By != "drafter" {
			t.Fatalf("%+v %+v %v", got, steps, err)
		}
	})
}

// TestConcurrentAdoption: of many drafts adopted at once exactly one comes into force; the others are told that another did. The
// same of edits of one revision.
func TestConcurrentAdoption(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		shipped, err := s.Edition(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		const n = 4
		var ids []ident.DraftID
		for range n {
			d, err := s.BeginDraft(ctx, drafter, "why")
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, d.ID)
		}
		at := func(run func(i int) error, code string) {
			t.Helper()
			errs := make([]error, n)
			var g sync.WaitGroup
			for i := range n {
				g.Go(func() { errs[i] = run(i) })
			}
			g.Wait()
			won := 0
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case !fault.HasCode(err, code):
					t.Errorf("got %v, want %s", err, code)
				}
			}
			if won != 1 {
				t.Errorf("%d of %d won: %v", won, n, errs)
			}
		}
		at(func(i int) error {
			_, err := s.Edit(ctx, drafter, ids[0], 0, termOf(t, shipped, "penalty-decision-90d", 50+i))
			return err
		}, "edition.changed")
		at(func(i int) error {
			rev := 0
			if i == 0 {
				rev = 1
			}
			_, err := s.AdoptDraft(ctx, leader, ids[i], rev, "2026-12-01")
			return err
		}, "edition.moved")
		if list, err := s.Editions(ctx); err != nil || len(list) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

// TestMoveDraft: a draft that another adoption overtook is moved onto it: what it changed stays, what the other changed is kept, and
// then it can be adopted.
func TestMoveDraft(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		shipped, err := s.Edition(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		first, err := s.BeginDraft(ctx, drafter, "first")
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.BeginDraft(ctx, drafter, "second")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.MoveDraft(ctx, drafter, second.ID, 0); !fault.HasCode(err, "edition.unchanged") {
			t.Fatalf("moved onto itself: %v", err)
		}
		if _, err = s.Edit(ctx, drafter, first.ID, 0, termOf(t, shipped, "penalty-decision-90d", 60)); err != nil {
			t.Fatal(err)
		}
		if _, err = s.Edit(ctx, drafter, second.ID, 0, termOf(t, shipped, "permit-decision-20wd", 10)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AdoptDraft(ctx, leader, first.ID, 1, "2026-11-24"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AdoptDraft(ctx, leader, second.ID, 1, "2026-11-24"); !fault.HasCode(err, "edition.moved") {
			t.Fatalf("adopted over another: %v", err)
		}
		if second, err = s.MoveDraft(ctx, drafter, second.ID, 1); err != nil || second.Base != 1 || second.Revision != 2 {
			t.Fatalf("%+v %v", second, err)
		}
		e, err := s.AdoptDraft(ctx, leader, second.ID, 2, "2026-11-24")
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]int{"penalty-decision-90d": 60, "permit-decision-20wd": 10} {
			if row, _ := e.Catalogue.Term(id); *row.Length != want {
				t.Errorf("%s: %d, want %d", id, *row.Length, want)
			}
		}
	})
}

// TestDraftEntries: each step is an entry in the draft's history, which says the row by its digests; names of people and words of
// the regulation stand in none.
func TestDraftEntries(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		d, err := s.BeginDraft(ctx, drafter, "why")
		if err != nil {
			t.Fatal(err)
		}
		if d, err = s.Edit(ctx, drafter, d.ID, 0, edition.Open{Power: edition.Power{
			Act: "compulsion", Law: "行政强制法", Article: "第十七条", DocumentNo: "1 号", Date: "2026-01-01",
		}}); err != nil {
			t.Fatal(err)
		}
		e, err := s.AdoptDraft(ctx, leader, d.ID, 1, "2026-12-01")
		if err != nil || !e.Catalogue.Acts["compulsion"].EnabledByDefault || len(e.Powers) != 1 {
			t.Fatalf("%+v %v", e.Powers, err)
		}
		h := w.History(t, "edition_draft", string(d.ID))
		if len(h) != 3 || h[0].Action != "edition.adopt" || h[0].ID != e.Entry {
			t.Fatalf("%+v", h)
		}
		for _, r := range h {
			if text := string(r.Detail); strings.Contains(text, drafter.Name) || strings.Contains(text, leader.Name) || len(text) > 8000 ||
				!strings.Contains(text, "regulation_draft_row") {
				t.Errorf("%s: %s", r.Action, text)
			}
		}
		for _, table := range regulation.Tables() {
			if rows, err := table.Page(ctx, w.DB.Reader, "", 10); err != nil || len(rows) != 1 {
				t.Errorf("%s: %d rows, %v", table.Name, len(rows), err)
			}
		}
	})
}
