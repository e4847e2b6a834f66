package rules

import (
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/regulation/fact"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/rules/line"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// termForm is a time limit while it is written.
type termForm struct {
	Row      catalogue.Term
	Was      string // what it was made from; "" for a new one
	Bad      refusal.Fault
	Problems []catalogue.Problem
}

// termView is the form of a time limit.
type termView struct {
	Base       string
	Head       ui.HeadView
	Note       ui.NoteView
	Errors     []ui.FieldError
	Hidden     []ui.Hidden
	Name, Long []ui.Field
	Acts       ui.Field
	Extension  []ui.Field
	Rules      []ui.Field
	Pausable   ui.Field
	Rest       []ui.Field
	Vocabulary []ui.Fact
	Drop       *ui.ConfirmView
}

var units = []string{"hour", "natural-day", "working-day", "month", "year", "none"}

func readTerm(p *site.Page, old catalogue.Term) catalogue.Term {
	t := old
	t.ID, t.Text, t.FromEvent = p.Value("id"), text(p, ""), text(p, "from_event_")
	t.Length = number(p.Value("length"))
	t.Unit, t.Direction, t.Confidence = catalogue.Unit(p.Value("unit")), catalogue.Direction(p.Value("direction")), p.Value("confidence")
	t.Obliged, t.Basis, t.Note = p.Value("obliged"), p.Value("basis"), p.Value("note")
	t.Acts = kept(old.Acts, p.Values("acts"))
	t.Extension = nil
	if n := number(p.Value("extension_length")); n != nil || p.Value("extension_basis") != "" || p.Value("extension_approver") != "" {
		t.Extension = &catalogue.Extension{Unit: t.Unit, Approver: p.Value("extension_approver"), Basis: p.Value("extension_basis")}
		if n != nil {
			t.Extension.Length = *n
		}
	}
	t.Consequence = nil
	if c := text(p, "consequence_"); c != (catalogue.Text{}) {
		t.Consequence = &c
	}
	var r catalogue.TermRules
	if old.Rules != nil {
		r = *old.Rules
	}
	r.Start, r.When, r.PauseBasis, r.Pausable = p.Value("rules_start"), p.Value("rules_when"), p.Value("rules_pause_basis"), p.Value("rules_pausable") != ""
	r.Met = nil
	if met := line.Split(p.Value("rules_met")); len(met) > 0 {
		r.Met = met
	}
	t.Rules = &r
	if r.Start == "" && r.When == "" && len(r.Met) == 0 && !r.Pausable && r.PauseBasis == "" {
		t.Rules = nil
	}
	return t
}

// number reads a length; nothing is nil, and what is no number is one that no term may have.
func number(v string) *int {
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		n = -1
	}
	return &n
}

func written(n *int) string {
	if n == nil || *n < 0 {
		return ""
	}
	return strconv.Itoa(*n)
}

// termInput is the input that a problem's field of a term stands at.
func termInput(field string) string {
	switch field {
	case "from_event.zh", "from_event.en", "extension.length", "extension.basis", "extension.approver", "rules.start", "rules.met", "rules.when":
		return strings.ReplaceAll(field, ".", "_")
	case "extension.unit":
		return "extension_length"
	}
	return field
}

