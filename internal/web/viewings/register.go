package viewings

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

var shanghai = clock.Shanghai

const minute = time.Minute

type registerView struct {
	Head    ui.HeadView
	Note    *ui.NoteView
	Tabs    []ui.Tab
	Filters ui.Filters
	Table   ui.TableView
}

// filterOf reads the conditions of the register; a day that is none is no condition.
func filterOf(p *site.Page, q listing.Query) viewing.RegisterFilter {
	f := viewing.RegisterFilter{Unconfirmed: q.Get("view") == "open"}
	if d, err := p.Day("from"); err == nil {
		f.From = d
	}
	if d, err := p.Day("to"); err == nil && !d.IsZero() {
		f.To = d.AddDate(0, 0, 1)
	}
	if id, err := ident.Parse[ident.DepartmentID](q.Get("department")); err == nil {
		f.Department = id
	}
	if id, err := ident.Parse[ident.RecordingID](q.Get("recording")); err == nil {
		f.Recording = id
	}
	if id, err := ident.Parse[ident.ViewingID](q.Get("request")); err == nil {
		f.Request = id
	}
	return f
}

func readRegister(p *site.Page) listing.Query {
	return listing.Read(p, "view", "from", "to", "department", "recording", "request")
}

func (a Area) register(p *site.Page) error { return a.registerPage(p, nil) }

func (a Area) registerPage(p *site.Page, note *ui.NoteView) error {
	pr := p.P
	q := readRegister(p)
	page, err := a.Viewings.Ledger(p.Context(), p.Actor, filterOf(p, q), q.After(), 50)
	if err != nil {
		return err
	}
	v := registerView{Note: note, Head: a.registerHead(p, "")}
	v.Head.Actions = append(v.Head.Actions, ui.Action{Text: pr.T("viewing.print"), Href: q.At(printPath), Icon: "printer"}, ui.Action{Text: pr.T("viewing.proof"), Href: q.At(proofPath), Icon: "certificate"})
	v.Tabs = a.registerTabs(p, q.Get("view"), page.Count)
	if v.Filters, err = a.registerFilters(p, q, registerPath); err != nil {
		return err
	}
	v.Filters.Export, v.Filters.Keep = q.At(exportPath), q.Keep("view", "recording", "request")
	rows, err := a.rows(p, page.Rows, p.Now)
	if err != nil {
		return err
	}
	v.Table = registerTable(p, q, page, rows)
	if note != nil {
		return p.Refused(v.Head.Title, registerComponent(pr, v))
	}
	return p.Render(v.Head.Title, registerComponent(pr, v))
}

// registerHead heads one of the lists of the register.
func (a Area) registerHead(p *site.Page, list string) ui.HeadView {
	h := ui.HeadView{Crumbs: []ui.Link{{Text: p.P.T("viewing.title"), Href: Path}}, Title: p.P.T("viewing.register"), Sub: p.P.T("viewing.register_sub")}
	switch list {
	case "loans":
		h.Title, h.Sub = p.P.T("loan.list"), p.P.T("loan.list_sub")
	case "refused":
		h.Title, h.Sub = p.P.T("refused.list"), p.P.T("refused.list_sub")
	}
	return h
}

// registerTabs leads between the lists of the register; the current one is counted.
func (a Area) registerTabs(p *site.Page, current string, count int) []ui.Tab {
	tabs := []ui.Tab{}
	for _, x := range []struct{ name, word, href string }{
		{"", "viewing.register_all", registerPath},
		{"open", "viewing.register_open", registerPath + "?view=open"},
		{"loans", "loan.tab", loansPath},
		{"refused", "refused.tab", refusedPath},
	} {
		if x.name == "loans" && a.Loans == nil || x.name == "refused" && a.Refused == nil {
			continue
		}
		t := ui.Tab{Text: p.P.T(x.word), Href: x.href, Current: x.name == current}
		if t.Current {
			t.Count = p.P.Num(int64(count))
		}
		tabs = append(tabs, t)
	}
	return tabs
}

