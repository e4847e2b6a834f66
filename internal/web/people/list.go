package people

import (
	"context"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// expiring is the view of the list that shows certificates near their end.
const expiring = "expiring"

func (a area) list(p *site.Page) error {
	q := listing.Read(p, "q", "department", "serving", "view")
	if q.Get("view") == expiring {
		return a.expiring(p, q)
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	got, err := a.d.Org.People(p.Context(), p.Actor, filter(q, tree, q.After(), 0))
	if err != nil {
		return err
	}
	f, err := a.facts(p.Context(), got.Items)
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(got.Items))
	for i, who := range got.Items {
		second := who.Number
		if second != "" {
			second = p.P.T("people.number_is", second)
		}
		rows[i] = ui.Row{Cells: []ui.Cell{
			ui.Join(ui.MainCell(ui.Link{Text: who.Name, Href: personPath(who.ID)}, second, false), leftMark(p.P, who)),
			ui.TwoCell(pathOf(p.P, f.tree, who.Department), ""),
			roleCell(p.P, roleWords(p.P, f.roles[who.ID])),
			certificateCell(p.P, f.certificates[who.ID], p.Now),
		}}
	}
	v := listView{
		Tabs: tabs(p, q), May: p.May(access.OrgEditPerson, access.Subject{Kind: "person"}),
		Filters: &ui.Filters{
			Action: listPath, Clear: listPath, Export: q.At(listPath + "/export"),
			Fields: []ui.Filter{
				{Name: "q", Label: p.P.T("people.search"), Value: q.Get("q")},
				{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("people.department"), Options: append(
					[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("department") == ""}}, departmentOptions(p.P, tree, ident.DepartmentID(q.Get("department")), "")...)},
				{Kind: ui.FilterSelect, Name: "serving", Label: p.P.T("people.serving"), Options: []ui.Option{
					{Text: p.P.T("people.serving.now"), On: q.Get("serving") == ""}, {Value: "all", Text: p.P.T("people.serving.all"), On: q.Get("serving") == "all"},
				}},
			},
		},
		Table: ui.TableView{
			Caption: p.P.T("people.title"), Rows: rows, Pager: q.Pager(len(rows), got.Next), Empty: a.empty(p, q),
			Columns: []ui.Column{
				{Key: "name", Label: p.P.T("people.name")},
				{Key: "department", Label: p.P.T("people.department")},
				{Key: "roles", Label: p.P.T("people.roles")},
				{Key: "certificate", Label: p.P.T("people.certificate")},
			},
		},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(p.P.T("people.title"), listPage(p.P, v))
}

func filter(q listing.Query, tree org.Tree, after string, limit int) org.PeopleFilter {
	f := org.PeopleFilter{Query: q.Get("q"), Inactive: q.Get("serving") == "all", After: after, Limit: limit}
	if d := ident.DepartmentID(q.Get("department")); d != "" {
		f.Departments = tree.Descendants(d)
	}
	return f
}

// empty says why there is nobody and what to do.
func (a area) empty(p *site.Page, q listing.Query) ui.EmptyView {
	if q.Get("q") != "" || q.Get("department") != "" {
		return ui.EmptyView{Icon: "users", Title: p.P.T("people.none_found"), Text: p.P.T("people.none_found_text"), Actions: []ui.Action{{Text: p.P.T("table.clear"), Href: listPath}}}
	}
	e := ui.EmptyView{Icon: "users", Title: p.P.T("people.none"), Text: p.P.T("people.none_text")}
	if p.May(access.OrgImport, access.Subject{Kind: "import"}) {
		e.Actions = []ui.Action{{Text: p.P.T("people.import"), Href: importPath, Primary: true}, {Text: p.P.T("people.add"), Href: newPath}}
	}
	return e
}

// expiring lists the certificates that end within two months or have ended, soonest first.
func (a area) expiring(p *site.Page, q listing.Query) error {
	list, err := a.d.Org.Expiring(p.Context(), p.Actor, soon)
	if err != nil {
		return err
	}
	ids := make([]ident.PersonID, len(list))
	for i, c := range list {
		ids[i] = c.Person
	}
	names, err := a.d.Org.Names(p.Context(), ids)
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(list))
	for i, c := range list {
		words, icon, tone := mark(p.P, c, p.Now)
		rows[i] = ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: names[c.Person], Href: personPath(c.Person)}, "", false),
			ui.TwoCell(c.Number, p.P.T("people.cert.kind."+string(c.Kind))), ui.St(words, icon, tone), ui.Text(p.P.Date(c.ValidTo)),
		}}
	}
	v := listView{Tabs: tabs(p, q), May: p.May(access.OrgEditPerson, access.Subject{Kind: "person"}), Table: ui.TableView{
		Caption: p.P.T("people.expiring"), Rows: rows,
		Columns: []ui.Column{
			{Label: p.P.T("people.name")}, {Label: p.P.T("people.cert.number")}, {Label: p.P.T("people.cert.state")}, {Label: p.P.T("people.cert.to")},
		},
		Empty: ui.EmptyView{Icon: "certificate", Title: p.P.T("people.none_expiring"), Text: p.P.T("people.none_expiring_text")},
	}}
	if len(rows) > 0 {
		v.Table.Pager = &ui.PagerView{Total: int64(len(rows))}
	}
	return p.Render(p.P.T("people.expiring"), listPage(p.P, v))
}

