package viewings

import (
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type listView struct {
	Head  ui.HeadView
	Tabs  []ui.Tab
	Table ui.TableView
}

// first is the view a reader comes for: what they may decide where they may, else what they asked for.
func first(actor access.Actor) viewing.View {
	if actor.Has(access.Head, access.Leader) {
		return viewing.ViewWaiting
	}
	return viewing.ViewMine
}

func (a Area) list(p *site.Page) error {
	q := listing.Read(p, "view")
	v := viewing.View(q.Get("view"))
	if v == "" {
		v = first(p.Actor)
	}
	if !slices.Contains(viewing.Views(), v) {
		return fault.New(fault.NotFound, "page.unknown")
	}
	page, err := a.Viewings.List(p.Context(), p.Actor, v, q.After(), 50)
	if err != nil {
		return err
	}
	out := listView{Head: ui.HeadView{Title: p.P.T("viewing.title"), Sub: p.P.T("viewing.sub")}}
	if p.May(access.RegisterList, access.Subject{Kind: "register"}) {
		out.Head.Actions = append(out.Head.Actions, ui.Action{Text: p.P.T("viewing.register"), Href: registerPath, Icon: "notebook"})
	}
	for _, x := range viewing.Views() {
		if x == viewing.ViewWaiting && !p.Actor.Has(access.Head, access.Leader) {
			continue
		}
		t := ui.Tab{Text: p.P.T("viewing.view." + string(x)), Href: Path + "?view=" + string(x), Current: x == v}
		if x == v {
			t.Count = p.P.Num(int64(page.Count))
		}
		out.Tabs = append(out.Tabs, t)
	}
	out.Table = ui.TableView{
		Caption: p.P.T("viewing.view." + string(v)), Pager: q.Pager(len(page.Rows), page.Next),
		Columns: []ui.Column{
			{Label: p.P.T("viewing.who")}, {Label: p.P.T("viewing.what")}, {Label: p.P.T("viewing.until"), Tight: true}, {Label: p.P.T("viewing.state"), Tight: true},
		},
		Empty: ui.EmptyView{Icon: "eye", Title: p.P.T("viewing.none." + string(v)), Text: p.P.T("viewing.none_text." + string(v))},
	}
	if v == viewing.ViewMine {
		out.Table.Empty.Actions = []ui.Action{{Text: p.P.T("viewing.to_library"), Href: "/recordings"}}
	}
	for i := range page.Rows {
		row, err := a.row(p, &page.Rows[i])
		if err != nil {
			return err
		}
		out.Table.Rows = append(out.Table.Rows, row)
	}
	if len(page.Rows) == 0 {
		out.Table.Pager = nil
	}
	return p.Render(out.Head.Title, listPage(p.P, out))
}

func (a Area) row(p *site.Page, r *viewing.Request) (ui.Row, error) {
	what, err := a.what(p, r)
	if err != nil {
		return ui.Row{}, err
	}
	until := r.AskedUntil
	if !r.Until.IsZero() {
		until = r.Until
	}
	words, icon, tone := state(p.P, r, p)
	return ui.Row{ID: "viewing-" + string(r.ID), Cells: []ui.Cell{
		ui.MainCell(ui.Link{Text: r.ViewerName, Href: path(r.ID)}, p.P.T("viewing.no_dept", r.No, dept(p.P, r.ViewerDept)), false),
		ui.TwoCell(what, p.P.T("viewing.why", purpose(p.P, r.Purpose), r.Words)),
		ui.Text(p.P.When(until, p.Now)),
		ui.St(words, icon, tone),
	}}, nil
}

func dept(p locale.Printer, name string) string {
	if name == "" {
		return p.T("viewing.no_department")
	}
	return name
}

// what says in a line what a request is about.
func (a Area) what(p *site.Page, r *viewing.Request) (string, error) {
	if r.Case != "" {
		c, err := a.Viewings.CaseOf(p.Context(), r.Case)
		return p.P.T("viewing.case", c.No), err
	}
	if len(r.Items) == 0 {
		return "", nil
	}
	rec, err := a.Recordings.Brief(p.Context(), r.Items[0].Recording)
	if err != nil {
		return "", err
	}
	title := item(p.P, rec, p.Now).Title
	if len(r.Items) > 1 {
		return p.P.T("viewing.and_more", title, len(r.Items)), nil
	}
	return p.P.T("viewing.title_span", title, span(p.P, r.Items[0])), nil
}

// state says how a request stands.
func state(pr locale.Printer, r *viewing.Request, p *site.Page) (words, icon string, tone ui.Tone) {
	switch r.State {
	case viewing.Asked:
		return pr.T("viewing.state.asked_" + string(r.Level)), "clock", ui.Due
	case viewing.Granted:
		if !r.InForce(p.Now) {
			return pr.T("viewing.state.expired"), "calendar-off", ui.None
		}
		left, _ := pr.Left(r.Until, p.Now)
		if r.EndsSoon(p.Now) {
			return left, "clock", ui.Due
		}
		return left, "circle-check", ui.OK
	case viewing.Refused:
		return pr.T("viewing.state.refused"), "circle-x", ui.Late
	case viewing.Withdrawn:
		return pr.T("viewing.state.withdrawn"), "circle-minus", ui.None
	case viewing.Revoked:
		return pr.T("viewing.state.revoked"), "lock", ui.Late
	case viewing.Expired:
		return pr.T("viewing.state.expired"), "calendar-off", ui.None
	}
	return "", "", ui.None
}
