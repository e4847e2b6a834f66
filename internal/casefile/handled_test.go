package casefile_test

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
)

// TestHandled: which recordings a person may look at as a handler follows the case of this moment: its link, its handlers, its state.
func TestHandled(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		add := func(into ident.RecordingID) ident.RecordingID {
			id := ident.New[ident.RecordingID]()
			if _, err := w.DB.Writer.NewRaw(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict, joined_into)
				VALUES (?, 'video', 'verified', 'a.mp4', 1, 1, '', 1, 1, 'in_time', ?)`, id, into).Exec(ctx); err != nil {
				t.Fatal(err)
			}
			return id
		}
		whole, alien := add(""), add("")
		part := add(whole)
		handled := func(a access.Actor) map[ident.RecordingID]ident.CaseID {
			m, err := casefile.Handled(ctx, w.DB.Reader, a.Person, []ident.RecordingID{whole, part, alien}, w.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		c := w.Open("penalty", matter.Ordinary, matter.Natural)
		if m := handled(w.A); len(m) != 0 {
			t.Fatalf("without a link: %v", m)
		}
		l, err := w.Cases.Film(ctx, w.A, matter.Link{Case: c.ID, Recording: part, From: w.Clock.Now(), To: w.Clock.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []access.Actor{w.A, w.B} {
			if m := handled(a); len(m) != 2 || m[whole] != c.ID || m[part] != c.ID {
				t.Fatalf("a file of one pressing was linked: %v", m)
			}
		}
		for _, a := range []access.Actor{w.Head, w.Leader, w.Legal, w.Stranger, {}} {
			if m := handled(a); len(m) != 0 {
				t.Fatalf("%s handles nothing: %v", a.Person, m)
			}
		}
		if err := w.Cases.Suspend(ctx, w.Head, c.ID, "等待鉴定结论作出"); err != nil {
			t.Fatal(err)
		}
		if m := handled(w.A); len(m) != 2 {
			t.Fatalf("a suspended case is handled: %v", m)
		}
		if err := w.Cases.Resume(ctx, w.Head, c.ID, "鉴定结论已经作出"); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Hour)
		if err := w.Cases.Assign(ctx, w.Head, c.ID, w.A.Person, []ident.PersonID{w.Presider.Person}, "乙调往其他科室"); err != nil {
			t.Fatal(err)
		}
		if m := handled(w.B); len(m) != 0 {
			t.Fatalf("who was taken off the case looks on: %v", m)
		}
		if m := handled(w.Presider); len(m) != 2 {
			t.Fatalf("who came to the case does not look: %v", m)
		}
		if err := w.Cases.Strike(ctx, w.A, c.ID, l.ID, "关联到了别的案件"); err != nil {
			t.Fatal(err)
		}
		if m := handled(w.A); len(m) != 0 {
			t.Fatalf("a struck link counts: %v", m)
		}
		if _, err := w.Cases.Film(ctx, w.A, matter.Link{Case: c.ID, Recording: whole, From: w.Clock.Now(), To: w.Clock.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if m := handled(w.A); len(m) != 2 {
			t.Fatalf("the whole was linked: %v", m)
		}
		if err := w.Cases.Withdraw(ctx, w.Head, c.ID, "申请人撤回了申请"); err != nil {
			t.Fatal(err)
		}
		if m := handled(w.A); len(m) != 0 {
			t.Fatalf("the case is over: %v", m)
		}
	})
}
