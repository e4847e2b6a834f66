package bmff

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
)

// sizes is how long the samples are: all alike, or by a table of entries of 4, 8, 16 or 32 bits.
type sizes struct {
	known bool
	each  int64 // 0: by the table
	bits  int
	table table
	count int64
}

func (o *opener) readSizes(b Box, t *Track) {
	if t.sizes.known {
		return
	}
	from, end := b.body()
	head := o.s.bytes(from, 12)
	if head == nil || end-from < 12 {
		o.f.Broken = true
		return
	}
	z := sizes{known: true, bits: 32, count: int64(binary.BigEndian.Uint32(head[8:]))}
	if b.Type == "stz2" {
		z.bits = int(head[7])
	} else {
		z.each = int64(binary.BigEndian.Uint32(head[4:]))
	}
	if z.each > 0 {
		t.sizes = z
		return
	}
	if z.bits != 4 && z.bits != 8 && z.bits != 16 && z.bits != 32 {
		o.f.Broken = true
		return
	}
	room := (end - from - 12) * 8 / int64(z.bits)
	if z.count > room {
		z.count, o.f.Broken = room, o.f.Broken || !b.Short
	}
	z.table = table{at: from + 12, width: z.bits / 8, count: z.count}
	if z.bits == 4 {
		z.table.width, z.table.count = 1, (z.count+1)/2
	}
	t.sizes = z
}

// sizeCursor walks the sizes.
type sizeCursor struct {
	z    sizes
	c    *cursor
	half byte
	odd  bool
}

func (o *opener) sizeCursor(t *Track) *sizeCursor {
	return &sizeCursor{z: t.sizes, c: o.s.cursor(t.sizes.table)}
}

func (c *sizeCursor) next() int64 {
	if c.z.each > 0 {
		return c.z.each
	}
	if c.odd {
		c.odd = false
		return int64(c.half & 15)
	}
	e := c.c.next()
	switch {
	case e == nil:
		return 0
	case c.z.bits == 32:
		return int64(binary.BigEndian.Uint32(e))
	case c.z.bits == 16:
		return int64(binary.BigEndian.Uint16(e))
	case c.z.bits == 4:
		c.half, c.odd = e[0], true
		return int64(e[0] >> 4)
	}
	return int64(e[0])
}

// eachChunk walks the stretches in which a track's samples lie: the first sample, how many, and where. It gives how
// many samples were placed.
func (o *opener) eachChunk(t *Track, visit func(first, n, at int64) bool) int64 {
	places, spread := o.s.cursor(t.places), o.s.cursor(t.chunks)
	var per, nextPer, nextFirst int64
	advance := func() {
		per = nextPer
		nextFirst = math.MaxInt64
		if e := spread.next(); e != nil {
			nextFirst, nextPer = int64(binary.BigEndian.Uint32(e)), int64(binary.BigEndian.Uint32(e[4:]))
		}
	}
	advance()
	sample := int64(0)
	for chunk := int64(1); sample < t.sizes.count; chunk++ {
		for chunk >= nextFirst {
			advance()
		}
		e := places.next()
		if e == nil {
			break
		}
		at := int64(0)
		if len(e) == 8 {
			at = ticks(binary.BigEndian.Uint64(e))
		} else {
			at = int64(binary.BigEndian.Uint32(e))
		}
		n := min(per, t.sizes.count-sample)
		if !visit(sample, n, at) {
			break
		}
		sample += n
	}
	return sample
}

// span is samples from one up to but not with another.
type span struct{ from, to int64 }

const maxSpans = 1024

// missing says which samples of a track the file does not hold to their last byte.
func (o *opener) missing(t *Track) []span {
	if !t.sizes.known || t.External || t.chunks.width == 0 || t.places.width == 0 {
		return nil
	}
	var out []span
	add := func(from, to int64) {
		switch n := len(out); {
		case from >= to:
		case n > 0 && out[n-1].to == from:
			out[n-1].to = to
		case n < maxSpans:
			out = append(out, span{from, to})
		default:
			o.f.Limit = true
		}
	}
	length := o.sizeCursor(t)
	placed := o.eachChunk(t, func(first, n, at int64) bool {
		if length.z.each > 0 {
			have := max(o.s.size-at, 0) / length.z.each
			add(first+min(have, n), first+n)
			return true
		}
		for i := first; i < first+n; i++ {
			at += length.next()
			if o.s.over || o.s.err != nil {
				return false
			}
			if at > o.s.size {
				add(i, i+1)
			}
		}
		return true
	})
	if o.s.err != nil || o.s.over { // nothing can be said of the rest
		return out
	}
	add(placed, t.sizes.count)
	return out
}

