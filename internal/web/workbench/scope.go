package workbench

import (
	"net/url"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// The lists behind the front page, by the name in the address.
const (
	viewOverdue = "overdue" // in scope, their time is over
	viewWithin  = "within"  // in scope, due within a day
	viewSoon    = "soon"    // in scope, three quarters of their term used (预警)
	viewAll     = "all"     // in scope, open
	viewDone    = "done"    // the reader's own, ended
)

// scopeViews are those over the scope, in the order of the tabs.
func scopeViews() []string { return []string{viewOverdue, viewWithin, viewSoon, viewAll} }

func viewHref(name string) string { return "/?view=" + name }

// filterOf is what a list over the scope holds.
func filterOf(name string, now time.Time) duty.Filter {
	switch name {
	case viewOverdue:
		return duty.Filter{Overdue: true}
	case viewWithin:
		return duty.Filter{DueFrom: now, DueBefore: now.Add(24 * time.Hour)}
	case viewSoon:
		return duty.Filter{Soon: true}
	}
	return duty.Filter{}
}

// figures are the counts over the front page of who answers for others: what waits for them, what is overdue in their
// scope, what will be.
func (a area) figures(p *site.Page, own int) ([]figure, error) {
	at := "#duties"
	if own == 1 {
		at = "#next" // the one thing alone: there is no list
	}
	out := []figure{{Count: p.P.Num(int64(own)), Text: p.P.T("workbench.figure.mine"), Href: at}}
	for _, name := range scopeViews() {
		n, err := a.d.Duties.Count(p.Context(), p.Actor, filterOf(name, p.Now))
		if err != nil {
			return nil, err
		}
		out = append(out, figure{Count: upTo(p, n), Text: p.P.T("workbench.figure." + name), Href: viewHref(name), Late: name == viewOverdue && n > 0})
	}
	return out, nil
}

// upTo writes a count that stops at duty.CountLimit+1.
func upTo(p *site.Page, n int) string {
	if n > duty.CountLimit {
		return p.P.Num(duty.CountLimit) + "+"
	}
	return p.P.Num(int64(n))
}

// view shows one of the lists behind the front page.
func (a area) view(p *site.Page, name string) error {
	switch {
	case name == viewDone:
		return a.donePage(p)
	case !slices.Contains(scopeViews(), name):
		return fault.New(fault.NotFound, "page.unknown")
	}
	f := filterOf(name, p.Now)
	kind, department := duty.Kind(p.Value("kind")), ident.DepartmentID(p.Value("department"))
	if _, known := kind.Rule(); known {
		f.Kinds = []duty.Kind{kind}
	}
	f.Department, f.Limit, f.After = department, perPage, p.Value("after")
	got, err := a.d.Duties.List(p.Context(), p.Actor, f)
	if fault.HasCode(err, "duty.page") { // an old or mangled address: begin again
		return p.Redirect(viewHref(name))
	}
	if err != nil {
		return err
	}
	n, err := a.d.Duties.Count(p.Context(), p.Actor, f)
	if err != nil {
		return err
	}
	rows, err := a.scopeRows(p, got.Duties)
	if err != nil {
		return err
	}
	at := func(after string) string { return scopeHref(name, kind, department, after) }
	v := scopeView{
		Title: p.P.T("workbench.figure." + name), Sub: p.P.T("workbench.scope_sub"), Filters: ui.Filters{Action: "/", Clear: viewHref(name), Keep: []ui.Hidden{{Name: "view", Value: name}}},
		List:  ui.DutyList{Title: p.P.T("workbench.duties"), Count: len(rows), Note: p.P.T("workbench.by_due"), Groups: []ui.DutyGroup{{Rows: rows}}, Empty: ui.EmptyView{Icon: "circle-check", Title: p.P.T("workbench.scope_none"), Text: p.P.T("workbench.scope_none_text"), Actions: []ui.Action{{Text: p.P.T("workbench.back"), Href: "/"}}}},
		Pager: ui.PagerView{Total: int64(min(n, duty.CountLimit)), AtLeast: n > duty.CountLimit},
	}
	for _, t := range scopeViews() {
		v.Tabs = append(v.Tabs, ui.Tab{Text: p.P.T("workbench.figure." + t), Href: scopeHref(t, kind, department, ""), Current: t == name})
	}
	if f.After != "" {
		v.Pager.First = at("")
	}
	if got.Next != "" {
		v.Pager.Next = at(got.Next)
	}
	if v.Filters.Fields, err = a.scopeFilters(p, kind, department); err != nil {
		return err
	}
	return p.Render(v.Title, scopePage(p.P, v))
}

func scopeHref(name string, kind duty.Kind, department ident.DepartmentID, after string) string {
	q := url.Values{"view": {name}}
	for k, v := range map[string]string{"kind": string(kind), "department": string(department), "after": after} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return "/?" + q.Encode()
}

// scopeRows are duties with who owes them and where.
func (a area) scopeRows(p *site.Page, list []duty.Duty) ([]ui.Duty, error) {
	names, err := a.owerNames(p, list)
	if err != nil {
		return nil, err
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return nil, err
	}
	out := make([]ui.Duty, 0, len(list))
	for _, d := range list {
		row := rowOf(p, d)
		who := names[d.Person]
		switch d.Person {
		case p.Actor.Person:
			who = p.P.T("workbench.yours")
		case "":
			who = p.P.T("workbench.nobody")
		}
		row.Facts = append([]string{who}, row.Facts...)
		if at, ok := tree.Find(d.Department); ok {
			row.Facts = append(row.Facts, at.Name)
		}
		out = append(out, row)
	}
	return out, nil
}

func (a area) scopeFilters(p *site.Page, kind duty.Kind, department ident.DepartmentID) ([]ui.Filter, error) {
	kinds := ui.Filter{Kind: ui.FilterSelect, Name: "kind", Label: p.P.T("workbench.filter.kind"), Options: []ui.Option{{Text: p.P.T("table.any")}}}
	for _, r := range duty.Rules() {
		kinds.Options = append(kinds.Options, ui.Option{Value: string(r.Kind), Text: p.P.T(r.Kind.NameKey()), On: r.Kind == kind})
	}
	out := []ui.Filter{kinds}
	scope := access.ScopeOf(p.Actor)
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return nil, err
	}
	where := ui.Filter{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("workbench.filter.department"), Options: []ui.Option{{Text: p.P.T("table.any")}}}
	for _, d := range tree {
		if scope.All || slices.Contains(scope.Departments, d.ID) {
			where.Options = append(where.Options, ui.Option{Value: string(d.ID), Text: d.Name, On: d.ID == department})
		}
	}
	if len(where.Options) > 2 {
		out = append(out, where)
	}
	return out, nil
}
