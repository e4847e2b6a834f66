package recording

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// TestCrowds: more than MaxCount is believed for a minute, of this question and this reader only; less is counted each time.
func TestCrowds(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	ctx := context.Background()
	now := clock.NewManual(time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC))
	c := crowds{clock: now}
	ours := ask{scope: access.Scope{All: true}}
	count := func(a ask, want int) {
		t.Helper()
		if n, err := c.count(ctx, d.Reader, a); err != nil || n != want {
			t.Fatalf("%d %v, want %d", n, err, want)
		}
	}
	fill := func(n int) {
		t.Helper()
		if _, err := d.Writer.ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict, department_id)
			SELECT 'r' || ? || '-' || i, 'video', 'stored', '', 1, 1, '', 1, 1, 'late', 'd1' FROM n`, n, n); err != nil {
			t.Fatal(err)
		}
	}
	fill(5)
	count(ours, 5)
	fill(MaxCount)
	count(ours, MaxCount+1)
	if _, err := d.Writer.ExecContext(ctx, "UPDATE recording SET joined_into = 'r' WHERE id > 'r10000-3'"); err != nil {
		t.Fatal(err)
	}
	count(ours, MaxCount+1)
	sorted := ours
	sorted.f.Order, sorted.f.Ascending = BySize, true
	count(sorted, MaxCount+1)
	for _, other := range []ask{{scope: access.Scope{Officer: "p"}}, {scope: ours.scope, f: Filter{Verdict: "in_time"}}, {scope: ours.scope, inbox: true}} {
		count(other, 0)
	}
	now.Add(crowdFor)
	if n, err := c.count(ctx, d.Reader, ours); err != nil || n > MaxCount {
		t.Fatalf("%d %v: believed for longer than a minute", n, err)
	}
}
