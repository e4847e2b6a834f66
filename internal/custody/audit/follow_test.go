package audit

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

func (w *world) follow(t testing.TB, prev *Report) *Report {
	t.Helper()
	r, err := Follow(context.Background(), w.d, w.keys, prev)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func some(from, n int) []custody.Entry {
	var out []custody.Entry
	for i := range n {
		out = append(out, sample(from+i))
	}
	return out
}

// T9: what follows an audited log is audited to the same root and size as from its beginning, step by step, and one report
// can be followed twice.
func TestFollowAgreesWithRun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.sequence(t)
		first := w.audit(t)
		r := first
		for i, n := range []int{1, 254, 3, 300, 0} {
			if n > 0 {
				write(t, d, some(i*1000, n)...)
				w.sequence(t)
			}
			r = w.follow(t, r)
			whole := w.audit(t)
			if diff := cmp.Diff([]any{whole.Placed, whole.Size, whole.Root, []Finding{}}, []any{r.Placed, r.Size, r.Root, r.Findings}); diff != "" {
				t.Fatalf("step %d: %s", i, diff)
			}
		}
		if again := w.follow(t, first); !again.OK() || again.Root != r.Root {
			t.Errorf("the first report was used up: %+v", again)
		}
	})
}

// T9: every edit of what was added is found by following, and so are a history replaced or cut short behind the report.
func TestFollowFindsEdits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		write(t, d, some(0, 20)...)
		w.sequence(t)
		prev := w.audit(t)
		write(t, d, some(100, 20)...)
		w.sequence(t)
		disarm(t, d)
		for _, e := range []struct{ name, sql, code string }{
			{"change a new entry", "UPDATE custody_entry SET at = at + 1 WHERE seq = (SELECT max(seq) FROM custody_entry)", "entry.commitment"},
			{"delete a new entry", "DELETE FROM custody_entry WHERE seq = (SELECT max(seq) FROM custody_entry)", "tree.size"},
			{"delete a new place", "DELETE FROM custody_leaf WHERE idx = 30", "leaf.gap"},
			{"delete the new checkpoint", "DELETE FROM custody_checkpoint WHERE size = (SELECT max(size) FROM custody_checkpoint)", "tree.size"},
			{"change the new root", "UPDATE custody_checkpoint SET root = 'AAAA' WHERE size = (SELECT max(size) FROM custody_checkpoint)", "tree.checkpoint"},
			{"change the old root", "UPDATE custody_checkpoint SET root = 'AAAA' WHERE size = 22", "tree.checkpoint"},
			{"cut the log short", "DELETE FROM custody_checkpoint; DELETE FROM custody_leaf WHERE idx > 9", "tree.size"},
		} {
			tx, err := d.Writer.BeginTx(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(e.sql); err != nil {
				t.Fatalf("%s: %v", e.name, err)
			}
			rng, err := factory.NewRange(0, prev.rng.End(), slices.Clone(prev.rng.Hashes()))
			if err != nil {
				t.Fatal(err)
			}
			a := &auditor{tx: tx, report: &Report{Findings: []Finding{}, Placed: prev.Placed}, keys: w.keys, rng: rng, from: prev.Placed}
			a.head, a.headErr = w.keys.Published()
			r, err := a.run(context.Background(), a.loadHeads, a.walkPlaced)
			if err != nil || !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == e.code }) {
				t.Errorf("%s: want %s, got %+v, %v", e.name, e.code, r, err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.Writer.Exec("UPDATE custody_entry SET at = at + 1 WHERE seq = (SELECT max(seq) FROM custody_entry)"); err != nil {
			t.Fatal(err)
		}
		bad := w.follow(t, prev)
		if bad.OK() {
			t.Fatal("an edit was not found")
		}
		if _, err := Follow(context.Background(), d, w.keys, bad); err == nil {
			t.Error("a log that is not sound was followed")
		}
	})
}
