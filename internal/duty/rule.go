package duty

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// Standing is how a duty stands at a moment, for badges and filters.
type Standing string

// The standings.
const (
	Running       Standing = "running"   // open, in time
	DueSoon       Standing = "due_soon"  // open, three quarters of the term or more are used
	Overdue       Standing = "overdue"   // open, its time is over
	MetInTime     Standing = "met"       // met in time
	MetLate       Standing = "met_late"  // met, but after its time
	WasWaived     Standing = "waived"    // waived
	WasCancelled  Standing = "cancelled" // cancelled
	soonUsedShare          = 75
)

// Standing classifies the duty at now. The due moment itself is still in time: the regulation says "within 24 hours".
func (d Duty) Standing(now time.Time) Standing {
	switch d.State {
	case StateMet:
		if d.Closed.After(d.Due) {
			return MetLate
		}
		return MetInTime
	case StateWaived:
		return WasWaived
	case StateCancelled:
		return WasCancelled
	case StateOpen:
	}
	switch {
	case now.After(d.Due):
		return Overdue
	case d.Used(now) >= soonUsedShare:
		return DueSoon
	}
	return Running
}

// Left is the time left at now, negative once overdue; for an ended duty it is what was left when it ended.
func (d Duty) Left(now time.Time) time.Duration { return d.Due.Sub(d.moment(now)) }

// Used is the share of the term that is used at now, in percent: 0 at its beginning, 100 at the due moment, more
// afterwards (999 at most). A term without length is used up at once.
func (d Duty) Used(now time.Time) int {
	now = d.moment(now)
	term, gone := d.Due.Sub(d.Since), now.Sub(d.Since)
	switch {
	case gone <= 0 && term > 0:
		return 0
	case term <= 0:
		if now.After(d.Due) {
			return 999
		}
		return 100
	}
	share := gone.Seconds() / term.Seconds() * 100
	if now.After(d.Due) {
		share = max(share, 101) // never "100 %" once it is late
	}
	return int(min(share, 999))
}

func (d Duty) moment(now time.Time) time.Time {
	if d.State != StateOpen && !d.Closed.IsZero() {
		return d.Closed
	}
	return now
}

// Bucket is a part of the workbench.
type Bucket string

// The buckets, in the order the workbench shows them.
const (
	BucketOverdue Bucket = "overdue"
	BucketToday   Bucket = "today"
	BucketWeek    Bucket = "week"
	BucketLater   Bucket = "later"
)

// Buckets lists the buckets in order.
func Buckets() []Bucket { return []Bucket{BucketOverdue, BucketToday, BucketWeek, BucketLater} }

// BucketOf says in which bucket an open duty with this due time lies, by the calendar in Shanghai. A week ends with
// its Sunday.
func BucketOf(due, now time.Time) Bucket {
	for _, b := range Buckets() {
		from, before := b.Bounds(now)
		if !due.Before(from) && (before.IsZero() || due.Before(before)) {
			return b
		}
	}
	return BucketLater
}

// Bounds gives the bucket's due times: at or after from, and before before. A zero time does not bound.
func (b Bucket) Bounds(now time.Time) (from, before time.Time) {
	today, week := dayEnd(now), weekEnd(now)
	switch b {
	case BucketOverdue:
		return time.Time{}, now
	case BucketToday:
		return now, today
	case BucketWeek:
		return today, week
	case BucketLater:
	}
	return week, time.Time{}
}

// dayEnd is the midnight that ends now's day in Shanghai.
func dayEnd(now time.Time) time.Time {
	n := now.In(clock.Shanghai)
	return time.Date(n.Year(), n.Month(), n.Day()+1, 0, 0, 0, 0, clock.Shanghai)
}

// weekEnd is the midnight that ends the Sunday of now's week in Shanghai.
func weekEnd(now time.Time) time.Time {
	n := now.In(clock.Shanghai)
	left := (7 - int(n.Weekday())) % 7 // days until Sunday
	return time.Date(n.Year(), n.Month(), n.Day()+left+1, 0, 0, 0, 0, clock.Shanghai)
}
