package performance_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func on(t testing.TB, s string) proof.Moment { return proof.On(day(t, s)) }

// court is a fine served 2 March 2026 that nobody contested or paid: day to pay the 17th, demanded 10 September.
func court(t testing.TB) performance.Chain {
	return performance.Chain{
		Way: performance.Court, Money: true, Served: on(t, "2026-03-02"), PerformBy: day(t, "2026-03-17"), Performed: proof.No, Told: proof.Yes,
		DemandServed: on(t, "2026-09-10"), DemandContents: proof.Yes, Answered: proof.No, Power: proof.No,
		Materials: proof.Yes, Sealed: proof.Yes,
	}
}

// own is the same where a law gives the bureau the power: demanded 20 March until the 30th, charged since the 18th.
func own(t testing.TB) performance.Chain {
	c := court(t)
	c.Way, c.Power, c.DemandServed, c.DemandBy = performance.Own, proof.Yes, on(t, "2026-03-20"), day(t, "2026-03-30")
	c.ChargeSince, c.Guard = day(t, "2026-03-18"), performance.GuardFree
	return c
}

func find(t testing.TB, steps []performance.Step, id performance.StepID) performance.Step {
	t.Helper()
	i := slices.IndexFunc(steps, func(s performance.Step) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("no step %s in %+v", id, steps)
	}
	return steps[i]
}

func lacks(s performance.Step) (codes []string) {
	for _, l := range s.Missing {
		codes = append(codes, l.Code)
	}
	return codes
}

