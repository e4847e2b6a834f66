package viewing

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// narrowed limits requests to a view, in the actor's scope.
func narrowed(q *bun.SelectQuery, actor access.Actor, v View, now time.Time) *bun.SelectQuery {
	at := clock.Micros(now)
	switch v {
	case ViewWaiting:
		q = q.Where("q.state = ? AND q.viewer_id <> ?", Asked, actor.Person)
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q = q.Where("1 = 0")
			if actor.Has(access.Head) && len(actor.Departments) > 0 {
				q = q.WhereOr("q.level = ? AND q.department_id IN (?)", access.Head, bun.List(actor.Departments))
			}
			if actor.Has(access.Leader) {
				q = q.WhereOr("q.level = ?", access.Leader)
			}
			return q
		})
	case ViewMine:
		return q.Where("q.viewer_id = ?", actor.Person)
	case ViewInForce:
		q = q.Where("q.state = ? AND q.granted_until > ?", Granted, at)
	case ViewEnded:
		q = q.Where("q.state IN (?) OR q.state = ? AND q.granted_until <= ?", bun.List([]State{Refused, Withdrawn, Revoked, Expired}), Granted, at)
	}
	scope := access.ScopeOf(actor)
	switch {
	case scope.All && !actor.Has(access.Leader, access.Supervisor): // a legal reviewer knows of recordings, not of who looks
		return q.Where("q.viewer_id = ?", actor.Person)
	case scope.All:
		return q
	case len(scope.Departments) > 0:
		return q.Where("q.department_id IN (?) OR q.viewer_id = ?", bun.List(scope.Departments), actor.Person)
	}
	return q.Where("q.viewer_id = ?", actor.Person)
}

func pageOf(ctx context.Context, idb bun.IDB, actor access.Actor, v View, now time.Time, after string, limit int) (Page, error) {
	no, err := parseAfter(after)
	if err != nil {
		return Page{}, err
	}
	var rows []requestRow
	q := narrowed(idb.NewSelect().Model(&rows), actor, v, now).OrderExpr("q.no DESC").Limit(int64(limit + 1))
	if no > 0 {
		q = q.Where("q.no < ?", no)
	}
	if err := q.Scan(ctx); err != nil {
		return Page{}, fail(err)
	}
	p := Page{}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = strconv.FormatInt(rows[limit-1].No, 10)
	}
	if p.Rows, err = withItems(ctx, idb, rows); err != nil {
		return Page{}, err
	}
	p.Count, err = countView(ctx, idb, actor, v, now)
	return p, err
}

func countView(ctx context.Context, idb bun.IDB, actor access.Actor, v View, now time.Time) (int, error) {
	sub := narrowed(idb.NewSelect().Model((*requestRow)(nil)).ColumnExpr("1"), actor, v, now).Limit(MaxCount + 1)
	n, err := idb.NewSelect().TableExpr("(?) AS c", sub).Count(ctx)
	return int(n), fail(err)
}

func latestOf(ctx context.Context, idb bun.IDB, person ident.PersonID, rec ident.RecordingID) (*Request, error) {
	row := new(requestRow)
	err := idb.NewSelect().Model(row).Join("JOIN viewing_item AS i ON i.request_id = q.id").Where("i.recording_id = ? AND q.viewer_id = ?", rec, person).
		OrderExpr("q.no DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // that nobody asked is the ordinary answer
	}
	if err != nil {
		return nil, fail(err)
	}
	return whole(ctx, idb, row)
}

func grantedAmong(ctx context.Context, idb bun.IDB, person ident.PersonID, recs []ident.RecordingID, now time.Time) (map[ident.RecordingID]bool, error) {
	var ids []ident.RecordingID
	err := idb.NewSelect().Model((*requestRow)(nil)).ColumnExpr("DISTINCT i.recording_id").Join("JOIN viewing_item AS i ON i.request_id = q.id").
		Where("i.from_us = 0 AND i.to_us = 0"). // the picture may come from anywhere
		Where("i.recording_id IN (?) AND q.viewer_id = ? AND q.state = ? AND q.granted_until > ?", bun.List(recs), person, Granted, clock.Micros(now)).Scan(ctx, &ids)
	out := make(map[ident.RecordingID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, fail(err)
}

func selected(q *bun.SelectQuery, scope access.Scope, f RegisterFilter) *bun.SelectQuery {
	switch {
	case scope.All:
	case len(scope.Departments) > 0:
		q = q.Where("l.department_id IN (?)", bun.List(scope.Departments))
	default:
		q = q.Where("l.viewer_id = ?", scope.Officer)
	}
	if !f.From.IsZero() {
		q = q.Where("l.opened_at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("l.opened_at < ?", clock.Micros(f.To))
	}
	if f.Department != "" {
		q = q.Where("l.department_id = ?", f.Department)
	}
	if f.Viewer != "" {
		q = q.Where("l.viewer_id = ?", f.Viewer)
	}
	if f.Recording != "" {
		q = q.Where("l.recording_id = ?", f.Recording)
	}
	if f.Request != "" {
		q = q.Where("l.request_id = ?", f.Request)
	}
	if f.Unconfirmed {
		q = q.Where("l.confirmed_at = 0 AND l.closed_at > 0")
	}
	return q
}

// selectLooks gives rows of the register with a number below after (0: from the newest), newest first.
func selectLooks(ctx context.Context, idb bun.IDB, scope access.Scope, f RegisterFilter, after int64, limit int) ([]Look, error) {
	var rows []lookRow
	q := selected(idb.NewSelect().Model(&rows), scope, f).OrderExpr("l.no DESC").Limit(int64(limit))
	if after > 0 {
		q = q.Where("l.no < ?", after)
	}
	err := q.Scan(ctx)
	return looks(rows), fail(err)
}

func countLooks(ctx context.Context, idb bun.IDB, scope access.Scope, f RegisterFilter) (int, error) {
	sub := selected(idb.NewSelect().Model((*lookRow)(nil)).ColumnExpr("1"), scope, f).Limit(MaxCount + 1)
	n, err := idb.NewSelect().TableExpr("(?) AS c", sub).Count(ctx)
	return int(n), fail(err)
}

func requestsByID(ctx context.Context, idb bun.IDB, ids []ident.ViewingID) ([]Request, error) {
	var rows []requestRow
	if err := idb.NewSelect().Model(&rows).Where("q.id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fail(err)
	}
	return withItems(ctx, idb, rows)
}

func grantsOf(ctx context.Context, idb bun.IDB, person ident.PersonID, now time.Time) ([]Request, error) {
	var rows []requestRow
	err := idb.NewSelect().Model(&rows).Where("q.viewer_id = ? AND q.state = ? AND q.granted_until > ?", person, Granted, clock.Micros(now)).
		Order("q.granted_until", "q.no").Limit(50).Scan(ctx)
	if err != nil {
		return nil, fail(err)
	}
	return withItems(ctx, idb, rows)
}
