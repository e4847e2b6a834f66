package discs

import (
	"slices"

	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type makeView struct {
	Head    ui.HeadView
	Note    *ui.NoteView
	Grants  []grantView // to choose from; none once one is chosen
	Empty   *ui.EmptyView
	Form    *ui.FormView
	Pick    ui.Field
	Fields  []ui.Field
	Granted string
}

type grantView struct{ Title, Second, Href string }

// grants are the reader's requests to copy that hold now and name recordings.
func (a area) grants(p *site.Page) ([]viewing.Request, error) {
	all, err := a.Viewings.Grants(p.Context(), p.Actor)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r viewing.Request) bool { return r.Manner != viewing.MannerCopy || len(r.Items) == 0 }), nil
}

// form is the wizard: first the request on which the disc is made, then its recordings and the written note.
func (a area) form(p *site.Page) error { return a.formPage(p, nil) }

func (a area) formPage(p *site.Page, bad error) error {
	pr := p.P
	grants, err := a.grants(p)
	if err != nil {
		return err
	}
	v := makeView{Head: ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("disc.register"), Href: Path}}, Title: pr.T("disc.new"), Sub: pr.T("disc.new_sub")}}
	var chosen *viewing.Request
	for i := range grants {
		if string(grants[i].ID) == p.Value("request") {
			chosen = &grants[i]
		}
	}
	if chosen == nil && len(grants) == 1 && p.Value("request") == "" {
		chosen = &grants[0]
	}
	if chosen == nil {
		for _, g := range grants {
			v.Grants = append(v.Grants, grantView{
				Title: pr.T("disc.grant", g.No, len(g.Items)), Second: pr.T("disc.grant_until", g.Words, pr.When(g.Until, p.Now)), Href: Path + "/new?request=" + string(g.ID),
			})
		}
		if len(grants) == 0 {
			v.Empty = &ui.EmptyView{Icon: "lock", Title: pr.T("disc.no_grant"), Text: pr.T("disc.no_grant_text"), Actions: []ui.Action{{Text: pr.T("disc.to_library"), Href: "/recordings", Primary: true}}}
		}
		return p.Render(v.Head.Title, makePage(pr, v))
	}
	var wrong refusal.Fault
	if bad != nil {
		var ok bool
		if wrong, ok = refusal.Of(pr, bad); !ok {
			return bad
		}
		t := pr.Fault(bad)
		v.Note = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: t.What, Text: t.Kept + pr.T("cli.join") + t.Do}
	}
	v.Granted = pr.T("disc.granted", chosen.No, pr.When(chosen.Until, p.Now))
	picked := p.Values("rec")
	v.Pick = ui.Field{Name: "rec", Label: pr.T("disc.pick")}
	for _, i := range chosen.Items {
		rec, err := a.Recordings.Brief(p.Context(), i.Recording)
		if err != nil {
			return err
		}
		v.Pick.Options = append(v.Pick.Options, ui.Option{Value: string(rec.ID), Text: record.Harmless(rec.Name) + pr.T("disc.pick_size", pr.Size(rec.Size)), On: len(picked) == 0 || slices.Contains(picked, string(rec.ID))})
	}
	fields, lacking := []ui.Field{}, []string{}
	for _, f := range disc.NoteFields() {
		x := ui.Field{Name: f.Name, Label: pr.T("disc.note." + f.Name), Value: p.Value(f.Name), Optional: !f.Required, Max: 200, Type: "text"}
		if f.Long {
			x.Max, x.Type = 100_000, "long"
		}
		if pr.Has("disc.note_hint." + f.Name) {
			x.Hint = pr.T("disc.note_hint." + f.Name)
		}
		if bad != nil {
			x = wrong.Mark(x)
		}
		if wrong.Code == "disc.note_missing" && f.Required && x.Value == "" {
			x.Error = pr.T("disc.note_required")
			lacking = append(lacking, x.Label)
		}
		fields = append(fields, x)
	}
	v.Fields = fields
	if len(lacking) > 0 { // by the names that the form gives them
		v.Note.Bold = pr.T("fault.disc.note_missing.what", listing.Join(pr, lacking))
	}
	v.Form = &ui.FormView{
		Action: Path + "/new", Label: pr.T("disc.new"), Hidden: []ui.Hidden{{Name: "request", Value: string(chosen.ID)}}, Errors: ui.Errors(fields...),
		Buttons: []ui.Action{{Text: pr.T("disc.start"), Icon: "disc", Primary: true}},
	}
	if bad != nil {
		return p.Refused(v.Head.Title, makePage(pr, v))
	}
	return p.Render(v.Head.Title, makePage(pr, v))
}

// start gives the disc its number; a job makes it.
func (a area) start(p *site.Page) error {
	grants, err := a.grants(p)
	if err != nil {
		return err
	}
	o := disc.Order{}
	for _, g := range grants {
		if string(g.ID) == p.Value("request") {
			o.Request = g.No
		}
	}
	for _, s := range p.Values("rec") {
		id, err := ident.Parse[ident.RecordingID](s)
		if err != nil {
			return fault.Wrap(err, fault.NotFound, "recording.unknown")
		}
		o.Recordings = append(o.Recordings, id)
	}
	for _, f := range disc.NoteFields() {
		*o.Note.Field(f.Name) = p.Value(f.Name)
	}
	if o.Request != 0 && len(o.Recordings) == 0 {
		return a.formPage(p, fault.New(fault.Invalid, "disc.empty").At("rec"))
	}
	d, err := a.Discs.Start(p.Context(), p.Actor, o)
	if err == nil {
		return p.Redirect(PathOf(d.ID))
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Exhausted) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.TooLarge) {
		return a.formPage(p, err)
	}
	return err
}
