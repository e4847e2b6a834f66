// Package lookup is the page of look-up receipts (查询回执): what one would say now, what a leader has told later, and those that were issued.
package lookup

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/persons/lookup"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Receipts issues them; *lookup.Service is one.
type Receipts interface {
	Prepare(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*lookup.Prepared, error)
	Delay(ctx context.Context, actor access.Actor, id ident.PersonMatterID, ref, ground string, until time.Time) error
	Issue(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*lookup.Receipt, error)
	Of(ctx context.Context, actor access.Actor, id ident.PersonMatterID) ([]lookup.Receipt, error)
	Get(ctx context.Context, actor access.Actor, id ident.LookupID) (*lookup.Receipt, error)
	May(actor access.Actor, action access.Action, m *persons.Matter) bool
}

// Deps is what the area needs. Set sets a receipt, Proof proves its entry.
type Deps struct {
	Receipts Receipts
	Set      func(ctx context.Context, r *lookup.Receipt) ([]byte, error)
	Proof    func(ctx context.Context, id ident.EntryID) ([]byte, error)
}

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	route := func(method, path string, action access.Action, h func(*site.Page) error) site.Route {
		return site.Route{Method: method, Path: "/persons/{id}/lookup" + path, Action: action, Object: true, Handle: h}
	}
	return []site.Route{
		route(http.MethodGet, "", access.LookupPrepare, a.show),
		route(http.MethodPost, "", access.LookupIssue, a.issue),
		route(http.MethodPost, "/delay", access.LookupDelay, a.delay),
		route(http.MethodGet, "/{receipt}", access.PersonView, a.paper),
		route(http.MethodGet, "/{receipt}/proof", access.PersonView, a.proof),
	}
}

// PathOf is the address of the page about a matter.
func PathOf(id ident.PersonMatterID) string { return "/persons/" + string(id) + "/lookup" }

type view struct {
	Head   ui.HeadView
	Alert  *ui.NoteView
	Lines  ui.TableView
	Held   ui.TableView
	Issued ui.TableView
	Issue  *ui.FormView
	Delay  *ui.FormView
	Which  ui.Field
	Ground ui.Field
	Until  ui.Field
}

func matterID(p *site.Page) (ident.PersonMatterID, error) {
	id, err := ident.Parse[ident.PersonMatterID](p.R.PathValue("id"))
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, "persons.unknown")
	}
	return id, nil
}

func (a area) show(p *site.Page) error { return a.page(p, refusal.Fault{}, "") }

