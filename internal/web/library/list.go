package library

import (
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/shelf"
	"zhilu.dev/zhilu/internal/recording/storage"
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
	Shelf   shelfView
	Filters ui.Filters
	Table   ui.TableView
}

func (a area) list(p *site.Page) error { return a.show(p, read(p), nil) }

// show shows a list; refused is what is wrong with the name of a view that was to be kept.
func (a area) show(p *site.Page, q query, refused *locale.FaultText) error {
	if !q.chosen {
		kept, err := a.Shelf.Layout(p.Context(), p.Actor)
		if err != nil {
			return err
		}
		q.columns, q.dense = known(kept.Columns), kept.Dense
	}
	views, err := a.Shelf.Views(p.Context(), p.Actor)
	if err != nil {
		return err
	}
	page, err := a.Recordings.List(p.Context(), p.Actor, q.filter, q.after, 0)
	if fault.HasCode(err, "recording.cursor") { // an old or mangled address: begin again
		return p.Redirect(q.href())
	}
	if err != nil {
		return err
	}
	filters, err := a.filters(p, q)
	if err != nil {
		return err
	}
	ids := make([]ident.RecordingID, len(page.Rows))
	for i, r := range page.Rows {
		ids[i] = r.ID
	}
	pictures, err := a.Pictures(p.Context(), p.Actor, ids)
	if err != nil {
		return err
	}
	v := view{Head: head(p), Tabs: tabs(p, q, page, views), Filters: filters, Table: table(p, q, page, pictures), Shelf: shelfOf(p, q, views, refused)}
	if len(q.ignored) > 0 {
		names := make([]string, len(q.ignored))
		for i, name := range q.ignored {
			names[i] = p.P.T("library.field." + name)
		}
		v.Ignored = p.P.T("library.ignored", listing.Join(p.P, names))
	}
	if refused != nil {
		return p.Refused(p.P.T("library.title"), libraryPage(p.P, v))
	}
	return p.Render(p.P.T("library.title"), libraryPage(p.P, v))
}

func head(p *site.Page) ui.HeadView {
	scope, sub := access.ScopeOf(p.Actor), "library.scope_own"
	switch {
	case scope.All:
		sub = "library.scope_bureau"
	case len(scope.Departments) > 0:
		sub = "library.scope_department"
	}
	h := ui.HeadView{Title: p.P.T("library.title"), Sub: p.P.T(sub)}
	if p.May(access.UploadCreate, access.Subject{Kind: "upload"}) {
		h.Actions = append(h.Actions, ui.Action{Text: p.P.T("library.upload"), Href: "/upload-files", Icon: "upload"})
	}
	return h
}

// tabs are the views of the list: those that everybody has, then the reader's own and the department's. Only the one in view
// is counted: counting the others would cost more than the page.
func tabs(p *site.Page, q query, page recording.Page, kept []shelf.View) []ui.Tab {
	count := p.P.Num(int64(page.Count))
	if page.More {
		count += "+"
	}
	views := []struct{ key, verdict, state string }{
		{"library.view.all", "", ""},
		{"library.view.late", string(storage.Late), ""},
		{"library.view.cannot_judge", string(storage.CannotJudge), ""},
		{"library.view.stored", "", string(recording.Stored)},
		{"library.view.damaged", "", string(recording.Damaged)},
	}
	at := current(q, kept)
	var out []ui.Tab
	for _, v := range views {
		t := ui.Tab{Text: p.P.T(v.key), Href: q.href("verdict", v.verdict, "state", v.state)}
		if at == "" && string(q.filter.Verdict) == v.verdict && string(q.filter.State) == v.state {
			t.Current, t.Count = true, count
		}
		out = append(out, t)
	}
	for _, v := range kept {
		t := ui.Tab{Text: record.Harmless(v.Name), Href: Path + "?" + v.Query}
		if v.Person != p.Actor.Person {
			t.Text = p.P.T("library.view.shared", t.Text)
		}
		if v.ID == at {
			t.Current, t.Count = true, count
		}
		out = append(out, t)
	}
	return out
}

// optional are the columns a reader may leave out, in their order; picture and start always stand.
var optional = []string{"who", "verdict", "stored", "size", "length", "flag"}

func (q query) shows(column string) bool {
	return len(q.columns) == 0 || slices.Contains(q.columns, column)
}

func table(p *site.Page, q query, page recording.Page, pictures map[ident.RecordingID]bool) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("library.title"), Dense: q.dense,
		Columns: []ui.Column{{Key: "tile", Label: pr.T("library.column.tile"), Quiet: true}, q.sorted(pr, "start", recording.ByStart)},
		Pager:   &ui.PagerView{Total: int64(page.Count), AtLeast: page.More}, Empty: empty(p, q),
		Pick: "pick", BulkHref: bulkPath, Bulk: bulkBar(pr, bulkActions(p), q.conditions(), allOf(pr, page)),
	}
	orders := map[string]recording.Order{"stored": recording.ByStored, "size": recording.BySize, "length": recording.ByLength}
	for _, c := range optional {
		switch order, sorts := orders[c]; {
		case !q.shows(c):
		case sorts:
			t.Columns = append(t.Columns, q.sorted(pr, c, order))
		default:
			t.Columns = append(t.Columns, ui.Column{Key: c, Label: pr.T("library.column." + c)})
		}
	}
	for _, r := range page.Rows {
		t.Rows = append(t.Rows, row(p, q, r, pictures[r.ID]))
	}
	if q.after != "" {
		t.Pager.First = q.href()
	}
	if page.Next != "" {
		t.Pager.Next = q.href("after", string(page.Next))
	}
	if len(page.Rows) == 0 {
		t.Pager = nil
	}
	return t
}

