package org

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type bureauRow struct {
	bun.BaseModel `bun:"table:bureau"`

	One       int64 `bun:",pk"`
	ID        ident.BureauID
	Name      string
	CreatedAt int64
}

type departmentRow struct {
	bun.BaseModel `bun:"table:department,alias:d"`

	ID        ident.DepartmentID `bun:",pk"`
	ParentID  ident.DepartmentID `bun:",nullzero"`
	Name      string
	Sort      int64
	CreatedAt int64
	ClosedAt  int64
}

func (r departmentRow) value() Department {
	return Department{ID: r.ID, Parent: r.ParentID, Name: r.Name, Sort: int(r.Sort), ClosedAt: clock.FromMicros(r.ClosedAt)}
}

type personRow struct {
	bun.BaseModel `bun:"table:person,alias:p"`

	ID            ident.PersonID `bun:",pk"`
	Name          string
	Number        string
	DepartmentID  ident.DepartmentID `bun:",nullzero"`
	Search        string
	CreatedAt     int64
	DeactivatedAt int64
}

func (r personRow) value() Person {
	return Person{
		ID: r.ID, Name: r.Name, Number: r.Number, Department: r.DepartmentID,
		CreatedAt: clock.FromMicros(r.CreatedAt), DeactivatedAt: clock.FromMicros(r.DeactivatedAt),
	}
}

func rowOfPerson(p Person) personRow {
	return personRow{
		ID: p.ID, Name: p.Name, Number: p.Number, DepartmentID: p.Department, Search: Fold(p.Name) + " " + Fold(p.Number),
		CreatedAt: clock.Micros(p.CreatedAt), DeactivatedAt: clock.Micros(p.DeactivatedAt),
	}
}

type certificateRow struct {
	bun.BaseModel `bun:"table:certificate,alias:c"`

	ID           ident.CertificateID `bun:",pk"`
	PersonID     ident.PersonID
	Number       string
	Kind         CertificateKind
	ValidFrom    int64
	ValidTo      int64
	CreatedAt    int64
	RevokedAt    int64
	RevokeReason string
}

func (r certificateRow) value() Certificate {
	return Certificate{
		ID: r.ID, Person: r.PersonID, Number: r.Number, Kind: r.Kind,
		ValidFrom: clock.FromMicros(r.ValidFrom), ValidTo: clock.FromMicros(r.ValidTo),
		RevokedAt: clock.FromMicros(r.RevokedAt), RevokeReason: r.RevokeReason,
	}
}

func selectBureau(ctx context.Context, q bun.IDB) (Bureau, error) {
	var r bureauRow
	if err := q.NewSelect().Model(&r).Scan(ctx); err != nil {
		return Bureau{}, fail(db.NotFound(err, "org.bureau"), "read bureau")
	}
	return Bureau{ID: r.ID, Name: r.Name, CreatedAt: clock.FromMicros(r.CreatedAt)}, nil
}

func insertBureau(ctx context.Context, q bun.IDB, b Bureau) error {
	r := bureauRow{One: 1, ID: b.ID, Name: b.Name, CreatedAt: clock.Micros(b.CreatedAt)}
	_, err := q.NewInsert().Model(&r).Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.bureau_exists")
	}
	return fail(err, "insert bureau")
}

func selectTree(ctx context.Context, q bun.IDB) (Tree, error) {
	var rows []departmentRow
	if err := q.NewSelect().Model(&rows).Order("sort", "name", "id").Scan(ctx); err != nil {
		return nil, fail(err, "read departments")
	}
	t := make(Tree, len(rows))
	for i, r := range rows {
		t[i] = r.value()
	}
	return t, nil
}

func insertDepartment(ctx context.Context, q bun.IDB, d Department, at time.Time) error {
	r := departmentRow{ID: d.ID, ParentID: d.Parent, Name: d.Name, Sort: int64(d.Sort), CreatedAt: clock.Micros(at)}
	_, err := q.NewInsert().Model(&r).Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.department_exists", d.Name).At("name")
	}
	return fail(err, "insert department")
}

func updateDepartment(ctx context.Context, q bun.IDB, d Department) error {
	r := departmentRow{ID: d.ID, ParentID: d.Parent, Name: d.Name, Sort: int64(d.Sort), ClosedAt: clock.Micros(d.ClosedAt)}
	_, err := q.NewUpdate().Model(&r).Column("parent_id", "name", "sort", "closed_at").WherePK().Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.department_exists", d.Name).At("name")
	}
	return fail(err, "update department")
}

