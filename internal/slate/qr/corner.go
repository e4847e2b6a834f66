package qr

import (
	"cmp"
	"math"
	"slices"
)

// point is a place in the picture, in pixels.
type point struct{ x, y float64 }

func (p point) minus(q point) point   { return point{p.x - q.x, p.y - q.y} }
func (p point) plus(q point) point    { return point{p.x + q.x, p.y + q.y} }
func (p point) times(f float64) point { return point{p.x * f, p.y * f} }
func (p point) length() float64       { return math.Hypot(p.x, p.y) }
func (p point) cross(q point) float64 { return p.x*q.y - p.y*q.x }

// corner is the middle of one of a code's three finder patterns.
type corner struct {
	point
	module float64 // its size there, pixels
	rows   int     // in how many rows it was seen
}

// triple are the corners of a code that may be there: top left, top right, bottom left.
type triple [3]corner

// Bounds of the search: so many corners are combined, and so many triples are looked at closely.
const (
	maxCorners = 14
	maxTriples = 8
)

// between is the distance of two finder patterns in a slate's code, in modules.
const between = side - 7

// triples gives what may be a slate's code in a binary picture, the likeliest first, in the coordinates of the picture
// that it is zoom times as large as.
func triples(m binary, zoom float64) []triple {
	corners := corners(m, zoom)
	type rated struct {
		triple
		off float64
	}
	var all []rated
	for i := range corners {
		for j := range corners {
			for k := j + 1; k < len(corners); k++ {
				if i == j || i == k {
					continue
				}
				t := triple{corners[i], corners[j], corners[k]}
				if t[1].minus(t[0].point).cross(t[2].minus(t[0].point)) < 0 {
					t[1], t[2] = t[2], t[1]
				}
				if off, ok := t.off(); ok {
					all = append(all, rated{t, off})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b rated) int { return cmp.Compare(a.off, b.off) })
	var out []triple
	for _, r := range all[:min(len(all), maxTriples)] {
		out = append(out, r.triple)
	}
	return out
}

// corners gives what looks like finder patterns, those seen in most rows first: dark, light, dark, light, dark as 1 to 1
// to 3 to 1 to 1, across as well as down. At an angle the two differ in size.
func corners(m binary, zoom float64) []corner {
	var out []corner
	var runs [5]int
	for y := 1; y < m.h; y += 2 {
		row := m.dark[y*m.w : (y+1)*m.w]
		n := 0 // runs so far, the last of them ending where we are
		from := 0
		for x := 1; x <= m.w; x++ {
			if x < m.w && row[x] == row[from] {
				continue
			}
			copy(runs[:], runs[1:])
			runs[4] = x - from
			n++
			if n >= 5 && row[from] && alike(runs) {
				out = m.confirm(out, float64(x-runs[4]-runs[3])-float64(runs[2])/2, y)
			}
			from = x
		}
		if len(out) > 4096 { // noise from edge to edge
			break
		}
	}
	slices.SortStableFunc(out, func(a, b corner) int { return cmp.Compare(b.rows, a.rows) })
	out = out[:min(len(out), maxCorners)]
	for i, c := range out {
		out[i].point, out[i].module = point{(c.x+.5)/zoom - .5, (c.y+.5)/zoom - .5}, c.module/zoom
	}
	return out
}

// alike reports whether five runs may go through the middle of a finder pattern.
func alike(runs [5]int) bool {
	total := 0
	for _, n := range runs {
		total += n
	}
	module := float64(total) / 7
	most := .55*module + .6 // edges lie between pixels
	for i, n := range runs {
		if i == 2 {
			if math.Abs(float64(n)-3*module) > 2*most {
				return false
			}
		} else if math.Abs(float64(n)-module) > most {
			return false
		}
	}
	return total >= 7
}

// confirm looks down and then across through what was found in a row, and adds it to what it belongs to.
func (m binary) confirm(out []corner, x float64, y int) []corner {
	cy, tall, ok := m.through(int(x), y, m.w)
	if !ok {
		return out
	}
	cx, wide, ok := m.through(int(x), int(cy), 1)
	if !ok || wide > 3*tall || tall > 3*wide {
		return out
	}
	at, module := point{cx, cy}, math.Sqrt(wide*tall)
	for i := range out {
		if out[i].minus(at).length() < 2*module {
			n := float64(out[i].rows)
			out[i].point = out[i].times(n).plus(at).times(1 / (n + 1))
			out[i].module = (out[i].module*n + module) / (n + 1)
			out[i].rows++
			return out
		}
	}
	return append(out, corner{at, module, 1})
}

// through follows the five runs around a dark pixel along its row (step 1) or column (step the width): their middle, the
// size of a module along them, and whether they are those of a finder pattern.
func (m binary) through(x, y, step int) (middle, module float64, ok bool) {
	at, length := x, m.w
	if step != 1 {
		at, length = y, m.h
	}
	start := y*m.w + x - at*step
	dark := func(i int) bool { return m.dark[start+i*step] }
	if !dark(at) {
		return 0, 0, false
	}
	var runs [5]int
	from, to := at, at+1
	for k, want := 2, true; k >= 0; k, want = k-1, !want {
		for from > 0 && dark(from-1) == want {
			from--
			runs[k]++
		}
	}
	first := from
	from += runs[0] + runs[1]
	runs[2]++
	for k, want := 2, true; k < 5; k, want = k+1, !want {
		for to < length && dark(to) == want {
			to++
			runs[k]++
		}
	}
	return float64(from) + float64(runs[2]-1)/2, float64(to-first) / 7, alike(runs)
}

// off tells how far three corners are from those of a slate's code seen squarely, and whether they can be any at all.
func (t triple) off() (float64, bool) {
	across, down := t[1].minus(t[0].point), t[2].minus(t[0].point)
	a, d := across.length(), down.length()
	if a < 1 || d < 1 {
		return 0, false
	}
	lean := math.Abs(across.x*down.x+across.y*down.y) / (a * d)
	low, high := min(t[0].module, t[1].module, t[2].module), max(t[0].module, t[1].module, t[2].module)
	module := (t[0].module + t[1].module + t[2].module) / 3
	size := math.Abs(math.Log(max(a, d) / module / between))
	if lean > .75 || a > 2.5*d || d > 2.5*a || high > 2.5*low || size > .6 {
		return 0, false
	}
	return lean + math.Abs(math.Log(a/d)) + math.Log(high/low) + 2*size, true
}
