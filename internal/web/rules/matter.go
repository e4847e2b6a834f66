package rules

import (
	"strings"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/rules/line"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// rowSheet is a part of a plain form: inputs side by side, then inputs one under the other.
type rowSheet struct {
	Title string
	Cols  []ui.Field
	Rest  []ui.Field
}

// plainView is the form of a matter or an obligation.
type plainView struct {
	Action string
	Back   string
	Head   ui.HeadView
	Note   ui.NoteView
	Errors []ui.FieldError
	Hidden []ui.Hidden
	Sheets []rowSheet
	Drop   *ui.ConfirmView
}

// plainForm is a matter or an obligation while it is written.
type plainForm[T edition.Row] struct {
	Row      T
	Was      string
	Bad      refusal.Fault
	Problems []catalogue.Problem
}

func plainInput(field string) string { return strings.ReplaceAll(field, ".", "_") }

// plainPage shows the form: sheets builds its inputs.
func plainPage[T edition.Row](p *site.Page, s source, in plainForm[T], part edition.Part, id string, name catalogue.Text, sheets func(f *form) []rowSheet) error {
	f := newForm(p.P, "", in.Problems, plainInput)
	at := s.base + "/" + string(part)
	v := plainView{Action: at, Back: at, Hidden: []ui.Hidden{{Name: "was", Value: in.Was}}}
	v.Head = ui.HeadView{Crumbs: append(s.crumbs(p.P), ui.Link{Text: p.P.T("rules.part." + string(part)), Href: at}), Title: words(p.P, name), Sub: id}
	if in.Was == "" {
		v.Head.Title, v.Head.Sub = p.P.T("rules.add_title."+string(part)), ""
	}
	first := f.add(ui.Field{
		Name: "id", Label: p.P.T("rules.field.id"), Hint: p.P.T("rules.id_hint"), Value: id, Auto: "off", Max: 80, ReadOnly: in.Was != "",
	})
	v.Sheets = sheets(f)
	v.Sheets[0].Cols = append([]ui.Field{first}, v.Sheets[0].Cols...)
	v.Errors = f.errors()
	if in.Bad.What != "" && len(in.Problems) == 0 {
		v.Note = ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: in.Bad.What, Text: in.Bad.Do}
	}
	if in.Was != "" {
		v.Drop = dropForm(p.P, s, part, id, words(p.P, name))
	}
	if in.Bad.What != "" {
		return p.Refused(v.Head.Title+" · "+s.title, plainFormPage(p.P, v))
	}
	return p.Render(v.Head.Title+" · "+s.title, plainFormPage(p.P, v))
}

// put takes the row of a plain form over, or shows the form again.
func put[T edition.Row](a *area, p *site.Page, s source, part edition.Part, id string, read func(old T) T, show func(plainForm[T]) error) error {
	f := plainForm[T]{Was: p.Value("was")}
	var old T
	r, _, there := s.find(part, id)
	if have, ok := r.(T); ok && f.Was != "" {
		old = have
	}
	f.Row = read(old)
	err := changedMeanwhile(f.Was, there, r)
	if err == nil {
		_, err = a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, edition.Put[T]{Row: f.Row, New: f.Was == ""})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		if there && f.Was != "" {
			f.Was = was(r)
		}
		f.Bad, f.Problems = bad, problemsOf(err)
		return show(f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.rowHref(part, id))
}

// pair is a text in both languages, with labels of its own.
func (f *form) pair(name, label string, t catalogue.Text, optional bool) []ui.Field {
	out := f.words(name+"_", t, optional)
	for i, lang := range []string{f.p.T("rules.in_chinese"), f.p.T("rules.in_english")} {
		out[i].Label = f.p.T("rules.in_words", label, lang)
	}
	return out
}

func (a *area) matterPage(p *site.Page, s source, in plainForm[catalogue.Matter]) error {
	m := in.Row
	return plainPage(p, s, in, edition.Matters, m.ID, m.Text, func(f *form) []rowSheet {
		label := func(name string) string { return p.P.T("rules.field." + name) }
		on := f.many("acts", label("acts"), m.Acts, s.actIDs(), func(id string) string { return s.act(p.P, id) })
		on.Inline, on.Optional = true, false
		r := m.DefaultRetention
		return []rowSheet{
			{
				Title: p.P.T("rules.what"), Cols: append(f.words("", m.Text, false),
					f.choose("stage", label("stage"), m.Stage, s.stageIDs(), func(id string) string { return s.stage(p.P, id) }),
					f.coded("requirement", "rules.requirement", m.Requirement, []string{"uninterrupted", "mandatory", "encouraged"}),
					f.coded("confidence", "rules.confidence", m.Confidence, []string{"high", "medium", "low"})),
				Rest: []ui.Field{on, f.tick("enabled_by_default", label("enabled_by_default"), m.EnabledByDefault)},
			},
			{Title: label("trigger"), Cols: append(append(f.pair("trigger", label("trigger"), m.Trigger, false), f.pair("start_rule", label("start_rule"), m.StartRule, false)...),
				append(f.pair("end_rule", label("end_rule"), m.EndRule, false), f.input("enable_condition", label("enable_condition"), deref(m.EnableCondition), true))...)},
			{Title: label("must_film"), Rest: []ui.Field{
				f.area("must_film", label("must_film"), p.P.T("rules.film_hint"), line.OfFilmed(m.MustFilm), true, 8),
				f.area("voice_statement", label("voice_statement"), p.P.T("rules.lines_hint"), strings.Join(m.VoiceStatement, "\n"), true, 3),
			}},
			{Title: label("default_retention"), Cols: append([]ui.Field{
				f.input("default_retention_code", label("code"), r.Code, false), f.input("default_retention_term", label("term"), r.Term, true),
				f.input("default_retention_if_used_as_evidence", label("if_used_as_evidence"), r.IfUsedEvidence, true),
			}, f.pair("default_retention_basis", label("basis"), r.Basis, true)...)},
			{Title: p.P.T("rules.hangs_on"), Rest: []ui.Field{
				f.many("documents", label("documents"), m.Documents, s.documentIDs(), s.documentName(p.P)),
				f.area("article", label("article"), p.P.T("rules.articles_hint"), strings.Join(m.Article, "\n"), true, 2),
				f.area("note", label("note"), "", deref(m.Note), true, 2),
			}},
		}
	})
}

