package activities

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// tell takes one thing that is told. Its id is drawn with the form, so that pressing twice says it once.
func (a area) tell(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	o := activity.Occurrence{
		ID: ident.OccurrenceID(p.Value("id")), Activity: id, What: activity.What(p.Value("what")), At: p.Now, About: ident.OccurrenceID(p.Value("about")),
		Said: activity.Said{
			Cause: activity.Cause(p.Value("cause")), Words: p.Value("words"), To: ident.PersonID(p.Value("to")), How: p.Value("how"), Ground: activity.Restriction(p.Value("ground")),
			Violence: p.Value("violence") == "yes", Field: activity.Field(p.Value("field")), Place: p.Value("place"),
		},
	}
	if o.What == activity.Spoken {
		o.Said.Recording, o.Said.Position = ident.RecordingID(p.Value("recording")), position(p.Value("moment"))
	}
	if p.Value("at") != "" {
		if o.At, err = p.Moment("at"); err != nil {
			return a.refused(p, err)
		}
	}
	for name, to := range map[string]**time.Time{"until": &o.Said.Until, "time": &o.Said.Time} {
		if p.Value(name) == "" {
			continue
		}
		t, err := p.Moment(name)
		if err != nil {
			return a.refused(p, err)
		}
		*to = &t
	}
	if _, err = a.Activities.Tell(p.Context(), p.Actor, o); err != nil {
		return a.refused(p, err)
	}
	return p.Redirect(PathOf(id))
}

func (a area) refused(p *site.Page, err error) error {
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad)
	}
	return err
}

