package rules

import (
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/regulation/fact"
	"zhilu.dev/zhilu/internal/web/rules/line"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// rowForm is one repeated row of a form.
type rowForm struct {
	Title  string
	Open   bool
	Main   []ui.Field // side by side
	More   []ui.Field // one under the other
	Check  ui.Field
	Letter string // "field-3": what its buttons name
	First  bool
	Last   bool
}

// documentView is the form of a document type.
type documentView struct {
	Base             string
	Head             ui.HeadView
	Note             ui.NoteView
	Errors           []ui.FieldError
	Hidden           []ui.Hidden
	Name, What, When []ui.Field
	Acts             ui.Field
	Approval, Served ui.Field
	Refs             []ui.Field // choices of many, folded
	Fields, Signers  []rowForm
	Vocabulary       []ui.Fact
	Drop             *ui.ConfirmView
}

// form builds inputs and puts problems to them.
type form struct {
	p        locale.Printer
	at       string
	problems map[string]string // by input
	fields   []ui.Field        // all that were built, for the summary
}

func newForm(p locale.Printer, at string, problems []catalogue.Problem, input func(field string) string) *form {
	f := &form{p: p, at: at, problems: map[string]string{}}
	for _, q := range problems {
		name, text := input(q.Field), wrong(p, q)
		if f.problems[name] != "" {
			text = f.problems[name] + p.T("rules.semicolon") + text
		}
		f.problems[name] = text
	}
	return f
}

func (f *form) add(v ui.Field) ui.Field {
	v.Error, v.Focus = f.problems[v.Name], v.Name == f.at && f.at != ""
	f.fields = append(f.fields, v)
	return v
}

func (f *form) input(name, label, value string, optional bool) ui.Field {
	return f.add(ui.Field{Name: name, Label: label, Value: value, Optional: optional, Auto: "off", Max: 2000})
}

func (f *form) words(before string, t catalogue.Text, optional bool) []ui.Field {
	return []ui.Field{
		f.input(before+"zh", f.p.T("rules.field.zh"), t.ZH, optional), f.input(before+"en", f.p.T("rules.field.en"), t.EN, optional),
	}
}

func (f *form) choose(name, label, value string, ids []string, words func(string) string) ui.Field {
	v := ui.Field{Name: name, Label: label}
	if value != "" && !slices.Contains(ids, value) {
		ids = append(slices.Clone(ids), value)
	}
	for _, id := range ids {
		v.Options = append(v.Options, ui.Option{Value: id, Text: words(id), On: id == value})
	}
	return f.add(v)
}

func (f *form) coded(name, area, value string, ids []string) ui.Field {
	return f.choose(name, f.p.T("rules.field."+name), value, ids, func(id string) string { return known(f.p, area, id) })
}

func (f *form) many(name, label string, value, ids []string, words func(string) string) ui.Field {
	v := ui.Field{Name: name, Label: label, Multiple: true, Optional: true}
	for _, id := range value {
		if !slices.Contains(ids, id) {
			ids = append(slices.Clone(ids), id)
		}
	}
	for _, id := range ids {
		v.Options = append(v.Options, ui.Option{Value: id, Text: words(id), On: slices.Contains(value, id)})
	}
	return f.add(v)
}

func (f *form) tick(name, label string, on bool) ui.Field {
	return f.add(ui.Field{Name: name, Label: label, Value: "yes", Optional: true, Options: []ui.Option{{On: on}}})
}

func (f *form) area(name, label, hint, value string, optional bool, rows int) ui.Field {
	return f.add(ui.Field{Name: name, Label: label, Hint: hint, Value: value, Optional: optional, Rows: rows})
}

// rest are the problems that no input shows: they stand over the form and lead to its first input.
func (f *form) errors() []ui.FieldError {
	out := ui.Errors(f.fields...)
	seen := map[string]bool{}
	for _, v := range f.fields {
		seen[v.Name] = true
	}
	for _, name := range sortedKeys(f.problems) {
		if !seen[name] && len(f.fields) > 0 {
			out = append(out, ui.FieldError{ID: f.fields[0].Name, Text: label(f.p, locale.Visible(name)) + f.p.T("rules.colon") + f.problems[name]})
		}
	}
	return out
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// documentInput is the input that a problem's field of a document stands at.
func documentInput(d catalogue.Document) func(string) string {
	return func(field string) string {
		if rest, ok := strings.CutPrefix(field, "fields."); ok {
			id, what, _ := strings.Cut(rest, ".")
			i := slices.IndexFunc(d.Fields, func(f catalogue.Field) bool { return f.ID == id })
			if rest == "id" { // one of them is empty
				i, what = slices.IndexFunc(d.Fields, func(f catalogue.Field) bool { return f.ID == "" }), "id"
			} else if what == "" { // it stands twice: the later one
				what = "id"
				for j, f := range d.Fields {
					if f.ID == id {
						i = j
					}
				}
			}
			what, _, _ = strings.Cut(what, ".")
			return "f" + strconv.Itoa(i) + "_" + what
		}
		if what, ok := strings.CutPrefix(field, "signers."); ok {
			i := slices.IndexFunc(d.Signers, func(g catalogue.Signer) bool {
				return map[string]string{"role": g.Role, "zh": g.ZH, "en": g.EN}[what] == ""
			})
			return "s" + strconv.Itoa(i) + "_" + what
		}
		switch {
		case field == "condition":
			return "condition_zh"
		case field == "rules.when":
			return "rules_when"
		case field == "rules.approved_by":
			return "approved_by"
		case strings.HasPrefix(field, "rules.events"):
			return "rules_events"
		}
		return field
	}
}

var documentKinds = []string{
	"internal-record", "internal-approval", "external-notice", "external-decision", "on-site-record", "party-submission", "evidence", "ledger",
	"court-application", "archive",
}

func (a *area) documentPage(p *site.Page, s source, in documentForm) error {
	d := in.Row
	f := newForm(p.P, in.At, in.Problems, documentInput(d))
	v := documentView{Base: s.base, Hidden: []ui.Hidden{
		{Name: "was", Value: in.Was}, {Name: "fields", Value: strconv.Itoa(len(d.Fields))}, {Name: "signers", Value: strconv.Itoa(len(d.Signers))},
	}}
	v.Head = ui.HeadView{Crumbs: append(s.crumbs(p.P), ui.Link{Text: p.P.T("rules.part.documents"), Href: s.base + "/documents"}), Title: words(p.P, d.Text), Sub: d.ID}
	id := ui.Field{Name: "id", Label: p.P.T("rules.field.id"), Hint: p.P.T("rules.id_hint"), Value: d.ID, Auto: "off", Max: 80, ReadOnly: in.Was != ""}
	if in.Was == "" {
		v.Head.Title, v.Head.Sub = p.P.T("rules.add_title.documents"), ""
	}
	v.Name = append([]ui.Field{f.add(id)}, f.words("", d.Text, false)...)
	v.What = []ui.Field{
		f.choose("stage", p.P.T("rules.field.stage"), d.Stage, s.stageIDs(), func(id string) string { return s.stage(p.P, id) }),
		f.coded("kind", "rules.kind", d.Kind, documentKinds),
		f.coded("confidence", "rules.confidence", d.Confidence, []string{"high", "medium", "low"}),
	}
	v.Acts = f.many("acts", p.P.T("rules.field.acts"), d.Acts, s.actIDs(), func(id string) string { return s.act(p.P, id) })
	v.Acts.Inline, v.Acts.Optional = true, false
	var condition catalogue.Text
	if d.Condition != nil {
		condition = *d.Condition
	}
	v.When = append([]ui.Field{f.coded("requirement", "rules.requirement", d.Requirement, []string{"mandatory", "conditional"})}, f.words("condition_", condition, true)...)
	v.When[1].Label, v.When[2].Label = p.P.T("rules.condition_zh"), p.P.T("rules.condition_en")
	v.When = append(v.When,
		f.add(ui.Field{Name: "rules_when", Label: p.P.T("rules.field.when"), Hint: p.P.T("rules.when_hint"), Value: d.RulesOf().When, Optional: true, Auto: "off", Max: 2000}))
	v.Approval = f.tick("is_approval_form", p.P.T("rules.field.is_approval_form"), d.IsApprovalForm)
	v.Served = f.tick("served_on_party", p.P.T("rules.field.served_on_party"), d.ServedOnParty)
	v.Refs = s.documentRefs(p.P, f, d)
	for i, g := range d.Fields {
		v.Fields = append(v.Fields, fieldForm(f, i, len(d.Fields), g))
	}
	for i, g := range d.Signers {
		v.Signers = append(v.Signers, signerForm(f, i, len(d.Signers), g))
	}
	v.Vocabulary = vocabulary(p.P)
	v.Errors = f.errors()
	if in.Bad.What != "" && len(in.Problems) == 0 {
		v.Note = ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: in.Bad.What, Text: in.Bad.Do}
		if r, _, ok := s.find(edition.Documents, d.ID); ok && in.Was != "" && in.Was == was(r) {
			v.Note.Links = []ui.Link{{Text: p.P.T("rules.see_now"), Href: s.rowHref(edition.Documents, d.ID)}}
		}
	}
	if in.Was != "" {
		v.Drop = dropForm(p.P, s, edition.Documents, d.ID, words(p.P, d.Text))
	}
	if in.Bad.What != "" {
		return p.Refused(v.Head.Title+" · "+s.title, documentPage(p.P, v))
	}
	return p.Render(v.Head.Title+" · "+s.title, documentPage(p.P, v))
}

func dropForm(p locale.Printer, s source, part edition.Part, id, name string) *ui.ConfirmView {
	return &ui.ConfirmView{
		ID: "drop", Open: ui.Action{Text: p.T("rules.drop"), Icon: "trash", Danger: true, Label: p.T("rules.drop_label", p.T("rules.drop"), name)},
		Title: p.T("rules.drop_title", name), Text: p.T("rules.drop_text"), Action: s.base + "/drop",
		Hidden: []ui.Hidden{{Name: "part", Value: string(part)}, {Name: "row", Value: id}}, Yes: p.T("rules.drop"), Danger: true,
	}
}

func (s source) documentRefs(p locale.Printer, f *form, d catalogue.Document) []ui.Field {
	c := s.content.Catalogue
	var terms, matters, forms []string
	names := map[string]string{}
	for _, t := range c.Terms {
		terms, names["t "+t.ID] = append(terms, t.ID), words(p, t.Text)+" "+t.ID
	}
	for _, m := range c.Matters {
		matters, names["m "+m.ID] = append(matters, m.ID), words(p, m.Text)+" "+m.ID
	}
	for _, x := range c.Documents {
		if x.IsApprovalForm || slices.Contains(d.RulesOf().ApprovedBy, x.ID) {
			forms = append(forms, x.ID)
		}
		names["d "+x.ID] = words(p, x.Text) + " " + x.ID
	}
	in := func(letter string) func(string) string {
		return func(id string) string {
			if n := names[letter+" "+id]; n != "" {
				return n
			}
			return id
		}
	}
	return []ui.Field{
		f.many("deadlines", p.T("rules.field.deadlines"), d.Deadlines, terms, in("t")),
		f.many("recording_matters", p.T("rules.field.recording_matters"), d.RecordingMatters, matters, in("m")),
		f.many("approved_by", p.T("rules.field.approved_by"), d.RulesOf().ApprovedBy, forms, in("d")),
		f.area("legal_basis", p.T("rules.field.legal_basis"), p.T("rules.lines_hint"), strings.Join(d.LegalBasis, "\n"), len(d.SeedArticles) > 0, 3),
		f.area("seed_articles", p.T("rules.field.seed_articles"), p.T("rules.articles_hint"), strings.Join(d.SeedArticles, "\n"), true, 2),
		f.area("rules_events", p.T("rules.field.events"), p.T("rules.events_hint"), line.OfEvents(d.RulesOf().Events), true, 3),
	}
}

// fold reports whether a field of the references is one of many choices, which stay folded.
func fold(f ui.Field) bool { return f.Multiple }

func picked(f ui.Field) int {
	n := 0
	for _, o := range f.Options {
		if o.On {
			n++
		}
	}
	return n
}

func fieldForm(f *form, i, n int, g catalogue.Field) rowForm {
	at := "f" + strconv.Itoa(i) + "_"
	before := len(f.fields)
	r := rowForm{Letter: "field-" + strconv.Itoa(i), First: i == 0, Last: i == n-1, Title: f.p.T("rules.field_title", i+1, words(f.p, g.Text), known(f.p, "rules.type", g.Type))}
	if g.Required {
		r.Title += f.p.T("rules.comma") + f.p.T("rules.field.required")
	}
	r.Main = append(f.words(at, g.Text, false),
		f.input(at+"id", f.p.T("rules.field.id"), g.ID, false),
		f.choose(at+"type", f.p.T("rules.field.type"), g.Type, catalogue.FieldTypes, func(id string) string { return known(f.p, "rules.type", id) }),
		f.add(ui.Field{Name: at + "when", Label: f.p.T("rules.field.when"), Value: g.When, Optional: true, Auto: "off", Max: 2000}))
	r.Check = f.tick(at+"required", f.p.T("rules.field.required"), g.Required)
	if g.Type == "enum" || len(g.Options) > 0 {
		r.More = append(r.More, f.area(at+"options", f.p.T("rules.field.options"), f.p.T("rules.options_hint"), line.OfOptions(g.Options), true, 4))
	}
	if g.Type == "item-list" || g.Type == "table" || len(g.Columns) > 0 {
		r.More = append(r.More, f.area(at+"columns", f.p.T("rules.field.columns"), f.p.T("rules.columns_hint"), line.OfColumns(g.Columns), true, 4))
	}
	r.Open = g.ID == "" || wants(f.fields[before:])
	return r
}

func signerForm(f *form, i, n int, g catalogue.Signer) rowForm {
	at := "s" + strconv.Itoa(i) + "_"
	before := len(f.fields)
	r := rowForm{Letter: "signer-" + strconv.Itoa(i), First: i == 0, Last: i == n-1, Title: f.p.T("rules.signer_title", i+1, words(f.p, g.Text))}
	r.Main = append(f.words(at, g.Text, false), f.input(at+"role", f.p.T("rules.field.role"), g.Role, false))
	r.Check = f.tick(at+"required", f.p.T("rules.field.required"), g.Required)
	r.Open = g.Role == "" || wants(f.fields[before:])
	return r
}

// wants reports whether one of the inputs asks to be seen.
func wants(fields []ui.Field) bool {
	return slices.ContainsFunc(fields, func(f ui.Field) bool { return f.Error != "" || f.Focus })
}

// vocabulary is what conditions and events can be written of.
func vocabulary(p locale.Printer) []ui.Fact {
	var out []ui.Fact
	for _, f := range fact.Facts() {
		of := "true / false"
		if len(f.Options) > 0 {
			of = strings.Join(f.Options, " / ")
		}
		out = append(out, ui.FactText(f.ID, known(p, "fact", f.ID), of))
	}
	for _, e := range fact.Events() {
		out = append(out, ui.FactText(e, known(p, "event", e), p.T("rules.field.events")))
	}
	return out
}