func (s source) documentIDs() []string {
	var out []string
	for _, d := range s.content.Catalogue.Documents {
		out = append(out, d.ID)
	}
	return out
}

func (s source) documentName(p locale.Printer) func(string) string {
	names := map[string]string{}
	for _, d := range s.content.Catalogue.Documents {
		names[d.ID] = words(p, d.Text) + " " + d.ID
	}
	return func(id string) string {
		if n := names[id]; n != "" {
			return n
		}
		return id
	}
}

func deref(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}

func ref(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

func (a *area) putMatter(p *site.Page, s source) error {
	return put(a, p, s, edition.Matters, p.Value("id"), func(old catalogue.Matter) catalogue.Matter {
		m := old
		m.ID, m.Text, m.Acts = p.Value("id"), text(p, ""), kept(old.Acts, p.Values("acts"))
		m.Stage, m.Requirement, m.Confidence = p.Value("stage"), p.Value("requirement"), p.Value("confidence")
		m.EnabledByDefault, m.EnableCondition = p.Value("enabled_by_default") != "", ref(p.Value("enable_condition"))
		m.Trigger, m.StartRule, m.EndRule = text(p, "trigger_"), text(p, "start_rule_"), text(p, "end_rule_")
		m.MustFilm, m.VoiceStatement = line.Filmed(p.Value("must_film")), line.Split(p.Value("voice_statement"))
		m.DefaultRetention = catalogue.Retention{
			Code: p.Value("default_retention_code"), Term: p.Value("default_retention_term"), Basis: text(p, "default_retention_basis_"),
			IfUsedEvidence: p.Value("default_retention_if_used_as_evidence"),
		}
		m.Documents, m.Article, m.Note = kept(old.Documents, p.Values("documents")), line.Split(p.Value("article")), ref(p.Value("note"))
		if m.Source == nil {
			m.Source = []string{}
		}
		return m
	}, func(f plainForm[catalogue.Matter]) error { return a.matterPage(p, s, f) })
}

func (a *area) obligationPage(p *site.Page, s source, in plainForm[catalogue.Obligation]) error {
	o := in.Row
	return plainPage(p, s, in, edition.Requirements, o.ID, o.Obligation, func(f *form) []rowSheet {
		label := func(name string) string { return p.P.T("rules.field." + name) }
		var terms []string
		for _, t := range s.content.Catalogue.Terms {
			terms = append(terms, t.ID)
		}
		return []rowSheet{
			{Title: p.P.T("rules.what"), Cols: append(append([]ui.Field{
				f.input("article", label("article"), o.Article, false),
				f.coded("level", "rules.level", o.Level, []string{"enforce", "detect", "evidence", "people"}),
			}, f.pair("obligation", label("obligation"), o.Obligation, false)...), f.pair("obliged", label("obliged"), o.Obliged, false)...), Rest: []ui.Field{
				f.area("mechanism", label("mechanism"), "", o.Mechanism, true, 3), f.area("not_enforceable", label("not_enforceable"), "", deref(o.NotEnforceable), true, 3),
			}},
			{Title: p.P.T("rules.hangs_on"), Rest: []ui.Field{
				f.many("documents", label("documents"), o.Documents, s.documentIDs(), s.documentName(p.P)),
				f.many("deadlines", label("deadlines"), o.Deadlines, terms, func(id string) string {
					t, _ := s.content.Catalogue.Term(id)
					return words(p.P, t.Text) + " " + id
				}),
				f.area("seed_articles", label("seed_articles"), p.P.T("rules.articles_hint"), strings.Join(o.SeedArticles, "\n"), true, 2),
			}},
		}
	})
}

func (a *area) putObligation(p *site.Page, s source) error {
	return put(a, p, s, edition.Requirements, p.Value("id"), func(old catalogue.Obligation) catalogue.Obligation {
		o := old
		o.ID, o.Article, o.Level, o.Mechanism = p.Value("id"), p.Value("article"), p.Value("level"), p.Value("mechanism")
		o.Obligation, o.Obliged, o.NotEnforceable = text(p, "obligation_"), text(p, "obliged_"), ref(p.Value("not_enforceable"))
		o.SeedArticles, o.Documents, o.Deadlines = line.Split(p.Value("seed_articles")), kept(old.Documents, p.Values("documents")), kept(old.Deadlines, p.Values("deadlines"))
		return o
	}, func(f plainForm[catalogue.Obligation]) error { return a.obligationPage(p, s, f) })
}
