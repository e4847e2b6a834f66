package duty

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:duty,alias:d"`

	ID           string `bun:"id,pk"`
	Kind         string `bun:"kind"`
	State        string `bun:"state"`
	SubjectKind  string `bun:"subject_kind"`
	SubjectID    string `bun:"subject_id"`
	DeviceID     string `bun:"device_id"`
	PersonID     string `bun:"person_id"`
	DepartmentID string `bun:"department_id"`
	Args         string `bun:"args"`
	SinceAt      int64  `bun:"since_at"`
	DueAt        int64  `bun:"due_at"`
	OpenedAt     int64  `bun:"opened_at"`
	ClosedAt     int64  `bun:"closed_at"`
	Evidence     string `bun:"evidence"`
	Reason       string `bun:"reason"`
	WaivedBy     string `bun:"waived_by"`
}

func rowOf(d Duty) *row {
	return &row{
		ID: string(d.ID), Kind: string(d.Kind), State: string(d.State), SubjectKind: d.Subject.Kind, SubjectID: d.Subject.ID,
		DeviceID: string(d.Device), PersonID: string(d.Person), DepartmentID: string(d.Department), Args: string(d.Args),
		SinceAt: clock.Micros(d.Since), DueAt: clock.Micros(d.Due), OpenedAt: clock.Micros(d.Opened), ClosedAt: clock.Micros(d.Closed),
		Evidence: string(d.Evidence), Reason: d.Reason, WaivedBy: string(d.WaivedBy),
	}
}

func (r *row) duty() Duty {
	return Duty{
		ID: ident.DutyID(r.ID), Kind: Kind(r.Kind), State: State(r.State), Subject: custody.Subject{Kind: r.SubjectKind, ID: r.SubjectID},
		Device: ident.DeviceID(r.DeviceID), Person: ident.PersonID(r.PersonID), Department: ident.DepartmentID(r.DepartmentID),
		Args: json.RawMessage(r.Args), Since: clock.FromMicros(r.SinceAt), Due: clock.FromMicros(r.DueAt),
		Opened: clock.FromMicros(r.OpenedAt), Closed: clock.FromMicros(r.ClosedAt),
		Evidence: ident.EntryID(r.Evidence), Reason: r.Reason, WaivedBy: ident.PersonID(r.WaivedBy),
	}
}

// insert writes the duty unless one of its kind about its subject stands already; it gives the id that stands.
func insert(ctx context.Context, idb bun.IDB, d Duty) (ident.DutyID, bool, error) {
	res, err := idb.NewInsert().Model(rowOf(d)).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return "", false, fmt.Errorf("duty: open: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return "", false, fmt.Errorf("duty: open: %w", err)
	}
	if n == 1 {
		return d.ID, true, nil
	}
	var r row
	err = idb.NewSelect().Model(&r).Where("kind = ? AND subject_kind = ? AND subject_id = ? AND state <> ?",
		d.Kind, d.Subject.Kind, d.Subject.ID, StateCancelled).Scan(ctx)
	if err != nil {
		return "", false, fmt.Errorf("duty: open: %w", err)
	}
	return ident.DutyID(r.ID), false, nil
}

// update writes what can change of an open duty. It answers false if the duty is no longer open.
func update(ctx context.Context, idb bun.IDB, d Duty) (bool, error) {
	res, err := idb.NewUpdate().Model(rowOf(d)).
		Column("state", "person_id", "department_id", "since_at", "due_at", "closed_at", "evidence", "reason", "waived_by").
		Where("id = ? AND state = ?", d.ID, StateOpen).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("duty: update: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("duty: update: %w", err)
	}
	return n == 1, nil
}

func find(ctx context.Context, idb bun.IDB, id ident.DutyID) (Duty, error) {
	var r row
	if err := idb.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Duty{}, db.NotFound(fmt.Errorf("duty: %w", err), "duty.unknown")
	}
	return r.duty(), nil
}

// findIn reads a duty within a scope.
func findIn(ctx context.Context, idb bun.IDB, sc access.Scope, id ident.DutyID) (Duty, error) {
	var r row
	if err := scoped(idb.NewSelect().Model(&r), sc).Where("id = ?", id).Scan(ctx); err != nil {
		return Duty{}, db.NotFound(fmt.Errorf("duty: %w", err), "duty.unknown")
	}
	return r.duty(), nil
}

func findOpen(ctx context.Context, idb bun.IDB, k Kind, s custody.Subject) (Duty, bool, error) {
	var r row
	err := idb.NewSelect().Model(&r).Where("kind = ? AND subject_kind = ? AND subject_id = ? AND state = ?", k, s.Kind, s.ID, StateOpen).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Duty{}, false, nil
	case err != nil:
		return Duty{}, false, fmt.Errorf("duty: %w", err)
	}
	return r.duty(), true, nil
}

