package casefile

import (
	"context"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
)

// Get gives a whole case that the actor may know of; any other is fault NotFound "case.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.CaseID) (File, error) {
	row, err := rows.CaseBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return File{}, err
	}
	f, err := rows.Load(ctx, s.c.DB.Reader, row)
	if err != nil {
		return File{}, err
	}
	return f, s.c.Gate.Check(ctx, actor, access.CaseView, subjectOf(f, actor))
}

// ByNumber finds a case by its number.
func (s *Service) ByNumber(ctx context.Context, actor access.Actor, no string) (File, error) {
	id, err := rows.CaseByNo(ctx, s.c.DB.Reader, strings.TrimSpace(no))
	if err != nil {
		return File{}, err
	}
	return s.Get(ctx, actor, id)
}

// OfPaper gives the whole case of a paper.
func (s *Service) OfPaper(ctx context.Context, actor access.Actor, id ident.PaperID) (File, matter.Paper, error) {
	c, err := rows.CaseOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return File{}, matter.Paper{}, err
	}
	f, err := s.Get(ctx, actor, c)
	if err != nil {
		return File{}, matter.Paper{}, err
	}
	p, _ := f.Paper(id)
	return f, p, nil
}

// Versions lists the texts of a paper as they were signed, oldest first.
func (s *Service) Versions(ctx context.Context, actor access.Actor, id ident.PaperID) ([]matter.Version, error) {
	if _, _, err := s.OfPaper(ctx, actor, id); err != nil {
		return nil, err
	}
	return rows.VersionsOf(ctx, s.c.DB.Reader, id)
}

// Edition gives the catalogue a case is judged by.
func (s *Service) Edition(ctx context.Context, f File) (regulation.Edition, error) {
	return s.c.Rules.Edition(ctx, f.Case.Edition)
}

// May answers, without recording it, whether an actor may do something in a case: for showing or hiding a button.
func (s *Service) May(f File, actor access.Actor, a access.Action) bool {
	return s.c.Gate.May(actor, a, subjectOf(f, actor))
}
