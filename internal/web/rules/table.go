package rules

import (
	"net/url"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// partView is one part of an edition or a draft as a list.
type partView struct {
	Head    ui.HeadView
	Tabs    []ui.Tab
	Filters *ui.Filters
	Table   ui.TableView
	Note    string
}

// tabs lead through the parts.
func (s source) tabs(p locale.Printer, at string) []ui.Tab {
	out := []ui.Tab{{Text: p.T("rules.overview"), Href: s.base, Current: at == ""}}
	for _, name := range []string{"documents", "deadlines", "recording-matters", "requirements", "calendar", acts} {
		out = append(out, ui.Tab{Text: p.T("rules.part." + name), Href: s.base + "/" + name, Current: at == name})
	}
	return out
}

// part is the page of one part.
func (a *area) part(p *site.Page, s source) error {
	name := p.R.PathValue("part")
	var v partView
	switch edition.Part(name) {
	case edition.Powers: // they stand with the acts they open
		return fault.New(fault.NotFound, "page.unknown")
	case edition.Documents:
		v = s.documentList(p)
	case edition.Deadlines:
		v = s.termList(p)
	case edition.Matters:
		v = s.matterList(p)
	case edition.Requirements:
		v = s.obligationList(p)
	case edition.Calendar:
		return a.daysPage(p, s, s.daysForm(p), nil)
	case acts:
		return a.actsPage(p, s, edition.Power{}, nil)
	default:
		return fault.New(fault.NotFound, "page.unknown")
	}
	v.Tabs = s.tabs(p.P, name)
	v.Head = ui.HeadView{Crumbs: s.crumbs(p.P), Title: p.P.T("rules.part." + name)}
	if s.may {
		v.Head.Actions = []ui.Action{{Text: p.P.T("rules.add." + name), Href: s.base + "/new/" + name, Icon: "plus"}}
	}
	v.Table.Caption = v.Head.Title
	v.Table.Empty = ui.EmptyView{Icon: "search", Title: p.P.T("rules.no_rows"), Text: p.P.T("rules.no_rows_do")}
	if n := len(v.Table.Rows); n > 0 {
		v.Table.Pager = &ui.PagerView{Total: int64(n)}
	}
	v.Note = s.broken(p.P)
	return p.Render(v.Head.Title+" · "+s.title, partPage(p.P, v))
}

// broken says that a draft has rows that keep it from being adopted.
func (s source) broken(p locale.Printer) string {
	if len(s.problems) == 0 {
		return ""
	}
	return p.T("rules.broken", len(s.problems))
}

// filters is the bar over a list: a search and the choices given.
func (s source) filters(p *site.Page, name string, more ...ui.Filter) *ui.Filters {
	path := s.base + "/" + name
	f := &ui.Filters{
		Action: path, Clear: path, Export: s.base + "/export/" + name,
		Fields: append([]ui.Filter{{Kind: ui.FilterText, Name: "q", Label: p.P.T("rules.search"), Value: p.Value("q")}}, more...),
	}
	return f
}

func choice(p *site.Page, name, label string, ids []string, text func(string) string) ui.Filter {
	at := p.Value(name)
	f := ui.Filter{Kind: ui.FilterSelect, Name: name, Label: label, Options: []ui.Option{{Text: p.P.T("rules.any"), On: at == ""}}}
	for _, id := range ids {
		f.Options = append(f.Options, ui.Option{Value: id, Text: text(id), On: id == at})
	}
	return f
}

func (s source) actFilter(p *site.Page) ui.Filter {
	return choice(p, "act", p.P.T("rules.field.acts"), s.actIDs(), func(id string) string { return s.act(p.P, id) })
}

func (s source) stageFilter(p *site.Page) ui.Filter {
	return choice(p, "stage", p.P.T("rules.field.stage"), s.stageIDs(), func(id string) string { return s.stage(p.P, id) })
}

func wordFilter(p *site.Page, name, area string, ids []string) ui.Filter {
	return choice(p, name, p.P.T("rules.field."+name), ids, func(id string) string { return known(p.P, area, id) })
}

// holds reports whether a condition of the list's address lets a value through.
func holds(p *site.Page, name string, values ...string) bool {
	want := p.Value(name)
	if want == "" {
		return true
	}
	for _, v := range values {
		if v == want {
			return true
		}
	}
	return false
}

// found reports whether every word searched for stands in one of the texts.
func found(p *site.Page, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(p.Value("q"))) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

func (s source) rowHref(part edition.Part, id string) string {
	return s.base + "/" + string(part) + "/" + url.PathEscape(id)
}

func (s source) lead(p locale.Printer, part edition.Part, id string, t catalogue.Text) ui.Cell {
	return ui.MainCell(ui.Link{Text: words(p, t), Href: s.rowHref(part, id)}, id, true)
}

func columns(p locale.Printer, names ...string) []ui.Column {
	out := make([]ui.Column, len(names))
	for i, n := range names {
		out[i] = ui.Column{Label: p.T("rules.field." + n)}
	}
	return out
}

func (s source) documentList(p *site.Page) partView {
	v := partView{Filters: s.filters(p, "documents", s.actFilter(p), s.stageFilter(p), wordFilter(p, "requirement", "rules.requirement", []string{"mandatory", "conditional"}))}
	v.Table.Columns = append(columns(p.P, "name", "stage", "acts", "kind", "requirement"), ui.Column{Label: p.P.T("rules.fields"), Num: true})
	for _, d := range s.content.Catalogue.Documents {
		if !holds(p, "act", d.Acts...) || !holds(p, "stage", d.Stage) || !holds(p, "requirement", d.Requirement) || !found(p, d.ID, d.ZH, d.EN, strings.Join(d.LegalBasis, " ")) {
			continue
		}
		when := ""
		if d.Condition != nil {
			when = words(p.P, *d.Condition)
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			s.lead(p.P, edition.Documents, d.ID, d.Text), ui.Text(s.stage(p.P, d.Stage)), ui.Text(s.actNames(p.P, d.Acts)),
			ui.Text(known(p.P, "rules.kind", d.Kind)), ui.TwoCell(known(p.P, "rules.requirement", d.Requirement), when),
			ui.Text(p.P.Num(int64(len(d.Fields)))),
		}})
	}
	return v
}

