package storage

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// End gives when a recording ended, in true time: its start by the camera's clock, its duration, and what is known of
// that clock's error (true time = camera time + offset, offset between from and to). A file cannot end after it was
// seen, so the upper bound is cut there; a start that lies wholly after it leaves the contradiction standing for Judge.
// Without a duration the end lies anywhere between the start and the moment the file was seen.
func End(start clock.Interval, duration time.Duration, hasDuration bool, from, to time.Duration, seen time.Time) clock.Interval {
	if start.IsZero() {
		return clock.Interval{}
	}
	end := clock.Interval{From: start.From.Add(from), To: start.To.Add(to)}
	if hasDuration {
		end = end.Add(max(duration, 0))
	} else {
		end.To = later(end.To, seen)
	}
	if end.To.After(seen) && !end.From.After(seen) {
		end.To = seen
	}
	return end
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Step is one jump of the server's own clock: at At (by the new time) it moved by By, forward or, negative, back.
type Step struct {
	At time.Time
	By time.Duration
}

// StepReach is how far from a jump of the server's clock moments are no longer taken as exact: which of the two times
// was right, the clock itself cannot tell.
const StepReach = 24 * time.Hour

// Around gives the bounds of a moment told by the server's clock, given the jumps of that clock. A moment near a jump
// may be off by the jump: one before it lacks what the clock moved, one after it may have too much.
func Around(t time.Time, steps []Step) (bounds clock.Interval, widened bool) {
	bounds = clock.At(t)
	for _, s := range steps {
		if t.Sub(s.At).Abs() > StepReach+s.By.Abs() {
			continue
		}
		by := s.By
		if !t.Before(s.At) {
			by = -by
		}
		if by < 0 {
			bounds.From = bounds.From.Add(by)
		} else {
			bounds.To = bounds.To.Add(by)
		}
		widened = true
	}
	return bounds, widened
}

// Watch finds jumps of a wall clock by holding it against one that never jumps. The zero value is ready.
type Watch struct {
	begun bool
	wall  time.Time
	mono  time.Duration
}

// MinStep is the smallest jump that counts; slewing and scheduling stay below it.
const MinStep = 2 * time.Second

// See takes a reading of both clocks, taken together, and reports a jump since the last one.
func (w *Watch) See(wall time.Time, mono time.Duration) (Step, bool) {
	begun, by := w.begun, wall.Sub(w.wall)-(mono-w.mono)
	w.begun, w.wall, w.mono = true, wall, mono
	if !begun || by.Abs() < MinStep {
		return Step{}, false
	}
	return Step{At: wall, By: by}, true
}
