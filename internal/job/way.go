package job

import (
	"context"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// patience is how long after its making a job gives way to arriving evidence. Under a stream that never ends the jobs run
// beside it, each that much later.
const patience = 30 * time.Second

// lookAgain is how often a job that gives way looks whether it may begin.
const lookAgain = 100 * time.Millisecond

// way lets jobs that take a processor for themselves (looking into a file, reading it back) wait until evidence has come
// in: a card that is being read is more urgent than the second look at what is safe already (decision 11).
type way struct{ busy func() bool }

// givesWay reports whether a job of the queue waits for arriving evidence. Derivatives have their own, longer patience.
func givesWay(queue string) bool { return queue == QueueMedia || queue == QueueVerify }

// give waits while evidence arrives fast, until the job's patience ends.
func (w *way) give(ctx context.Context, j *rivertype.JobRow) error {
	if w.busy == nil || !givesWay(j.Queue) {
		return nil
	}
	end := j.CreatedAt.Add(patience)
	for w.busy() && time.Now().Before(end) { //nolint:forbidigo // time that passes, not the time of an act
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lookAgain):
		}
	}
	return nil
}
