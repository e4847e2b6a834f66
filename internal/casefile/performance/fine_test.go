package performance_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func rules(t testing.TB) proof.Rules {
	t.Helper()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	return proof.Rules{Catalogue: c, Calendar: cal}
}

func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func fen(t testing.TB, s string) performance.Fen {
	t.Helper()
	f, err := performance.ParseFen(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestDue: 行政处罚法 §67¶3, fifteen natural days from receipt, the day of receipt not counted.
func TestDue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ received, due, why string }{
		{"2026-03-02", "2026-03-17", "2 + 15, a Tuesday"},
		{"2026-09-18", "2026-10-08", "2026-10-03 is 国庆 1–7: the 8th"},
		{"2026-02-02", "2026-02-24", "the 17th is 春节 15–23: the 24th"},
		{"2026-01-30", "2026-02-14", "Saturday 14 February is a make-up day and no day of rest"},
	} {
		r, err := performance.Due(rules(t), day(t, c.received))
		if err != nil || r.Due != c.due {
			t.Errorf("%s: %s %v, want %s: %s", c.received, r.Due, err, c.due, c.why)
		}
	}
}

// TestCharge: what is charged, by hand. 行政处罚法 §72¶1(1): three per cent a day, at most the fine.
func TestCharge(t *testing.T) {
	t.Parallel()
	d := func(s string) time.Time { return day(t, s) }
	m := func(s string) performance.Fen { return fen(t, s) }
	plan := func(granted string, rest ...string) []performance.Plan {
		p := performance.Plan{Granted: d(granted)}
		for i := 0; i < len(rest); i += 2 {
			p.Instalments = append(p.Instalments, performance.Instalment{Due: d(rest[i]), Amount: m(rest[i+1])})
		}
		return []performance.Plan{p}
	}
	paid := func(pairs ...string) (out []performance.Payment) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, performance.Payment{On: d(pairs[i]), Amount: m(pairs[i+1])})
		}
		return out
	}
	due := "2026-03-17"
	for _, c := range []struct {
		name   string
		fine   performance.Fine
		on     string
		state  performance.FineState
		charge string
		owed   string
		late   int
		stayed int
		why    string
	}{
		{"on the last day", performance.Fine{Amount: m("1000")}, "2026-03-17", performance.InTime, "0", "1000", 0, 0, "到期: the last day itself is in time"},
		{"a day late", performance.Fine{Amount: m("1000")}, "2026-03-18", performance.Overdue, "30", "1030", 1, 0, "1000 × 3 %"},
		{"ten days", performance.Fine{Amount: m("1000")}, "2026-03-27", performance.Overdue, "300", "1300", 10, 0, "18–27 March"},
		{"thirty-three days", performance.Fine{Amount: m("1000")}, "2026-04-19", performance.Overdue, "990", "1990", 33, 0, "14 in March + 19"},
		{"capped", performance.Fine{Amount: m("1000")}, "2026-04-20", performance.Overdue, "1000", "2000", 34, 0, "34 × 30 = 1020 is over the fine"},
		{"a year", performance.Fine{Amount: m("1000")}, "2027-03-17", performance.Overdue, "1000", "2000", 365, 0, "no more than the fine, ever"},
		{"cut to the fen", performance.Fine{Amount: m("33.33")}, "2026-03-18", performance.Overdue, "0.99", "34.32", 1, 0, "0.9999"},
		{"cut once, not daily", performance.Fine{Amount: m("33.33")}, "2026-03-27", performance.Overdue, "9.99", "43.32", 10, 0, "9.999, not 10 × 0.99"},
		{"paid in time", performance.Fine{Amount: m("1000"), Payments: paid("2026-03-17", "1000")}, "2026-05-01", performance.Settled, "0", "0", 0, 0, ""},
		{"paid a day late", performance.Fine{Amount: m("1000"), Payments: paid("2026-03-18", "1000")}, "2026-05-01", performance.ChargeOwed, "30", "30", 1, 0, "the day of payment was late"},
		{"paid with the charge", performance.Fine{Amount: m("1000"), Payments: paid("2026-03-18", "1030")}, "2026-05-01", performance.Settled, "30", "0", 1, 0, ""},
		{"half in time", performance.Fine{Amount: m("1000"), Payments: paid("2026-03-10", "400")}, "2026-03-20", performance.Overdue, "54", "654", 3, 0, "600 × 3 % × 3 days"},
		{"half in time, of the whole", performance.Fine{Amount: m("1000"), Base: performance.OfWhole, Payments: paid("2026-03-10", "400")}, "2026-03-20", performance.Overdue, "90", "690", 3, 0, "1000 × 3 % × 3 days"},
		{"half late", performance.Fine{Amount: m("1000"), Payments: paid("2026-03-20", "500")}, "2026-03-22", performance.Overdue, "120", "620", 5, 0, "18–20: 3 × 30; 21, 22: 2 × 15"},
		{"the charge first", performance.Fine{Amount: m("1000"), Payments: []performance.Payment{{On: d("2026-03-20"), Amount: m("500"), For: performance.ForCharge}}}, "2026-03-22", performance.Overdue, "125.40", "625.40", 5, 0, "90 to the charge, 410 to the fine; 21, 22: 590 × 3 % × 2"},
		{"payments to come", performance.Fine{Amount: m("1000"), Payments: paid("2026-03-25", "1000")}, "2026-03-20", performance.Overdue, "90", "1090", 3, 0, "a later payment is not there yet"},
		{"in review", performance.Fine{Amount: m("1000"), Stays: []performance.Stay{{Kind: performance.Review, From: d("2026-03-20"), To: d("2026-03-26")}}}, "2026-03-27", performance.Overdue, "90", "1090", 3, 7, "§73¶3: 18, 19 and 27 count; 20–26 are the review"},
		{"still sued", performance.Fine{Amount: m("1000"), Stays: []performance.Stay{{Kind: performance.Suit, From: d("2026-03-01")}}}, "2026-06-01", performance.Overdue, "0", "1000", 0, 76, "76 days from 18 March to 1 June, none counts"},
		{"review and suit overlap", performance.Fine{Amount: m("1000"), Stays: []performance.Stay{
			{Kind: performance.Review, From: d("2026-03-18"), To: d("2026-03-22")}, {Kind: performance.Suit, From: d("2026-03-21"), To: d("2026-03-26")},
		}}, "2026-03-28", performance.Overdue, "60", "1060", 2, 9, "27 and 28"},
		{"deferred", performance.Fine{Amount: m("1000"), Plans: plan("2026-03-10", "2026-06-30", "1000")}, "2026-06-30", performance.Deferred, "0", "1000", 0, 0, "§66¶2: the granted day is the last day"},
		{"before it is deferred", performance.Fine{Amount: m("1000"), Plans: plan("2026-03-15", "2026-06-30", "1000")}, "2026-03-14", performance.InTime, "0", "1000", 0, 0, ""},
		{"deferred, then late", performance.Fine{Amount: m("1000"), Plans: plan("2026-03-10", "2026-06-30", "1000")}, "2026-07-02", performance.Overdue, "60", "1060", 2, 0, "1 and 2 July"},
		{"granted when late", performance.Fine{Amount: m("1000"), Plans: plan("2026-03-20", "2026-06-30", "1000")}, "2026-05-01", performance.Deferred, "60", "1060", 2, 0, "18 and 19 March stay charged"},
		{"second instalment late", performance.Fine{
			Amount: m("1000"), Plans: plan("2026-03-10", "2026-04-30", "400", "2026-05-31", "600"), Payments: paid("2026-04-20", "400"),
		}, "2026-06-02", performance.Overdue, "36", "636", 2, 0, "600 × 3 % × 2: only the late one"},
		{"first instalment late, second to come", performance.Fine{
			Amount: m("1000"), Plans: plan("2026-03-10", "2026-04-30", "400", "2026-05-31", "600"),
		}, "2026-05-03", performance.Overdue, "36", "1036", 3, 0, "400 × 3 % × 3; the 600 are not due"},
		{"a plan takes the place of another", performance.Fine{
			Amount: m("1000"), Plans: append(plan("2026-03-12", "2026-04-30", "1000"), plan("2026-04-20", "2026-06-30", "1000")...),
		}, "2026-06-30", performance.Deferred, "0", "1000", 0, 0, "never late: the first holds until the second is granted"},
		{"a second plan after the first was late", performance.Fine{
			Amount: m("1000"), Plans: append(plan("2026-05-03", "2026-06-30", "1000"), plan("2026-03-12", "2026-04-30", "1000")...),
		}, "2026-06-30", performance.Deferred, "60", "1060", 2, 0, "1 and 2 May; in whatever order they are given"},
		{"a plan that ends before the fifteen days", performance.Fine{Amount: m("1000"), Plans: plan("2026-03-04", "2026-03-10", "1000")}, "2026-03-18", performance.Overdue, "30", "1030", 1, 0, "late only after §67's day"},
		{"paid ahead of the plan", performance.Fine{
			Amount: m("1000"), Plans: plan("2026-03-10", "2026-04-30", "400", "2026-05-31", "600"), Payments: paid("2026-04-20", "1000"),
		}, "2026-06-02", performance.Settled, "0", "0", 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.fine.Due = d(due)
			s, err := c.fine.Stand(d(c.on))
			if err != nil {
				t.Fatal(err)
			}
			if s.State != c.state || s.Charge != m(c.charge) || s.Owed != m(c.owed) || s.LateDays != c.late || s.StayedDays != c.stayed {
				t.Fatalf("%s, charge %s, owed %s, %d late, %d stayed; want %s, %s, %s, %d, %d: %s",
					s.State, s.Charge, s.Owed, s.LateDays, s.StayedDays, c.state, c.charge, c.owed, c.late, c.stayed, c.why)
			}
		})
	}
}

