package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// overView is the first page of an edition or a draft.
type overView struct {
	Base     string
	Head     ui.HeadView
	Tabs     []ui.Tab
	Bad      refusal.Fault
	Moved    string // the edition that overtook the draft
	Facts    []ui.Fact
	Problems *ui.TableView
	Exports  []ui.Action
	Steps    []ui.Event
	IsDraft  bool
	May      bool
	Discard  bool // the reader may discard it
	Revision string
	Label    string
}

func (a *area) overview(p *site.Page, s source) error { return a.overPage(p, s, refusal.Fault{}) }

func (a *area) overPage(p *site.Page, s source, bad refusal.Fault) error {
	v := overView{
		Base: s.base, Tabs: s.tabs(p.P, ""), Bad: bad, Facts: s.facts(p), IsDraft: s.isDraft, May: s.may, Label: s.title,
		Head: ui.HeadView{Crumbs: []ui.Link{{Text: p.P.T("rules.title"), Href: rootPath}}, Title: s.title},
	}
	for _, part := range edition.Parts() {
		v.Exports = append(v.Exports, exports(p.P, s, part)...)
	}
	switch {
	case s.isDraft:
		if err := a.draftOver(p, s, &v); err != nil {
			return err
		}
	case s.edition.Number > 0:
		v.Head.Actions = []ui.Action{{Text: p.P.T("rules.compare"), Href: s.base + "/compare", Icon: "arrows-diff"}}
	}
	if bad.What != "" {
		return p.Refused(s.title, overPage(p.P, v))
	}
	return p.Render(s.title, overPage(p.P, v))
}

// draftOver adds what only a draft has.
func (a *area) draftOver(p *site.Page, s source, v *overView) error {
	d := s.draft
	open := d.State == regulation.DraftOpen
	v.Head.Marks, v.Revision = draftMark(p.P, d.State), strconv.Itoa(d.Revision)
	look := ui.Action{Text: p.P.T("rules.compare"), Href: s.base + "/compare", Icon: "arrows-diff"}
	if open && len(s.problems) == 0 && p.May(access.EditionAdopt, s.adoption(p)) {
		look.Text, look.Primary = p.P.T("rules.look_adopt"), true
	}
	v.Head.Actions = []ui.Action{look}
	if s.may {
		v.Head.Actions = append(v.Head.Actions, ui.Action{Text: p.P.T("rules.import"), Href: s.base + "/import", Icon: "table-import"})
	}
	v.Discard = open && p.May(access.EditionDiscard, access.Subject{Kind: "edition_draft", ID: string(d.ID)})
	facts := []ui.Fact{
		ui.FactText(p.P.T("rules.why"), d.Words, ""),
		ui.FactText(p.P.T("rules.made_from"), editionTitle(p.P, d.Base), ""),
		ui.FactText(p.P.T("rules.begun"), p.P.T("rules.adopted_by", d.BegunName, p.P.When(d.BegunAt, p.Now)), ""),
	}
	if !open {
		facts = append(facts, ui.FactText(p.P.T("rules.draft_state."+string(d.State)), p.P.T("rules.adopted_by", d.EndedName, p.P.When(d.EndedAt, p.Now)), d.EndedWords))
	}
	v.Facts = append(facts, v.Facts...)
	if open {
		list, err := a.Regulation.Editions(p.Context())
		if err != nil {
			return err
		}
		if len(list) > 0 && list[0].Number != d.Base {
			v.Moved = editionTitle(p.P, list[0].Number)
		}
	}
	if len(s.problems) > 0 && open {
		t := s.problemTable(p.P, s.problems)
		v.Problems = &t
	}
	for _, st := range s.steps {
		v.Steps = append(v.Steps, ui.Event{
			Time: p.P.Clock(st.At), Day: p.P.Day(st.At, p.Now), Icon: "pencil", Text: stepText(p.P, st), Facts: []string{st.ByName, st.ID},
		})
	}
	v.Steps = append(v.Steps, ui.Event{
		Time: p.P.Clock(d.BegunAt), Day: p.P.Day(d.BegunAt, p.Now), Icon: "plus", Text: p.P.T("rules.begun"), Facts: []string{d.BegunName},
	})
	return nil
}

// adoption is the draft as the policy about adopting sees it: whoever wrote any of it is the officer it concerns.
func (s source) adoption(p *site.Page) access.Subject {
	subject := access.Subject{Kind: "edition_draft", ID: string(s.draft.ID), Officer: s.draft.BegunBy}
	for _, st := range s.steps {
		if st.By == p.Actor.Person {
			subject.Officer = st.By
		}
	}
	return subject
}

func stepText(p locale.Printer, st regulation.DraftStep) string {
	if st.Part == "" {
		return p.T("rules.step." + st.Step)
	}
	return p.T("rules.step."+st.Step, p.T("rules.part."+string(st.Part)))
}