func (s source) termList(p *site.Page) partView {
	v := partView{Filters: s.filters(p, "deadlines", s.actFilter(p), wordFilter(p, "unit", "rules.unit", []string{"hour", "natural-day", "working-day", "month", "year", "none"}))}
	v.Table.Columns = columns(p.P, "name", "length", "direction", "from_event", "basis", "acts")
	for _, t := range s.content.Catalogue.Terms {
		if !holds(p, "act", t.Acts...) || !holds(p, "unit", string(t.Unit)) || !found(p, t.ID, t.ZH, t.EN, t.Basis) {
			continue
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			s.lead(p.P, edition.Deadlines, t.ID, t.Text), ui.Text(length(p.P, t)), ui.Text(known(p.P, "rules.direction", string(t.Direction))),
			ui.Text(words(p.P, t.FromEvent)), ui.Text(t.Basis), ui.Text(s.actNames(p.P, t.Acts)),
		}})
	}
	return v
}

// length is how long a term is, in words.
func length(p locale.Printer, t catalogue.Term) string {
	if t.Length == nil || t.Unit == catalogue.None {
		return p.T("rules.no_length")
	}
	return p.T("rules.length."+string(t.Unit), *t.Length)
}

func (s source) matterList(p *site.Page) partView {
	v := partView{Filters: s.filters(p, "recording-matters", s.actFilter(p), wordFilter(p, "requirement", "rules.requirement", []string{"uninterrupted", "mandatory", "encouraged"}))}
	v.Table.Columns = columns(p.P, "name", "requirement", "stage", "acts", "trigger")
	for _, m := range s.content.Catalogue.Matters {
		if !holds(p, "act", m.Acts...) || !holds(p, "requirement", m.Requirement) || !found(p, m.ID, m.ZH, m.EN) {
			continue
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			s.lead(p.P, edition.Matters, m.ID, m.Text), ui.Text(known(p.P, "rules.requirement", m.Requirement)), ui.Text(s.stage(p.P, m.Stage)),
			ui.Text(s.actNames(p.P, m.Acts)), ui.Text(words(p.P, m.Trigger)),
		}})
	}
	return v
}

func (s source) obligationList(p *site.Page) partView {
	v := partView{Filters: s.filters(p, "requirements", wordFilter(p, "level", "rules.level", []string{"enforce", "detect", "evidence", "people"}))}
	v.Table.Columns = columns(p.P, "obligation", "article", "obliged", "level")
	for _, o := range s.content.Catalogue.Obligations {
		if !holds(p, "level", o.Level) || !found(p, o.ID, o.Obligation.ZH, o.Obligation.EN, o.Article) {
			continue
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			s.lead(p.P, edition.Requirements, o.ID, o.Obligation), ui.Text(p.P.Article(o.Article)), ui.Text(words(p.P, o.Obliged)),
			ui.Text(known(p.P, "rules.level", o.Level)),
		}})
	}
	return v
}
