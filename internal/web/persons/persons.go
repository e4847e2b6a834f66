// Package persons is the pages of the register of people who were filmed (被记录人事项): what they ask, complain of or report, by when it is
// answered, and how.
package persons

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Path is the address of the register.
const Path = "/persons"

const perPage = 50

// Register keeps the matters; *persons.Service is one.
type Register interface {
	Receive(ctx context.Context, actor access.Actor, r persons.Received) (*persons.Matter, error)
	Answer(ctx context.Context, actor access.Actor, id ident.PersonMatterID, answer string, declined bool) error
	Get(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*persons.Matter, error)
	List(ctx context.Context, actor access.Actor, f persons.Filter, before int64, limit int) ([]persons.Matter, int, error)
	May(actor access.Actor, action access.Action, m *persons.Matter) bool
	Export(ctx context.Context, actor access.Actor, f persons.Filter) (iter.Seq2[persons.Matter, error], error)
	Paper(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*persons.Matter, error)
}

// Deps is what the area needs. Case names a case that a matter is about.
type Deps struct {
	Register       Register
	Case           func(ctx context.Context, id ident.CaseID) (viewing.CaseObject, error)
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
	// Set sets an answer on paper.
	Set func(ctx context.Context, m *persons.Matter) ([]byte, error)
}

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.PersonList, Handle: a.list},
		{Method: http.MethodGet, Path: Path + "/export", Action: access.PersonExport, Handle: a.export},
		{Method: http.MethodGet, Path: Path + "/new", Action: access.PersonReceive, Handle: a.form},
		{Method: http.MethodPost, Path: Path, Action: access.PersonReceive, Handle: a.receive},
		{Method: http.MethodGet, Path: Path + "/{id}", Action: access.PersonView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: Path + "/{id}/answer", Action: access.PersonAnswer, Object: true, Handle: a.answer},
		{Method: http.MethodGet, Path: Path + "/{id}/paper", Action: access.PersonPrint, Object: true, Handle: a.paper},
	}
}

func kind(p locale.Printer, k persons.Kind) string { return record.Word(p, "persons.kind", string(k)) }

func title(p locale.Printer, m *persons.Matter) string {
	return p.T("persons.title_of", kind(p, m.Kind), m.No)
}

// standing tells how a matter stands, in words, with an icon and a tone.
func standing(p *site.Page, m *persons.Matter) (string, string, ui.Tone) {
	switch {
	case m.Overdue(p.Now):
		return p.P.T("persons.overdue"), "clock-x", ui.Late
	case m.State == persons.Open:
		return p.P.T("persons.state.open"), "clock", ui.Due
	case m.State == persons.Declined:
		return p.P.T("persons.state.declined"), "circle-minus", ui.None
	}
	return p.P.T("persons.state.answered"), "circle-check", ui.OK
}

type listView struct {
	Head    ui.HeadView
	Filters ui.Filters
	Table   ui.TableView
}

