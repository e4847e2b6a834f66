// Package coverage says of every activity whether it was filmed as the regulation wants it: it brings together what was told on the scene
// (package activity), what the cameras recorded (package recording) and what is known of their clocks (package device), asks package
// continuity, keeps the answer with its inputs, and opens a duty for each gap that nobody has explained (第十三、十六、十七条).
package coverage

import (
	"slices"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/ident"
)

// Piece is one file of a camera, with all that decides how much it counts for.
type Piece struct {
	Recording ident.RecordingID
	File      ident.FileID
	Name      string
	Device    ident.DeviceID
	// Clock names the stretch of the camera's time in which one offset holds; files under different ones are judged as of different cameras.
	Clock    int
	Offset   continuity.Offset
	Known    bool           // the camera's clock was compared with ours
	Start    clock.Interval // by the camera's clock; zero where the file does not tell
	Duration time.Duration
	Inner    []Stretch // in which it shows nothing
	Unsure   bool      // when it was made, or what lies inside it, is doubtful
	Sound    continuity.Sound
	Heard    bool // somebody measured whether the sound track is silent
}

// Stretch is a part of a file, counted from its beginning.
type Stretch struct{ From, To time.Duration }

// Verdict is the answer, and all it follows from. Strict is what is so if every doubt about a file or a time counts against it, Generous what
// is so if every doubt counts for it. Only what Strict allows is good, only what Generous finds wrong is wrong, and between them nobody can judge.
type Verdict struct {
	Headline continuity.Verdict
	All      []continuity.Verdict
	Gaps     []continuity.Gap // of Strict; certain only where Generous finds one there, too
	Joins    []continuity.Gap
	Doubts   []continuity.Doubt
	Strict   continuity.Inputs
	Generous continuity.Inputs
}

// bad are the verdicts that say a breach, in order.
var bad = []continuity.Verdict{continuity.Unexplained, continuity.LateStart, continuity.EarlyEnd}

// Judge is a pure function of what is known.
func Judge(st *activity.State, pieces []Piece, tolerance continuity.Tolerance) (Verdict, error) {
	v := Verdict{Strict: inputs(st, pieces, tolerance, true), Generous: inputs(st, pieces, tolerance, false)}
	for _, in := range []*continuity.Inputs{&v.Strict, &v.Generous} {
		if err := in.Check(); err != nil {
			return Verdict{}, err
		}
	}
	s, g := continuity.Judge(v.Strict), continuity.Judge(v.Generous)
	v.Joins, v.Gaps = s.Joins, s.Gaps
	v.Doubts = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.Doubts, g.Doubts))))
	for i := range v.Gaps {
		gap := &v.Gaps[i]
		gap.Certain = gap.Certain && slices.ContainsFunc(g.Gaps, func(o continuity.Gap) bool { return o.Certain && o.Start.Before(gap.End) && gap.Start.Before(o.End) })
	}
	for _, b := range bad {
		if slices.Contains(g.All, b) {
			v.All = append(v.All, b)
		}
	}
	switch good := s.Verdict == continuity.Continuous || s.Verdict == continuity.Explained; {
	case good:
		v.All = append(v.All, s.All...)
	case len(v.All) == 0, len(s.Doubts) > 0, len(s.Gaps) > len(g.Gaps):
		v.All = append(v.All, continuity.CannotJudge)
	}
	v.Headline = v.All[0]
	return v, nil
}

// inputs says what is known, with every doubt against (strict) or for the footage.
func inputs(st *activity.State, pieces []Piece, tolerance continuity.Tolerance, strict bool) continuity.Inputs {
	in := continuity.Inputs{Tolerance: tolerance}
	if !st.Reversed() {
		wider := time.Duration(1) // the window
		if !strict {
			wider = -1
		}
		if st.Arrived.Known() {
			in.Arrived = st.Arrived.At.Add(-wider * st.Arrived.Doubt)
		}
		if st.Departed.Known() {
			in.Departed = st.Departed.At.Add(wider * st.Departed.Doubt)
		}
		if !in.Arrived.IsZero() && !in.Departed.IsZero() && in.Departed.Before(in.Arrived) {
			in.Departed = in.Arrived
		}
	}
	spoken := map[ident.RecordingID]*Piece{}
	for i := range pieces {
		p := &pieces[i]
		spoken[p.Recording] = p
		id := p.camera()
		if !slices.ContainsFunc(in.Cameras, func(c continuity.Camera) bool { return c.ID == id }) {
			in.Cameras = append(in.Cameras, continuity.Camera{ID: id, Offset: p.Offset, Known: p.placed()})
		}
		if seg, ok := p.segment(strict); ok {
			in.Segments = append(in.Segments, seg)
		}
	}
	for _, n := range st.Interruptions {
		in.Interruptions = append(in.Interruptions, interruption(&n, st, spoken, strict))
	}
	return in
}

