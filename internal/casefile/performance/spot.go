package performance

import (
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// The limits of the summary procedure and of collecting on the spot.
const (
	SpotPerson       Fen = 200_00   // 行政处罚法 §51
	SpotOrganisation Fen = 3_000_00 // 行政处罚法 §51
	SpotCollect      Fen = 100_00   // 行政处罚法 §68(1)
)

// Spot (当场处罚、当场收缴) is a fine decided or collected on the spot.
type Spot struct {
	Ordinary     bool // decided by the ordinary procedure (§57); only its collection is judged
	Organisation bool
	Warning      bool // a warning and no fine
	Fine         Fen
	Certain      proof.Answer // the facts are certain and a law says so (§51)

	Collected proof.Moment // zero: it was not collected on the spot
	HardLater proof.Answer // §68(2): hard to execute later
	Remote    proof.Answer // §69: remote, on water or hard to reach, and paying at the bank really hard
	Asked     proof.Answer // §69: the party asked for it
	Ticket    proof.Answer // §70: the ticket of the ministry or the region was given
	OnWater   bool
	Landed    proof.Moment // §71: on water the two days run from landing
	HandedIn  proof.Moment // the officer gave the money to the bureau
	Banked    proof.Moment // the bureau paid it in
}

// LimitState is how a term of the chain stands.
type LimitState string

// The states.
const (
	LimitNone        LimitState = "" // has not begun
	LimitMet         LimitState = "met"
	LimitLate        LimitState = "late"
	LimitRunning     LimitState = "running"
	LimitOverdue     LimitState = "overdue"
	LimitCannotJudge LimitState = "cannot_judge"
)

// Limit is one term with its last day.
type Limit struct {
	Due     string
	State   LimitState
	Article string
	Doubt   term.Doubt
}

// SpotVerdict is what is said of it.
type SpotVerdict struct {
	Decision   proof.Lacks // what bars deciding on the spot
	Collection proof.Lacks // what bars collecting on the spot
	HandIn     Limit
	Bank       Limit
	Disorder   bool // handed in before it was collected, or banked before it was handed in
}

// Judge says whether the fine could be decided and collected on the spot, and whether the money went on in time.
func (s Spot) Judge(rules proof.Rules, asOf time.Time) (SpotVerdict, error) {
	var v SpotVerdict
	if !s.Ordinary {
		v.Decision.Want("spot_certain", "行政处罚法 §51", s.Certain)
		limit := SpotPerson
		if s.Organisation {
			limit = SpotOrganisation
		}
		if !s.Warning && s.Fine > limit {
			v.Decision.Add("spot_limit", "行政处罚法 §51")
		}
	}
	if !s.Collected.Known() {
		return v, nil
	}
	remote := both(s.Remote, s.Asked)
	may, article := proof.Either(s.HardLater, remote, proof.Of(s.Fine <= SpotCollect)), "行政处罚法 §68、§69"
	if s.Ordinary {
		may, article = remote, "行政处罚法 §69" // §68 is for decisions on the spot
	}
	v.Collection.Want("spot_collect_ground", article, may)
	v.Collection.Want("spot_ticket", "行政处罚法 §70", s.Ticket)
	from := s.Collected
	if s.OnWater {
		from = s.Landed
	}
	var err error
	if v.HandIn, err = limit(rules, "spot-fine-handover-2wd", from, s.HandedIn, asOf); err != nil {
		return SpotVerdict{}, err
	}
	if v.Bank, err = limit(rules, "spot-fine-bank-2wd", s.HandedIn, s.Banked, asOf); err != nil {
		return SpotVerdict{}, err
	}
	v.Disorder = s.HandedIn.Before(s.Collected) || s.Banked.Before(s.HandedIn) || s.Landed.Before(s.Collected)
	return v, nil
}

// both is Yes if both are, No if one is not.
func both(a, b proof.Answer) proof.Answer {
	switch {
	case a == proof.Yes && b == proof.Yes:
		return proof.Yes
	case a == proof.No || b == proof.No:
		return proof.No
	}
	return proof.Unanswered
}

// limit judges one term from the day it begins to the day it was met.
func limit(rules proof.Rules, id string, from, met proof.Moment, asOf time.Time) (Limit, error) {
	if !from.Known() {
		return Limit{}, nil
	}
	due, err := rules.Count(id, from.Day())
	if err != nil {
		return Limit{}, err
	}
	l := Limit{Due: due.Due, Article: due.Basis, Doubt: due.Doubt}
	switch {
	case due.Doubt != "":
		l.State = LimitCannotJudge
	case met.Known() && met.Day().Format(time.DateOnly) <= due.Due:
		l.State = LimitMet
	case met.Known():
		l.State = LimitLate
	case term.DayOf(asOf).Format(time.DateOnly) <= due.Due:
		l.State = LimitRunning
	default:
		l.State = LimitOverdue
	}
	return l, nil
}
