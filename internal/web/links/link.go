package links

import (
	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// How many suggestions stand on a recording's page, and on the page that links it.
const (
	suggested = 3
	offered   = 10
)

// panelView is the part of a recording's page.
type panelView struct {
	Held     []heldView
	Proposed []proposalView
	More     ui.Action // leads to the page that links; an empty Href for who may not
}

// heldView is a case to which a recording belongs.
type heldView struct {
	Case  ui.Link
	Facts []string
}

// proposalView is a case to which it may belong; Do links it at once.
type proposalView struct {
	Case  ui.Link
	Facts []string
	Do    ui.Action
}

// Sheet is the part of a recording's page about the cases it belongs to.
func (a *Area) Sheet(p *site.Page, r recording.Recording) (templ.Component, error) {
	v, err := a.panel(p, r.ID, suggested)
	if err != nil {
		return nil, err
	}
	return panelSheet(p.P, v), nil
}

// mayLink reports whether the reader holds a role that links at all; each case asks again.
func mayLink(p *site.Page) bool { return p.Actor.Has(access.Officer, access.Custodian) }

func (a *Area) panel(p *site.Page, id ident.RecordingID, limit int) (panelView, error) {
	var v panelView
	held, err := a.d.Strays.Links(p.Context(), p.Actor, id)
	if err != nil {
		return v, err
	}
	var by []ident.PersonID
	for _, h := range held {
		by = append(by, h.By)
	}
	names, err := a.d.People.Names(p.Context(), by)
	if err != nil {
		return v, err
	}
	docs, err := a.documents(p)
	if err != nil {
		return v, err
	}
	pr := p.P
	for _, h := range held {
		x := heldView{Case: ui.Link{Text: pr.T("links.elsewhere")}, Facts: []string{pr.T("links.by", names[h.By]), pr.When(h.At, p.Now)}}
		if h.Case != "" {
			x.Case = ui.Link{Text: record.Prose(h.Title), Href: FilmPath(h.Case)}
			x.Facts = append([]string{record.Prose(h.No), docs.name(h.Type), record.Prose(h.Note)}, x.Facts...)
		}
		v.Held = append(v.Held, x)
	}
	if !mayLink(p) {
		return v, nil
	}
	if len(held) == 0 || limit > suggested {
		if v.Proposed, err = a.proposals(p, id, limit, docs); err != nil {
			return v, err
		}
	}
	v.More = ui.Action{Text: pr.T("links.by_number"), Href: linkPath(id), Icon: "link"}
	return v, nil
}

func (a *Area) proposals(p *site.Page, id ident.RecordingID, limit int, docs documents) ([]proposalView, error) {
	list, err := a.d.Strays.Suggest(p.Context(), p.Actor, id, limit)
	if err != nil {
		return nil, err
	}
	var out []proposalView
	for _, s := range list {
		title := record.Prose(s.Title)
		out = append(out, proposalView{
			Case: ui.Link{Text: title, Href: casePath(s.Case)}, Facts: []string{record.Prose(s.No), docs.name(s.Type), p.P.T("links.why." + string(s.Why))}, Do: linkAction(p.P, id, s, title),
		})
	}
	return out, nil
}

func linkAction(p locale.Printer, id ident.RecordingID, s stray.Suggestion, title string) ui.Action {
	return ui.Action{
		Text: p.T("links.link"), Href: linkPath(id), Post: true, Label: p.T("links.link_of", title),
		Hidden: []ui.Hidden{{Name: "case", Value: string(s.Case)}, {Name: "paper", Value: string(s.Paper)}},
	}
}

// documents names document types, by one edition of the catalogue.
type documents struct {
	p   locale.Printer
	cat catalogue.Catalogue
}

// documents are those of today's edition; a case has those of its own day.
func (a *Area) documents(p *site.Page) (documents, error) {
	e, err := a.d.Rules.EditionOn(p.Context(), p.Now)
	return documents{p.P, e.Catalogue}, err
}

func (a *Area) documentsOf(p *site.Page, f matter.File) (documents, error) {
	e, err := a.d.Cases.Edition(p.Context(), f)
	return documents{p.P, e.Catalogue}, err
}

func (d documents) name(id string) string {
	doc, ok := d.cat.Document(id)
	if !ok {
		return record.Harmless(id)
	}
	return d.p.Pick(doc.ZH, doc.EN)
}

func (d documents) field(kind, id string) string {
	doc, _ := d.cat.Document(kind)
	for _, f := range doc.Fields {
		if f.ID != id {
			continue
		}
		return d.p.Pick(f.ZH, f.EN)
	}
	return record.Harmless(id)
}

// linkView is the page that links one recording.
type linkView struct {
	Head  ui.HeadView
	Panel panelView
	// Chosen is the case that was found by its number; the paper is chosen on it.
	Chosen *ui.Link
	Form   ui.FormView
	Number ui.Field
	Paper  *ui.Field
	Note   ui.Field
	Bad    refusal.Fault
}

// recording reads the one the address names, in the reader's scope.
func (a *Area) recording(p *site.Page) (recording.Recording, error) {
	unknown := fault.New(fault.NotFound, "recording.unknown")
	id, err := ident.Parse[ident.RecordingID](p.R.PathValue("id"))
	if err != nil {
		return recording.Recording{}, unknown
	}
	list, err := a.d.Recordings.Selected(p.Context(), p.Actor, []ident.RecordingID{id})
	if err != nil {
		return recording.Recording{}, err
	}
	if len(list) == 0 {
		return recording.Recording{}, unknown
	}
	return list[0], nil
}

func (a *Area) showLink(p *site.Page) error { return a.linkPage(p, refusal.Fault{}) }

func (a *Area) linkPage(p *site.Page, bad refusal.Fault) error {
	r, err := a.recording(p)
	if err != nil {
		return err
	}
	pr := p.P
	title := pr.T("links.page", record.Start(pr, r, p.Now))
	v := linkView{
		Head: ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("links.title"), Href: Path}, {Text: record.Harmless(r.Name), Href: record.Path(r.ID)}}, Title: title}, Bad: bad,
		Number: bad.Mark(ui.Field{Name: "no", Label: pr.T("links.number"), Hint: pr.T("links.number_hint"), Value: p.Value("no"), Max: 100, Auto: "off"}, "case"),
		Note:   bad.Mark(ui.Field{Name: "note", Label: pr.T("links.note_label"), Value: p.Value("note"), Max: 200, Optional: true}),
		Form:   ui.FormView{Action: linkPath(r.ID), Label: pr.T("links.by_number"), Buttons: []ui.Action{{Text: pr.T("links.link"), Icon: "link", Primary: true}, {Text: pr.T("form.cancel"), Href: record.Path(r.ID)}}},
	}
	if v.Panel, err = a.panel(p, r.ID, offered); err != nil {
		return err
	}
	if id, err := ident.Parse[ident.CaseID](p.Value("case")); err == nil {
		if err := a.choose(p, &v, id); err != nil {
			return err
		}
	}
	v.Form.Errors = bad.Errors(v.Number, v.Note)
	if bad.What != "" {
		return p.Refused(title, linkPage(pr, v))
	}
	return p.Render(title, linkPage(pr, v))
}

