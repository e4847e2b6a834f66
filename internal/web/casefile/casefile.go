// Package casefile is the pages of one case: opening it, what is there and what is owed by the regulation's articles, its
// parties, officers, time limits and fines, and what its people decide about it.
package casefile

import (
	"context"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/story"
)

// Deps is what the area needs.
type Deps struct {
	Cases    *casefile.Service
	Rules    *regulation.Service
	Officers func(ctx context.Context, department ident.DepartmentID) ([]casefile.Officer, error)
	Names    func(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
	Tree     func(ctx context.Context) (org.Tree, error)
	// Story gathers what a case's story is told from.
	Story func(ctx context.Context, actor access.Actor, f matter.File) (story.Source, error)
	// Recording names a recording.
	Recording func(ctx context.Context, id ident.RecordingID) string
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: "/cases/new", Action: access.CaseOpen, Object: true, Handle: a.showNew},
		{Method: http.MethodPost, Path: "/cases", Action: access.CaseOpen, Object: true, Handle: a.open},
		{Method: http.MethodGet, Path: "/cases/{id}", Action: access.CaseView, Object: true, Handle: a.show},
		{Method: http.MethodGet, Path: "/cases/{id}/story", Action: access.CaseView, Object: true, Handle: a.story},
		{Method: http.MethodGet, Path: "/cases/{id}/papers", Action: access.PaperDraft, Object: true, Handle: a.choose},
		{Method: http.MethodPost, Path: "/cases/{id}/papers", Action: access.PaperDraft, Object: true, Handle: a.draft},
		{Method: http.MethodPost, Path: "/cases/{id}/answer", Action: access.CaseEdit, Object: true, Handle: a.answer},
		{Method: http.MethodPost, Path: "/cases/{id}/party", Action: access.CaseEdit, Object: true, Handle: a.party},
		{Method: http.MethodPost, Path: "/cases/{id}/report", Action: access.CaseEdit, Object: true, Handle: a.report},
		{Method: http.MethodPost, Path: "/cases/{id}/waive", Action: access.CaseWaive, Object: true, Handle: a.waive},
		{Method: http.MethodPost, Path: "/cases/{id}/assign", Action: access.CaseAssign, Object: true, Handle: a.assign},
		{Method: http.MethodPost, Path: "/cases/{id}/turn", Action: access.CaseTurn, Object: true, Handle: a.turn},
		{Method: http.MethodPost, Path: "/cases/{id}/split", Action: access.CaseOpen, Object: true, Handle: a.split},
		{Method: http.MethodPost, Path: "/cases/{id}/advance", Action: access.CaseAdvance, Object: true, Handle: a.advance},
		{Method: http.MethodPost, Path: "/cases/{id}/archive", Action: access.CaseArchive, Object: true, Handle: a.archive},
	}
}

type area struct{ d Deps }

func idOf(p *site.Page) (ident.CaseID, error) {
	id, err := ident.Parse[ident.CaseID](p.R.PathValue("id"))
	if err != nil {
		return "", fault.New(fault.NotFound, "case.unknown")
	}
	return id, nil
}

// then answers an action: back to the case, or the case again with why not.
func (a area) then(p *site.Page, err error) error {
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect("/cases/" + p.R.PathValue("id"))
}

func (a area) answer(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	if err := p.R.ParseForm(); err != nil {
		return fault.Wrap(err, fault.Invalid, "case.nothing_answered")
	}
	reason := p.Value("reason")
	var answers []casefile.AnswerOf
	for k, v := range p.R.PostForm {
		if len(k) > 2 && k[:2] == "q." && len(v) > 0 && v[0] != "" {
			answers = append(answers, casefile.AnswerOf{Fact: k[2:], Value: v[0], Reason: reason})
		}
	}
	return a.then(p, a.d.Cases.Answer(p.Context(), p.Actor, id, answers))
}

func (a area) party(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	if end := p.Value("end"); end != "" {
		return a.then(p, a.d.Cases.EndParty(p.Context(), p.Actor, id, ident.PartyID(end)))
	}
	_, err = a.d.Cases.AddParty(p.Context(), p.Actor, id, partyOf(p))
	return a.then(p, err)
}

func partyOf(p *site.Page) casefile.PartyEdit {
	return casefile.PartyEdit{
		Role: matter.PartyRole(p.Value("role")), Kind: matter.PartyKind(p.Value("kind")), Name: p.Value("name"), IDNumber: p.Value("id_number"),
		LegalRep: p.Value("legal_rep"), Address: p.Value("address"), Phone: p.Value("phone"),
	}
}

func (a area) report(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	on, err := p.Moment("on")
	if err != nil {
		return a.then(p, err)
	}
	return a.then(p, a.d.Cases.Report(p.Context(), p.Actor, id, p.Value("event"), on, true, p.Value("basis")))
}

func (a area) waive(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	return a.then(p, a.d.Cases.Waive(p.Context(), p.Actor, id, p.Value("item"), p.Value("reason")))
}

func (a area) assign(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	var others []ident.PersonID
	for _, o := range p.Values("others") {
		others = append(others, ident.PersonID(o))
	}
	return a.then(p, a.d.Cases.Assign(p.Context(), p.Actor, id, ident.PersonID(p.Value("lead")), others, p.Value("reason")))
}

func (a area) turn(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	ctx, basis := p.Context(), p.Value("basis")
	switch p.Value("do") {
	case "suspend":
		err = a.d.Cases.Suspend(ctx, p.Actor, id, basis)
	case "resume":
		err = a.d.Cases.Resume(ctx, p.Actor, id, basis)
	case "withdraw":
		err = a.d.Cases.Withdraw(ctx, p.Actor, id, basis)
	case "join":
		var into casefile.File
		if into, err = a.d.Cases.ByNumber(ctx, p.Actor, p.Value("into")); err == nil {
			err = a.d.Cases.Join(ctx, p.Actor, id, into.Case.ID, basis)
		} else if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.Conflict, "case.join").At("into")
		}
	default:
		err = fault.New(fault.Invalid, "case.turn").At("do")
	}
	return a.then(p, err)
}

// split opens a case of its own for some of the parties, and goes there.
func (a area) split(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	var parties []ident.PartyID
	for _, x := range p.Values("parties") {
		parties = append(parties, ident.PartyID(x))
	}
	fresh, err := a.d.Cases.Split(p.Context(), p.Actor, id, p.Value("title"), p.Value("basis"), parties)
	if err != nil {
		return a.then(p, err)
	}
	return p.Redirect("/cases/" + string(fresh.ID))
}

func (a area) advance(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	return a.then(p, a.d.Cases.Advance(p.Context(), p.Actor, id))
}

func (a area) archive(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	return a.then(p, a.d.Cases.Archive(p.Context(), p.Actor, id))
}

func (a area) draft(p *site.Page) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	paper, err := a.d.Cases.Draft(p.Context(), p.Actor, id, p.Value("type"))
	if err != nil {
		return a.then(p, err)
	}
	return p.Redirect("/papers/" + string(paper.ID))
}

// daysOf is how long ago something began, in whole days from 1.
func daysOf(from, now time.Time) int { return int(now.Sub(from)/(24*time.Hour)) + 1 }