// registerFilters are the conditions that every list of the register knows.
func (a Area) registerFilters(p *site.Page, q listing.Query, at string) (ui.Filters, error) {
	pr := p.P
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return ui.Filters{}, err
	}
	departments := []ui.Option{{Text: pr.T("table.any"), On: q.Get("department") == ""}}
	for _, d := range tree {
		departments = append(departments, ui.Option{Value: string(d.ID), Text: d.Name, On: string(d.ID) == q.Get("department")})
	}
	return ui.Filters{
		Action: at, Clear: q.Clear("view"), Export: q.At(at + "/export"),
		Fields: []ui.Filter{
			{Kind: ui.FilterDate, Name: "from", Label: pr.T("viewing.from_day"), Value: q.Get("from")},
			{Kind: ui.FilterDate, Name: "to", Label: pr.T("viewing.to_day"), Value: q.Get("to")},
			{Kind: ui.FilterSelect, Name: "department", Label: pr.T("viewing.owner"), Options: departments},
		},
	}, nil
}

func registerTable(p *site.Page, q listing.Query, page viewing.RegisterPage, rows []line) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("viewing.register"), Pager: q.Pager(len(rows), page.Next),
		Columns: []ui.Column{
			{Label: pr.T("viewing.row_no"), Num: true},
			{Label: pr.T("viewing.who"), Lead: true},
			{Label: pr.T("viewing.what")},
			{Label: pr.T("viewing.when"), Tight: true},
			{Label: pr.T("viewing.basis")},
			{Label: pr.T("viewing.confirm_state"), Acts: false},
		},
		Empty: ui.EmptyView{Icon: "notebook", Title: pr.T("viewing.register_none"), Text: pr.T("viewing.register_none_text")},
	}
	may := false
	for _, r := range rows {
		row := ui.Row{
			ID: "look-" + string(r.look.ID), Value: string(r.look.ID), Label: pr.T("viewing.pick_row", r.look.No, r.look.ViewerName),
			Cells: []ui.Cell{
				ui.Text(pr.Num(r.look.No)), ui.TwoCell(r.look.ViewerName, dept(pr, r.look.ViewerDept)), ui.MainCell(ui.Link{Text: r.title, Href: record.Path(r.look.Recording)}, r.span, false),
				ui.TwoCell(pr.WhenSec(r.look.OpenedAt, p.Now), r.watched), ui.MainCell(ui.Link{Text: r.basis, Href: r.basisHref}, r.why, false), ui.St(r.state, r.icon, r.tone),
			},
		}
		may = may || r.may
		t.Rows = append(t.Rows, row)
	}
	if may {
		t.Pick, t.BulkHref = "look", registerPath+"/confirm"
		t.Bulk = ui.Button(ui.Action{Text: pr.T("viewing.confirm"), Icon: "check", Primary: true, Name: "do", Value: "confirm"})
	}
	if len(rows) == 0 {
		t.Pager = nil
	}
	return t
}

// line is one row of the register in words.
type line struct {
	look                  viewing.Look
	title, span, watched  string
	basis, why, basisHref string
	consent               string
	request               viewing.Request // what it rests on; empty for one's own recording
	place                 string          // of its entry in the log; only where it is asked for
	state, icon           string
	tone                  ui.Tone
	may                   bool
}

