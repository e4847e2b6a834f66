// Package rules is the pages of the regulation as data: editions and drafts, what stands in them, how a draft is
// changed, compared and adopted. Everybody who is signed in reads; system administrators draft; the leader adopts.
package rules

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Deps is what the area needs.
type Deps struct {
	Regulation *regulation.Service
}

// Addresses of the area.
const (
	rootPath    = "/rules"
	draftsPath  = rootPath + "/drafts"
	editionPath = rootPath + "/editions"
)

// acts is the address of the page of acts and powers, which is no file of its own.
const acts = "acts"

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := &area{Deps: d, read: map[readKey]readDraft{}}
	read := func(path string, handle func(*site.Page) error) site.Route {
		return site.Route{Method: http.MethodGet, Path: path, Action: access.EditionView, Handle: handle}
	}
	change := func(path string, action access.Action, handle func(*site.Page) error) site.Route {
		return site.Route{Method: http.MethodPost, Path: path, Action: action, Object: true, Handle: handle}
	}
	edit := func(path string, handle func(*site.Page) error) site.Route {
		return change(path, access.EditionEdit, handle)
	}
	const e, dr = editionPath + "/{number}", draftsPath + "/{id}"
	return []site.Route{
		read(rootPath, a.list),
		change(draftsPath, access.EditionDraft, a.begin),
		read(e, a.over(a.edition, a.overview)),
		read(e+"/compare", a.over(a.edition, a.compareEdition)),
		read(e+"/export/{part}", a.over(a.edition, a.export)),
		read(e+"/{part}", a.over(a.edition, a.part)),
		read(e+"/{part}/{row}", a.over(a.edition, a.row)),
		read(dr, a.over(a.draft, a.overview)),
		read(dr+"/compare", a.over(a.draft, a.compareDraft)),
		read(dr+"/export/{part}", a.over(a.draft, a.export)),
		{Method: http.MethodGet, Path: dr + "/import", Action: access.EditionEdit, Handle: a.over(a.draft, a.askImport)},
		{Method: http.MethodGet, Path: dr + "/new/{part}", Action: access.EditionEdit, Handle: a.over(a.draft, a.newRow)},
		read(dr+"/{part}", a.over(a.draft, a.part)),
		read(dr+"/{part}/{row}", a.over(a.draft, a.row)),
		edit(dr+"/import", a.over(a.draft, a.takeImport)),
		edit(dr+"/documents", a.over(a.draft, a.putDocument)),
		edit(dr+"/deadlines", a.over(a.draft, a.putTerm)),
		edit(dr+"/recording-matters", a.over(a.draft, a.putMatter)),
		edit(dr+"/requirements", a.over(a.draft, a.putObligation)),
		edit(dr+"/calendar", a.over(a.draft, a.putDays)),
		edit(dr+"/acts", a.over(a.draft, a.putAct)),
		edit(dr+"/drop", a.over(a.draft, a.drop)),
		edit(dr+"/move", a.over(a.draft, a.move)),
		change(dr+"/discard", access.EditionDiscard, a.over(a.draft, a.discard)),
		change(dr+"/adopt", access.EditionAdopt, a.over(a.draft, a.adopt)),
	}
}

type area struct {
	Deps

	mu   sync.Mutex
	read map[readKey]readDraft
}

// readKey names the text of a draft: at one revision it never changes.
type readKey struct {
	id       ident.DraftID
	revision int
}

type readDraft struct {
	content  edition.Content
	problems []catalogue.Problem
}

// mostRead is how many texts of drafts are remembered: those that people work on now.
const mostRead = 16

// content reads the text of a draft, which takes longer than anything else on its pages, once a revision.
func (a *area) content(d regulation.Draft, files edition.Files) (edition.Content, []catalogue.Problem) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := readKey{d.ID, d.Revision}
	have, ok := a.read[key]
	if !ok {
		if len(a.read) >= mostRead {
			clear(a.read)
		}
		have.content, have.problems = edition.Read(files)
		a.read[key] = have
	}
	return have.content, have.problems
}

// source is an edition or a draft whose text a page shows.
type source struct {
	base     string // its address
	title    string
	content  edition.Content
	files    edition.Files
	problems []catalogue.Problem

	edition regulation.Adoption
	isDraft bool
	draft   regulation.Draft
	steps   []regulation.DraftStep
	may     bool // the reader may change it now
}

// over reads what the address names and hands it to the page.
func (a *area) over(read func(*site.Page) (source, error), page func(*site.Page, source) error) func(*site.Page) error {
	return func(p *site.Page) error {
		s, err := read(p)
		if err != nil {
			return err
		}
		return page(p, s)
	}
}

func (a *area) edition(p *site.Page) (source, error) {
	n, err := strconv.Atoi(p.R.PathValue("number"))
	if err != nil || n < 0 {
		return source{}, fault.New(fault.NotFound, "edition.none")
	}
	e, err := a.Regulation.Edition(p.Context(), n)
	if err != nil {
		return source{}, err
	}
	return source{
		base: editionPath + "/" + strconv.Itoa(n), title: editionTitle(p.P, n), content: e.Content, files: e.Files, edition: e.Adoption,
	}, nil
}

