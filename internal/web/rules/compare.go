package rules

import (
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// changeView is a row that differs.
type changeView struct {
	Name, ID string
	Mark     ui.Cell
	Href     string
	Count    string
	Open     bool
	Table    ui.TableView
}

// changeGroup is the rows of one part that differ.
type changeGroup struct {
	Title, Count string
	Rows         []changeView
}

// compareView is what one edition or draft changes in another, and for who adopts it the form.
type compareView struct {
	Base     string
	Head     ui.HeadView
	With     []ui.Action // other editions to compare with
	Against  string
	Groups   []changeGroup
	Problems *ui.TableView
	Adopt    bool
	From     ui.Field
	Revision string
	Note     ui.NoteView
	Bad      refusal.Fault
}

func (a *area) compareEdition(p *site.Page, s source) error {
	n := s.edition.Number
	with := max(0, n-1)
	if v := p.Value("with"); v != "" {
		var err error
		if with, err = strconv.Atoi(v); err != nil || with < 0 {
			return fault.New(fault.NotFound, "edition.none")
		}
	}
	v, err := a.compareView(p, s, with)
	if err != nil {
		return err
	}
	for k := n - 1; k >= max(0, n-6); k-- {
		if k != with {
			v.With = append(v.With, ui.Action{Text: p.P.T("rules.compare_with", editionTitle(p.P, k)), Href: s.base + "/compare?with=" + strconv.Itoa(k), Quiet: true})
		}
	}
	return p.Render(v.Head.Title, comparePage(p.P, v))
}

func (a *area) compareDraft(p *site.Page, s source) error { return a.adoptPage(p, s, refusal.Fault{}) }

// adoptPage shows what a draft changes, and lets the leader adopt what they see.
func (a *area) adoptPage(p *site.Page, s source, bad refusal.Fault) error {
	v, err := a.compareView(p, s, s.draft.Base)
	if err != nil {
		return err
	}
	v.Bad, v.Revision = bad, strconv.Itoa(s.draft.Revision)
	open := s.draft.State == regulation.DraftOpen
	v.Adopt = open && len(s.problems) == 0 && p.May(access.EditionAdopt, s.adoption(p))
	if len(s.problems) > 0 && open {
		t := s.problemTable(p.P, s.problems)
		v.Problems = &t
	}
	if open && !v.Adopt && len(s.problems) == 0 {
		v.Note = ui.NoteView{Icon: "lock", Text: p.P.T("rules.leader_adopts")}
	}
	day := p.Value("from")
	if day == "" {
		if day, err = a.firstDay(p); err != nil {
			return err
		}
	}
	v.From = bad.Mark(ui.Field{Name: "from", Label: p.P.T("rules.from"), Hint: p.P.T("rules.from_hint"), Type: "date", Value: day})
	if bad.What != "" {
		return p.Refused(v.Head.Title, comparePage(p.P, v))
	}
	return p.Render(v.Head.Title, comparePage(p.P, v))
}

// firstDay is the earliest day on which an edition can take effect.
func (a *area) firstDay(p *site.Page) (string, error) {
	list, err := a.Regulation.Editions(p.Context())
	if err != nil {
		return "", err
	}
	day := p.Now.In(clock.Shanghai).Format(time.DateOnly)
	if len(list) > 0 {
		day = max(day, list[0].From)
	}
	return day, nil
}

func (a *area) compareView(p *site.Page, s source, with int) (compareView, error) {
	other, err := a.Regulation.Edition(p.Context(), with)
	if err != nil {
		return compareView{}, err
	}
	changes, err := edition.Compare(other.Content, s.content)
	if err != nil {
		return compareView{}, err
	}
	v := compareView{
		Base: s.base, Against: p.P.T("rules.compared", editionTitle(p.P, with), len(changes)),
		Head: ui.HeadView{Crumbs: s.crumbs(p.P), Title: p.P.T("rules.compare_title")},
	}
	before := source{content: other.Content}
	for _, c := range changes {
		title := p.P.T("rules.part." + string(c.Part))
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Title != title {
			v.Groups = append(v.Groups, changeGroup{Title: title})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Rows = append(g.Rows, s.change(p.P, before, c))
		g.Count = p.P.Num(int64(len(g.Rows)))
	}
	return v, nil
}

// most is how many places of a row are in view without opening it.
const most = 12

func (s source) change(p locale.Printer, before source, c edition.Change) changeView {
	v := changeView{Name: words(p, c.Name), ID: c.ID, Count: p.T("rules.places", len(c.Fields)), Open: c.Kind == edition.Changed && len(c.Fields) <= most}
	if v.Name == "" {
		v.Name = p.T("rules.part." + string(c.Part))
	}
	switch c.Kind {
	case edition.Added:
		v.Mark = ui.St(p.T("rules.change.added"), "plus", ui.OK)
	case edition.Removed:
		v.Mark = ui.St(p.T("rules.change.removed"), "minus", ui.Late)
	case edition.Changed:
		v.Mark = ui.St(p.T("rules.change.changed"), "pencil", ui.Due)
	}
	if c.Part.Rows() && c.Kind != edition.Removed {
		v.Href = s.rowHref(c.Part, c.ID)
	}
	v.Table = ui.TableView{
		Caption: p.T("rules.change_of", v.Name),
		Columns: []ui.Column{{Label: p.T("rules.problem.field")}, {Label: p.T("rules.before")}, {Label: p.T("rules.after")}},
	}
	for _, f := range c.Fields {
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			ui.Text(label(p, f.Name)), said(p, before.value(p, f.Name, f.Old)), said(p, s.value(p, f.Name, f.New)),
		}})
	}
	return v
}

func said(p locale.Printer, v string) ui.Cell {
	if v == "" {
		return ui.NoneCell(p)
	}
	return lines(v)
}

func (a *area) adopt(p *site.Page, s source) error {
	e, err := a.Regulation.AdoptDraft(p.Context(), p.Actor, s.draft.ID, revision(p), p.Value("from"))
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.adoptPage(p, s, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(editionPath + "/" + strconv.Itoa(e.Number))
}
