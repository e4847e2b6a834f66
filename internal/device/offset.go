package device

import (
	"time"
)

// Source says how a device's clock was compared with ours.
type Source string

// The sources.
const (
	FromDock   Source = "dock"   // the dock read the device's clock
	FromPerson Source = "person" // a person compared them by eye
	FromSlate  Source = "slate"  // a slate that the device filmed (decisions §25)
	Assumed    Source = "assumed"
)

// What is assumed of clocks.
const (
	// CheckDoubt is added on both sides of every check: a device shows whole seconds and a person reads slowly.
	CheckDoubt = 5 * time.Second
	// DriftPerDay is how far a device's clock may wander in a day, either way.
	DriftPerDay = 2 * time.Second
	// UnknownDoubt is assumed either way of a clock that was never checked. It is a working value for ordering and
	// showing, not knowledge: an unchecked clock may be off by years, so a verdict must look at Offset.Known too.
	UnknownDoubt = 10 * time.Minute
)

// Offset is what must be added to what a device's clock shows to get the true time, known up to its bounds. Known is
// false if the clock was never checked. Stepped says that the checks before and after contradict each other, so the
// clock was set between them and the bounds hold both.
type Offset struct {
	Lo, Hi  time.Duration
	Known   bool
	Stepped bool
	Source  Source    // of the nearest check
	At      time.Time // when the nearest check was made, by our clock
}

// check is one comparison: at the moment face of the device's own clock the offset lay within lo and hi.
type check struct {
	at, face time.Time
	lo, hi   time.Duration
	source   Source
}

// at grows the check's bounds with the distance, in the device's own time, to the moment asked about.
func (c check) grown(face time.Time) (lo, hi time.Duration) {
	away := face.Sub(c.face).Abs()
	doubt := CheckDoubt + time.Duration(float64(DriftPerDay)*away.Hours()/24)
	return c.lo - doubt, c.hi + doubt
}

// offsetOf is the rule: before and after are the nearest checks by the device's own time, nil if there is none. Both
// are true statements, so what both allow is the answer; if they share nothing, the clock was set between them.
func offsetOf(before, after *check, face time.Time) Offset {
	near := before
	if before == nil || (after != nil && after.face.Sub(face) < face.Sub(before.face)) {
		near = after
	}
	if near == nil {
		return Offset{Lo: -UnknownDoubt, Hi: UnknownDoubt, Source: Assumed}
	}
	o := Offset{Known: true, Source: near.source, At: near.at}
	o.Lo, o.Hi = near.grown(face)
	if before == nil || after == nil {
		return o
	}
	bLo, bHi := before.grown(face)
	aLo, aHi := after.grown(face)
	if lo, hi := max(bLo, aLo), min(bHi, aHi); lo <= hi {
		o.Lo, o.Hi = lo, hi
		return o
	}
	o.Lo, o.Hi, o.Stepped = min(bLo, aLo), max(bHi, aHi), true
	return o
}