func (a area) list(p *site.Page) error {
	pr := p.P
	f := filterOf(p)
	before, _ := strconv.ParseInt(p.Value("before"), 10, 64) // what is no number begins at the top
	rows, n, err := a.Register.List(p.Context(), p.Actor, f, before, perPage)
	if err != nil {
		return err
	}
	kinds := []ui.Option{{Text: pr.T("table.any")}}
	for _, k := range persons.Kinds() {
		kinds = append(kinds, ui.Option{Value: string(k), Text: kind(pr, k), On: k == f.Kind})
	}
	stands := []ui.Option{{Text: pr.T("table.any")}}
	for _, s := range persons.States() {
		stands = append(stands, ui.Option{Value: string(s), Text: pr.T("persons.state." + string(s)), On: s == f.State})
	}
	v := listView{
		Head: ui.HeadView{Title: pr.T("persons.title"), Sub: pr.T("persons.sub"), Actions: []ui.Action{{Text: pr.T("persons.new"), Href: Path + "/new", Icon: "plus", Primary: true}}},
		Filters: ui.Filters{Action: Path, Clear: Path, Fields: []ui.Filter{
			{Kind: ui.FilterSelect, Name: "kind", Label: pr.T("persons.kind"), Options: kinds},
			{Kind: ui.FilterSelect, Name: "state", Label: pr.T("persons.state"), Options: stands},
			{Kind: ui.FilterSelect, Name: "order", Label: pr.T("persons.order"), Options: []ui.Option{
				{Text: pr.T("persons.order.newest"), On: !f.ByDue}, {Value: "due", Text: pr.T("persons.order.due"), On: f.ByDue},
			}},
		}},
		Table: ui.TableView{
			Caption: pr.T("persons.title"),
			Columns: []ui.Column{
				{Label: pr.T("persons.no"), Lead: true, Tight: true},
				{Label: pr.T("persons.state"), Tight: true},
				{Label: pr.T("persons.received"), Tight: true},
				{Label: pr.T("persons.due"), Tight: true},
				{Label: pr.T("persons.department")},
			},
			Empty: ui.EmptyView{Icon: "user", Title: pr.T("persons.none"), Text: pr.T("persons.none_text"), Actions: []ui.Action{{Text: pr.T("persons.new"), Href: Path + "/new", Primary: true}}},
		},
	}
	for i := range rows {
		m := &rows[i]
		words, icon, tone := standing(p, m)
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: title(pr, m), Href: Path + "/" + string(m.ID)}, "", false), ui.BadgeText(words, icon, tone), ui.Text(pr.When(m.ReceivedAt, p.Now)),
			ui.Text(pr.When(m.Due, p.Now)), ui.Text(a.DepartmentName(p.Context(), m.Department)),
		}})
	}
	q := url.Values{"kind": {string(f.Kind)}, "state": {string(f.State)}}
	if f.ByDue {
		q.Set("order", "due")
	}
	if p.May(access.PersonExport, access.Subject{Kind: "ledger"}) {
		v.Filters.Export = Path + "/export?" + q.Encode()
	}
	if len(rows) > 0 {
		pager := &ui.PagerView{Total: int64(n)}
		if before > 0 {
			pager.First = Path + "?" + q.Encode()
		}
		if len(rows) == perPage {
			q.Set("before", strconv.FormatInt(rows[len(rows)-1].No, 10))
			pager.Next = Path + "?" + q.Encode()
		}
		v.Table.Pager = pager
	}
	return p.Render(v.Head.Title, listPage(pr, v))
}

type formView struct {
	Head ui.HeadView
	Form ui.FormView
	Kind ui.Field
	Rest []ui.Field
	Long []ui.Field
}

func (a area) form(p *site.Page) error { return a.formPage(p, refusal.Fault{}) }

func (a area) formPage(p *site.Page, bad refusal.Fault) error {
	pr := p.P
	kinds := []ui.Option{}
	for _, k := range persons.Kinds() {
		kinds = append(kinds, ui.Option{Value: string(k), Text: pr.T("persons.option", kind(pr, k), pr.T("persons.hint."+string(k))), On: p.Value("kind") == string(k)})
	}
	field := func(name string, most int) ui.Field {
		return bad.Mark(ui.Field{Name: name, Label: pr.T("persons." + name), Hint: pr.T("persons." + name + "_hint"), Value: p.Value(name), Max: most})
	}
	v := formView{
		Head: ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("persons.title"), Href: Path}}, Title: pr.T("persons.new"), Sub: pr.T("persons.new_sub")},
		Kind: bad.Mark(ui.Field{Name: "kind", Label: pr.T("persons.kind"), Options: kinds}),
		Rest: []ui.Field{field("name", 60), field("contact", 200), field("case_no", 80), field("place", 500)},
		Long: []ui.Field{field("words", 2000)},
		Form: ui.FormView{Action: Path, Label: pr.T("persons.new"), Buttons: []ui.Action{{Text: pr.T("persons.receive"), Icon: "check", Primary: true}}},
	}
	for i := range v.Rest {
		v.Rest[i].Optional = v.Rest[i].Name == "case_no" || v.Rest[i].Name == "place"
	}
	v.Form.Errors = bad.Errors(append(append([]ui.Field{v.Kind}, v.Rest...), v.Long...)...)
	if bad.What != "" {
		return p.Refused(v.Head.Title, formPage(pr, v))
	}
	return p.Render(v.Head.Title, formPage(pr, v))
}