func editionTitle(p locale.Printer, n int) string {
	if n == 0 {
		return p.T("rules.shipped")
	}
	return p.T("rules.edition", n)
}

func (a *area) draft(p *site.Page) (source, error) {
	id, err := ident.Parse[ident.DraftID](p.R.PathValue("id"))
	if err != nil {
		return source{}, fault.New(fault.NotFound, "edition.no_draft")
	}
	d, files, steps, err := a.Regulation.Draft(p.Context(), id)
	if err != nil {
		return source{}, err
	}
	s := source{base: draftsPath + "/" + string(id), title: p.P.T("rules.draft", d.No), files: files, isDraft: true, draft: d, steps: steps}
	s.content, s.problems = a.content(d, files)
	s.may = d.State == regulation.DraftOpen && p.May(access.EditionEdit, access.Subject{Kind: "edition_draft", ID: string(id)})
	return s, nil
}

func (s source) crumbs(p locale.Printer) []ui.Link {
	return []ui.Link{{Text: p.T("rules.title"), Href: rootPath}, {Text: s.title, Href: s.base}}
}

// words is a text of the catalogue in the reader's language; Chinese where the other is empty.
func words(p locale.Printer, t catalogue.Text) string {
	return p.Pick(t.ZH, t.EN)
}

// known gives the words of a code, or the code where there are none.
func known(p locale.Printer, area, code string) string {
	if key := area + "." + code; code != "" && p.Has(key) {
		return p.T(key)
	}
	return code
}

func joined(p locale.Printer, list []string) string { return strings.Join(list, p.T("rules.comma")) }

// actNames are the names of acts; all ten are said in a word.
func (s source) actNames(p locale.Printer, ids []string) string {
	if len(ids) > 1 && len(ids) == len(s.content.Catalogue.Acts) {
		return p.T("rules.all_acts")
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = s.act(p, id)
	}
	return joined(p, out)
}

func (s source) act(p locale.Printer, id string) string {
	if a, ok := s.content.Catalogue.Acts[id]; ok {
		return words(p, a.Text)
	}
	return id
}

func (s source) stage(p locale.Printer, id string) string {
	if t, ok := s.content.Catalogue.Stages[id]; ok {
		return words(p, t)
	}
	return id
}

// actIDs and stageIDs in the order of Article 3 and of a case.
func (s source) actIDs() []string {
	return ordered(s.content.Catalogue.Acts, []string{
		"permit", "penalty", "compulsion", "expropriation", "requisition", "payment", "confirmation", "registration", "adjudication", "inspection",
	})
}

func (s source) stageIDs() []string {
	return ordered(s.content.Catalogue.Stages, []string{
		"initiation", "investigation", "review-decision", "service-execution", "closing-archive", "record-management",
	})
}

func ordered[T any](m map[string]T, first []string) []string {
	at := func(id string) int {
		if i := slices.Index(first, id); i >= 0 {
			return i
		}
		return len(first)
	}
	ids := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(ids, func(a, b string) int { return at(a) - at(b) })
	return ids
}

// label names a place of a row: "fields[amount].required" is 字段 amount · 必填.
func label(p locale.Printer, name string) string {
	var out []string
	for part := range strings.SplitSeq(name, ".") {
		key, of, _ := strings.Cut(part, "[")
		text := known(p, "rules.field", key)
		if of = strings.TrimSuffix(of, "]"); of != "" {
			text += " " + of
		}
		out = append(out, text)
	}
	return strings.Join(out, " · ")
}

// codes are the places of a row whose values have words.
var codes = map[string]string{
	"kind": "rules.kind", "requirement": "rules.requirement", "unit": "rules.unit", "direction": "rules.direction",
	"confidence": "rules.confidence", "type": "rules.type", "level": "rules.level", "start": "event", "met": "event",
}

// value is the value of a place as people read it.
func (s source) value(p locale.Printer, name, v string) string {
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		name = name[at+1:]
	}
	switch {
	case v == "true":
		return p.T("setting.yes")
	case v == "false":
		return p.T("setting.no")
	case codes[name] != "":
		list := strings.Split(v, "\n")
		for i := range list {
			list[i] = known(p, codes[name], list[i])
		}
		return strings.Join(list, "\n")
	case name == "acts":
		return s.actNames(p, strings.Split(v, "\n"))
	case name == "stage":
		return s.stage(p, v)
	}
	return v
}

// wrong says a problem as people read it: where, and what.
func wrong(p locale.Printer, q catalogue.Problem) string {
	return p.T("regulation.problem."+q.Code, locale.Visible(q.Arg))
}

// was is a short name of what a form was made from, so that a change by somebody else is noticed.
func was(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return digest(raw)
}
