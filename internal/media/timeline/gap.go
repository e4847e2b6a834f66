package timeline

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// The rule for gaps. The usual time a picture or a piece of sound stands is the median of the track's own steps. A gap
// is where nothing new comes for MinGap longer than usual and, where only steps are known, for more than MaxUsual
// times the usual besides: a camera that takes fewer pictures in the dark, or one a second by its settings, makes no
// gaps. Where each piece tells its own length (sound in packets), the length counts instead of the usual one.
const (
	MinGap   = 200 * time.Millisecond
	MaxUsual = 2
)

// Bounds of what one track keeps in memory.
const (
	// window is how many samples may come out of order: H.264 and H.265 let a picture wait for 16 others.
	window = 20
	// maxHoles is how many stretches are remembered until the usual step is known.
	maxHoles = 4096
	// MaxGaps is how many gaps of a track are listed; Line.GapCount tells all.
	MaxGaps = 1000
)

// Gap (缺口) is a stretch of a track's presentation in which nothing was recorded.
type Gap struct {
	At     time.Duration // on the file's own time line
	Length time.Duration
}

// builder gathers one track's samples, in ticks, as they are stored. It keeps a window of them, a table of steps and
// the long ones, so it stays small however many there are.
type builder struct {
	scale    int64 // ticks a second
	minimum  int64 // MinGap in ticks
	declared bool  // each sample's own length is to be believed
	straight bool  // samples come in order of presentation, as sound does

	waiting [8 * window]sample // from lo up to hi, in order of presentation
	lo, hi  int
	first   int64
	last    sample
	end     int64 // of the sample that ends last, by its own length
	count   int64
	some    bool
	disorder,
	dropped int64
	steps *histogram // nil: only where the track begins and ends is asked
	holes []hole
}

type sample struct{ at, length int64 }

// hole is n steps in a row, each of the same length, that are long enough to be gaps if the usual step is short.
type hole struct{ at, step, length, n int64 }

func newBuilder(scale int64, handler string, declared bool) *builder {
	b := &builder{scale: scale, minimum: int64(MinGap/time.Millisecond) * scale / 1000, declared: declared, straight: handler == "soun"}
	if judged(handler) {
		b.steps = &histogram{}
	}
	return b
}

// add takes one sample.
func (b *builder) add(at, length int64) {
	b.count++
	b.push(sample{at, length})
}

func (b *builder) push(s sample) {
	if b.straight {
		b.pop(s)
		return
	}
	if b.hi == len(b.waiting) {
		b.hi = copy(b.waiting[:], b.waiting[b.lo:b.hi])
		b.lo = 0
	}
	i := b.hi
	for ; i > b.lo && b.waiting[i-1].at > s.at; i-- {
		b.waiting[i] = b.waiting[i-1]
	}
	b.waiting[i] = s
	if b.hi++; b.hi-b.lo > window {
		b.pop(b.waiting[b.lo])
		b.lo++
	}
}

// run takes n samples in equal steps.
func (b *builder) run(at, step, n int64) {
	b.count += n
	if b.straight {
		b.advance(at, step, n)
		return
	}
	head := min(n, 2*window) // a window full of it, and one in which what came before goes
	for i := range head {
		b.push(sample{at + i*step, step})
	}
	more := n - head
	if more == 0 {
		return
	}
	next := at + (head-window)*step // the first of the run's that wait
	if b.waiting[b.lo].at != next || b.waiting[b.hi-1].at != at+(head-1)*step {
		b.drain() // strangely mixed: what waited is let go
		b.lo, b.hi = 0, window
		for i := range int64(window) {
			b.waiting[i] = sample{next + i*step, step}
		}
	}
	// All that waits is of this run: the rest only moves it on.
	b.advance(next, step, more)
	for i := range b.waiting[b.lo:b.hi] {
		b.waiting[b.lo+i].at += more * step
	}
}

// advance takes n samples in equal steps in order of presentation.
func (b *builder) advance(at, step, n int64) {
	if b.some && step > 0 && at < b.last.at { // time went back: what was shown already is passed over
		past := min(n, (b.last.at-at+step-1)/step)
		b.disorder++
		at, n = at+past*step, n-past
	}
	if n > 0 {
		b.pop(sample{at, step})
		b.stride(step, n-1)
		b.last.at = max(b.last.at, at+(n-1)*step)
	}
}

