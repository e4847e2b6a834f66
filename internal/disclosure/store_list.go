package disclosure

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
)

const keyOf = "(d.year * 1000000 + d.no)"

// narrowed limits the register to a filter, in the reader's scope.
func narrowed(q *bun.SelectQuery, by access.Actor, f Filter) *bun.SelectQuery {
	scope := access.ScopeOf(by)
	switch {
	case scope.All && !by.Has(access.Leader, access.Supervisor): // a legal reviewer knows of recordings, not of who received them
		q = q.Where("d.by_person = ?", by.Person)
	case scope.All:
	case len(scope.Departments) > 0:
		q = q.Where("(d.department_id IN (?) OR d.by_person = ?)", bun.List(scope.Departments), by.Person)
	default:
		q = q.Where("d.by_person = ?", by.Person)
	}
	if f.State != "" {
		q = q.Where("d.state = ?", f.State)
	}
	if f.Manner != "" {
		q = q.Where("d.manner = ?", f.Manner)
	}
	if f.Request != "" {
		q = q.Where("d.request_id = ?", f.Request)
	}
	if f.Owed {
		q = q.Where("d.state = ? AND d.receipt_due > 0 AND d.receipt_at = 0", Given)
	}
	if !f.From.IsZero() {
		q = q.Where("d.asked_at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("d.asked_at < ?", clock.Micros(f.To))
	}
	if t := strings.TrimSpace(f.Text); t != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(t) + "%"
		q = q.Where(`(d.to_body LIKE ? ESCAPE '\' OR d.to_person LIKE ? ESCAPE '\' OR d.by_name LIKE ? ESCAPE '\')`, like, like, like)
	}
	return q
}

func selectRows(ctx context.Context, idb bun.IDB, by access.Actor, f Filter, after int64, limit int) ([]Disclosure, error) {
	var rows []row
	q := narrowed(idb.NewSelect().Model(&rows), by, f).Limit(int64(limit))
	switch {
	case f.Oldest:
		q = q.Where(keyOf+" > ?", after).OrderExpr("d.year, d.no")
	case after > 0:
		q = q.Where(keyOf+" < ?", after).OrderExpr("d.year DESC, d.no DESC")
	default:
		q = q.OrderExpr("d.year DESC, d.no DESC")
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fail(err)
	}
	return plains(rows)
}

func plains(rows []row) ([]Disclosure, error) {
	out := make([]Disclosure, len(rows))
	for i := range rows {
		d, err := rows[i].plain()
		if err != nil {
			return nil, err
		}
		out[i] = *d
	}
	return out, nil
}

func countRows(ctx context.Context, idb bun.IDB, by access.Actor, f Filter) (int, error) {
	sub := narrowed(idb.NewSelect().Model((*row)(nil)).ColumnExpr("1"), by, f).Limit(MaxCount + 1)
	n, err := idb.NewSelect().TableExpr("(?) AS c", sub).Count(ctx)
	return int(n), fail(err)
}

func ofWhere(ctx context.Context, idb bun.IDB, where string, args ...any) ([]Disclosure, error) {
	var rows []row
	if err := idb.NewSelect().Model(&rows).Where(where, args...).OrderExpr("d.year DESC, d.no DESC").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	return plains(rows)
}