func (a area) page(p *site.Page, bad refusal.Fault, which string) error {
	id, err := matterID(p)
	if err != nil {
		return err
	}
	x, err := a.Receipts.Prepare(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	issued, err := a.Receipts.Of(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	pr := p.P
	title := pr.T("lookup.title")
	v := view{Head: ui.HeadView{
		Crumbs: []ui.Link{{Text: pr.T("persons.title"), Href: "/persons"}, {Text: pr.T("persons.title_of", pr.T("persons.kind.look_up"), x.Matter.No), Href: "/persons/" + string(id)}},
		Title:  title, Sub: pr.T("lookup.sub", x.CaseNo),
	}}
	v.Lines = a.lines(p, "lookup.lines", x.Lines, nil)
	v.Lines.Empty = ui.EmptyView{Icon: "eye-off", Title: pr.T("lookup.none"), Text: pr.T("lookup.none_text")}
	v.Held = a.lines(p, "lookup.held", x.Held, x.Delays)
	v.Issued = a.issued(p, id, issued)
	if x.Matter.State == persons.Open && a.Receipts.May(p.Actor, access.LookupIssue, x.Matter) {
		v.Issue = &ui.FormView{Action: PathOf(id), Label: pr.T("lookup.issue"), Buttons: []ui.Action{{Text: pr.T("lookup.issue"), Icon: "certificate", Primary: true}}}
	}
	if len(x.Lines) > 0 && a.Receipts.May(p.Actor, access.LookupDelay, x.Matter) {
		v.delaying(p, id, x.Lines, bad, which)
	}
	if bad.What != "" {
		if v.Delay == nil || len(v.Delay.Errors) == 0 {
			v.Alert = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: bad.What, Text: bad.Do}
		}
		return p.Refused(title, page(pr, v))
	}
	return p.Render(title, page(pr, v))
}

func (v *view) delaying(p *site.Page, id ident.PersonMatterID, lines []lookup.Line, bad refusal.Fault, which string) {
	pr := p.P
	v.Which = ui.Field{Name: "ref", Label: pr.T("lookup.which")}
	seen := map[string]bool{}
	for _, l := range lines {
		if seen[l.Ref] {
			continue
		}
		seen[l.Ref] = true
		v.Which.Options = append(v.Which.Options, ui.Option{Value: l.Ref, Text: pr.T("lookup.line", l.Day, l.Office, pr.T("lookup.kind."+string(l.Kind))), On: p.Value("ref") == l.Ref})
	}
	v.Ground = ui.Field{Name: "ground", Label: pr.T("lookup.ground"), Hint: pr.T("lookup.ground_hint"), Value: p.Value("ground"), Max: 500}
	v.Until = ui.Field{Name: "until", Label: pr.T("lookup.until"), Type: "date", Value: p.Value("until")}
	v.Delay = &ui.FormView{Action: PathOf(id) + "/delay", Label: pr.T("lookup.delay"), Buttons: []ui.Action{{Text: pr.T("lookup.delay"), Icon: "clock"}}}
	if which == "delay" {
		v.Which, v.Ground, v.Until = bad.Mark(v.Which), bad.Mark(v.Ground), bad.Mark(v.Until)
		v.Delay.Errors = bad.Errors(v.Which, v.Ground, v.Until)
	}
}

func (a area) lines(p *site.Page, caption string, lines []lookup.Line, delays []lookup.Delay) ui.TableView {
	pr := p.P
	t := ui.TableView{Caption: pr.T(caption), Columns: []ui.Column{
		{Label: pr.T("lookup.office"), Lead: true}, {Label: pr.T("lookup.day"), Tight: true}, {Label: pr.T("lookup.kind"), Tight: true}, {Label: pr.T("lookup.purpose")}, {Label: pr.T("lookup.times"), Num: true},
	}}
	if delays != nil {
		t.Columns = append(t.Columns, ui.Column{Label: pr.T("lookup.until"), Tight: true}, ui.Column{Label: pr.T("lookup.ground")})
	}
	for i, l := range lines {
		cells := []ui.Cell{
			ui.Text(record.Harmless(l.Office)), ui.Text(l.Day), ui.Text(pr.T("lookup.kind." + string(l.Kind))), ui.Text(l.Purpose), ui.Text(strconv.Itoa(l.Times)),
		}
		for _, d := range delays {
			if d.Ref == l.Ref {
				cells = append(cells, ui.Text(pr.Date(d.Until)), ui.TwoCell(record.Harmless(d.Ground), d.ByName))
				break
			}
		}
		t.Rows = append(t.Rows, ui.Row{ID: caption + strconv.Itoa(i), Cells: cells})
	}
	return t
}

func (a area) issued(p *site.Page, id ident.PersonMatterID, list []lookup.Receipt) ui.TableView {
	pr := p.P
	t := ui.TableView{Caption: pr.T("lookup.issued"), Columns: []ui.Column{
		{Label: pr.T("lookup.no"), Lead: true}, {Label: pr.T("lookup.when"), Tight: true}, {Label: pr.T("lookup.lines"), Num: true}, {Label: pr.T("lookup.proof")},
	}, Empty: ui.EmptyView{Icon: "certificate", Title: pr.T("lookup.issued_none"), Text: pr.T("lookup.issued_none_text")}}
	for i := range list {
		r := &list[i]
		at := PathOf(id) + "/" + string(r.ID)
		t.Rows = append(t.Rows, ui.Row{ID: "receipt-" + string(r.ID), Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: pr.T("lookup.number", r.IssuedAt.In(clock.Shanghai).Format("2006"), r.No), Href: at}, r.ByName, false), ui.Text(pr.When(r.IssuedAt, p.Now)),
			ui.Text(strconv.Itoa(len(r.Lines))), ui.MainCell(ui.Link{Text: pr.T("lookup.proof_file"), Href: at + "/proof"}, "", false),
		}})
	}
	return t
}

func (a area) issue(p *site.Page) error {
	id, err := matterID(p)
	if err != nil {
		return err
	}
	_, err = a.Receipts.Issue(p.Context(), p.Actor, id)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad, "issue")
	}
	if err != nil {
		return err
	}
	return p.Redirect(PathOf(id))
}

func (a area) delay(p *site.Page) error {
	id, err := matterID(p)
	if err != nil {
		return err
	}
	until, err := p.Day("until")
	if err == nil {
		err = a.Receipts.Delay(p.Context(), p.Actor, id, p.Value("ref"), p.Value("ground"), until)
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad, "delay")
	}
	if err != nil {
		return err
	}
	return p.Redirect(PathOf(id))
}

func (a area) receipt(p *site.Page) (*lookup.Receipt, error) {
	id, err := ident.Parse[ident.LookupID](p.R.PathValue("receipt"))
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "lookup.unknown")
	}
	r, err := a.Receipts.Get(p.Context(), p.Actor, id)
	if err == nil && string(r.Matter) != p.R.PathValue("id") {
		err = fault.New(fault.NotFound, "lookup.unknown")
	}
	return r, err
}

func (a area) paper(p *site.Page) error {
	r, err := a.receipt(p)
	if err != nil {
		return err
	}
	pdf, err := a.Set(p.Context(), r)
	if err != nil {
		return err
	}
	return p.PDF(p.P.T("lookup.file", r.No), pdf)
}

func (a area) proof(p *site.Page) error {
	r, err := a.receipt(p)
	if err != nil {
		return err
	}
	raw, err := a.Proof(p.Context(), r.Entry)
	if err != nil {
		return err
	}
	p.Attach("application/json", p.P.T("lookup.proof_name", r.No))
	_, err = p.W.Write(raw)
	return err
}
