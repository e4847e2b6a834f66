// Package marks is the pages about what a recording holds that the law protects more than the rest (第二十条第三款): which marks
// stand, who put them and why, putting and lifting one, and, of what is said to hold a state secret, every place its bytes
// have been.
package marks

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Marks keeps marks; *marking.Service is one.
type Marks interface {
	Of(ctx context.Context, actor access.Actor, rec ident.RecordingID) ([]marking.Marking, error)
	MayPut(ctx context.Context, actor access.Actor, rec ident.RecordingID) (bool, error)
	Put(ctx context.Context, actor access.Actor, rec ident.RecordingID, mark marking.Mark, reason string) (*marking.Marking, error)
	Lift(ctx context.Context, actor access.Actor, id ident.MarkingID, reason, basis string) error
	Instructions(ctx context.Context, actor access.Actor, rec ident.RecordingID) ([]marking.Instruction, error)
	Instruct(ctx context.Context, actor access.Actor, id ident.MarkingID, in marking.Instruction) (*marking.Instruction, error)
	Execute(ctx context.Context, actor access.Actor, id ident.InstructionID, places []marking.Place, done time.Time, how string) (*marking.Execution, error)
	Witness(ctx context.Context, actor access.Actor, id ident.ExecutionID, words string) error
	MayWitness(ctx context.Context, actor access.Actor, rec ident.RecordingID, e *marking.Execution) bool
}

// Recordings names recordings; *recording.Service is one.
type Recordings interface {
	Brief(ctx context.Context, id ident.RecordingID) (recording.Recording, error)
}

// Deps is what the area needs. Traces gives the entries that tell where bytes of a recording have been; ActorName names who acted.
type Deps struct {
	Marks      Marks
	Recordings Recordings
	Traces     func(ctx context.Context, rec ident.RecordingID) ([]custody.Record, error)
	ActorName  func(ctx context.Context, a custody.Actor) string
}

// Area is the pages and the part that stands on the page of a recording.
type Area struct{ d Deps }

// New makes the area.
func New(d Deps) Area { return Area{d} }

// Routes are the pages of this area. Of each recording the service asks whether this reader may.
func (a Area) Routes() []site.Route {
	return []site.Route{
		{Method: http.MethodGet, Path: "/recordings/{id}/marks", Action: access.RecordingView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: "/recordings/{id}/marks", Action: access.MarkingPut, Object: true, Handle: a.put},
		{Method: http.MethodPost, Path: "/recordings/{id}/marks/{mark}/lift", Action: access.MarkingLift, Object: true, Handle: a.lift},
		{Method: http.MethodPost, Path: "/recordings/{id}/marks/{mark}/instructions", Action: access.MarkingInstruct, Object: true, Handle: a.instruct},
		{Method: http.MethodPost, Path: "/recordings/{id}/instructions/{instruction}/executions", Action: access.MarkingExecute, Object: true, Handle: a.execute},
		{Method: http.MethodPost, Path: "/recordings/{id}/executions/{execution}/witness", Action: access.MarkingWitness, Object: true, Handle: a.witness},
	}
}

func address(id ident.RecordingID) string { return record.Path(id) + "/marks" }

// markView is one mark as it is told.
type markView struct {
	Name, Icon string
	Tone       ui.Tone
	Words      string
	Facts      []string
	Lift       *ui.Action
}

type pageView struct {
	Head   ui.HeadView
	Frozen bool
	Marks  []markView
	Put    *formView
	Lift   *formView
	Secret *secretView // nil where no mark for a state secret was ever put
	Traces []traceView
}

// open says which form stands open: the one over a mark to lift, over a mark to record an instruction at, over an instruction to record
// what was done, over what was done to witness it.
type open struct{ lift, instruct, execute, witness string }

type formView struct {
	Form   ui.FormView
	Title  string
	Note   string
	Kind   *ui.Field
	Words  ui.Field
	Basis  *ui.Field
	FormID string
}