// rows puts looks into words, with what their requests say. Paper and workbooks, which are read on another day, give no now.
func (a Area) rows(p *site.Page, list []viewing.Look, now time.Time) ([]line, error) {
	ids := make([]ident.ViewingID, 0, len(list))
	for _, l := range list {
		if l.Request != "" {
			ids = append(ids, l.Request)
		}
	}
	requests, err := a.Viewings.Requests(p.Context(), ids)
	if err != nil {
		return nil, err
	}
	grabs, err := a.grabs(p, list)
	if err != nil {
		return nil, err
	}
	out := make([]line, len(list))
	cases := map[ident.CaseID]viewing.CaseObject{}
	for i := range list {
		rec, err := a.Recordings.Brief(p.Context(), list[i].Recording)
		if err != nil {
			return nil, err
		}
		out[i] = lineOf(p.P, list[i], requests, item(p.P, rec, now), now)
		if n := grabs[list[i].ID]; n > 0 {
			out[i].watched = p.P.T("viewing.watched_grabs", out[i].watched, n)
		}
		if id := list[i].Case; id != "" {
			c, found := cases[id]
			if !found {
				if c, err = a.Viewings.CaseOf(p.Context(), id); err != nil {
					return nil, err
				}
				cases[id] = c
			}
			out[i].basis, out[i].why, out[i].basisHref = p.P.T("viewing.case_no", c.No), p.P.T("viewing.handler_why"), "/cases/"+string(id)
		}
		out[i].may = a.Viewings.MayConfirm(p.Actor, &list[i])
	}
	return out, nil
}

