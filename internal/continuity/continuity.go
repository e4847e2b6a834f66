// Package continuity judges whether an activity was filmed without interruption from arrival to departure (第十三、十六、十七条). It is a
// pure function of windows, cameras, segments and interruptions, in whole nanoseconds (ADR 28).
//
// A camera's clock is wrong by one unknown offset within a known interval: relative times inside a camera are exact, so that a gap
// between two of its files has an exact length although its place is uncertain (decision 20). Every gap has the least and the most it can
// be, over all offsets that the cameras may have. Certain breaches go before doubt, doubt goes before every good answer, and nothing
// that is uncertain is ever continuous.
package continuity

import (
	"cmp"
	"slices"
	"time"
)

// Verdict is one thing that is so of an activity; the first of them is the headline.
type Verdict string

// The verdicts, in the order in which they are told.
const (
	Unexplained Verdict = "unexplained"  // an interruption that nobody has explained as 第十七条 demands
	LateStart   Verdict = "late_start"   // filming began after arrival, unexplained
	EarlyEnd    Verdict = "early_end"    // filming ended before departure, unexplained
	CannotJudge Verdict = "cannot_judge" // what is known leaves it open
	Explained   Verdict = "explained"    // interrupted, and each interruption explained
	Continuous  Verdict = "continuous"   // 不间断
)

// order is the order of headlines.
var order = []Verdict{Unexplained, LateStart, EarlyEnd, CannotJudge, Explained, Continuous}

// Verdicts lists them in the order in which they are told, the gravest first.
func Verdicts() []Verdict { return slices.Clone(order) }

// Owed is what an unexplained gap still owes (第十七条).
type Owed string

// What can be owed.
const (
	Spoken  Owed = "spoken"  // 重新录制时的语音说明
	Report  Owed = "report"  // 立即报告部门领导
	Written Owed = "written" // 事后书面说明
)

// Doubt says why something cannot be judged.
type Doubt string

// The doubts.
const (
	DoubtOffset   Doubt = "offset"     // the cameras' clocks leave it open whether there is a gap
	DoubtClock    Doubt = "clock"      // a segment whose times cannot be: reversed, or before 2000; it may lie anywhere
	DoubtCamera   Doubt = "camera"     // a segment of a camera whose offset nobody knows
	DoubtSound    Doubt = "sound"      // no camera surely recorded sound there
	DoubtArrived  Doubt = "arrived"    // nobody knows when it began
	DoubtDeparted Doubt = "departed"   // it was never closed
	DoubtExplains Doubt = "explains"   // the clocks leave it open whether an interruption explains it
	DoubtTooMany  Doubt = "too_many"   // more overlapping possibilities than are followed
	DoubtJoins    Doubt = "joins_hour" // the joins of an hour may be more than is tolerated
)

// Sound is what a segment has of sound.
type Sound string

// The kinds of sound.
const (
	Present Sound = "present"
	Silent  Sound = "silent" // a track in which nothing is heard
	Absent  Sound = "absent" // no track
)

// Offset is how far a camera's clock may be off: true time = camera time + offset.
type Offset struct{ Min, Max time.Duration }

// Camera is one camera. Known is false where nobody knows its offset.
type Camera struct {
	ID     string
	Offset Offset
	Known  bool
}

// Span is a stretch of time.
type Span struct{ Start, End time.Time }

// Segment is one file of a camera, in its own time, with the stretches in which it shows nothing.
type Segment struct {
	Camera string
	Span
	Inner []Span
	Sound Sound // "" counts as present
}

// Interruption is what was written down of one (第十七条), in true time. Zero times were not given.
type Interruption struct {
	Span
	Cause      string
	SpokenAt   time.Time
	ReportedAt time.Time
	WrittenAt  time.Time
}

// Tolerance is what two files of one pressing may lie apart: each join, and the joins of any hour together.
type Tolerance struct{ Join, Hour time.Duration }

// DefaultTolerance is 2 s a join and 10 s an hour (decision 20).
var DefaultTolerance = Tolerance{2 * time.Second, 10 * time.Second}

// Inputs is everything a verdict depends on. A zero Arrived or Departed is not known.
type Inputs struct {
	Arrived, Departed time.Time
	Tolerance         Tolerance
	Cameras           []Camera
	Segments          []Segment
	Interruptions     []Interruption
}

