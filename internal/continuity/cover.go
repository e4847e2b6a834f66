package continuity

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Times are nanoseconds since 1970; these lie before and after every time that is checked, with room for offsets.
const (
	never  int64 = math.MinInt64 / 4
	always int64 = math.MaxInt64 / 4
)

// earliest is the first moment that a camera can tell of: before it a clock was never set (a year 1904, a year 1970).
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// stretch is a piece of a camera's own time.
type stretch struct{ from, to int64 }

// hole is a piece of a camera's own time that it does not cover. A join lies wholly between two of its files, which are no further apart
// than is tolerated.
type hole struct {
	stretch
	join bool
}

// track is one camera: what it covers in its own time, in order, none touching another, and how far its clock may be off.
type track struct {
	min, max int64
	covered  []stretch
	raw      []stretch // the files, without what is missing inside them
}

// tracks puts the segments of each camera together. With sounding, segments without sound cover nothing. Segments whose times cannot be,
// or of a camera that nobody knows, may lie anywhere: how long they are together is slack that no certain gap may hide in.
func (j *judging) tracks(sounding bool) []track {
	var out []track
	at := map[string]int{}
	for _, c := range j.in.Cameras {
		if c.Known {
			at[c.ID] = len(out)
			out = append(out, track{min: int64(c.Offset.Min), max: int64(c.Offset.Max)})
		}
	}
	for _, s := range j.in.Segments {
		from, to := s.Start.UnixNano(), s.End.UnixNano()
		i, known := at[s.Camera]
		if !known || from > to || from < earliest {
			if !sounding {
				j.slack += max(from, to) - min(from, to)
				if j.loose = DoubtClock; !known {
					j.loose = DoubtCamera
				}
			}
			continue
		}
		if from == to || sounding && s.Sound != Present && s.Sound != "" {
			continue
		}
		out[i].raw = append(out[i].raw, stretch{from, to})
		out[i].covered = append(out[i].covered, without(stretch{from, to}, s.Inner)...)
	}
	for i := range out {
		out[i].raw, out[i].covered = union(out[i].raw), union(out[i].covered)
	}
	return slices.DeleteFunc(out, func(t track) bool { return len(t.covered) == 0 })
}

// without takes the inner gaps out of a stretch; one that is written backwards counts as it was meant.
func without(s stretch, inner []Span) []stretch {
	holes := make([]stretch, 0, len(inner))
	for _, x := range inner {
		a, b := x.Start.UnixNano(), x.End.UnixNano()
		holes = append(holes, stretch{min(a, b), max(a, b)})
	}
	out := []stretch{}
	from := s.from
	for _, h := range union(holes) {
		if h.to <= from || h.from >= s.to {
			continue
		}
		if h.from > from {
			out = append(out, stretch{from, h.from})
		}
		from = h.to
	}
	if from < s.to {
		out = append(out, stretch{from, s.to})
	}
	return out
}

// union puts stretches in order, none touching another; empty ones are nothing.
func union(list []stretch) []stretch {
	slices.SortFunc(list, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	out := list[:0:0]
	for _, s := range list {
		if s.from == s.to {
			continue
		}
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// holes are what a camera does not cover, before, between and after.
func (t *track) holes(tolerated int64) []hole {
	out := make([]hole, 0, len(t.covered)+1)
	from := never
	for _, s := range t.covered {
		out = append(out, hole{stretch: stretch{from, s.from}})
		from = s.to
	}
	out = append(out, hole{stretch: stretch{from, always}})
	for i := range out {
		h := &out[i]
		if h.from == never || h.to == always || h.to-h.from > tolerated {
			continue
		}
		// Where a file would have covered any of it, frames are missing inside a file: that is no join.
		n, _ := slices.BinarySearchFunc(t.raw, h.from, func(r stretch, at int64) int { return cmp.Compare(r.to, at) })
		for n < len(t.raw) && t.raw[n].to <= h.from {
			n++
		}
		h.join = n == len(t.raw) || t.raw[n].from >= h.to
	}
	return out
}

// combo is one hole of every camera, taken together: the stretch that all of them leave open. Its beginning lies between startMin and
// startMax and its end between endMin and endMax, by the offsets; one camera's hole is exactly as long as it is.
type combo struct {
	startMin, startMax int64
	endMin, endMax     int64
	short              int64 // of the shortest hole
	apart              int64 // the least from the beginning of one camera's hole to the end of another's
	join               bool  // one of the holes is a join
}

// start and end bound it within the window.
func (c *combo) start(a int64) int64 { return max(c.startMin, a) }
func (c *combo) end(d int64) int64   { return min(c.endMax, d) }

// most is how long the stretch is at most, over all offsets. It is exact: a stretch is open for some offsets exactly where, for each
// camera by itself, its hole can be moved over it.
func (c *combo) most(a, d int64) int64 { return min(c.short, c.end(d)-c.start(a)) }

// least is how long it is at least, over all offsets.
func (c *combo) least(a, d int64) int64 {
	return max(min(c.short, c.apart, d-max(c.startMax, a), min(c.endMin, d)-a), 0)
}

// maxCombos bounds how many possibilities are followed.
const maxCombos = 50_000

// combine finds all stretches of the window that every camera may leave open at once. false: there were too many to follow, and the
// window as a whole stands for them.
func combine(tracks []track, a, d, tolerated int64) ([]combo, bool) {
	out := []combo{{startMin: never, startMax: never, endMin: always, endMax: always, short: always - never, apart: always - never}}
	for i := range tracks {
		t := &tracks[i]
		holes := t.holes(tolerated)
		next := make([]combo, 0, len(out)+len(holes))
		first := 0
		for _, c := range out {
			from, to := c.start(a), c.end(d)
			for first < len(holes) && holes[first].to != always && holes[first].to+t.max <= from { // combos come in order of their beginning
				first++
			}
			for _, h := range holes[first:] {
				lo, hi := h.from, h.to
				if lo != never {
					lo += t.min
				}
				if hi != always {
					hi += t.max
				}
				if lo >= to {
					break
				}
				if hi <= from {
					continue
				}
				if n := c.with(h, t); n.most(a, d) > 0 {
					next = append(next, n)
				}
			}
			if len(next) > maxCombos {
				return []combo{{startMin: a, startMax: d, endMin: a, endMax: d, short: d - a, apart: 0}}, false
			}
		}
		slices.SortStableFunc(next, func(x, y combo) int {
			return cmp.Or(cmp.Compare(x.startMin, y.startMin), cmp.Compare(x.endMax, y.endMax))
		})
		out = next
	}
	return out, true
}

// with adds another camera's hole.
func (c combo) with(h hole, t *track) combo {
	n := c
	startMin, startMax, endMin, endMax := h.from, h.from, h.to, h.to
	if h.from != never {
		startMin, startMax = h.from+t.min, h.from+t.max
	}
	if h.to != always {
		endMin, endMax = h.to+t.min, h.to+t.max
	}
	// From the beginning of one camera's hole to the end of another's: both ways.
	n.apart = min(c.apart, c.endMin-startMax, endMin-c.startMax)
	n.startMin, n.startMax = max(c.startMin, startMin), max(c.startMax, startMax)
	n.endMin, n.endMax = min(c.endMin, endMin), min(c.endMax, endMax)
	n.short = min(c.short, h.to-h.from)
	n.join = c.join || h.join
	return n
}
