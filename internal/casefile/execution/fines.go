// Package execution reads from a case what package performance judges: how each fine stands, what was decided or collected
// on the spot, and how far the chain from the demand to enforcement has come (第十条第二、三项). It is pure; what the papers
// do not show it hands on as not known, and what is there twice or not readable it names.
package execution

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// The documents that are read.
const (
	penalty     = "penalty-decision"
	spotPenalty = "spot-penalty-decision"
	voucher     = "fine-payment-voucher"
	planPaper   = "fine-instalment-decision"
	demandPaper = "demand-notice"
	application = "court-enforcement-application"
	statement   = "statement-defence-record"
	reviewOf    = "statement-review"
	ownDecision = "enforcement-decision"
	substitute  = "substitute-performance-decision"
	announced   = "demolition-announcement"
	onSite      = "enforcement-onsite-record"
)

// Doubt is why how a fine stands cannot be said, or not wholly.
type Doubt string

// The doubts.
const (
	NoAmount     Doubt = "amount"        // the decision's amount is not readable
	NotServed    Doubt = "not_served"    // no day to count from
	NoDue        Doubt = "due"           // the last day cannot be counted
	BadVoucher   Doubt = "voucher"       // a voucher without a readable day or amount
	WhoseVoucher Doubt = "voucher_whose" // several fines, and a voucher that names none of their parties
	BadPlan      Doubt = "plan"          // see PlanProblems
	WhosePlan    Doubt = "plan_whose"
)

// Fine is one fine of a case and how it stands.
type Fine struct {
	Decision     ident.PaperID
	Spot         bool
	Due          term.Result
	Fine         performance.Fine
	Standing     performance.Standing // zero where it cannot be said
	Known        bool                 // Standing says something
	Doubts       []Doubt
	PlanProblems []performance.PlanProblem
}

// Law is what a case is read by: the catalogue and calendar of its edition, and what the bureau sets.
type Law struct {
	proof.Rules
	Base  performance.Base
	Hours performance.Hours
}

