package bmff

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// preset is what samples of a fragment are taken to be where it says nothing.
type preset struct{ step, size int64 }

// moof reads one fragment: which samples it brings, when, and whether the file holds them.
func (o *opener) moof(b Box) {
	o.f.Fragments++
	o.s.load(b.Offset, b.Size+16) // and the head of the box behind it
	from, end := b.body()
	data := b.Offset // where a track's samples begin if nothing else is said
	if !o.s.inner(from, end, func(c Box) {
		switch c.Type {
		case "mfhd":
			at, _ := c.body()
			if seq, ok := o.s.u32(at + 4); ok {
				o.sequence(int64(seq))
			}
		case "traf":
			data = o.traf(c, b.Offset, data)
		}
	}) && !b.Short {
		o.f.Broken = true
	}
}

// sequence follows the numbers of fragments. They count by one, or else they say nothing.
func (o *opener) sequence(seq int64) {
	switch step := seq - o.seq; {
	case o.f.Fragments == 1:
	case step == 1:
		o.seqSteps++
	case step > 1 && step <= maxBoxes:
		o.seqLost += step - 1
	}
	o.seq = seq
}

// fragment is one track's part of a fragment.
type fragment struct {
	track  int // -1: of no track of the index
	preset preset
	at     int64 // decoding time of the next sample
	data   int64 // place of the next sample
	base   int64
}

func (o *opener) traf(b Box, moof, data int64) int64 {
	g := fragment{track: -1, data: data, base: data}
	from, end := b.body()
	o.s.inner(from, end, func(c Box) {
		switch c.Type {
		case "tfhd":
			o.tfhd(c, &g, moof)
		case "tfdt":
			at, to := c.body()
			p := o.s.bytes(at, int(min(to-at, 12)))
			switch {
			case len(p) >= 12 && p[0] == 1:
				g.at = ticks(binary.BigEndian.Uint64(p[4:]))
			case len(p) >= 8:
				g.at = int64(binary.BigEndian.Uint32(p[4:]))
			}
		case "trun":
			o.trun(c, &g)
		}
	})
	if g.track >= 0 {
		o.f.Tracks[g.track].next = g.at
	}
	return g.data
}

func (o *opener) tfhd(b Box, g *fragment, moof int64) {
	from, end := b.body()
	p := o.s.bytes(from, int(min(end-from, 40)))
	if len(p) < 8 {
		o.f.Broken = true
		return
	}
	flags, id := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	for i, t := range o.f.Tracks {
		if t.ID == id {
			g.track, g.preset, g.at = i, t.preset, t.next
			break
		}
	}
	p = p[8:]
	field := func(flag uint32, width int) (uint64, bool) {
		if flags&flag == 0 || len(p) < width {
			return 0, false
		}
		v := uint64(binary.BigEndian.Uint32(p))
		if width == 8 {
			v = binary.BigEndian.Uint64(p)
		}
		p = p[width:]
		return v, true
	}
	if v, ok := field(1, 8); ok {
		g.base = ticks(v)
	} else if flags&0x20000 != 0 {
		g.base = moof
	}
	g.data = g.base
	field(2, 4)
	if v, ok := field(8, 4); ok {
		g.preset.step = int64(v) //nolint:gosec // 32 bits
	}
	if v, ok := field(0x10, 4); ok {
		g.preset.size = int64(v) //nolint:gosec // 32 bits
	}
}

// trun hands on one row of samples.
func (o *opener) trun(b Box, g *fragment) {
	from, end := b.body()
	p := o.s.bytes(from, int(min(end-from, 16)))
	if len(p) < 8 {
		o.f.Broken = true
		return
	}
	flags, count := binary.BigEndian.Uint32(p), int64(binary.BigEndian.Uint32(p[4:]))
	at := from + 8
	if flags&1 != 0 && len(p) >= 12 {
		g.data = g.base + int64(int32(binary.BigEndian.Uint32(p[8:]))) //nolint:gosec // the format's own sign
		at += 4
	}
	if flags&4 != 0 {
		at += 4
	}
	if g.track < 0 {
		return
	}
	rows := table{at: at, width: 4 * bits.OnesCount32(flags&0xf00), count: count}
	if rows.width == 0 {
		o.alike(g, count)
		return
	}
	if room := max(end-at, 0) / int64(rows.width); rows.count > room {
		rows.count, o.f.Broken = room, o.f.Broken || !b.Short
	}
	t := o.f.Tracks[g.track]
	c := &cursor{s: o.s, t: rows, row: rows.count, rest: o.s.paged(rows)}
	if c.rest == nil { // a fragment longer than a page
		c = o.s.cursor(rows)
	}
	var run Run // samples alike so far
	here := true
	for {
		e := c.next()
		if e == nil {
			o.bring(g, run, here)
			return
		}
		step, shift, size := g.preset.step, int64(0), g.preset.size
		if flags&0x100 != 0 {
			step, e = int64(binary.BigEndian.Uint32(e)), e[4:]
		}
		if flags&0x200 != 0 {
			size, e = int64(binary.BigEndian.Uint32(e)), e[4:]
		}
		if flags&0x400 != 0 {
			e = e[4:]
		}
		if flags&0x800 != 0 {
			shift = int64(int32(binary.BigEndian.Uint32(e))) //nolint:gosec // the format's own sign
			t.Reordered = t.Reordered || shift != 0
		}
		if step > math.MaxInt32 {
			step, o.f.Broken = 0, true
		}
		g.data = min(g.data+size, maxTicks)
		if fits := g.data <= o.s.size; run.Step != step || run.Shift != shift || here != fits {
			o.bring(g, run, here)
			run, here = Run{Step: step, Shift: shift}, fits
		}
		run.N++
	}
}

// alike hands on a row of samples that are all as preset, however many it claims.
func (o *opener) alike(g *fragment, count int64) {
	size, step := g.preset.size, g.preset.step
	if step > math.MaxInt32 {
		step, o.f.Broken = 0, true
	}
	here := count
	if size > 0 {
		here = min(count, max(o.s.size-g.data, 0)/size)
	} else if count > o.s.size { // samples without a byte: more than the file has bytes are none
		here, o.f.Broken = 0, true
	}
	o.bring(g, Run{N: here, Step: step}, true)
	o.bring(g, Run{N: count - here, Step: step}, false)
	if size > 0 && count > (maxTicks-g.data)/size {
		g.data = maxTicks
		return
	}
	g.data += count * size
}

// bring hands on a run that begins where the fragment has come to.
func (o *opener) bring(g *fragment, r Run, here bool) {
	if r.N == 0 {
		return
	}
	if g.at > maxTicks || r.N > 0 && r.Step > (maxTicks-g.at)/r.N {
		o.f.Broken, o.f.Limit = true, true
		return
	}
	r.At = g.at
	g.at += r.N * r.Step
	t := o.f.Tracks[g.track]
	t.Samples += r.N
	if !here {
		o.f.Short = true
		return
	}
	t.Here += r.N
	o.sink(g.track, t, r)
}
