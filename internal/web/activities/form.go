package activities

import (
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type formView struct {
	Head     ui.HeadView
	Form     ui.FormView
	Kind     ui.Field
	Case     ui.Field
	Task     ui.Field
	Place    ui.Field
	Cameras  ui.Field
	Officers ui.Field
	Matters  ui.Field
	Unfold   bool // the list of matters, where one is chosen or wrong
}

func (a area) form(p *site.Page) error { return a.formPage(p, refusal.Fault{}) }

func (a area) formPage(p *site.Page, bad refusal.Fault) error {
	pr := p.P
	if err := a.Activities.MayOpen(p.Context(), p.Actor); err != nil {
		return err
	}
	held, err := a.Held(p.Context(), p.Actor)
	if err != nil {
		return err
	}
	mates, err := a.Colleagues(p.Context(), p.Actor)
	if err != nil {
		return err
	}
	ed, err := a.Activities.Edition(p.Context(), p.Now)
	if err != nil {
		return err
	}
	first := p.Value("again") == ""
	v := formView{
		Head: ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("activity.title"), Href: Path}}, Title: pr.T("activity.new"), Sub: pr.T("activity.new_sub")},
		Form: ui.FormView{
			Action: Path, Label: pr.T("activity.new"), Buttons: []ui.Action{{Text: pr.T("activity.arrive_now"), Icon: "map-pin", Primary: true, Large: true}},
			// The id is drawn with the form: whoever presses twice, or sends again after a line broke, declares it once.
			Hidden: []ui.Hidden{{Name: "id", Value: string(ident.New[ident.ActivityID]())}, {Name: "arrived", Value: string(ident.New[ident.OccurrenceID]())}, {Name: "again", Value: "1"}},
		},
		Place:    bad.Mark(ui.Field{Name: "place", Label: pr.T("activity.place"), Value: p.Value("place"), Max: 200}),
		Case:     bad.Mark(ui.Field{Name: "case", Label: pr.T("activity.case"), Hint: pr.T("activity.case_hint"), Value: p.Value("case"), Max: 100, Optional: true}),
		Task:     bad.Mark(ui.Field{Name: "task", Label: pr.T("activity.task"), Hint: pr.T("activity.task_hint"), Value: p.Value("task"), Max: 200, Optional: true}),
		Cameras:  ui.Field{Name: "cameras", Label: pr.T("activity.cameras"), Hint: pr.T("activity.cameras_hint")},
		Officers: ui.Field{Name: "officers", Label: pr.T("activity.with"), Optional: true, Inline: true},
		Matters:  bad.Mark(ui.Field{Name: "matters", Label: pr.T("activity.matters"), Hint: pr.T("activity.matters_hint")}),
		Kind:     ui.Field{Name: "kind", Label: pr.T("activity.kind"), Inline: true},
	}
	for i, k := range activity.Kinds() {
		v.Kind.Options = append(v.Kind.Options, ui.Option{Value: string(k), Text: pr.T("activity.kind." + string(k)), On: p.Value("kind") == string(k) || p.Value("kind") == "" && i == 0})
	}
	for _, c := range held { // what somebody has in hand is what they film with, until they say otherwise
		v.Cameras.Options = append(v.Cameras.Options, ui.Option{Value: string(c.Device), Text: record.Harmless(c.Name), On: first || slices.Contains(p.Values("cameras"), string(c.Device))})
	}
	for _, m := range mates {
		v.Officers.Options = append(v.Officers.Options, ui.Option{Value: string(m.Person), Text: m.Name, On: slices.Contains(p.Values("officers"), string(m.Person))})
	}
	for _, m := range ed.Catalogue.Matters {
		if m.EnabledByDefault || m.Requirement == string(activity.Uninterrupted) {
			v.Matters.Options = append(v.Matters.Options, ui.Option{Value: m.ID, Text: m.ZH + "（" + pr.T("activity.demand."+m.Requirement) + "）", On: slices.Contains(p.Values("matters"), m.ID)})
		}
	}
	v.Unfold = len(p.Values("matters")) > 0 || v.Matters.Error != ""
	v.Form.Errors = bad.Errors(v.Place, v.Case, v.Task, v.Matters)
	if bad.What != "" {
		return p.Refused(v.Head.Title, formPage(pr, v))
	}
	return p.Render(v.Head.Title, formPage(pr, v))
}

// open declares the activity and says that its officers have arrived, which is now.
func (a area) open(p *site.Page) error {
	n := activity.Opening{
		ID: ident.ActivityID(p.Value("id")), Kind: activity.Kind(p.Value("kind")), Task: p.Value("task"), Place: p.Value("place"), Matters: p.Values("matters"), At: p.Now,
	}
	for _, id := range p.Values("officers") {
		n.Officers = append(n.Officers, ident.PersonID(id))
	}
	for _, id := range p.Values("cameras") {
		n.Cameras = append(n.Cameras, activity.Member{Device: ident.DeviceID(id), Person: p.Actor.Person})
	}
	var err error
	if no := p.Value("case"); no != "" {
		if n.Case, err = a.CaseByNumber(p.Context(), p.Actor, no); fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
			err = fault.New(fault.Invalid, "persons.case_unknown").At("case") // who may not know of it learns nothing of it
		}
	}
	var opened *activity.Activity
	if err == nil {
		opened, err = a.Activities.Open(p.Context(), p.Actor, n)
	}
	if fault.HasCode(err, "activity.other_contents") { // pressed twice: it is declared
		return p.Redirect(PathOf(n.ID))
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.formPage(p, bad)
	}
	if err != nil {
		return err
	}
	if opened.Kind == activity.Scene && p.Actor.Has(access.Officer) {
		_, err = a.Activities.Tell(p.Context(), p.Actor, activity.Occurrence{ID: ident.OccurrenceID(p.Value("arrived")), Activity: opened.ID, What: activity.Arrived, At: opened.OpenedAt})
		if err != nil {
			return err
		}
	}
	return p.Redirect(PathOf(opened.ID))
}
