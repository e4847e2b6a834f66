package continuity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Format names the form of what Read reads and of what Digest is of (docs/formats/continuity-json.md).
const Format = "zhilu-continuity/v1"

// Bounds of what is read.
const (
	MaxInput    = 64 << 20 // bytes
	maxSegments = 100_000
	maxOffset   = 50 * 365 * 24 * time.Hour // a clock further off tells nothing
)

type (
	spanJSON struct {
		Start string `json:"start"`
		End   string `json:"end"`
	}
	inputJSON struct {
		Window struct {
			Arrived  string `json:"arrived"`
			Departed string `json:"departed"`
		} `json:"window"`
		Tolerance struct {
			Join json.Number `json:"join_s"`
			Hour json.Number `json:"hour_s"`
		} `json:"tolerance"`
		Cameras []struct {
			ID     string `json:"id"`
			Offset *struct {
				Min json.Number `json:"min"`
				Max json.Number `json:"max"`
			} `json:"offset_s"`
		} `json:"cameras"`
		Segments []struct {
			Camera string `json:"camera"`
			spanJSON
			Inner []spanJSON `json:"inner_gaps"`
			Sound Sound      `json:"sound"`
		} `json:"segments"`
		Interruptions []struct {
			spanJSON
			Cause      string `json:"cause"`
			SpokenAt   string `json:"spoken_at"`
			ReportedAt string `json:"reported_at"`
			WrittenAt  string `json:"written_at"`
		} `json:"interruptions"`
	}
)

// Read reads inputs as a file holds them. Every fault is Invalid "continuity.form" with the place in the file. Fields that are not known
// are passed over: they decide nothing.
func Read(raw []byte) (Inputs, error) {
	if len(raw) > MaxInput {
		return Inputs{}, fault.New(fault.TooLarge, "continuity.size", MaxInput>>20)
	}
	var x inputJSON
	if err := json.Unmarshal(raw, &x); err != nil {
		return Inputs{}, fault.Wrap(err, fault.Invalid, "continuity.form", where(err))
	}
	r := reader{}
	in := Inputs{
		Arrived: r.time("window.arrived", x.Window.Arrived, true), Departed: r.time("window.departed", x.Window.Departed, true),
		Tolerance: Tolerance{r.seconds("tolerance.join_s", x.Tolerance.Join, DefaultTolerance.Join), r.seconds("tolerance.hour_s", x.Tolerance.Hour, DefaultTolerance.Hour)},
	}
	if len(x.Segments) > maxSegments {
		r.wrong("segments", fmt.Sprintf("more than %d", maxSegments))
		x.Segments = nil
	}
	for i, c := range x.Cameras {
		at := fmt.Sprintf("cameras[%d]", i)
		cam := Camera{ID: c.ID, Known: c.Offset != nil}
		if cam.Known {
			cam.Offset = Offset{r.seconds(at+".offset_s.min", c.Offset.Min, 0), r.seconds(at+".offset_s.max", c.Offset.Max, 0)}
		}
		in.Cameras = append(in.Cameras, cam)
	}
	for i, s := range x.Segments {
		at := fmt.Sprintf("segments[%d]", i)
		seg := Segment{Camera: s.Camera, Span: r.span(at, s.spanJSON), Sound: s.Sound}
		for k, g := range s.Inner {
			seg.Inner = append(seg.Inner, r.span(fmt.Sprintf("%s.inner_gaps[%d]", at, k), g))
		}
		in.Segments = append(in.Segments, seg)
	}
	for i, n := range x.Interruptions {
		at := fmt.Sprintf("interruptions[%d]", i)
		in.Interruptions = append(in.Interruptions, Interruption{
			Span: r.span(at, n.spanJSON), Cause: strings.TrimSpace(n.Cause), SpokenAt: r.time(at+".spoken_at", n.SpokenAt, true),
			ReportedAt: r.time(at+".reported_at", n.ReportedAt, true), WrittenAt: r.time(at+".written_at", n.WrittenAt, true),
		})
	}
	if r.err != nil {
		return Inputs{}, r.err
	}
	return in, in.Check()
}