func tone(m marking.Mark) (ui.Tone, string) {
	if m == marking.StateSecret {
		return ui.Late, "lock"
	}
	return ui.Due, "shield-lock"
}

func one(p *site.Page, m marking.Marking) markView {
	pr := p.P
	t, icon := tone(m.Mark)
	v := markView{Name: name(pr, m.Mark), Icon: icon, Tone: t, Words: record.Harmless(m.Words), Facts: []string{pr.T("marking.put_by", m.PutName, pr.When(m.PutAt, p.Now))}}
	if !m.Stands() {
		v.Tone, v.Icon = ui.None, "check"
		v.Facts = append(v.Facts, pr.T("marking.lifted_by", m.LiftedName, pr.When(m.LiftedAt, p.Now)), record.Harmless(m.LiftedWords))
		if m.Basis != "" {
			v.Facts = append(v.Facts, record.Harmless(m.Basis))
		}
	}
	return v
}

func name(p locale.Printer, m marking.Mark) string { return record.Word(p, "marking.mark", string(m)) }

// Sheet is the part of a recording's page about its marks.
func (a Area) Sheet(p *site.Page, r recording.Recording) (templ.Component, error) {
	all, err := a.d.Marks.Of(p.Context(), p.Actor, r.ID)
	if err != nil {
		return nil, err
	}
	var stand []markView
	for _, m := range all {
		if m.Stands() {
			stand = append(stand, one(p, m))
		}
	}
	may, err := a.d.Marks.MayPut(p.Context(), p.Actor, r.ID)
	if err != nil {
		return nil, err
	}
	if len(stand) == 0 && !may {
		return templ.NopComponent, nil
	}
	return sheet(p.P, stand, ui.Action{Text: p.P.T("marking.manage"), Href: address(r.ID), Icon: "shield-lock"}), nil
}

func subject(r recording.Recording) access.Subject {
	return access.Subject{Kind: "recording", ID: string(r.ID), Department: r.Department, Officer: r.Officer}
}

func (a Area) recording(p *site.Page) (recording.Recording, error) {
	id, err := ident.Parse[ident.RecordingID](p.R.PathValue("id"))
	if err != nil {
		return recording.Recording{}, fault.Wrap(err, fault.NotFound, "recording.unknown")
	}
	return a.d.Recordings.Brief(p.Context(), id)
}

func (a Area) show(p *site.Page) error {
	r, err := a.recording(p)
	if err != nil {
		return err
	}
	return a.page(p, r, refusal.Fault{}, open{p.Value("lift"), p.Value("instruct"), p.Value("execute"), p.Value("witness")})
}

// page shows the marks; bad is what was wrong with the form that stands open.
func (a Area) page(p *site.Page, r recording.Recording, bad refusal.Fault, at open) error {
	all, err := a.d.Marks.Of(p.Context(), p.Actor, r.ID) // says whether the reader may know of it
	if err != nil {
		return err
	}
	pr := p.P
	v := pageView{Head: ui.HeadView{
		Crumbs: []ui.Link{{Text: pr.T("library.title"), Href: "/recordings"}, {Text: record.Start(pr, r, p.Now), Href: record.Path(r.ID)}},
		Title:  pr.T("marking.title"), Sub: pr.T("marking.sub"),
	}}
	mayLift := p.May(access.MarkingLift, subject(r))
	stands := marking.Set{}
	for _, m := range all {
		x := one(p, m)
		if m.Stands() {
			stands[m.Mark] = true
			if mayLift && string(m.ID) != at.lift {
				x.Lift = &ui.Action{Text: pr.T("marking.lift"), Href: address(r.ID) + "?lift=" + string(m.ID)}
			}
			if mayLift && string(m.ID) == at.lift {
				v.Lift = liftForm(p, r, m, bad)
			}
		}
		v.Marks = append(v.Marks, x)
	}
	v.Frozen = stands.Frozen()
	if err := a.secret(p, r, all, &v, bad, at); err != nil {
		return err
	}
	may, err := a.d.Marks.MayPut(p.Context(), p.Actor, r.ID)
	if err != nil {
		return err
	}
	if may && v.Lift == nil && (v.Secret == nil || v.Secret.Form == nil) {
		v.Put = putForm(p, r, stands, bad)
	}
	if bad.What != "" {
		return p.Refused(v.Head.Title, page(pr, v))
	}
	return p.Render(v.Head.Title, page(pr, v))
}

