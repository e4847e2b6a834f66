// Package storage judges whether a recording was stored in time (第十九条). It is a pure function of intervals: the
// answer is certain or it is "cannot judge", never a guess (ADR 0006).
package storage

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// Verdict is the answer.
type Verdict string

// The verdicts.
const (
	InTime       Verdict = "in_time"        // within the term after the recording ended (¶1)
	InTimeReturn Verdict = "in_time_return" // within the term after the return (¶2)
	Designated   Verdict = "designated"     // within the term in the designated storage (¶1, 指定的存储器)
	Late         Verdict = "late"           // certainly after the term, on every branch
	CannotJudge  Verdict = "cannot_judge"   // the bounds lie on both sides of the term, or something is unknown
	Unstored     Verdict = "unstored"       // known to exist, and not here
	NotOurs      Verdict = "not_ours"       // 当事人提交: handed in by somebody else; the term is for the bureau's own recordings
)

// Verdicts lists every verdict.
func Verdicts() []Verdict {
	return []Verdict{InTime, InTimeReturn, Designated, Late, CannotJudge, Unstored, NotOurs}
}

// Fact is one input of the sum, shown with a letter.
type Fact struct {
	Letter string         // 甲, 乙, 丙, 丁
	Code   string         // "end", "stored", "returned", "designated"
	Source string         // where it is from: a code
	Value  clock.Interval // zero if unknown
	Doubts []string       // codes
}

// Branch is one way of keeping the term, with its arithmetic: Minuend − Subtrahend lies in [From, To].
type Branch struct {
	Code       string // "platform", "designated", "return", "return_designated"
	Article    string // "19¶1" or "19¶2"
	Minuend    string // letters
	Subtrahend string
	From, To   time.Duration
	Known      bool   // false: one side is unknown and there is no sum
	Answer     Answer // did this branch keep the term?
}

// Answer is yes, no or neither.
type Answer string

// The answers.
const (
	Yes   Answer = "yes"
	No    Answer = "no"
	Maybe Answer = "maybe"
)

// Inputs is everything the verdict depends on.
type Inputs struct {
	End        clock.Interval // when the recording's last file ended, in true time; zero if unknown
	EndSource  string
	EndDoubts  []string
	EndWhy     string         // why it is unknown: a code
	Stored     clock.Interval // our clock, widened by its own steps; zero if not stored
	Steps      bool           // Stored was widened
	Returned   time.Time      // return note; zero without one
	Designated time.Time      // designated storage; zero without one
	Limit      time.Duration  // the term
	Foreign    bool           // handed in by somebody else: no term runs
}

// Judgement is the verdict and how it came about.
type Judgement struct {
	Verdict  Verdict
	Facts    []Fact
	Branches []Branch
	Limit    time.Duration
	Why      string   // code: why it cannot be judged
	Doubts   []string // codes
}

// Why codes of a judgement that could not be made.
const (
	WhyEndUnknown   = "end_unknown"      // no source tells when it ended
	WhyEndAfter     = "end_after_stored" // by the camera's clock it ended after it was stored: that clock is wrong
	WhyStraddle     = "straddle"         // the bounds lie on both sides of the term
	WhyFactsPending = "facts_pending"    // nobody has looked into the file yet
)

// Doubt codes a judgement may add.
const (
	DoubtServerStep      = "server_clock_step" // our own clock was set meanwhile, so the storing has bounds
	DoubtReturnAfter     = "return_after_stored"
	DoubtDesignatedWhen  = "designated_before_end"
	DoubtDesignatedLater = "designated_after_stored"
)

// Letters of the facts, in the order in which pages show them.
const (
	letterEnd        = "甲"
	letterStored     = "乙"
	letterReturned   = "丙"
	letterDesignated = "丁"
)

