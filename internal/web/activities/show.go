package activities

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type showView struct {
	Head    ui.HeadView
	Alert   *ui.NoteView
	Notes   []ui.NoteView
	Big     []ui.FormView // what is pressed on the scene, one button each
	Bar     barView
	Gaps    ui.TableView
	Facts   []ui.Fact
	Said    []ui.Event
	Telling []tellView
}

// tellView is one form by which something is told.
type tellView struct {
	ID     string
	Title  string
	Note   string
	Open   bool
	Form   ui.FormView
	Radio  []ui.Field
	Inputs []ui.Field
	Areas  []ui.Field
}

func (a area) show(p *site.Page) error { return a.page(p, refusal.Fault{}) }

func (a area) page(p *site.Page, bad refusal.Fault) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	act, st, said, err := a.Activities.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	c, err := a.Coverage.Look(p.Context(), id)
	if err != nil {
		return err
	}
	pr := p.P
	words, icon, tone := presenceOf(pr, c.Presence)
	if c.Presence == coverage.There {
		words, icon, tone = verdictOf(pr, c.Verdict.Headline)
	}
	v := showView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("activity.title"), Href: Path}}, Title: pr.T("activity.title_of", act.No), Sub: times(pr, st, p.Now), Marks: ui.BadgeText(words, icon, tone),
		},
		Facts: a.facts(p, act, &st), Bar: barOf(p, &c), Gaps: gapsTable(p, &c), Said: events(p, said),
	}
	for _, o := range st.Oddities {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Due, Icon: "alert-triangle", Text: pr.T("activity.odd." + o.Code)})
	}
	for _, d := range c.Verdict.Doubts {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Moot, Icon: "help-circle", Text: pr.T("activity.doubt." + string(d))})
	}
	if err := a.telling(p, act, &st, &v, bad); err != nil {
		return err
	}
	if bad.What != "" {
		v.Alert = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: bad.What, Text: bad.Do}
		return p.Refused(v.Head.Title, showPage(pr, v))
	}
	return p.Render(v.Head.Title, showPage(pr, v))
}

func (a area) facts(p *site.Page, act *activity.Activity, st *activity.State) []ui.Fact {
	pr := p.P
	moment := func(m activity.Moment) (string, string) {
		if !m.Known() {
			return "—", ""
		}
		why := m.By
		if !m.First.IsZero() {
			why = pr.T("activity.corrected_from", pr.WhenSec(m.First, p.Now), record.Harmless(m.Why))
		}
		return pr.WhenSec(m.At, p.Now), why
	}
	arrived, by := moment(st.Arrived)
	departed, dby := moment(st.Departed)
	return []ui.Fact{
		ui.FactText(pr.T("activity.what"), subject(act), pr.T("activity.kind."+string(act.Kind))), ui.FactText(pr.T("activity.place"), record.Harmless(st.Place), ""),
		ui.FactText(pr.T("activity.arrived"), arrived, by), ui.FactText(pr.T("activity.departed"), departed, dby),
		ui.FactText(pr.T("activity.officers"), names(pr, st.Officers), a.DepartmentName(p.Context(), act.Department)), ui.FactText(pr.T("activity.cameras"), names(pr, st.Cameras), ""),
		ui.FactText(pr.T("activity.demand"), pr.T("activity.demand."+string(act.Demand)), strings.Join(act.Matters, " ")),
	}
}

// barView is the window as one bar, with each camera's coverage under it.
type barView struct {
	Label string
	From  string
	To    string
	Lanes []lane
	None  string
}

type lane struct {
	Name  string
	Label string
	Parts []part
}

// part is a stretch of a lane, in hundredths of the window.
type part struct {
	From, Size float64
	Class      string
}

func barOf(p *site.Page, c *coverage.View) barView {
	pr := p.P
	from, to := c.State.Arrived.At, c.State.Departed.At
	if to.IsZero() {
		to = p.Now
	}
	if from.IsZero() || !to.After(from) {
		return barView{None: pr.T("activity.no_window")}
	}
	whole := to.Sub(from)
	v := barView{Label: pr.T("activity.window"), From: pr.ClockSec(from), To: pr.ClockSec(to)}
	at := func(s, e time.Time, class string) (part, bool) {
		a, b := max(0, s.Sub(from)), min(whole, e.Sub(from))
		return part{From: 100 * a.Seconds() / whole.Seconds(), Size: 100 * (b - a).Seconds() / whole.Seconds(), Class: class}, b > a
	}
	gaps := lane{Name: pr.T("activity.window"), Label: pr.T("activity.gaps_n", len(c.Verdict.Gaps)), Parts: []part{{Size: 100, Class: "zl-scaleuse is-ok"}}}
	if len(c.Pieces) == 0 {
		gaps.Parts = nil
	}
	for _, g := range c.Verdict.Gaps {
		if x, ok := at(g.Start, g.End, "zl-linehole"); ok {
			gaps.Parts = append(gaps.Parts, x)
		}
	}
	v.Lanes = append(v.Lanes, gaps)
	for _, m := range c.State.Cameras {
		l := lane{Name: record.Harmless(m.Name)}
		n := 0
		for i := range c.Pieces {
			f := &c.Pieces[i]
			if f.Device != m.Device || f.Start.IsZero() {
				continue
			}
			mid := (f.Offset.Min + f.Offset.Max) / 2
			class := "zl-scaleuse"
			if f.Unsure || !f.Known {
				class = "zl-scaledoubt"
			}
			if x, ok := at(f.Start.From.Add(mid), f.Start.To.Add(mid+f.Duration), class); ok {
				l.Parts, n = append(l.Parts, x), n+1
			}
		}
		l.Label = pr.T("activity.files_n", n)
		v.Lanes = append(v.Lanes, l)
	}
	if len(c.State.Interruptions) > 0 {
		l := lane{Name: pr.T("activity.stops"), Label: pr.T("activity.stops_n", len(c.State.Interruptions))}
		for _, n := range c.State.Interruptions {
			end := n.End
			if end.IsZero() {
				end = to
			}
			if x, ok := at(n.Start, end, "zl-scaleuse is-due"); ok {
				l.Parts = append(l.Parts, x)
			}
		}
		v.Lanes = append(v.Lanes, l)
	}
	return v
}

