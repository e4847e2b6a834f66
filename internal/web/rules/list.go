package rules

import (
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// listView is the front page of the area.
type listView struct {
	Now      []ui.Fact
	NowHref  string
	Editions ui.TableView
	Drafts   ui.TableView
	MayDraft bool
	Form     []ui.Field
	Bad      refusal.Fault
}

func (a *area) list(p *site.Page) error { return a.listPage(p, "", refusal.Fault{}) }

func (a *area) listPage(p *site.Page, typed string, bad refusal.Fault) error {
	now, err := a.Regulation.EditionOn(p.Context(), p.Now)
	if err != nil {
		return err
	}
	editions, err := a.Regulation.Editions(p.Context())
	if err != nil {
		return err
	}
	drafts, err := a.Regulation.Drafts(p.Context())
	if err != nil {
		return err
	}
	s := source{content: now.Content, edition: now.Adoption}
	v := listView{
		Now: s.facts(p), NowHref: editionPath + "/" + strconv.Itoa(now.Number), Bad: bad,
		MayDraft: p.May(access.EditionDraft, access.Subject{Kind: "edition_draft"}),
		Form: []ui.Field{bad.Mark(ui.Field{
			Name: "words", Label: p.P.T("rules.why"), Hint: p.P.T("rules.why_hint"), Value: typed, Max: 1000, Rows: 4,
		})},
	}
	v.Editions = editionTable(p, append(editions, regulation.Adoption{}), now.Number)
	v.Drafts = draftTable(p, drafts)
	if bad.What != "" {
		return p.Refused(p.P.T("rules.title"), listPage(p.P, v))
	}
	return p.Render(p.P.T("rules.title"), listPage(p.P, v))
}

func editionTable(p *site.Page, list []regulation.Adoption, now int) ui.TableView {
	t := ui.TableView{
		Caption: p.P.T("rules.editions"),
		Columns: []ui.Column{
			{Label: p.P.T("rules.number")},
			{Label: p.P.T("rules.state")},
			{Label: p.P.T("rules.from"), Tight: true},
			{Label: p.P.T("rules.adopted")},
			{Label: p.P.T("people.do"), Acts: true},
		},
	}
	for _, e := range list {
		href := editionPath + "/" + strconv.Itoa(e.Number)
		text, icon, tone := p.P.T("rules.past"), "history", ui.None
		switch {
		case e.Number == now:
			text, icon, tone = p.P.T("rules.in_force"), "circle-check", ui.OK
		case e.Number > now:
			text, icon, tone = p.P.T("rules.to_come"), "clock", ui.Due
		}
		row := ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: editionTitle(p.P, e.Number), Href: href}, e.Words, false), ui.St(text, icon, tone),
			ui.NoneCell(p.P), ui.NoneCell(p.P), nil,
		}}
		if e.Number > 0 {
			row.Cells[2] = ui.Text(date(p.P, e.From))
			row.Cells[3] = ui.TwoCell(e.AdoptedName, p.P.When(e.AdoptedAt, p.Now))
			row.Cells[4] = ui.Button(ui.Action{
				Text: p.P.T("rules.compare"), Href: href + "/compare", Icon: "arrows-diff", Quiet: true,
				Label: p.P.T("rules.compare_label", p.P.T("rules.compare"), editionTitle(p.P, e.Number)),
			})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func draftTable(p *site.Page, list []regulation.Draft) ui.TableView {
	t := ui.TableView{
		Caption: p.P.T("rules.drafts"),
		Columns: []ui.Column{
			{Label: p.P.T("rules.drafts")}, {Label: p.P.T("rules.state")}, {Label: p.P.T("rules.steps"), Num: true}, {Label: p.P.T("rules.begun")},
		},
		Empty: ui.EmptyView{Icon: "pencil", Title: p.P.T("rules.no_drafts"), Text: p.P.T("rules.no_drafts_do")},
	}
	for _, d := range list {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: p.P.T("rules.draft", d.No), Href: draftsPath + "/" + string(d.ID)}, d.Words, false),
			draftMark(p.P, d.State), ui.Text(p.P.Num(int64(d.Revision))), ui.TwoCell(d.BegunName, p.P.When(d.BegunAt, p.Now)),
		}})
	}
	return t
}

func draftMark(p locale.Printer, s regulation.DraftState) ui.Cell {
	switch s {
	case regulation.DraftAdopted:
		return ui.St(p.T("rules.draft_state.adopted"), "circle-check", ui.OK)
	case regulation.DraftDiscarded:
		return ui.St(p.T("rules.draft_state.discarded"), "circle-x", ui.None)
	case regulation.DraftOpen:
	}
	return ui.St(p.T("rules.draft_state.open"), "pencil", ui.Due)
}

// date writes a day of the files as people read it, or as it stands where it is none.
func date(p locale.Printer, day string) string {
	t, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
	if err != nil {
		return day
	}
	return p.Date(t)
}

// facts are what is known of an edition at a glance.
func (s source) facts(p *site.Page) []ui.Fact {
	c := s.content.Catalogue
	var open []string
	for _, id := range s.actIDs() {
		if c.Acts[id].EnabledByDefault {
			open = append(open, s.act(p.P, id))
		}
	}
	out := []ui.Fact{}
	if !s.isDraft {
		out = append(out, ui.FactText(p.P.T("rules.number"), editionTitle(p.P, s.edition.Number), ""))
	}
	if s.edition.Number > 0 {
		out = append(out,
			ui.FactText(p.P.T("rules.from"), date(p.P, s.edition.From), ""),
			ui.FactText(p.P.T("rules.adopted"), p.P.T("rules.adopted_by", s.edition.AdoptedName, p.P.When(s.edition.AdoptedAt, p.Now)), ""),
			ui.FactText(p.P.T("rules.why"), s.edition.Words, ""),
		)
	}
	return append(out,
		ui.FactText(p.P.T("rules.open_acts"), joined(p.P, open), ""),
		ui.FactText(p.P.T("rules.holds"), p.P.T("rules.holds_count", len(c.Documents), len(c.Terms), len(c.Matters), len(c.Obligations)), ""),
		ui.FactText(p.P.T("rules.part.calendar"), p.P.T("rules.calendar_span", date(p.P, s.content.Days.From), date(p.P, s.content.Days.To)), ""),
	)
}

func (a *area) begin(p *site.Page) error {
	d, err := a.Regulation.BeginDraft(p.Context(), p.Actor, p.Value("words"))
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.listPage(p, p.Value("words"), bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(draftsPath + "/" + string(d.ID))
}
