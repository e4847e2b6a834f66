// Package handed is the pages of what parties and the public hand in (当事人、群众提交的材料): the register, a handing in with its files, and
// its receipt.
package handed

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Path is the address of the register.
const Path = "/handed-in"

const perPage = 50

// Register keeps what is handed in; *handed.Service is one.
type Register interface {
	Open(ctx context.Context, actor access.Actor, e handed.Edit) (*handed.Handing, error)
	Arrivals(ctx context.Context, h *handed.Handing) ([]handed.Arrival, error)
	Close(ctx context.Context, actor access.Actor, id ident.HandedID) error
	Cancel(ctx context.Context, actor access.Actor, id ident.HandedID, why string) error
	Get(ctx context.Context, actor access.Actor, id ident.HandedID) (*handed.Handing, []handed.Item, error)
	Receipt(ctx context.Context, actor access.Actor, id ident.HandedID) (*handed.Handing, []handed.Item, error)
	List(ctx context.Context, actor access.Actor, f handed.Filter, before int64, limit int) ([]handed.Handing, int, error)
	Export(ctx context.Context, actor access.Actor, f handed.Filter) (iter.Seq2[handed.Handing, error], error)
	May(actor access.Actor, action access.Action, h *handed.Handing) bool
}

// Deps is what the area needs. Set sets the receipt; Upload is where files are sent.
type Deps struct {
	Register       Register
	Set            func(ctx context.Context, h *handed.Handing, items []handed.Item) ([]byte, error)
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
	Upload         string
}

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.HandedList, Handle: a.list},
		{Method: http.MethodGet, Path: Path + "/export", Action: access.HandedExport, Handle: a.export},
		{Method: http.MethodGet, Path: Path + "/new", Action: access.HandedOpen, Handle: a.form},
		{Method: http.MethodPost, Path: Path, Action: access.HandedOpen, Handle: a.open},
		{Method: http.MethodGet, Path: Path + "/{id}", Action: access.HandedView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: Path + "/{id}/close", Action: access.HandedClose, Object: true, Handle: a.close},
		{Method: http.MethodPost, Path: Path + "/{id}/cancel", Action: access.HandedCancel, Object: true, Handle: a.cancel},
		{Method: http.MethodGet, Path: Path + "/{id}/receipt", Action: access.HandedReceipt, Object: true, Handle: a.receipt},
	}
}

// PathOf is the address of one handing in.
func PathOf(id ident.HandedID) string { return Path + "/" + string(id) }

func stateOf(p locale.Printer, s handed.State) (words, icon string, tone ui.Tone) {
	switch s {
	case handed.Closed:
		return p.T("handed.state.closed"), "circle-check", ui.OK
	case handed.Cancelled:
		return p.T("handed.state.cancelled"), "circle-minus", ui.None
	case handed.Open:
	}
	return p.T("handed.state.open"), "clock", ui.Due
}

type listView struct {
	Head    ui.HeadView
	Filters ui.Filters
	Table   ui.TableView
}

func states() []string {
	return []string{string(handed.Open), string(handed.Closed), string(handed.Cancelled)}
}

func filterOf(q listing.Query) handed.Filter {
	f := handed.Filter{State: handed.State(q.Get("state"))}
	if !slices.Contains(states(), string(f.State)) {
		f.State = ""
	}
	if id, err := ident.Parse[ident.CaseID](q.Get("case")); err == nil {
		f.Case = id
	}
	return f
}