// sorted is a column that sorts: the first click gives the newest or largest first, the next turns it round.
func (q query) sorted(p locale.Printer, key string, o recording.Order) ui.Column {
	c := ui.Column{Key: key, Label: p.T("library.column." + key), Sort: ui.Sortable, Num: key == "size" || key == "length", Tight: key == "stored"}
	c.Href = q.href("sort", string(o), "dir", "")
	if q.filter.Query != "" || q.filter.Flag != "" { // those are always in the order of storing
		if c.Sort, c.Href = ui.NotSortable, ""; o != recording.ByStored {
			return c
		}
		c.Sort, c.Href = ui.Descending, q.href("dir", "asc")
	} else if q.filter.Order == o || q.filter.Order == "" && o == recording.ByStored {
		c.Sort, c.Href = ui.Descending, q.href("sort", string(o), "dir", "asc")
	}
	if c.Sort == ui.Descending && q.filter.Ascending {
		c.Sort, c.Href = ui.Ascending, q.href("dir", "")
	}
	return c
}

func row(p *site.Page, q query, r recording.Recording, picture bool) ui.Row {
	pr := p.P
	when := record.Start(pr, r, p.Now)
	who, dev := names(pr, r)
	name := locale.Marks(record.Harmless(r.Name), q.filter.Query)
	whose, camera := locale.Marks(who, q.filter.Query), locale.Marks(dev, q.filter.Query)
	text, icon, tone := record.StateMark(pr, r.State)
	size := pr.Size(r.Size)
	files := ""
	if r.Files > 1 {
		files = pr.T("library.files", r.Files)
	}
	cells := map[string]ui.Cell{
		"who":     markedCell(whose, camera),
		"verdict": ui.Under(ui.Badge(pr, ui.Storage(r.Verdict)), record.Took(pr, r)),
		"stored":  storedCell(pr.When(r.StoredAt, p.Now), text, icon, tone),
		"size":    ui.TwoCell(size, files),
		"length":  ui.Text(record.Length(r)),
		"flag":    ui.Flags(pr, record.Flags(r.Flags)),
	}
	elsewhere := ""
	if q.filter.Query != "" && !found(name) && !found(whose) && !found(camera) {
		elsewhere = pr.T("library.found_elsewhere")
	}
	out := ui.Row{Value: string(r.ID), Label: pr.T("library.pick", when, record.Harmless(r.Name)), Cells: []ui.Cell{
		tileCell(pr, string(r.ID), record.Length(r), picture && r.Kind == recording.Video), mainCell(ui.Link{Text: when, Href: record.Path(r.ID)}, name, elsewhere),
	}}
	for _, c := range optional {
		if q.shows(c) {
			out.Cells = append(out.Cells, cells[c])
		}
	}
	return out
}

// names are what the officer and the camera are called, or that nobody knows.
func names(p locale.Printer, r recording.Recording) (who, dev string) {
	who, dev = r.OfficerName, r.DeviceName
	if who == "" {
		who = p.T("library.no_officer")
	}
	if dev == "" {
		dev = p.T("library.no_device")
	}
	return who, dev
}

// found reports whether a search matched in a text.
func found(marks []locale.Mark) bool {
	return slices.ContainsFunc(marks, func(m locale.Mark) bool { return m.On })
}

func empty(p *site.Page, q query) ui.EmptyView {
	pr := p.P
	if q.narrowed() {
		e := ui.EmptyView{Icon: "movie", Title: pr.T("library.none_match"), Text: pr.T("library.none_match_text")}
		if q.filter.Verdict != "" || q.filter.State != "" {
			e.Actions = append(e.Actions, ui.Action{Text: pr.T("library.any_view"), Href: q.href("verdict", "", "state", ""), Primary: true})
		}
		e.Actions = append(e.Actions, ui.Action{Text: pr.T("library.clear"), Href: Path, Primary: len(e.Actions) == 0})
		return e
	}
	e := ui.EmptyView{Icon: "movie", Title: pr.T("library.none"), Text: pr.T("library.none_text")}
	if p.May(access.UploadCreate, access.Subject{Kind: "upload"}) {
		e.Text = pr.T("library.none_custodian")
		e.Actions = []ui.Action{
			{Text: pr.T("library.upload"), Href: "/upload-files", Icon: "upload", Primary: true}, {Text: pr.T("library.see_cards"), Href: "/cards"},
		}
	}
	return e
}

