package intake

import (
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// missing lists the numbers of cameras that nobody handed in or accounted for yet (T2): beside the files that ask for a
// person stand those that are not there. It is nil where there are none.
func (a area) missing(p *site.Page) (*ui.DutyList, error) {
	page, err := a.Duties.List(p.Context(), p.Actor, duty.Filter{Kinds: []duty.Kind{duty.ExplainMissing}})
	if err != nil || len(page.Duties) == 0 {
		return nil, err
	}
	ids := make([]ident.PersonID, 0, len(page.Duties))
	for _, d := range page.Duties {
		if d.Person != "" {
			ids = append(ids, d.Person)
		}
	}
	names, err := a.People.Names(p.Context(), ids)
	if err != nil {
		return nil, err
	}
	pr := p.P
	rows := ui.DutyGroup{}
	for _, d := range page.Duties {
		rule, _ := d.Kind.Rule()
		who := pr.T("library.no_officer")
		if d.Person != "" {
			who = names[d.Person]
		}
		title := pr.T(d.Kind.TitleKey(), d.TitleArgs()...)
		row := ui.Duty{
			Clock: ui.DueClock(pr, d.Since, d.Due, p.Now), Title: ui.Link{Text: title}, Facts: []string{who, pr.T("workbench.since", pr.When(d.Since, p.Now))},
			Cite: ui.Cite{Article: rule.Article},
		}
		if d.Device != "" {
			row.Title.Href = "/devices/" + string(d.Device)
			act := pr.T("duty.action." + string(d.Kind))
			row.Action = ui.Action{Text: act, Href: row.Title.Href, Label: pr.T("workbench.label", act, title)}
		}
		rows.Rows = append(rows.Rows, row)
	}
	list := &ui.DutyList{Title: pr.T("recording.gaps"), Count: len(rows.Rows), Note: pr.T("card.gaps_note"), Groups: []ui.DutyGroup{rows}}
	if page.Next != "" {
		list.Note = pr.T("inbox.missing_more", len(rows.Rows))
	}
	return list, nil
}