// telling puts what can be told now on the page: on the scene the big buttons, else the forms.
func (a area) telling(p *site.Page, act *activity.Activity, st *activity.State, pieces []coverage.Piece, v *showView, bad refusal.Fault) error {
	pr := p.P
	may := func(x access.Action) bool { return a.Activities.May(p.Actor, x, act, st) }
	base := func(what activity.What, about ident.OccurrenceID, primary bool) ui.FormView {
		f := ui.FormView{
			Action: PathOf(act.ID), Label: pr.T("activity.do." + string(what)), Buttons: []ui.Action{{Text: pr.T("activity.do." + string(what)), Icon: iconOf(what), Primary: primary, Large: primary}},
			Hidden: []ui.Hidden{{Name: "id", Value: string(ident.New[ident.OccurrenceID]())}, {Name: "what", Value: string(what)}},
		}
		if about != "" {
			f.Hidden = append(f.Hidden, ui.Hidden{Name: "about", Value: string(about)})
		}
		return f
	}
	wrong := func(what activity.What, about ident.OccurrenceID) bool {
		return bad.What != "" && p.Value("what") == string(what) && p.Value("about") == string(about)
	}
	area := func(name string, w bool) ui.Field {
		f := ui.Field{ID: name + "-" + string(ident.New[ident.OccurrenceID]()), Name: name, Label: pr.T("activity.words"), Max: 1000}
		if w {
			f.Value = p.Value(name)
			f = bad.Mark(f)
		}
		return f
	}
	if may(access.ActivityAnswer) {
		for _, n := range st.Interruptions {
			if n.ToPerson == p.Actor.Person && n.ReceivedAt.IsZero() {
				v.Big = append(v.Big, base(activity.Received, n.ReportID, true))
			}
		}
	}
	if !may(access.ActivityTell) {
		return nil
	}
	running := ident.OccurrenceID("")
	for _, n := range st.Interruptions {
		if n.End.IsZero() {
			running = n.ID
		}
	}
	switch {
	case !st.Arrived.Known():
		v.Big = append(v.Big, base(activity.Arrived, "", true))
	case running != "" && st.Open():
		v.Big = append(v.Big, base(activity.Resumed, running, true), base(activity.Departed, "", false))
	case st.Open():
		v.Big = append(v.Big, base(activity.Departed, "", true))
	}
	stop := tellView{ID: "stopped", Title: pr.T("activity.do.stopped"), Note: pr.T("activity.stop_note"), Form: base(activity.Stopped, "", false), Open: wrong(activity.Stopped, "")}
	stop.Radio = []ui.Field{causes(pr, p.Value("cause"))}
	stop.Inputs = []ui.Field{moment(pr, "at", "activity.stop_from", "stop-at"), moment(pr, "until", "activity.stop_until", "stop-until")}
	stop.Areas = []ui.Field{area("words", stop.Open)}
	v.Telling = append(v.Telling, stop)
	list, err := a.Addressees(p.Context(), act.Department)
	if err != nil {
		return err
	}
	who, err := a.Names(p.Context(), list)
	if err != nil {
		return err
	}
	for _, n := range st.Interruptions {
		at := pr.ClockSec(n.Start)
		if n.ReportedAt.IsZero() {
			r := tellView{ID: "report-" + string(n.ID), Title: pr.T("activity.report_of", at), Note: pr.T("activity.report_note"), Form: base(activity.Reported, n.ID, false), Open: wrong(activity.Reported, n.ID)}
			to := ui.Field{ID: "to-" + string(n.ID), Name: "to", Label: pr.T("activity.report_to")}
			for _, id := range list {
				if id != p.Actor.Person {
					to.Options = append(to.Options, ui.Option{Value: string(id), Text: who[id]})
				}
			}
			how := ui.Field{ID: "how-" + string(n.ID), Name: "how", Label: pr.T("activity.how"), Inline: true}
			for i, h := range []string{"system", "phone", "in_person"} {
				how.Options = append(how.Options, ui.Option{Value: h, Text: pr.T("activity.how." + h), On: i == 0})
			}
			r.Radio = []ui.Field{to, how}
			v.Telling = append(v.Telling, r)
		}
		if n.SpokenAt.IsZero() && len(pieces) > 0 {
			w := spoken(p, pieces, base(activity.Spoken, n.ID, false), n.ID)
			w.Title, w.Open = pr.T("activity.spoken_of", at), wrong(activity.Spoken, n.ID)
			if w.Open {
				w.Inputs[0] = bad.Mark(w.Inputs[0])
			}
			v.Telling = append(v.Telling, w)
		}
		if n.WrittenAt.IsZero() && !n.ReportedAt.IsZero() {
			w := tellView{ID: "write-" + string(n.ID), Title: pr.T("activity.write_of", at), Form: base(activity.Written, n.ID, false), Open: wrong(activity.Written, n.ID)}
			w.Areas = []ui.Field{area("words", w.Open)}
			v.Telling = append(v.Telling, w)
		}
	}
	v.Telling = append(v.Telling, a.restrictions(pr, p, base, area, wrong)...)
	return nil
}

// spoken is the form that says where in which recording the cause of a stop is said (第十七条): somebody listened, no machine did.
func spoken(p *site.Page, pieces []coverage.Piece, f ui.FormView, id ident.OccurrenceID) tellView {
	pr := p.P
	rec := ui.Field{ID: "recording-" + string(id), Name: "recording", Label: pr.T("activity.recording")}
	for i := range pieces {
		x := &pieces[i]
		if slices.ContainsFunc(rec.Options, func(o ui.Option) bool { return o.Value == string(x.Recording) }) {
			continue
		}
		text := record.Harmless(x.Name)
		if !x.Start.IsZero() {
			text += " " + pr.ClockSec(x.Start.From)
		}
		rec.Options = append(rec.Options, ui.Option{Value: string(x.Recording), Text: text, On: p.Value("recording") == string(x.Recording)})
	}
	at := ui.Field{ID: "moment-" + string(id), Name: "moment", Label: pr.T("activity.moment"), Hint: pr.T("activity.moment_hint"), Value: p.Value("moment"), Max: 12}
	return tellView{ID: "spoken-" + string(id), Note: pr.T("activity.spoken_note"), Form: f, Radio: []ui.Field{rec}, Inputs: []ui.Field{at}}
}