func (a area) list(p *site.Page) error {
	pr, q := p.P, listing.Read(p, "state", "case")
	before, err := strconv.ParseInt(q.After(), 10, 64)
	if err != nil {
		before = 0 // what is no number begins at the top
	}
	rows, _, err := a.Register.List(p.Context(), p.Actor, filterOf(q), before, perPage+1)
	if err != nil {
		return err
	}
	next := ""
	if len(rows) > perPage {
		rows = rows[:perPage]
		next = strconv.FormatInt(rows[perPage-1].No, 10)
	}
	options := listing.Choice(pr, true, q.Get("state"), states(), func(s string) string {
		words, _, _ := stateOf(pr, handed.State(s))
		return words
	})
	v := listView{
		Head: ui.HeadView{Title: pr.T("handed.title"), Sub: pr.T("handed.sub")},
		Filters: ui.Filters{Action: Path, Clear: q.Clear(), Keep: q.Keep("case"), Fields: []ui.Filter{
			{Kind: ui.FilterSelect, Name: "state", Label: pr.T("handed.state"), Options: options},
		}},
		Table: ui.TableView{
			Caption: pr.T("handed.title"), Pager: q.Pager(len(rows), next),
			Columns: []ui.Column{
				{Label: pr.T("handed.no"), Num: true}, {Label: pr.T("handed.giver"), Lead: true}, {Label: pr.T("handed.shows")}, {Label: pr.T("handed.received"), Tight: true}, {Label: pr.T("handed.state"), Tight: true},
			},
			Empty: ui.EmptyView{Icon: "inbox", Title: pr.T("handed.none"), Text: pr.T("handed.none_text")},
		},
	}
	if p.May(access.HandedExport, access.Subject{Kind: "ledger"}) {
		v.Filters.Export = q.At(Path + "/export")
	}
	if p.May(access.HandedOpen, access.Subject{Kind: "handed"}) {
		v.Head.Actions = []ui.Action{{Text: pr.T("handed.new"), Href: Path + "/new", Icon: "plus", Primary: true}}
		v.Table.Empty.Actions = []ui.Action{{Text: pr.T("handed.new"), Href: Path + "/new", Primary: true}}
	}
	for i := range rows {
		h := &rows[i]
		words, icon, tone := stateOf(pr, h.State)
		second := pr.T("handed.capacity." + string(h.Capacity))
		if h.CaseNo != "" {
			second = listing.Join(pr, []string{second, record.Harmless(h.CaseNo)})
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{ID: "handed-" + string(h.ID), Cells: []ui.Cell{
			ui.Text(pr.Num(h.No)), ui.MainCell(ui.Link{Text: record.Harmless(h.Giver), Href: PathOf(h.ID)}, second, false), ui.Text(record.Harmless(h.Shows)),
			ui.TwoCell(pr.When(h.OpenedAt, p.Now), h.ByName), ui.St(words, icon, tone),
		}})
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(v.Head.Title, listPage(pr, v))
}

func (a area) export(p *site.Page) error {
	pr := p.P
	rows, err := a.Register.Export(p.Context(), p.Actor, filterOf(listing.Read(p, "state", "case")))
	if err != nil {
		return err
	}
	columns := listing.Headings(pr, "handed.", []listing.Column{
		{"no", 8}, {"giver", 16}, {"capacity", 12}, {"for", 16}, {"contact", 18}, {"case", 22}, {"carrier", 24}, {"shows", 40}, {"received", 20}, {"taken_by", 14}, {"ended", 20}, {"state", 10}, {"returned", 12},
	}...)
	table := ledger.Table{Title: pr.T("handed.title"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for h, err := range rows {
			var row []any
			if err == nil {
				words, _, _ := stateOf(pr, h.State)
				row = []any{
					h.No, h.Giver, pr.T("handed.capacity." + string(h.Capacity)), h.For, h.Contact, h.CaseNo, h.Carrier, h.Shows, h.OpenedAt, h.ByName, h.EndedAt, words, returned(pr, h.Returned),
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, pr.T("handed.file", p.Now.In(clock.Shanghai).Format(time.DateOnly)), table)
}

func returned(p locale.Printer, yes bool) string {
	if yes {
		return p.T("handed.returned_yes")
	}
	return p.T("handed.returned_no")
}

type formView struct {
	Head     ui.HeadView
	Form     ui.FormView
	Capacity ui.Field
	Short    []ui.Field
	Shows    ui.Field
	Returned ui.Field
}

func (a area) form(p *site.Page) error { return a.formPage(p, refusal.Fault{}) }

func (a area) formPage(p *site.Page, bad refusal.Fault) error {
	pr := p.P
	capacities := []ui.Option{}
	for i, c := range handed.Capacities() {
		capacities = append(capacities, ui.Option{Value: string(c), Text: pr.T("handed.capacity." + string(c)), On: p.Value("capacity") == string(c) || p.Value("capacity") == "" && i == 0})
	}
	field := func(name string, optional bool) ui.Field {
		return bad.Mark(ui.Field{Name: name, Label: pr.T("handed." + name), Hint: pr.T("handed." + name + "_hint"), Value: p.Value(name), Max: 500, Optional: optional})
	}
	v := formView{
		Head:     ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("handed.title"), Href: Path}}, Title: pr.T("handed.new"), Sub: pr.T("handed.new_sub")},
		Capacity: bad.Mark(ui.Field{Name: "capacity", Label: pr.T("handed.capacity"), Options: capacities, Inline: true}),
		Short:    []ui.Field{field("giver", false), field("for", true), field("contact", true), field("case", true), field("carrier", false)},
		Shows:    field("shows", false),
		Returned: ui.Field{Name: "returned", Label: pr.T("handed.returned"), Inline: true, Options: []ui.Option{
			{Value: "yes", Text: pr.T("handed.returned_yes"), On: p.Value("returned") != "no"}, {Value: "no", Text: pr.T("handed.returned_no"), On: p.Value("returned") == "no"},
		}},
		Form: ui.FormView{Action: Path, Label: pr.T("handed.new"), Buttons: []ui.Action{{Text: pr.T("handed.begin"), Icon: "arrow-right", Primary: true}}},
	}
	v.Form.Errors = bad.Errors(append(append([]ui.Field{v.Capacity}, v.Short...), v.Shows)...)
	if bad.What != "" {
		return p.Refused(v.Head.Title, formPage(pr, v))
	}
	return p.Render(v.Head.Title, formPage(pr, v))
}

func (a area) open(p *site.Page) error {
	h, err := a.Register.Open(p.Context(), p.Actor, handed.Edit{
		Giver: p.Value("giver"), Capacity: handed.Capacity(p.Value("capacity")), Contact: p.Value("contact"), For: p.Value("for"), CaseNo: p.Value("case"),
		Carrier: p.Value("carrier"), Shows: p.Value("shows"), Returned: p.Value("returned") != "no",
	})
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.formPage(p, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(PathOf(h.ID))
}

type showView struct {
	Head   ui.HeadView
	Alert  *ui.NoteView
	Facts  []ui.Fact
	Files  ui.TableView
	Upload *ui.UploadView
	Close  *ui.FormView
	Cancel *ui.FormView
	Words  ui.Field
	Note   *ui.NoteView
}

func (a area) handing(p *site.Page) (*handed.Handing, []handed.Item, error) {
	id, err := ident.Parse[ident.HandedID](p.R.PathValue("id"))
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.NotFound, "handed.unknown")
	}
	return a.Register.Get(p.Context(), p.Actor, id)
}

func (a area) show(p *site.Page) error { return a.page(p, refusal.Fault{}, "") }

func (a area) page(p *site.Page, bad refusal.Fault, which string) error {
	h, items, err := a.handing(p)
	if err != nil {
		return err
	}
	pr := p.P
	words, icon, tone := stateOf(pr, h.State)
	v := showView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("handed.title"), Href: Path}}, Title: pr.T("handed.title_of", h.No), Sub: pr.When(h.OpenedAt, p.Now), Marks: ui.BadgeText(words, icon, tone),
		},
		Facts: a.facts(p, h), Files: filesTable(pr),
	}
	if h.State == handed.Open {
		if err := a.working(p, h, &v, bad, which); err != nil {
			return err
		}
	} else {
		for i := range items {
			v.Files.Rows = append(v.Files.Rows, fileRow(pr, &items[i], pr.T("handed.file_kept"), "lock", ui.OK))
		}
	}
	if h.State == handed.Closed && a.Register.May(p.Actor, access.HandedReceipt, h) {
		v.Head.Actions = append(v.Head.Actions, ui.Action{Text: pr.T("handed.receipt"), Href: PathOf(h.ID) + "/receipt", Icon: "printer", Primary: true})
	}
	if bad.What != "" {
		if v.Cancel == nil || len(v.Cancel.Errors) == 0 {
			v.Alert = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: bad.What, Text: bad.Do}
		}
		return p.Refused(v.Head.Title, showPage(pr, v))
	}
	return p.Render(v.Head.Title, showPage(pr, v))
}

