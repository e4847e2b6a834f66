// Package calls is the page on which a call for a case's file is entered and answered (调卷): a reconsideration body asks within 10 working days,
// a court within 15 days, and the days are counted here.
package calls

import (
	"context"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Calls keeps calls; *disclosure.Service is one.
type Calls interface {
	Call(ctx context.Context, by access.Actor, id ident.CaseID, f disclosure.CaseFacts, c disclosure.Call) (*disclosure.Call, error)
	Answered(ctx context.Context, by access.Actor, id ident.CaseID, f disclosure.CaseFacts, call ident.CallID, entry ident.EntryID) error
	Packages(ctx context.Context, id ident.CaseID) ([]disclosure.Package, error)
}

// Deps is what the area needs. Case gives a case to those who may know of it; Of lists the calls for one, CaseOf tells which case a call is
// about; Name names an account.
type Deps struct {
	Calls  Calls
	Case   func(ctx context.Context, by access.Actor, id ident.CaseID) (disclosure.CaseFacts, error)
	Of     func(ctx context.Context, id ident.CaseID) ([]disclosure.Call, error)
	CaseOf func(ctx context.Context, id ident.CallID) (ident.CaseID, error)
	Name   func(ctx context.Context, account string) string
	// Given lists what was given out of the case, as far as the reader may know of it.
	Given func(ctx context.Context, by access.Actor, id ident.CaseID) ([]disclosure.Disclosure, error)
}

const pattern = "/cases/{id}/calls"

// Path is the address of a case's calls.
func Path(id ident.CaseID) string { return "/cases/" + string(id) + "/calls" }

// CallPath is the address of one call, whichever case it is about.
func CallPath(id string) string { return "/case-calls/" + id }

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: pattern, Action: access.CaseView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: pattern, Action: access.CaseCall, Object: true, Handle: a.call},
		{Method: http.MethodPost, Path: pattern + "/{call}", Action: access.CaseCall, Object: true, Handle: a.answer},
		{Method: http.MethodGet, Path: "/case-calls/{call}", Action: access.CaseView, Object: true, Handle: a.find},
	}
}

type view struct {
	Head  ui.HeadView
	Law   string
	Rows  []row
	Empty string
	Given []ui.Fact
	Form  *ui.FormView // nil for those who may not enter one
	Kind  ui.Field
	Body  ui.Field
	No    ui.Field
	On    ui.Field
}

type row struct {
	Title  string
	Answer ui.NoteView
	Facts  []ui.Fact
	Form   *ui.FormView
	Field  ui.Field
	None   string // why it cannot be answered yet
	Href   string
}

func (a area) read(p *site.Page) (ident.CaseID, disclosure.CaseFacts, error) {
	id, err := ident.Parse[ident.CaseID](p.R.PathValue("id"))
	if err != nil {
		return "", disclosure.CaseFacts{}, fault.Wrap(err, fault.NotFound, "case.unknown")
	}
	f, err := a.Case(p.Context(), p.Actor, id)
	return id, f, err
}

func (a area) show(p *site.Page) error {
	id, f, err := a.read(p)
	if err != nil {
		return err
	}
	return a.page(p, id, f, refusal.Fault{}, "")
}

