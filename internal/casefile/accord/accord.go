// Package accord compares the times that a written record states with the recordings it refers to (R-08-03): a record of
// an inspection whose beginning lies outside every recording of it contradicts them. It judges times only, never who is
// right: a camera's clock may be wrong, and so may a hand.
//
// What a camera's clock leaves open stays open: a time that may or may not lie within is told as unsure, never as a
// contradiction.
package accord

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Verdict is how a stated time stands to the recordings.
type Verdict string

// The verdicts.
const (
	Within   Verdict = "within"   // certainly inside a recording
	Unsure   Verdict = "unsure"   // may lie inside or not: a clock or a length is not known well enough
	Between  Verdict = "between"  // certainly in none, but between the first and the last
	Before   Verdict = "before"   // certainly before all of them
	After    Verdict = "after"    // certainly after all of them
	Unjudged Verdict = "unjudged" // of no recording the time is known
)

// Contradicts reports whether the record and the recordings cannot both be right.
func (v Verdict) Contradicts() bool { return v == Between || v == Before || v == After }

// Footage is when a recording was made, as far as is known. Zero intervals are not known.
type Footage struct {
	Recording  ident.RecordingID
	Start, End clock.Interval
}

func (f Footage) known() bool {
	return !f.Start.IsZero() && !f.End.IsZero() && !f.End.To.Before(f.Start.From)
}

// Said is a time that a record states.
type Said struct {
	Field string // id of the field, "started_at"
	At    time.Time
	// Recording is set where the time is a moment of that one recording, not of the act.
	Recording ident.RecordingID
}

// Finding is a stated time, judged. Off is how far it lies from the nearest recording, zero when it is within or unsure.
type Finding struct {
	Said

	Verdict Verdict
	Nearest ident.RecordingID
	Off     time.Duration
}

// grain is how coarsely a record is written: to the minute, so that 09:12 says anything from 09:12:00 to 09:12:59, and
// may have been rounded up.
const grain = time.Minute

// Check judges every stated time against the recordings of a record, in the order of the times given. Without recordings
// there is nothing to contradict, and nothing is found.
func Check(said []Said, footage []Footage) []Finding {
	if len(footage) == 0 {
		return nil
	}
	var out []Finding
	for _, s := range said {
		if s.At.IsZero() {
			continue
		}
		about := footage
		if s.Recording != "" {
			about = slices.DeleteFunc(slices.Clone(footage), func(f Footage) bool { return f.Recording != s.Recording })
			if len(about) == 0 {
				continue // it refers to a recording that is not linked: nothing is known of it here
			}
		}
		out = append(out, judge(s, about))
	}
	return out
}

// judge holds one time against all recordings: the best answer counts.
func judge(s Said, footage []Footage) Finding {
	out := Finding{Said: s, Verdict: Unjudged}
	from, to := s.At.Add(-grain), s.At.Add(grain)
	var before, after, unknown bool // it lies before one, after one; of one the time is not known
	for _, f := range footage {
		if !f.known() {
			unknown = true
			continue
		}
		var off time.Duration
		switch {
		case !s.At.Before(f.Start.To) && !s.At.After(f.End.From):
			return Finding{Said: s, Verdict: Within, Nearest: f.Recording}
		case to.Before(f.Start.From):
			before, off = true, f.Start.From.Sub(s.At)
		case from.After(f.End.To):
			after, off = true, s.At.Sub(f.End.To)
		default:
			out.Verdict, out.Nearest, out.Off = Unsure, f.Recording, 0
			continue
		}
		if out.Verdict != Unsure && (out.Nearest == "" || off < out.Off) {
			out.Nearest, out.Off = f.Recording, off
		}
	}
	switch {
	case out.Verdict == Unsure:
	case unknown && (before || after): // it may lie in the one of which nothing is known
		out.Verdict, out.Off = Unsure, 0
	case before && after:
		out.Verdict = Between
	case before:
		out.Verdict = Before
	case after:
		out.Verdict = After
	}
	return out
}

// fields are the moments that records of types with recordings state of what happened in front of the camera.
var fields = []string{
	"cert_shown_at", "started_at", "ended_at", "extracted_at", "executed_at", "released_at", "told_at", "hearing_at", "served_at", "given_at", "disposal_at",
}

// OnCamera reports whether a field states a moment that the recording of the act should hold.
func OnCamera(field string) bool { return slices.Contains(fields, field) }
