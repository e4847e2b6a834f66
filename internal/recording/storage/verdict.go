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
)

// Verdicts lists every verdict.
func Verdicts() []Verdict {
	return []Verdict{InTime, InTimeReturn, Designated, Late, CannotJudge, Unstored}
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

// Judge answers. It is defined for every input.
func Judge(in Inputs) Judgement { panic("not yet") }
