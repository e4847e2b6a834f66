package job_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/job"
)

type note struct {
	N int `json:"n"`
}

func (note) Kind() string                 { return "note" }
func (note) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueMedia} }

// TestJobExistsExactlyIfTheChangeCommits holds promise 1 for follow-up work: rolled back means never run.
func TestJobExistsExactlyIfTheChangeCommits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		got := make(chan int, 8)
		w := job.NewWorkers()
		job.Add(w, func(_ context.Context, n note) error {
			got <- n.N
			if n.N == 2 {
				return fault.New(fault.Invalid, "test.never")
			}
			return nil
		})
		q, err := job.New(job.Config{DB: d, Workers: w, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		stop := errors.New("rolled back")
		if err := d.Write(ctx, func(tx bun.Tx) error {
			if err := q.Enqueue(ctx, tx, note{1}); err != nil {
				return err
			}
			return stop
		}); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if err := d.Write(ctx, func(tx bun.Tx) error { return q.Enqueue(ctx, tx, note{2}, note{3}) }); err != nil {
			t.Fatal(err)
		}
		if err := q.Start(ctx); err != nil {
			t.Fatal(err)
		}
		sum := <-got + <-got
		if err := q.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if sum != 5 || len(got) != 0 {
			t.Fatalf("ran jobs with sum %d and %d more, want 2 and 3 only", sum, len(got))
		}
	})
}
