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

// TestJobsOfADeadProcessAreTakenUp: a server that is killed in the middle of a job does it again when it starts, at once; what
// another node is doing is left to it. // G2
func TestJobsOfADeadProcessAreTakenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		began, again, hold := make(chan int, 8), make(chan int, 8), make(chan struct{})
		queue := func(node string, fn func(context.Context, note) error) *job.Queue {
			w := job.NewWorkers()
			job.Add(w, fn)
			q, err := job.New(job.Config{DB: d, Workers: w, Node: node, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		start := func(q *job.Queue) {
			if err := q.Start(ctx); err != nil {
				t.Fatal(err)
			}
		}
		dead := queue("a", func(_ context.Context, n note) error { began <- n.N; <-hold; return nil })
		if err := d.Write(ctx, func(tx bun.Tx) error { return dead.Enqueue(ctx, tx, note{7}) }); err != nil {
			t.Fatal(err)
		}
		start(dead) // and never heard of again
		<-began

		other := queue("b", func(context.Context, note) error { t.Error("another node's work was taken"); return nil })
		start(other)
		if err := other.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		next := queue("a", func(_ context.Context, n note) error { again <- n.N; return nil })
		start(next)
		if n := <-again; n != 7 {
			t.Errorf("took up %d", n)
		}
		close(hold)
		if err := errors.Join(next.Stop(ctx), dead.Stop(ctx)); err != nil {
			t.Fatal(err)
		}
	})
}