func (a *area) termPage(p *site.Page, s source, in termForm) error {
	t := in.Row
	f := newForm(p.P, "", in.Problems, termInput)
	v := termView{Base: s.base, Hidden: []ui.Hidden{{Name: "was", Value: in.Was}}}
	v.Head = ui.HeadView{Crumbs: append(s.crumbs(p.P), ui.Link{Text: p.P.T("rules.part.deadlines"), Href: s.base + "/deadlines"}), Title: words(p.P, t.Text), Sub: t.ID}
	if in.Was == "" {
		v.Head.Title, v.Head.Sub = p.P.T("rules.add_title.deadlines"), ""
	}
	label := func(name string) string { return p.P.T("rules.field." + name) }
	v.Name = append([]ui.Field{f.add(ui.Field{
		Name: "id", Label: label("id"), Hint: p.P.T("rules.id_hint"), Value: t.ID, Auto: "off", Max: 80, ReadOnly: in.Was != "",
	})}, f.words("", t.Text, false)...)
	event := f.words("from_event_", t.FromEvent, false)
	event[0].Label, event[1].Label = p.P.T("rules.from_event_zh"), p.P.T("rules.from_event_en")
	v.Long = append([]ui.Field{
		f.add(ui.Field{Name: "length", Label: label("length"), Value: written(t.Length), Optional: true, Mode: "numeric", Auto: "off", Max: 5}),
		f.coded("unit", "rules.unit", string(t.Unit), units),
		f.coded("direction", "rules.direction", string(t.Direction), []string{"after", "before", "max-duration", "min-duration", "constraint"}),
	}, event...)
	v.Long = append(v.Long,
		f.input("obliged", label("obliged"), t.Obliged, false), f.input("basis", label("basis"), t.Basis, false),
		f.coded("confidence", "rules.confidence", t.Confidence, []string{"high", "medium", "low"}))
	v.Acts = f.many("acts", label("acts"), t.Acts, s.actIDs(), func(id string) string { return s.act(p.P, id) })
	v.Acts.Inline, v.Acts.Optional = true, false
	var e catalogue.Extension
	var length *int
	if t.Extension != nil {
		e, length = *t.Extension, &t.Extension.Length
	}
	v.Extension = []ui.Field{
		f.add(ui.Field{Name: "extension_length", Label: label("length"), Value: written(length), Optional: true, Mode: "numeric", Auto: "off", Max: 5}),
		f.input("extension_approver", label("approver"), e.Approver, true), f.input("extension_basis", label("basis"), e.Basis, true),
	}
	a.termRules(p, f, t, &v)
	v.Vocabulary, v.Errors = vocabulary(p.P), f.errors()
	if in.Bad.What != "" && len(in.Problems) == 0 {
		v.Note = ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: in.Bad.What, Text: in.Bad.Do}
	}
	if in.Was != "" {
		v.Drop = dropForm(p.P, s, edition.Deadlines, t.ID, words(p.P, t.Text))
	}
	if in.Bad.What != "" {
		return p.Refused(v.Head.Title+" · "+s.title, termPage(p.P, v))
	}
	return p.Render(v.Head.Title+" · "+s.title, termPage(p.P, v))
}

// termRules are the inputs of what the program counts by.
func (a *area) termRules(p *site.Page, f *form, t catalogue.Term, v *termView) {
	var r catalogue.TermRules
	if t.Rules != nil {
		r = *t.Rules
	}
	label := func(name string) string { return p.P.T("rules.field." + name) }
	start := f.choose("rules_start", label("start"), r.Start, fact.Events(), func(id string) string { return known(p.P, "event", id) })
	start.Optional, start.Hint = true, p.P.T("rules.start_hint")
	start.Options = append([]ui.Option{{Text: p.P.T("rules.not_counted"), On: r.Start == ""}}, start.Options...)
	v.Rules = []ui.Field{
		start,
		f.area("rules_met", label("met"), p.P.T("rules.met_hint"), strings.Join(r.Met, "\n"), true, 3),
		f.add(ui.Field{Name: "rules_when", Label: label("when"), Hint: p.P.T("rules.when_hint"), Value: r.When, Optional: true, Auto: "off", Max: 2000}),
		f.input("rules_pause_basis", label("pause_basis"), r.PauseBasis, true),
	}
	v.Pausable = f.tick("rules_pausable", label("pausable"), r.Pausable)
	var c catalogue.Text
	if t.Consequence != nil {
		c = *t.Consequence
	}
	cons := f.words("consequence_", c, true)
	cons[0].Label, cons[1].Label = p.P.T("rules.consequence_zh"), p.P.T("rules.consequence_en")
	v.Rest = append(cons, f.input("note", label("note"), t.Note, true))
}

func (a *area) putTerm(p *site.Page, s source) error {
	f := termForm{Was: p.Value("was")}
	var old catalogue.Term
	r, _, there := s.find(edition.Deadlines, p.Value("id"))
	if t, ok := r.(catalogue.Term); ok && f.Was != "" {
		old = t
	}
	f.Row = readTerm(p, old)
	err := changedMeanwhile(f.Was, there, r)
	if err == nil {
		_, err = a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, edition.Put[catalogue.Term]{Row: f.Row, New: f.Was == ""})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		if there && f.Was != "" {
			f.Was = was(r)
		}
		f.Bad, f.Problems = bad, problemsOf(err)
		return a.termPage(p, s, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.rowHref(edition.Deadlines, f.Row.ID))
}