func countIn(ctx context.Context, q bun.IDB, id ident.DepartmentID) (people, departments int, err error) {
	p, err := q.NewSelect().Model((*personRow)(nil)).Where("department_id = ? AND deactivated_at = 0", id).Count(ctx)
	if err != nil {
		return 0, 0, fail(err, "count people")
	}
	d, err := q.NewSelect().Model((*departmentRow)(nil)).Where("parent_id = ? AND closed_at = 0", id).Count(ctx)
	return int(p), int(d), fail(err, "count departments")
}

func selectPerson(ctx context.Context, q bun.IDB, id ident.PersonID) (Person, error) {
	var r personRow
	if err := q.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Person{}, fail(db.NotFound(err, "org.person"), "read person")
	}
	return r.value(), nil
}

func selectPeopleByID(ctx context.Context, q bun.IDB, ids []ident.PersonID) ([]Person, error) {
	var out []Person
	for len(ids) > 0 {
		n := min(len(ids), 500)
		var rows []personRow
		if err := q.NewSelect().Model(&rows).Where("id IN ?", bun.Tuple(ids[:n])).Scan(ctx); err != nil {
			return nil, fail(err, "read people")
		}
		for _, r := range rows {
			out = append(out, r.value())
		}
		ids = ids[n:]
	}
	return out, nil
}

func insertPerson(ctx context.Context, q bun.IDB, p Person) error {
	r := rowOfPerson(p)
	_, err := q.NewInsert().Model(&r).Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.number_taken", p.Number).At("number")
	}
	return fail(err, "insert person")
}

func updatePerson(ctx context.Context, q bun.IDB, p Person) error {
	r := rowOfPerson(p)
	_, err := q.NewUpdate().Model(&r).Column("name", "number", "department_id", "search", "deactivated_at").WherePK().Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.number_taken", p.Number).At("number")
	}
	return fail(err, "update person")
}

// selectPeople lists people by name. The scope and the filter are narrowed together.
func selectPeople(ctx context.Context, q bun.IDB, scope access.Scope, f PeopleFilter, after []string, limit int) ([]Person, error) {
	var rows []personRow
	s := q.NewSelect().Model(&rows).Order("p.name", "p.id").Limit(int64(limit))
	if !scope.All {
		s = s.WhereGroup(" AND ", func(s *bun.SelectQuery) *bun.SelectQuery {
			s = s.Where("p.id = ?", scope.Officer)
			if len(scope.Departments) > 0 {
				s = s.WhereOr("p.department_id IN ?", bun.Tuple(scope.Departments))
			}
			return s
		})
	}
	if len(f.Departments) > 0 {
		s = s.Where("p.department_id IN ?", bun.Tuple(f.Departments))
	}
	if !f.Inactive {
		s = s.Where("p.deactivated_at = 0")
	}
	if Fold(f.Query) != "" {
		s = s.WhereGroup(" AND ", func(s *bun.SelectQuery) *bun.SelectQuery {
			return s.Where(`p.search LIKE ? ESCAPE '\'`, Contains(f.Query)).
				WhereOr(`EXISTS (SELECT 1 FROM certificate c WHERE c.person_id = p.id AND lower(c.number) LIKE ? ESCAPE '\')`, Contains(f.Query))
		})
	}
	if after != nil {
		s = s.Where("(p.name, p.id) > (?, ?)", after[0], after[1])
	}
	if err := s.Scan(ctx); err != nil {
		return nil, fail(err, "list people")
	}
	out := make([]Person, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out, nil
}

// fail names what was tried; faults pass as they are.
func fail(err error, what string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return fmt.Errorf("org: %s: %w", what, err)
}

// lockTree keeps every other change of the tree out until the transaction ends: two moves, each right by itself, could
// together make a circle. On SQLite there is one writer anyway.
func lockTree(ctx context.Context, q bun.IDB) error {
	if q.Dialect().Name() != dialect.PG {
		return nil
	}
	_, err := q.NewRaw("LOCK TABLE department IN SHARE ROW EXCLUSIVE MODE").Exec(ctx)
	return fail(err, "lock departments")
}

func selectEverybody(ctx context.Context, q bun.IDB) ([]Person, error) {
	var rows []personRow
	if err := q.NewSelect().Model(&rows).Order("p.id").Scan(ctx); err != nil {
		return nil, fail(err, "read people")
	}
	out := make([]Person, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out, nil
}
