package custody_test

import (
	"context"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

func (w *world) erase(id ident.EntryID, fields ...string) error {
	return w.d.Write(context.Background(), func(tx bun.Tx) error {
		return custody.Erase(context.Background(), tx, id, fields, custody.Entry{
			At: start, Actor: person, Article: "23", Outcome: custody.Done,
		})
	})
}

// Decision 7: an erasure takes salt and value, is an entry itself, and leaves the tree as it was.
func TestErase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		e := sample(1)
		write(t, d, e, sample(2))
		w.sequence(t)
		before, err := custody.Get(ctx, d.Reader, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.erase(e.ID, "detail.name", "actor.id", "related"); err != nil {
			t.Fatal(err)
		}
		if err := w.erase(e.ID, "subject.id"); err != nil {
			t.Fatal(err)
		}
		after, err := custody.Get(ctx, d.Reader, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if string(before.Leaf()) != string(after.Leaf()) {
			t.Fatal("the leaf changed")
		}
		if strings.Contains(string(after.Detail), "现场") || after.Actor.ID != "" || after.Related != nil || after.Subject.ID != "" {
			t.Fatalf("something stayed: %+v", after)
		}
		if got := strings.Join(after.Erased, " "); got != "actor.id detail.name related subject.id" {
			t.Fatal(got)
		}
		if _, err := after.Open("detail.size", "at"); err != nil {
			t.Fatalf("what was not erased does not open: %v", err)
		}
		if _, err := after.Open("detail.name"); !fault.HasCode(err, "custody.erased") {
			t.Fatal(err)
		}
		for _, s := range []custody.Subject{e.Subject, e.Related[0]} {
			list, err := custody.List(ctx, d.Reader, custody.Filter{Subject: s})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				if r.ID == e.ID {
					t.Fatalf("still in the history of %v", s)
				}
			}
		}
		told, err := custody.List(ctx, d.Reader, custody.Filter{Subject: custody.Subject{Kind: "entry", ID: string(e.ID)}})
		if err != nil || len(told) != 2 || told[0].Action != custody.ActionErased {
			t.Fatalf("%+v %v", told, err)
		}
		w.sequence(t)
		if r := w.audit(t); len(r) != 0 {
			t.Fatalf("%+v", r)
		}
		for code, err := range map[string]error{
			"custody.erased_already": w.erase(e.ID, "detail.name"),
			"custody.not_erasable":   w.erase(e.ID, "at"),
			"custody.field":          w.erase(e.ID, "detail.unknown"),
			"custody.entry_unknown":  w.erase("none", "detail.name"),
		} {
			if !fault.HasCode(err, code) {
				t.Errorf("want %s, got %v", code, err)
			}
		}
		if r := w.audit(t); len(r) != 0 {
			t.Fatalf("refused erasures left something: %+v", r)
		}
	})
}