// Fines lists the fines of a case as they stand on a moment. An error is a catalogue without the term of payment.
func Fines(f matter.File, law Law, at time.Time) ([]Fine, error) {
	events := procedure.Events(f, law.Catalogue)
	var out []Fine
	var parties []string
	for _, p := range f.Done(penalty, spotPenalty) {
		if p.Values.Empty("fine_amount") {
			continue
		}
		x := Fine{Decision: p.ID, Spot: p.Type == spotPenalty}
		amount, err := performance.ParseFen(p.Values.Text("fine_amount"))
		if err != nil {
			x.doubt(NoAmount)
		} else if amount == 0 {
			continue // a decision without a fine, filled in by a careful hand
		}
		x.Fine = performance.Fine{Amount: amount, Base: law.Base, Stays: stays(events)}
		out = append(out, x)
		parties = append(parties, party(p))
	}
	for i := range out {
		x := &out[i]
		x.payments(f, parties, i)
		x.plan(f, events, parties, i)
		if err := x.stand(f, law, at); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (x *Fine) doubt(d Doubt) {
	if !slices.Contains(x.Doubts, d) {
		x.Doubts = append(x.Doubts, d)
	}
}

func party(p matter.Paper) string {
	if who := p.Values.People("party"); len(who) > 0 {
		return who[0].Name
	}
	return p.Values.Text("party_name")
}

// belongs says whether a paper about a payment belongs to the i-th fine: it names that fine's party, or there is but one.
func belongs(p matter.Paper, parties []string, i int) (is, nobodys bool) {
	if len(parties) == 1 {
		return true, false
	}
	who := party(p)
	if !slices.Contains(parties, who) || who == "" {
		return false, true
	}
	return who == parties[i], false
}

func (x *Fine) payments(f matter.File, parties []string, i int) {
	for _, p := range f.Done(voucher) {
		is, nobodys := belongs(p, parties, i)
		if nobodys {
			x.doubt(WhoseVoucher)
		}
		if !is {
			continue
		}
		on, ok := p.Values.Time("paid_on")
		amount, err := performance.ParseFen(p.Values.Text("paid_amount"))
		if !ok || err != nil || amount == 0 {
			x.doubt(BadVoucher)
			continue
		}
		x.Fine.Payments = append(x.Fine.Payments, performance.Payment{On: term.DayOf(on), Amount: amount})
	}
	if d, ok := f.Paper(x.Decision); ok && x.Spot && len(x.Fine.Payments) == 0 && collected(d.Values) && x.Fine.Amount > 0 {
		if on, ok := d.Values.Time("issued_on"); ok { // taken there and then, the voucher not yet in the file
			x.Fine.Payments = []performance.Payment{{On: term.DayOf(on), Amount: x.Fine.Amount}}
		}
	}
}

// collected reports whether a paper says that money was taken on the spot.
func collected(v form.Values) bool {
	how := v.Text("spot_collection")
	return how != "" && how != "none"
}

func (x *Fine) plan(f matter.File, events []procedure.Happened, parties []string, i int) {
	if x.Fine.Amount == 0 {
		return // not readable: nothing to hold a plan against
	}
	for _, p := range f.Done(planPaper) {
		is, nobodys := belongs(p, parties, i)
		if nobodys {
			x.doubt(WhosePlan)
		}
		if !is {
			continue
		}
		plan := performance.Plan{}
		for _, e := range events {
			if e.Event == "payment_deferred" && e.Paper == p.ID {
				plan.Granted = term.DayOf(e.At)
			}
		}
		for _, row := range p.Values.Rows("instalments") {
			var in performance.Instalment
			due, _ := row["due"].(string)
			amount, _ := row["amount"].(string)
			if t, ok := form.ParseTime(due); ok {
				in.Due = term.DayOf(t)
			}
			if a, err := performance.ParseFen(amount); err == nil {
				in.Amount = a
			}
			plan.Instalments = append(plan.Instalments, in)
		}
		if problems := plan.Check(x.Fine.Amount); len(problems) > 0 {
			x.doubt(BadPlan)
			x.PlanProblems = append(x.PlanProblems, problems...)
			continue // what cannot be meant defers nothing
		}
		x.Fine.Plans = append(x.Fine.Plans, plan)
	}
}

// stays are the times of review and suit. The vocabulary knows no event that ends a suit: it lasts until the case says so
// by the decision's being changed or withdrawn.
func stays(events []procedure.Happened) []performance.Stay {
	var out []performance.Stay
	for _, e := range events {
		day := term.DayOf(e.At)
		switch e.Event {
		case "review_applied":
			out = append(out, performance.Stay{Kind: performance.Review, From: day})
		case "suit_filed":
			out = append(out, performance.Stay{Kind: performance.Suit, From: day})
		case "review_decision_received":
			for i := range out {
				if out[i].Kind == performance.Review && out[i].To.IsZero() {
					out[i].To = day
				}
			}
		}
	}
	return out
}

func (x *Fine) stand(f matter.File, law Law, at time.Time) error {
	served, ok := f.Served(x.Decision)
	if !ok {
		x.doubt(NotServed)
		return nil
	}
	due, err := performance.Due(law.Rules, term.DayOf(served))
	if err != nil {
		return err
	}
	if x.Due = due; due.Due == "" {
		x.doubt(NoDue)
		return nil
	}
	if x.Fine.Due, err = time.Parse(time.DateOnly, due.Due); err != nil {
		return err
	}
	if x.Fine.Amount == 0 {
		return nil
	}
	x.Standing, err = x.Fine.Stand(term.DayOf(at))
	if err != nil {
		return err
	}
	x.Known = true
	return nil
}

// moment is when an event happened. A day alone is kept as the instant it began in Beijing, in whatever zone it is read.
func moment(e procedure.Happened) proof.Moment {
	if e.Timed {
		return proof.At(e.At)
	}
	return proof.On(term.DayOf(e.At))
}

// Spots judges what was decided or collected on the spot.
func Spots(f matter.File, law Law, at time.Time) (map[ident.PaperID]performance.SpotVerdict, error) {
	events := procedure.Events(f, law.Catalogue)
	out := map[ident.PaperID]performance.SpotVerdict{}
	for _, p := range f.Done(spotPenalty, voucher) {
		if p.Type == voucher && !collected(p.Values) {
			continue
		}
		if p.Type == voucher && len(f.Done(spotPenalty)) > 0 {
			continue // its decision says the same
		}
		v, err := spotOf(f, p, events).Judge(law.Rules, at)
		if err != nil {
			return nil, err
		}
		out[p.ID] = v
	}
	return out, nil
}

func spotOf(f matter.File, p matter.Paper, events []procedure.Happened) performance.Spot {
	s := performance.Spot{Ordinary: p.Type == voucher}
	amount, when := "fine_amount", "issued_on"
	if s.Ordinary {
		amount, when = "paid_amount", "paid_on"
	}
	s.Warning = p.Values.Empty(amount)
	if a, err := performance.ParseFen(p.Values.Text(amount)); err == nil {
		s.Fine = a
	}
	for _, x := range f.Parties {
		if x.Role == matter.PartyMain && x.EndedAt.IsZero() {
			s.Organisation = x.Kind == matter.Organisation
			break
		}
	}
	// The form asks for the violation and its law; a record that is complete has both (§51).
	s.Certain = proof.Of(!p.Values.Empty("violation") && !p.Values.Empty("basis"))
	if !collected(p.Values) {
		return s
	}
	if on, ok := p.Values.Time(when); ok {
		s.Collected = proof.On(term.DayOf(on))
	}
	how := p.Values.Text("spot_collection")
	s.HardLater, s.Remote = proof.Of(how == "hard"), proof.Of(how == "remote")
	s.Asked = s.Remote // the option says that the party asked
	s.Ticket = proof.Of(!p.Values.Empty("receipt_no"))
	for _, e := range events {
		m := moment(e)
		switch {
		case e.Event == "fine_handed_over" && !s.HandedIn.Known():
			s.HandedIn = m
		case e.Event == "fine_banked" && !s.Banked.Known():
			s.Banked = m
		}
	}
	return s
}
