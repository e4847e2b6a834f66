package viewings

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// askForm is what is asked for, as typed.
type askForm struct {
	Renews         ident.ViewingID     // one's own grant that it goes on from
	Case           *viewing.CaseObject // with recordings: what is copied of it; without: its package
	Manner         viewing.Manner
	To             viewing.Recipient
	Recordings     []recording.Recording
	Purpose, Words string
	Until          string // datetime-local, Shanghai
	Part           bool
	From, ToMoment string
	Bad            refusal.Fault
}

// askView is the form ready to be drawn: on a page of its own and on the page of a recording.
type askView struct {
	Form    ui.FormView
	Purpose ui.Field
	Until   ui.Field
	Words   ui.Field
	Span    *ui.Field // whole or part; nil where several recordings are asked for
	From    ui.Field
	To      ui.Field
	List    []itemView
	Manner  ui.Field
	// Outside are the fields about who receives it; they stand apart, since most requests need none.
	Outside     []ui.Field
	OutsideOpen bool
}

// itemView names a recording.
type itemView struct{ Title, Second, Href, Icon string }

// proposed is the end that the form proposes: three days from now, at the end of the working day.
func proposed(now time.Time) string {
	d := now.In(clock.Shanghai).AddDate(0, 0, 3)
	return time.Date(d.Year(), d.Month(), d.Day(), 18, 0, 0, 0, clock.Shanghai).Format("2006-01-02T15:04")
}

func (a Area) form(p *site.Page) error {
	f := askForm{Until: proposed(p.Now)}
	if id, err := ident.Parse[ident.ViewingID](p.Value("renews")); err == nil {
		return a.renewal(p, id)
	}
	if id := p.Value("case"); id != "" {
		c, err := a.caseNamed(p.Context(), id)
		if err != nil {
			return err
		}
		f.Case, f.Manner = &c, viewing.MannerCopy
	}
	if m := viewing.Manner(p.Value("manner")); slices.Contains(viewing.Manners(), m) {
		f.Manner = m
	}
	recs, err := a.named(p.Context(), p.Values("rec"))
	if err != nil {
		return err
	}
	f.Recordings = recs
	return a.formPage(p, f)
}

// renewal is the form filled in with what a grant was for.
func (a Area) renewal(p *site.Page, id ident.ViewingID) error {
	r, err := a.Viewings.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	f := askForm{Renews: id, Until: proposed(p.Now), Manner: r.Manner, To: r.To, Purpose: string(r.Purpose), Words: r.Words}
	if r.Case != "" {
		c, err := a.Viewings.CaseOf(p.Context(), r.Case)
		if err != nil {
			return err
		}
		f.Case = &c
	}
	for _, i := range r.Items {
		rec, err := a.Recordings.Brief(p.Context(), i.Recording)
		if err != nil {
			return err
		}
		f.Recordings = append(f.Recordings, rec)
	}
	if len(r.Items) == 1 && !r.Items[0].Whole() {
		f.Part, f.From = true, elapsed(r.Items[0].From)
		if r.Items[0].To > 0 {
			f.ToMoment = elapsed(r.Items[0].To)
		}
	}
	return a.formPage(p, f)
}

// caseNamed reads the case of a form.
func (a Area) caseNamed(ctx context.Context, s string) (viewing.CaseObject, error) {
	id, err := ident.Parse[ident.CaseID](s)
	if err != nil {
		return viewing.CaseObject{}, fault.Wrap(err, fault.NotFound, "case.unknown")
	}
	return a.Viewings.CaseOf(ctx, id)
}

// caseItem names a case.
func caseItem(p locale.Printer, c viewing.CaseObject) itemView {
	return itemView{Title: p.T("viewing.case", c.No), Second: record.Harmless(c.Title), Href: "/cases/" + string(c.ID), Icon: "folder"}
}

