package performance

import (
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Way is how a decision that was not performed is enforced.
type Way string

// The ways.
const (
	Court      Way = "court"      // 申请人民法院强制执行 (行政强制法 §53–§55)
	Own        Way = "own"        // by the bureau, where a law gives it the power (§34–§37, §46)
	Substitute Way = "substitute" // 代履行 (§50–§52)
	Demolition Way = "demolition" // 强制拆除 (§44)
)

// Chain is what the record says of the way from a decision to its enforcement.
type Chain struct {
	Way       Way
	Money     bool         // the decision is to pay
	Served    proof.Moment // the day the decision counts as served (delivery.Verdict)
	PerformBy time.Time    // last day to perform; of a fine the day to pay
	PlanEnds  time.Time    // last day of a granted deferral or plan
	Performed proof.Answer

	Told           proof.Answer // the decision told of review and suit and their terms
	ReviewFiled    proof.Moment
	ReviewReceived proof.Moment // the decision on review that let it stand was received
	SuitFiled      proof.Moment

	DemandServed   proof.Moment
	DemandContents proof.Answer // §35: term, manner, amount and rights
	DemandBy       time.Time    // last day the demand gives
	Answered       proof.Answer // the party stated something
	Weighed        proof.Answer // §36: noted and looked into
	Hiding         proof.Answer // §37¶3: signs that property is moved or hidden

	ChargeSince time.Time    // first day of the charge for being late
	Power       proof.Answer // a law gives the bureau this power, of record (§13, §34, §50)
	Harm        proof.Answer // §50: traffic, pollution or destruction of resources
	Announced   proof.Moment // §44: announced with a term to demolish oneself

	Decided       proof.Moment // the enforcement decision was made
	DecidedServed proof.Moment
	Acted         proof.Moment // enforcement began; planned or done
	Guard         GuardState   // Hours.Guard of it

	Materials proof.Answer // §55¶1: application, decision with facts and law, the party's view and the demand, the object
	Sealed    proof.Answer // §55¶2: signed by the leader, sealed and dated
	Applied   proof.Moment // handed to the court
}

// StepID is a link of the chain.
type StepID string

// The links.
const (
	StepServed     StepID = "served"      // the decision is served
	StepTermOver   StepID = "term_over"   // the day to perform has passed
	StepRemedies   StepID = "remedies"    // the terms of review and suit have passed unused
	StepAnnounced  StepID = "announced"   // demolition is announced
	StepDemand     StepID = "demand"      // 催告
	StepDemandOver StepID = "demand_over" // what the demand gave has passed
	StepHeard      StepID = "heard"       // the party's answer was weighed
	StepCharge     StepID = "charge"      // thirty days of charge
	StepDecision   StepID = "decision"    // 强制执行决定
	StepAct        StepID = "act"
	StepApply      StepID = "apply" // application to the court
)

// StepState is how a link stands.
type StepState string

// The states. Early, Late and Flawed are of what was done: too soon, too late, or with something missing before it.
const (
	StepDone        StepState = "done"
	StepOpen        StepState = "open"    // may be done now
	StepWaiting     StepState = "waiting" // its day has not come
	StepBlocked     StepState = "blocked" // something before it is missing
	StepLapsed      StepState = "lapsed"  // its last day has passed
	StepEarly       StepState = "early"
	StepLate        StepState = "late"
	StepFlawed      StepState = "flawed"
	StepCannotJudge StepState = "cannot_judge"
	StepNotNeeded   StepState = "not_needed"
)

// Step is one link with what is missing for it, before it and of its own, each under its article.
type Step struct {
	ID        StepID
	State     StepState
	Article   string
	NotBefore string // first day on which it may be
	NotAfter  string // last day on which it may be
	On        string // the day it was
	Missing   proof.Lacks
	Doubt     term.Doubt
	Warnings  []term.Warning
}

// Walk goes along the chain as it stands on a moment, in order. An error is a catalogue without one of the chain's terms.
func (c Chain) Walk(rules proof.Rules, asOf time.Time) ([]Step, error) {
	w := walker{rules: rules, chain: c, today: text(term.DayOf(asOf))}
	w.event(Step{ID: StepServed, Article: "行政处罚法 §61；行政强制法 §34"}, c.Served, nil)
	w.over(Step{ID: StepTermOver, Article: "行政处罚法 §66、§72；行政强制法 §34"}, lastDay(c.PerformBy, c.PlanEnds))
	switch c.Way {
	case Court:
		w.demand("行政强制法 §35、§54")
		w.heard()
		w.remedies()
		w.apply()
	case Own:
		w.demand("行政强制法 §35")
		w.heard()
		w.charge()
		w.decision("行政强制法 §37")
		w.act("行政强制法 §43、§46")
	case Substitute:
		w.demand("行政强制法 §35、§51¶1(2)")
		w.heard()
		w.decision("行政强制法 §50、§51¶1(1)")
		w.act("行政强制法 §43、§51")
	case Demolition:
		w.demand("行政强制法 §35")
		w.heard()
		w.announced()
		w.remedies()
		w.decision("行政强制法 §37、§44")
		w.act("行政强制法 §43、§44")
	}
	return w.steps, w.err
}

// Next gives the first link that still asks for something, none when the chain is at its end.
func Next(steps []Step) (Step, bool) {
	for _, s := range steps {
		if s.State != StepDone && s.State != StepNotNeeded {
			return s, true
		}
	}
	return Step{}, false
}

// not turns an answer round.
func not(a proof.Answer) proof.Answer {
	switch a {
	case proof.Yes:
		return proof.No
	case proof.No:
		return proof.Yes
	case proof.Unanswered:
	}
	return proof.Unanswered
}

// lastDay is the later of two days.
func lastDay(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func text(day time.Time) string { return day.Format(time.DateOnly) }

// walker goes along the chain; what a link lacks is missing for all behind it.
type walker struct {
	rules  proof.Rules
	chain  Chain
	today  string
	steps  []Step
	before proof.Lacks
	ended  bool   // performed: nothing behind is needed
	end    string // last day of the terms of review and suit
	err    error
}

// put adds a link; one that is not done is missing for all behind it.
func (w *walker) put(s Step) {
	if w.err != nil {
		return
	}
	if w.ended {
		s = Step{ID: s.ID, State: StepNotNeeded, Article: s.Article}
	}
	w.steps = append(w.steps, s)
	switch s.State {
	case StepDone, StepNotNeeded:
	case StepWaiting, StepOpen, StepBlocked, StepLapsed, StepEarly, StepLate, StepFlawed, StepCannotJudge:
		w.before = append(w.before, proof.Lack{Code: "step_" + string(s.ID), Article: s.Article, Denied: s.State != StepCannotJudge})
	}
	if s.ID == StepTermOver && w.chain.Performed == proof.Yes {
		w.ended = true
	}
}

// event puts a link that somebody does, with what it needs of its own.
func (w *walker) event(s Step, on proof.Moment, own proof.Lacks) {
	s.Missing = append(append(proof.Lacks{}, w.before...), own...)
	if on.Known() {
		s.On = text(on.Day())
	}
	switch {
	case s.Doubt != "":
		s.State = StepCannotJudge
	case s.On > w.today: // planned
		if s.State = w.ahead(s); s.State == StepOpen && own.Denied() {
			s.State = StepBlocked
		}
	case s.On != "" && s.NotBefore != "" && s.On < s.NotBefore:
		s.State = StepEarly
	case s.On != "" && s.NotAfter != "" && s.On > s.NotAfter:
		s.State = StepLate
	case s.On != "" && len(s.Missing) > 0:
		s.State = StepFlawed
	case s.On != "":
		s.State = StepDone
	default:
		s.State = w.ahead(s)
	}
	w.put(s)
}

// ahead is the state of what is not done yet.
func (w *walker) ahead(s Step) StepState {
	switch {
	case s.NotAfter != "" && max(w.today, s.On, s.NotBefore) > s.NotAfter:
		return StepLapsed // the days before may leave no day at all
	case s.On != "" && s.NotBefore != "" && s.On < s.NotBefore:
		return StepEarly // planned for too early a day
	case s.NotBefore != "" && w.today < s.NotBefore:
		return StepWaiting
	case len(w.before) > 0:
		return StepBlocked
	}
	return StepOpen
}

// over puts a link that comes about by itself, on the day after a last day.
func (w *walker) over(s Step, last time.Time) {
	s.Missing = append(proof.Lacks{}, w.before...)
	if last.IsZero() {
		s.Missing.Want("day_to_perform", s.Article, proof.Unanswered)
		s.State = StepCannotJudge
		w.put(s)
		return
	}
	w.overOn(s, text(dayOf(last)))
}

// overOn is over for a day in its text form.
func (w *walker) overOn(s Step, last string) {
	s.NotBefore = after(last)
	switch {
	case len(w.before) > 0:
		s.State = StepBlocked
	case w.today < s.NotBefore:
		s.State = StepWaiting
	default:
		s.State, s.On = StepDone, s.NotBefore
	}
	w.put(s)
}

// after is the day after a day.
func after(day string) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return text(d.AddDate(0, 0, 1))
}

// count counts a term of the catalogue and carries its doubt and warnings into the link.
func (w *walker) count(s *Step, id string, from time.Time) string {
	if w.err != nil {
		return ""
	}
	r, err := w.rules.Count(id, from)
	if err != nil {
		w.err = err
		return ""
	}
	if r.Doubt != "" {
		s.Doubt = r.Doubt
	}
	s.Warnings = append(s.Warnings, r.Warnings...)
	return r.Due
}