func tabs(p *site.Page, q listing.Query) []ui.Tab {
	at := p.R.URL.Path
	return []ui.Tab{
		{Text: p.P.T("people.tab.people"), Href: listPath, Current: at == listPath && q.Get("view") == ""},
		{Text: p.P.T("people.tab.departments"), Href: departmentPath, Current: at == departmentPath},
		{Text: p.P.T("people.tab.expiring"), Href: listPath + "?view=" + expiring, Current: at == listPath && q.Get("view") == expiring},
	}
}

// export writes the list as the reader filtered it. Its order is that of the page: by name, never by anything counted.
func (a area) export(p *site.Page) error {
	q := listing.Read(p, "q", "department", "serving")
	ctx := p.Context()
	tree, err := a.d.Org.Tree(ctx)
	if err != nil {
		return err
	}
	var people []org.Person
	for who, err := range listing.All(ctx, func(ctx context.Context, after string) (org.Page[org.Person], error) {
		return a.d.Org.People(ctx, p.Actor, filter(q, tree, after, org.MaxPage))
	}) {
		if err != nil {
			return err
		}
		people = append(people, who)
	}
	t := ledger.Table{Title: p.P.T("people.title"), Columns: []ledger.Heading{
		{Title: p.P.T("people.name"), Width: 30},
		{Title: p.P.T("people.number")},
		{Title: p.P.T("people.department"), Width: 30},
		{Title: p.P.T("people.roles"), Width: 30},
		{Title: p.P.T("people.cert.number")},
		{Title: p.P.T("people.cert.from")},
		{Title: p.P.T("people.cert.to")},
		{Title: p.P.T("people.cert.state"), Width: 24},
		{Title: p.P.T("people.left"), Width: 14},
	}, Rows: func(yield func([]any, error) bool) {
		for part := range slices.Chunk(people, org.MaxPage) {
			f, err := a.facts(ctx, part)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, who := range part {
				if !yield(exported(p, f, who), nil) {
					return
				}
			}
		}
	}}
	return listing.Send(p, p.P.T("people.title"), t)
}

func exported(p *site.Page, f facts, who org.Person) []any {
	row := []any{who.Name, who.Number, pathOf(p.P, f.tree, who.Department), joined(p.P, roleWords(p.P, f.roles[who.ID])), nil, nil, nil, nil, ledger.Day(who.DeactivatedAt)}
	if c, ok := current(f.certificates[who.ID], p.Now); ok {
		words, _, _ := mark(p.P, c, p.Now)
		row[4], row[5], row[6], row[7] = c.Number, ledger.Day(c.ValidFrom), ledger.Day(c.ValidTo), words
	}
	return row
}
