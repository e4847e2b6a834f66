package rules

import (
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// rowView is one row as it stands.
type rowView struct {
	Head    ui.HeadView
	Facts   []ui.Fact
	Fields  *ui.TableView // of a document
	Signers *ui.TableView
}

// row is the page of one row: the form where the reader may change it, else what it says.
func (a *area) row(p *site.Page, s source) error {
	part, id := edition.Part(p.R.PathValue("part")), p.R.PathValue("row")
	r, name, ok := s.find(part, id)
	if !ok {
		return fault.New(fault.NotFound, "edition.row", locale.Visible(id))
	}
	if s.may {
		switch r := r.(type) {
		case catalogue.Document:
			return a.documentPage(p, s, documentForm{Row: r, Was: was(r)})
		case catalogue.Term:
			return a.termPage(p, s, termForm{Row: r, Was: was(r)})
		case catalogue.Matter:
			return a.matterPage(p, s, plainForm[catalogue.Matter]{Row: r, Was: was(r)})
		case catalogue.Obligation:
			return a.obligationPage(p, s, plainForm[catalogue.Obligation]{Row: r, Was: was(r)})
		}
	}
	v, err := s.rowView(p, part, r)
	if err != nil {
		return err
	}
	v.Head = ui.HeadView{
		Crumbs: append(s.crumbs(p.P), ui.Link{Text: p.P.T("rules.part." + string(part)), Href: s.base + "/" + string(part)}),
		Title:  words(p.P, name), Sub: id,
	}
	return p.Render(v.Head.Title+" · "+s.title, rowPage(p.P, v))
}

// find gives a row of a part by its id.
func (s source) find(part edition.Part, id string) (any, catalogue.Text, bool) {
	c := s.content.Catalogue
	switch part {
	case edition.Documents:
		if i := slices.IndexFunc(c.Documents, func(d catalogue.Document) bool { return d.ID == id }); i >= 0 {
			return c.Documents[i], c.Documents[i].Text, true
		}
	case edition.Deadlines:
		if t, ok := c.Term(id); ok {
			return t, t.Text, true
		}
	case edition.Matters:
		if i := slices.IndexFunc(c.Matters, func(m catalogue.Matter) bool { return m.ID == id }); i >= 0 {
			return c.Matters[i], c.Matters[i].Text, true
		}
	case edition.Requirements:
		if i := slices.IndexFunc(c.Obligations, func(o catalogue.Obligation) bool { return o.ID == id }); i >= 0 {
			return c.Obligations[i], c.Obligations[i].Obligation, true
		}
	case edition.Calendar, edition.Powers:
	}
	return nil, catalogue.Text{}, false
}

func (s source) rowView(p *site.Page, part edition.Part, r any) (rowView, error) {
	places, err := edition.Tell(r)
	if err != nil {
		return rowView{}, err
	}
	var v rowView
	for _, f := range places {
		if d, ok := r.(catalogue.Document); ok && (strings.HasPrefix(f.Name, "fields[") || strings.HasPrefix(f.Name, "signers[")) && len(d.Fields) > 0 {
			continue
		}
		text := s.value(p.P, f.Name, f.New)
		v.Facts = append(v.Facts, ui.FactText(label(p.P, f.Name), strings.ReplaceAll(text, "\n", p.P.T("rules.semicolon")), ""))
	}
	if d, ok := r.(catalogue.Document); ok {
		v.Fields, v.Signers = fieldTable(p.P, d), signerTable(p.P, d)
	}
	return v, nil
}

func fieldTable(p locale.Printer, d catalogue.Document) *ui.TableView {
	t := &ui.TableView{
		Caption: p.T("rules.field.fields"), Columns: columns(p, "name", "type", "required", "when"), Pager: &ui.PagerView{Total: int64(len(d.Fields))},
		Empty: ui.EmptyView{Title: p.T("rules.no_fields")},
	}
	for _, f := range d.Fields {
		var of []string
		for _, o := range f.Options {
			of = append(of, words(p, o.Text))
		}
		for _, c := range f.Columns {
			of = append(of, words(p, c.Text))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: words(p, f.Text)}, f.ID, true), ui.TwoCell(known(p, "rules.type", f.Type), joined(p, of)),
			yes(p, f.Required), ui.Mono(f.When),
		}})
	}
	if len(t.Rows) == 0 {
		t.Pager = nil
	}
	return t
}

func signerTable(p locale.Printer, d catalogue.Document) *ui.TableView {
	t := &ui.TableView{
		Caption: p.T("rules.field.signers"), Columns: columns(p, "name", "role", "required"),
		Empty: ui.EmptyView{Title: p.T("rules.no_signers")},
	}
	for _, g := range d.Signers {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{ui.Text(words(p, g.Text)), ui.Mono(g.Role), yes(p, g.Required)}})
	}
	return t
}

func yes(p locale.Printer, on bool) ui.Cell {
	if on {
		return ui.Text(p.T("setting.yes"))
	}
	return ui.Text(p.T("setting.no"))
}
