package execution_test

import (
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/execution"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func law(t testing.TB) execution.Law {
	t.Helper()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	return execution.Law{Rules: proof.Rules{Catalogue: c, Calendar: cal}, Hours: performance.DefaultHours()}
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	m, ok := form.ParseTime(s)
	if !ok {
		t.Fatalf("%q is no time", s)
	}
	return m
}

func yuan(t testing.TB, s string) performance.Fen {
	t.Helper()
	f, err := performance.ParseFen(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// world is a case that papers are put into.
type world struct {
	t testing.TB
	f matter.File
}

// penalised is a case with a fine of 1,000 yuan decided 27 February and served 2 March 2026: to be paid by 17 March.
func penalised(t testing.TB) *world {
	w := &world{t: t}
	w.f.Case = matter.Case{ID: "case", Act: "penalty", Procedure: matter.Ordinary, State: matter.Open}
	w.f.Parties = []matter.Party{{Role: matter.PartyMain, Kind: matter.Natural, Name: "甲"}}
	w.put("decision", "penalty-decision", map[string]any{
		"party": map[string]any{"name": "甲"}, "fine_amount": "1000.00", "issued_on": "2026-02-27", "remedy_review": "六十日内", "remedy_suit": "六个月内",
	})
	w.serve("decision", "2026-03-02")
	return w
}

func (w *world) put(id, doc string, values map[string]any) *matter.Paper {
	p := matter.Paper{ID: ident.PaperID(id), Case: "case", Type: doc, State: matter.Complete, Version: 1, Values: form.Values{}}
	for k, v := range values {
		p.Values.Set(k, v)
	}
	w.f.Papers = append(w.f.Papers, p)
	return &w.f.Papers[len(w.f.Papers)-1]
}

func (w *world) serve(id, day string) {
	w.f.Deliveries = append(w.f.Deliveries, matter.Delivery{ID: ident.DeliveryID("d-" + id), Paper: ident.PaperID(id), Deemed: at(w.t, day)})
}

func (w *world) report(event, day string) {
	w.f.Reports = append(w.f.Reports, matter.Report{ID: ident.ReportID(event), Event: event, On: at(w.t, day)})
}

func (w *world) paid(id, day, amount, who string) {
	w.put(id, "fine-payment-voucher", map[string]any{"paid_on": day, "paid_amount": amount, "party": map[string]any{"name": who}, "receipt_no": "票1"})
}

func (w *world) deferred(id, approved string, rows ...map[string]any) {
	p := w.put(id, "fine-instalment-decision", map[string]any{"instalments": rows})
	p.DoneAt = at(w.t, approved)
	w.f.Approvals = append(w.f.Approvals, matter.Approval{Paper: p.ID, Round: 1, Step: matter.StepLeader, Agreed: true, At: at(w.t, approved)})
}

func (w *world) only(on string) execution.Fine {
	w.t.Helper()
	fines, err := execution.Fines(w.f, law(w.t), at(w.t, on))
	if err != nil || len(fines) != 1 {
		w.t.Fatalf("%d fines: %v", len(fines), err)
	}
	return fines[0]
}

// TestFines: what the papers of a case say about its fine.
func TestFines(t *testing.T) {
	t.Parallel()
	row := func(due, amount string) map[string]any { return map[string]any{"due": due, "amount": amount} }
	for _, c := range []struct {
		name   string
		change func(*world)
		on     string
		state  performance.FineState
		owed   string
		doubts []execution.Doubt
	}{
		{"in time", func(*world) {}, "2026-03-17", performance.InTime, "1000", nil},
		{"a day late", func(*world) {}, "2026-03-18", performance.Overdue, "1030", nil},
		{"paid", func(w *world) { w.paid("v", "2026-03-16", "1000.00", "甲") }, "2026-04-01", performance.Settled, "0", nil},
		{"paid in two", func(w *world) {
			w.paid("v1", "2026-03-16", "400.00", "甲")
			w.paid("v2", "2026-03-17", "600.00", "甲")
		}, "2026-04-01", performance.Settled, "0", nil},
		{"a draft of a voucher pays nothing", func(w *world) {
			w.paid("v", "2026-03-16", "1000.00", "甲")
			w.f.Papers[1].State = matter.Draft
		}, "2026-03-17", performance.InTime, "1000", nil},
		{"a voucher nobody can read", func(w *world) { w.paid("v", "2026-03-16", "一千元", "甲") }, "2026-03-17", performance.InTime, "1000", []execution.Doubt{execution.BadVoucher}},
		{"a voucher of nothing", func(w *world) { w.paid("v", "2026-03-16", "0.00", "甲") }, "2026-03-17", performance.InTime, "1000", []execution.Doubt{execution.BadVoucher}},
		{"review in between", func(w *world) { // 18 and 19 late, 20–26 review, 27 late
			w.report("review_applied", "2026-03-20")
			w.report("review_decision_received", "2026-03-26")
		}, "2026-03-27", performance.Overdue, "1090", nil},
		{"sued", func(w *world) { w.report("suit_filed", "2026-03-10") }, "2026-06-01", performance.Overdue, "1000", nil},
		{"deferred", func(w *world) { w.deferred("plan", "2026-03-12", row("2026-06-30", "1000.00")) }, "2026-06-30", performance.Deferred, "1000", nil},
		{"an instalment late", func(w *world) { // 400 × 3 % × 2
			w.deferred("plan", "2026-03-12", row("2026-04-30", "400.00"), row("2026-06-30", "600.00"))
		}, "2026-05-02", performance.Overdue, "1024", nil},
		{"a plan that does not make up the fine", func(w *world) { w.deferred("plan", "2026-03-12", row("2026-06-30", "999.00")) }, "2026-03-18", performance.Overdue, "1030", []execution.Doubt{execution.BadPlan}},
		{"two plans", func(w *world) {
			w.deferred("plan1", "2026-03-12", row("2026-04-30", "1000.00"))
			w.deferred("plan2", "2026-04-20", row("2026-06-30", "1000.00"))
		}, "2026-06-30", performance.Deferred, "1000", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := penalised(t)
			c.change(w)
			x := w.only(c.on)
			if !x.Known || x.Due.Due != "2026-03-17" || x.Standing.State != c.state || x.Standing.Owed != yuan(t, c.owed) || !slices.Equal(x.Doubts, c.doubts) {
				t.Fatalf("known %v, due %s, %s, owed %s, doubts %v; want %s, %s, %v", x.Known, x.Due.Due, x.Standing.State, x.Standing.Owed, x.Doubts, c.state, c.owed, c.doubts)
			}
		})
	}
}

// TestFineUnknown: nothing is said of a fine that was not served, cannot be read or is none.
func TestFineUnknown(t *testing.T) {
	t.Parallel()
	w := penalised(t)
	w.f.Deliveries = nil
	if x := w.only("2026-04-01"); x.Known || !slices.Contains(x.Doubts, execution.NotServed) {
		t.Errorf("not served: %+v", x)
	}
	w = penalised(t)
	w.f.Papers[0].Values.Set("fine_amount", "1000元")
	if x := w.only("2026-04-01"); x.Known || !slices.Contains(x.Doubts, execution.NoAmount) {
		t.Errorf("not readable: %+v", x)
	}
	for _, none := range []string{"", "0.00"} {
		w = penalised(t)
		w.f.Papers[0].Values.Set("fine_amount", none)
		if fines, err := execution.Fines(w.f, law(t), at(t, "2026-04-01")); err != nil || len(fines) != 0 {
			t.Errorf("a fine of %q: %+v %v", none, fines, err)
		}
	}
	if _, err := execution.Fines(penalised(t).f, execution.Law{}, at(t, "2026-04-01")); err == nil {
		t.Error("a catalogue without the term said nothing")
	}
}

// TestTwoFines: with two fined, a voucher pays for whom it names, and one that names nobody pays for none.
func TestTwoFines(t *testing.T) {
	t.Parallel()
	w := penalised(t)
	w.put("second", "penalty-decision", map[string]any{"party": map[string]any{"name": "乙"}, "fine_amount": "500.00", "issued_on": "2026-02-27"})
	w.serve("second", "2026-03-02")
	w.paid("v1", "2026-03-16", "500.00", "乙")
	w.paid("v2", "2026-03-16", "70.00", "丙")
	fines, err := execution.Fines(w.f, law(t), at(t, "2026-03-17"))
	if err != nil || len(fines) != 2 {
		t.Fatal(err, fines)
	}
	if a, b := fines[0].Standing, fines[1].Standing; a.Owed != yuan(t, "1000") || b.State != performance.Settled {
		t.Errorf("甲 owes %s, 乙 is %s", a.Owed, b.State)
	}
	if !slices.Contains(fines[0].Doubts, execution.WhoseVoucher) {
		t.Errorf("whose the third voucher is was not asked: %v", fines[0].Doubts)
	}
}

// spot is a case decided on the spot, 100 yuan collected Wednesday 30 September 2026.
func spot(t testing.TB, amount, how string) *world {
	w := &world{t: t}
	w.f.Case = matter.Case{ID: "case", Act: "penalty", Procedure: matter.Summary, State: matter.Open}
	w.f.Parties = []matter.Party{{Role: matter.PartyMain, Kind: matter.Natural, Name: "甲"}}
	w.put("decision", "spot-penalty-decision", map[string]any{
		"party": map[string]any{"name": "甲"}, "violation": "无证执业", "basis": []string{"律师法 §55"}, "fine_amount": amount, "issued_on": "2026-09-30",
		"spot_collection": how, "receipt_no": "票2",
	})
	w.serve("decision", "2026-09-30")
	return w
}

// TestSpots: 行政处罚法 §51, §68–§71 from the papers.
func TestSpots(t *testing.T) {
	t.Parallel()
	judge := func(w *world, on string) performance.SpotVerdict {
		v, err := execution.Spots(w.f, law(t), at(t, on))
		if err != nil {
			t.Fatal(err)
		}
		return v["decision"]
	}
	w := spot(t, "100.00", "small")
	w.report("fine_handed_over", "2026-10-09")
	w.report("fine_banked", "2026-10-13")
	// 国庆 1–7, the 8th and 9th; then Saturday the 10th (调休) and Monday the 12th.
	if v := judge(w, "2026-10-20"); len(v.Decision)+len(v.Collection) != 0 || v.HandIn.State != performance.LimitMet || v.Bank.Due != "2026-10-12" || v.Bank.State != performance.LimitLate {
		t.Errorf("%+v", v)
	}
	if x := w.only("2026-10-20"); x.Standing.State != performance.Settled {
		t.Errorf("collected, and yet %+v", x.Standing)
	}
	if v := judge(spot(t, "200.01", "hard"), "2026-10-01"); len(v.Decision) != 1 || v.Decision[0].Code != "spot_limit" || len(v.Collection) != 0 {
		t.Errorf("over the limit: %+v", v)
	}
	if v := judge(spot(t, "150.00", "small"), "2026-10-01"); len(v.Collection) != 1 || v.Collection[0].Code != "spot_collect_ground" {
		t.Errorf("150 is not small: %+v", v)
	}
	company := spot(t, "3000.00", "none")
	company.f.Parties[0].Kind = matter.Organisation
	if v := judge(company, "2026-10-01"); len(v.Decision) != 0 || v.HandIn.State != performance.LimitNone {
		t.Errorf("an organisation: %+v", v)
	}
}

// demanded is a case that went the whole way to the court: demanded 10 September 2026, applied for on the 24th.
func demanded(t testing.TB) *world {
	w := penalised(t)
	w.put("demand", "demand-notice", map[string]any{
		"perform_by": "2026-09-20", "perform_way": "指定银行", "amount": "2000.00", "rights_list": []map[string]any{{"right": "陈述、申辩"}}, "issued_on": "2026-09-09",
	})
	w.serve("demand", "2026-09-10")
	w.put("application", "court-enforcement-application", map[string]any{
		"facts": "逾期未缴", "reasons": "经催告仍未履行", "basis": []string{"行政强制法 §53"}, "demand_state": "9月10日送达", "subject_state": "罚款1000元",
		"attachments": []map[string]any{{"file_id": "x"}}, "issued_on": "2026-09-24",
	})
	for _, role := range []string{"leader", "seal"} {
		w.f.Signatures = append(w.f.Signatures, matter.Signature{Paper: "application", Version: 1, Role: role, Mode: matter.Own})
	}
	return w
}

// TestChains: the chain of a case, by the days of performance.TestCourt.
func TestChains(t *testing.T) {
	t.Parallel()
	steps := func(w *world, on string) []performance.Step {
		t.Helper()
		chains, err := execution.Chains(w.f, law(t), at(t, on))
		if err != nil || len(chains) != 1 {
			t.Fatalf("%d chains: %v", len(chains), err)
		}
		return chains[0].Steps
	}
	of := func(list []performance.Step, id performance.StepID) performance.Step {
		i := slices.IndexFunc(list, func(s performance.Step) bool { return s.ID == id })
		if i < 0 {
			t.Fatalf("no %s", id)
		}
		return list[i]
	}
	if s, ok := performance.Next(steps(demanded(t), "2026-10-08")); ok {
		t.Errorf("all is done, and yet %+v", s)
	}
	for _, c := range []struct {
		name   string
		change func(*world)
		step   performance.StepID
		state  performance.StepState
	}{
		{"applied too soon", func(w *world) { w.f.Papers[2].Values.Set("issued_on", "2026-09-23") }, performance.StepApply, performance.StepEarly},
		{"applied too late", func(w *world) { w.f.Papers[2].Values.Set("issued_on", "2026-12-03") }, performance.StepApply, performance.StepLate},
		{"no seal", func(w *world) { w.f.Signatures = w.f.Signatures[:1] }, performance.StepApply, performance.StepFlawed},
		{"a draft is no application", func(w *world) { w.f.Papers[2].State = matter.Draft }, performance.StepApply, performance.StepLapsed},
		{"no rights in the demand", func(w *world) { delete(w.f.Papers[1].Values, "rights_list") }, performance.StepDemand, performance.StepFlawed},
		{"the demand was not served", func(w *world) { w.f.Deliveries = w.f.Deliveries[:1] }, performance.StepDemand, performance.StepOpen},
		{"not told of suit", func(w *world) { delete(w.f.Papers[0].Values, "remedy_suit") }, performance.StepRemedies, performance.StepWaiting},
		{"the party answered", func(w *world) { w.f.Papers[2].Values.Set("party_opinion", "无力缴纳") }, performance.StepHeard, performance.StepOpen},
		{"the answer was weighed", func(w *world) {
			w.put("weighed", "statement-review", nil).DoneAt = at(t, "2026-09-15")
		}, performance.StepHeard, performance.StepDone},
		{"paid after all", func(w *world) { w.paid("v", "2026-09-15", "2000.00", "甲") }, performance.StepApply, performance.StepNotNeeded},
		{"in review", func(w *world) { w.report("review_applied", "2026-04-20") }, performance.StepRemedies, performance.StepBlocked},
		{"sued", func(w *world) { w.report("suit_filed", "2026-04-20") }, performance.StepRemedies, performance.StepBlocked},
		{"demanded before the plan's end", func(w *world) {
			w.deferred("plan2", "2026-09-01", map[string]any{"due": "2026-10-31", "amount": "1000.00"})
			w.deferred("plan1", "2026-03-12", map[string]any{"due": "2026-04-30", "amount": "1000.00"})
		}, performance.StepDemand, performance.StepEarly},
	} {
		w := demanded(t)
		c.change(w)
		if s := of(steps(w, "2026-12-10"), c.step); s.State != c.state {
			t.Errorf("%s: %s is %s, want %s; missing %v", c.name, c.step, s.State, c.state, s.Missing)
		}
	}
}

// TestOwnEnforcement: by the bureau itself, on Thursday 30 April and, wrongly, on 劳动节.
func TestOwnEnforcement(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]performance.StepState{"2026-04-30": performance.StepDone, "2026-05-01": performance.StepFlawed} {
		w := demanded(t)
		w.f.Answers = []matter.Answer{{Fact: "own_enforcement", Value: "true"}}
		w.f.Papers = w.f.Papers[:2]
		w.f.Papers[1].Values.Set("perform_by", "2026-03-30")
		w.f.Deliveries[1].Deemed = at(t, "2026-03-20")
		w.put("surcharge", "surcharge-decision", map[string]any{"period_from": "2026-03-18"})
		w.put("heard", "statement-review", nil).DoneAt = at(t, "2026-03-25")
		w.put("enforce", "enforcement-decision", map[string]any{"issued_on": "2026-04-20", "power_basis": []string{"某法 §1"}, "exec_at": "2026-04-30T11:00:00+08:00"})
		w.serve("enforce", "2026-04-21")
		w.put("onsite", "enforcement-onsite-record", map[string]any{"started_at": day + "T11:00:00+08:00", "ended_at": day + "T12:30:00+08:00"})
		chains, err := execution.Chains(w.f, law(t), at(t, "2026-05-20"))
		if err != nil || len(chains) != 1 || chains[0].Chain.Way != performance.Own {
			t.Fatal(err, chains)
		}
		last := chains[0].Steps[len(chains[0].Steps)-1]
		if last.ID != performance.StepAct || last.State != want {
			t.Errorf("%s: %s is %s, want %s; missing %v; guard %s", day, last.ID, last.State, want, last.Missing, chains[0].Guard.State)
		}
	}
}