// named reads the recordings of a form. What is no id names nothing.
func (a Area) named(ctx context.Context, ids []string) ([]recording.Recording, error) {
	if len(ids) > viewing.MaxCopies {
		return nil, fault.New(fault.Invalid, "viewing.items", viewing.MaxCopies).At("items")
	}
	out := make([]recording.Recording, 0, len(ids))
	for _, s := range ids {
		id, err := ident.Parse[ident.RecordingID](s)
		if err != nil {
			return nil, fault.Wrap(err, fault.NotFound, "recording.unknown")
		}
		r, err := a.Recordings.Brief(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (a Area) formPage(p *site.Page, f askForm) error {
	title := p.P.T("viewing.ask")
	body := askPage(p.P, title, view(p.P, f, p.Now))
	if f.Bad.What != "" {
		return p.Refused(title, body)
	}
	return p.Render(title, body)
}

// view makes the form: its fields with what was typed and what is wrong.
func view(p locale.Printer, f askForm, now time.Time) askView {
	purposes := make([]ui.Option, 0, len(viewing.Purposes()))
	for _, x := range viewing.Purposes() {
		purposes = append(purposes, ui.Option{Value: string(x), Text: purpose(p, x), On: string(x) == f.Purpose})
	}
	v := askView{
		Purpose: f.Bad.Mark(ui.Field{Name: "purpose", Label: p.T("viewing.purpose"), Options: purposes}),
		Until:   f.Bad.Mark(ui.Field{Name: "until", Label: p.T("viewing.until"), Type: "datetime-local", Value: f.Until}),
		Words:   f.Bad.Mark(ui.Field{Name: "words", Label: p.T("viewing.words"), Hint: p.T("viewing.words_hint"), Value: f.Words, Max: 500}),
	}
	v.Form = ui.FormView{Action: Path, Label: p.T("viewing.ask"), Buttons: []ui.Action{{Text: p.T("viewing.ask"), Icon: "send", Primary: true}}}
	if f.Renews != "" {
		v.Form.Hidden = append(v.Form.Hidden, ui.Hidden{Name: "renews", Value: string(f.Renews)})
	}
	if f.Case != nil {
		v.Form.Hidden = append(v.Form.Hidden, ui.Hidden{Name: "case", Value: string(f.Case.ID)})
		v.List = append(v.List, caseItem(p, *f.Case))
	}
	for _, r := range f.Recordings {
		v.Form.Hidden = append(v.Form.Hidden, ui.Hidden{Name: "rec", Value: string(r.ID)})
		v.List = append(v.List, item(p, r, now))
	}
	v.manner(p, f)
	fields := append([]ui.Field{v.Manner, v.Purpose, v.Until, v.Words}, v.Outside...)
	if len(f.Recordings) == 1 {
		whole := p.T("viewing.whole")
		if l := record.Length(f.Recordings[0]); l != "" {
			whole = p.T("viewing.whole_of", l)
		}
		v.Span = &ui.Field{Name: "part", Label: p.T("viewing.which"), Inline: true, Options: []ui.Option{
			{Value: "whole", Text: whole, On: !f.Part}, {Value: "part", Text: p.T("viewing.part"), On: f.Part},
		}}
		v.From = f.Bad.Mark(ui.Field{Name: "from", Label: p.T("viewing.from"), Hint: p.T("viewing.from_hint"), Value: f.From, Max: 12, Optional: true})
		v.To = ui.Field{Name: "to", Label: p.T("viewing.to"), Hint: p.T("viewing.to_hint"), Value: f.ToMoment, Max: 12, Optional: true}
		fields = append(fields, v.From)
	}
	v.Form.Errors = f.Bad.Errors(fields...)
	return v
}

// manner adds how it is to be had, and who receives it where it leaves the bureau.
func (v *askView) manner(p locale.Printer, f askForm) {
	chosen := f.Manner
	if chosen == "" {
		chosen = viewing.MannerView
	}
	options := []ui.Option{}
	for _, m := range viewing.Manners() {
		if f.Case != nil && m != viewing.MannerCopy && !m.Outside() {
			continue
		}
		options = append(options, ui.Option{Value: string(m), Text: p.T("viewing.manner_option", manner(p, m), p.T("viewing.manner_hint."+string(m))), On: m == chosen})
	}
	v.Manner = f.Bad.Mark(ui.Field{Name: "manner", Label: p.T("viewing.manner"), Options: options})
	v.OutsideOpen = chosen.Outside() || f.To != (viewing.Recipient{})
	for _, x := range []struct{ name, value string }{{"to_body", f.To.Body}, {"to_person", f.To.Person}, {"to_contact", f.To.Contact}, {"to_basis", f.To.Basis}} {
		v.Outside = append(v.Outside, f.Bad.Mark(ui.Field{
			Name: x.name, Label: p.T("viewing." + x.name), Hint: p.T("viewing." + x.name + "_hint"), Value: x.value, Max: 200, Optional: true,
		}))
	}
}

func manner(p locale.Printer, m viewing.Manner) string {
	return record.Word(p, "viewing.manner", string(m))
}

func purpose(p locale.Printer, x viewing.Purpose) string {
	return record.Word(p, "viewing.purpose", string(x))
}

// item names a recording by what it is, when it began and whose it is.
func item(p locale.Printer, r recording.Recording, now time.Time) itemView {
	kind := record.Word(p, "kind", string(r.Kind))
	v := itemView{Title: p.T("recording.title_unknown", kind), Href: record.Path(r.ID), Icon: "movie"}
	if !r.Start.IsZero() {
		v.Title = p.T("recording.title", p.WhenSec(r.Start, now), kind)
	}
	parts := []string{}
	for _, s := range []string{r.DeviceName, r.OfficerName, record.Length(r)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	v.Second = strings.Join(parts, p.T("viewing.comma"))
	return v
}

func (a Area) ask(p *site.Page) error {
	recs, err := a.named(p.Context(), p.Values("rec"))
	if err != nil {
		return err
	}
	f := askForm{
		Recordings: recs, Purpose: p.Value("purpose"), Words: p.Value("words"), Until: p.Value("until"), Part: p.Value("part") == "part",
		From: p.Value("from"), ToMoment: p.Value("to"), Manner: viewing.Manner(p.Value("manner")),
		To: viewing.Recipient{Body: p.Value("to_body"), Person: p.Value("to_person"), Contact: p.Value("to_contact"), Basis: p.Value("to_basis")},
	}
	if id, err := ident.Parse[ident.ViewingID](p.Value("renews")); err == nil {
		f.Renews = id
	}
	if id := p.Value("case"); id != "" {
		c, err := a.caseNamed(p.Context(), id)
		if err != nil {
			return err
		}
		f.Case = &c
	}
	until, err := p.Moment("until")
	var r *viewing.Request
	if err == nil {
		r, err = a.asked(p, f, until)
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.formPage(p, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(path(r.ID))
}

// asked hands the form's request in.
func (a Area) asked(p *site.Page, f askForm, until time.Time) (*viewing.Request, error) {
	items, err := f.items()
	if err != nil {
		return nil, err
	}
	ask := viewing.Ask{Items: items, Manner: f.Manner, To: f.To, Purpose: viewing.Purpose(f.Purpose), Words: f.Words, Until: until, Renews: f.Renews}
	if f.Case != nil {
		ask.Case = f.Case.ID
	}
	if !ask.Manner.Outside() && ask.Manner != viewing.MannerView {
		ask.To = viewing.Recipient{} // what was typed before another manner was chosen
	}
	return a.Viewings.Ask(p.Context(), p.Actor, ask)
}

// items reads which part of each recording is asked for.
func (f askForm) items() ([]viewing.Item, error) {
	out := make([]viewing.Item, len(f.Recordings))
	for i, r := range f.Recordings {
		out[i].Recording = r.ID
	}
	if !f.Part || len(out) != 1 {
		return out, nil
	}
	var err error
	if out[0].From, err = moment(f.From); err != nil {
		return nil, err
	}
	if out[0].To, err = moment(f.ToMoment); err != nil {
		return nil, err
	}
	if out[0].Whole() { // a part was wanted and none was named
		return nil, fault.New(fault.Invalid, "viewing.span").At("from")
	}
	return out, nil
}

// moment reads "1:02:03", "02:03" or "63" as a time from the beginning; "" is none.
func moment(s string) (time.Duration, error) {
	if s = strings.TrimSpace(strings.ReplaceAll(s, "：", ":")); s == "" {
		return 0, nil
	}
	parts := strings.Split(s, ":")
	total := 0.0
	for i, x := range parts {
		n, err := strconv.ParseFloat(x, 64)
		if err != nil || n < 0 || n > 100*3600 || len(parts) > 3 || i > 0 && n >= 60 || strings.ContainsAny(x, "eExXiInN+-_") {
			return 0, fault.New(fault.Invalid, "viewing.span").At("from")
		}
		total = total*60 + n
	}
	return time.Duration(total * float64(time.Second)).Round(time.Millisecond), nil
}

// elapsed writes a time from the beginning as a player does: "1:02:03".
func elapsed(d time.Duration) string {
	s := int64(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// span says which part of a recording an item is.
func span(p locale.Printer, i viewing.Item) string {
	switch {
	case i.Whole():
		return p.T("viewing.whole")
	case i.To == 0:
		return p.T("viewing.span_open", elapsed(i.From))
	}
	return p.T("viewing.span", elapsed(i.From), elapsed(i.To))
}

// AskCaseAddress is the address of the form that asks to take a case away.
func AskCaseAddress(id ident.CaseID) string { return newPath + "?case=" + url.QueryEscape(string(id)) }

// AskAddress is the address of the form that asks to look at recordings.
func AskAddress(ids ...ident.RecordingID) string {
	q := url.Values{}
	for _, id := range ids {
		q.Add("rec", string(id))
	}
	return newPath + "?" + q.Encode()
}
