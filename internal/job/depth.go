package job

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Depth is how much of one kind of work waits, runs or was given up.
type Depth struct {
	Kind    string
	Waiting int // to be done now, or tried again later
	Running int
	GivenUp int       // failed for good and still in the table: River keeps such jobs for seven days
	Oldest  time.Time // since when the oldest that could run now waits; zero: none
}

// Depths tells of every kind that has jobs, by its name.
func (q *Queue) Depths(ctx context.Context) ([]Depth, error) {
	var rows []struct {
		Kind      string       `bun:"kind"`
		State     string       `bun:"state"`
		N         int          `bun:"n"`
		Scheduled bun.NullTime `bun:"scheduled"`
	}
	err := q.db.Reader.NewRaw(`SELECT kind, state, COUNT(*) AS n, MIN(scheduled_at) AS scheduled FROM river_job
		WHERE state IN ('available', 'retryable', 'scheduled', 'pending', 'running', 'discarded') GROUP BY kind, state ORDER BY kind`).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	var out []Depth
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].Kind != r.Kind {
			out = append(out, Depth{Kind: r.Kind})
		}
		d := &out[len(out)-1]
		switch r.State {
		case "running":
			d.Running = r.N
		case "discarded":
			d.GivenUp = r.N
		case "available":
			d.Waiting += r.N
			d.Oldest = r.Scheduled.Time
		default:
			d.Waiting += r.N
		}
	}
	return out, nil
}
