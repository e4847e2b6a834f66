package devices

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// The views of the list; the first is the inventory itself.
const (
	viewLedger = "ledger" // 交接台账
	viewStock  = "stock"  // 配备情况
)

func query(p *site.Page) listing.Query {
	return listing.Read(p, "view", "q", "department", "kind", "state", "out", "holder", "open", "from", "to", "person", "device")
}

func filter(q listing.Query, after string, limit int) device.Filter {
	f := device.Filter{
		Query: q.Get("q"), Department: ident.DepartmentID(q.Get("department")), Holder: ident.PersonID(q.Get("holder")), After: after, Limit: limit,
	}
	if k := q.Get("kind"); k != "" {
		f.Kinds = []device.Kind{device.Kind(k)}
	}
	if s := q.Get("state"); s != "" {
		f.States = []device.State{device.State(s)}
	}
	if o := q.Get("out"); o == "yes" || o == "no" {
		out := o == "yes"
		f.Out = &out
	}
	return f
}

func (a area) list(p *site.Page) error {
	q := query(p)
	switch q.Get("view") {
	case viewLedger:
		return a.ledger(p, q)
	case viewStock:
		return a.stock(p, q)
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	got, err := a.d.Devices.List(p.Context(), p.Actor, filter(q, q.After(), 0))
	if err != nil {
		return err
	}
	rows, err := a.rows(p, tree, got.Items)
	if err != nil {
		return err
	}
	v := a.view(p, q)
	v.Filters = filters(p, q, tree)
	v.Table = ui.TableView{
		Caption: p.P.T("device.title"), Rows: rows, Pager: q.Pager(len(rows), got.Next), Empty: a.empty(p, q),
		Columns: []ui.Column{
			{Key: "label", Label: p.P.T("device.label")},
			{Key: "department", Label: p.P.T("device.department")},
			{Key: "state", Label: p.P.T("device.state")},
			{Key: "holder", Label: p.P.T("device.holder")},
			{Key: "do", Label: p.P.T("device.do"), Acts: true},
		},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(p.P.T("device.title"), listPage(p.P, v))
}

func (a area) rows(p *site.Page, tree org.Tree, items []device.Item) ([]ui.Row, error) {
	out := make([]*device.Issue, len(items))
	for i := range items {
		out[i] = items[i].Out
	}
	names, err := a.names(p.Context(), out...)
	if err != nil {
		return nil, err
	}
	rows := make([]ui.Row, len(items))
	for i, it := range items {
		words, icon, tone := state(p.P, it)
		department, _ := tree.Find(it.Department)
		holder := ui.NoneCell(p.P)
		if it.Out != nil {
			holder = ui.TwoCell(names[it.Out.Person], p.P.T("device.since", p.P.When(it.Out.Issued, p.Now), p.P.Duration(p.Now.Sub(it.Out.Issued))))
		}
		rows[i] = ui.Row{Cells: []ui.Cell{
			wrapped(ui.MainCell(ui.Link{Text: it.Label, Href: devicePath(it.ID)}, sort1(p.P, it.Spec), false)),
			ui.TwoCell(department.Name, ""), ui.St(words, icon, tone), holder, act(p, it),
		}}
	}
	return rows, nil
}

// act is the one thing a custodian does next with a device.
func act(p *site.Page, it device.Item) ui.Cell {
	switch {
	case it.Out != nil && p.May(access.DeviceReturn, subject(it.Device)):
		return ui.Button(ui.Action{Text: p.P.T("device.return"), Href: devicePath(it.ID) + "#return", Label: p.P.T("device.return_label", it.Label)})
	case it.Out == nil && it.State == device.InUse && p.May(access.DeviceIssue, subject(it.Device)):
		return ui.Button(ui.Action{Text: p.P.T("device.issue"), Href: devicePath(it.ID) + "#issue", Label: p.P.T("device.issue_label", it.Label)})
	}
	return nil
}

func (a area) view(p *site.Page, q listing.Query) listView {
	at := q.Get("view")
	v := listView{Tabs: []ui.Tab{
		{Text: p.P.T("device.tab.devices"), Href: listPath, Current: at == ""},
		{Text: p.P.T("device.tab.ledger"), Href: listPath + "?view=" + viewLedger, Current: at == viewLedger},
		{Text: p.P.T("device.tab.stock"), Href: listPath + "?view=" + viewStock, Current: at == viewStock},
	}}
	if p.May(access.DeviceImport, access.Subject{Kind: "import"}) {
		v.Actions = []ui.Action{{Text: p.P.T("device.import"), Href: importPath, Icon: "table-import"}, {Text: p.P.T("device.add"), Href: newPath, Icon: "plus"}}
	}
	return v
}

func filters(p *site.Page, q listing.Query, tree org.Tree) *ui.Filters {
	kinds := make([]string, 0, 5)
	for _, k := range device.Kinds() {
		kinds = append(kinds, string(k))
	}
	states := make([]string, 0, 4)
	for _, s := range device.States() {
		states = append(states, string(s))
	}
	fields := []ui.Filter{
		{Name: "q", Label: p.P.T("device.search"), Value: q.Get("q")},
		{Kind: ui.FilterSelect, Name: "department", Label: p.P.T("device.department"), Options: append(
			[]ui.Option{{Text: p.P.T("table.any"), On: q.Get("department") == ""}}, options(tree, open(tree), ident.DepartmentID(q.Get("department")))...)},
		{Kind: ui.FilterSelect, Name: "out", Label: p.P.T("device.out"), Options: listing.Choice(p.P, true, q.Get("out"), []string{"yes", "no"}, func(o string) string { return p.P.T("device.out." + o) })},
		{Kind: ui.FilterSelect, Name: "kind", Label: p.P.T("device.kind"), Options: listing.Choice(p.P, true, q.Get("kind"), kinds, func(k string) string { return p.P.T("device.kind." + k) })},
		{Kind: ui.FilterSelect, Name: "state", Label: p.P.T("device.state"), Options: listing.Choice(p.P, true, q.Get("state"), states, func(s string) string { return p.P.T("device.state." + s) })},
	}
	return &ui.Filters{Action: listPath, Clear: listPath, Export: q.At(listPath + "/export"), Fields: fields, Keep: q.Keep("holder")}
}

func (a area) empty(p *site.Page, q listing.Query) ui.EmptyView {
	for _, name := range []string{"q", "department", "kind", "state", "out", "holder"} {
		if q.Get(name) != "" {
			return ui.EmptyView{Icon: "device-mobile", Title: p.P.T("device.none_found"), Text: p.P.T("device.none_found_text"), Actions: []ui.Action{{Text: p.P.T("table.clear"), Href: listPath}}}
		}
	}
	if p.May(access.DeviceImport, access.Subject{Kind: "import"}) {
		return ui.EmptyView{Icon: "device-mobile", Title: p.P.T("device.none"), Text: p.P.T("device.none_text"), Actions: []ui.Action{
			{Text: p.P.T("device.add"), Href: newPath, Primary: true}, {Text: p.P.T("device.import"), Href: importPath},
		}}
	}
	if p.Actor.Has(access.Officer) {
		return ui.EmptyView{Icon: "device-mobile", Title: p.P.T("device.none_held"), Text: p.P.T("device.none_held_text")}
	}
	return ui.EmptyView{Icon: "device-mobile", Title: p.P.T("device.none"), Text: p.P.T("device.none_wait")}
}

// stock shows how many devices each department has (R-04-1).
func (a area) stock(p *site.Page, q listing.Query) error {
	list, err := a.d.Devices.Stock(p.Context(), p.Actor)
	if err != nil {
		return err
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(list))
	for i, s := range list {
		d, _ := tree.Find(s.Department)
		num := func(n int) ui.Cell { return ui.Text(p.P.Num(int64(n))) }
		rows[i] = ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: d.Name, Href: listPath + "?department=" + string(s.Department)}, "", false),
			num(s.InUse), num(s.Out), num(s.Repair), num(s.Lost), num(s.Retired),
		}}
	}
	v := a.view(p, q)
	v.Table = ui.TableView{
		Caption: p.P.T("device.tab.stock"), Rows: rows,
		Columns: []ui.Column{
			{Label: p.P.T("device.department")},
			{Label: p.P.T("device.state.in_use"), Num: true},
			{Label: p.P.T("device.stock_out"), Num: true},
			{Label: p.P.T("device.state.repair"), Num: true},
			{Label: p.P.T("device.state.lost"), Num: true},
			{Label: p.P.T("device.state.retired"), Num: true},
		},
		Empty: a.empty(p, q),
	}
	return p.Render(p.P.T("device.tab.stock"), listPage(p.P, v))
}