// choiceLimit bounds what a condition offers; beyond it the search for a name finds the rest.
const choiceLimit = org.MaxPage

func (a area) filters(p *site.Page, q query) (ui.Filters, error) {
	pr := p.P
	f := ui.Filters{Action: Path, Clear: Path, Fields: []ui.Filter{
		{Name: "q", Label: pr.T("library.field.q"), Value: q.values.Get("q")},
		{Kind: ui.FilterDate, Name: "from", Label: pr.T("library.field.from"), Value: q.values.Get("from")},
		{Kind: ui.FilterDate, Name: "to", Label: pr.T("library.field.to"), Value: q.values.Get("to")},
		choice(pr, q, "verdict", "verdict", storage.Verdicts()),
	}}
	departments, err := a.departments(p, q)
	if err != nil {
		return f, err
	}
	officers, err := a.officers(p, q)
	if err != nil {
		return f, err
	}
	devices, err := a.devices(p, q)
	if err != nil {
		return f, err
	}
	for _, c := range []ui.Filter{departments, officers, devices} {
		if len(c.Options) > 2 || q.values.Get(c.Name) != "" {
			f.Fields = append(f.Fields, c)
		}
	}
	f.Fields = append(f.Fields, choice(pr, q, "flag", "flag", allFlags()), choice(pr, q, "kind", "kind", kinds()))
	for _, name := range []string{"state", "card", "sort", "dir"} {
		if v := q.values.Get(name); v != "" {
			f.Keep = append(f.Keep, ui.Hidden{Name: name, Value: v})
		}
	}
	for _, c := range optional {
		f.Columns = append(f.Columns, ui.Option{Value: c, Text: pr.T("library.column." + c), On: q.shows(c)})
	}
	f.KeepAt, f.Dense = layoutPath, &ui.Option{Value: "1", Text: pr.T("library.dense"), On: q.dense}
	if p.May(access.RecordingExport, access.Subject{Kind: "ledger", ID: "recordings"}) {
		f.Export = q.address(exportPath)
	}
	return f, nil
}

// choice is a condition on a word of a closed set.
func choice[T ~string](p locale.Printer, q query, name, area string, all []T) ui.Filter {
	c := ui.Filter{Kind: ui.FilterSelect, Name: name, Label: p.T("library.field." + name), Options: []ui.Option{{Text: p.T("table.any")}}}
	for _, v := range all {
		c.Options = append(c.Options, ui.Option{Value: string(v), Text: record.Word(p, area, string(v)), On: q.values.Get(name) == string(v)})
	}
	return c
}

func (q query) pick(p locale.Printer, name string, options []ui.Option) ui.Filter {
	c := ui.Filter{Kind: ui.FilterSelect, Name: name, Label: p.T("library.field." + name), Options: []ui.Option{{Text: p.T("table.any")}}}
	want, found := q.values.Get(name), false
	for _, o := range options {
		o.On = o.Value == want
		found = found || o.On
		c.Options = append(c.Options, o)
	}
	if want != "" && !found { // chosen elsewhere: it must not vanish when the form is sent again
		c.Options = append(c.Options, ui.Option{Value: want, Text: p.T("library.chosen"), On: true})
	}
	return c
}

func (a area) departments(p *site.Page, q query) (ui.Filter, error) {
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return ui.Filter{}, err
	}
	scope := access.ScopeOf(p.Actor)
	var options []ui.Option
	for _, d := range tree {
		if scope.All || slices.Contains(scope.Departments, d.ID) {
			options = append(options, ui.Option{Value: string(d.ID), Text: d.Name})
		}
	}
	return q.pick(p.P, "department", options), nil
}

func (a area) officers(p *site.Page, q query) (ui.Filter, error) {
	var options []ui.Option
	if scope := access.ScopeOf(p.Actor); scope.All || len(scope.Departments) > 0 {
		people, err := a.People.People(p.Context(), p.Actor, org.PeopleFilter{Inactive: true, Limit: choiceLimit})
		if err != nil {
			return ui.Filter{}, err
		}
		for _, o := range people.Items {
			options = append(options, ui.Option{Value: string(o.ID), Text: o.Name})
		}
	}
	return q.pick(p.P, "officer", options), nil
}

func (a area) devices(p *site.Page, q query) (ui.Filter, error) {
	list, err := a.Devices.List(p.Context(), p.Actor, device.Filter{Limit: choiceLimit})
	if err != nil {
		return ui.Filter{}, err
	}
	options := make([]ui.Option, 0, len(list.Items))
	for _, d := range list.Items {
		options = append(options, ui.Option{Value: string(d.ID), Text: d.Label})
	}
	return q.pick(p.P, "device", options), nil
}

// departmentNames names the departments of the bureau.
func (a area) departmentNames(p *site.Page) (map[ident.DepartmentID]string, error) {
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return nil, err
	}
	out := make(map[ident.DepartmentID]string, len(tree))
	for _, d := range tree {
		out[d.ID] = d.Name
	}
	return out, nil
}
