package workbench

import (
	"cmp"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// maxOthers is how many duties of others the front page reads, those due first.
const maxOthers = 200

// ower is a person who owes something, with the certificate that places them in the list.
type ower struct {
	id          ident.PersonID
	name        string
	certificate string
	rows        []duty.Duty
}

// others shows who owes what in the reader's scope, in the order of certificate numbers. It counts nobody's duties and
// compares nobody (decisions §4): it is a list of things to be done, under the names of those who do them.
func (a area) others(p *site.Page) (*ui.DutyList, error) {
	got, err := a.d.Duties.List(p.Context(), p.Actor, duty.Filter{Limit: maxOthers, Except: gathered()})
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(got.Duties, func(d duty.Duty) bool { return d.Person == p.Actor.Person })
	owers, err := a.owers(p, list)
	if err != nil {
		return nil, err
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return nil, err
	}
	title := p.P.T("workbench.others")
	if p.Actor.Has(access.Leader, access.Supervisor) {
		title = p.P.T("workbench.others_bureau")
	}
	out := &ui.DutyList{Title: title, Note: p.P.T("workbench.by_certificate"), Empty: ui.EmptyView{
		Icon: "circle-check", Title: p.P.T("workbench.others_none"), Text: p.P.T("workbench.others_none_text"),
	}}
	if got.Next != "" {
		out.Note = p.P.T("workbench.others_more", maxOthers)
	}
	for _, o := range owers {
		g := ui.DutyGroup{Label: o.name, Count: o.certificate}
		if o.id == "" {
			g.Label, g.Count = p.P.T("workbench.nobody"), p.P.T("workbench.nobody_note")
		}
		for _, d := range o.rows {
			row := rowOf(p, d)
			if where, ok := tree.Find(d.Department); ok {
				row.Facts = append(row.Facts, where.Name)
			}
			if p.May(access.DutyWaive, access.Subject{Kind: "duty", ID: string(d.ID), Department: d.Department, Officer: d.Person}) {
				text := p.P.T("duty.waive")
				row.Action = ui.Action{Text: text, Href: "/?waive=" + string(d.ID), Label: p.P.T("workbench.label", text, row.Title.Text), Quiet: true}
			}
			g.Rows = append(g.Rows, row)
		}
		out.Groups = append(out.Groups, g)
	}
	if len(owers) > 0 {
		out.Count = len(list)
	}
	return out, nil
}

// owers groups duties by who owes them: by certificate number, those without one by name behind them, what names
// nobody last.
func (a area) owers(p *site.Page, list []duty.Duty) ([]ower, error) {
	by := map[ident.PersonID]*ower{}
	var ids []ident.PersonID
	for _, d := range list {
		o := by[d.Person]
		if o == nil {
			o = &ower{id: d.Person}
			by[d.Person] = o
			if d.Person != "" {
				ids = append(ids, d.Person)
			}
		}
		o.rows = append(o.rows, d)
	}
	names, err := a.d.Org.Names(p.Context(), ids)
	if err != nil {
		return nil, err
	}
	certificates, err := a.d.Org.Certificates(p.Context(), ids...)
	if err != nil {
		return nil, err
	}
	out := make([]ower, 0, len(by))
	for id, o := range by {
		o.name = names[id]
		for _, c := range certificates {
			if c.Person == id && c.Kind == org.Enforcement && c.ValidOn(p.Now) {
				o.certificate = c.Number
			}
		}
		out = append(out, *o)
	}
	slices.SortFunc(out, func(x, y ower) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.certificate, y.certificate), cmp.Compare(x.name, y.name), cmp.Compare(x.id, y.id))
	})
	return out, nil
}

func rank(o ower) int {
	switch {
	case o.id == "":
		return 2
	case o.certificate == "":
		return 1
	}
	return 0
}
