package docket

import (
	"cmp"
	"maps"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// view is the page.
type view struct {
	Head    ui.HeadView
	Tabs    []ui.Tab
	Ignored string // what of the address could not be read
	Filters ui.Filters
	Table   ui.TableView
	Party   *ui.Action // leads to the search for a party; nil for who may not
}

// rules are what acts and stages are called.
type rules struct {
	p   locale.Printer
	cat catalogue.Catalogue
}

func (a area) rules(p *site.Page) (rules, error) {
	e, err := a.Rules.EditionOn(p.Context(), p.Now)
	return rules{p.P, e.Catalogue}, err
}

func (r rules) text(t catalogue.Text, code string) string {
	return cmp.Or(r.p.Pick(t.ZH, t.EN), record.Harmless(code))
}

func (r rules) act(id string) string   { return r.text(r.cat.Acts[id].Text, id) }
func (r rules) stage(id string) string { return r.text(r.cat.Stages[id], id) }

// acts lists the kinds of act, those that every bureau has in front.
func (r rules) acts() []string {
	return slices.SortedFunc(maps.Keys(r.cat.Acts), func(x, y string) int {
		return cmp.Or(-cmp.Compare(b(r.cat.Acts[x].EnabledByDefault), b(r.cat.Acts[y].EnabledByDefault)), cmp.Compare(x, y))
	})
}

func b(v bool) int {
	if v {
		return 1
	}
	return 0
}

func (a area) list(p *site.Page) error {
	r, err := a.rules(p)
	if err != nil {
		return err
	}
	q := read(p, r.acts())
	page, err := a.Cases.List(p.Context(), p.Actor, q.filter, q.after, 0)
	if fault.HasCode(err, "docket.cursor") { // an old or mangled address: begin again
		return p.Redirect(q.href())
	}
	if err != nil {
		return err
	}
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return err
	}
	names, err := a.names(p, page.Rows)
	if err != nil {
		return err
	}
	v := view{Head: head(p), Tabs: tabs(p, q, page), Table: table(p, q, r, tree, names, page)}
	if v.Filters, err = a.filters(p, q, r, tree); err != nil {
		return err
	}
	if p.May(access.CaseFindParty, docket.Subject()) {
		v.Party = &ui.Action{Text: p.P.T("docket.party.open"), Href: partyPath, Icon: "search", Quiet: true}
	}
	if len(q.ignored) > 0 {
		var list []string
		for _, name := range q.ignored {
			list = append(list, p.P.T("docket.field."+name))
		}
		v.Ignored = p.P.T("library.ignored", listing.Join(p.P, list))
	}
	return p.Render(p.P.T("docket.title"), listPage(p.P, v))
}

// names gives what the handlers of these cases are called.
func (a area) names(p *site.Page, rows []docket.Row) (map[ident.PersonID]string, error) {
	seen := map[ident.PersonID]bool{}
	for _, r := range rows {
		for _, id := range append([]ident.PersonID{r.Lead}, r.Others...) {
			if id != "" {
				seen[id] = true
			}
		}
	}
	return a.People.Names(p.Context(), slices.Sorted(maps.Keys(seen)))
}

func head(p *site.Page) ui.HeadView {
	scope, sub := access.ScopeOf(p.Actor), "docket.scope_own"
	switch {
	case scope.All:
		sub = "docket.scope_bureau"
	case len(scope.Departments) > 0:
		sub = "docket.scope_department"
	}
	h := ui.HeadView{Title: p.P.T("docket.title"), Sub: p.P.T(sub)}
	if mayOpen(p) {
		h.Actions = append(h.Actions, ui.Action{Text: p.P.T("docket.open"), Href: newPath, Icon: "plus"})
	}
	return h
}

func mayOpen(p *site.Page) bool {
	return p.May(access.CaseOpen, access.Subject{Kind: "page", ID: newPath, Department: p.Actor.Department})
}

