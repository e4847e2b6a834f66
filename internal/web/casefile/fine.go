package casefile

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/execution"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/story"
	"zhilu.dev/zhilu/internal/web/ui"
)

var shanghai = clock.Shanghai

// fines says how the case's fines stand: what is owed, with the charge for lateness and its cap (行政处罚法 §72, §73).
func fines(p *site.Page, f matter.File, law execution.Law) ([]fineView, error) {
	list, err := execution.Fines(f, law, p.Now)
	if err != nil {
		return nil, err
	}
	var out []fineView
	for _, x := range list {
		paper, _ := f.Paper(x.Decision)
		v := fineView{Title: p.P.T("case.fine", paper.No, x.Fine.Amount.String()), State: p.P.T("case.fine_unknown")}
		if x.Known {
			v.State = p.P.T("case.fine_owed", x.Standing.PaidFine.String(), x.Standing.OwedFine.String())
			if x.Standing.Charge > 0 {
				v.Note = p.P.T("case.fine_charge", x.Standing.LateDays, x.Standing.Charge.String())
			}
			if x.Standing.Capped {
				v.Note += " " + p.P.T("case.fine_capped")
			}
		}
		if x.Due.Due != "" {
			v.Note = p.P.T("case.fine_due", x.Due.Due) + " " + v.Note
		}
		out = append(out, v)
	}
	return out, nil
}

// paperGroup is the document types one can add in a stage.
type paperGroup struct {
	Title string
	Docs  []paperChoice
}

// paperChoice is one type of document.
type paperChoice struct{ ID, Name, Note string }

// choose lists the types of papers the reader may write in this case.
func (a area) choose(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	f, err := a.d.Cases.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	e, err := a.d.Cases.Edition(p.Context(), f)
	if err != nil {
		return err
	}
	known := procedure.Facts(f, e.Catalogue)
	stages := append(slices.Clone(matter.Stages()), "record-management")
	var groups []paperGroup
	for _, s := range stages {
		g := paperGroup{Title: p.P.T("case.stage." + s)}
		for _, d := range e.Catalogue.Documents {
			if d.Stage == s && d.For(f.Case.Act) && a.d.Cases.Writes(f, d, p.Actor) && d.Kind != "ledger" {
				g.Docs = append(g.Docs, paperChoice{ID: d.ID, Name: docTitle(p.P, e.Catalogue, d.ID), Note: applies(p.P, d, known)})
			}
		}
		if len(g.Docs) > 0 {
			groups = append(groups, g)
		}
	}
	return p.Render(p.P.T("case.add_paper"), choosePage(p.P, chooseView{ID: string(id), No: f.Case.No, Groups: groups}))
}

// chooseView is the page on which a type of paper is chosen.
type chooseView struct {
	ID, No string
	Groups []paperGroup
}

func applies(p locale.Printer, d catalogue.Document, known fact.Answers) string {
	if d.Condition == nil {
		return p.T("case.always")
	}
	condition := p.Pick(d.Condition.ZH, d.Condition.EN)
	if truth, _ := procedure.Applies(d, known); truth == fact.No {
		return p.T("case.not_here", condition)
	}
	return condition
}

// story is the whole course of the case (经过).
func (a area) story(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	f, err := a.d.Cases.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	source, err := a.d.Story(p.Context(), p.Actor, f)
	if err != nil {
		return err
	}
	all := story.Tell(p.P, source, p.Now)
	kind := story.Kind(p.Value("kind"))
	counts := story.Count(all)
	path := "/cases/" + string(id) + "/story"
	tabs := []ui.Tab{{Text: p.P.T("story.all"), Href: path, Current: kind == "", Count: p.P.Num(int64(len(all)))}}
	for _, k := range story.Kinds() {
		tabs = append(tabs, ui.Tab{Text: p.P.T("story.kind." + string(k)), Href: path + "?kind=" + string(k), Current: kind == k, Count: p.P.Num(int64(counts[k]))})
	}
	title := p.P.T("case.story_title", f.Case.No)
	return p.Render(title, story.Page(p.P, story.PageView{
		Head: ui.HeadView{Crumbs: []ui.Link{{Text: p.P.T("nav.cases"), Href: "/cases"}, {Text: f.Case.No, Href: "/cases/" + string(id)}}, Title: title},
		Tabs: tabs, Days: story.Days(p.P, story.Narrow(all, kind), p.Now), Printed: p.P.T("case.printed", p.P.Full(p.Now.In(time.UTC)), p.Actor.Name),
	}))
}