// TestOverpaid: what is too much is said so, and settles the rest.
func TestOverpaid(t *testing.T) {
	t.Parallel()
	f := performance.Fine{Amount: fen(t, "100"), Due: day(t, "2026-03-17"), Payments: []performance.Payment{
		{On: day(t, "2026-03-19").Add(15 * time.Hour), Amount: fen(t, "150")},
	}}
	s, err := f.Stand(day(t, "2026-04-01"))
	if err != nil || s.State != performance.Settled || s.Charge != fen(t, "6") || s.Overpaid != fen(t, "44") || s.Capped {
		t.Fatalf("%v %+v", err, s)
	}
}

// TestInstalments: each instalment by itself, filled in the order of its days.
func TestInstalments(t *testing.T) {
	t.Parallel()
	f := performance.Fine{
		Amount: fen(t, "1000"), Due: day(t, "2026-03-17"),
		Plans: []performance.Plan{{Granted: day(t, "2026-03-10"), Instalments: []performance.Instalment{
			{Due: day(t, "2026-04-30"), Amount: fen(t, "300")}, {Due: day(t, "2026-05-31"), Amount: fen(t, "300")}, {Due: day(t, "2026-06-30"), Amount: fen(t, "400")},
		}}},
		Payments: []performance.Payment{{On: day(t, "2026-04-30"), Amount: fen(t, "450")}},
	}
	for on, want := range map[string][3]performance.InstalmentState{
		"2026-04-01": {performance.InstalmentOpen, performance.InstalmentOpen, performance.InstalmentOpen},
		"2026-05-31": {performance.InstalmentPaid, performance.InstalmentPart, performance.InstalmentOpen},
		"2026-06-01": {performance.InstalmentPaid, performance.InstalmentOverdue, performance.InstalmentOpen},
		"2026-07-01": {performance.InstalmentPaid, performance.InstalmentOverdue, performance.InstalmentOverdue},
	} {
		s, err := f.Stand(day(t, on))
		if err != nil || len(s.Instalments) != 3 {
			t.Fatalf("%v %+v", err, s)
		}
		for i, w := range want {
			if s.Instalments[i].State != w {
				t.Errorf("%s: instalment %d is %s, want %s", on, i+1, s.Instalments[i].State, w)
			}
		}
	}
}