// tabs are the views everybody has. Only the one in view is counted: counting the others would cost more than the page.
func tabs(p *site.Page, q query, page docket.Page) []ui.Tab {
	count := p.P.Num(int64(page.Count))
	if page.More {
		count += "+"
	}
	none := []string{"state", "", "overdue", "", "handler", "", "sort", ""}
	views := []struct {
		key string
		set []string
		on  bool
	}{
		{"all", nil, q.filter.State == "" && !q.filter.Overdue && q.filter.Handler == "" && q.filter.Order != docket.ByDue},
		{"mine", []string{"handler", string(p.Actor.Person), "state", string(matter.Open)}, q.filter.Handler == p.Actor.Person && q.filter.State == matter.Open},
		{"overdue", []string{"overdue", "1", "sort", string(docket.ByDue)}, q.filter.Overdue},
		{"due", []string{"sort", string(docket.ByDue)}, q.filter.Order == docket.ByDue && !q.filter.Overdue},
		{"suspended", []string{"state", string(matter.Suspended)}, q.filter.State == matter.Suspended},
		{"closed", []string{"state", string(matter.Closed)}, q.filter.State == matter.Closed},
	}
	var out []ui.Tab
	for _, v := range views {
		if v.key == "mine" && !p.Actor.Has(access.Officer) {
			continue
		}
		t := ui.Tab{Text: p.P.T("docket.view." + v.key), Href: q.href(append(slices.Clone(none), v.set...)...)}
		if v.on {
			t.Current, t.Count = true, count
		}
		out = append(out, t)
	}
	return out
}

func table(p *site.Page, q query, r rules, tree org.Tree, names map[ident.PersonID]string, page docket.Page) ui.TableView {
	pr := p.P
	opened := ui.Column{Label: pr.T("docket.column.opened"), Tight: true}
	if q.filter.Query == "" {
		opened.Sort, opened.Href = ui.Sortable, q.href("sort", "", "dir", "")
		if q.filter.Order != docket.ByDue {
			opened.Sort, opened.Href = ui.Descending, q.href("dir", "asc")
			if q.filter.Ascending {
				opened.Sort, opened.Href = ui.Ascending, q.href("dir", "")
			}
		}
	}
	due := ui.Column{Label: pr.T("docket.column.due"), Tight: true}
	if q.filter.Query == "" {
		due.Sort, due.Href = ui.Sortable, q.href("sort", string(docket.ByDue), "dir", "")
		if q.filter.Order == docket.ByDue {
			due.Sort, due.Href = ui.Ascending, q.href("sort", "")
		}
	}
	t := ui.TableView{
		Caption: pr.T("docket.title"), Empty: empty(p, q),
		Columns: []ui.Column{
			{Label: pr.T("docket.column.case"), Lead: true},
			{Label: pr.T("docket.column.parties")},
			{Label: pr.T("docket.column.stage")},
			{Label: pr.T("docket.column.handlers")},
			due,
			{Label: pr.T("docket.column.state")},
			opened,
		},
	}
	for _, c := range page.Rows {
		t.Rows = append(t.Rows, row(p, q, r, tree, names, c))
	}
	if len(page.Rows) > 0 {
		t.Pager = &ui.PagerView{Total: int64(page.Count), AtLeast: page.More}
		if q.after != "" {
			t.Pager.First = q.href()
		}
		if page.Next != "" {
			t.Pager.Next = q.href("after", string(page.Next))
		}
	}
	return t
}

func row(p *site.Page, q query, r rules, tree org.Tree, names map[ident.PersonID]string, c docket.Row) ui.Row {
	pr := p.P
	where := ""
	if d, ok := tree.Find(c.Department); ok {
		where = d.Name
	}
	text, icon, tone := stateMark(pr, c.State)
	return ui.Row{Cells: []ui.Cell{
		caseCell(CasePath(c.ID), locale.Marks(record.Harmless(c.Title), q.filter.Query), locale.Marks(record.Harmless(c.No), q.filter.Query)),
		listCell(pr, parties(c)), ui.TwoCell(r.stage(c.Stage), r.act(c.Act)), ui.TwoCell(handlers(pr, names, c), where), dueCell(p, c), ui.BadgeText(text, icon, tone),
		ui.Text(pr.Date(c.OpenedAt)),
	}}
}

// parties are the names in the list; a case with many shows the first.
func parties(c docket.Row) []string {
	out := make([]string, 0, len(c.Parties))
	for _, n := range c.Parties {
		out = append(out, record.Harmless(n))
	}
	return out
}

// handlers names who handles a case, the lead first and marked.
func handlers(p locale.Printer, names map[ident.PersonID]string, c docket.Row) string {
	name := func(id ident.PersonID) string { return cmp.Or(names[id], p.T("docket.somebody")) }
	var out []string
	if c.Lead != "" {
		out = append(out, p.T("docket.lead", name(c.Lead)))
	}
	for _, id := range c.Others {
		out = append(out, name(id))
	}
	if len(out) == 0 {
		return p.T("docket.no_handler")
	}
	return listing.Join(p, out)
}

func dueCell(p *site.Page, c docket.Row) ui.Cell {
	if c.NextDue.IsZero() {
		return ui.NoneCell(p.P)
	}
	clock := ui.DueClock(p.P, c.OpenedAt, c.NextDue, p.Now)
	clock.Used = -1 // of which term it is the end is said on the case's page
	return ui.ClockFace(clock)
}