// plain hands on the samples that the index itself lists.
func (o *opener) plain(track int, t *Track) {
	gone := o.missing(t)
	total, at, n := int64(math.MaxInt64), int64(0), int64(0)
	if t.sizes.known {
		total = t.sizes.count
	}
	out := func(r Run) {
		for len(gone) > 0 && gone[0].to <= n {
			gone = gone[1:]
		}
		end := n + r.N
		for r.N > 0 {
			here := r.N
			if len(gone) > 0 && gone[0].from < end {
				here = max(gone[0].from-n, 0)
			}
			if here > 0 {
				t.Here += here
				o.sink(track, t, Run{At: r.At, N: here, Step: r.Step, Shift: r.Shift})
			} else {
				here = min(gone[0].to, end) - n
			}
			n, r.N, r.At = n+here, r.N-here, r.At+here*r.Step
			for len(gone) > 0 && gone[0].to <= n {
				gone = gone[1:]
			}
		}
	}
	times, shifts := o.s.cursor(t.times), o.s.cursor(t.shifts)
	var timeLeft, step, shiftLeft, shift int64
	for n < total && o.s.err == nil {
		if timeLeft == 0 {
			e := times.next()
			if e == nil {
				break
			}
			timeLeft, step = int64(binary.BigEndian.Uint32(e)), int64(binary.BigEndian.Uint32(e[4:]))
			if step > math.MaxInt32 { // a step back in time, written by accident
				step, o.f.Broken = 0, true
			}
			continue
		}
		if shiftLeft == 0 {
			shiftLeft, shift = math.MaxInt64, 0
			if e := shifts.next(); e != nil {
				shiftLeft, shift = int64(binary.BigEndian.Uint32(e)), int64(int32(binary.BigEndian.Uint32(e[4:]))) //nolint:gosec // the format's own sign
				t.Reordered = t.Reordered || shift != 0
			}
			continue
		}
		run := Run{At: at, N: min(timeLeft, shiftLeft, total-n), Step: step, Shift: shift}
		over, long := bits.Mul64(uint64(run.N), uint64(step)) //nolint:gosec // neither is negative
		if over != 0 || long > uint64(maxTicks-at) {
			o.f.Broken, o.f.Limit = true, true
			break
		}
		at += int64(long) //nolint:gosec // compared on the line before
		timeLeft, shiftLeft = timeLeft-run.N, shiftLeft-run.N
		out(run)
	}
	t.Samples, t.next = n, at
	if o.s.over || o.s.err != nil {
		return
	}
	if timeLeft > 0 && !o.f.Limit {
		o.f.Broken = true // more times than samples
	}
	if t.sizes.known && n < total { // of the rest no time is known
		t.Samples = total
		o.f.Broken = o.f.Broken || !o.f.Short
	}
	if t.Here < n {
		o.f.Short = true
	}
}

// Extent is where a sample lies.
type Extent struct{ At, Len int64 }

// Extents gives the places of a track's first samples, as the index lists them. The track is one that Open gave for
// the same bytes.
func Extents(ctx context.Context, r io.ReaderAt, size int64, t *Track, limit int) ([]Extent, error) {
	o := &opener{s: newSource(ctx, r, size), f: &File{}}
	var out []Extent
	length := o.sizeCursor(t)
	o.eachChunk(t, func(_, n, at int64) bool {
		for range n {
			if len(out) >= limit {
				return false
			}
			l := length.next()
			if at > size-l {
				return false
			}
			out = append(out, Extent{at, l})
			at += l
		}
		return true
	})
	return out, o.s.err
}
