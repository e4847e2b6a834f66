package casefile

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
)

// Filter narrows a list.
type Filter = rows.Filter

// The orders of a list.
const (
	SortNewest = rows.SortNewest
	SortOldest = rows.SortOldest
	SortDue    = rows.SortDue
)

// Summary is a case in a list.
type Summary struct {
	matter.Case
	Parties []string // names of the parties
	NextDue time.Time
	Lead    ident.PersonID
}

// Page is one page of a list. Next is empty at the end.
type Page struct {
	Cases []Summary
	Next  string
}

// CountLimit is the highest figure that is counted out.
const CountLimit = 10_000

const (
	defaultLimit = 50
	maxLimit     = 200
)

func listSubject() access.Subject { return access.Subject{Kind: "case", ID: "list"} }

// List gives the cases an actor may know of. A broken Filter.After is fault Invalid "case.page".
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.CaseList, listSubject()); err != nil {
		return Page{}, err
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	f.Limit = min(f.Limit, maxLimit)
	at, id, err := parseCursor(f.After)
	if err != nil {
		return Page{}, err
	}
	found, err := rows.Page(ctx, s.c.DB.Reader, access.ScopeOf(actor), f, s.c.Clock.Now(), at, id)
	if err != nil {
		return Page{}, err
	}
	var p Page
	if len(found) > f.Limit {
		found = found[:f.Limit]
		last := found[f.Limit-1]
		at := last.OpenedAt
		if f.Sort == SortDue {
			at = last.NextDue
		}
		p.Next = strconv.FormatInt(at, 10) + "_" + string(last.ID)
	}
	ids := make([]ident.CaseID, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	leads, err := rows.Leads(ctx, s.c.DB.Reader, ids)
	if err != nil {
		return Page{}, err
	}
	for _, r := range found {
		v, err := r.Plain()
		if err != nil {
			return Page{}, err
		}
		x := Summary{Case: v, NextDue: clock.FromMicros(r.NextDue), Lead: leads[r.ID]}
		_ = json.Unmarshal([]byte(r.Parties), &x.Parties) // names for the eye: a broken cell shows none
		p.Cases = append(p.Cases, x)
	}
	return p, nil
}

// Count counts the cases of a list, up to CountLimit+1.
func (s *Service) Count(ctx context.Context, actor access.Actor, f Filter) (int, error) {
	if err := s.c.Gate.Check(ctx, actor, access.CaseList, listSubject()); err != nil {
		return 0, err
	}
	return rows.Count(ctx, s.c.DB.Reader, access.ScopeOf(actor), f, s.c.Clock.Now(), CountLimit)
}

func parseCursor(s string) (int64, ident.CaseID, error) {
	if s == "" {
		return 0, "", nil
	}
	left, right, _ := strings.Cut(s, "_")
	at, numErr := strconv.ParseInt(left, 10, 64)
	id, idErr := ident.Parse[ident.CaseID](right)
	if numErr != nil || idErr != nil {
		return 0, "", fault.New(fault.Invalid, "case.page").At("after")
	}
	return at, id, nil
}

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

// Checklist lays a case against the regulation.
func (s *Service) Checklist(ctx context.Context, f File) (procedure.Checklist, error) {
	e, err := s.Edition(ctx, f)
	if err != nil {
		return procedure.Checklist{}, err
	}
	return procedure.Check(f, e.Catalogue), nil
}

// May answers, without recording it, whether an actor may do something in a case: for showing or hiding a button.
func (s *Service) May(f File, actor access.Actor, a access.Action) bool {
	return s.c.Gate.May(actor, a, subjectOf(f, actor))
}
