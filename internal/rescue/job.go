package rescue

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/job"
)

// dueArgs tells the job that looks whether a backup is owed, and then makes it.
type dueArgs struct{}

// Kind names the job.
func (dueArgs) Kind() string { return "backup.due" }

// InsertOpts puts it into its queue. One that failed is not tried again by the queue: it is owed still, and the next look
// finds that.
func (dueArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: job.QueueBackup, MaxAttempts: 1}
}

// look is how often the job looks.
const look = 5 * time.Minute

// AddWorkers registers the job. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, _ dueArgs) error { return service().backupIfDue(ctx) })
}

// Periodic lists the jobs made by the clock.
func Periodic(plan *config.Server) []job.Periodic {
	if plan == nil || plan.BackupTo == "" {
		return nil
	}
	return []job.Periodic{{Every: look, RunOnStart: true, Make: func() job.Args { return dueArgs{} }}}
}

// backupIfDue makes the backup that is owed. That it failed is entered, shown on the page of health, and no fault of the job.
func (s *Service) backupIfDue(ctx context.Context) error {
	if s.c.Plan == nil || s.c.Plan.BackupTo == "" {
		return nil // a job of an earlier start
	}
	due, err := s.due(ctx)
	if err != nil || !due {
		return err
	}
	_, err = s.Backup(ctx, access.SystemActor("backup"), Request{To: s.c.Plan.BackupTo})
	if err != nil {
		s.c.Log.ErrorContext(ctx, "the scheduled backup did not succeed", "err", err)
	}
	return ctx.Err()
}

// due holds the plan against what was done. A run counts only if its drill succeeded too.
func (s *Service) due(ctx context.Context) (bool, error) {
	to := s.c.Plan.BackupTo
	drilled, err := backup.Newest(ctx, s.c.DB.Reader, backup.Which{Kind: backup.Drill, OK: true, Folder: to})
	if err != nil {
		return false, err
	}
	var failed *backup.Run
	for _, kind := range []backup.Kind{backup.Backup, backup.Drill} {
		f, err := backup.Newest(ctx, s.c.DB.Reader, backup.Which{Kind: kind, Folder: to})
		if err != nil {
			return false, err
		}
		if f != nil && (failed == nil || f.At.After(failed.At)) {
			failed = f
		}
	}
	plan := backup.Schedule{Every: s.c.Plan.BackupEvery, At: s.c.Plan.BackupTime()}
	return plan.Due(s.c.Clock.Now(), drilled, failed, clock.Shanghai), nil
}

// Last gives the newest backup and the newest restore drill that succeeded, each nil if there is none.
func (s *Service) Last(ctx context.Context) (made, drilled *backup.Run, err error) {
	return backup.Last(ctx, s.c.DB.Reader)
}