// page shows the calls; bad is what was wrong with the form of the call named by which, or with the form for a new one.
func (a area) page(p *site.Page, id ident.CaseID, f disclosure.CaseFacts, bad refusal.Fault, which ident.CallID) error {
	pr := p.P
	list, err := a.Of(p.Context(), id)
	if err != nil {
		return err
	}
	packages, err := a.Calls.Packages(p.Context(), id)
	if err != nil {
		return err
	}
	may := p.May(access.CaseCall, access.Subject{Kind: "case", ID: string(id), Department: f.Department, Officer: f.Lead})
	v := view{Head: ui.HeadView{
		Crumbs: []ui.Link{{Text: pr.T("nav.cases"), Href: "/cases"}, {Text: f.No, Href: "/cases/" + string(id)}}, Title: pr.T("calls.title"), Sub: pr.T("calls.sub"),
	}}
	for i := range list {
		mine := refusal.Fault{}
		if list[i].ID == which {
			mine = bad
		}
		v.Rows = append(v.Rows, a.row(p, id, &list[i], packages, may, mine))
	}
	if len(list) == 0 {
		v.Empty = pr.T("calls.none")
	}
	given, err := a.Given(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	for i := range given {
		d := &given[i]
		to := record.Harmless(d.To.Body)
		if to == "" {
			to = pr.T("viewing.manner." + string(d.Manner))
		}
		v.Given = append(v.Given, ui.Fact{Label: d.Number(), Value: ui.TextLink(ui.Link{Text: to, Href: "/disclosures/" + string(d.ID)}), Source: pr.T("disclosure.state." + string(d.State))})
	}
	if may {
		a.form(p, &v, id, bad, which)
	}
	if bad.What != "" {
		return p.Refused(v.Head.Title, page(pr, v))
	}
	return p.Render(v.Head.Title, page(pr, v))
}

func (a area) form(p *site.Page, v *view, id ident.CaseID, bad refusal.Fault, which ident.CallID) {
	pr := p.P
	if which != "" {
		bad = refusal.Fault{}
	}
	kind := p.Value("kind")
	v.Kind = bad.Mark(ui.Field{Name: "kind", Label: pr.T("calls.kind"), Options: []ui.Option{
		{Value: string(disclosure.ForReview), Text: pr.T("calls.review"), On: kind != string(disclosure.ForCourt)},
		{Value: string(disclosure.ForCourt), Text: pr.T("calls.court"), On: kind == string(disclosure.ForCourt)},
	}})
	v.Body = bad.Mark(ui.Field{Name: "body", Label: pr.T("calls.body"), Hint: pr.T("calls.body_hint"), Value: p.Value("body"), Max: 200, Auto: "off"})
	v.No = bad.Mark(ui.Field{Name: "letter", Label: pr.T("calls.letter"), Value: p.Value("letter"), Max: 200, Auto: "off"})
	v.On = bad.Mark(ui.Field{Name: "on", Label: pr.T("calls.received"), Hint: pr.T("calls.received_hint"), Type: "date", Value: p.Value("on")})
	v.Form = &ui.FormView{Action: Path(id), Label: pr.T("calls.enter"), Buttons: []ui.Action{{Text: pr.T("calls.enter"), Icon: "plus", Primary: true}}, Errors: bad.Errors(v.Kind, v.Body, v.No, v.On)}
}

func (a area) row(p *site.Page, id ident.CaseID, c *disclosure.Call, packages []disclosure.Package, may bool, bad refusal.Fault) row {
	pr := p.P
	r := row{Title: pr.T("calls."+string(c.Kind)) + " " + record.Harmless(c.Body), Facts: []ui.Fact{
		ui.FactText(pr.T("calls.letter"), record.Harmless(c.Letter), ""), ui.FactText(pr.T("calls.received"), c.ReceivedOn, ""),
		ui.FactText(pr.T("calls.due"), c.Due.In(clock.Shanghai).Format(time.DateOnly), pr.T("calls.term."+string(c.Kind))), ui.FactText(pr.T("calls.by"), record.Harmless(c.ByName), pr.When(c.At, p.Now)),
	}}
	late := c.Late(p.Now)
	switch {
	case !c.MetAt.IsZero() && late:
		r.Answer = ui.NoteView{Tone: ui.Late, Icon: "alert-triangle", Text: pr.T("calls.met_late", pr.Long(c.MetAt))}
	case !c.MetAt.IsZero():
		r.Answer = ui.NoteView{Tone: ui.OK, Icon: "circle-check", Text: pr.T("calls.met", pr.Long(c.MetAt))}
	case late:
		r.Answer = ui.NoteView{Tone: ui.Late, Icon: "alert-triangle", Text: pr.T("calls.late", pr.Long(c.Due))}
	default:
		r.Answer = ui.NoteView{Tone: ui.Due, Icon: "clock", Text: pr.T("calls.open", pr.Long(c.Due))}
	}
	if !c.MetAt.IsZero() {
		for _, x := range packages {
			if x.Entry == c.MetBy {
				r.Facts = append(r.Facts, ui.FactText(pr.T("calls.package"), a.name(p, x), ""))
			}
		}
		return r
	}
	if !may {
		return r
	}
	f := ui.Field{ID: "package-" + string(c.ID), Name: "package", Label: pr.T("calls.package"), Hint: pr.T("calls.package_hint")}
	for _, x := range packages {
		if x.At.In(clock.Shanghai).Format(time.DateOnly) >= c.ReceivedOn {
			f.Options = append(f.Options, ui.Option{Value: string(x.Entry), Text: a.name(p, x), On: len(f.Options) == 0})
		}
	}
	if len(f.Options) == 0 {
		r.None, r.Href = pr.T("calls.no_package"), "/cases/"+string(id)+"/package"
		return r
	}
	r.Field = bad.Mark(f)
	r.Form = &ui.FormView{
		Action: Path(id) + "/" + string(c.ID), Label: pr.T("calls.answer"), Errors: bad.Errors(r.Field),
		Buttons: []ui.Action{{Text: pr.T("calls.answer"), Icon: "check", Label: pr.T("calls.answer_for", record.Harmless(c.Body))}},
	}
	return r
}

// name is how a package is called: when it was made, by whom, and where it went.
func (a area) name(p *site.Page, x disclosure.Package) string {
	if x.No != "" {
		return p.P.T("calls.given", x.No, record.Harmless(x.To), p.P.Long(x.At))
	}
	return p.P.T("calls.made", p.P.Long(x.At), record.Harmless(a.Name(p.Context(), x.By)))
}

func (a area) call(p *site.Page) error {
	id, f, err := a.read(p)
	if err != nil {
		return err
	}
	_, err = a.Calls.Call(p.Context(), p.Actor, id, f, disclosure.Call{
		Kind: disclosure.CallKind(p.Value("kind")), Body: p.Value("body"), Letter: p.Value("letter"), ReceivedOn: p.Value("on"),
	})
	return a.then(p, id, f, err, "")
}

func (a area) answer(p *site.Page) error {
	id, f, err := a.read(p)
	if err != nil {
		return err
	}
	call := ident.CallID(p.R.PathValue("call"))
	return a.then(p, id, f, a.Calls.Answered(p.Context(), p.Actor, id, f, call, ident.EntryID(p.Value("package"))), call)
}

func (a area) then(p *site.Page, id ident.CaseID, f disclosure.CaseFacts, err error, which ident.CallID) error {
	if err == nil {
		return p.Redirect(Path(id))
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, id, f, bad, which)
	}
	return err
}

// find leads from a duty to the case whose call it is; whoever may not know of the case is told as on its own page.
func (a area) find(p *site.Page) error {
	id, err := ident.Parse[ident.CallID](p.R.PathValue("call"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "case.unknown")
	}
	of, err := a.CaseOf(p.Context(), id)
	if err != nil {
		return err
	}
	if _, err := a.Case(p.Context(), p.Actor, of); err != nil {
		return err
	}
	return p.Redirect(Path(of))
}
