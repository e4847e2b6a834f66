package performance

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Purpose is what a payment was made for, as its voucher says.
type Purpose string

// The purposes. Unless its voucher says that it is for the charge, a payment goes to the fine first: what stands against
// the party stops growing soonest.
const (
	ForFine   Purpose = ""
	ForCharge Purpose = "charge"
)

// Payment (缴纳) is one payment by voucher.
type Payment struct {
	On     time.Time // day
	Amount Fen
	For    Purpose
}

// StayKind is a time in which no charge is counted.
type StayKind string

// The kinds (行政处罚法 §73¶3).
const (
	Review StayKind = "review" // 行政复议期间
	Suit   StayKind = "suit"   // 行政诉讼期间
)

// Stay is such a time.
type Stay struct {
	Kind     StayKind
	From, To time.Time // days, both in it; To zero while it lasts
}

// Base is what the three per cent are taken of.
type Base string

// The bases. The statute says "of the fine" (罚款数额); where part is paid in time most bureaus take what is left, and
// that is the default because it is the smaller. The bureau's lawyers choose.
const (
	OfUnpaid Base = "unpaid"
	OfWhole  Base = "whole"
)

// Fine (罚款) is a fine and what became of it.
type Fine struct {
	Amount   Fen
	Due      time.Time // last day to pay: Due, or the day the decision itself sets
	Payments []Payment
	Stays    []Stay
	Plans    []Plan // granted deferrals and instalments: from the day it is granted each takes the place of what was before
	Base     Base   // "" is OfUnpaid
}

const finePayment = "fine-payment-15d"

// Due gives the last day to pay a fine whose decision was received on a day (行政处罚法 §67¶3: fifteen days, natural).
func Due(rules proof.Rules, received time.Time) (term.Result, error) {
	return rules.Count(finePayment, received)
}

// FineState is how a fine stands.
type FineState string

// The states.
const (
	InTime     FineState = "in_time"     // owed, and the day has not passed
	Deferred   FineState = "deferred"    // owed by a granted plan, nothing of it overdue
	Overdue    FineState = "overdue"     // part of it is owed and its day has passed
	ChargeOwed FineState = "charge_owed" // the fine is paid, the charge for being late is not
	Settled    FineState = "settled"
)

// Standing (履行情况) is how a fine stands on a day.
type Standing struct {
	State                  FineState
	PaidFine, OwedFine     Fen
	Charge                 Fen // 加处罚款 until this day, at most the fine
	PaidCharge, OwedCharge Fen
	Owed                   Fen // fine and charge
	Overpaid               Fen // to be given back
	LateDays               int // days for which was charged
	StayedDays             int // late days not counted: review or suit
	Capped                 bool
	Instalments            []InstalmentStanding
}

// percent is the charge a day: three of a hundred (行政处罚法 §72¶1(1)).
const percent = 3

// longest is how far a standing is counted: longer than any limitation.
const longest = 60 * 366

// Stand says how a fine stands on a day: what is paid, owed and charged. The charge begins on the day after the last day
// to pay, counts the day of payment as late, stops for review and suit (行政处罚法 §73¶3) and under a granted plan
// (§66¶2), is cut to whole fen in the party's favour, and never exceeds the fine (§72¶1(1); 行政强制法 §45¶2). What nobody
// can mean is fault Invalid "performance.fine" or that of the plan.
func (f Fine) Stand(on time.Time) (Standing, error) {
	f, on = f.onDays(), dayOf(on)
	if err := f.check(on); err != nil {
		return Standing{}, err
	}
	payments := f.Payments
	slices.SortStableFunc(payments, func(a, b Payment) int { return a.On.Compare(b.On) })
	l := ledger{fine: f}
	day := f.Due
	if len(payments) > 0 && payments[0].On.Before(day) {
		day = payments[0].On
	}
	for ; !day.After(on) && (len(payments) > 0 || l.paidFine < f.Amount); day = day.AddDate(0, 0, 1) {
		l.charge(day)
		for len(payments) > 0 && payments[0].On.Equal(day) {
			l.pay(payments[0])
			payments = payments[1:]
		}
	}
	return l.standing(on), nil
}

// dayOf drops the time from what is a day; a day that is not known stays so.
func dayOf(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return proof.On(t).Day()
}

// onDays is the same fine with nothing but days in it, in slices of its own.
func (f Fine) onDays() Fine {
	f.Due = dayOf(f.Due)
	f.Payments, f.Stays = slices.Clone(f.Payments), slices.Clone(f.Stays)
	for i := range f.Payments {
		f.Payments[i].On = dayOf(f.Payments[i].On)
	}
	for i := range f.Stays {
		f.Stays[i].From, f.Stays[i].To = dayOf(f.Stays[i].From), dayOf(f.Stays[i].To)
	}
	f.Plans = slices.Clone(f.Plans)
	for i := range f.Plans {
		p := Plan{Granted: dayOf(f.Plans[i].Granted), Instalments: slices.Clone(f.Plans[i].Instalments)}
		for j := range p.Instalments {
			p.Instalments[j].Due = dayOf(p.Instalments[j].Due)
		}
		f.Plans[i] = p
	}
	slices.SortStableFunc(f.Plans, func(a, b Plan) int { return a.Granted.Compare(b.Granted) })
	return f
}

