package timeline

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff"
)

// forever stands for every time beyond 146 years.
const forever = time.Duration(math.MaxInt64 / 2)

// rounding is what two times can be off together.
const rounding = 2 * time.Nanosecond

// seconds turns ticks into time, rounded to the nearest nanosecond; what is beyond forever is cut.
func seconds(ticks, scale int64) time.Duration {
	if scale <= 0 {
		return 0
	}
	v, s := uint64(max(ticks, -ticks)), uint64(scale) //nolint:gosec // made positive
	hi, lo := bits.Mul64(v, uint64(time.Second))
	if hi >= s {
		return forever * sign(ticks)
	}
	q, r := bits.Div64(hi, lo, s)
	if r >= s-r {
		q++
	}
	d := time.Duration(min(q, uint64(forever)))
	return d * sign(ticks)
}

func sign(v int64) time.Duration {
	if v < 0 {
		return -1
	}
	return 1
}

// shown is a track on the file's time line.
type shown struct {
	from, to time.Duration
	gaps     []Gap
	more     int64
}

// piece is a stretch of time; hole tells a gap from what was recorded.
type piece struct {
	from, to time.Duration
	hole     bool
}

// show lays a track on the file's time line as its edit list says: which stretches are shown, when, and what is
// between them. Without a list it is shown as it stands.
func show(m media, scale int64, edits []bmff.Edit, movieScale int64) shown {
	at := func(ticks int64) time.Duration { return seconds(ticks, scale) }
	if len(edits) == 0 {
		out := shown{from: at(m.from), to: at(m.to), more: m.more}
		for _, g := range m.gaps {
			if g := (Gap{At: at(g.from), Length: at(g.to) - at(g.from)}); g.Length > MinGap-rounding {
				out.gaps = append(out.gaps, g)
			}
		}
		return out
	}
	var pieces []piece
	now := time.Duration(0)
	for _, e := range edits {
		length := seconds(e.Length, movieScale)
		if e.From < 0 || e.Still || scale <= 0 {
			now = min(now+length, forever)
			continue
		}
		begin := at(e.From)
		end := min(begin+length, forever)
		if e.Length == 0 || movieScale <= 0 {
			end = forever
		}
		from, to := max(begin, at(m.from)), min(end, at(m.to))
		if from < to {
			pieces = append(pieces, piece{from: now + from - begin, to: now + to - begin})
			first, _ := slices.BinarySearchFunc(m.gaps, from, func(g stretch, t time.Duration) int {
				return int(max(-1, min(1, at(g.to)-t)))
			})
			for _, g := range m.gaps[first:] {
				if at(g.from) >= to || len(pieces) > 4*MaxGaps {
					break
				}
				f, t := max(at(g.from), from), min(at(g.to), to)
				pieces = append(pieces, piece{now + f - begin, now + t - begin, true})
			}
		}
		if end == forever {
			break
		}
		now = min(now+length, forever)
	}
	return join(pieces, at(m.usual), m.more)
}

// join puts pieces in order together: holes inside stretches, and what lies between two stretches.
func join(pieces []piece, usual time.Duration, more int64) shown {
	out := shown{more: more}
	if len(pieces) == 0 {
		return out
	}
	out.from, out.to = pieces[0].from, pieces[0].to
	var holes []piece
	for _, p := range pieces[1:] {
		if !p.hole && p.from > out.to {
			holes = append(holes, piece{out.to, p.from, true})
		}
		if p.hole {
			holes = append(holes, p)
		}
		out.to = max(out.to, p.to)
	}
	slices.SortFunc(holes, func(a, b piece) int { return int(max(-1, min(1, a.from-b.from))) })
	for i := 0; i < len(holes); {
		h := holes[i]
		for i++; i < len(holes) && holes[i].from <= h.to; i++ { // holes that meet are one
			h.to = max(h.to, holes[i].to)
		}
		length := h.to - h.from
		switch {
		case length <= MinGap-rounding || length <= MaxUsual*usual:
		case len(out.gaps) == MaxGaps:
			out.more++
		default:
			out.gaps = append(out.gaps, Gap{At: h.from, Length: length})
		}
	}
	return out
}
