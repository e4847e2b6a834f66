package performance

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
)

// demand is §35: in writing with its four contents, and what it gives must pass. Before the court the law gives ten
// working days (§54, §69), before substitute performance three (§51¶1(2)); else the demand itself gives a day.
func (w *walker) demand(article string) {
	c := w.chain
	var own proof.Lacks
	own.Want("not_performed", "行政强制法 §34、§54", not(c.Performed))
	if c.DemandServed.Known() {
		own.Want("demand_contents", "行政强制法 §35", c.DemandContents)
	}
	w.event(Step{ID: StepDemand, Article: article, NotBefore: w.firstDayOf(StepTermOver)}, c.DemandServed, own)
	s := Step{ID: StepDemandOver, Article: "行政强制法 §35(1)、§37"}
	var last string
	switch c.Way {
	case Court:
		s.Article = "行政强制法 §54、§69"
		if c.DemandServed.Known() {
			last = w.count(&s, "court-demand-10wd", c.DemandServed.Day())
		}
	case Own, Demolition, Substitute:
		if !c.DemandBy.IsZero() {
			last = text(dayOf(c.DemandBy))
		}
	}
	s.Missing = append(proof.Lacks{}, w.before...)
	switch {
	case s.Doubt != "":
		s.State = StepCannotJudge
		w.put(s)
	case w.atOnce():
		s.State, s.Article = StepNotNeeded, "行政强制法 §37¶3"
		w.put(s)
	case last == "" || !c.DemandServed.Known():
		if c.DemandServed.Known() {
			s.Missing.Want("demand_day", "行政强制法 §35(1)", proof.Unanswered)
		}
		s.State = StepBlocked
		w.put(s)
	default:
		w.overOn(s, max(last, lastBefore(c.DemandBy)))
	}
}

// atOnce is §37¶3: within the demand's days the bureau may decide at once where property is being moved or hidden.
func (w *walker) atOnce() bool {
	c := w.chain
	return c.Hiding == proof.Yes && c.DemandServed.Known() && (c.Way == Own || c.Way == Demolition)
}

// lastBefore is a day's text, "" if there is none: the court's ten days do not shorten a longer term of the demand.
func lastBefore(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return text(dayOf(day))
}

// firstDayOf is the first day of a link that went before.
func (w *walker) firstDayOf(id StepID) string {
	i := slices.IndexFunc(w.steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return ""
	}
	return w.steps[i].NotBefore
}

// heard is §36: what the party stated is noted and looked into. A party who said nothing asks for nothing.
func (w *walker) heard() {
	c := w.chain
	s := Step{ID: StepHeard, Article: "行政强制法 §36", Missing: append(proof.Lacks{}, w.before...)}
	switch {
	case !c.DemandServed.Known():
		s.State = StepBlocked
	case c.Answered == proof.No, c.Answered == proof.Unanswered && w.atOnce():
		s.State = StepNotNeeded
	case c.Answered == proof.Unanswered:
		s.Missing.Want("answer", s.Article, proof.Unanswered)
		s.State = StepCannotJudge
	case c.Weighed == proof.Yes:
		s.State = StepDone
	default:
		s.Missing.Want("answer_weighed", s.Article, c.Weighed)
		s.State = StepOpen
	}
	w.put(s)
}

// remedies is §53 and §44: review and suit are no longer open. Told of them, the party has sixty days for the one and six
// months for the other, and the longer counts; not told, a year (行政复议法 §20; 行诉解释 §64). After a decision on review
// it is the fifteen days of 行政诉讼法 §45. Where the party sued, what is enforced is the judgment, not by this chain.
func (w *walker) remedies() {
	c := w.chain
	s := Step{ID: StepRemedies, Article: "行政强制法 §53；行诉解释 §156", Missing: append(proof.Lacks{}, w.before...)}
	if c.Way == Demolition {
		s.Article = "行政强制法 §44"
	}
	fail := func(code, article string, a proof.Answer) {
		s.Missing.Want(code, article, a)
		s.State = StepBlocked
		if a == proof.Unanswered {
			s.State = StepCannotJudge
		}
		w.put(s)
	}
	switch {
	case !c.Served.Known():
		s.State = StepBlocked
		w.put(s)
		return
	case c.SuitFiled.Known():
		fail("no_suit", "行政强制法 §53", proof.No)
		return
	case c.ReviewFiled.Known() && !c.ReviewReceived.Known():
		fail("review_decided", "行政强制法 §53；行政复议法 §78", proof.No)
		return
	case c.ReviewFiled.Known():
		w.end = w.count(&s, "suit-after-review-15d", c.ReviewReceived.Day())
	case c.Told == proof.Yes:
		w.end = max(w.count(&s, "review-60d", c.Served.Day()), w.count(&s, "suit-6m", c.Served.Day()))
	case c.Told == proof.No:
		w.end = max(w.count(&s, "review-untold-1y", c.Served.Day()), w.count(&s, "suit-untold-1y", c.Served.Day()))
	default:
		fail("remedies_told", "行政处罚法 §59¶1(5)", proof.Unanswered)
		return
	}
	if s.Doubt != "" || w.err != nil {
		s.State = StepCannotJudge
		w.put(s)
		return
	}
	// The review's and suit's terms run beside the demand: what is missing there does not stop them.
	s.NotBefore = after(w.end)
	s.State = StepWaiting
	if w.today >= s.NotBefore {
		s.State, s.On = StepDone, s.NotBefore
	}
	s.Missing = nil
	w.put(s)
}