func putForm(p *site.Page, r recording.Recording, stands marking.Set, bad refusal.Fault) *formView {
	pr := p.P
	options := []ui.Option{}
	for _, m := range marking.Marks() {
		if !stands[m] {
			options = append(options, ui.Option{Value: string(m), Text: pr.T("marking.option", name(pr, m), pr.T("marking.hint."+string(m))), On: p.Value("mark") == string(m)})
		}
	}
	kind := bad.Mark(ui.Field{Name: "mark", Label: pr.T("marking.kind"), Options: options})
	f := &formView{
		FormID: "put", Title: pr.T("marking.put"), Note: pr.T("marking.put_note"), Kind: &kind,
		Words: bad.Mark(ui.Field{Name: "words", Label: pr.T("marking.why"), Hint: pr.T("marking.why_hint"), Value: p.Value("words"), Max: 500, Rows: 3}),
		Form:  ui.FormView{Action: address(r.ID), Label: pr.T("marking.put"), Buttons: []ui.Action{{Text: pr.T("marking.put"), Icon: "shield-lock", Primary: true}}},
	}
	f.Form.Errors = bad.Errors(kind, f.Words)
	return f
}

func liftForm(p *site.Page, r recording.Recording, m marking.Marking, bad refusal.Fault) *formView {
	pr := p.P
	f := &formView{
		FormID: "lift", Title: pr.T("marking.lift_of", name(pr, m.Mark)), Note: pr.T("marking.lift_note"),
		Words: bad.Mark(ui.Field{Name: "words", Label: pr.T("marking.lift_why"), Value: p.Value("words"), Max: 500, Rows: 3}),
		Form: ui.FormView{
			Action: address(r.ID) + "/" + string(m.ID) + "/lift", Label: pr.T("marking.lift"),
			Buttons: []ui.Action{{Text: pr.T("marking.lift"), Danger: true}, {Text: pr.T("form.cancel"), Href: address(r.ID)}},
		},
	}
	fields := []ui.Field{f.Words}
	if m.Mark == marking.StateSecret {
		basis := bad.Mark(ui.Field{Name: "basis", Label: pr.T("marking.basis"), Hint: pr.T("marking.basis_hint"), Value: p.Value("basis"), Max: 500})
		f.Basis = &basis
		fields = append(fields, basis)
	}
	f.Form.Errors = bad.Errors(fields...)
	return f
}

func (a Area) put(p *site.Page) error {
	return a.act(p, open{}, func(r recording.Recording) error {
		_, err := a.d.Marks.Put(p.Context(), p.Actor, r.ID, marking.Mark(p.Value("mark")), p.Value("words"))
		return err
	})
}

func (a Area) lift(p *site.Page) error {
	id, err := site.PathID[ident.MarkingID](p, "mark", "marking.unknown")
	if err != nil {
		return err
	}
	return a.act(p, open{lift: string(id)}, func(recording.Recording) error {
		return a.d.Marks.Lift(p.Context(), p.Actor, id, p.Value("words"), p.Value("basis"))
	})
}

// act carries out what a form asks and leads back to the marks, or shows them again with what is wrong.
func (a Area) act(p *site.Page, at open, do func(recording.Recording) error) error {
	r, err := a.recording(p)
	if err != nil {
		return err
	}
	err = do(r)
	if err == nil {
		return p.Redirect(address(r.ID))
	}
	bad, ok := refusal.Of(p.P, err)
	if !ok {
		return err
	}
	return a.page(p, r, bad, at)
}