// TestPlanCheck: a plan that does not make up the fine in order is refused, row by row.
func TestPlanCheck(t *testing.T) {
	t.Parallel()
	in := func(due, amount string) performance.Instalment {
		i := performance.Instalment{Amount: fen(t, amount)}
		if due != "" {
			i.Due = day(t, due)
		}
		return i
	}
	granted := day(t, "2026-03-10")
	many := performance.Plan{Granted: granted, Instalments: make([]performance.Instalment, 121)}
	for name, c := range map[string]struct {
		plan performance.Plan
		want []performance.PlanProblem
	}{
		"whole":       {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-03-10", "400"), in("2026-05-01", "600")}}, nil},
		"not granted": {performance.Plan{Instalments: []performance.Instalment{in("2026-04-01", "1000")}}, []performance.PlanProblem{{Row: 0, Code: performance.PlanNotGranted}}},
		"empty":       {performance.Plan{Granted: granted}, []performance.PlanProblem{{Row: 0, Code: performance.PlanEmpty}}},
		"too long":    {many, []performance.PlanProblem{{Row: 0, Code: performance.PlanTooLong}}},
		"short":       {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-04-01", "400"), in("2026-05-01", "599.99")}}, []performance.PlanProblem{{Row: 0, Code: performance.PlanSum}}},
		"long":        {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-04-01", "400"), in("2026-05-01", "600.01")}}, []performance.PlanProblem{{Row: 0, Code: performance.PlanSum}}},
		"nothing":     {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-04-01", "0"), in("2026-05-01", "1000")}}, []performance.PlanProblem{{Row: 1, Code: performance.PlanAmount}}},
		"no day":      {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-04-01", "400"), in("", "600")}}, []performance.PlanProblem{{Row: 2, Code: performance.PlanNoDay}}},
		"same day":    {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-04-01", "400"), in("2026-04-01", "600")}}, []performance.PlanProblem{{Row: 2, Code: performance.PlanOrder}}},
		"before it":   {performance.Plan{Granted: granted, Instalments: []performance.Instalment{in("2026-03-09", "400"), in("2026-04-01", "600")}}, []performance.PlanProblem{{Row: 1, Code: performance.PlanTooEarly}}},
	} {
		got := c.plan.Check(fen(t, "1000"))
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if l := (performance.PlanRecord{Hardship: proof.Yes, Applied: proof.Yes, Approved: proof.Yes}).Lacks(); len(l) != 0 {
		t.Error(l)
	}
	if l := (performance.PlanRecord{}).Lacks(); len(l) != 3 {
		t.Error(l)
	}
	if end := (performance.Plan{}).End(); !end.IsZero() {
		t.Error(end)
	}
}

// TestFineRefused: what nobody can mean.
func TestFineRefused(t *testing.T) {
	t.Parallel()
	good := performance.Fine{Amount: fen(t, "1000"), Due: day(t, "2026-03-17")}
	on := day(t, "2026-04-01")
	for name, spoil := range map[string]func(*performance.Fine){
		"amount": func(f *performance.Fine) { f.Amount = 0 },
		"most":   func(f *performance.Fine) { f.Amount = performance.Most + 1 },
		"due":    func(f *performance.Fine) { f.Due = time.Time{} },
		"ages":   func(f *performance.Fine) { f.Due = day(t, "1900-01-01") },
		"base":   func(f *performance.Fine) { f.Base = "moon" },
		"minus":  func(f *performance.Fine) { f.Payments = []performance.Payment{{On: on, Amount: -1}} },
		"when":   func(f *performance.Fine) { f.Payments = []performance.Payment{{Amount: 1}} },
		"stay": func(f *performance.Fine) {
			f.Stays = []performance.Stay{{Kind: performance.Suit, From: on, To: on.AddDate(0, 0, -1)}}
		},
		"kind": func(f *performance.Fine) { f.Stays = []performance.Stay{{Kind: "war", From: on}} },
		"plan": func(f *performance.Fine) { f.Plans = []performance.Plan{{Granted: on}} },
	} {
		f := good
		spoil(&f)
		if _, err := f.Stand(on); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := good.Stand(on); err != nil {
		t.Error(err)
	}
}

// drawFine draws a fine with payments, stays and perhaps a plan.
func drawFine(t *rapid.T) performance.Fine {
	due := time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC)
	near := func(name string) time.Time { return due.AddDate(0, 0, rapid.IntRange(-20, 90).Draw(t, name)) }
	f := performance.Fine{
		Amount: performance.Fen(rapid.Int64Range(1, 5_000_00).Draw(t, "amount")), Due: due,
		Base: rapid.SampledFrom([]performance.Base{performance.OfUnpaid, performance.OfWhole}).Draw(t, "base"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "payments") {
		f.Payments = append(f.Payments, drawPayment(t, f.Amount))
	}
	for range rapid.IntRange(0, 2).Draw(t, "stays") {
		from := near("stay")
		f.Stays = append(f.Stays, performance.Stay{Kind: performance.Review, From: from, To: from.AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "stay for"))})
	}
	for range rapid.IntRange(0, 2).Draw(t, "plans") {
		n := rapid.IntRange(1, 4).Draw(t, "instalments")
		if f.Amount < 100 {
			continue
		}
		p := performance.Plan{Granted: near("granted")}
		last, left := p.Granted, f.Amount
		for i := range n {
			last = last.AddDate(0, 0, rapid.IntRange(1, 30).Draw(t, "instalment"))
			part := left / performance.Fen(n-i)
			left -= part
			p.Instalments = append(p.Instalments, performance.Instalment{Due: last, Amount: part})
		}
		f.Plans = append(f.Plans, p)
	}
	return f
}

func drawPayment(t *rapid.T, most performance.Fen) performance.Payment {
	return performance.Payment{
		On:     time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-20, 90).Draw(t, "paid on")),
		Amount: performance.Fen(rapid.Int64Range(1, int64(most)).Draw(t, "paid")),
		For:    rapid.SampledFrom([]performance.Purpose{performance.ForFine, performance.ForCharge}).Draw(t, "for"),
	}
}

// TestFineProperties: the charge is never over the fine and never shrinks with the days; a payment never makes more owed;
// a stay never charges more; every fen is accounted for.
func TestFineProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFine(t)
		on := f.Due.AddDate(0, 0, rapid.IntRange(-30, 150).Draw(t, "on"))
		s, err := f.Stand(on)
		if err != nil {
			t.Fatal(err)
		}
		if s.Charge > f.Amount || s.Charge < 0 || s.OwedFine < 0 || s.OwedCharge < 0 || s.Overpaid < 0 {
			t.Fatalf("%+v", s)
		}
		var given performance.Fen
		for _, p := range f.Payments {
			if !p.On.After(on) {
				given += p.Amount
			}
		}
		if s.PaidFine+s.PaidCharge+s.Overpaid != given || s.PaidFine+s.OwedFine != f.Amount || s.PaidCharge+s.OwedCharge != s.Charge {
			t.Fatalf("of %s: %+v", given, s)
		}
		if s.Overpaid > 0 && s.Owed > 0 {
			t.Fatalf("too much paid, and still owed: %+v", s)
		}
		if (s.State == performance.Settled) != (s.Owed == 0) {
			t.Fatalf("%+v", s)
		}
		later, err := f.Stand(on.AddDate(0, 0, 1))
		if err != nil || later.Charge < s.Charge {
			t.Fatalf("a day later %s, before %s (%v)", later.Charge, s.Charge, err)
		}
		more := f
		more.Payments = append(append([]performance.Payment{}, f.Payments...), drawPayment(t, f.Amount))
		if p, err := more.Stand(on); err != nil || p.Owed > s.Owed || p.Charge > s.Charge {
			t.Fatalf("paid more, owes %s instead of %s, charge %s instead of %s (%v)", p.Owed, s.Owed, p.Charge, s.Charge, err)
		}
		stayed := f
		from := f.Due.AddDate(0, 0, rapid.IntRange(-5, 60).Draw(t, "more stay"))
		stayed.Stays = append(append([]performance.Stay{}, f.Stays...), performance.Stay{Kind: performance.Suit, From: from})
		if p, err := stayed.Stand(on); err != nil || p.Charge > s.Charge {
			t.Fatalf("stayed, charged %s instead of %s (%v)", p.Charge, s.Charge, err)
		}
	})
}
