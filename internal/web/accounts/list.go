package accounts

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// The views of the list; the first is the accounts.
const (
	viewAppointments = "appointments" // 任命
	viewProposals    = "proposals"    // 导入里提出的
)

func query(p *site.Page) listing.Query {
	return listing.Read(p, "view", "q", "department", "role", "state", "past")
}

func (a area) list(p *site.Page) error {
	q := query(p)
	switch q.Get("view") {
	case viewAppointments:
		return a.appointments(p, q, refusal.Fault{})
	case viewProposals:
		return a.proposals(p, q, refusal.Fault{})
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	got, err := a.d.Accounts.Accounts(p.Context(), p.Actor, filter(q, tree, q.After(), 0))
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(got.Items))
	for i, l := range got.Items {
		words, icon, tone := state(p, l)
		department := departmentName(p.P, tree, l.Department)
		signed := p.P.T("account.never")
		if !l.SignedInAt.IsZero() {
			signed = p.P.When(l.SignedInAt, p.Now)
		}
		rows[i] = ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: l.Name, Href: accountPath(l.ID)}, l.Username, true), ui.TwoCell(department, ""),
			appointmentList(p.P, appointmentLines(p, tree, l)), ui.St(words, icon, tone), ui.Text(signed),
		}}
	}
	v, err := a.view(p, q)
	if err != nil {
		return err
	}
	v.Filters = &ui.Filters{
		Action: listPath, Clear: listPath, Export: q.At(listPath + "/export"),
		Fields: []ui.Filter{
			{Name: "q", Label: p.P.T("account.search"), Value: q.Get("q")},
			{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("account.department"), Options: append(
				[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("department") == ""}}, departmentOptions(tree, ident.DepartmentID(q.Get("department")))...)},
			{Kind: ui.FilterSelect, Name: "role", Label: p.P.T("account.role"), Options: append(
				[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("role") == ""}}, roleOptions(p.P, q.Get("role"))...)},
			{Kind: ui.FilterSelect, Name: "state", Label: p.P.T("account.state"), Options: listing.Choice(p.P, true, q.Get("state"),
				[]string{string(account.StateUsable), string(account.StateLocked), string(account.StateDisabled)}, func(s string) string { return p.P.T("account.state." + s) })},
		},
	}
	v.Table = ui.TableView{
		Caption: p.P.T("account.title"), Rows: rows, Pager: q.Pager(len(rows), got.Next),
		Columns: []ui.Column{
			{Label: p.P.T("account.person")}, {Label: p.P.T("account.department")}, {Label: p.P.T("account.roles")}, {Label: p.P.T("account.state")}, {Label: p.P.T("account.signed_in")},
		},
		Empty: ui.EmptyView{Icon: "key", Title: p.P.T("account.none"), Text: p.P.T("account.none_text"), Actions: []ui.Action{{Text: p.P.T("table.clear"), Href: listPath}}},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(p.P.T("account.title"), listPage(p.P, v))
}

func filter(q listing.Query, tree org.Tree, after string, limit int) account.Filter {
	f := account.Filter{Query: q.Get("q"), Role: access.Role(q.Get("role")), State: account.State(q.Get("state")), After: after, Limit: limit}
	if d := ident.DepartmentID(q.Get("department")); d != "" {
		f.Departments = tree.Descendants(d)
	}
	return f
}

// state says how an account stands: words, icon, tone.
func state(p *site.Page, l account.Listed) (string, string, ui.Tone) {
	switch {
	case !l.DisabledAt.IsZero():
		return p.P.T("account.state.disabled"), "user-off", ui.None
	case !l.Serving:
		return p.P.T("account.state.left"), "user-off", ui.None
	case p.Now.Before(l.LockedUntil):
		return p.P.T("account.state.locked_until", p.P.When(l.LockedUntil, p.Now)), "lock", ui.Late
	case l.MustChange:
		return p.P.T("account.state.must_change"), "key", ui.Due
	}
	return p.P.T("account.state.usable"), "circle-check", ui.OK
}

func appointmentLines(p *site.Page, tree org.Tree, l account.Listed) []line {
	var out []line
	for _, r := range l.Appointments {
		x := line{First: p.P.T("role." + string(r.Role))}
		if r.Department != "" {
			d, _ := tree.Find(r.Department)
			x.Second = d.Name
		}
		if !r.InForce(p.Now) {
			x.Second = p.P.T("account.begins", p.P.Day(r.From, p.Now))
		}
		out = append(out, x)
	}
	return out
}

