package scrub

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/ident"
)

// G6: of any stretch of work and its rest, work is no more than its share.
func TestRest(t *testing.T) {
	t.Parallel()
	if got := DefaultPlan().Rest(time.Second); got < 3999*time.Millisecond || got > 4001*time.Millisecond {
		t.Errorf("a fifth rests %s for a second", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{Share: rapid.Float64Range(0.01, 1).Draw(t, "share")}
		work := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "work"))
		rest := p.Rest(work)
		if rest < 0 || float64(work) > p.Share*float64(work+rest)*1.000001+1 {
			t.Errorf("%v: %s of work, %s of rest", p, work, rest)
		}
	})
}

// Thirty days pass at once: reading at 200 MB/s in small pieces within a fifth takes what Takes foretells, and never more
// than a fifth of any span of a second and more; while evidence arrives it takes less.
func TestPacing(t *testing.T) {
	t.Parallel()
	const rate, piece = 200 << 20, 4 << 20
	for _, busy := range []bool{false, true} {
		var now, worked time.Duration
		p := &pacer{plan: DefaultPlan(), busy: func() bool { return busy }, time: Time{
			Elapsed: func() time.Duration { return now },
			Sleep:   func(_ context.Context, d time.Duration) error { now += d; return nil },
		}}
		total := int64(0)
		for total < 1<<40 {
			d := time.Duration(float64(piece) / rate * float64(time.Second))
			now, worked = now+d, worked+d
			total += piece
			if err := p.step(t.Context(), piece); err != nil {
				t.Fatal(err)
			}
		}
		share, want := float64(worked)/float64(now), 0.2
		if busy {
			want /= 4
		}
		if share > want*1.001 || share < want*0.99 {
			t.Errorf("busy %v: %.3f of the time", busy, share)
		}
		if takes := DefaultPlan().Takes(total, rate); !busy && (now-takes).Abs() > time.Minute {
			t.Errorf("it took %s, foretold %s", now, takes)
		}
		if p.bytes != total {
			t.Errorf("counted %d of %d", p.bytes, total)
		}
	}
}

// What belongs to a case is read first, then what came last; the database keeps the same order. Of two servers one scrubs.
func TestOrderAndLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var rows []objectRow
		for i := range 9 {
			rows = append(rows, objectRow{SHA256: string(rune('a' + i)), File: ident.New[ident.FileID](), Linked: i % 3 / 2, Size: 1})
		}
		if err := takeUp(ctx, d, rows); err != nil {
			t.Fatal(err)
		}
		got, err := nextObjects(ctx, d.Reader, 1, 100)
		if err != nil || len(got) != len(rows) {
			t.Fatal(got, err)
		}
		want := slices.Clone(got)
		slices.SortFunc(want, func(a, b Object) int { return a.before(&b) })
		if !slices.Equal(got, want) || !got[0].Linked || got[0].SHA256 != "i" || got[3].SHA256 != "h" {
			t.Errorf("order %+v", got)
		}
		now := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
		for i, c := range []struct {
			holder string
			after  time.Duration
			want   bool
		}{{"a", 0, true}, {"b", time.Minute, false}, {"a", time.Minute, true}, {"b", 12 * time.Minute, true}, {"a", 12 * time.Minute, false}} {
			at := now.Add(c.after)
			if held, err := lease(ctx, d, c.holder, at, at.Add(leaseFor)); err != nil || held != c.want {
				t.Errorf("%d: %s holds it: %v %v", i, c.holder, held, err)
			}
		}
		if err := release(ctx, d, "b"); err != nil {
			t.Fatal(err)
		}
		if held, err := lease(ctx, d, "a", now, now.Add(leaseFor)); err != nil || !held {
			t.Errorf("released and not free: %v", err)
		}
	})
}