func (a area) receive(p *site.Page) error {
	m, err := a.Register.Receive(p.Context(), p.Actor, persons.Received{
		Kind: persons.Kind(p.Value("kind")), Name: p.Value("name"), Contact: p.Value("contact"), CaseNo: p.Value("case_no"), Where: p.Value("place"), Words: p.Value("words"),
	})
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.formPage(p, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(Path + "/" + string(m.ID))
}

type showView struct {
	Head   ui.HeadView
	Facts  []ui.Fact
	Words  string
	Answer string
	Form   *ui.FormView
	Field  ui.Field
}

func (a area) matter(p *site.Page) (*persons.Matter, error) {
	id, err := ident.Parse[ident.PersonMatterID](p.R.PathValue("id"))
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "persons.unknown")
	}
	return a.Register.Get(p.Context(), p.Actor, id)
}

func (a area) show(p *site.Page) error {
	m, err := a.matter(p)
	if err != nil {
		return err
	}
	return a.page(p, m, refusal.Fault{})
}

func (a area) page(p *site.Page, m *persons.Matter, bad refusal.Fault) error {
	pr := p.P
	words, icon, tone := standing(p, m)
	v := showView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("persons.title"), Href: Path}}, Title: title(pr, m), Sub: pr.When(m.ReceivedAt, p.Now), Marks: ui.BadgeText(words, icon, tone),
		},
		Words: record.Harmless(m.Words), Answer: record.Harmless(m.Answer),
	}
	for _, f := range [][2]string{{"name", record.Harmless(m.Name)}, {"contact", record.Harmless(m.Contact)}, {"place", record.Harmless(m.Where)}} {
		if f[1] != "" {
			v.Facts = append(v.Facts, ui.FactText(pr.T("persons."+f[0]), f[1], ""))
		}
	}
	if m.Case != "" {
		c, err := a.Case(p.Context(), m.Case)
		if err != nil {
			return err
		}
		v.Facts = append(v.Facts, ui.FactText(pr.T("persons.case_no"), c.No, ""))
	}
	v.Facts = append(v.Facts, ui.FactText(pr.T("persons.department"), a.DepartmentName(p.Context(), m.Department), ""),
		ui.FactText(pr.T("persons.taken_by"), m.ReceivedName, pr.When(m.ReceivedAt, p.Now)), ui.FactText(pr.T("persons.due"), pr.Long(m.Due), ""))
	if m.State != persons.Open {
		v.Facts = append(v.Facts, ui.FactText(pr.T("persons.answered_by"), m.EndedName, pr.When(m.EndedAt, p.Now)))
	}
	if m.Kind == persons.LookUp && m.Case != "" && p.May(access.LookupPrepare, m.Subject()) {
		v.Head.Actions = append(v.Head.Actions, ui.Action{Text: pr.T("lookup.title"), Href: Path + "/" + string(m.ID) + "/lookup", Icon: "certificate"})
	}
	if m.State != persons.Open && a.Register.May(p.Actor, access.PersonPrint, m) {
		v.Head.Actions = append(v.Head.Actions, ui.Action{Text: pr.T("persons.paper"), Href: Path + "/" + string(m.ID) + "/paper", Icon: "printer"})
	}
	if m.State == persons.Open && a.Register.May(p.Actor, access.PersonAnswer, m) {
		v.Field = bad.Mark(ui.Field{Name: "answer", Label: pr.T("persons.answer"), Hint: pr.T("persons.answer_hint"), Value: p.Value("answer"), Max: 2000, Rows: 5})
		v.Form = &ui.FormView{Action: Path + "/" + string(m.ID) + "/answer", Label: pr.T("persons.answer"), Errors: bad.Errors(v.Field), Buttons: []ui.Action{
			{Text: pr.T("persons.do_answer"), Icon: "check", Primary: true, Name: "do", Value: "answer"}, {Text: pr.T("persons.decline"), Name: "do", Value: "decline"},
		}}
	}
	if bad.What != "" {
		return p.Refused(v.Head.Title, showPage(pr, v))
	}
	return p.Render(v.Head.Title, showPage(pr, v))
}

func (a area) answer(p *site.Page) error {
	m, err := a.matter(p)
	if err != nil {
		return err
	}
	err = a.Register.Answer(p.Context(), p.Actor, m.ID, p.Value("answer"), p.Value("do") == "decline")
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, m, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(Path + "/" + string(m.ID))
}
