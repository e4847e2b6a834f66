package custody_test

import (
	"context"
	"testing"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

func TestSequencePlacesEntriesInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		if n := w.sequence(t); n != 2 {
			t.Fatalf("a new log holds its two keys, not %d entries", n)
		}
		var want []custody.Entry
		for i := range 700 {
			want = append(want, sample(i))
		}
		write(t, d, want...)
		if n := w.sequence(t); n != 700 {
			t.Fatalf("placed %d", n)
		}
		got, err := custody.Range(ctx, d.Reader, 2, 702)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range got {
			if r.ID != want[i].ID || r.Index != int64(i+2) {
				t.Fatalf("entry %d is %s at %d", i, r.ID, r.Index)
			}
		}
		c, err := custody.Latest(ctx, d.Reader)
		if err != nil || c.Size != 702 {
			t.Fatalf("checkpoint %+v, %v", c, err)
		}
		if n, err := custody.Pending(ctx, d.Reader); n != 0 || err != nil {
			t.Fatalf("%d pending, %v", n, err)
		}
		if n := w.sequence(t); n != 0 {
			t.Fatalf("placed %d again", n)
		}
	})
}