// Gap is a stretch that no camera covers, or may not cover.
type Gap struct {
	// Start and End bound it over all offsets that the clocks may have; Length is the most and Least the least it can be within them.
	Start, End    time.Time
	Length, Least time.Duration
	Certain       bool // there is one, and more of it than is tolerated, whatever the offsets are
	Join          bool // it lies between two files of one camera that are no further apart than is tolerated
	Where         Verdict
	Explained     bool
	Owes          []Owed
	Doubt         Doubt // why it is not certain, or not certainly explained; "" else
}

// Judgement is the verdict and how it came about.
type Judgement struct {
	Verdict Verdict   // the headline
	All     []Verdict // everything that is so, in order
	Gaps    []Gap     // in order of their beginning
	Joins   []Gap     // that are tolerated
	Doubts  []Doubt
}

// Judge answers. Inputs must be Checked.
func Judge(in Inputs) Judgement {
	j := &judging{in: in}
	j.window()
	if j.a < j.d {
		j.picture()
		j.joins()
		j.explain()
		j.sound()
	}
	return j.result()
}

type judging struct {
	in    Inputs
	a, d  int64 // the window
	film  []track
	slack int64 // together, of segments that may lie anywhere
	loose Doubt // why they may
	gaps  []gap
	fine  []gap // joins that are tolerated
	doubt map[Doubt]bool
}

// gap is a Gap in the making: bounds in nanoseconds.
type gap struct {
	combo
	least, most int64
	certain     bool
	where       Verdict
	explained   bool
	owes        []Owed
	why         Doubt
}

// window sets the bounds, and those that are not known by what was filmed.
func (j *judging) window() {
	j.doubt = map[Doubt]bool{}
	j.a, j.d = never, always
	if !j.in.Arrived.IsZero() {
		j.a = j.in.Arrived.UnixNano()
	}
	if !j.in.Departed.IsZero() {
		j.d = j.in.Departed.UnixNano()
	}
	lo, hi := always, never
	j.film = j.tracks(false)
	for _, t := range j.film {
		for _, s := range t.covered {
			lo, hi = min(lo, s.from+t.min), max(hi, s.to+t.max)
		}
	}
	if j.a == never {
		j.doubt[DoubtArrived] = true
		j.a = lo
	}
	if j.d == always {
		j.doubt[DoubtDeparted] = true
		j.d = hi
	}
}

// picture finds every stretch that no camera covers, or may not cover.
func (j *judging) picture() {
	all, ok := combine(j.film, j.a, j.d, int64(j.in.Tolerance.Join))
	if !ok {
		j.doubt[DoubtTooMany] = true
	}
	for _, c := range all {
		least := c.least(j.a, j.d)
		g := gap{combo: c, least: max(least-j.slack, 0), most: c.most(j.a, j.d)}
		if c.join {
			j.fine = append(j.fine, g)
			continue
		}
		if g.certain = g.least > 0; !g.certain && least > 0 {
			g.why = j.loose
		}
		j.gaps = append(j.gaps, g)
	}
}

// joins holds what is tolerated against what any hour may hold.
func (j *judging) joins() {
	sortGaps(j.fine, j.a)
	allowed := int64(j.in.Tolerance.Hour)
	breach, open := map[int]bool{}, map[int]bool{}
	for from := range j.fine {
		var least, most int64
		for to := from; to < len(j.fine) && j.fine[to].start(j.a)-j.fine[from].start(j.a) < int64(time.Hour); to++ {
			least, most = least+j.fine[to].least, most+j.fine[to].most
			for k := from; k <= to && most > allowed; k++ {
				open[k] = true
				breach[k] = breach[k] || least > allowed
			}
		}
	}
	kept := j.fine[:0:0]
	for k, g := range j.fine {
		switch {
		case breach[k]:
			g.certain = true
			j.gaps = append(j.gaps, g)
		case open[k]:
			g.why = DoubtJoins
			j.gaps = append(j.gaps, g)
		default:
			kept = append(kept, g)
		}
	}
	j.fine = kept
}

// explain says of every gap where it lies, whether it is explained, and what it owes.
func (j *judging) explain() {
	for i := range j.gaps {
		g := &j.gaps[i]
		switch {
		case g.startMax <= j.a: // surely from the beginning
			g.where = LateStart
		case g.endMin >= j.d:
			g.where = EarlyEnd
		default:
			g.where = Unexplained
		}
		if !g.certain {
			g.why = cmp.Or(g.why, DoubtOffset)
		}
		surely, maybe := false, false
		var best Interruption
		for _, x := range j.in.Interruptions {
			s, m := j.explains(g, x)
			surely, maybe = surely || s, maybe || m
			if m || j.touches(g, x) {
				best = x
			}
		}
		switch {
		case surely:
			g.explained = true
		case maybe && g.certain:
			g.why, g.certain = DoubtExplains, false
		default:
			g.owes = owed(best, g.endMin < j.d)
		}
	}
}

