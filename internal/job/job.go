// Package job runs what happens after a commit: every outside effect is a job enqueued in the same transaction as
// the change that caused it, so neither can exist without the other. It is River over SQLite or PostgreSQL.
package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/trace"
)

// The queues. Media work has one worker, so that looking at footage never starves taking it in (decision 11). What takes
// as long as a film does has a queue of its own, so that the facts of a card do not wait behind it.
const (
	QueueDefault = river.QueueDefault
	QueueMedia   = "media"
	QueueVerify  = "verify"
	QueueDerive  = "derive"
	QueueScan    = "scan"   // by somebody else's program, which takes its time
	QueueBackup  = "backup" // may take hours, and waits for nobody
)

// Args is what a job is told; it must survive JSON. It holds ids, never evidence or personal data.
type Args = river.JobArgs

// Workers collects the workers; concepts add theirs with Add.
type Workers struct {
	set *river.Workers
	way *way
}

// NewWorkers makes an empty set.
func NewWorkers() *Workers { return &Workers{river.NewWorkers(), &way{}} }

// Add registers the function that carries out jobs of type T. Returning an error retries the job later with growing
// pauses; a fault of kind Invalid or NotFound ends it, because trying again cannot help.
func Add[T Args](w *Workers, fn func(ctx context.Context, args T) error) {
	river.AddWorker(w.set, &worker[T]{fn: fn, way: w.way})
}

type worker[T Args] struct {
	river.WorkerDefaults[T]
	fn  func(context.Context, T) error
	way *way
}

func (w *worker[T]) Work(ctx context.Context, j *river.Job[T]) error {
	if err := w.way.give(ctx, j.JobRow); err != nil {
		return err
	}
	ctx, span := trace.Start(trace.Under(ctx, parentOf(j.JobRow)), "job."+j.Kind, trace.Int("attempt", int64(j.Attempt)))
	err := w.fn(ctx, j.Args)
	span.End(err)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
		return river.JobCancel(err)
	}
	return err
}

// parentOf is the traceparent of the change that enqueued a job.
func parentOf(j *rivertype.JobRow) string {
	var said struct{ Traceparent string }
	if json.Unmarshal(j.Metadata, &said) != nil {
		return ""
	}
	return said.Traceparent
}

// Timeout is generous: reading a large object back from disk takes as long as the disk takes.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return 6 * time.Hour }

// Periodic is a job made by the clock. With RunOnStart it also runs once when the queue starts.
type Periodic struct {
	Every      time.Duration
	RunOnStart bool
	Make       func() Args
}

// Config configures the queue. Without Workers it only enqueues (commands, tests).
type Config struct {
	DB       *db.DB
	Workers  *Workers
	Periodic []Periodic
	Log      *slog.Logger
	// Node names the one process that works under this name at a time: what it left running when it died is taken up again as
	// soon as it starts. Empty: such jobs wait until River gives them up, an hour.
	Node string
	// Busy reports that evidence is arriving fast: what can wait a moment does, for a while. nil means never.
	Busy func() bool
	// Poll is how often the database is asked for work that nobody announced; 0 means one second.
	Poll time.Duration
}

// Queue enqueues jobs inside transactions and, when it has workers, carries them out.
type Queue struct {
	client *river.Client[*sql.Tx]
	db     *db.DB
	node   string
	works  bool
}

// New makes a queue; Start begins the work.
func New(c Config) (*Queue, error) {
	if c.DB == nil || c.Log == nil {
		return nil, errors.New("job: Config needs DB and Log")
	}
	poll := c.Poll
	if poll == 0 {
		poll = time.Second
	}
	rc := &river.Config{Logger: c.Log, FetchPollInterval: poll, FetchCooldown: min(100*time.Millisecond, poll), MaxAttempts: 12, ID: c.Node}
	if c.Workers != nil {
		rc.Workers, c.Workers.way.busy = c.Workers.set, c.Busy
		rc.Queues = map[string]river.QueueConfig{
			QueueDefault: {MaxWorkers: 2}, QueueMedia: {MaxWorkers: 1}, QueueVerify: {MaxWorkers: 1}, QueueDerive: {MaxWorkers: 1},
			QueueBackup: {MaxWorkers: 1}, QueueScan: {MaxWorkers: 1},
		}
		for _, p := range c.Periodic {
			rc.PeriodicJobs = append(rc.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(p.Every),
				func() (river.JobArgs, *river.InsertOpts) { return p.Make(), nil },
				&river.PeriodicJobOpts{RunOnStart: p.RunOnStart}))
		}
	}
	q := &Queue{db: c.DB, node: c.Node, works: c.Workers != nil}
	var err error
	if c.DB.Engine == db.Postgres {
		q.client, err = river.NewClient(riverdatabasesql.New(c.DB.Writer.DB), rc)
	} else {
		q.client, err = river.NewClient(riversqlite.New(c.DB.Writer.DB), rc)
	}
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return q, nil
}

// Name names the component.
func (q *Queue) Name() string { return "jobs" }

// Start begins to carry out jobs. ctx is not the jobs' context: they run until Stop.
func (q *Queue) Start(ctx context.Context) error {
	if !q.works {
		return nil
	}
	if err := q.takeUp(ctx); err != nil {
		return err
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	return nil
}

// takeUp frees the jobs that were running under this node's name when its process died. River would leave them for an
// hour, and a docking would wait that long for its verdict.
func (q *Queue) takeUp(ctx context.Context) error {
	if q.node == "" {
		return nil
	}
	const page = 1000
	for {
		list, err := q.client.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateRunning).First(page))
		if err != nil {
			return fmt.Errorf("job: %w", err)
		}
		var ids []int64
		for _, j := range list.Jobs {
			if n := len(j.AttemptedBy); n > 0 && j.AttemptedBy[n-1] == q.node {
				ids = append(ids, j.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		if _, err := q.db.Writer.NewRaw("UPDATE river_job SET state = 'available' WHERE state = 'running' AND id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			return fmt.Errorf("job: %w", err)
		}
		if len(list.Jobs) < page {
			return nil
		}
	}
}

// Stop lets running jobs end until ctx ends, then cancels them. A cancelled job runs again later.
func (q *Queue) Stop(ctx context.Context) error {
	if !q.works {
		return nil
	}
	soft, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := q.client.Stop(soft); err == nil {
		return nil
	}
	if err := q.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	return nil
}

// Enqueue adds jobs inside tx: they exist exactly if tx commits.
func (q *Queue) Enqueue(ctx context.Context, tx bun.Tx, jobs ...Args) error {
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{Args: j}
		if parent := trace.Carry(ctx); parent != "" {
			params[i].InsertOpts = &river.InsertOpts{Metadata: []byte(`{"traceparent":"` + parent + `"}`)}
		}
	}
	if _, err := q.client.InsertManyTx(ctx, tx.Tx, params); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	return nil
}
