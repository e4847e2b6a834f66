package refused

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// looks are the actions by which content is seen.
var looks = []access.Action{access.LookOpen, access.LookWatch, access.LookClose, access.LookGrab, access.MarkAdd}

type row struct {
	Seq        int64              `bun:"seq"`
	ID         ident.EntryID      `bun:"id"`
	At         int64              `bun:"at"`
	ActorKind  custody.ActorKind  `bun:"actor_kind"`
	ActorID    string             `bun:"actor_id"`
	ActorRole  string             `bun:"actor_role"`
	Action     access.Action      `bun:"action"`
	Recording  ident.RecordingID  `bun:"subject_id"`
	Department ident.DepartmentID `bun:"department_id"`
	Detail     string             `bun:"detail"`
}

func (r *row) look() Look {
	l := Look{
		Seq: r.Seq, Entry: r.ID, At: clock.FromMicros(r.At), Actor: custody.Actor{Kind: r.ActorKind, ID: r.ActorID, Role: r.ActorRole}, Action: r.Action,
		Recording: r.Recording, Department: r.Department, Count: 1,
	}
	var d struct {
		Count int    `json:"count"`
		Rule  string `json:"rule"`
	}
	if json.Unmarshal([]byte(r.Detail), &d) == nil && d.Count > 0 { // an erased detail has no count
		l.Count, l.Rule = d.Count, d.Rule
	}
	return l
}

func narrow(q *bun.SelectQuery, scope access.Scope, f Filter) *bun.SelectQuery {
	// Written out, so that the index of refusals alone is read.
	q = q.TableExpr("custody_entry AS e").Join("JOIN recording AS r ON r.id = e.subject_id").
		Where("e.outcome = 'refused' AND e.subject_kind = 'recording' AND e.action IN (?)", bun.List(looks))
	switch {
	case scope.All:
	case len(scope.Departments) > 0:
		q = q.Where("r.department_id IN (?)", bun.List(scope.Departments))
	default:
		q = q.Where("1 = 0")
	}
	if f.Department != "" {
		q = q.Where("r.department_id = ?", f.Department)
	}
	if f.Recording != "" {
		q = q.Where("r.id = ?", f.Recording)
	}
	if !f.From.IsZero() {
		q = q.Where("e.at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("e.at < ?", clock.Micros(f.To))
	}
	return q
}

// selected gives refusals before the entry after (0: from the newest), newest first.
func selected(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter, after int64, limit int) ([]Look, error) {
	var rows []row
	q := narrow(idb.NewSelect(), scope, f).OrderExpr("e.seq DESC").Limit(int64(limit)).
		ColumnExpr("e.seq, e.id, e.at, e.actor_kind, e.actor_id, e.actor_role, e.action, e.subject_id, r.department_id, e.detail")
	if after > 0 {
		q = q.Where("e.seq < ?", after)
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("refused: %w", err)
	}
	out := make([]Look, len(rows))
	for i := range rows {
		out[i] = rows[i].look()
	}
	return out, nil
}

func count(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter) (int, error) {
	sub := narrow(idb.NewSelect(), scope, f).ColumnExpr("1").Limit(viewing.MaxCount + 1)
	n, err := idb.NewSelect().TableExpr("(?) AS c", sub).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("refused: %w", err)
	}
	return int(n), nil
}