// Judge answers. It is defined for every input, and these hold (property tests keep them): widening End or Stored never
// leads from a certain answer to the opposite one, only to CannotJudge; a return note or a designated storage never
// makes the answer worse.
func Judge(in Inputs) Judgement {
	j := Judgement{Limit: in.Limit, Facts: facts(in)}
	if in.Stored.IsZero() {
		j.Verdict = Unstored
		return j
	}
	if in.Foreign {
		j.Verdict = NotOurs
		return j
	}
	if in.Steps {
		j.Doubts = append(j.Doubts, DoubtServerStep)
	}
	platform := branch("platform", "19¶1", letterStored, letterEnd, in.Stored, in.End, in.Limit)
	if platform.Known && in.End.From.After(in.Stored.To) {
		platform.Answer = Maybe // nothing is stored before it ends: the camera's clock is wrong, and tells nothing
		j.Why = WhyEndAfter
	}
	j.Branches = append(j.Branches, platform)
	if !in.Designated.IsZero() {
		b := branch("designated", "19¶1", letterDesignated, letterEnd, clock.At(in.Designated), in.End, in.Limit)
		if b.Known && in.Designated.Before(in.End.From) {
			b.Answer = No
			j.Doubts = append(j.Doubts, DoubtDesignatedWhen)
		}
		j.Branches = append(j.Branches, j.notAfterStored(b, in, in.Designated, DoubtDesignatedLater))
	}
	if !in.Returned.IsZero() {
		returned := clock.At(in.Returned)
		b := branch("return", "19¶2", letterStored, letterReturned, in.Stored, returned, in.Limit)
		j.Branches = append(j.Branches, j.notAfterStored(b, in, in.Returned, DoubtReturnAfter))
		if !in.Designated.IsZero() {
			d := branch("return_designated", "19¶2", letterDesignated, letterReturned, clock.At(in.Designated), returned, in.Limit)
			if in.Designated.Before(in.Returned) {
				d.Answer = No // it lay there before the return: the first paragraph's branch speaks of that
			}
			j.Branches = append(j.Branches, j.notAfterStored(d, in, in.Designated, DoubtDesignatedLater))
		}
	}
	j.conclude(in)
	return j
}

// notAfterStored answers no where a note names a moment after the storing: it would be about something else.
func (j *Judgement) notAfterStored(b Branch, in Inputs, at time.Time, doubt string) Branch {
	switch {
	case at.After(in.Stored.To):
		b.Answer = No
		for _, d := range j.Doubts {
			if d == doubt {
				return b
			}
		}
		j.Doubts = append(j.Doubts, doubt)
	case at.After(in.Stored.From) && b.Answer == Yes:
		b.Answer = Maybe
	}
	return b
}

// branch computes later − earlier and compares it with the term.
func branch(code, article, minuend, subtrahend string, later, earlier clock.Interval, limit time.Duration) Branch {
	b := Branch{Code: code, Article: article, Minuend: minuend, Subtrahend: subtrahend, Answer: Maybe}
	if later.IsZero() || earlier.IsZero() {
		return b
	}
	b.Known, b.From, b.To = true, later.From.Sub(earlier.To), later.To.Sub(earlier.From)
	switch {
	case b.From > limit:
		b.Answer = No
	case b.From >= 0 && b.To <= limit:
		b.Answer = Yes
	}
	return b
}

func (j *Judgement) conclude(in Inputs) {
	kept := map[string]Verdict{"platform": InTime, "designated": Designated, "return": InTimeReturn, "return_designated": Designated}
	maybe := false
	for _, b := range j.Branches {
		if b.Answer == Yes {
			j.Verdict, j.Why = kept[b.Code], ""
			return
		}
		maybe = maybe || b.Answer == Maybe
	}
	switch {
	case !maybe:
		j.Verdict = Late
		return
	case j.Why != "":
	case in.End.IsZero() && in.EndWhy != "":
		j.Why = in.EndWhy
	case in.End.IsZero():
		j.Why = WhyEndUnknown
	default:
		j.Why = WhyStraddle
	}
	j.Verdict = CannotJudge
}

func facts(in Inputs) []Fact {
	out := []Fact{
		{Letter: letterEnd, Code: "end", Source: in.EndSource, Value: in.End, Doubts: in.EndDoubts},
		{Letter: letterStored, Code: "stored", Source: "server_clock", Value: in.Stored},
	}
	if in.Steps {
		out[1].Doubts = []string{DoubtServerStep}
	}
	if !in.Returned.IsZero() {
		out = append(out, Fact{Letter: letterReturned, Code: "returned", Source: "custodian", Value: clock.At(in.Returned)})
	}
	if !in.Designated.IsZero() {
		out = append(out, Fact{Letter: letterDesignated, Code: "designated", Source: "custodian", Value: clock.At(in.Designated)})
	}
	return out
}