// stateMark says how a case stands.
func stateMark(p locale.Printer, s matter.State) (text, icon string, tone ui.Tone) {
	text = p.T("docket.state." + string(s))
	switch s {
	case matter.Suspended:
		return text, "player-pause", ui.Due
	case matter.Closed, matter.Archived:
		return text, "archive", ui.OK
	case matter.Withdrawn, matter.Joined:
		return text, "circle-minus", ui.None
	case matter.Open:
	}
	return text, "folder-open", ui.Plain
}

func empty(p *site.Page, q query) ui.EmptyView {
	pr := p.P
	if q.narrowed() || q.filter.Order == docket.ByDue {
		return ui.EmptyView{
			Icon: "briefcase", Title: pr.T("docket.none_match"), Text: pr.T("library.none_match_text"),
			Actions: []ui.Action{{Text: pr.T("library.clear"), Href: Path, Primary: true}},
		}
	}
	e := ui.EmptyView{Icon: "briefcase", Title: pr.T("docket.none"), Text: pr.T("docket.none_text")}
	if mayOpen(p) {
		e.Text = pr.T("docket.none_officer")
		e.Actions = []ui.Action{{Text: pr.T("docket.open"), Href: newPath, Icon: "plus", Primary: true}}
	}
	return e
}

func (a area) filters(p *site.Page, q query, r rules, tree org.Tree) (ui.Filters, error) {
	pr := p.P
	states := make([]string, 0, 6)
	for _, s := range docket.States() {
		states = append(states, string(s))
	}
	f := ui.Filters{Action: Path, Clear: Path, Fields: []ui.Filter{
		{Name: "q", Label: pr.T("docket.field.q"), Value: q.values.Get("q")},
		q.pick(pr, "act", r.acts(), r.act), q.pick(pr, "stage", matter.Stages(), r.stage),
		q.pick(pr, "state", states, func(s string) string { return pr.T("docket.state." + s) }),
	}}
	scope := access.ScopeOf(p.Actor)
	var departments []string
	for _, d := range tree {
		if scope.All || slices.Contains(scope.Departments, d.ID) {
			departments = append(departments, string(d.ID))
		}
	}
	if len(departments) > 1 || q.filter.Department != "" {
		f.Fields = append(f.Fields, q.pick(pr, "department", departments, func(id string) string {
			d, _ := tree.Find(ident.DepartmentID(id))
			return d.Name
		}))
	}
	if scope.All || len(scope.Departments) > 0 {
		people, err := a.People.People(p.Context(), p.Actor, org.PeopleFilter{Inactive: true, Limit: org.MaxPage})
		if err != nil {
			return f, err
		}
		called, ids := map[string]string{}, make([]string, 0, len(people.Items))
		for _, o := range people.Items {
			called[string(o.ID)] = o.Name
			ids = append(ids, string(o.ID))
		}
		f.Fields = append(f.Fields, q.pick(pr, "handler", ids, func(id string) string { return called[id] }))
	} else if q.values.Get("handler") != "" {
		f.Keep = append(f.Keep, ui.Hidden{Name: "handler", Value: q.values.Get("handler")})
	}
	f.Fields = append(f.Fields, ui.Filter{Kind: ui.FilterDate, Name: "from", Label: pr.T("docket.field.from"), Value: q.values.Get("from")},
		ui.Filter{Kind: ui.FilterDate, Name: "to", Label: pr.T("docket.field.to"), Value: q.values.Get("to")})
	for _, name := range []string{"overdue", "sort", "dir"} {
		if v := q.values.Get(name); v != "" {
			f.Keep = append(f.Keep, ui.Hidden{Name: name, Value: v})
		}
	}
	if p.May(access.CaseListExport, docket.LedgerSubject()) {
		f.Export = q.address(exportPath)
	}
	return f, nil
}

// pick is a condition on one of several; one chosen elsewhere does not vanish when the form is sent again.
func (q query) pick(p locale.Printer, name string, all []string, words func(string) string) ui.Filter {
	c := ui.Filter{Kind: ui.FilterSelect, Name: name, Label: p.T("docket.field." + name), Options: []ui.Option{{Text: p.T("table.any")}}}
	want := q.values.Get(name)
	for _, v := range all {
		c.Options = append(c.Options, ui.Option{Value: v, Text: words(v), On: v == want})
	}
	if want != "" && !slices.Contains(all, want) {
		c.Options = append(c.Options, ui.Option{Value: want, Text: p.T("library.chosen"), On: true})
	}
	return c
}
