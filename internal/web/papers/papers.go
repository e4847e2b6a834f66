// Package papers is the pages of written records: the form of a draft that keeps what is typed, its way through approval,
// its signatures, its service, and its print.
package papers

import (
	"context"
	"net/http"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/web/site"
)

// Deps is what the area needs.
type Deps struct {
	Cases *casefile.Service
	// Officers lists the people who can be named in a record, those of the department first.
	Officers func(ctx context.Context, department ident.DepartmentID) ([]casefile.Officer, error)
	Names    func(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
	// Recording names a recording that a paper refers to.
	Recording func(ctx context.Context, id ident.RecordingID) string
	Press     *sheet.Press
	Bureau    string
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: "/papers/{id}", Action: access.CaseView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: "/papers/{id}", Action: access.PaperDraft, Object: true, Handle: a.save},
		{Method: http.MethodPost, Path: "/papers/{id}/draft", Action: access.PaperDraft, Object: true, Handle: a.autosave},
		{Method: http.MethodPost, Path: "/papers/{id}/settle", Action: access.PaperDraft, Object: true, Handle: a.settle},
		{Method: http.MethodPost, Path: "/papers/{id}/attach", Action: access.PaperDraft, Object: true, Handle: a.attach},
		{Method: http.MethodPost, Path: "/papers/{id}/sign", Action: access.PaperSign, Object: true, Handle: a.sign},
		{Method: http.MethodPost, Path: "/papers/{id}/submit", Action: access.PaperSubmit, Object: true, Handle: a.submit},
		{Method: http.MethodPost, Path: "/papers/{id}/recall", Action: access.PaperSubmit, Object: true, Handle: a.recall},
		{Method: http.MethodPost, Path: "/papers/{id}/decide", Action: access.PaperDecide, Object: true, Handle: a.decide},
		{Method: http.MethodPost, Path: "/papers/{id}/correct", Action: access.PaperDraft, Object: true, Handle: a.correct},
		{Method: http.MethodPost, Path: "/papers/{id}/void", Action: access.PaperDraft, Object: true, Handle: a.void},
		{Method: http.MethodPost, Path: "/papers/{id}/serve", Action: access.PaperServe, Object: true, Handle: a.serve},
		{Method: http.MethodGet, Path: "/papers/{id}/pdf", Action: access.CaseView, Object: true, Handle: a.pdf},
		{Method: http.MethodGet, Path: "/papers/{id}/files/{file}", Action: access.CaseView, Object: true, Handle: a.file},
		{Method: http.MethodGet, Path: "/papers/{id}/signatures/{signature}", Action: access.CaseView, Object: true, Handle: a.picture},
	}
}

type area struct{ d Deps }

// sheaf is a paper with all that its page needs.
type sheaf struct {
	file    matter.File
	paper   matter.Paper
	doc     catalogue.Document
	edition regulation.Edition
	names   map[ident.PersonID]string
	chain   []procedure.Link
}

func (a area) load(p *site.Page) (sheaf, error) {
	id, err := ident.Parse[ident.PaperID](p.R.PathValue("id"))
	if err != nil {
		return sheaf{}, fault.New(fault.NotFound, "paper.unknown")
	}
	var s sheaf
	if s.file, s.paper, err = a.d.Cases.OfPaper(p.Context(), p.Actor, id); err != nil {
		return s, err
	}
	if s.edition, err = a.d.Cases.Edition(p.Context(), s.file); err != nil {
		return s, err
	}
	s.doc, _ = s.edition.Catalogue.Document(s.paper.Type)
	s.chain = procedure.Chain(s.file, s.doc, s.paper, procedure.Facts(s.file, s.edition.Catalogue))
	var ids []ident.PersonID
	for _, h := range s.file.Handlers {
		ids = append(ids, h.Person)
	}
	for _, x := range s.file.Approvals {
		ids = append(ids, x.By, x.For)
	}
	ids = append(ids, s.paper.ChangedBy, s.paper.MadeBy)
	s.names, err = a.d.Names(p.Context(), ids)
	return s, err
}

func paperPath(id ident.PaperID) string { return "/papers/" + string(id) }

func casePath(id ident.CaseID) string { return "/cases/" + string(id) }