// working is the page of one that files still arrive for.
func (a area) working(p *site.Page, h *handed.Handing, v *showView, bad refusal.Fault, which string) error {
	pr := p.P
	list, err := a.Register.Arrivals(p.Context(), h)
	if err != nil {
		return err
	}
	sealed := 0
	for i := range list {
		x := &list[i]
		words, icon, tone := arrivalOf(pr, x)
		if x.Sealed {
			sealed++
		}
		v.Files.Rows = append(v.Files.Rows, fileRow(pr, &x.Item, words, icon, tone))
	}
	mine := string(h.Account) == p.Actor.ID
	switch {
	case mine:
		v.Upload = &ui.UploadView{Endpoint: a.Upload, Handed: string(h.ID)}
	case sealed == 0:
		v.Note = &ui.NoteView{Icon: "info-circle", Text: pr.T("handed.sent_by", h.ByName)}
	}
	if sealed > 0 && a.Register.May(p.Actor, access.HandedClose, h) {
		v.Close = &ui.FormView{Action: PathOf(h.ID) + "/close", Label: pr.T("handed.close"), Buttons: []ui.Action{{Text: pr.T("handed.close"), Icon: "check", Primary: true}}}
	}
	if sealed == 0 && a.Register.May(p.Actor, access.HandedCancel, h) {
		v.Words = ui.Field{Name: "words", Label: pr.T("handed.cancel_words"), Max: 500}
		v.Cancel = &ui.FormView{Action: PathOf(h.ID) + "/cancel", Label: pr.T("handed.cancel"), Buttons: []ui.Action{{Text: pr.T("handed.cancel"), Icon: "circle-minus", Danger: true}}}
		if which == "cancel" {
			v.Words.Value = p.Value("words")
			v.Words = bad.Mark(v.Words)
			v.Cancel.Errors = bad.Errors(v.Words)
		}
	}
	return nil
}