// Unstored counts the files of a device that are still owed to the platform (open Store duties). Who issues the device
// asks it inside the change (R-19-1).
func Unstored(ctx context.Context, idb bun.IDB, device ident.DeviceID) (int, error) {
	n, err := idb.NewSelect().Model((*row)(nil)).Where("device_id = ? AND state = ? AND kind = ?", device, StateOpen, Store).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("duty: %w", err)
	}
	return int(n), nil
}

// Owed gives the open duties about a subject by due time, whoever owes them; for concepts that must not go on while
// something is owed.
func Owed(ctx context.Context, idb bun.IDB, s custody.Subject) ([]Duty, error) {
	var rows []row
	err := idb.NewSelect().Model(&rows).Where("subject_kind = ? AND subject_id = ? AND state = ?", s.Kind, s.ID, StateOpen).
		OrderExpr("due_at, id").Limit(maxLimit).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("duty: %w", err)
	}
	return duties(rows), nil
}

func duties(rows []row) []Duty {
	out := make([]Duty, len(rows))
	for i := range rows {
		out[i] = rows[i].duty()
	}
	return out
}

// narrow applies the actor's scope and a filter.
func narrow(q *bun.SelectQuery, sc access.Scope, f Filter, now time.Time) *bun.SelectQuery {
	q = scoped(q, sc).Where("state IN (?)", bun.List(f.States))
	if len(f.Kinds) > 0 {
		q = q.Where("kind IN (?)", bun.List(f.Kinds))
	}
	if len(f.Except) > 0 {
		q = q.Where("kind NOT IN (?)", bun.List(f.Except))
	}
	for column, v := range map[string]string{
		"person_id": string(f.Person), "department_id": string(f.Department), "device_id": string(f.Device),
		"subject_kind": f.Subject.Kind, "subject_id": f.Subject.ID,
	} {
		if v != "" {
			q = q.Where("? = ?", bun.Ident(column), v)
		}
	}
	if f.Unnamed {
		q = q.Where("person_id = ''")
	}
	if f.Overdue {
		q = q.Where("due_at < ?", clock.Micros(now))
	}
	if f.Soon { // no term is so long that a hundred times it leaves the 64 bits
		q = q.Where("due_at >= ? AND (? - since_at) * 100 >= (due_at - since_at) * ?", clock.Micros(now), clock.Micros(now), soonUsedShare)
	}
	if !f.DueFrom.IsZero() {
		q = q.Where("due_at >= ?", clock.Micros(f.DueFrom))
	}
	if !f.DueBefore.IsZero() {
		q = q.Where("due_at < ?", clock.Micros(f.DueBefore))
	}
	return q
}

// scoped keeps what the actor may know of: officers their own, custodians and heads their departments' too
// (第二十一条), administrators nothing.
func scoped(q *bun.SelectQuery, sc access.Scope) *bun.SelectQuery {
	if sc.All {
		return q
	}
	return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("1 = 0")
		if sc.Officer != "" {
			q = q.WhereOr("person_id = ?", sc.Officer)
		}
		if len(sc.Departments) > 0 {
			q = q.WhereOr("department_id IN (?)", bun.List(sc.Departments))
		}
		return q
	})
}

// selectPage reads one page: by due time, or for ended duties by the time they ended, latest first.
func selectPage(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter, now time.Time, ended bool) ([]Duty, error) {
	var rows []row
	q := narrow(idb.NewSelect().Model(&rows), sc, f, now).Limit(int64(f.Limit) + 1)
	at, id, err := parseCursor(f.After)
	if err != nil {
		return nil, err
	}
	if ended {
		q = q.OrderExpr("closed_at DESC, id DESC")
	} else {
		q = q.OrderExpr("due_at, id")
	}
	switch {
	case id == "":
	case ended:
		q = q.Where("(closed_at, id) < (?, ?)", at, id)
	default:
		q = q.Where("(due_at, id) > (?, ?)", at, id)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("duty: list: %w", err)
	}
	return duties(rows), nil
}

// countUpTo counts and stops at CountLimit+1.
func countUpTo(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter, now time.Time) (int, error) {
	inner := narrow(idb.NewSelect().Model((*row)(nil)).ColumnExpr("1"), sc, f, now).Limit(CountLimit + 1)
	n := 0
	if err := idb.NewSelect().ColumnExpr("count(*)").TableExpr("(?) AS t", inner).Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("duty: count: %w", err)
	}
	return n, nil
}

// openAbout reads the open duties about parts of a thing: those whose subject is its id, a slash, and the part.
func openAbout(ctx context.Context, idb bun.IDB, id string) ([]Duty, error) {
	var rows []row
	err := idb.NewSelect().Model(&rows).Where("state = ? AND subject_id > ? AND subject_id < ?", StateOpen, id+"/", id+"0").OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("duty: open about: %w", err)
	}
	out := make([]Duty, len(rows))
	for i := range rows {
		out[i] = rows[i].duty()
	}
	return out, nil
}
