package scrub

import (
	"cmp"
	"context"
	"time"
)

// Plan is how much a scrub may take and how soon it is to be round.
type Plan struct {
	Share  float64       // of the time that may go into reading: 0.2 is a fifth; 1 is without rest
	Every  time.Duration // at least so long from one cycle's beginning to the next one's
	Within time.Duration // a cycle is to be done in
}

// DefaultPlan is a fifth of the disk's time, a new cycle no sooner than a week after the last, and each within thirty days.
func DefaultPlan() Plan {
	const day = 24 * time.Hour
	return Plan{Share: 0.2, Every: 7 * day, Within: 30 * day}
}

// Rest is how long to rest after so much work, so that work is no more than its share of both: at a fifth, four times it.
func (p Plan) Rest(work time.Duration) time.Duration {
	if p.Share >= 1 || work <= 0 {
		return 0
	}
	return time.Duration(float64(work) * (1/max(p.Share, 0.001) - 1))
}

// Due reports whether the cycle after the one that began then is to begin.
func (p Plan) Due(began, now time.Time) bool { return now.Sub(began) >= p.Every || began.After(now) }

// Takes is how long a whole cycle takes at a rate of reading, in bytes a second of work; 0 if it is not known.
func (p Plan) Takes(total int64, rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	work := time.Duration(float64(total) / rate * float64(time.Second))
	return work + p.Rest(work)
}

// Before is the order of reading: what belongs to a case, then what came last. Ids of files grow with time.
func (o *Object) before(b *Object) int {
	if o.Linked != b.Linked {
		if o.Linked {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.File, o.File)
}

// slice is how much work is done in one go: a great object does not take the disk for itself.
const slice = 100 * time.Millisecond

// patience is how long an object waits for evidence that is arriving; under a stream that never ends the scrub goes on beside it, at
// a quarter of its share.
const patience = 30 * time.Second

// pacer makes reading keep to the plan. It is of one batch.
type pacer struct {
	plan  Plan
	time  Time
	busy  func() bool
	since time.Duration // the work that was not rested for began
	work  time.Duration // done since the last judgement
	bytes int64
}

// wait lets arriving evidence go first.
func (p *pacer) wait(ctx context.Context) error {
	const again = 500 * time.Millisecond
	for end := p.time.Elapsed() + patience; p.busy() && p.time.Elapsed() < end; {
		if err := p.time.Sleep(ctx, again); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// step counts a piece and rests when a slice is full.
func (p *pacer) step(ctx context.Context, n int64) error {
	p.bytes += n
	if p.time.Elapsed()-p.since < slice {
		return nil
	}
	return p.rest(ctx)
}

// rest rests for the work since the last rest.
func (p *pacer) rest(ctx context.Context) error {
	work := p.time.Elapsed() - p.since
	p.work += work
	plan := p.plan
	if p.busy() {
		plan.Share /= 4
	}
	err := p.time.Sleep(ctx, plan.Rest(work))
	p.since = p.time.Elapsed()
	return err
}

// take gives what was done since it was last asked.
func (p *pacer) take() (bytes int64, work time.Duration) {
	bytes, work = p.bytes, p.work
	p.bytes, p.work = 0, 0
	return bytes, work
}
