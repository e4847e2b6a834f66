package devices

import (
	"context"

	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// issueFilter narrows the ledger by what its address says; the last day counts whole.
func issueFilter(p *site.Page, q listing.Query, after string, limit int) (device.IssueFilter, error) {
	f := device.IssueFilter{
		Device: ident.DeviceID(q.Get("device")), Department: ident.DepartmentID(q.Get("department")), Person: ident.PersonID(q.Get("person")),
		Open: q.Get("open") == "yes", After: after, Limit: limit,
	}
	var err error
	if f.From, err = p.Day("from"); err != nil {
		return f, err
	}
	if f.Before, err = p.Day("to"); err != nil {
		return f, err
	}
	if !f.Before.IsZero() {
		f.Before = f.Before.AddDate(0, 0, 1)
	}
	return f, nil
}

// ledger shows the ledger of issues, latest first. It has no other order: issues are not a measure of people.
func (a area) ledger(p *site.Page, q listing.Query) error {
	f, err := issueFilter(p, q, q.After(), 0)
	if err != nil {
		return err
	}
	got, err := a.d.Devices.Issues(p.Context(), p.Actor, f)
	if err != nil {
		return err
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	rows, err := a.ledgerRows(p, got.Items, true)
	if err != nil {
		return err
	}
	v := a.view(p, q)
	v.Filters = &ui.Filters{
		Action: listPath, Clear: q.Clear("view"), Export: q.At(listPath + "/export"), Keep: q.Keep("view", "person", "device"),
		Fields: []ui.Filter{
			{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("device.department"), Options: append(
				[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("department") == ""}}, options(tree, open(tree), ident.DepartmentID(q.Get("department")))...)},
			{Kind: ui.FilterSelect, Name: "open", Label: p.P.T("device.returned"), Options: listing.Choice(p.P, true, q.Get("open"), []string{"yes"}, func(string) string { return p.P.T("device.not_returned") })},
			{Kind: ui.FilterDate, Name: "from", Label: p.P.T("device.from"), Value: q.Get("from")},
			{Kind: ui.FilterDate, Name: "to", Label: p.P.T("device.to"), Value: q.Get("to")},
		},
	}
	v.Table = ui.TableView{
		Caption: p.P.T("device.tab.ledger"), Rows: rows, Columns: ledgerColumns(p.P, true), Pager: q.Pager(len(rows), got.Next),
		Empty: ui.EmptyView{Icon: "notebook", Title: p.P.T("device.no_issues"), Text: p.P.T("device.no_issues_text")},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(p.P.T("device.tab.ledger"), listPage(p.P, v))
}

func ledgerColumns(p locale.Printer, labelled bool) []ui.Column {
	out := []ui.Column{
		{Label: p.T("device.user")}, {Label: p.T("device.issued")}, {Label: p.T("device.returned")}, {Label: p.T("device.purpose")}, {Label: p.T("device.condition")},
	}
	if labelled {
		out = append([]ui.Column{{Label: p.T("device.label")}}, out...)
	}
	return out
}

func (a area) ledgerRows(p *site.Page, list []device.Entry, labelled bool) ([]ui.Row, error) {
	issues := make([]*device.Issue, len(list))
	for i := range list {
		issues[i] = &list[i].Issue
	}
	names, err := a.names(p.Context(), issues...)
	if err != nil {
		return nil, err
	}
	rows := make([]ui.Row, len(list))
	for i, e := range list {
		by := func(id ident.PersonID) string {
			if id == "" {
				return ""
			}
			return p.P.T("device.by", names[id])
		}
		issuedBy := by(e.IssuedBy)
		if e.Entered.Sub(e.Issued) > lateEntry {
			issuedBy = p.P.T("device.entered_later", p.P.When(e.Entered, p.Now))
		}
		back := ui.St(p.P.T("device.not_returned"), "clock", ui.Plain)
		if !e.Open() {
			back = ui.TwoCell(p.P.When(e.Returned, p.Now), by(e.ReturnedBy))
		}
		cells := []ui.Cell{
			ui.TwoCell(names[e.Person], ""), ui.TwoCell(p.P.When(e.Issued, p.Now), issuedBy), back, ui.TwoCell(e.Purpose, ""), condition(p.P, e.Issue),
		}
		if labelled {
			cells = append([]ui.Cell{wrapped(ui.MainCell(ui.Link{Text: e.Label, Href: devicePath(e.Device)}, p.P.T("device.kind."+string(e.Kind)), false))}, cells...)
		}
		rows[i] = ui.Row{Cells: cells}
	}
	return rows, nil
}

func condition(p locale.Printer, i device.Issue) ui.Cell {
	words := p.T("device.condition." + string(i.Condition))
	switch i.Condition {
	case device.Good:
		return ui.Under(ui.St(words, "circle-check", ui.OK), i.Note)
	case device.Damaged:
		return ui.Under(ui.St(words, "alert-triangle", ui.Due), i.Note)
	case device.LostThere:
		return ui.Under(ui.St(words, "alert-triangle", ui.Late), i.Note)
	}
	return ui.NoneCell(p)
}

func (a area) exportLedger(p *site.Page, q listing.Query) error {
	ctx := p.Context()
	if _, err := issueFilter(p, q, "", 0); err != nil {
		return err
	}
	t := ledger.Table{Title: p.P.T("device.tab.ledger"), Columns: headings(p, "label", "kind", "user", "issued", "issued_by", "purpose", "returned", "returned_by", "condition", "note")}
	t.Rows = func(yield func([]any, error) bool) {
		for e, err := range listing.All(ctx, func(ctx context.Context, after string) (org.Page[device.Entry], error) {
			f, err := issueFilter(p, q, after, org.MaxPage)
			if err != nil {
				return org.Page[device.Entry]{}, err
			}
			return a.d.Devices.Issues(ctx, p.Actor, f)
		}) {
			var names map[ident.PersonID]string
			if err == nil {
				names, err = a.names(ctx, &e.Issue)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			word := ""
			if e.Condition != "" {
				word = p.P.T("device.condition." + string(e.Condition))
			}
			if !yield([]any{e.Label, p.P.T("device.kind." + string(e.Kind)), names[e.Person], e.Issued, names[e.IssuedBy], e.Purpose, e.Returned, names[e.ReturnedBy], word, e.Note}, nil) {
				return
			}
		}
	}
	return listing.Send(p, p.P.T("device.tab.ledger"), t)
}
