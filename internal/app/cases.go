package app

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// caseAsked tells of a case that somebody asks to take away: a person of those they may know of, the host of any.
func (h *House) caseAsked(ctx context.Context, actor access.Actor, id ident.CaseID) (viewing.CaseObject, error) {
	if actor.Kind == access.Person {
		f, err := h.Cases.Get(ctx, actor, id)
		return viewing.CaseObject{ID: id, No: f.Case.No, Title: f.Case.Title, Department: f.Case.Department}, err
	}
	r, err := rows.CaseBy(ctx, h.DB.Reader, id)
	if err != nil {
		return viewing.CaseObject{}, err
	}
	c, err := r.Plain()
	return viewing.CaseObject{ID: id, No: c.No, Title: c.Title, Department: c.Department}, err
}
