package device

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// scoped keeps what the actor may know of: custodians and heads their departments' devices, everybody the ones they
// hold, leaders and supervisors all, administrators none (第二十一条).
func scoped(q *bun.SelectQuery, sc access.Scope) *bun.SelectQuery {
	if sc.All {
		return q
	}
	return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("1 = 0")
		if sc.Officer != "" {
			q = q.WhereOr("EXISTS (SELECT 1 FROM device_issue AS o WHERE o.device_id = d.id AND o.returned_at = 0 AND o.person_id = ?)", sc.Officer)
		}
		if len(sc.Departments) > 0 {
			q = q.WhereOr("d.department_id IN (?)", bun.List(sc.Departments))
		}
		return q
	})
}

// selectItems gives devices by label, each with the issue it is out on.
func selectItems(ctx context.Context, idb bun.IDB, sc access.Scope, only ident.DeviceID, f Filter, after []string, limit int) ([]Item, error) {
	var rows []deviceRow
	q := scoped(idb.NewSelect().Model(&rows), sc).OrderExpr("d.label_key, d.id").Limit(int64(limit))
	if only != "" {
		q = q.Where("d.id = ?", only)
	}
	if f.Department != "" {
		q = q.Where("d.department_id = ?", f.Department)
	}
	if len(f.Kinds) > 0 {
		q = q.Where("d.kind IN (?)", bun.List(f.Kinds))
	}
	if len(f.States) > 0 {
		q = q.Where("d.state IN (?)", bun.List(f.States))
	}
	if f.Out != nil {
		is := "EXISTS"
		if !*f.Out {
			is = "NOT EXISTS"
		}
		q = q.Where("? (SELECT 1 FROM device_issue AS o WHERE o.device_id = d.id AND o.returned_at = 0)", bun.Safe(is))
	}
	if f.Holder != "" {
		q = q.Where("EXISTS (SELECT 1 FROM device_issue AS o WHERE o.device_id = d.id AND o.returned_at = 0 AND o.person_id = ?)", f.Holder)
	}
	for _, word := range strings.Fields(f.Query) {
		q = q.Where(`d.search LIKE ? ESCAPE '\'`, org.Contains(word))
	}
	if len(after) == 2 {
		q = q.Where("(d.label_key, d.id) > (?, ?)", after[0], after[1])
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: list: %w", err)
	}
	return withIssues(ctx, idb, rows)
}

func withIssues(ctx context.Context, idb bun.IDB, rows []deviceRow) ([]Item, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	items, at := make([]Item, len(rows)), make(map[string]int, len(rows))
	ids := make([]string, len(rows))
	for i := range rows {
		items[i].Device, at[rows[i].ID], ids[i] = rows[i].device(), i, rows[i].ID
	}
	var out []issueRow
	if err := idb.NewSelect().Model(&out).Where("returned_at = 0 AND device_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: list: %w", err)
	}
	for i := range out {
		issue := out[i].issue()
		items[at[out[i].DeviceID]].Out = &issue
	}
	return items, nil
}

// selectStock counts devices by department and state.
func selectStock(ctx context.Context, idb bun.IDB, sc access.Scope) ([]Stock, error) {
	var rows []struct {
		DepartmentID string
		State        string
		N, Out       int
	}
	q := idb.NewSelect().TableExpr("device AS d").
		ColumnExpr("d.department_id, d.state, count(*) AS n").
		ColumnExpr("sum(CASE WHEN EXISTS (SELECT 1 FROM device_issue AS o WHERE o.device_id = d.id AND o.returned_at = 0) THEN 1 ELSE 0 END) AS out").
		GroupExpr("d.department_id, d.state").OrderExpr("d.department_id, d.state")
	if err := scoped(q, sc).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("device: stock: %w", err)
	}
	var list []Stock
	for _, r := range rows {
		if len(list) == 0 || list[len(list)-1].Department != ident.DepartmentID(r.DepartmentID) {
			list = append(list, Stock{Department: ident.DepartmentID(r.DepartmentID)})
		}
		s := &list[len(list)-1]
		switch State(r.State) {
		case InUse:
			s.InUse, s.Out = r.N, r.Out
		case Repair:
			s.Repair = r.N
		case Lost:
			s.Lost = r.N
		case Retired:
			s.Retired = r.N
		}
	}
	return list, nil
}

// selectRegister gives every device, and the ids of those that are out on issue.
func selectRegister(ctx context.Context, idb bun.IDB) ([]Device, []ident.DeviceID, error) {
	var rows []deviceRow
	if err := idb.NewSelect().Model(&rows).OrderExpr("id").Scan(ctx); err != nil {
		return nil, nil, fmt.Errorf("device: register: %w", err)
	}
	devices := make([]Device, len(rows))
	for i := range rows {
		devices[i] = rows[i].device()
	}
	var out []ident.DeviceID
	if err := idb.NewSelect().Model((*issueRow)(nil)).Column("device_id").Where("returned_at = 0").Scan(ctx, &out); err != nil {
		return nil, nil, fmt.Errorf("device: register: %w", err)
	}
	return devices, out, nil
}
