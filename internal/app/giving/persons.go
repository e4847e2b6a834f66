package giving

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/regulation/term"
	pages "zhilu.dev/zhilu/internal/web/persons"
	"zhilu.dev/zhilu/internal/web/site"
)

func (o *Office) openPersons() (err error) {
	o.Persons, err = persons.New(persons.Config{DB: o.d.DB, Gate: o.d.Gate, Case: func(ctx context.Context, actor access.Actor, no string) (ident.CaseID, ident.DepartmentID, error) {
		f, err := o.d.Cases.ByNumber(ctx, actor, no)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) { // who may not know of it learns nothing of it
			err = fault.New(fault.Invalid, "persons.case_unknown").At("case_no")
		}
		return f.Case.ID, f.Case.Department, err
	}, Calendar: func(ctx context.Context) (term.Calendar, error) {
		e, err := o.d.Regulation.EditionOn(ctx, o.d.Clock.Now())
		return e.Calendar, err
	}})
	return err
}

func (o *Office) personRoutes() []site.Route {
	return pages.Routes(pages.Deps{Register: o.Persons, Case: o.d.Viewing.CaseOf, DepartmentName: o.d.DepartmentName, Set: o.personAnswer})
}