// view is what the views share. The tab of proposals is there while something waits in it.
func (a area) view(p *site.Page, q listing.Query) (listView, error) {
	at := q.Get("view")
	v := listView{May: may(p), Tabs: []ui.Tab{
		{Text: p.P.T("account.tab.accounts"), Href: listPath, Current: at == ""},
		{Text: p.P.T("account.tab.appointments"), Href: listPath + "?view=" + viewAppointments, Current: at == viewAppointments},
	}}
	if v.May {
		waiting, err := a.d.Org.Proposals(p.Context())
		if err != nil {
			return v, err
		}
		if len(waiting) > 0 || at == viewProposals {
			v.Tabs = append(v.Tabs, ui.Tab{
				Text: p.P.T("account.tab.proposals"), Count: p.P.Num(int64(len(waiting))), Href: listPath + "?view=" + viewProposals, Current: at == viewProposals,
			})
		}
	}
	return v, nil
}

// proposals shows what imports ask for: the system administrator proposes, the security administrator settles (T13).
func (a area) proposals(p *site.Page, q listing.Query, bad refusal.Fault) error {
	if !may(p) {
		return fault.New(fault.Forbidden, "access.ask_security_admin")
	}
	list, err := a.d.Org.Proposals(p.Context())
	if err != nil {
		return err
	}
	ids := make([]ident.PersonID, len(list))
	for i, x := range list {
		ids[i] = x.Person
	}
	names, err := a.d.Org.Names(p.Context(), ids)
	if err != nil {
		return err
	}
	v, err := a.view(p, q)
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(list))
	for i, x := range list {
		var roles []line
		for _, r := range x.Roles {
			roles = append(roles, line{First: p.P.T("role." + string(r))})
		}
		rows[i] = ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: names[x.Person], Href: "/people/" + string(x.Person)}, x.Username, true), appointmentList(p.P, roles),
			ui.Text(p.P.When(x.AskedAt, p.Now)),
			ui.Button(ui.Action{
				Text: p.P.T("account.settle"), Href: listPath, Post: true, Label: p.P.T("account.settle_label", names[x.Person]),
				Hidden: []ui.Hidden{{Name: "do", Value: "settle"}, {Name: "person", Value: string(x.Person)}},
			}),
		}}
	}
	v.Bad = bad
	v.Note = p.P.T("account.proposals_note")
	v.Table = ui.TableView{
		Caption: p.P.T("account.tab.proposals"), Rows: rows,
		Columns: []ui.Column{{Label: p.P.T("account.person")}, {Label: p.P.T("account.roles_asked")}, {Label: p.P.T("account.asked_at")}, {Label: p.P.T("account.do"), Acts: true}},
		Empty:   ui.EmptyView{Icon: "clipboard-check", Title: p.P.T("account.no_proposals"), Text: p.P.T("account.no_proposals_text")},
	}
	if bad.What != "" {
		return p.Refused(p.P.T("account.tab.proposals"), listPage(p.P, v))
	}
	return p.Render(p.P.T("account.tab.proposals"), listPage(p.P, v))
}

// export writes the accounts, or with view=appointments the appointments, as the reader filtered them.
func (a area) export(p *site.Page) error {
	q := query(p)
	if q.Get("view") == viewAppointments {
		return a.exportAppointments(p, q)
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	t := ledger.Table{Title: p.P.T("account.title"), Columns: []ledger.Heading{
		{Title: p.P.T("account.username")},
		{Title: p.P.T("account.person"), Width: 30},
		{Title: p.P.T("account.department"), Width: 30},
		{Title: p.P.T("account.roles"), Width: 40},
		{Title: p.P.T("account.state"), Width: 24},
		{Title: p.P.T("account.signed_in")},
		{Title: p.P.T("account.created")},
	}}
	t.Rows = func(yield func([]any, error) bool) {
		for l, err := range listing.All(p.Context(), func(ctx context.Context, after string) (org.Page[account.Listed], error) {
			return a.d.Accounts.Accounts(ctx, p.Actor, filter(q, tree, after, org.MaxPage))
		}) {
			if err != nil {
				yield(nil, err)
				return
			}
			words, _, _ := state(p, l)
			roles := ""
			for i, x := range appointmentLines(p, tree, l) {
				if i > 0 {
					roles += p.P.T("preview.comma")
				}
				roles += x.First
				if x.Second != "" {
					roles += " " + x.Second
				}
			}
			if !yield([]any{l.Username, l.Name, departmentName(p.P, tree, l.Department), roles, words, l.SignedInAt, l.CreatedAt}, nil) {
				return
			}
		}
	}
	return listing.Send(p, p.P.T("account.title"), t)
}
