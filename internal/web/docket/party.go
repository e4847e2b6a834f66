package docket

import (
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// partyView is the search for a party: what it is for, the form, and what it found.
type partyView struct {
	Head   ui.HeadView
	Form   ui.FormView
	Name   ui.Field
	Reason ui.Field
	Bad    refusal.Fault
	Found  *ui.TableView // nil before anything was searched
	More   string        // says that there are more
}

func (a area) askParty(p *site.Page) error { return a.showParty(p, partyView{}) }

func (a area) showParty(p *site.Page, v partyView) error {
	pr := p.P
	v.Head = ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("docket.title"), Href: Path}}, Title: pr.T("docket.party.title")}
	v.Name = v.Bad.Mark(ui.Field{Name: "name", Label: pr.T("docket.party.name"), Value: p.Value("name"), Max: 60, Auto: "off", Focus: v.Found == nil})
	v.Reason = v.Bad.Mark(ui.Field{Name: "reason", Label: pr.T("docket.party.reason"), Hint: pr.T("docket.party.reason_hint"), Value: p.Value("reason"), Max: 200, Rows: 3})
	v.Form = ui.FormView{
		Action: partyPath, Label: pr.T("docket.party.title"), Errors: v.Bad.Errors(v.Name, v.Reason),
		Buttons: []ui.Action{{Text: pr.T("docket.party.do"), Icon: "search", Primary: true}},
	}
	if v.Bad.What != "" {
		return p.Refused(v.Head.Title, partyPage(pr, v))
	}
	return p.Render(v.Head.Title, partyPage(pr, v))
}

// findParty searches. What it found is the answer to this one asking: no address leads to it again.
func (a area) findParty(p *site.Page) error {
	rows, more, err := a.Cases.FindParty(p.Context(), p.Actor, p.Value("name"), p.Value("reason"))
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.showParty(p, partyView{Bad: bad})
	}
	if err != nil {
		return err
	}
	r, err := a.rules(p)
	if err != nil {
		return err
	}
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return err
	}
	names, err := a.names(p, rows)
	if err != nil {
		return err
	}
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("docket.party.found"),
		Columns: []ui.Column{
			{Label: pr.T("docket.column.case"), Lead: true},
			{Label: pr.T("docket.column.parties")},
			{Label: pr.T("docket.column.stage")},
			{Label: pr.T("docket.column.handlers")},
			{Label: pr.T("docket.column.due"), Tight: true},
			{Label: pr.T("docket.column.state")},
			{Label: pr.T("docket.column.opened"), Tight: true},
		},
		Empty: ui.EmptyView{Icon: "search", Title: pr.T("docket.party.none"), Text: pr.T("docket.party.none_text")},
	}
	for _, c := range rows {
		t.Rows = append(t.Rows, row(p, query{}, r, tree, names, c))
	}
	v := partyView{Found: &t}
	if more {
		v.More = pr.T("docket.party.more", len(rows))
	}
	return a.showParty(p, v)
}