func exports(p locale.Printer, s source, part edition.Part) []ui.Action {
	name := p.T("rules.part." + string(part))
	link := func(form, text string) ui.Action {
		return ui.Action{
			Text: text, Href: s.base + "/export/" + string(part) + "?form=" + form, Icon: "download", Quiet: true, Download: true,
		}
	}
	out := []ui.Action{link("json", name+" JSON")}
	if part.Rows() {
		out = append(out, link("xlsx", name+" Excel"))
	}
	return out
}

// export sends a part as a file that can be imported again.
func (a *area) export(p *site.Page, s source) error {
	part := edition.Part(p.R.PathValue("part"))
	raw := s.files.Of(part)
	if raw == nil {
		return fault.New(fault.NotFound, "page.unknown")
	}
	if p.Value("form") == "json" || !part.Rows() {
		p.Attach("application/json; charset=utf-8", part.File())
		_, err := p.W.Write(raw)
		return err
	}
	file, problems := catalogue.Read(part.File(), raw)
	if len(problems) > 0 {
		return fault.Wrap(&edition.Broken{Problems: problems}, fault.Invalid, "edition.rows", len(problems))
	}
	book, err := catalogue.Excel(file)
	if err != nil {
		return err
	}
	return listing.SendFile(p, string(part), book)
}

// problemTable lists what is wrong, each leading to its row.
func (s source) problemTable(p locale.Printer, list []catalogue.Problem) ui.TableView {
	t := ui.TableView{
		Caption: p.T("rules.problems"),
		Columns: []ui.Column{
			{Label: p.T("rules.problem.row")}, {Label: p.T("rules.problem.what"), Lead: true}, {Label: p.T("rules.problem.field")}, {Label: p.T("rules.problem.file")},
		},
	}
	const most = 200 // a damaged file can have one for each of its places
	for _, q := range list[:min(len(list), most)] {
		where := locale.Visible(q.ID)
		if q.Row > 0 {
			where = p.T("rules.problem.at", q.Row, locale.Visible(q.ID))
		}
		link := ui.Link{Text: where}
		for _, part := range edition.Parts() {
			if _, _, ok := s.find(part, q.ID); ok && part.File() == q.File {
				link.Href = s.rowHref(part, q.ID)
			}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			ui.TextLink(link), ui.Text(wrong(p, q)), ui.Text(label(p, locale.Visible(q.Field))), ui.Mono(locale.Visible(q.File)),
		}})
	}
	t.Pager = &ui.PagerView{Total: int64(len(list))}
	return t
}

// problemsOf gives what kept a step from being taken.
func problemsOf(err error) []catalogue.Problem {
	if b, ok := errors.AsType[*edition.Broken](err); ok {
		return b.Problems
	}
	return nil
}

func (a *area) drop(p *site.Page, s source) error {
	part := edition.Part(p.Value("part"))
	_, err := a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, edition.Drop{Part: part, ID: p.Value("row")})
	return a.after(p, s, err, s.base+"/"+string(part))
}

func (a *area) move(p *site.Page, s source) error {
	_, err := a.Regulation.MoveDraft(p.Context(), p.Actor, s.draft.ID, s.draft.Revision)
	return a.after(p, s, err, s.base+"/compare")
}

func (a *area) discard(p *site.Page, s source) error {
	_, err := a.Regulation.Discard(p.Context(), p.Actor, s.draft.ID, revision(p), p.Value("words"))
	return a.after(p, s, err, s.base)
}

// after leads on, or shows the draft with what was wrong.
func (a *area) after(p *site.Page, s source, err error, to string) error {
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.overPage(p, s, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(to)
}

// revision is the one the reader saw; what is none is one no draft has.
func revision(p *site.Page) int {
	n, err := strconv.Atoi(p.Value("revision"))
	if err != nil {
		return -1
	}
	return n
}

// importView is the page that takes a file in.
type importView struct {
	Base     string
	Head     ui.HeadView
	Field    ui.Field
	Bad      refusal.Fault
	Problems *ui.TableView
}

func (a *area) askImport(p *site.Page, s source) error {
	return a.importPage(p, s, refusal.Fault{}, nil)
}

func (a *area) importPage(p *site.Page, s source, bad refusal.Fault, problems []catalogue.Problem) error {
	title := p.P.T("rules.import_title")
	v := importView{
		Base: s.base, Head: ui.HeadView{Crumbs: s.crumbs(p.P), Title: title}, Bad: bad,
		Field: bad.Mark(ui.Field{Name: "file", Label: p.P.T("rules.import_file"), Hint: p.P.T("rules.import_hint"), Accept: ".json,.xlsx"}),
	}
	if len(problems) > 0 {
		t := s.problemTable(p.P, problems)
		v.Problems = &t
	}
	if bad.What != "" {
		return p.Refused(title, importPage(p.P, v))
	}
	return p.Render(title, importPage(p.P, v))
}

// largestImport is fifty times what the program ships, as a workbook.
const largestImport = 8 << 20

func (a *area) takeImport(p *site.Page, s source) error {
	raw, name, err := p.File("file", largestImport)
	if err == nil {
		_, err = a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, &edition.Import{Name: name, Raw: bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.importPage(p, s, bad, problemsOf(err))
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.base + "/compare")
}
