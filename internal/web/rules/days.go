package rules

import (
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/rules/line"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// daysForm is the calendar while it is written: days of rest and of work one a line.
type daysForm struct {
	Place, From, To string
	Rest, Work      string
	Was             string
	Bad             refusal.Fault
}

// daysView is the page of the calendar.
type daysView struct {
	Base   string
	Head   ui.HeadView
	Tabs   []ui.Tab
	Facts  []ui.Fact
	Rest   ui.TableView
	Work   string
	May    bool
	Note   ui.NoteView
	Errors []ui.FieldError
	Hidden []ui.Hidden
	Span   []ui.Field
	Lines  []ui.Field
}

func (s source) daysForm(*site.Page) daysForm {
	d := s.content.Days
	f := daysForm{Place: d.Place, From: d.From, To: d.To, Work: strings.Join(d.Work, "\n"), Was: digest(s.files.Calendar)}
	f.Rest = line.OfRest(d.Rest)
	return f
}

// days is the calendar as it was written.
func (f daysForm) days() edition.Days {
	return edition.Days{Schema: "calendar/1", Place: f.Place, From: f.From, To: f.To, Rest: line.Rest(f.Rest), Work: line.Split(f.Work)}
}

func (a *area) daysPage(p *site.Page, s source, in daysForm, problems []catalogue.Problem) error {
	d := s.content.Days
	v := daysView{
		Base: s.base, Tabs: s.tabs(p.P, "calendar"), May: s.may, Head: ui.HeadView{Crumbs: s.crumbs(p.P), Title: p.P.T("rules.part.calendar")},
		Hidden: []ui.Hidden{{Name: "was", Value: in.Was}},
		Facts: []ui.Fact{
			ui.FactText(p.P.T("rules.field.place"), d.Place, ""),
			ui.FactText(p.P.T("rules.known_days"), p.P.T("rules.calendar_span", date(p.P, d.From), date(p.P, d.To)), ""),
		},
	}
	v.Rest = ui.TableView{
		Caption: p.P.T("rules.rest_days"), Columns: []ui.Column{{Label: p.P.T("rules.field.name")}, {Label: p.P.T("rules.field.from")}, {Label: p.P.T("rules.field.to")}},
		Empty: ui.EmptyView{Icon: "calendar-off", Title: p.P.T("rules.no_rest")},
	}
	for _, r := range d.Rest {
		v.Rest.Rows = append(v.Rest.Rows, ui.Row{Cells: []ui.Cell{ui.Text(r.Name), ui.Text(date(p.P, r.From)), ui.Text(date(p.P, r.To))}})
	}
	var work []string
	for _, day := range d.Work {
		work = append(work, date(p.P, day))
	}
	v.Work = strings.Join(work, p.P.T("rules.semicolon"))
	f := newForm(p.P, "", problems, func(field string) string { return field })
	for _, q := range problems {
		if q.Row > 0 {
			f.problems[q.Field] = p.P.T("rules.line_wrong", q.Row, locale.Visible(q.Arg))
		}
	}
	v.Span = []ui.Field{
		f.input("place", p.P.T("rules.field.place"), in.Place, false),
		f.add(ui.Field{Name: "from", Label: p.P.T("rules.known_from"), Type: "date", Value: in.From}),
		f.add(ui.Field{Name: "to", Label: p.P.T("rules.known_to"), Type: "date", Value: in.To}),
	}
	v.Lines = []ui.Field{
		f.area("rest", p.P.T("rules.rest_days"), p.P.T("rules.rest_hint"), in.Rest, true, 16),
		f.area("work", p.P.T("rules.work_days"), p.P.T("rules.work_hint"), in.Work, true, 8),
	}
	v.Errors = f.errors()
	if in.Bad.What == "" {
		return p.Render(v.Head.Title+" · "+s.title, daysPage(p.P, v))
	}
	if len(problems) == 0 {
		v.Note = ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: in.Bad.What, Text: in.Bad.Do}
	}
	return p.Refused(v.Head.Title+" · "+s.title, daysPage(p.P, v))
}

func (a *area) putDays(p *site.Page, s source) error {
	f := daysForm{Place: p.Value("place"), From: p.Value("from"), To: p.Value("to"), Rest: p.Value("rest"), Work: p.Value("work"), Was: p.Value("was")}
	var err error
	if f.Was != digest(s.files.Calendar) {
		err = fault.New(fault.Conflict, "edition.changed")
	} else {
		_, err = a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, edition.SetDays{Days: f.days()})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad, f.Was = bad, digest(s.files.Calendar)
		return a.daysPage(p, s, f, problemsOf(err))
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.base + "/calendar")
}
