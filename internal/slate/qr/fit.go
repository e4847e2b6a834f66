package qr

import (
	"image"
	"math"
	"strings"
	"sync"
)

// A slate's text always makes a code of version 9. Knowing that, a code is not only looked for by its corners: the
// picture is held against everything that is the same in all such codes.
const (
	side  = 53
	chars = 324
)

// known are the modules that are the same in every slate's code.
type known struct {
	x, y float64 // of its middle
	sign float64 // +1 light, -1 dark
}

// template gives all known modules; those around the three corners come last, from the index rest on.
var template = sync.OnceValues(func() (all []known, rest int) {
	c, err := Encode(strings.Repeat("A", chars))
	if err != nil || c.Side != side {
		return nil, 0
	}
	alignment := []int{6, 26, 46} // ISO/IEC 18004, annex E
	near := func(v, of, by int) bool { return v >= of-by && v <= of+by }
	inCorner := func(x, y int) bool { return x < 8 && y < 8 || x >= side-8 && y < 8 || x < 8 && y >= side-8 }
	other := func(x, y int) bool {
		if inCorner(x, y) {
			return false
		}
		for _, ax := range alignment {
			for _, ay := range alignment {
				if near(x, ax, 2) && near(y, ay, 2) && !inCorner(ax, ay) {
					return true
				}
			}
		}
		timing := (x == 6 || y == 6) && x != 8 && y != 8
		version := x < 6 && y >= side-11 && y < side-8 || y < 6 && x >= side-11 && x < side-8
		return timing || version
	}
	for _, want := range []func(x, y int) bool{other, inCorner} {
		for i := range side * side {
			if x, y := i%side, i/side; want(x, y) {
				k := known{float64(x) + .5, float64(y) + .5, 1}
				if c.Dark(x, y) {
					k.sign = -1
				}
				all = append(all, k)
			}
		}
		if rest == 0 {
			rest = len(all)
		}
	}
	return all, rest
})

// plane says where in the picture a code's modules lie: a projective map, given by where the middles of three finder
// patterns and the middle of a fourth, that is not there, would be.
type plane struct {
	p [4]point // top left, top right, bottom left, bottom right
	m [8]float64
}

func newPlane(p [4]point) plane {
	out := plane{p: p}
	d1, d2 := p[1].minus(p[3]), p[2].minus(p[3])
	s := p[0].minus(p[1]).minus(p[2]).plus(p[3])
	det := d1.cross(d2)
	g, h := s.cross(d2)/det, d1.cross(s)/det
	out.m = [8]float64{
		p[1].x - p[0].x + g*p[1].x, p[2].x - p[0].x + h*p[2].x, p[0].x,
		p[1].y - p[0].y + g*p[1].y, p[2].y - p[0].y + h*p[2].y, p[0].y, g, h,
	}
	return out
}

// at is where the point of a code lies that is so many modules right of and below its corner.
func (q *plane) at(x, y float64) point {
	u, v := (x-3.5)/between, (y-3.5)/between
	w := q.m[6]*u + q.m[7]*v + 1
	return point{(q.m[0]*u + q.m[1]*v + q.m[2]) / w, (q.m[3]*u + q.m[4]*v + q.m[5]) / w}
}

// agreement is the correlation of the picture with the known modules, from -1 to 1; light is 1 or, of a negative, -1.
func (q *plane) agreement(img *image.Gray, list []known, light float64) float64 {
	var sum, squares, with, signs float64
	for _, k := range list {
		at := q.at(k.x, k.y)
		v := bilinear(img, at.x, at.y)
		sum, squares, with, signs = sum+v, squares+v*v, with+v*k.sign, signs+k.sign
	}
	n := float64(len(list))
	spread := (squares - sum*sum/n) * (n - signs*signs/n)
	if !(spread > 0) { // also where the plane is none
		return -1
	}
	return light * (with - sum*signs/n) / math.Sqrt(spread)
}

// worthwhile is the agreement below which there is no code: chance reaches a third of it.
const worthwhile = .35

// fit lays the plane of a slate's code over three corners and reads it; "" if it is none.
func fit(img *image.Gray, t triple, dark bool) string {
	all, rest := template()
	light := 1.0
	if dark {
		light = -1
	}
	across, down := t[1].minus(t[0].point), t[2].minus(t[0].point)
	// The fourth point, which no pattern marks, is tried wherever the screen's tilt can have it.
	best, most := plane{}, -1.0
	const far, step = 14, 1.4 / between
	for i := -far; i <= far; i++ {
		for j := -far; j <= far; j++ {
			fourth := t[0].plus(across.times(1 + float64(i)*step)).plus(down.times(1 + float64(j)*step))
			q := newPlane([4]point{t[0].point, t[1].point, t[2].point, fourth})
			if got := q.agreement(img, all[:rest], light); got > most {
				best, most = q, got
			}
		}
	}
	if most < worthwhile/2 {
		return ""
	}
	best, most = climb(img, best, all, light, (across.length()+down.length())/(2*between))
	if most < worthwhile {
		return ""
	}
	return decode(img, best, light)
}

// climb moves the four points as long as the agreement grows, from a module's length down to a twentieth of it.
func climb(img *image.Gray, q plane, all []known, light, module float64) (plane, float64) {
	most := q.agreement(img, all, light)
	for step := module; step > module/20; step /= 2 {
		for range 6 {
			better := false
			for i := range 4 {
				for _, d := range []point{{step, 0}, {-step, 0}, {0, step}, {0, -step}} {
					p := q.p
					p[i] = p[i].plus(d)
					next := newPlane(p)
					if got := next.agreement(img, all, light); got > most {
						q, most, better = next, got, true
					}
				}
			}
			if !better {
				break
			}
		}
	}
	return q, most
}
