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

func appointmentFilter(q listing.Query, after string, limit int) account.AppointmentFilter {
	return account.AppointmentFilter{
		Query: q.Get("q"), Role: access.Role(q.Get("role")), Department: ident.DepartmentID(q.Get("department")), Past: q.Get("past") == "yes", After: after, Limit: limit,
	}
}

func (a area) appointments(p *site.Page, q listing.Query, bad refusal.Fault) error {
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	got, err := a.d.Accounts.Appointments(p.Context(), p.Actor, appointmentFilter(q, q.After(), 0))
	if err != nil {
		return err
	}
	names, err := a.names(p.Context(), got.Items)
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(got.Items))
	for i, r := range got.Items {
		words, icon, tone := standing(p, r)
		rows[i] = ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: names[r.Person], Href: "/people/" + string(r.Person)}, "", false), ui.Text(p.P.T("role." + string(r.Role))),
			ui.TwoCell(departmentName(p.P, tree, r.Department), ""), ui.TwoCell(term(p, r), ""), ui.St(words, icon, tone), a.endButton(p, r, names[r.Person], ""),
		}}
	}
	v, err := a.view(p, q)
	if err != nil {
		return err
	}
	v.Bad = bad
	v.Filters = &ui.Filters{
		Action: listPath, Clear: q.Clear("view"), Export: q.At(listPath + "/export"), Keep: q.Keep("view"),
		Fields: []ui.Filter{
			{Name: "q", Label: p.P.T("account.search_person"), Value: q.Get("q")},
			{Kind: ui.FilterSelect, Name: "role", Label: p.P.T("account.role"), Options: append(
				[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("role") == ""}}, roleOptions(p.P, q.Get("role"))...)},
			{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("account.department"), Options: append(
				[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("department") == ""}}, departmentOptions(tree, ident.DepartmentID(q.Get("department")))...)},
			{Kind: ui.FilterSelect, Name: "past", Label: p.P.T("account.past"), Options: []ui.Option{
				{Text: p.P.T("account.past.no"), On: q.Get("past") == ""}, {Value: "yes", Text: p.P.T("account.past.yes"), On: q.Get("past") == "yes"},
			}},
		},
	}
	v.Table = ui.TableView{
		Caption: p.P.T("account.tab.appointments"), Rows: rows, Pager: q.Pager(len(rows), got.Next),
		Columns: []ui.Column{
			{Label: p.P.T("account.person")},
			{Label: p.P.T("account.role")},
			{Label: p.P.T("account.department")},
			{Label: p.P.T("account.days")},
			{Label: p.P.T("account.state")},
			{Label: p.P.T("account.do"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "users", Title: p.P.T("account.no_appointments"), Text: p.P.T("account.no_appointments_text")},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	title := p.P.T("account.tab.appointments")
	if bad.What != "" {
		return p.Refused(title, listPage(p.P, v))
	}
	return p.Render(title, listPage(p.P, v))
}

// endButton takes an appointment back, where the reader may: never their own (T13). back is the account's page it
// leads to, or the list.
func (a area) endButton(p *site.Page, r account.Appointment, name, back string) ui.Cell {
	if !r.EndedAt.IsZero() || !p.May(access.RoleRevoke, access.Subject{Kind: "appointment", ID: string(r.ID), Officer: r.Person, Department: r.Department}) {
		return nil
	}
	role := p.P.T("role." + string(r.Role))
	return ui.Confirm(p.P, ui.ConfirmView{
		ID: "end-" + string(r.ID), Open: ui.Action{Text: p.P.T("account.end"), Danger: true, Label: p.P.T("account.end_label", name, role)},
		Title: p.P.T("account.end_label", name, role), Text: p.P.T("account.end_text"), Keeps: p.P.T("account.end_keeps"),
		Action: appointmentPath + "/" + string(r.ID) + "/end", Hidden: []ui.Hidden{{Name: "account", Value: back}}, Yes: p.P.T("account.end"), Danger: true,
	})
}

func (a area) endAppointment(p *site.Page) error {
	id, err := ident.Parse[ident.AppointmentID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "account.appointment")
	}
	err = a.d.Accounts.Revoke(p.Context(), p.Actor, id)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.appointments(p, listing.Start(listPath, "view", viewAppointments), bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(a.back(p))
}

// back is where a change of somebody's roles leads: their account's page, or the appointments.
func (a area) back(p *site.Page) string {
	if id, err := ident.Parse[ident.AccountID](p.Value("account")); err == nil {
		return accountPath(id)
	}
	return listPath + "?view=" + viewAppointments
}

// grantForm is the form of an appointment.
type grantForm struct {
	Role, From, To string
	Department     ident.DepartmentID
	Bad            refusal.Fault
}

func (f grantForm) fields(p *site.Page, tree org.Tree) []ui.Field {
	t := p.P.T
	departments := append([]ui.Option{{Text: t("account.bureau"), On: f.Department == ""}}, departmentOptions(tree, f.Department)...)
	return []ui.Field{
		f.Bad.Mark(ui.Field{Name: "role", Label: t("account.role"), Options: roleOptions(p.P, f.Role)}),
		f.Bad.Mark(ui.Field{Name: "department", Label: t("account.department"), Hint: t("account.department_hint"), Options: departments}),
		f.Bad.Mark(ui.Field{Name: "from", Label: t("account.from"), Hint: t("account.from_hint"), Type: "date", Value: f.From, Optional: true}),
		f.Bad.Mark(ui.Field{Name: "to", Label: t("account.to"), Hint: t("account.to_hint"), Type: "date", Value: f.To, Optional: true}),
	}
}

// grant appoints. A day given as the last one counts whole.
func (a area) grant(p *site.Page) error {
	f := grantForm{Role: p.Value("role"), Department: ident.DepartmentID(p.Value("department")), From: p.Value("from"), To: p.Value("to")}
	person, err := ident.Parse[ident.PersonID](p.Value("person"))
	if err != nil {
		return fault.New(fault.NotFound, "org.person")
	}
	q := account.GrantRequest{Person: person, Role: access.Role(f.Role), Department: f.Department}
	if q.From, err = p.Day("from"); err == nil && q.From.Equal(org.DayOf(p.Now)) {
		q.From = p.Now // from today on is from now on: nothing done this morning becomes permitted afterwards
	}
	if err == nil {
		q.To, err = p.Day("to")
	}
	if err == nil {
		if !q.To.IsZero() {
			q.To = q.To.AddDate(0, 0, 1)
		}
		_, err = a.d.Accounts.Grant(p.Context(), p.Actor, q)
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.refuseGrant(p, f, err)
	}
	if err != nil {
		return err
	}
	return p.Redirect(a.back(p))
}

// refuseGrant shows the account's page again with what was typed; without an account there is no form to show it on.
func (a area) refuseGrant(p *site.Page, f grantForm, err error) error {
	id, bad := ident.Parse[ident.AccountID](p.Value("account"))
	if bad != nil {
		return err
	}
	c, bad := a.d.Accounts.Account(p.Context(), id)
	if bad != nil || string(c.Person) != p.Value("person") {
		return err
	}
	return a.page(p, c, pageForms{Grant: f})
}

func (a area) exportAppointments(p *site.Page, q listing.Query) error {
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	t := ledger.Table{Title: p.P.T("account.tab.appointments"), Columns: []ledger.Heading{
		{Title: p.P.T("account.person"), Width: 30},
		{Title: p.P.T("account.role")},
		{Title: p.P.T("account.department"), Width: 30},
		{Title: p.P.T("account.from")},
		{Title: p.P.T("account.to")},
		{Title: p.P.T("account.state"), Width: 24},
	}}
	t.Rows = func(yield func([]any, error) bool) {
		for r, err := range listing.All(p.Context(), func(ctx context.Context, after string) (org.Page[account.Appointment], error) {
			return a.d.Accounts.Appointments(ctx, p.Actor, appointmentFilter(q, after, org.MaxPage))
		}) {
			var names map[ident.PersonID]string
			if err == nil {
				names, err = a.names(p.Context(), []account.Appointment{r})
			}
			if err != nil {
				yield(nil, err)
				return
			}
			words, _, _ := standing(p, r)
			last := r.To
			if !last.IsZero() {
				last = last.Add(-1)
			}
			if !yield([]any{names[r.Person], p.P.T("role." + string(r.Role)), departmentName(p.P, tree, r.Department), ledger.Day(r.From), ledger.Day(last), words}, nil) {
				return
			}
		}
	}
	return listing.Send(p, p.P.T("account.tab.appointments"), t)
}