// TestOwes: what stands between a case and its closing.
func TestOwes(t *testing.T) {
	t.Parallel()
	codes := func(w *world, on string) (out []string) {
		owed, err := execution.Owes(w.f, law(t), at(t, on))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range owed {
			out = append(out, o.Code)
		}
		return out
	}
	late := penalised(t)
	late.paid("v", "2026-03-18", "1000.00", "甲")
	settled := penalised(t)
	settled.paid("v", "2026-03-17", "1000.00", "甲")
	unserved := penalised(t)
	unserved.f.Deliveries = nil
	doubtful := penalised(t)
	doubtful.paid("v", "2026-03-17", "1000.00", "甲")
	doubtful.paid("w", "2026-03-17", "?", "甲")
	banked := spot(t, "100.00", "small")
	banked.report("fine_handed_over", "2026-10-09")
	banked.report("fine_banked", "2026-10-10")
	for name, c := range map[string]struct {
		w    *world
		on   string
		want []string
	}{
		"settled": {settled, "2026-04-01", nil}, "running": {penalised(t), "2026-03-10", []string{"running"}}, "overdue": {penalised(t), "2026-04-01", []string{"overdue"}},
		"the charge": {late, "2026-04-01", []string{"charge"}}, "before the court": {demanded(t), "2026-10-08", nil}, "not served": {unserved, "2026-04-01", []string{"unknown"}},
		"in doubt": {doubtful, "2026-04-01", []string{"doubt"}}, "in a pocket": {spot(t, "100.00", "small"), "2026-10-20", []string{"not_banked"}}, "banked": {banked, "2026-10-20", nil},
	} {
		if got := codes(c.w, c.on); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestWords: every doubt and everything owed has words.
func TestWords(t *testing.T) {
	t.Parallel()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	zh := words.For(locale.Chinese)
	for _, d := range []execution.Doubt{
		execution.NoAmount, execution.NotServed, execution.NoDue, execution.BadVoucher, execution.WhoseVoucher, execution.BadPlan, execution.WhosePlan,
	} {
		if !zh.Has("execution.doubt." + string(d)) {
			t.Errorf("no words for %s", d)
		}
	}
	for _, o := range []string{"unknown", "overdue", "charge", "running", "doubt", "not_banked"} {
		if !zh.Has("execution.owed." + o) {
			t.Errorf("no words for %s", o)
		}
	}
}
