package giveout

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type registerView struct {
	Head    ui.HeadView
	Tabs    []ui.Tab
	Filters ui.Filters
	Table   ui.TableView
}

func filterOf(p *site.Page, q listing.Query) disclosure.Filter {
	f := disclosure.Filter{
		State: disclosure.State(q.Get("state")), Manner: viewing.Manner(q.Get("manner")), Text: q.Get("q"), Owed: q.Get("view") == "owed", Oldest: q.Get("sort") == "oldest",
	}
	if d, err := p.Day("from"); err == nil {
		f.From = d
	}
	if d, err := p.Day("to"); err == nil && !d.IsZero() {
		f.To = d.AddDate(0, 0, 1)
	}
	return f
}

func read(p *site.Page) listing.Query {
	return listing.Read(p, "view", "q", "state", "manner", "from", "to", "sort")
}

func (a area) register(p *site.Page) error {
	pr, q := p.P, read(p)
	page, err := a.Given.List(p.Context(), p.Actor, filterOf(p, q), q.After(), 50)
	if err != nil {
		return err
	}
	v := registerView{Head: ui.HeadView{
		Title: pr.T("disclosure.title"), Sub: pr.T("disclosure.sub"), Actions: []ui.Action{{Text: pr.T("viewing.print"), Href: q.At(printPath), Icon: "printer"}},
	}}
	for _, x := range []string{"", "owed"} {
		t := ui.Tab{Text: pr.T("disclosure.view_all"), Href: q.With("view", x), Current: q.Get("view") == x}
		if x == "owed" {
			t.Text = pr.T("disclosure.view_owed")
		}
		if t.Current {
			t.Count = pr.Num(int64(page.Count))
		}
		v.Tabs = append(v.Tabs, t)
	}
	states, manners := []string{}, []string{string(viewing.MannerProvide), string(viewing.MannerPublish)}
	for _, s := range disclosure.States() {
		states = append(states, string(s))
	}
	v.Filters = ui.Filters{
		Action: Path, Clear: q.Clear("view"), Export: q.At(exportPath), Keep: q.Keep("view", "sort"),
		Fields: []ui.Filter{
			{Kind: ui.FilterText, Name: "q", Label: pr.T("disclosure.find"), Value: q.Get("q")},
			{Kind: ui.FilterSelect, Name: "manner", Label: pr.T("disclosure.manner"), Options: listing.Choice(pr, true, q.Get("manner"), manners, func(s string) string { return pr.T("viewing.manner." + s) })},
			{Kind: ui.FilterSelect, Name: "state", Label: pr.T("disclosure.state"), Options: listing.Choice(pr, true, q.Get("state"), states, func(s string) string { return pr.T("disclosure.state." + s) })},
			{Kind: ui.FilterDate, Name: "from", Label: pr.T("viewing.from_day"), Value: q.Get("from")},
			{Kind: ui.FilterDate, Name: "to", Label: pr.T("viewing.to_day"), Value: q.Get("to")},
		},
	}
	sort, href := ui.Descending, q.With("sort", "oldest")
	if q.Get("sort") == "oldest" {
		sort, href = ui.Ascending, q.With("sort", "")
	}
	v.Table = ui.TableView{
		Caption: v.Head.Title, Pager: q.Pager(len(page.Rows), page.Next),
		Columns: []ui.Column{
			{Label: pr.T("disclosure.number"), Lead: true, Sort: sort, Href: href},
			{Label: pr.T("disclosure.to")},
			{Label: pr.T("disclosure.what")},
			{Label: pr.T("disclosure.by")},
			{Label: pr.T("disclosure.given_at"), Tight: true},
			{Label: pr.T("disclosure.state")},
			{Label: pr.T("disclosure.receipt")},
		},
		Empty: ui.EmptyView{Icon: "send", Title: pr.T("disclosure.none"), Text: pr.T("disclosure.none_text")},
	}
	for i := range page.Rows {
		v.Table.Rows = append(v.Table.Rows, row(p, &page.Rows[i]))
	}
	if len(page.Rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(v.Head.Title, registerPage(pr, v))
}

func row(p *site.Page, d *disclosure.Disclosure) ui.Row {
	pr := p.P
	icon, tone := look(d.State)
	given, receipt := pr.T("disclosure.not_yet"), ""
	if !d.GivenAt.IsZero() {
		given = pr.When(d.GivenAt, p.Now)
	}
	switch {
	case !d.Receipt.At.IsZero():
		receipt = d.Receipt.On
	case !d.Due.IsZero():
		receipt = pr.T("disclosure.receipt_owed", pr.When(d.Due, p.Now))
	}
	return ui.Row{ID: "given-" + string(d.ID), Cells: []ui.Cell{
		ui.MainCell(ui.Link{Text: d.Number(), Href: path(d.ID)}, pr.T("viewing.manner."+string(d.Manner)), false), ui.TwoCell(to(pr.T("disclosure.public"), d), record.Harmless(d.To.Person)),
		ui.TwoCell(pr.T("disclosure.counts", len(d.Items), len(d.Papers)), record.Harmless(d.Words)), ui.TwoCell(d.ByName, pr.T("viewing.request_no", d.RequestNo)), ui.Text(given),
		ui.St(pr.T("disclosure.state."+string(d.State)), icon, tone), ui.Text(receipt),
	}}
}

func to(public string, d *disclosure.Disclosure) string {
	if d.To.Body == "" {
		return public
	}
	return record.Harmless(d.To.Body)
}

var columns = []listing.Column{
	{"number", 16},
	{"manner", 12},
	{"to", 24},
	{"person", 14},
	{"basis", 30},
	{"purpose", 36},
	{"request", 10},
	{"by", 14},
	{"items", 10},
	{"papers", 10},
	{"state", 12},
	{"asked_at", 20},
	{"given_at", 20},
	{"size", 14},
	{"sha256", 66},
	{"manifest", 66},
	{"receipt_on", 14},
	{"receipt_by", 14},
	{"id", 38},
}

func (a area) export(p *site.Page) error {
	rows, err := a.Given.Export(p.Context(), p.Actor, filterOf(p, read(p)))
	if err != nil {
		return err
	}
	pr := p.P
	t := ledger.Table{Title: pr.T("disclosure.title"), Rows: func(yield func([]any, error) bool) {
		for i := range rows {
			d := &rows[i]
			if !yield([]any{
				d.Number(), pr.T("viewing.manner." + string(d.Manner)), to(pr.T("disclosure.public"), d), d.To.Person, d.To.Basis, d.Words, d.RequestNo, d.ByName, len(d.Items), len(d.Papers),
				pr.T("disclosure.state." + string(d.State)), d.AskedAt, d.GivenAt, d.GivenSize, d.SHA256, d.Manifest, d.Receipt.On, d.Receipt.By, string(d.ID),
			}, nil) {
				return
			}
		}
	}}
	t.Columns = listing.Headings(pr, "disclosure.ledger.", columns...)
	return listing.Send(p, pr.T("disclosure.file", p.Now.In(clock.Shanghai).Format(time.DateOnly)), t)
}

// maxPrinted is how many rows one printed register holds; more is printed by periods.
const maxPrinted = 500

type printView struct {
	Bureau, Printed, More string
	Rows                  []printed
}

type printed struct{ No, Manner, To, Basis, What, By, Given, Receipt string }

// print shows the register in the form of the paper one (对外提供登记簿).
func (a area) print(p *site.Page) error {
	rows, err := a.Given.Export(p.Context(), p.Actor, filterOf(p, read(p)))
	if err != nil {
		return err
	}
	pr := p.P
	v := printView{Bureau: a.Bureau, Printed: pr.T("viewing.printed", pr.Full(p.Now), p.Actor.Name)}
	if len(rows) > maxPrinted {
		rows, v.More = rows[:maxPrinted], pr.T("viewing.print_more", maxPrinted)
	}
	for i := range rows {
		d := &rows[i]
		x := printed{
			No: d.Number(), Manner: pr.T("viewing.manner." + string(d.Manner)), To: to(pr.T("disclosure.public"), d) + " " + record.Harmless(d.To.Person), Basis: record.Harmless(d.To.Basis),
			What: pr.T("disclosure.counts", len(d.Items), len(d.Papers)), By: d.ByName, Given: pr.T("disclosure.state." + string(d.State)), Receipt: d.Receipt.On + " " + record.Harmless(d.Receipt.By),
		}
		if !d.GivenAt.IsZero() {
			x.Given = pr.Full(d.GivenAt)
		}
		v.Rows = append(v.Rows, x)
	}
	return p.Render(pr.T("disclosure.title"), printPage(pr, v))
}
