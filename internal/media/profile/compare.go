package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Verdict is how a file's form stands to the forms known of its camera.
type Verdict string

// The verdicts.
const (
	Unknown Verdict = "unknown" // nothing to compare with
	Usual   Verdict = "usual"   // a form that is known
	Setting Verdict = "setting" // differs in what an officer can choose on the camera
	Unusual Verdict = "unusual" // differs in what only the writing program decides: ask
)

// Aspect is one side of a form. The codes are stable; their words are profile.<code>.
type Aspect string

// The aspects.
const (
	Container   Aspect = "container"
	Brand       Aspect = "brand"
	Brands      Aspect = "brands"
	Layout      Aspect = "layout"
	Index       Aspect = "index"
	Encoder     Aspect = "encoder"
	Wrote       Aspect = "wrote"
	Firmware    Aspect = "firmware"
	TimeScale   Aspect = "time_scale"
	Tracks      Aspect = "tracks"
	Codec       Aspect = "codec"
	Handler     Aspect = "handler"
	TrackLayout Aspect = "track_layout"
	TrackScale  Aspect = "track_scale"
	Size        Aspect = "size"
	Rate        Aspect = "rate"
	Sound       Aspect = "sound"
	Order       Aspect = "order"
	EditList    Aspect = "edit"
	Config      Aspect = "config"
)

// Difference is one aspect in which a file is not as usual.
type Difference struct {
	Aspect Aspect `json:"aspect"`
	Track  int    `json:"track"` // -1: of the file
	Have   string `json:"have"`  // "" is none
	Usual  string `json:"usual"`
	// Setting: the camera's own settings or firmware explain it.
	Setting bool `json:"setting"`
}

// Comparison is what Compare found.
type Comparison struct {
	Verdict     Verdict      `json:"verdict"`
	Nearest     int          `json:"nearest"` // which of the known was compared with; -1 if none
	Differences []Difference `json:"differences"`
}

// Aspects lists all, in the order in which differences of a file are told.
func Aspects() []Aspect {
	return []Aspect{
		Container, Brand, Brands, Layout, Index, Encoder, Wrote, Firmware, TimeScale, Tracks, Codec, Handler, TrackLayout, TrackScale, Size, Rate,
		Sound, Order, EditList, Config,
	}
}

// Compare holds a file's form against those known of its camera, and says in what it differs from the nearest. Known
// forms of another version are passed over. It is a pure function; the order of known decides only between equals.
func Compare(p Profile, known []Profile) Comparison {
	best := Comparison{Verdict: Unknown, Nearest: -1, Differences: []Difference{}}
	least := math.MaxInt
	for i, k := range known {
		if k.Version != p.Version {
			continue
		}
		diffs := differ(p, k)
		weight := 0
		for _, d := range diffs {
			if weight++; !d.Setting {
				weight += 1000
			}
		}
		if weight < least {
			least, best.Nearest, best.Differences = weight, i, diffs
		}
	}
	switch {
	case best.Nearest < 0:
	case least == 0:
		best.Verdict = Usual
	case least < 1000:
		best.Verdict = Setting
	default:
		best.Verdict = Unusual
	}
	return best
}

// comparing gathers differences.
type comparing struct{ out []Difference }

