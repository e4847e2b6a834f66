// Package clock hands in the time. Nothing else in the product calls time.Now: a verdict must be computable again
// with the same inputs, and a test must be able to move time. Time is stored in UTC as whole microseconds and shown
// in Asia/Shanghai.
package clock

import (
	"sync"
	"time"
	_ "time/tzdata" // county servers often have no zone files
)

// Clock tells the time.
type Clock interface {
	// Now is the current time in UTC, cut to microseconds.
	Now() time.Time
}

type system struct{}

func (system) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// System is the machine's clock.
func System() Clock { return system{} }

// Manual is a clock that moves only when told to. It is safe for concurrent use.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual makes a manual clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC().Truncate(time.Microsecond)} }

// Now gives the time the clock stands at.
func (m *Manual) Now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.now }

// Add moves the clock by d, which may be negative (a server clock step, G8).
func (m *Manual) Add(d time.Duration) { m.mu.Lock(); defer m.mu.Unlock(); m.now = m.now.Add(d) }

// Set puts the clock to t.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t.UTC().Truncate(time.Microsecond)
}

// Shanghai is the zone every time is shown in (北京时间, UTC+8, no daylight saving today).
var Shanghai = func() *time.Location {
	l, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return time.FixedZone("CST", 8*3600)
	}
	return l
}()

// Micros is how a time is stored: microseconds since 1970-01-01 UTC. The zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros reads a stored time. 0 is the zero time.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Interval is a span of time known only up to its bounds: the true moment lies in [From, To]. The zero value means
// that nothing is known.
type Interval struct{ From, To time.Time }

// IsZero reports whether nothing is known.
func (i Interval) IsZero() bool { return i.From.IsZero() && i.To.IsZero() }

// At is the interval of an exactly known moment.
func At(t time.Time) Interval { return Interval{t, t} }

// Add shifts both bounds.
func (i Interval) Add(d time.Duration) Interval { return Interval{i.From.Add(d), i.To.Add(d)} }

// Widen moves From by lo and To by hi (lo is usually negative or zero, hi positive or zero).
func (i Interval) Widen(lo, hi time.Duration) Interval {
	return Interval{i.From.Add(lo), i.To.Add(hi)}
}
