package plan_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/redaction/plan"
)

func one(k plan.Kind, pts ...plan.Point) plan.Plan {
	return plan.Plan{To: 10_000, Regions: []plan.Region{{Kind: k, Points: pts}}}
}

func TestClean(t *testing.T) {
	t.Parallel()
	full := plan.Point{X: 0.1, Y: 0.1, W: 0.2, H: 0.2}
	later := full
	later.At = 5000
	for name, c := range map[string]struct {
		in    plan.Plan
		code  string
		notes []string
	}{
		"whole recording":                 {plan.Plan{}, "", nil},
		"one region":                      {one(plan.Box, full, later), "", nil},
		"ends before it begins":           {plan.Plan{From: 500, To: 400}, "redaction.span", nil},
		"beyond the recording":            {plan.Plan{To: 10_001}, "redaction.span", nil},
		"before the recording":            {plan.Plan{From: -1}, "redaction.span", nil},
		"a region that leaves":            {one(plan.Blur, plan.Point{X: 0.9, Y: -0.1, W: 0.2, H: 0.2}), "", []string{"outside"}},
		"a region outside":                {one(plan.Blur, plan.Point{X: 1.2, Y: 0, W: 0.2, H: 0.2}), "redaction.region", nil},
		"a region of no size":             {one(plan.Blur, plan.Point{X: 0.2, Y: 0, W: 0, H: 0.2}), "redaction.region", nil},
		"backwards":                       {one(plan.Blur, plan.Point{X: 0.5, Y: 0.5, W: -0.2, H: 0.2}), "redaction.region", nil},
		"not a number":                    {one(plan.Blur, plan.Point{X: math.NaN(), W: 0.2, H: 0.2}), "redaction.region", nil},
		"unbounded":                       {one(plan.Blur, plan.Point{X: math.Inf(-1), W: math.Inf(1), H: 0.2}), "redaction.region", nil},
		"no points":                       {one(plan.Blur), "redaction.region", nil},
		"an unknown kind":                 {one("face", full), "redaction.region", nil},
		"points out of order":             {one(plan.Box, later, full), "redaction.order", nil},
		"two points at once":              {one(plan.Box, full, full), "redaction.order", nil},
		"a region after the end":          {plan.Plan{To: 4000, Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{later}}}}, "redaction.order", nil},
		"a region that begins before":     {plan.Plan{From: 100, To: 4000, Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{full}}}}, "", []string{"span"}},
		"sound":                           {plan.Plan{Sounds: []plan.Sound{{plan.Tone, 10, 20}}}, "", nil},
		"sound backwards":                 {plan.Plan{Sounds: []plan.Sound{{plan.Tone, 20, 10}}}, "redaction.sound", nil},
		"sound of an unknown kind":        {plan.Plan{Sounds: []plan.Sound{{"voice", 0, 10}}}, "redaction.sound", nil},
		"sound that leaves the copy":      {plan.Plan{From: 15, Sounds: []plan.Sound{{plan.Mute, 10, 20}}}, "", []string{"span"}},
		"more regions than anybody draws": {plan.Plan{Regions: make([]plan.Region, plan.MaxRegions+1)}, "redaction.many", nil},
		"more points than anybody sets":   {one(plan.Box, make([]plan.Point, plan.MaxPoints+1)...), "redaction.points", nil},
	} {
		_, notes, err := plan.Clean(c.in, 10*time.Second)
		if c.code == "" && err != nil || c.code != "" && !fault.HasCode(err, c.code) || !slices.Equal(notes, c.notes) {
			t.Errorf("%s: %v %v", name, notes, err)
		}
	}
}

func drawPlan(t *rapid.T) plan.Plan {
	p := plan.Plan{From: rapid.Int64Range(0, 4000).Draw(t, "from"), To: rapid.Int64Range(4001, 10_000).Draw(t, "to")}
	for range rapid.IntRange(0, 4).Draw(t, "regions") {
		r := plan.Region{Kind: rapid.SampledFrom(plan.Kinds()).Draw(t, "kind")}
		at := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "points") {
			r.Points = append(r.Points, plan.Point{
				At: at, X: rapid.Float64Range(-0.2, 0.9).Draw(t, "x"), Y: rapid.Float64Range(-0.2, 0.9).Draw(t, "y"),
				W: rapid.Float64Range(0.01, 0.6).Draw(t, "w"), H: rapid.Float64Range(0.01, 0.6).Draw(t, "h"),
			})
			at += rapid.Int64Range(1, 900).Draw(t, "step")
		}
		p.Regions = append(p.Regions, r)
	}
	return p
}