// TestCourt: the days of the application, by hand.
//
// Served 2 March. Review: sixty days, 29 in March + 30 + 1: 1 May, 劳动节 1–5: the 6th. Suit: six months, 2 September, a
// Wednesday; it is the longer. From the 3rd it is open; three months of the 2nd end on 2 December, a Wednesday. The
// demand served Thursday 10 September: 11, 14, 15, 16, 17, 18, Sunday 20 (调休), 21, 22, 23 are ten working days: from
// the 24th.
func TestCourt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		spoil     func(*performance.Chain)
		on        string
		step      performance.StepID
		state     performance.StepState
		notBefore string
		notAfter  string
		missing   []string
	}{
		{"the day to pay", nil, "2026-03-17", performance.StepTermOver, performance.StepWaiting, "2026-03-18", "", nil},
		{"the day after", nil, "2026-03-18", performance.StepTermOver, performance.StepDone, "2026-03-18", "", nil},
		{"a plan puts it off", func(c *performance.Chain) { c.PlanEnds = day(t, "2026-10-31") }, "2026-09-11", performance.StepTermOver, performance.StepWaiting, "2026-11-01", "", nil},
		{"last day to sue", nil, "2026-09-02", performance.StepRemedies, performance.StepWaiting, "2026-09-03", "", nil},
		{"final", nil, "2026-09-03", performance.StepRemedies, performance.StepDone, "2026-09-03", "", nil},
		{"ten working days, the tenth", nil, "2026-09-23", performance.StepDemandOver, performance.StepWaiting, "2026-09-24", "", nil},
		{"ten working days are over", nil, "2026-09-24", performance.StepDemandOver, performance.StepDone, "2026-09-24", "", nil},
		{"too soon", nil, "2026-09-23", performance.StepApply, performance.StepWaiting, "2026-09-24", "2026-12-02", []string{"step_demand_over"}},
		{"open", nil, "2026-09-24", performance.StepApply, performance.StepOpen, "2026-09-24", "2026-12-02", nil},
		{"last day", nil, "2026-12-02", performance.StepApply, performance.StepOpen, "2026-09-24", "2026-12-02", nil},
		{"lapsed", nil, "2026-12-03", performance.StepApply, performance.StepLapsed, "2026-09-24", "2026-12-02", nil},
		{"applied", func(c *performance.Chain) { c.Applied = on(t, "2026-10-09") }, "2026-12-10", performance.StepApply, performance.StepDone, "2026-09-24", "2026-12-02", nil},
		{"applied on the tenth day", func(c *performance.Chain) { c.Applied = on(t, "2026-09-23") }, "2026-12-10", performance.StepApply, performance.StepEarly, "2026-09-24", "2026-12-02", nil},
		{"applied a day late", func(c *performance.Chain) { c.Applied = on(t, "2026-12-03") }, "2026-12-10", performance.StepApply, performance.StepLate, "2026-09-24", "2026-12-02", nil},
		// Demanded 24 September: 28, 29, 30, 国庆 1–7, then 8, 9, Saturday 10 (调休), 12, 13, 14, 15: from the 16th.
		{"demand over 国庆", func(c *performance.Chain) { c.DemandServed = on(t, "2026-09-24") }, "2026-10-16", performance.StepDemandOver, performance.StepDone, "2026-10-16", "", nil},
		// Demanded 19 November: ten working days end Thursday 3 December, when the three months are over.
		{"demanded too late for the court", func(c *performance.Chain) { c.DemandServed = on(t, "2026-11-19") }, "2026-11-20", performance.StepApply, performance.StepLapsed, "2026-12-04", "2026-12-02", []string{"step_demand_over"}},
		{"demanded on the last day that helps", func(c *performance.Chain) { c.DemandServed = on(t, "2026-11-17") }, "2026-11-20", performance.StepApply, performance.StepWaiting, "2026-12-02", "2026-12-02", []string{"step_demand_over"}},
		{"the demand gives longer than the law", func(c *performance.Chain) { c.DemandBy = day(t, "2026-10-31") }, "2026-10-20", performance.StepDemandOver, performance.StepWaiting, "2026-11-01", "", nil},
		// A plan to 31 October: three months from then (处罚法 §72¶2) end on 31 January 2027.
		{"the plan's three months", func(c *performance.Chain) {
			c.PlanEnds, c.DemandServed = day(t, "2026-10-31"), on(t, "2026-11-02")
		}, "2026-12-20", performance.StepApply, performance.StepOpen, "2026-11-17", "2027-01-31", nil},
		{"demanded before the plan ended", func(c *performance.Chain) { c.PlanEnds = day(t, "2026-10-31") }, "2026-12-20", performance.StepDemand, performance.StepEarly, "2026-11-01", "", nil},
		// Review upheld the fine, received 1 June: fifteen days (行诉法 §45) end on Tuesday the 16th; three months more: 16 September.
		{"after review", func(c *performance.Chain) {
			c.ReviewFiled, c.ReviewReceived, c.DemandServed = on(t, "2026-04-10"), on(t, "2026-06-01"), on(t, "2026-06-02")
		}, "2026-06-18", performance.StepApply, performance.StepOpen, "2026-06-17", "2026-09-16", nil},
		{"in review", func(c *performance.Chain) { c.ReviewFiled = on(t, "2026-04-10") }, "2026-10-08", performance.StepRemedies, performance.StepBlocked, "", "", []string{"review_decided"}},
		{"in review, application", func(c *performance.Chain) { c.ReviewFiled = on(t, "2026-04-10") }, "2026-10-08", performance.StepApply, performance.StepBlocked, "", "", []string{"step_remedies"}},
		{"sued", func(c *performance.Chain) { c.SuitFiled = on(t, "2026-05-10") }, "2026-10-08", performance.StepRemedies, performance.StepBlocked, "", "", []string{"no_suit"}},
		// Not told: a year (行诉解释 §64), which just ends.
		{"not told of suit", func(c *performance.Chain) { c.Told = proof.No }, "2026-10-08", performance.StepRemedies, performance.StepWaiting, "2027-03-03", "", nil},
		{"told?", func(c *performance.Chain) { c.Told = proof.Unanswered }, "2026-10-08", performance.StepRemedies, performance.StepCannotJudge, "", "", []string{"remedies_told"}},
		{"not served", func(c *performance.Chain) { c.Served = proof.Moment{} }, "2026-10-08", performance.StepDemand, performance.StepFlawed, "2026-03-18", "", []string{"step_served", "step_term_over"}},
		{"day to pay?", func(c *performance.Chain) { c.PerformBy = time.Time{} }, "2026-10-08", performance.StepTermOver, performance.StepCannotJudge, "", "", []string{"day_to_perform"}},
		{"no demand", func(c *performance.Chain) { c.DemandServed = proof.Moment{} }, "2026-10-08", performance.StepDemand, performance.StepOpen, "2026-03-18", "", nil},
		{"no demand, application", func(c *performance.Chain) { c.DemandServed = proof.Moment{} }, "2026-10-08", performance.StepApply, performance.StepBlocked, "2026-09-03", "2026-12-02", []string{"step_demand", "step_demand_over", "step_heard"}},
		{"demand without its contents", func(c *performance.Chain) { c.DemandContents = proof.No }, "2026-10-08", performance.StepDemand, performance.StepFlawed, "2026-03-18", "", []string{"demand_contents"}},
		{"perhaps it was paid", func(c *performance.Chain) { c.Performed = proof.Unanswered }, "2026-10-08", performance.StepDemand, performance.StepFlawed, "2026-03-18", "", []string{"not_performed"}},
		{"paid", func(c *performance.Chain) { c.Performed = proof.Yes }, "2026-10-08", performance.StepApply, performance.StepNotNeeded, "", "", nil},
		{"answered, not weighed", func(c *performance.Chain) { c.Answered, c.Weighed = proof.Yes, proof.No }, "2026-10-08", performance.StepHeard, performance.StepOpen, "", "", []string{"answer_weighed"}},
		{"answered, not weighed, application", func(c *performance.Chain) { c.Answered, c.Weighed = proof.Yes, proof.No }, "2026-10-08", performance.StepApply, performance.StepBlocked, "2026-09-24", "2026-12-02", []string{"step_heard"}},
		{"answered and weighed", func(c *performance.Chain) { c.Answered, c.Weighed = proof.Yes, proof.Yes }, "2026-10-08", performance.StepHeard, performance.StepDone, "", "", nil},
		{"answered?", func(c *performance.Chain) { c.Answered = proof.Unanswered }, "2026-10-08", performance.StepHeard, performance.StepCannotJudge, "", "", []string{"answer"}},
		{"no materials", func(c *performance.Chain) { c.Materials = proof.No }, "2026-10-08", performance.StepApply, performance.StepOpen, "2026-09-24", "2026-12-02", []string{"court_materials"}},
		{"applied without the seal", func(c *performance.Chain) { c.Sealed, c.Applied = proof.No, on(t, "2026-10-08") }, "2026-10-08", performance.StepApply, performance.StepFlawed, "2026-09-24", "2026-12-02", []string{"court_sealed"}},
		{"a bureau that may itself", func(c *performance.Chain) { c.Power = proof.Yes }, "2026-10-08", performance.StepApply, performance.StepOpen, "2026-09-24", "2026-12-02", []string{"has_power"}},
		{"a demand in a year without holidays known", func(c *performance.Chain) { c.DemandServed = on(t, "2026-12-24") }, "2026-12-25", performance.StepDemandOver, performance.StepCannotJudge, "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			chain := court(t)
			if c.spoil != nil {
				c.spoil(&chain)
			}
			check(t, chain, c.on, c.step, c.state, c.notBefore, c.notAfter, c.missing)
		})
	}
}

