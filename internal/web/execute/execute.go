// Package execute is what became of a case's decisions (履行与执行) as parts of a page: each fine as an account, money taken
// on the spot with its terms, and the chain from the demand to enforcement with what is missing at each link. It shows what
// packages execution and performance judged and adds nothing of its own.
package execute

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/execution"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

// View is everything there is to show; empty when no decision of the case imposes money.
type View struct {
	Fines  []FineView
	Spots  []SpotView
	Chains []ChainView
}

// Empty reports whether there is nothing to show.
func (v View) Empty() bool { return len(v.Fines)+len(v.Spots)+len(v.Chains) == 0 }

// FineView is one fine as an account.
type FineView struct {
	Title, Href string
	State       string
	Icon        string
	Tone        ui.Tone
	Facts       []ui.Fact
	Notes       []ui.NoteView
	Instalments ui.TableView
}

// SpotView is one decision or collection on the spot.
type SpotView struct {
	Title, Href string
	Facts       []ui.Fact
	Notes       []ui.NoteView
}

// ChainView is the chain of one decision.
type ChainView struct {
	Title, Href string
	Way         string
	Steps       ui.TableView
	Notes       []ui.NoteView
}

// Of reads a case. Document gives what a document type is called.
func Of(p locale.Printer, f matter.File, law execution.Law, now time.Time, document func(kind string) string) (View, error) {
	t := teller{p: p, f: f, document: document}
	var v View
	fines, err := execution.Fines(f, law, now)
	if err != nil {
		return View{}, err
	}
	for _, x := range fines {
		v.Fines = append(v.Fines, t.fine(x))
	}
	spots, err := execution.Spots(f, law, now)
	if err != nil {
		return View{}, err
	}
	for _, paper := range f.Papers {
		if s, ok := spots[paper.ID]; ok {
			v.Spots = append(v.Spots, t.spot(paper.ID, s))
		}
	}
	chains, err := execution.Chains(f, law, now)
	if err != nil {
		return View{}, err
	}
	for _, c := range chains {
		if c.Chain.Performed != proof.Yes {
			v.Chains = append(v.Chains, t.chain(c))
		}
	}
	return v, nil
}

type teller struct {
	p        locale.Printer
	f        matter.File
	document func(kind string) string
}

// named is what a paper is called: its type and its number.
func (t teller) named(id ident.PaperID) (title, href string) {
	paper, _ := t.f.Paper(id)
	title = t.document(paper.Type)
	if paper.No != "" {
		title = t.p.T("execution.page.numbered", title, paper.No)
	}
	return title, "/papers/" + string(id)
}

func (t teller) yuan(a performance.Fen) string { return t.p.T("execution.page.yuan", grouped(a)) }

// grouped puts commas between thousands.
func grouped(a performance.Fen) string {
	s := a.String()
	whole, cents, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + "." + cents
}

func (t teller) fact(label, value, source string) ui.Fact {
	return ui.FactText(t.p.T("execution.page."+label), value, source)
}

// fineTones are how the states of a fine look.
func fineTone(s performance.FineState) (ui.Tone, string) {
	switch s {
	case performance.Settled:
		return ui.OK, "circle-check"
	case performance.InTime, performance.Deferred:
		return ui.Due, "clock"
	case performance.Overdue, performance.ChargeOwed:
		return ui.Late, "clock-x"
	}
	return ui.Moot, "help-circle"
}

func (t teller) fine(x execution.Fine) FineView {
	v := FineView{State: t.p.T("execution.page.unknown"), Icon: "help-circle", Tone: ui.Moot}
	v.Title, v.Href = t.named(x.Decision)
	for _, d := range x.Doubts {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Due, Text: t.p.T("execution.doubt." + string(d))})
	}
	for _, w := range x.PlanProblems {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Due, Text: t.planProblem(w)})
	}
	if x.Fine.Amount > 0 {
		v.Facts = append(v.Facts, t.fact("amount", t.yuan(x.Fine.Amount), ""))
	}
	if x.Due.Due != "" {
		due := x.Due.Due
		if x.Due.Unrolled != "" {
			due = t.p.T("execution.page.moved", due, x.Due.Unrolled)
		}
		v.Facts = append(v.Facts, t.fact("due", due, x.Due.Basis))
	}
	if !x.Known {
		return v
	}
	s := x.Standing
	v.State = t.p.T("performance.fine." + string(s.State))
	v.Tone, v.Icon = fineTone(s.State)
	v.Facts = append(v.Facts, t.fact("paid", t.yuan(s.PaidFine+s.PaidCharge), ""))
	if s.LateDays > 0 || s.StayedDays > 0 {
		charge := t.p.T("execution.page.charged", t.yuan(s.Charge), s.LateDays)
		if s.Capped {
			charge = t.p.T("execution.page.capped", t.yuan(s.Charge), s.LateDays)
		}
		v.Facts = append(v.Facts, t.fact("charge", charge, "行政处罚法 §72¶1(1)"))
	}
	if s.StayedDays > 0 {
		v.Facts = append(v.Facts, t.fact("stayed", t.p.T("time.days", s.StayedDays), "行政处罚法 §73¶3"))
	}
	v.Facts = append(v.Facts, t.fact("owed", t.yuan(s.Owed), ""))
	if s.Overpaid > 0 {
		v.Facts = append(v.Facts, t.fact("overpaid", t.yuan(s.Overpaid), ""))
	}
	if len(s.Instalments) > 0 {
		v.Instalments = t.instalments(s.Instalments)
	}
	return v
}