func (p *Piece) camera() string {
	if !p.placed() {
		return string(p.Device) + "/?"
	}
	return string(p.Device) + "/" + strconv.Itoa(p.Clock)
}

// placed reports whether it is known where in time the file lies. What is not may lie anywhere: that is no cover, and no gap is certain beside it.
func (p *Piece) placed() bool { return !p.Start.IsZero() && p.Known && !p.Unsure }

// segment is what the file covers in its camera's time. A start that is only known within bounds covers for certain what it covers wherever
// in them it lies.
func (p *Piece) segment(strict bool) (continuity.Segment, bool) {
	seg := continuity.Segment{Camera: p.camera(), Sound: p.Sound}
	switch {
	case p.Sound == "":
		seg.Sound = continuity.Present
	case strict && p.Sound == continuity.Present && !p.Heard:
		seg.Sound = continuity.Silent // a track that nobody listened to may be silent
	}
	if !p.placed() {
		base := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC) // its camera is one whose offset nobody knows
		seg.Span = continuity.Span{Start: base, End: base.Add(p.Duration)}
		return seg, p.Duration > 0
	}
	from, to := p.Start.From, p.Start.To.Add(p.Duration)
	if strict {
		from, to = p.Start.To, p.Start.From.Add(p.Duration)
	}
	if !to.After(from) {
		return seg, false
	}
	seg.Span = continuity.Span{Start: from, End: to}
	wide := p.Start.To.Sub(p.Start.From)
	for _, h := range p.Inner {
		s := continuity.Span{Start: p.Start.From.Add(h.From), End: p.Start.To.Add(h.To)}
		if !strict {
			s = continuity.Span{Start: p.Start.To.Add(h.From), End: p.Start.From.Add(h.To)}
		}
		if s.Start.Before(from) {
			s.Start = from
		}
		if s.End.After(to) {
			s.End = to
		}
		if s.End.After(s.Start) && (strict || h.To-h.From > wide) {
			seg.Inner = append(seg.Inner, s)
		}
	}
	return seg, true
}

// interruption is what was answered for a stop. The moment of the spoken explanation is as uncertain as the recording it lies in.
func interruption(n *activity.Interruption, st *activity.State, spoken map[ident.RecordingID]*Piece, strict bool) continuity.Interruption {
	out := continuity.Interruption{Span: continuity.Span{Start: n.Start, End: n.End}, Cause: string(n.Cause), ReportedAt: n.ReportedAt, WrittenAt: n.WrittenAt}
	if out.End.IsZero() {
		if out.End = n.Start.Add(24 * time.Hour); st.Departed.Known() && st.Departed.At.After(n.Start) {
			out.End = st.Departed.At
		}
	}
	if p := spoken[n.Spoken.Recording]; p != nil && p.placed() {
		at := time.Duration(n.Spoken.Position) * time.Millisecond
		if strict {
			out.SpokenAt = p.Start.From.Add(at + p.Offset.Min)
		} else {
			out.SpokenAt = p.Start.To.Add(at + p.Offset.Max)
		}
	}
	return out
}

// Presence says whether there is footage at all of what had to be filmed, and if not, why not as far as facts tell (R-13-1, R-25-1).
type Presence string

// The answers. They are never mixed: what nobody filmed is not what is still on a card, and neither is what is gone.
const (
	There     Presence = "there"          // 有录像
	Pending   Presence = "pending"        // 尚在二十四小时内
	NotDocked Presence = "not_docked"     // 尚未采集: no camera of it was read since
	Never     Presence = "never_recorded" // 未记录: all its cameras were read since, and none has anything of that time
	Lost      Presence = "lost"           // 缺失: numbers are missing, or a camera is lost
	NoCamera  Presence = "no_camera"      // 没有设备: nobody took one along
)

// Presences lists them as pages show them.
func Presences() []Presence {
	return []Presence{There, Pending, NotDocked, Never, Lost, NoCamera}
}

// Seen is what is known of one camera after an activity.
type Seen struct {
	Docked  bool // something it recorded later was stored, or its card was read since
	Missing bool // numbers are missing among its files of that time
	Gone    bool // it is reported lost
}

// Present judges whether there is footage.
func Present(st *activity.State, pieces int, cameras []Seen, now time.Time) Presence {
	ended := st.Departed.At
	if !st.Departed.Known() {
		ended = now
	}
	switch {
	case pieces > 0:
		return There
	case now.Sub(ended) <= 24*time.Hour:
		return Pending
	case len(cameras) == 0:
		return NoCamera
	case slices.ContainsFunc(cameras, func(c Seen) bool { return c.Missing || c.Gone }):
		return Lost
	case slices.ContainsFunc(cameras, func(c Seen) bool { return !c.Docked }):
		return NotDocked
	}
	return Never
}