// TestCleanTwice: what was cleaned is clean, and stands inside the picture.
func TestCleanTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, _, err := plan.Clean(drawPlan(t), 10*time.Second)
		if err != nil {
			return
		}
		again, notes, err := plan.Clean(p, 10*time.Second)
		if err != nil || slices.Contains(notes, "outside") || len(again.Regions) != len(p.Regions) {
			t.Fatalf("%v %v", notes, err)
		}
		for _, r := range p.Regions {
			for _, q := range r.Points {
				if q.X < 0 || q.Y < 0 || q.X+q.W > 1+1e-9 || q.Y+q.H > 1+1e-9 {
					t.Fatalf("outside: %+v", q)
				}
			}
		}
	})
}

// TestHide: every point inside what was drawn is replaced, no point further than one colour block outside is touched, and what
// replaces it does not depend on which of two pictures with the same averages was there.
func TestHide(t *testing.T) {
	t.Parallel()
	const w, h = 64, 48
	rapid.Check(t, func(t *rapid.T) {
		p, _, err := plan.Clean(drawPlan(t), 10*time.Second)
		if err != nil {
			return
		}
		ms := rapid.Int64Range(p.From, p.To-1).Draw(t, "at")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		pix := make([]byte, plan.FrameSize(w, h))
		for i := range pix {
			pix[i] = byte(r.IntN(256))
		}
		before := bytes.Clone(pix)
		p.Hide(plan.Frame{Pix: pix, Width: w, Height: h}, ms)
		boxes := !slices.ContainsFunc(p.Regions, func(r plan.Region) bool { return r.Kind != plan.Box })
		for y := range h {
			for x := range w {
				must, may := false, false
				for i := range p.Regions {
					x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
					for _, at := range []int64{ms - plan.Slack, ms, ms + plan.Slack} {
						q, ok := p.Regions[i].At(at)
						if !ok {
							continue
						}
						x0, y0, x1, y1 = min(x0, q.X*w), min(y0, q.Y*h), max(x1, (q.X+q.W)*w), max(y1, (q.Y+q.H)*h)
						must = must || float64(x) >= q.X*w && float64(x) < (q.X+q.W)*w && float64(y) >= q.Y*h && float64(y) < (q.Y+q.H)*h
					}
					may = may || float64(x) >= x0-3 && float64(x) < x1+3 && float64(y) >= y0-3 && float64(y) < y1+3
				}
				if !may && pix[y*w+x] != before[y*w+x] {
					t.Fatalf("%d,%d was touched", x, y)
				}
				if boxes && must && pix[y*w+x] != 16 {
					t.Fatalf("%d,%d was left", x, y)
				}
			}
		}
	})
}

// TestNothingRemains: of two very different pictures under a box nothing differs afterwards, in brightness and in colour; under the other kinds
// no more than as many values as there are blocks.
func TestNothingRemains(t *testing.T) {
	t.Parallel()
	const w, h = 128, 96
	for _, k := range plan.Kinds() {
		pix := make([]byte, plan.FrameSize(w, h))
		r := rand.New(rand.NewPCG(1, 2))
		for i := range pix {
			pix[i] = byte(r.IntN(256))
		}
		p := one(k, plan.Point{X: 0, Y: 0, W: 1, H: 1})
		clean, _, err := plan.Clean(p, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		clean.Hide(plan.Frame{Pix: pix, Width: w, Height: h}, 5)
		seen := map[byte]bool{}
		for _, v := range pix[:w*h] {
			seen[v] = true
		}
		if k == plan.Box && len(seen) != 1 || len(seen) > 64 {
			t.Errorf("%s: %d values remain", k, len(seen))
		}
		for _, v := range pix[w*h:] {
			if k == plan.Box && v != 128 {
				t.Fatalf("%s: colour remains: %d", k, v)
			}
		}
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	r := plan.Region{Kind: plan.Box, Points: []plan.Point{{At: 1000, W: 0.1, H: 0.1}, {At: 2000, X: 0.5, W: 0.3, H: 0.1}}, Until: 3000}
	for ms, want := range map[int64]float64{999: -1, 1000: 0, 1500: 0.25, 2000: 0.5, 2999: 0.5, 3000: -1} {
		p, ok := r.At(ms)
		if ok != (want >= 0) || ok && math.Abs(p.X-want) > 1e-9 {
			t.Errorf("%d: %v %v", ms, p, ok)
		}
	}
}

// TestHideAtTheEdges: the pictures next to a region's first and last moment are hidden too, since the one they were taken at may lie
// inside.
func TestHideAtTheEdges(t *testing.T) {
	t.Parallel()
	p := plan.Plan{To: 3000, Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{{At: 1000, W: 1, H: 1}}, Until: 2000}}}
	for ms, want := range map[int64]bool{960: false, 980: true, 1000: true, 1960: true, 2000: true, 2040: false} {
		pix := bytes.Repeat([]byte{200}, plan.FrameSize(8, 8))
		p.Hide(plan.Frame{Pix: pix, Width: 8, Height: 8}, ms)
		if got := pix[0] == 16; got != want {
			t.Errorf("%d: hidden %v", ms, got)
		}
	}
}