func percent(f float64) string { return fmt.Sprintf("%.3f%%", f) }

func gapsTable(p *site.Page, c *coverage.View) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("activity.gaps"),
		Columns: []ui.Column{{Label: pr.T("activity.gap_when"), Lead: true}, {Label: pr.T("activity.gap_length"), Num: true}, {Label: pr.T("activity.gap_sure"), Tight: true}, {Label: pr.T("activity.gap_owes")}},
		Empty:   ui.EmptyView{Icon: "circle-check", Title: pr.T("activity.no_gaps"), Text: pr.T("activity.no_gaps_text")},
	}
	for i, g := range c.Verdict.Gaps {
		sure, icon, tone := pr.T("activity.gap_certain"), "alert-circle", ui.Late
		switch {
		case g.Explained:
			sure, icon, tone = pr.T("activity.gap_explained"), "circle-check", ui.OK
		case !g.Certain:
			sure, icon, tone = pr.T("activity.gap_possible"), "help-circle", ui.Moot
		}
		var owes []string
		for _, o := range g.Owes {
			owes = append(owes, pr.T("activity.owes."+string(o)))
		}
		t.Rows = append(t.Rows, ui.Row{ID: fmt.Sprintf("gap-%d", i), Cells: []ui.Cell{
			ui.Text(pr.Span(g.Start, g.End, p.Now)), ui.Text(seconds(pr, g)), ui.St(sure, icon, tone), ui.Text(listing.Join(pr, owes)),
		}})
	}
	return t
}

// seconds says how long a gap is: the most it can be, and the least where that is less.
func seconds(p locale.Printer, g continuity.Gap) string {
	if g.Least < g.Length {
		return p.T("activity.seconds_between", fmt.Sprintf("%.2f", g.Least.Seconds()), fmt.Sprintf("%.2f", g.Length.Seconds()))
	}
	return p.T("activity.seconds", fmt.Sprintf("%.2f", g.Length.Seconds()))
}

func events(p *site.Page, said []activity.Occurrence) []ui.Event {
	pr := p.P
	list := slices.Clone(said)
	slices.SortStableFunc(list, func(a, b activity.Occurrence) int { return a.At.Compare(b.At) })
	var out []ui.Event
	for i := range list {
		o := &list[i]
		facts := []string{o.ByName}
		for _, s := range []struct{ prefix, value string }{{"activity.cause.", string(o.Said.Cause)}, {"activity.ground.", string(o.Said.Ground)}, {"activity.field.", string(o.Said.Field)}, {"activity.item.", string(o.Said.Item)}} {
			if s.value != "" {
				facts = append(facts, pr.T(s.prefix+s.value))
			}
		}
		for _, s := range []string{o.Said.ToName, o.Said.Name, o.Said.Place, o.Said.Words} {
			if s != "" {
				facts = append(facts, record.Harmless(s))
			}
		}
		if t := o.Said.Time; t != nil {
			facts = append(facts, pr.WhenSec(*t, p.Now))
		}
		if late := o.StoredAt.Sub(o.At); late > 10*time.Minute {
			facts = append(facts, pr.T("activity.told_later", pr.When(o.StoredAt, p.Now)))
		}
		e := ui.Event{Time: pr.ClockSec(o.At), Day: o.At.In(clock.Shanghai).Format("01-02"), Icon: iconOf(o.What), Text: pr.T("activity.what." + string(o.What)), Facts: facts}
		if o.Said.Recording != "" {
			e.Href = record.Path(o.Said.Recording)
		}
		out = append(out, e)
	}
	return out
}

func iconOf(w activity.What) string {
	switch w {
	case activity.Arrived, activity.Departed:
		return "map-pin"
	case activity.Stopped, activity.Restricted, activity.Obstructed:
		return "alert-triangle"
	case activity.Resumed:
		return "player-play"
	case activity.Reported:
		return "send"
	case activity.Received, activity.Confirmed:
		return "check"
	case activity.Spoken, activity.Ticked:
		return "bookmark"
	case activity.Written, activity.Signed, activity.Corrected, activity.Noted:
		return "writing"
	case activity.Joined, activity.Removed:
		return "users"
	}
	return "history"
}

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
func (a area) telling(p *site.Page, act *activity.Activity, st *activity.State, v *showView, bad refusal.Fault) error {
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
		if n.WrittenAt.IsZero() && !n.ReportedAt.IsZero() {
			w := tellView{ID: "write-" + string(n.ID), Title: pr.T("activity.write_of", at), Form: base(activity.Written, n.ID, false), Open: wrong(activity.Written, n.ID)}
			w.Areas = []ui.Field{area("words", w.Open)}
			v.Telling = append(v.Telling, w)
		}
	}
	v.Telling = append(v.Telling, a.restrictions(pr, p, base, area, wrong)...)
	return nil
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
