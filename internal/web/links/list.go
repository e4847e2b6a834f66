package links

import (
	"net/url"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// perPage is how many recordings stand on a page.
const perPage = 50

// listView is the page.
type listView struct {
	Head    ui.HeadView
	Tabs    []ui.Tab
	Filters *ui.Filters // nil where there is nothing to choose
	Table   ui.TableView
}

// query is the state of the list, as its address has it.
type query struct {
	age        string // "" for all, or one of the views below
	department ident.DepartmentID
	after      string
}

// The views by age.
const (
	ageSoon = "soon" // three quarters of the term are used
	ageOver = "over" // the custodian's now
)

func (q query) href(change ...string) string {
	v := url.Values{}
	set := func(name, value string) {
		if value == "" {
			v.Del(name)
		} else {
			v.Set(name, value)
		}
	}
	set("age", q.age)
	set("department", string(q.department))
	for i := 0; i+1 < len(change); i += 2 {
		set(change[i], change[i+1])
	}
	if len(v) == 0 {
		return Path
	}
	return Path + "?" + v.Encode()
}

func (q query) filter() duty.Filter {
	return duty.Filter{
		Kinds: []duty.Kind{duty.LinkRecording}, Department: q.department, Soon: q.age == ageSoon, Overdue: q.age == ageOver, After: q.after, Limit: perPage,
	}
}

func (a *Area) list(p *site.Page) error {
	q := query{age: p.Value("age"), department: ident.DepartmentID(p.Value("department")), after: p.Value("after")}
	if q.age != ageSoon && q.age != ageOver {
		q.age = ""
	}
	got, err := a.d.Duties.List(p.Context(), p.Actor, q.filter())
	if fault.HasCode(err, "duty.page") { // an old or mangled address: begin again
		return p.Redirect(q.href())
	}
	if err != nil {
		return err
	}
	v := listView{Head: ui.HeadView{Title: p.P.T("links.title"), Sub: p.P.T("links.sub")}}
	if v.Tabs, err = a.tabs(p, q); err != nil {
		return err
	}
	if v.Filters, err = a.filters(p, q); err != nil {
		return err
	}
	if v.Table, err = a.table(p, q, got); err != nil {
		return err
	}
	return p.Render(p.P.T("links.title"), listPage(p.P, v))
}

// tabs are the views by age, each counted: the older ones are few.
func (a *Area) tabs(p *site.Page, q query) ([]ui.Tab, error) {
	var out []ui.Tab
	for _, age := range []string{"", ageSoon, ageOver} {
		each := query{age: age, department: q.department}
		n, err := a.d.Duties.Count(p.Context(), p.Actor, each.filter())
		if err != nil {
			return nil, err
		}
		count := p.P.Num(int64(min(n, duty.CountLimit)))
		if n > duty.CountLimit {
			count += "+"
		}
		out = append(out, ui.Tab{Text: p.P.T("links.age." + (map[string]string{"": "all"}[age] + age)), Count: count, Href: each.href(), Current: age == q.age})
	}
	return out, nil
}

// filters offer departments to who sees several.
func (a *Area) filters(p *site.Page, q query) (*ui.Filters, error) {
	scope := access.ScopeOf(p.Actor)
	tree, err := a.d.People.Tree(p.Context())
	if err != nil {
		return nil, err
	}
	where := ui.Filter{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("library.field.department"), Options: []ui.Option{{Text: p.P.T("table.any")}}}
	for _, d := range tree {
		if scope.All || slices.Contains(scope.Departments, d.ID) {
			where.Options = append(where.Options, ui.Option{Value: string(d.ID), Text: d.Name, On: d.ID == q.department})
		}
	}
	if len(where.Options) <= 2 {
		return nil, nil
	}
	f := &ui.Filters{Action: Path, Clear: Path, Fields: []ui.Filter{where}}
	if q.age != "" {
		f.Keep = []ui.Hidden{{Name: "age", Value: q.age}}
	}
	return f, nil
}

func (a *Area) table(p *site.Page, q query, got duty.Page) (ui.TableView, error) {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("links.title"),
		Columns: []ui.Column{
			{Label: pr.T("links.column.waits"), Tight: true},
			{Label: pr.T("links.column.recording"), Lead: true},
			{Label: pr.T("links.column.who")},
			{Label: pr.T("links.column.whose")},
			{Label: pr.T("links.column.do"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "link", Title: pr.T("links.none"), Text: pr.T("links.none_text"), Actions: []ui.Action{{Text: pr.T("links.see_library"), Href: "/recordings"}}},
	}
	if q.age != "" || q.department != "" {
		t.Empty = ui.EmptyView{Icon: "link", Title: pr.T("links.none_match"), Text: pr.T("library.none_match_text"), Actions: []ui.Action{{Text: pr.T("library.clear"), Href: Path, Primary: true}}}
	}
	ids := make([]ident.RecordingID, 0, len(got.Duties))
	for _, d := range got.Duties {
		ids = append(ids, recordingOf(d))
	}
	rows, err := a.d.Recordings.Selected(p.Context(), p.Actor, ids)
	if err != nil {
		return t, err
	}
	by := map[ident.RecordingID]recording.Recording{}
	for _, r := range rows {
		by[r.ID] = r
	}
	for _, d := range got.Duties {
		r, ok := by[recordingOf(d)]
		if !ok { // joined into another, or another department's since
			continue
		}
		t.Rows = append(t.Rows, row(p, d, r))
	}
	if len(t.Rows) > 0 {
		n, err := a.d.Duties.Count(p.Context(), p.Actor, q.filter())
		if err != nil {
			return t, err
		}
		t.Pager = &ui.PagerView{Total: int64(min(n, duty.CountLimit)), AtLeast: n > duty.CountLimit}
		if got.Next != "" {
			t.Pager.Next = q.href("after", got.Next)
		}
		if q.after != "" {
			t.Pager.First = q.href()
		}
	}
	return t, nil
}

// recordingOf is the recording a duty to link is about. One that was opened because a link was taken back names that as well.
func recordingOf(d duty.Duty) ident.RecordingID {
	id, _, _ := strings.Cut(d.Subject.ID, "/")
	return ident.RecordingID(id)
}

func row(p *site.Page, d duty.Duty, r recording.Recording) ui.Row {
	pr := p.P
	who, dev := r.OfficerName, r.DeviceName
	if who == "" {
		who = pr.T("library.no_officer")
	}
	if dev == "" {
		dev = pr.T("library.no_device")
	}
	name := record.Harmless(r.Name)
	whose := pr.T("links.whose_officer")
	if d.Person == "" {
		whose = pr.T("links.whose_custodian")
	}
	return ui.Row{Cells: []ui.Cell{
		ui.ClockFace(waits(p, d)), ui.MainCell(ui.Link{Text: record.Start(pr, r, p.Now), Href: record.Path(r.ID)}, name, true),
		ui.TwoCell(who, dev), ui.Text(whose),
		ui.Button(ui.Action{Text: pr.T("links.do"), Href: linkPath(r.ID), Label: pr.T("links.do_of", name)}),
	}}
}

// waits shows how long a recording has belonged to no case, against the days it may: it ages in view (R-22-4).
func waits(p *site.Page, d duty.Duty) ui.Clock {
	c := ui.DueClock(p.P, d.Since, d.Due, p.Now)
	if c.Tone != ui.Late && d.Standing(p.Now) == duty.DueSoon {
		c.Tone = ui.Due
	}
	c.Sub = p.P.T("links.waits", p.P.Duration(p.Now.Sub(d.Since)))
	return c
}
