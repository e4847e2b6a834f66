package record

import (
	"net/url"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// inputKind is what a field of a form looks like.
type inputKind uint8

const (
	lineInput inputKind = iota
	areaInput
	selectInput
	radioInput
)

type input struct {
	Kind  inputKind
	Field ui.Field
}

// formView is a form on the page.
type formView struct {
	ID, Title, Text string
	Form            ui.FormView
	Inputs          []input
}

// attempt is a form that was refused: which one, what was typed, and why.
type attempt struct {
	form   string
	values url.Values
	fault  *locale.FaultText
}

// field makes a field of a form with what was typed into it and what is wrong with it.
func (at attempt) field(form, name string, f ui.Field) ui.Field {
	f.ID, f.Name = form+"-"+name, name
	if at.form != form {
		return f
	}
	f.Value = at.values.Get(name)
	for i := range f.Options {
		f.Options[i].On = f.Options[i].Value == f.Value
	}
	if at.fault != nil && at.fault.Field == name {
		f.Error = at.fault.What
	}
	return f
}

// finish gathers the errors; one that belongs to no field stands at the first.
func (f *formView) finish(at attempt) {
	if at.form != f.ID || at.fault == nil {
		return
	}
	fields := make([]ui.Field, len(f.Inputs))
	for i := range f.Inputs {
		fields[i] = f.Inputs[i].Field
	}
	if f.Form.Errors = ui.Errors(fields...); len(f.Form.Errors) == 0 {
		f.Inputs[0].Field.Error = at.fault.What
		f.Form.Errors = ui.Errors(f.Inputs[0].Field)
	}
}

// wanted reports whether a form stands open: it is needed, asked for in the address, or was refused just now.
func wanted(p *site.Page, at attempt, form string, needed bool) bool {
	return needed || at.form == form || p.Value("do") == form
}

// needed says which forms a recording waits for: why it is late or what would let it be judged, and whose it is.
func needed(d recording.Detail) (reason, owner bool) {
	_, noted := newest(d.Notes, recording.NoteReturn)
	_, placed := newest(d.Notes, recording.NoteDesignated)
	reason = (d.Verdict == storage.Late || d.Verdict == storage.CannotJudge && d.Kind != recording.Pending) && !noted && !placed
	return reason, d.Officer == "" || d.Device == ""
}

// forms are what this reader may write about this recording.
func (a area) forms(p *site.Page, d recording.Detail, at attempt) ([]formView, error) {
	var out []formView
	reason, owner := needed(d)
	if p.May(access.RecordingReturnNote, subject(d)) && (wanted(p, at, "return", reason) || wanted(p, at, "designate", false)) {
		settings, err := regulation.InForce(p.Context(), a.Settings)
		if err != nil {
			return nil, err
		}
		out = append(out, returnForm(p.P, d, at, settings), designateForm(p.P, d, at, settings))
	}
	if p.May(access.RecordingAssign, subject(d)) && wanted(p, at, "assign", owner) {
		devices, people, err := Choices(p, a.Devices, a.People)
		if err != nil {
			return nil, err
		}
		out = append(out, assignForm(p.P, d, at, devices, people))
	}
	for i := range out {
		out[i].finish(at)
	}
	return out, nil
}

func returnForm(p locale.Printer, d recording.Detail, at attempt, set regulation.Settings) formView {
	const id = "return"
	f := formView{ID: id, Title: p.T("recording.return.title"), Text: p.T("recording.return.text")}
	f.Form = ui.FormView{Action: Path(d.ID) + "/return", Label: f.Title, Buttons: []ui.Action{{Text: p.T("recording.return.do"), Primary: true}}}
	reasons := make([]ui.Option, len(set.LateReasons))
	for i, r := range set.LateReasons {
		reasons[i] = ui.Option{Value: r, Text: Reason(p, r)}
	}
	f.Inputs = []input{
		{lineInput, at.field(id, "returned_at", ui.Field{Label: p.T("recording.return.at"), Hint: p.T("recording.return.at_hint"), Type: "datetime-local"})},
		{radioInput, at.field(id, "reason", ui.Field{Label: p.T("recording.return.reason"), Options: reasons, Inline: true})},
		{areaInput, at.field(id, "words", ui.Field{Label: p.T("recording.return.words"), Hint: p.T("recording.return.words_hint"), Optional: true, Max: 500})},
	}
	return f
}

func designateForm(p locale.Printer, d recording.Detail, at attempt, set regulation.Settings) formView {
	const id = "designate"
	f := formView{ID: id, Title: p.T("recording.designate.title"), Text: p.T("recording.designate.text")}
	f.Form = ui.FormView{Action: Path(d.ID) + "/designate", Label: f.Title, Buttons: []ui.Action{{Text: p.T("recording.designate.do")}}}
	where := input{lineInput, ui.Field{Label: p.T("recording.designate.where"), Max: 200}}
	if len(set.DesignatedStores) > 0 {
		where.Kind = selectInput
		for _, s := range set.DesignatedStores {
			where.Field.Options = append(where.Field.Options, ui.Option{Value: s, Text: s})
		}
	}
	where.Field = at.field(id, "where", where.Field)
	f.Inputs = []input{
		where,
		{lineInput, at.field(id, "stored_at", ui.Field{Label: p.T("recording.designate.at"), Hint: p.T("recording.return.at_hint"), Type: "datetime-local"})},
		{areaInput, at.field(id, "words", ui.Field{Label: p.T("recording.designate.words"), Optional: true, Max: 500})},
	}
	return f
}

func assignForm(p locale.Printer, d recording.Detail, at attempt, devices, people []ui.Option) formView {
	const id = "assign"
	f := formView{ID: id, Title: p.T("recording.assign.title"), Text: p.T("recording.assign.text")}
	f.Form = ui.FormView{Action: Path(d.ID) + "/assign", Label: f.Title, Buttons: []ui.Action{{Text: p.T("recording.assign.do")}}}
	unchanged := ui.Option{Text: p.T("recording.assign.unchanged"), On: true}
	f.Inputs = []input{
		{selectInput, at.field(id, "device", ui.Field{Label: p.T("recording.assign.device"), Options: append([]ui.Option{unchanged}, devices...)})},
		{selectInput, at.field(id, "officer", ui.Field{Label: p.T("recording.assign.officer"), Hint: p.T("recording.assign.officer_hint"), Options: append([]ui.Option{unchanged}, people...)})},
		{areaInput, at.field(id, "words", ui.Field{Label: p.T("recording.assign.words"), Max: 500})},
	}
	return f
}

// Choices offers the cameras and people that this reader may name, by label and name.
func Choices(p *site.Page, d Devices, who People) (devices, people []ui.Option, err error) {
	items, err := d.List(p.Context(), p.Actor, device.Filter{Limit: org.MaxPage})
	if err != nil {
		return nil, nil, err
	}
	for _, i := range items.Items {
		devices = append(devices, ui.Option{Value: string(i.ID), Text: i.Label})
	}
	list, err := who.People(p.Context(), p.Actor, org.PeopleFilter{Limit: org.MaxPage})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range list.Items {
		people = append(people, ui.Option{Value: string(o.ID), Text: o.Name})
	}
	return devices, people, nil
}

func (a area) addReturn(p *site.Page) error {
	return a.annotate(p, "return", func(id ident.RecordingID) error {
		at, err := p.Moment("returned_at")
		if err != nil {
			return err
		}
		return a.Recordings.AddReturn(p.Context(), p.Actor, id, recording.ReturnNote{ReturnedAt: at, Reason: p.Value("reason"), Words: p.Value("words")})
	})
}

func (a area) designate(p *site.Page) error {
	return a.annotate(p, "designate", func(id ident.RecordingID) error {
		at, err := p.Moment("stored_at")
		if err != nil {
			return err
		}
		return a.Recordings.Designate(p.Context(), p.Actor, id, recording.Designation{Where: p.Value("where"), StoredAt: at, Words: p.Value("words")})
	})
}

func (a area) assign(p *site.Page) error {
	return a.annotate(p, "assign", func(id ident.RecordingID) error {
		as, err := Assignment(p)
		if err != nil {
			return err
		}
		return a.Recordings.Assign(p.Context(), p.Actor, id, as)
	})
}

// Assignment reads who and which camera a form names.
func Assignment(p *site.Page) (recording.Assignment, error) {
	out := recording.Assignment{Words: p.Value("words")}
	var err error
	if v := p.Value("device"); v != "" {
		if out.Device, err = ident.Parse[ident.DeviceID](v); err != nil {
			return out, fault.Wrap(err, fault.Invalid, "device.unknown").At("device")
		}
	}
	if v := p.Value("officer"); v != "" {
		if out.Officer, err = ident.Parse[ident.PersonID](v); err != nil {
			return out, fault.Wrap(err, fault.Invalid, "org.person").At("officer")
		}
	}
	return out, nil
}

// annotate carries out what a form asks and leads back to the recording, or shows the page again with what is wrong.
func (a area) annotate(p *site.Page, form string, do func(ident.RecordingID) error) error {
	d, err := a.detail(p)
	if err != nil {
		return err
	}
	err = do(d.ID)
	if err == nil {
		return p.Redirect(Path(d.ID) + "#notes")
	}
	if k := fault.KindOf(err); !slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound}, k) {
		return err
	}
	t := p.P.Fault(err)
	return a.page(p, d, attempt{form: form, values: p.R.PostForm, fault: &t})
}