// grabs counts the still pictures that were kept from looks.
func (a Area) grabs(p *site.Page, list []viewing.Look) (map[ident.LookID]int, error) {
	if a.Grabs == nil {
		return nil, nil
	}
	ids := make([]ident.LookID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return a.Grabs(p.Context(), ids)
}

func lineOf(pr locale.Printer, l viewing.Look, requests map[ident.ViewingID]viewing.Request, rec itemView, now time.Time) line {
	r := line{look: l, title: rec.Title, span: pr.T("viewing.span_and", span(pr, viewing.Item{From: l.From, To: l.To}), rec.Second)}
	switch {
	case l.Kind == viewing.Picture:
		r.watched = pr.T("viewing.pictures")
	case l.ClosedAt.IsZero():
		r.watched = pr.T("viewing.goes_on")
	default:
		r.watched = pr.T("viewing.watched", pr.Duration(l.WatchedFor))
	}
	r.basis, r.why = pr.T("viewing.own"), pr.T("viewing.own_why")
	r.basisHref = record.Path(l.Recording)
	if q, ok := requests[l.Request]; ok {
		r.basis, r.why, r.basisHref = pr.T("viewing.request_no", q.No), purpose(pr, q.Purpose), path(q.ID)
		r.request = q
		r.consent = pr.T("viewing.decided_by", pr.T("viewing.consented"), q.DecidedName)
	}
	switch {
	case !l.ConfirmedAt.IsZero():
		r.state, r.icon, r.tone = pr.T("viewing.confirmed_by", l.ConfirmedName, pr.When(l.ConfirmedAt, now)), "circle-check", ui.OK
	case l.ClosedAt.IsZero():
		r.state, r.icon, r.tone = pr.T("viewing.goes_on"), "eye", ui.Due
	default:
		r.state, r.icon, r.tone = pr.T("viewing.unconfirmed"), "circle-dashed", ui.Moot
	}
	return r
}

// confirm confirms the picked rows one by one; what could not be confirmed is named, the rest stands.
func (a Area) confirm(p *site.Page) error {
	ids := p.Values("look")
	if len(ids) == 0 {
		return p.Redirect(registerPath + "?view=open")
	}
	done, failed := 0, []string{}
	for _, s := range ids {
		id, err := ident.Parse[ident.LookID](s)
		if err == nil {
			err = a.Viewings.Confirm(p.Context(), p.Actor, id, p.Value("remark"))
		}
		if err == nil || fault.HasCode(err, "viewing.confirmed") {
			done++
			continue
		}
		if fault.Is(err, fault.Internal) {
			return err
		}
		bad, ok := refusal.Of(p.P, err)
		if !ok {
			bad.What = p.P.Fault(err).What
		}
		failed = append(failed, bad.What)
	}
	if len(failed) == 0 {
		return p.Redirect(registerPath + "?view=open")
	}
	return a.registerPage(p, &ui.NoteView{
		Tone: ui.Late, Icon: "alert-circle", Bold: p.P.T("viewing.confirm_part", done, len(failed)), Text: failed[0],
	})
}

func (a Area) export(p *site.Page) error {
	q := readRegister(p)
	looks, err := a.Viewings.Export(p.Context(), p.Actor, filterOf(p, q))
	if err != nil {
		return err
	}
	columns := listing.Headings(p.P, "viewing.ledger.", registerColumns...)
	table := ledger.Table{Title: p.P.T("viewing.register"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for l, err := range looks {
			var row []any
			if err == nil {
				row, err = a.cells(p, l)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, p.P.T("viewing.register_file", p.Now.In(shanghai).Format(time.DateOnly)), table)
}

var registerColumns = []listing.Column{
	{"no", 8},
	{"viewer", 20},
	{"dept", 18},
	{"purpose", 18},
	{"words", 36},
	{"recording", 28},
	{"span", 18},
	{"basis", 14},
	{"consent", 16},
	{"opened", 20},
	{"closed", 20},
	{"seconds", 12},
	{"confirmed", 16},
	{"confirmed_at", 20},
	{"remark", 24},
	{"id", 38},
	{"place", 12},
}

func (a Area) cells(p *site.Page, l viewing.Look) ([]any, error) {
	rows, err := a.rows(p, []viewing.Look{l}, time.Time{})
	if err != nil {
		return nil, err
	}
	r := rows[0]
	place, err := a.place(p, l.ID)
	if err != nil {
		return nil, err
	}
	return []any{
		l.No, l.ViewerName, l.ViewerDept, r.why, r.request.Words, r.title, span(p.P, viewing.Item{From: l.From, To: l.To}), r.basis, r.request.DecidedName, l.OpenedAt, l.ClosedAt,
		l.WatchedFor.Seconds(), l.ConfirmedName, l.ConfirmedAt, l.Remark, string(l.ID), place,
	}, nil
}

// maxPrinted is how many rows one printed register holds; more is printed by periods.
const maxPrinted = 500

type printView struct {
	Bureau, Period, Printed, More string
	Rows                          []line
	Loans                         []loan.Loan
	Log                           []ui.Fact // the head of the log when it was printed, to hold against the rows' numbers
}

// print shows the register in the form of the paper one. Printing takes it out of the house, so it is an export.
func (a Area) print(p *site.Page) error {
	f := filterOf(p, readRegister(p))
	looks, err := a.Viewings.Export(p.Context(), p.Actor, f)
	if err != nil {
		return err
	}
	v := printView{Bureau: a.Bureau, Printed: p.P.T("viewing.printed", p.P.Full(p.Now), p.Actor.Name)}
	if !f.From.IsZero() || !f.To.IsZero() {
		from, to := p.P.T("viewing.beginning"), p.P.Date(p.Now)
		if !f.From.IsZero() {
			from = p.P.Date(f.From)
		}
		if !f.To.IsZero() {
			to = p.P.Date(f.To.Add(-time.Second))
		}
		v.Period = p.P.T("viewing.period", from, to)
	}
	list := []viewing.Look{}
	for l, err := range looks {
		if err != nil {
			return err
		}
		if len(list) == maxPrinted {
			v.More = p.P.T("viewing.print_more", maxPrinted)
			break
		}
		list = append(list, l)
	}
	if v.Rows, err = a.rows(p, list, time.Time{}); err != nil {
		return err
	}
	for i := range v.Rows {
		if v.Rows[i].place, err = a.place(p, list[i].ID); err != nil {
			return err
		}
	}
	if err := a.sealed(p, &v); err != nil {
		return err
	}
	if v.Loans, err = a.printedLoans(p, f); err != nil {
		return err
	}
	return p.Render(p.P.T("viewing.register"), printPage(p.P, v))
}