func (c *comparing) is(a Aspect, track int, have, usual string, setting bool) bool {
	if have == usual {
		return false
	}
	c.out = append(c.out, Difference{Aspect: a, Track: track, Have: have, Usual: usual, Setting: setting})
	return true
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func differ(p, k Profile) []Difference {
	c := &comparing{out: []Difference{}}
	if c.is(Container, -1, p.Container, k.Container, false) {
		return c.out // nothing else compares
	}
	c.is(Brand, -1, brand(p), brand(k), false)
	c.is(Brands, -1, strings.Join(p.Brands, " "), strings.Join(k.Brands, " "), false)
	c.is(Layout, -1, strings.Join(p.Layout, " "), strings.Join(k.Layout, " "), false)
	c.is(Index, -1, strings.Join(p.Index, " "), strings.Join(k.Index, " "), false)
	c.is(Encoder, -1, strings.Join(p.Encoder, ", "), strings.Join(k.Encoder, ", "), false)
	c.is(Wrote, -1, strings.Join(p.Wrote, ", "), strings.Join(k.Wrote, ", "), false)
	c.is(Firmware, -1, p.Firmware, k.Firmware, true)
	have, usual := kinds(p, ""), kinds(k, "")
	// Sound can be switched off. A track that the camera always writes, and that a program drops, cannot.
	c.is(Tracks, -1, have, usual, kinds(p, "soun") == kinds(k, "soun"))
	other := false // another rate: the scales follow it
	count := map[string]int{}
	for i, t := range p.Tracks {
		n := count[t.Kind]
		count[t.Kind]++
		j := nth(k, t.Kind, n)
		if j >= 0 {
			other = c.track(i, t, k.Tracks[j]) || other
		}
	}
	c.is(TimeScale, -1, number(p.TimeScale), number(k.TimeScale), other)
	slices.SortStableFunc(c.out, func(a, b Difference) int {
		switch {
		case a.Setting == b.Setting:
			return cmp.Compare(a.Track, b.Track)
		case a.Setting:
			return 1
		}
		return -1
	})
	return c.out
}

func (c *comparing) track(i int, t, k Track) (otherRate bool) {
	if t.Kind != "vide" && t.Kind != "soun" {
		c.is(Handler, i, t.Handler, k.Handler, false)
		c.is(Codec, i, t.Codec, k.Codec, false)
		return false // which places and texts a camera notes may change with what it sees
	}
	mode := c.is(Codec, i, t.Codec, k.Codec, true)
	if c.is(Size, i, size(t), size(k), true) {
		mode = true
	}
	if math.Abs(t.Rate-k.Rate) > 0.02*k.Rate { // in the dark and in jerky hands a rate is not quite even
		otherRate = c.is(Rate, i, fmt.Sprint(t.Rate), fmt.Sprint(k.Rate), true)
	}
	if c.is(Sound, i, sound(t), sound(k), true) {
		otherRate = true
	}
	mode = mode || otherRate
	c.is(Handler, i, t.Handler, k.Handler, false)
	c.is(Encoder, i, t.Encoder, k.Encoder, mode)
	c.is(TrackLayout, i, t.Layout, k.Layout, t.Codec != k.Codec)
	c.is(TrackScale, i, number(t.TimeScale), number(k.TimeScale), otherRate)
	c.is(Order, i, strconv.FormatBool(t.Reordered), strconv.FormatBool(k.Reordered), mode)
	c.is(EditList, i, string(t.Edit), string(k.Edit), false)
	if !mode {
		c.is(Config, i, t.Config, k.Config, false)
	}
	return otherRate
}

func brand(p Profile) string {
	if p.Brand == "" {
		return ""
	}
	return fmt.Sprintf("%s %d", p.Brand, p.BrandVersion)
}

func size(t Track) string {
	if t.Width == 0 && t.Height == 0 {
		return ""
	}
	return fmt.Sprintf("%d×%d", t.Width, t.Height)
}

func sound(t Track) string {
	if t.Channels == 0 && t.SampleRate == 0 {
		return ""
	}
	return fmt.Sprintf("%d × %d Hz", t.Channels, t.SampleRate)
}

// kinds lists the tracks' kinds in order, neighbours of a kind once: a phone writes one track more when it sees a face.
func kinds(p Profile, without string) string {
	var list []string
	for _, t := range p.Tracks {
		if t.Kind != without && (len(list) == 0 || list[len(list)-1] != t.Kind) {
			list = append(list, t.Kind)
		}
	}
	return strings.Join(list, " ")
}

// nth finds the n-th track of a kind, or the last there is; -1 if there is none.
func nth(p Profile, kind string, n int) int {
	found := -1
	for i, t := range p.Tracks {
		if t.Kind == kind {
			if found = i; n == 0 {
				return i
			}
			n--
		}
	}
	return found
}
