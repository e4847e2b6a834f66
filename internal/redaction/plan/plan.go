// Package plan says what a masked copy (遮蔽件) shows of a recording and what it hides: a span, regions of the picture that
// people drew, stretches of the sound. It is pure: from a plan and a moment follows which points of a picture are replaced.
// Nothing is ever found in pictures by itself (decision 4).
package plan

import (
	"cmp"
	"math"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Kind is how a region is hidden.
type Kind string

// The kinds.
const (
	Box      Kind = "box"      // 涂黑
	Pixelate Kind = "pixelate" // 马赛克
	Blur     Kind = "blur"     // 模糊
)

// Kinds lists them in the order pages offer them.
func Kinds() []Kind { return []Kind{Box, Pixelate, Blur} }

// SoundKind is how a stretch of the sound is hidden.
type SoundKind string

// The kinds of hiding sound.
const (
	Mute SoundKind = "mute" // 静音
	Tone SoundKind = "tone" // 提示音
)

// Point is where a region stands at a moment (关键帧): from the picture's upper left, in widths and heights of the picture.
type Point struct {
	At int64   `json:"at_ms"` // from the recording's beginning, in milliseconds
	X  float64 `json:"x"`
	Y  float64 `json:"y"`
	W  float64 `json:"w"`
	H  float64 `json:"h"`
}

// Region is a part of the picture that is hidden from its first point until Until; between points it moves evenly.
type Region struct {
	Kind   Kind    `json:"kind"`
	Points []Point `json:"points"`
	Until  int64   `json:"until_ms"`
}

// Sound is a stretch of the sound that is hidden.
type Sound struct {
	Kind SoundKind `json:"kind"`
	From int64     `json:"from_ms"`
	To   int64     `json:"to_ms"`
}

// Plan is what a masked copy is made by. Times are milliseconds from the recording's beginning.
type Plan struct {
	From    int64    `json:"from_ms"`
	To      int64    `json:"to_ms"`
	Regions []Region `json:"regions"`
	Sounds  []Sound  `json:"sounds"`
}

// Bounds of a plan.
const (
	MaxLength  = 2 * time.Hour
	MaxRegions = 40
	MaxPoints  = 2000 // in all regions together
	MaxSounds  = 400
	least      = 0.005 // of a region's sides
)

// Clean checks a plan against a recording of this length and gives it in order, with what it had to change named: codes
// "outside" for a region that left the picture and was cut at its edge, "span" for one that reached beyond the copy's
// span. What cannot be meant is fault Invalid "redaction.span", "redaction.region", "redaction.points",
// "redaction.sound", "redaction.many"; nothing of the plan is lost, since the caller still has it.
func Clean(p Plan, length time.Duration) (Plan, []string, error) {
	ms := length.Milliseconds()
	if p.To == 0 {
		p.To = ms
	}
	if p.From < 0 || p.To <= p.From || p.To > ms || p.To-p.From > MaxLength.Milliseconds() {
		return p, nil, fault.New(fault.Invalid, "redaction.span", int(MaxLength/time.Minute)).At("from")
	}
	if len(p.Regions) > MaxRegions || len(p.Sounds) > MaxSounds {
		return p, nil, fault.New(fault.Invalid, "redaction.many", MaxRegions, MaxSounds).At("regions")
	}
	var notes []string
	note := func(code string) {
		if !slices.Contains(notes, code) {
			notes = append(notes, code)
		}
	}
	points := 0
	regions := make([]Region, 0, len(p.Regions))
	for n, r := range p.Regions {
		if points += len(r.Points); points > MaxPoints {
			return p, nil, fault.New(fault.Invalid, "redaction.points", MaxPoints).At("regions")
		}
		clean, err := r.clean(p, n+1, note)
		if err != nil {
			return p, nil, err
		}
		regions = append(regions, clean)
	}
	p.Regions = regions
	sounds, err := cleanSounds(p, note)
	p.Sounds = sounds
	return p, notes, err
}

func (r Region) clean(p Plan, n int, note func(string)) (Region, error) {
	if !slices.Contains(Kinds(), r.Kind) || len(r.Points) == 0 {
		return r, fault.New(fault.Invalid, "redaction.region", n).At("regions")
	}
	pts := slices.Clone(r.Points)
	for i := range pts {
		q := &pts[i]
		for _, v := range []float64{q.X, q.Y, q.W, q.H} {
			if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 10 {
				return r, fault.New(fault.Invalid, "redaction.region", n).At("regions")
			}
		}
		x0, y0, x1, y1 := max(q.X, 0), max(q.Y, 0), min(q.X+q.W, 1), min(q.Y+q.H, 1)
		if x1-x0 < least || y1-y0 < least { // nothing of it is in the picture
			return r, fault.New(fault.Invalid, "redaction.region", n).At("regions")
		}
		if x0 != q.X || y0 != q.Y || x1 < q.X+q.W-1e-9 || y1 < q.Y+q.H-1e-9 {
			note("outside")
		}
		q.X, q.Y, q.W, q.H = x0, y0, x1-x0, y1-y0
		if i > 0 && q.At <= pts[i-1].At {
			return r, fault.New(fault.Invalid, "redaction.order", n).At("regions")
		}
	}
	until := cmp.Or(r.Until, p.To)
	if until <= pts[len(pts)-1].At || pts[0].At >= p.To || until <= p.From {
		return r, fault.New(fault.Invalid, "redaction.order", n).At("regions")
	}
	if pts[0].At < p.From || until > p.To {
		note("span")
	}
	return Region{Kind: r.Kind, Points: pts, Until: min(until, p.To)}, nil
}

func cleanSounds(p Plan, note func(string)) ([]Sound, error) {
	out := make([]Sound, 0, len(p.Sounds))
	for n, s := range p.Sounds {
		if s.Kind != Mute && s.Kind != Tone || s.From < 0 || s.To <= s.From || s.From >= p.To || s.To <= p.From {
			return nil, fault.New(fault.Invalid, "redaction.sound", n+1).At("sounds")
		}
		if s.From < p.From || s.To > p.To {
			note("span")
		}
		out = append(out, Sound{Kind: s.Kind, From: max(s.From, p.From), To: min(s.To, p.To)})
	}
	slices.SortStableFunc(out, func(a, b Sound) int { return cmp.Compare(a.From, b.From) })
	return out, nil
}

// At says where the region stands at a moment; false where it hides nothing then.
func (r *Region) At(ms int64) (Point, bool) {
	if len(r.Points) == 0 || ms < r.Points[0].At || ms >= r.Until {
		return Point{}, false
	}
	i, found := slices.BinarySearchFunc(r.Points, ms, func(p Point, at int64) int { return cmp.Compare(p.At, at) })
	if found {
		return r.Points[i], true
	}
	a := r.Points[i-1]
	if i == len(r.Points) {
		return Point{At: ms, X: a.X, Y: a.Y, W: a.W, H: a.H}, true
	}
	b := r.Points[i]
	f := float64(ms-a.At) / float64(b.At-a.At)
	mix := func(u, v float64) float64 { return u + (v-u)*f }
	return Point{At: ms, X: mix(a.X, b.X), Y: mix(a.Y, b.Y), W: mix(a.W, b.W), H: mix(a.H, b.H)}, true
}

// Rect is a region in points of a picture, its edges outward on even points, so that colour, which is stored for two by two
// of them, is hidden with them. X1 and Y1 are the first outside.
type Rect struct{ X0, Y0, X1, Y1 int }

// Rect gives the part of a picture of this size.
func (p Point) Rect(width, height int) Rect {
	down := func(v float64, most int) int { return min(max(int(math.Floor(v))&^1, 0), most) }
	up := func(v float64, most int) int { return min(max((int(math.Ceil(v))+1)&^1, 0), most) }
	w, h := float64(width), float64(height)
	return Rect{down(p.X*w, width), down(p.Y*h, height), up((p.X+p.W)*w, width), up((p.Y+p.H)*h, height)}
}

// with is the smallest part that holds both; a Rect of no size holds nothing.
func (r Rect) with(q Rect) Rect {
	if r == (Rect{}) {
		return q
	}
	return Rect{min(r.X0, q.X0), min(r.Y0, q.Y0), max(r.X1, q.X1), max(r.Y1, q.Y1)}
}