func check(t *testing.T, chain performance.Chain, today string, id performance.StepID, state performance.StepState, notBefore, notAfter string, missing []string) {
	t.Helper()
	steps, err := chain.Walk(rules(t), day(t, today).Add(4*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	s := find(t, steps, id)
	if s.State != state || s.NotBefore != notBefore || s.NotAfter != notAfter || !slices.Equal(lacks(s), missing) {
		t.Fatalf("%s: %s from %q to %q, missing %v; want %s from %q to %q, missing %v", id, s.State, s.NotBefore, s.NotAfter, lacks(s), state, notBefore, notAfter, missing)
	}
	for _, s := range steps {
		if s.Article == "" {
			t.Errorf("%s stands under no article", s.ID)
		}
		for _, l := range s.Missing {
			if l.Article == "" {
				t.Errorf("%s is missing under no article", l.Code)
			}
		}
	}
}

// TestOwn: the bureau's own enforcement, by hand.
//
// Charged since 18 March: thirty days, 13 in March + 17 in April: the 17th, a Friday; more than thirty from the 18th
// (行政强制法 §46). The demand gave until 30 March, so its days are over on the 31st; the later counts.
func TestOwn(t *testing.T) {
	t.Parallel()
	whole := func(c *performance.Chain) {
		c.Decided, c.DecidedServed, c.Acted = on(t, "2026-04-20"), on(t, "2026-04-21"), on(t, "2026-04-22")
	}
	for _, c := range []struct {
		name      string
		spoil     func(*performance.Chain)
		on        string
		step      performance.StepID
		state     performance.StepState
		notBefore string
		missing   []string
	}{
		{"the demand's last day", nil, "2026-03-30", performance.StepDemandOver, performance.StepWaiting, "2026-03-31", nil},
		{"the thirtieth day", nil, "2026-04-17", performance.StepCharge, performance.StepWaiting, "2026-04-18", nil},
		{"more than thirty days", nil, "2026-04-18", performance.StepCharge, performance.StepDone, "2026-04-18", nil},
		{"may decide", nil, "2026-04-18", performance.StepDecision, performance.StepOpen, "2026-04-18", nil},
		{"may not yet", nil, "2026-04-17", performance.StepDecision, performance.StepWaiting, "2026-04-18", []string{"step_charge"}},
		{"decided too soon", func(c *performance.Chain) { c.Decided = on(t, "2026-04-17") }, "2026-05-20", performance.StepDecision, performance.StepEarly, "2026-04-18", nil},
		{"no money", func(c *performance.Chain) { c.Money = false }, "2026-03-31", performance.StepDecision, performance.StepOpen, "2026-03-31", nil},
		{"since when?", func(c *performance.Chain) { c.ChargeSince = time.Time{} }, "2026-05-01", performance.StepCharge, performance.StepCannotJudge, "", []string{"charge_since"}},
		{"the demand gave no day", func(c *performance.Chain) { c.DemandBy = time.Time{} }, "2026-05-01", performance.StepDemandOver, performance.StepBlocked, "", []string{"demand_day"}},
		{"no power", func(c *performance.Chain) { whole(c); c.Power = proof.No }, "2026-05-20", performance.StepDecision, performance.StepFlawed, "2026-04-18", []string{"power"}},
		{"power?", func(c *performance.Chain) { c.Power = proof.Unanswered }, "2026-04-20", performance.StepDecision, performance.StepOpen, "2026-04-18", []string{"power"}},
		{"hiding", func(c *performance.Chain) { c.Hiding, c.Money = proof.Yes, false }, "2026-03-21", performance.StepDecision, performance.StepOpen, "", nil},
		{"hiding, nothing demanded", func(c *performance.Chain) { c.Hiding, c.Money, c.DemandServed = proof.Yes, false, proof.Moment{} }, "2026-03-21", performance.StepDecision, performance.StepBlocked, "", []string{"step_demand", "step_demand_over", "step_heard"}},
		{"whole", whole, "2026-05-20", performance.StepAct, performance.StepDone, "", nil},
		{"planned", whole, "2026-04-21", performance.StepAct, performance.StepOpen, "", nil},
		{"planned for the night", func(c *performance.Chain) { whole(c); c.Guard = performance.GuardBarred }, "2026-04-21", performance.StepAct, performance.StepBlocked, "", []string{"hours"}},
		{"at night", func(c *performance.Chain) { whole(c); c.Guard = performance.GuardBarred }, "2026-05-20", performance.StepAct, performance.StepFlawed, "", []string{"hours"}},
		{"at what hour?", func(c *performance.Chain) { whole(c); c.Guard = "" }, "2026-05-20", performance.StepAct, performance.StepFlawed, "", []string{"hours"}},
		{"urgent at night", func(c *performance.Chain) { whole(c); c.Guard = performance.GuardExcused }, "2026-05-20", performance.StepAct, performance.StepDone, "", nil},
		{"before it was served", func(c *performance.Chain) { whole(c); c.DecidedServed = on(t, "2026-04-23") }, "2026-05-20", performance.StepAct, performance.StepFlawed, "", []string{"decision_served"}},
		{"never served", func(c *performance.Chain) { whole(c); c.DecidedServed = proof.Moment{} }, "2026-05-20", performance.StepAct, performance.StepFlawed, "", []string{"decision_served"}},
		{"never decided", func(c *performance.Chain) { whole(c); c.Decided = proof.Moment{} }, "2026-05-20", performance.StepAct, performance.StepFlawed, "", []string{"step_decision"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			chain := own(t)
			if c.spoil != nil {
				c.spoil(&chain)
			}
			check(t, chain, c.on, c.step, c.state, c.notBefore, "", c.missing)
		})
	}
}

// TestSubstitute: §51¶1(2), demanded three working days before: for Monday 12 October these are Saturday the 10th (调休),
// the 9th and the 8th, so by the 8th.
func TestSubstitute(t *testing.T) {
	t.Parallel()
	for demanded, want := range map[string]performance.StepState{
		"2026-09-28": performance.StepDone, "2026-10-08": performance.StepDone, "2026-10-09": performance.StepFlawed,
	} {
		c := own(t)
		c.Way, c.Money, c.Harm = performance.Substitute, false, proof.Yes
		c.DemandServed, c.DemandBy = on(t, demanded), day(t, "2026-10-09")
		c.Decided, c.DecidedServed, c.Acted = on(t, "2026-10-10"), on(t, "2026-10-10"), on(t, "2026-10-12")
		steps, err := c.Walk(rules(t), day(t, "2026-10-20"))
		if err != nil {
			t.Fatal(err)
		}
		if s := find(t, steps, performance.StepAct); s.State != want {
			t.Errorf("demanded %s: %s, missing %v, want %s", demanded, s.State, lacks(s), want)
		}
		c.Harm = proof.No
		if steps, err = c.Walk(rules(t), day(t, "2026-10-20")); err != nil || find(t, steps, performance.StepDecision).State != performance.StepFlawed {
			t.Errorf("without harm: %v", err)
		}
	}
}

// TestDemolition: §44: announced, and review and suit over, which with six months from 2 March is 3 September.
func TestDemolition(t *testing.T) {
	t.Parallel()
	c := own(t)
	c.Way, c.Money, c.Announced = performance.Demolition, false, on(t, "2026-03-19")
	c.Decided, c.DecidedServed, c.Acted = on(t, "2026-09-03"), on(t, "2026-09-04"), on(t, "2026-09-07")
	check(t, c, "2026-10-01", performance.StepAct, performance.StepDone, "", "", nil)
	early := c
	early.Decided = on(t, "2026-09-02")
	check(t, early, "2026-10-01", performance.StepDecision, performance.StepEarly, "2026-09-03", "", nil)
	silent := c
	silent.Announced = proof.Moment{}
	check(t, silent, "2026-10-01", performance.StepDecision, performance.StepFlawed, "2026-09-03", "", []string{"step_announced"})
}

// TestNext: the first link that still asks for something.
func TestNext(t *testing.T) {
	t.Parallel()
	for today, want := range map[string]performance.StepID{
		"2026-03-10": performance.StepTermOver, "2026-09-15": performance.StepDemandOver, "2026-09-24": performance.StepApply,
	} {
		steps, err := court(t).Walk(rules(t), day(t, today))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := performance.Next(steps); !ok || s.ID != want {
			t.Errorf("%s: %v %s, want %s", today, ok, s.ID, want)
		}
	}
	paid := court(t)
	paid.Performed = proof.Yes
	steps, err := paid.Walk(rules(t), day(t, "2026-10-01"))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := performance.Next(steps); ok {
		t.Errorf("paid, and yet %s", s.ID)
	}
	if _, err := court(t).Walk(proof.Rules{}, day(t, "2026-10-01")); !fault.HasCode(err, "term.unknown") {
		t.Error(err)
	}
}

// TestChainProperties: nothing done counts as done before its first day, after its last, or with something missing before
// it; and a day later nothing that was done is undone.
func TestChainProperties(t *testing.T) {
	t.Parallel()
	law := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		moment := func(name string, from, to int) proof.Moment {
			if rapid.IntRange(0, 5).Draw(t, name+" known") == 0 {
				return proof.Moment{}
			}
			return proof.On(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(from, to).Draw(t, name)))
		}
		answer := func(name string) proof.Answer {
			return rapid.SampledFrom([]proof.Answer{proof.Yes, proof.Yes, proof.No, proof.Unanswered}).Draw(t, name)
		}
		c := performance.Chain{
			Way:   rapid.SampledFrom([]performance.Way{performance.Court, performance.Own, performance.Substitute, performance.Demolition}).Draw(t, "way"),
			Money: rapid.Bool().Draw(t, "money"), Served: moment("served", 0, 20), PerformBy: moment("by", 15, 40).At,
			Performed: rapid.SampledFrom([]proof.Answer{proof.No, proof.No, proof.No, proof.Unanswered, proof.Yes}).Draw(t, "performed"),
			Told:      answer("told"), DemandServed: moment("demand", 20, 300), DemandContents: answer("contents"), DemandBy: moment("demand by", 30, 300).At,
			Answered: answer("answered"), Weighed: answer("weighed"), Hiding: answer("hiding"), ChargeSince: moment("charge", 20, 60).At,
			Power: answer("power"), Harm: answer("harm"), Announced: moment("announced", 20, 100), Decided: moment("decided", 40, 320),
			DecidedServed: moment("decided served", 40, 330), Acted: moment("acted", 40, 340), Guard: performance.GuardFree,
			Materials: answer("materials"), Sealed: answer("sealed"), Applied: moment("applied", 100, 350),
		}
		today := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 350).Draw(t, "today"))
		steps, err := c.Walk(law, today)
		if err != nil {
			t.Fatal(err)
		}
		later, err := c.Walk(law, today.AddDate(0, 0, 1))
		if err != nil || len(later) != len(steps) {
			t.Fatal(err)
		}
		broken := false
		for i, s := range steps {
			if s.State == performance.StepDone {
				if s.On != "" && (s.On > today.Format(time.DateOnly) || s.NotBefore != "" && s.On < s.NotBefore || s.NotAfter != "" && s.On > s.NotAfter) {
					t.Fatalf("done: %+v", s)
				}
				if broken && s.ID != performance.StepRemedies && s.ID != performance.StepHeard && s.ID != performance.StepAnnounced {
					t.Fatalf("done, though something is missing before it: %+v in %+v", s, steps)
				}
				if later[i].State != performance.StepDone {
					t.Fatalf("done on %s, a day later %s", s.On, later[i].State)
				}
			}
			if s.State != performance.StepDone && s.State != performance.StepNotNeeded {
				broken = true
			}
			if s.State == performance.StepOpen && slices.ContainsFunc(steps[:i], func(b performance.Step) bool {
				return b.State != performance.StepDone && b.State != performance.StepNotNeeded
			}) && s.ID != performance.StepHeard && s.ID != performance.StepAnnounced {
				t.Fatalf("open before its turn: %+v in %+v", s, steps)
			}
		}
	})
}

// TestDoubt: a term that cannot be counted is a doubt of its link, no date.
func TestDoubt(t *testing.T) {
	t.Parallel()
	c := court(t)
	c.DemandServed = on(t, "2026-12-24")
	steps, err := c.Walk(rules(t), day(t, "2026-12-25"))
	if err != nil {
		t.Fatal(err)
	}
	if s := find(t, steps, performance.StepDemandOver); s.Doubt != term.CalendarEnds || s.NotBefore != "" {
		t.Errorf("%+v", s)
	}
}