func (f Fine) check(on time.Time) error {
	wrong := func(field string) error { return fault.New(fault.Invalid, "performance.fine", field).At(field) }
	if f.Amount <= 0 || f.Amount > Most {
		return wrong("amount")
	}
	if f.Due.IsZero() || on.Sub(f.Due) > longest*24*time.Hour {
		return wrong("due")
	}
	if f.Base != "" && f.Base != OfUnpaid && f.Base != OfWhole {
		return wrong("base")
	}
	var sum Fen
	for _, p := range f.Payments {
		if p.Amount <= 0 || p.Amount > Most || p.On.IsZero() || f.Due.Sub(p.On) > longest*24*time.Hour {
			return wrong("payments")
		}
		if sum += p.Amount; sum > 4*Most {
			return wrong("payments")
		}
	}
	for _, s := range f.Stays {
		if s.From.IsZero() || !s.To.IsZero() && s.To.Before(s.From) || s.Kind != Review && s.Kind != Suit {
			return wrong("stays")
		}
	}
	for _, p := range f.Plans {
		if problems := p.Check(f.Amount); len(problems) > 0 {
			return fault.New(fault.Invalid, "performance.plan").At("plan")
		}
	}
	return nil
}

// inForce is the plan that holds on a day, nil where none was granted until then.
func (f Fine) inForce(day time.Time) *Plan {
	for i := len(f.Plans) - 1; i >= 0; i-- {
		if !day.Before(f.Plans[i].Granted) {
			return &f.Plans[i]
		}
	}
	return nil
}

// schedule is what is to be paid by when, as it holds on a day.
func (f Fine) schedule(day time.Time) []Instalment {
	if p := f.inForce(day); p != nil {
		return p.Instalments
	}
	return []Instalment{{f.Due, f.Amount}}
}

// ledger goes through the days.
type ledger struct {
	fine                 Fine
	hundredths           int64 // of a fen: the charge before it is cut to whole fen
	paidFine, paidCharge Fen
	overpaid             Fen
	late, stayed         int
}

// part is how one line of a schedule stands: payments fill the lines in their order.
type part struct {
	Instalment
	unpaid Fen
	late   bool
}

// parts says how the schedule of a day stands on it. A plan is a favour: what it wants before the fine's own last day is
// not late before that.
func (l *ledger) parts(day time.Time) []part {
	schedule := l.fine.schedule(day)
	out := make([]part, 0, len(schedule))
	paid := l.paidFine
	for _, in := range schedule {
		filled := min(paid, in.Amount)
		paid -= filled
		out = append(out, part{in, in.Amount - filled, filled < in.Amount && day.After(lastDay(in.Due, l.fine.Due))})
	}
	return out
}

func (l *ledger) charge(day time.Time) {
	var base Fen
	for _, p := range l.parts(day) {
		switch {
		case !p.late:
		case l.fine.Base == OfWhole:
			base += p.Amount
		default:
			base += p.unpaid
		}
	}
	switch {
	case base == 0:
		return
	case l.fine.stayed(day):
		l.stayed++
		return
	}
	l.late++
	l.hundredths = min(l.hundredths+int64(base)*percent, int64(l.fine.Amount)*100)
}

func (f Fine) stayed(day time.Time) bool {
	for _, s := range f.Stays {
		if !day.Before(s.From) && (s.To.IsZero() || !day.After(s.To)) {
			return true
		}
	}
	return false
}

// charged is the charge so far, in whole fen.
func (l *ledger) charged() Fen { return Fen(l.hundredths / 100) }

func (l *ledger) pay(p Payment) {
	left := p.Amount
	if p.For == ForCharge {
		left = l.payCharge(left)
	}
	toFine := min(left, l.fine.Amount-l.paidFine)
	l.paidFine += toFine
	l.overpaid += l.payCharge(left - toFine)
}

func (l *ledger) payCharge(left Fen) Fen {
	paid := min(left, l.charged()-l.paidCharge)
	l.paidCharge += paid
	return left - paid
}

func (l *ledger) standing(on time.Time) Standing {
	s := Standing{
		PaidFine: l.paidFine, OwedFine: l.fine.Amount - l.paidFine,
		Charge: l.charged(), PaidCharge: l.paidCharge, OwedCharge: l.charged() - l.paidCharge,
		Overpaid: l.overpaid, LateDays: l.late, StayedDays: l.stayed, Capped: l.charged() == l.fine.Amount,
	}
	s.Owed = s.OwedFine + s.OwedCharge
	parts, plan := l.parts(on), l.fine.inForce(on)
	late := slices.ContainsFunc(parts, func(p part) bool { return p.late })
	switch {
	case late:
		s.State = Overdue
	case s.OwedFine == 0 && s.OwedCharge > 0:
		s.State = ChargeOwed
	case s.Owed == 0:
		s.State = Settled
	case plan != nil:
		s.State = Deferred
	default:
		s.State = InTime
	}
	if plan != nil {
		s.Instalments = instalments(parts)
	}
	return s
}
