package performance

import (
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
)

// Instalment (分期) is one payment of a plan. A deferral (暂缓) is a plan of one.
type Instalment struct {
	Due    time.Time // last day
	Amount Fen
}

// Plan (延期、分期缴纳) is granted where the party is in real hardship, applies, and the bureau approves (行政处罚法 §66¶2).
// Its instalments make up the whole fine; what was paid before it was granted counts towards the first of them.
type Plan struct {
	Granted     time.Time // the day the bureau approved it
	Instalments []Instalment
}

// PlanProblem is what is wrong with a plan.
type PlanProblem struct {
	Row  int // counted from 1; 0 is the plan itself
	Code PlanCode
}

// PlanCode says what.
type PlanCode string

// The codes.
const (
	PlanNotGranted PlanCode = "not_granted"
	PlanEmpty      PlanCode = "empty"
	PlanTooLong    PlanCode = "too_long" // more instalments than anybody grants
	PlanAmount     PlanCode = "amount"   // nothing, or less
	PlanNoDay      PlanCode = "no_day"
	PlanTooEarly   PlanCode = "too_early" // due before it was granted
	PlanOrder      PlanCode = "order"     // not after the one before
	PlanSum        PlanCode = "sum"       // not the fine
)

// longestPlan is more instalments than anybody grants: ten years of months.
const longestPlan = 120

// Check names what is wrong with a plan for a fine of this amount, row by row.
func (p Plan) Check(fine Fen) []PlanProblem {
	var out []PlanProblem
	if p.Granted.IsZero() {
		out = append(out, PlanProblem{0, PlanNotGranted})
	}
	switch n := len(p.Instalments); {
	case n == 0:
		return append(out, PlanProblem{0, PlanEmpty})
	case n > longestPlan:
		return append(out, PlanProblem{0, PlanTooLong})
	}
	var sum Fen
	for i, in := range p.Instalments {
		wrong := func(c PlanCode) { out = append(out, PlanProblem{i + 1, c}) }
		if in.Amount <= 0 || in.Amount > Most {
			wrong(PlanAmount)
		} else {
			sum += in.Amount
		}
		switch {
		case in.Due.IsZero():
			wrong(PlanNoDay)
		case in.Due.Before(p.Granted):
			wrong(PlanTooEarly)
		case i > 0 && !in.Due.After(p.Instalments[i-1].Due):
			wrong(PlanOrder)
		}
	}
	if sum != fine {
		out = append(out, PlanProblem{0, PlanSum})
	}
	return out
}

// End is the last day of a plan, from which the three months for the court are counted (行政处罚法 §72¶2).
func (p Plan) End() time.Time {
	if len(p.Instalments) == 0 {
		return time.Time{}
	}
	return p.Instalments[len(p.Instalments)-1].Due
}

// PlanRecord is what the record says of how a plan came about.
type PlanRecord struct {
	Hardship, Applied, Approved proof.Answer
}

// Lacks names what §66¶2 demands and the record does not show.
func (r PlanRecord) Lacks() proof.Lacks {
	const article = "行政处罚法 §66¶2"
	var l proof.Lacks
	l.Want("plan_hardship", article, r.Hardship)
	l.Want("plan_applied", article, r.Applied)
	l.Want("plan_approved", article, r.Approved)
	return l
}

// InstalmentState is how one instalment stands.
type InstalmentState string

// The states.
const (
	InstalmentPaid    InstalmentState = "paid"
	InstalmentPart    InstalmentState = "part" // its day has not passed
	InstalmentOpen    InstalmentState = "open"
	InstalmentOverdue InstalmentState = "overdue"
)

// InstalmentStanding is how one instalment stands on a day.
type InstalmentStanding struct {
	Instalment
	Paid  Fen
	State InstalmentState
}

func instalments(parts []part) []InstalmentStanding {
	out := make([]InstalmentStanding, 0, len(parts))
	for _, p := range parts {
		s := InstalmentStanding{Instalment: p.Instalment, Paid: p.Amount - p.unpaid}
		switch {
		case p.unpaid == 0:
			s.State = InstalmentPaid
		case p.late:
			s.State = InstalmentOverdue
		case s.Paid > 0:
			s.State = InstalmentPart
		default:
			s.State = InstalmentOpen
		}
		out = append(out, s)
	}
	return out
}