func (t teller) planProblem(w performance.PlanProblem) string {
	text := t.p.T("performance.plan." + string(w.Code))
	if w.Row > 0 {
		return t.p.T("execution.page.plan_row", w.Row, text)
	}
	return text
}

func (t teller) instalments(list []performance.InstalmentStanding) ui.TableView {
	v := ui.TableView{
		Caption: t.p.T("execution.page.instalments"), ShowCaption: true, Compact: true, Dense: true,
		Columns: []ui.Column{
			{Label: t.p.T("execution.page.due"), Tight: true},
			{Label: t.p.T("execution.page.amount"), Num: true},
			{Label: t.p.T("execution.page.paid"), Num: true},
			{Label: t.p.T("execution.page.state"), Tight: true},
		},
	}
	for _, in := range list {
		tone, icon := ui.None, "clock"
		switch in.State {
		case performance.InstalmentPaid:
			tone, icon = ui.OK, "circle-check"
		case performance.InstalmentOverdue:
			tone, icon = ui.Late, "clock-x"
		case performance.InstalmentOpen, performance.InstalmentPart:
		}
		v.Rows = append(v.Rows, ui.Row{Cells: []ui.Cell{
			ui.Text(in.Due.Format(time.DateOnly)), ui.Text(grouped(in.Amount)), ui.Text(grouped(in.Paid)), ui.St(t.p.T("performance.instalment."+string(in.State)), icon, tone),
		}})
	}
	return v
}

func (t teller) spot(id ident.PaperID, s performance.SpotVerdict) SpotView {
	v := SpotView{}
	v.Title, v.Href = t.named(id)
	for _, l := range []struct {
		label string
		limit performance.Limit
	}{{"hand_in", s.HandIn}, {"bank", s.Bank}} {
		if l.limit.State == performance.LimitNone {
			continue
		}
		state := t.p.T("performance.limit." + string(l.limit.State))
		if l.limit.Due != "" {
			state = t.p.T("execution.page.limit", l.limit.Due, state)
		}
		v.Facts = append(v.Facts, t.fact(l.label, state, l.limit.Article))
	}
	v.Notes = append(t.lacks(s.Decision), t.lacks(s.Collection)...)
	if s.Disorder {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Late, Text: t.p.T("execution.page.disorder")})
	}
	if len(v.Notes) == 0 {
		v.Notes = append(v.Notes, ui.NoteView{Text: t.p.T("execution.page.spot_right")})
	}
	return v
}

func (t teller) lacks(list proof.Lacks) (out []ui.NoteView) {
	for _, l := range list {
		tone := ui.Due
		if l.Denied {
			tone = ui.Late
		}
		out = append(out, ui.NoteView{Tone: tone, Bold: t.p.T("performance.lack." + l.Code), Text: l.Article})
	}
	return out
}

// stepTone is how the state of a link looks.
func stepTone(s performance.StepState) (ui.Tone, string) {
	switch s {
	case performance.StepDone:
		return ui.OK, "circle-check"
	case performance.StepOpen:
		return ui.Due, "arrow-right"
	case performance.StepEarly, performance.StepLate, performance.StepFlawed, performance.StepLapsed:
		return ui.Late, "alert-triangle"
	case performance.StepCannotJudge:
		return ui.Moot, "help-circle"
	case performance.StepWaiting, performance.StepBlocked, performance.StepNotNeeded:
	}
	return ui.None, "clock"
}

func (t teller) chain(c execution.Chain) ChainView {
	v := ChainView{Way: t.p.T("performance.way." + string(c.Chain.Way))}
	v.Title, v.Href = t.named(c.Decision)
	v.Steps = ui.TableView{
		Caption: t.p.T("execution.page.chain"), Dense: true,
		Columns: []ui.Column{
			{Label: t.p.T("execution.page.step"), Lead: true},
			{Label: t.p.T("execution.page.state"), Tight: true},
			{Label: t.p.T("execution.page.window"), Tight: true},
			{Label: t.p.T("execution.page.on"), Tight: true},
			{Label: t.p.T("execution.page.missing")},
		},
	}
	for _, s := range c.Steps {
		tone, icon := stepTone(s.State)
		row := ui.Row{Cells: []ui.Cell{
			ui.TwoCell(t.p.T("performance.step."+string(s.ID)), s.Article), ui.St(t.p.T("performance.state."+string(s.State)), icon, tone),
			ui.Text(t.window(s)), ui.Text(s.On), ui.Text(t.missing(s)),
		}}
		v.Steps.Rows = append(v.Steps.Rows, row)
	}
	for _, h := range c.Guard.Hits {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Due, Bold: h.Day, Text: t.p.T("performance.hour." + string(h.What))})
	}
	v.Notes = append(v.Notes, t.lacks(c.Guard.Lacks)...)
	return v
}

func (t teller) window(s performance.Step) string {
	switch {
	case s.NotBefore != "" && s.NotAfter != "":
		return t.p.T("execution.page.between", s.NotBefore, s.NotAfter)
	case s.NotBefore != "":
		return t.p.T("execution.page.from", s.NotBefore)
	case s.NotAfter != "":
		return t.p.T("execution.page.until", s.NotAfter)
	}
	return ""
}

func (t teller) missing(s performance.Step) string {
	var out []string
	for _, l := range s.Missing {
		out = append(out, t.p.T("execution.page.lack", t.p.T("performance.lack."+l.Code), l.Article))
	}
	if s.Doubt != "" {
		out = append(out, t.p.T("term.doubt."+string(s.Doubt)))
	}
	for _, w := range s.Warnings {
		out = append(out, t.p.T("term.warning."+string(w)))
	}
	return strings.Join(out, t.p.T("execution.page.and"))
}
