package execution

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Chain is the way of one decision to its enforcement.
type Chain struct {
	Decision ident.PaperID
	Chain    performance.Chain
	Steps    []performance.Step
	Guard    performance.GuardVerdict // of the enforcement, where there is one
}

// Chains goes along the chain of every fine that somebody still has to pay or did not pay.
func Chains(f matter.File, law Law, at time.Time) ([]Chain, error) {
	fines, err := Fines(f, law, at)
	if err != nil {
		return nil, err
	}
	r := reader{f: f, law: law, events: procedure.Events(f, law.Catalogue), facts: procedure.Facts(f, law.Catalogue)}
	var out []Chain
	for _, x := range fines {
		c := Chain{Decision: x.Decision}
		if c.Chain, c.Guard, err = r.chain(x); err != nil {
			return nil, err
		}
		if c.Steps, err = c.Chain.Walk(law.Rules, at); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

type reader struct {
	f      matter.File
	law    Law
	events []procedure.Happened
	facts  map[string]string
}

// first is when an event happened first; of a paper, if one is named.
func (r reader) first(event string) proof.Moment {
	for _, e := range r.events {
		if e.Event == event {
			return moment(e)
		}
	}
	return proof.Moment{}
}

func (r reader) fact(id string) proof.Answer {
	switch r.facts[id] {
	case "true":
		return proof.Yes
	case "false":
		return proof.No
	}
	return proof.Unanswered
}

func (r reader) way() performance.Way {
	switch {
	case r.fact("building_demolished") == proof.Yes:
		return performance.Demolition
	case r.fact("performed_by_substitute") == proof.Yes:
		return performance.Substitute
	case r.fact("own_enforcement") == proof.Yes:
		return performance.Own
	}
	return performance.Court // 行政强制法 §13¶2: where no law gives the power
}

func (r reader) chain(x Fine) (performance.Chain, performance.GuardVerdict, error) {
	c := performance.Chain{Way: r.way(), Money: true, PerformBy: x.Fine.Due, Performed: r.performed(x)}
	if served, ok := r.f.Served(x.Decision); ok {
		c.Served = proof.On(term.DayOf(served))
	}
	var granted time.Time
	for _, p := range x.Fine.Plans { // the one granted last counts
		if p.Granted.After(granted) {
			granted, c.PlanEnds = p.Granted, p.End()
		}
	}
	d, _ := r.f.Paper(x.Decision)
	c.Told = proof.Of(!d.Values.Empty("remedy_review") && !d.Values.Empty("remedy_suit"))
	if r.fact("remedies_untold") == proof.Yes {
		c.Told = proof.No
	}
	c.ReviewFiled, c.ReviewReceived, c.SuitFiled = r.first("review_applied"), r.first("review_decision_received"), r.first("suit_filed")
	if began := r.first("surcharge_began"); began.Known() {
		c.ChargeSince = began.Day()
	}
	r.demand(&c)
	r.apply(&c)
	if p := r.f.Done(announced); len(p) > 0 {
		if t, ok := p[0].Values.Time("issued_on"); ok {
			c.Announced = proof.On(term.DayOf(t))
		}
	}
	guard, err := r.act(&c)
	return c, guard, err
}

// performed: a record that says so, or the money itself.
func (r reader) performed(x Fine) proof.Answer {
	switch {
	case x.Known && x.Standing.State == performance.Settled, r.first("performed").Known():
		return proof.Yes
	case x.Known && (x.Standing.State == performance.Overdue || x.Standing.State == performance.ChargeOwed), r.fact("not_performed") == proof.Yes:
		return proof.No
	}
	return proof.Unanswered
}

func (r reader) demand(c *performance.Chain) {
	for _, p := range r.f.Done(demandPaper) {
		served, ok := r.f.Served(p.ID)
		if !ok {
			continue
		}
		c.DemandServed = proof.On(term.DayOf(served))
		whole := !p.Values.Empty("perform_by") && !p.Values.Empty("perform_way") && !p.Values.Empty("amount") && !p.Values.Empty("rights_list")
		c.DemandContents = proof.Of(whole)
		if t, ok := p.Values.Time("perform_by"); ok {
			c.DemandBy = term.DayOf(t)
		}
		break // the first that was served begins the days
	}
	if !c.DemandServed.Known() {
		return
	}
	after := func(p matter.Paper, field string) bool {
		t, ok := p.Values.Time(field)
		return ok && !term.DayOf(t).Before(c.DemandServed.Day())
	}
	for _, p := range r.f.Done(statement) {
		if after(p, "ended_at") {
			c.Answered = proof.Yes
		}
	}
	for _, p := range r.f.Done(reviewOf) {
		if term.DayOf(p.DoneAt).Before(c.DemandServed.Day()) {
			continue
		}
		c.Answered, c.Weighed = proof.Yes, proof.Yes
	}
}

// apply reads the application. It tells of the demand and of what the party said to it: that is where silence is of record.
func (r reader) apply(c *performance.Chain) {
	for _, p := range r.f.OfType(application) {
		if c.Answered == proof.Unanswered && !p.Values.Empty("demand_state") {
			c.Answered = proof.Of(strings.TrimSpace(p.Values.Text("party_opinion")) != "")
		}
		whole := true
		for _, field := range []string{"facts", "reasons", "basis", "demand_state", "subject_state", "attachments"} {
			whole = whole && !p.Values.Empty(field)
		}
		c.Materials = proof.Of(whole)
		leader, seal := false, false
		for _, s := range r.f.SignedBy(p) {
			leader = leader || s.Role == "leader" && s.Mode != matter.Refused
			seal = seal || s.Role == "seal"
		}
		for _, a := range r.f.Said(p.ID, r.f.Round(p.ID)) {
			leader = leader || a.Step == matter.StepLeader && a.Agreed
		}
		c.Sealed = proof.Of(leader && seal)
	}
	c.Applied = r.first("court_applied")
}

// act reads the enforcement decision and when it was, or is to be, carried out.
func (r reader) act(c *performance.Chain) (performance.GuardVerdict, error) {
	var plan performance.Action
	for _, p := range r.f.Done(ownDecision, substitute) {
		if t, ok := p.Values.Time("issued_on"); ok {
			c.Decided = proof.On(term.DayOf(t))
		}
		if served, ok := r.f.Served(p.ID); ok {
			c.DecidedServed = proof.On(term.DayOf(served))
		}
		if p.Type == ownDecision && !p.Values.Empty("power_basis") || p.Type == substitute && !p.Values.Empty("basis") {
			c.Power = proof.Yes
		}
		if t, ok := p.Values.Time("exec_at"); ok {
			plan.From, plan.To = t, t
		}
	}
	for _, p := range r.f.Done(onSite, "substitute-performance-record") {
		from, ok := p.Values.Time("started_at")
		to, okTo := p.Values.Time("ended_at")
		if ok && okTo {
			plan.From, plan.To = from, to
		}
	}
	if plan.From.IsZero() {
		return performance.GuardVerdict{}, nil
	}
	c.Acted = proof.At(plan.From)
	v, err := r.law.Hours.Guard(r.law.Calendar, plan)
	if fault.HasCode(err, "performance.span") { // for the form to refuse; here its time is not known
		v, err = performance.GuardVerdict{State: performance.GuardCannotJudge}, nil
	}
	c.Guard = v.State
	return v, err
}

// Owed is what still has to become of the decisions of a case before it may be closed (R-10-02).
type Owed struct {
	Decision ident.PaperID
	Code     string // its words are "execution.owed.<code>"
	Article  string
}

// Owes lists it: fines of which nobody knows how they stand, money that is owed and neither deferred nor before the court,
// money taken on the spot that has not reached the bank.
func Owes(f matter.File, law Law, at time.Time) ([]Owed, error) {
	fines, err := Fines(f, law, at)
	if err != nil {
		return nil, err
	}
	applied := len(f.Done(application)) > 0
	var out []Owed
	for _, x := range fines {
		owe := func(code, article string) { out = append(out, Owed{x.Decision, code, article}) }
		switch {
		case !x.Known:
			owe("unknown", "制度 §10(2)")
			continue
		case x.Standing.State == performance.Settled:
		case x.Standing.State == performance.Overdue && !applied:
			owe("overdue", "行政处罚法 §72")
		case x.Standing.State == performance.ChargeOwed && !applied:
			owe("charge", "行政处罚法 §72¶1(1)")
		case !applied:
			owe("running", "行政处罚法 §66")
		}
		if len(x.Doubts) > 0 {
			owe("doubt", "制度 §10(2)")
		}
	}
	spots, err := Spots(f, law, at)
	if err != nil {
		return nil, err
	}
	for _, p := range f.Papers {
		v, ok := spots[p.ID]
		if ok && v.HandIn.State != performance.LimitNone && v.Bank.State != performance.LimitMet && v.Bank.State != performance.LimitLate {
			out = append(out, Owed{p.ID, "not_banked", "行政处罚法 §71"})
		}
	}
	return out, nil
}