// apply is §53–§55: three months from the end of review and suit, or from the end of a granted plan (行政处罚法 §72¶2),
// whichever is later; not before the demand's ten working days are over.
func (w *walker) apply() {
	c := w.chain
	s := Step{ID: StepApply, Article: "行政强制法 §53、§54、§55"}
	if w.end != "" {
		from, err := time.Parse(time.DateOnly, w.end)
		if err != nil {
			w.err = err
			return
		}
		s.NotAfter = w.count(&s, "court-application-3m", lastDay(from, dayOf(c.PlanEnds)))
		s.NotBefore = max(after(w.end), w.firstDayOf(StepTermOver), w.firstDayOf(StepDemandOver))
	}
	var own proof.Lacks
	own.Want("court_materials", "行政强制法 §55¶1", c.Materials)
	own.Want("court_sealed", "行政强制法 §55¶2", c.Sealed)
	if c.Power == proof.Yes {
		own.Add("has_power", "行政强制法 §53")
	}
	w.event(s, c.Applied, own)
}

// announced is §44, which stands beside the demand: neither waits for the other.
func (w *walker) announced() {
	s := Step{ID: StepAnnounced, Article: "行政强制法 §44", State: StepOpen}
	if c := w.chain; c.Announced.Known() && text(c.Announced.Day()) <= w.today {
		s.State, s.On = StepDone, text(c.Announced.Day())
	}
	w.put(s)
}

// charge is §46¶1: the bureau's own enforcement of money waits until the charge has run for more than thirty days.
func (w *walker) charge() {
	s := Step{ID: StepCharge, Article: "行政强制法 §46¶1"}
	if !w.chain.Money {
		s.State = StepNotNeeded
		w.put(s)
		return
	}
	if w.chain.ChargeSince.IsZero() {
		s.Missing = append(proof.Lacks{}, w.before...)
		s.Missing.Want("charge_since", s.Article, proof.Unanswered)
		s.State = StepCannotJudge
		w.put(s)
		return
	}
	last := w.count(&s, "surcharge-30d-direct", dayOf(w.chain.ChargeSince))
	if s.Doubt != "" || last == "" {
		s.State = StepCannotJudge
		w.put(s)
		return
	}
	w.overOn(s, last)
}

// decision is §37: only with a power that a law gives, and after the demand.
func (w *walker) decision(article string) {
	c := w.chain
	var own proof.Lacks
	own.Want("power", "行政强制法 §13、§34", c.Power)
	if c.Way == Substitute {
		own.Want("harm", "行政强制法 §50", c.Harm)
	}
	s := Step{ID: StepDecision, Article: article, NotBefore: max(w.firstDayOf(StepDemandOver), w.firstDayOf(StepRemedies), w.firstDayOf(StepCharge))}
	w.event(s, c.Decided, own)
}

// act is the enforcement itself: after the decision was served, not at night or on a holiday (§43), and for substitute
// performance not within three working days of the demand (§51¶1(2)).
func (w *walker) act(article string) {
	c := w.chain
	var own proof.Lacks
	served := proof.Unanswered
	if c.DecidedServed.Known() {
		served = proof.Of(!c.Acted.Before(c.DecidedServed))
	}
	own.Want("decision_served", "行政强制法 §38", served)
	switch c.Guard {
	case GuardFree, GuardNotice, GuardExcused:
	case GuardBarred:
		own.Add("hours", guardArticle)
	case GuardCannotJudge, "":
		own.Want("hours", guardArticle, proof.Unanswered)
	}
	s := Step{ID: StepAct, Article: article}
	if c.Way == Substitute && c.Acted.Known() {
		latest := w.count(&s, "substitute-demand-3wd", c.Acted.Day())
		a := proof.Unanswered
		if c.DemandServed.Known() && latest != "" {
			a = proof.Of(text(c.DemandServed.Day()) <= latest)
		}
		own.Want("demand_three_days", "行政强制法 §51¶1(2)、§69", a)
	}
	w.event(s, c.Acted, own)
}