// choose shows the papers of a case, so that the recording is linked to the step it shows.
func (a *Area) choose(p *site.Page, v *linkView, id ident.CaseID) error {
	f, err := a.d.Cases.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	docs, err := a.documentsOf(p, f)
	if err != nil {
		return err
	}
	v.Chosen = &ui.Link{Text: p.P.T("links.chosen", record.Prose(f.Case.No), record.Prose(f.Case.Title)), Href: casePath(id)}
	v.Form.Hidden = []ui.Hidden{{Name: "case", Value: string(id)}}
	paper := ui.Field{Name: "paper", Label: p.P.T("links.paper"), Hint: p.P.T("links.paper_hint"), Optional: true, Options: []ui.Option{{Text: p.P.T("links.paper_none"), On: p.Value("paper") == ""}}}
	for _, x := range f.Papers {
		if x.State != matter.Void {
			text := docs.name(x.Type)
			if x.No != "" {
				text = p.P.T("links.paper_no", text, record.Harmless(x.No))
			}
			paper.Options = append(paper.Options, ui.Option{Value: string(x.ID), Text: text, On: string(x.ID) == p.Value("paper")})
		}
	}
	v.Paper = &paper
	return nil
}

// link links a recording to a case. Found by its number, the case is shown first, so that the step can be chosen.
func (a *Area) link(p *site.Page) error {
	r, err := a.recording(p)
	if err != nil {
		return err
	}
	id, err := ident.Parse[ident.CaseID](p.Value("case"))
	if err != nil {
		f, err := a.d.Cases.ByNumber(p.Context(), p.Actor, p.Value("no"))
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) { // whether there is one elsewhere is not told
			bad, _ := refusal.Of(p.P, fault.New(fault.Invalid, "links.no_case").At("no"))
			return a.linkPage(p, bad)
		}
		if err != nil {
			return err
		}
		return p.Redirect(linkPath(r.ID) + "?case=" + string(f.Case.ID) + "#paper")
	}
	paper, err := ident.Parse[ident.PaperID](p.Value("paper"))
	if err != nil {
		paper = ""
	}
	_, err = a.d.Cases.Film(p.Context(), p.Actor, matter.Link{Case: id, Paper: paper, Recording: r.ID, Note: p.Value("note")})
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.linkPage(p, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(record.Path(r.ID) + "#link")
}