// export writes the inventory, or with view=ledger the ledger of issues, as the reader filtered it.
func (a area) export(p *site.Page) error {
	q := query(p)
	if q.Get("view") == viewLedger {
		return a.exportLedger(p, q)
	}
	ctx := p.Context()
	tree, err := a.d.Org.Tree(ctx)
	if err != nil {
		return err
	}
	t := ledger.Table{Title: p.P.T("device.title"), Columns: headings(p, "label", "kind", "department", "maker", "model", "serial", "card_label", "name_code", "state", "holder", "issued", "note")}
	t.Rows = func(yield func([]any, error) bool) {
		for it, err := range listing.All(ctx, func(ctx context.Context, after string) (org.Page[device.Item], error) {
			return a.d.Devices.List(ctx, p.Actor, filter(q, after, org.MaxPage))
		}) {
			if err != nil {
				yield(nil, err)
				return
			}
			names, err := a.names(ctx, it.Out)
			if err != nil {
				yield(nil, err)
				return
			}
			words, _, _ := state(p.P, it)
			d, _ := tree.Find(it.Department)
			row := []any{it.Label, p.P.T("device.kind." + string(it.Kind)), d.Name, it.Maker, it.Model, it.Serial, it.CardLabel, it.NameCode, words, nil, nil, it.Note}
			if it.Out != nil {
				row[9], row[10] = names[it.Out.Person], it.Out.Issued
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	return listing.Send(p, p.P.T("device.title"), t)
}

func headings(p *site.Page, names ...string) []ledger.Heading {
	out := make([]ledger.Heading, len(names))
	for i, n := range names {
		out[i] = ledger.Heading{Title: p.P.T("device.column." + n)}
	}
	return out
}