// position reads a moment in a recording, "h:mm:ss", "mm:ss" or seconds; -1 for anything else.
func position(s string) int64 {
	total, parts := 0.0, strings.Split(strings.ReplaceAll(s, "：", ":"), ":")
	for _, x := range parts {
		n, err := strconv.ParseFloat(x, 64)
		if err != nil || !(n >= 0 && n < 1e6) || len(parts) > 3 { // not a number is none of these
			return -1
		}
		total = total*60 + n
	}
	return int64(total * 1000)
}

func (a area) restrictions(pr locale.Printer, p *site.Page, base func(activity.What, ident.OccurrenceID, bool) ui.FormView, area func(string, bool) ui.Field, wrong func(activity.What, ident.OccurrenceID) bool) []tellView {
	limit := tellView{ID: "restricted", Title: pr.T("activity.do.restricted"), Note: pr.T("activity.restrict_note"), Form: base(activity.Restricted, "", false), Open: wrong(activity.Restricted, "")}
	ground := ui.Field{ID: "ground", Name: "ground", Label: pr.T("activity.ground"), Inline: true}
	for _, g := range activity.Restrictions() {
		ground.Options = append(ground.Options, ui.Option{Value: string(g), Text: pr.T("activity.ground." + string(g)), On: p.Value("ground") == string(g)})
	}
	limit.Radio, limit.Areas = []ui.Field{ground}, []ui.Field{area("words", limit.Open)}
	hinder := tellView{ID: "obstructed", Title: pr.T("activity.do.obstructed"), Note: pr.T("activity.obstruct_note"), Form: base(activity.Obstructed, "", false), Open: wrong(activity.Obstructed, "")}
	hinder.Radio = []ui.Field{{ID: "violence", Name: "violence", Label: pr.T("activity.violence"), Inline: true, Options: []ui.Option{{Value: "no", Text: pr.T("activity.violence_no"), On: true}, {Value: "yes", Text: pr.T("activity.violence_yes")}}}}
	hinder.Areas = []ui.Field{area("words", hinder.Open)}
	note := tellView{ID: "noted", Title: pr.T("activity.do.noted"), Form: base(activity.Noted, "", false), Areas: []ui.Field{area("words", wrong(activity.Noted, ""))}, Open: wrong(activity.Noted, "")}
	fix := tellView{ID: "corrected", Title: pr.T("activity.do.corrected"), Note: pr.T("activity.correct_note"), Form: base(activity.Corrected, "", false), Open: wrong(activity.Corrected, "")}
	field := ui.Field{ID: "field", Name: "field", Label: pr.T("activity.field"), Inline: true}
	for i, f := range activity.Fields() {
		field.Options = append(field.Options, ui.Option{Value: string(f), Text: pr.T("activity.field." + string(f)), On: p.Value("field") == string(f) || p.Value("field") == "" && i == 0})
	}
	fix.Radio = []ui.Field{field}
	fix.Inputs = []ui.Field{moment(pr, "time", "activity.right_time", "right-time"), {ID: "right-place", Name: "place", Label: pr.T("activity.right_place"), Max: 200, Optional: true}}
	fix.Areas = []ui.Field{area("words", fix.Open)}
	return []tellView{limit, hinder, note, fix}
}

func causes(p locale.Printer, chosen string) ui.Field {
	f := ui.Field{ID: "cause", Name: "cause", Label: p.T("activity.cause"), Inline: true}
	for _, c := range activity.Causes() {
		f.Options = append(f.Options, ui.Option{Value: string(c), Text: p.T("activity.cause." + string(c)), On: chosen == string(c)})
	}
	return f
}

func moment(p locale.Printer, name, label, id string) ui.Field {
	return ui.Field{ID: id, Name: name, Label: p.T(label), Type: "datetime-local", Optional: true, Hint: p.T(label + "_hint")}
}