// where says in few words what is wrong with JSON as such.
func where(err error) string {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s: a JSON %s (byte %d)", t.Field, t.Value, t.Offset)
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// reader keeps the first thing that is wrong.
type reader struct{ err error }

func (r *reader) wrong(at, why string) {
	if r.err == nil {
		r.err = fault.New(fault.Invalid, "continuity.form", at+": "+why)
	}
}

// The years between which a time can be counted in nanoseconds with room for offsets.
const firstYear, lastYear = 1900, 2099

func (r *reader) time(at, s string, optional bool) time.Time {
	if s == "" && optional {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		r.wrong(at, fmt.Sprintf("%q is no RFC 3339 time", s))
		return time.Time{}
	}
	if y := t.UTC().Year(); y < firstYear || y > lastYear {
		r.wrong(at, fmt.Sprintf("the year %d", y))
		return time.Time{}
	}
	return t
}

func (r *reader) span(at string, s spanJSON) Span {
	return Span{r.time(at+".start", s.Start, false), r.time(at+".end", s.End, false)}
}

// seconds reads a number of seconds exactly, to whole nanoseconds: a fraction of one is no measurement.
func (r *reader) seconds(at string, n json.Number, missing time.Duration) time.Duration {
	if n == "" {
		return missing
	}
	x, ok := new(big.Rat).SetString(string(n))
	if len(n) > 40 || !ok {
		r.wrong(at, fmt.Sprintf("%q is no number of seconds", n))
		return 0
	}
	x.Mul(x, big.NewRat(int64(time.Second), 1))
	ns := new(big.Int).Quo(x.Num(), x.Denom())
	if !ns.IsInt64() || ns.CmpAbs(big.NewInt(int64(maxOffset))) > 0 {
		r.wrong(at, "more than fifty years")
		return 0
	}
	return time.Duration(ns.Int64())
}

// Check refuses inputs that no verdict can be of: Invalid "continuity.form". Odd segments are not refused; they are judged.
func (in *Inputs) Check() error {
	bad := func(at, why string) error { return fault.New(fault.Invalid, "continuity.form", at+": "+why) }
	if !in.Arrived.IsZero() && !in.Departed.IsZero() && !in.Arrived.Before(in.Departed) {
		return bad("window", "it ends before it begins")
	}
	if in.Tolerance.Join < 0 || in.Tolerance.Hour < 0 {
		return bad("tolerance", "less than nothing")
	}
	seen := map[string]bool{}
	for i, c := range in.Cameras {
		at := fmt.Sprintf("cameras[%d]", i)
		switch {
		case c.ID == "":
			return bad(at, "no id")
		case seen[c.ID]:
			return bad(at, fmt.Sprintf("%q stands twice", c.ID))
		case c.Offset.Min > c.Offset.Max:
			return bad(at, "offset_s.min is more than offset_s.max")
		}
		seen[c.ID] = true
	}
	for i, s := range in.Segments {
		if !slices.Contains([]Sound{"", Present, Silent, Absent}, s.Sound) {
			return bad(fmt.Sprintf("segments[%d].sound", i), fmt.Sprintf("%q", s.Sound))
		}
	}
	for i, x := range in.Interruptions {
		if x.End.Before(x.Start) {
			return bad(fmt.Sprintf("interruptions[%d]", i), "it ends before it begins")
		}
	}
	return nil
}

// Digest is the SHA-256 of the inputs in one fixed form: what is the same in another order or another time zone has the same digest.
func (in *Inputs) Digest() string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	var cameras, segments, interruptions []string
	for _, c := range in.Cameras {
		offset := "unknown"
		if c.Known {
			offset = fmt.Sprintf("%d %d", c.Offset.Min, c.Offset.Max)
		}
		cameras = append(cameras, fmt.Sprintf("camera %q %s", c.ID, offset))
	}
	for _, s := range in.Segments {
		var inner []string
		for _, g := range s.Inner {
			inner = append(inner, at(g.Start)+" "+at(g.End))
		}
		slices.Sort(inner)
		sound := s.Sound
		if sound == "" {
			sound = Present
		}
		segments = append(segments, fmt.Sprintf("segment %q %s %s %s [%s]", s.Camera, at(s.Start), at(s.End), sound, strings.Join(inner, ", ")))
	}
	for _, x := range in.Interruptions {
		interruptions = append(interruptions, fmt.Sprintf("interruption %s %s %q %s %s %s", at(x.Start), at(x.End), x.Cause, at(x.SpokenAt), at(x.ReportedAt), at(x.WrittenAt)))
	}
	lines := []string{Format, fmt.Sprintf("window %s %s", at(in.Arrived), at(in.Departed)), fmt.Sprintf("tolerance %d %d", in.Tolerance.Join, in.Tolerance.Hour)}
	for _, list := range [][]string{cameras, segments, interruptions} {
		slices.Sort(list)
		lines = append(lines, list...)
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}