func arrivalOf(p locale.Printer, x *handed.Arrival) (words, icon string, tone ui.Tone) {
	switch {
	case x.Settled:
		return p.T("handed.file_kept"), "lock", ui.OK
	case x.Sealed:
		return p.T("handed.file_settling"), "clock", ui.Due
	case x.Code != "":
		return p.T("handed.file_failed"), "circle-x", ui.Late
	}
	return p.T("handed.file_coming"), "clock", ui.Due
}

func filesTable(p locale.Printer) ui.TableView {
	return ui.TableView{
		Caption: p.T("handed.files"),
		Columns: []ui.Column{
			{Label: p.T("handed.row"), Num: true}, {Label: p.T("handed.name"), Lead: true}, {Label: p.T("handed.size"), Num: true}, {Label: p.T("handed.digest")}, {Label: p.T("handed.state"), Tight: true},
		},
		Empty: ui.EmptyView{Icon: "upload", Title: p.T("handed.no_files"), Text: p.T("handed.no_files_text")},
	}
}

func fileRow(p locale.Printer, i *handed.Item, words, icon string, tone ui.Tone) ui.Row {
	if i.Known {
		words, icon, tone = p.T("handed.file_known"), "files", ui.Due
	}
	name := ui.Link{Text: record.Harmless(i.Name)}
	if i.Recording != "" {
		name.Href = record.Path(i.Recording)
	}
	return ui.Row{ID: "file-" + strconv.Itoa(i.N), Cells: []ui.Cell{
		ui.Text(strconv.Itoa(i.N)), ui.MainCell(name, "", false), ui.Text(p.Size(i.Size)), ui.Mono(i.SHA256), ui.St(words, icon, tone),
	}}
}

func (a area) facts(p *site.Page, h *handed.Handing) []ui.Fact {
	pr := p.P
	out := []ui.Fact{ui.FactText(pr.T("handed.giver"), record.Harmless(h.Giver), pr.T("handed.capacity."+string(h.Capacity)))}
	for _, x := range [][2]string{{"for", h.For}, {"contact", h.Contact}, {"case", h.CaseNo}, {"carrier", h.Carrier}, {"shows", h.Shows}} {
		if x[1] != "" {
			out = append(out, ui.FactText(pr.T("handed."+x[0]), record.Harmless(x[1]), ""))
		}
	}
	out = append(out, ui.FactText(pr.T("handed.returned"), returned(pr, h.Returned), ""),
		ui.FactText(pr.T("handed.taken_by"), h.ByName, listing.Join(pr, []string{a.DepartmentName(p.Context(), h.Department), pr.When(h.OpenedAt, p.Now)})))
	if !h.EndedAt.IsZero() {
		out = append(out, ui.FactText(pr.T("handed.ended"), pr.Long(h.EndedAt), record.Harmless(h.Words)))
	}
	return out
}

func (a area) close(p *site.Page) error {
	return a.act(p, "close", func(h *handed.Handing) error { return a.Register.Close(p.Context(), p.Actor, h.ID) })
}

func (a area) cancel(p *site.Page) error {
	return a.act(p, "cancel", func(h *handed.Handing) error { return a.Register.Cancel(p.Context(), p.Actor, h.ID, p.Value("words")) })
}

func (a area) act(p *site.Page, which string, do func(*handed.Handing) error) error {
	h, _, err := a.handing(p)
	if err != nil {
		return err
	}
	err = do(h)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad, which)
	}
	if err != nil {
		return err
	}
	return p.Redirect(PathOf(h.ID))
}

func (a area) receipt(p *site.Page) error {
	id, err := ident.Parse[ident.HandedID](p.R.PathValue("id"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "handed.unknown")
	}
	h, items, err := a.Register.Receipt(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	pdf, err := a.Set(p.Context(), h, items)
	if err != nil {
		return err
	}
	return p.PDF(p.P.T("handed.receipt_file", h.No), pdf)
}