// touches reports whether an interruption may overlap a gap.
func (j *judging) touches(g *gap, x Interruption) bool {
	return x.Start.UnixNano() < g.end(j.d) && x.End.UnixNano() > g.start(j.a)
}

// explains reports whether an interruption explains a gap whatever the offsets are, and whether it may: it overlaps, has a cause, and
// either was spoken of after the gap or reported and explained in writing.
func (j *judging) explains(g *gap, x Interruption) (surely, maybe bool) {
	if x.Cause == "" || !j.touches(g, x) {
		return false, false
	}
	written := !x.ReportedAt.IsZero() && !x.WrittenAt.IsZero()
	lastStart, firstEnd := min(max(g.startMax, j.a), j.d), max(min(g.endMin, j.d), j.a)
	over := x.Start.UnixNano() < firstEnd && x.End.UnixNano() > lastStart
	said := !x.SpokenAt.IsZero() && x.SpokenAt.UnixNano() >= g.end(j.d)
	mayBeSaid := !x.SpokenAt.IsZero() && x.SpokenAt.UnixNano() >= firstEnd
	return over && (written || said), written || mayBeSaid
}

// owed is what is lacking: who goes on filming says why; who cannot reports at once and writes afterwards.
func owed(x Interruption, resumed bool) []Owed {
	reported, wrote := !x.ReportedAt.IsZero(), !x.WrittenAt.IsZero()
	switch {
	case reported: // and where it was written as well, no cause was given
		return []Owed{Written}
	case wrote:
		return []Owed{Report}
	case resumed:
		return []Owed{Spoken}
	}
	return []Owed{Report, Written}
}

// sound finds stretches that are filmed and surely sounded by no camera: they leave it open whether anything was recorded there.
func (j *judging) sound() {
	all, ok := combine(j.tracks(true), j.a, j.d, int64(j.in.Tolerance.Join))
	if !ok {
		j.doubt[DoubtTooMany] = true
	}
	for _, c := range all {
		if c.join {
			continue
		}
		from, to := c.start(j.a), c.end(j.d)
		within := func(g gap) bool { return g.start(j.a) <= from && g.end(j.d) >= to }
		if !slices.ContainsFunc(j.gaps, within) && !slices.ContainsFunc(j.fine, within) {
			j.doubt[DoubtSound] = true
			return
		}
	}
}

func (j *judging) result() Judgement {
	var out Judgement
	is := map[Verdict]bool{}
	sortGaps(j.gaps, j.a)
	for _, g := range j.gaps {
		out.Gaps = append(out.Gaps, j.gap(g))
		switch {
		case g.why != "":
			j.doubt[g.why] = true
		case g.explained:
			is[Explained] = true
		default:
			is[g.where] = true
			if g.where == LateStart && g.endMin >= j.d { // nothing was filmed at all
				is[EarlyEnd] = true
			}
		}
	}
	for _, g := range j.fine {
		out.Joins = append(out.Joins, j.gap(g))
	}
	for d := range j.doubt {
		out.Doubts = append(out.Doubts, d)
	}
	slices.Sort(out.Doubts)
	is[CannotJudge] = len(out.Doubts) > 0
	is[Continuous] = len(out.Gaps) == 0 && len(out.Doubts) == 0
	for _, v := range order {
		if is[v] {
			out.All = append(out.All, v)
		}
	}
	out.Verdict = out.All[0]
	return out
}

func (j *judging) gap(g gap) Gap {
	at := func(ns int64) time.Time { return time.Unix(0, ns).UTC() }
	return Gap{
		Start: at(g.start(j.a)), End: at(g.end(j.d)), Length: time.Duration(g.most), Least: time.Duration(g.least), Certain: g.certain, Join: g.join, Where: g.where,
		Explained: g.explained, Owes: g.owes, Doubt: g.why,
	}
}

func sortGaps(list []gap, a int64) {
	slices.SortStableFunc(list, func(x, y gap) int {
		return cmp.Or(cmp.Compare(x.start(a), y.start(a)), cmp.Compare(x.endMax, y.endMax), cmp.Compare(x.most, y.most))
	})
}