// drain lets go of all that waits.
func (b *builder) drain() {
	for _, s := range b.waiting[b.lo:b.hi] {
		b.pop(s)
	}
	b.lo, b.hi = 0, 0
}

// pop takes the next sample in order of presentation.
func (b *builder) pop(s sample) {
	if !b.some {
		b.some, b.first, b.last, b.end = true, s.at, s, s.at+s.length
		return
	}
	b.end = max(b.end, s.at+s.length)
	step := s.at - b.last.at
	switch {
	case step < 0: // time went back further than any camera reorders
		b.disorder++
		return
	case step > 0:
		b.stride(step, 1)
	}
	b.last = s
}

// stride notes n steps of one length that begin at the last sample.
func (b *builder) stride(step, n int64) {
	if step <= 0 || n <= 0 || b.steps == nil {
		return
	}
	b.steps.add(step, n)
	if step <= b.minimum {
		return
	}
	h := hole{at: b.last.at, step: step, n: n}
	if b.declared {
		h.length = b.last.length
		if step-h.length < b.minimum {
			return
		}
	}
	if len(b.holes) == maxHoles {
		usual := b.steps.median()
		b.holes = slices.DeleteFunc(b.holes, func(h hole) bool { return !b.isGap(h, usual) })
		if len(b.holes) == maxHoles {
			b.dropped += n
			return
		}
	}
	b.holes = append(b.holes, h)
}

func (b *builder) isGap(h hole, usual int64) bool {
	if b.declared && h.length > 0 {
		return h.step-h.length >= b.minimum
	}
	rest := h.step - usual
	return rest >= b.minimum && rest > MaxUsual*usual
}

// media is what a track holds on its own clock, in ticks.
type media struct {
	from, to int64
	usual    int64
	gaps     []stretch // apart and in order
	more     int64     // gaps that are not listed
}

type stretch struct{ from, to int64 }

// close ends the gathering.
func (b *builder) close() media {
	b.drain()
	if !b.some {
		return media{}
	}
	m := media{from: b.first}
	if b.steps != nil {
		m.usual = b.steps.median()
	}
	if m.usual == 0 {
		m.usual = b.last.length
	}
	tail := b.last.length
	if tail == 0 {
		tail = m.usual
	}
	if m.to = b.last.at + tail; b.declared {
		m.to = max(m.to, b.end)
	} else if b.steps != nil && tail > b.minimum { // the last picture may stand longer than it should
		b.holes = append(b.holes, hole{at: b.last.at, step: tail, n: 1})
	}
	m.more = b.dropped
	slices.SortFunc(b.holes, func(x, y hole) int { return cmp.Compare(x.at, y.at) })
	for _, h := range b.holes {
		if !b.isGap(h, m.usual) {
			continue
		}
		cover := h.length
		if cover == 0 {
			cover = m.usual
		}
		for i := range h.n {
			if len(m.gaps) == MaxGaps {
				m.more += h.n - i
				break
			}
			at := h.at + i*h.step
			m.gaps = append(m.gaps, stretch{at + cover, at + h.step})
		}
	}
	return m
}

// histogram counts steps of any length in little room: each doubling has 64 classes, so the median is exact for steps
// that are alike and within 2 % for others.
type histogram struct {
	counts [64 * 64]int64
	sums   [64 * 64]float64
	total  int64
}

func class(step int64) int {
	v := uint64(step) //nolint:gosec // steps are above zero
	n := bits.Len64(v)
	if n <= 7 {
		return int(v) //nolint:gosec // below 128
	}
	return (n-7)<<6 + int(v>>(n-7)) //nolint:gosec // below 128
}

func (h *histogram) add(step, n int64) {
	c := class(step)
	h.counts[c] += n
	h.sums[c] += float64(step) * float64(n)
	h.total += n
}

// median gives the usual step; 0 if there was none.
func (h *histogram) median() int64 {
	left := (h.total + 1) / 2
	for c, n := range h.counts {
		if left -= n; left <= 0 && n > 0 {
			return int64(h.sums[c]/float64(n) + 0.5)
		}
	}
	return 0
}
