package casetest

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Through walks a case to its archive as its people would: at each stage the answers given by facts, then "no" to what is
// still asked, then every paper that is missing, written by who writes it, approved, signed, served and filmed. over are
// values of single papers by their type. It returns the papers in the order they were made.
func (w *World) Through(id ident.CaseID, facts map[string]string, over map[string]map[string]any) []string {
	w.T.Helper()
	ctx := context.Background()
	var made []string
	if len(facts) > 0 {
		w.Answer(id, facts)
	}
	for range 200 {
		f := w.File(id)
		list := procedure.Check(f, w.Catalogue())
		if f.Case.State == matter.Archived {
			return made
		}
		it, ok := list.Next(f.Case.Stage)
		if !ok {
			if f.Case.State == matter.Closed {
				w.must(w.Cases.Archive(ctx, w.A, id))
			} else {
				w.must(w.Cases.Advance(ctx, w.A, id))
			}
			continue
		}
		switch {
		case it.Standing == procedure.Question:
			w.None(id)
		case it.Sort == procedure.ForService:
			w.Serve(it.Papers[0])
		case it.Sort == procedure.ForFilm:
			w.Film(id, it.Papers[0])
		default:
			d, _ := w.Catalogue().Document(it.Document)
			w.Clock.Add(3 * time.Hour)
			made = append(made, d.ID)
			w.make(id, f, d, over[d.ID])
		}
	}
	w.T.Fatalf("the case never ends; owed: %+v", procedure.Check(w.File(id), w.Catalogue()).Owed(w.File(id).Case.Stage))
	return nil
}

// make writes one paper and brings it to its end; what has to be approved with another form goes with it.
func (w *World) make(id ident.CaseID, f matter.File, d catalogue.Document, over map[string]any) {
	w.T.Helper()
	actor := map[string]access.Actor{"handler": w.A, "unit": w.Head, "legal": w.Legal, "presider": w.Presider}[procedure.Writers(d)]
	if procedure.Approved(d) {
		var texts []ident.PaperID
		for _, x := range w.Catalogue().Documents {
			if !x.For(f.Case.Act) || !contains(x.RulesOf().ApprovedBy, d.ID) {
				continue
			}
			if truth, _ := procedure.Applies(x, procedure.Facts(f, w.Catalogue())); truth == "yes" && len(f.OfType(x.ID)) == 0 {
				texts = append(texts, w.Draft(w.A, id, x.ID, nil))
			}
		}
		p := w.Draft(actor, id, d.ID, over)
		if d.ID == "decision-approval" {
			for _, before := range []string{"unit-review-form"} {
				if len(f.OfType(before)) == 0 {
					w.Sign(w.Draft(w.Head, id, before, nil))
				}
			}
		}
		w.Approve(p, texts...)
		if _, paper, err := w.Cases.OfPaper(context.Background(), w.Supervisor, p); err == nil && paper.State == matter.Fixed {
			w.Sign(p)
		}
		for _, t := range texts {
			w.Sign(t)
		}
		return
	}
	for _, form := range d.RulesOf().ApprovedBy { // its approval brings it along
		if a, ok := w.Catalogue().Document(form); ok && a.For(f.Case.Act) && len(f.OfType(form)) == 0 {
			if truth, _ := procedure.Applies(a, procedure.Facts(f, w.Catalogue())); truth != "no" {
				w.make(id, f, a, nil)
				return
			}
		}
	}
	w.Sign(w.Draft(actor, id, d.ID, over))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
