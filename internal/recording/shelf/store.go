package shelf

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type viewRow struct {
	bun.BaseModel `bun:"table:recording_view,alias:v"`

	ID         ident.ViewID       `bun:"id,pk"`
	Person     ident.PersonID     `bun:"person_id"`
	Department ident.DepartmentID `bun:"department_id"`
	Name       string             `bun:"name"`
	Query      string             `bun:"query"`
	At         int64              `bun:"at"`
}

func (r viewRow) view() View {
	return View{ID: r.ID, Person: r.Person, Department: r.Department, Name: r.Name, Query: r.Query, At: clock.FromMicros(r.At)}
}

type layoutRow struct {
	bun.BaseModel `bun:"table:recording_layout,alias:l"`

	Person  ident.PersonID `bun:"person_id,pk"`
	Columns string         `bun:"columns"`
	Dense   int            `bun:"dense"`
	At      int64          `bun:"at"`
}

func viewsOf(ctx context.Context, idb bun.IDB, person ident.PersonID, departments []ident.DepartmentID) ([]viewRow, error) {
	rows := []viewRow{}
	q := idb.NewSelect().Model(&rows).Where("v.person_id = ?", person)
	if len(departments) > 0 {
		q = q.WhereOr("v.department_id <> '' AND v.department_id IN (?)", bun.List(departments))
	}
	if err := q.OrderExpr("CASE WHEN v.person_id = ? THEN 0 ELSE 1 END, v.name, v.id", person).Limit(2 * MaxViews).Scan(ctx); err != nil {
		return nil, fmt.Errorf("shelf: views: %w", err)
	}
	return rows, nil
}

func oneView(ctx context.Context, idb bun.IDB, id ident.ViewID) (viewRow, error) {
	var row viewRow
	err := idb.NewSelect().Model(&row).Where("v.id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.New(fault.NotFound, "shelf.unknown")
	}
	if err != nil {
		return row, fmt.Errorf("shelf: view: %w", err)
	}
	return row, nil
}

// keepView writes a view over the one of that name, or beside the others while there is room.
func keepView(ctx context.Context, idb bun.IDB, row *viewRow) error {
	if _, err := idb.NewDelete().Model((*viewRow)(nil)).Where("person_id = ? AND name = ?", row.Person, row.Name).Exec(ctx); err != nil {
		return fmt.Errorf("shelf: replace view: %w", err)
	}
	n, err := idb.NewSelect().Model((*viewRow)(nil)).Where("v.person_id = ?", row.Person).Count(ctx)
	if err != nil {
		return fmt.Errorf("shelf: count views: %w", err)
	}
	if n >= MaxViews {
		return fault.New(fault.Conflict, "shelf.full", MaxViews).At("name")
	}
	if _, err := idb.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("shelf: keep view: %w", err)
	}
	return nil
}

func dropView(ctx context.Context, idb bun.IDB, id ident.ViewID) error {
	if _, err := idb.NewDelete().Model((*viewRow)(nil)).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("shelf: drop view: %w", err)
	}
	return nil
}

func layoutOf(ctx context.Context, idb bun.IDB, person ident.PersonID) (row layoutRow, found bool, err error) {
	err = idb.NewSelect().Model(&row).Where("l.person_id = ?", person).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return row, false, nil
	case err != nil:
		return row, false, fmt.Errorf("shelf: layout: %w", err)
	}
	return row, true, nil
}

func keepLayout(ctx context.Context, idb bun.IDB, row *layoutRow) error {
	_, err := idb.NewInsert().Model(row).On("CONFLICT (person_id) DO UPDATE").
		Set("columns = EXCLUDED.columns").Set("dense = EXCLUDED.dense").Set("at = EXCLUDED.at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("shelf: keep layout: %w", err)
	}
	return nil
}
