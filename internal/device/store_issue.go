package device

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type issueRow struct {
	bun.BaseModel `bun:"table:device_issue,alias:i"`

	ID           string `bun:"id,pk"`
	DeviceID     string `bun:"device_id"`
	DepartmentID string `bun:"department_id"`
	PersonID     string `bun:"person_id"`
	Purpose      string `bun:"purpose"`
	IssuedAt     int64  `bun:"issued_at"`
	IssuedBy     string `bun:"issued_by"`
	EnteredAt    int64  `bun:"entered_at"`
	ReturnedAt   int64  `bun:"returned_at"`
	ReturnedBy   string `bun:"returned_by"`
	Condition    string `bun:"condition"`
	Note         string `bun:"note"`
}

func issueRowOf(i Issue) *issueRow {
	return &issueRow{
		ID: string(i.ID), DeviceID: string(i.Device), DepartmentID: string(i.Department), PersonID: string(i.Person), Purpose: i.Purpose,
		IssuedAt: clock.Micros(i.Issued), IssuedBy: string(i.IssuedBy), EnteredAt: clock.Micros(i.Entered),
		ReturnedAt: clock.Micros(i.Returned), ReturnedBy: string(i.ReturnedBy), Condition: string(i.Condition), Note: i.Note,
	}
}

func (r *issueRow) issue() Issue {
	return Issue{
		ID: ident.IssueID(r.ID), Device: ident.DeviceID(r.DeviceID), Department: ident.DepartmentID(r.DepartmentID),
		Person: ident.PersonID(r.PersonID), Purpose: r.Purpose, Issued: clock.FromMicros(r.IssuedAt), IssuedBy: ident.PersonID(r.IssuedBy),
		Entered: clock.FromMicros(r.EnteredAt), Returned: clock.FromMicros(r.ReturnedAt), ReturnedBy: ident.PersonID(r.ReturnedBy),
		Condition: Condition(r.Condition), Note: r.Note,
	}
}

// issueTable is the table of issues, whose rows entries say.
const issueTable = "device_issue"

func (r *issueRow) vouched() vouch.Row {
	return vouch.Row{ID: r.ID, Subject: issueSubject(ident.IssueID(r.ID)), Says: vouch.Of(r, "purpose", "note")}
}

// sayIssue is what an entry says of an issue that its change wrote, as a pair for custody.Detail. Changes of one device
// wait for each other, so the issue is as it will stay.
func sayIssue(i Issue) []any {
	return []any{vouch.Key(issueTable), issueRowOf(i).vouched().Says}
}

// issueSubject is what entries about an issue are related to.
func issueSubject(id ident.IssueID) custody.Subject {
	return custody.Subject{Kind: issueTable, ID: string(id)}
}

// Tables are the tables on which it rests who held a device and how its clock went, for fsck.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable(issueTable, (*issueRow).vouched), vouch.NewTable(clockTable, (*clockRow).vouched)}
}

// insertIssue writes an issue. That the device is out already, however the two met, is fault Conflict
// "device.already_issued".
func insertIssue(ctx context.Context, idb bun.IDB, i Issue) error {
	_, err := idb.NewInsert().Model(issueRowOf(i)).Exec(ctx)
	switch {
	case db.IsUnique(err):
		return fault.Wrap(err, fault.Conflict, "device.already_issued").Under("21")
	case err != nil:
		return fmt.Errorf("device: issue: %w", err)
	}
	return nil
}

// updateIssue writes the return of an issue that is open.
func updateIssue(ctx context.Context, idb bun.IDB, i Issue) error {
	res, err := idb.NewUpdate().Model(issueRowOf(i)).Column("returned_at", "returned_by", "condition", "note").
		Where("id = ? AND returned_at = 0", i.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("device: return: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fault.New(fault.Conflict, "device.not_out"))
	}
	return nil
}

// FindIssue gives one issue; an unknown one is fault NotFound "device.issue_unknown".
func FindIssue(ctx context.Context, idb bun.IDB, id ident.IssueID) (Issue, error) {
	var r issueRow
	if err := idb.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Issue{}, db.NotFound(fmt.Errorf("device: issue: %w", err), "device.issue_unknown")
	}
	return r.issue(), nil
}

// selectOut gives the issue the device is out on, nil if it is in.
func selectOut(ctx context.Context, idb bun.IDB, id ident.DeviceID) (*Issue, error) {
	var r issueRow
	err := idb.NewSelect().Model(&r).Where("device_id = ? AND returned_at = 0", id).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil // that it is in is an answer
	case err != nil:
		return nil, fmt.Errorf("device: issue: %w", err)
	}
	out := r.issue()
	return &out, nil
}

// selectLastReturn gives when the device last came back; zero if never.
func selectLastReturn(ctx context.Context, idb bun.IDB, id ident.DeviceID) (time.Time, error) {
	return oneTime(ctx, idb.NewSelect().Model((*issueRow)(nil)).ColumnExpr("coalesce(max(returned_at), 0)").Where("device_id = ?", id))
}

// selectFirstIssue gives when the device was first issued; zero if never.
func selectFirstIssue(ctx context.Context, idb bun.IDB, id ident.DeviceID) (time.Time, error) {
	return oneTime(ctx, idb.NewSelect().Model((*issueRow)(nil)).ColumnExpr("coalesce(min(issued_at), 0)").Where("device_id = ?", id))
}

func oneTime(ctx context.Context, q *bun.SelectQuery) (time.Time, error) {
	var at int64
	if err := q.Scan(ctx, &at); err != nil {
		return time.Time{}, fmt.Errorf("device: issue: %w", err)
	}
	return clock.FromMicros(at), nil
}

// selectTouching gives the issues that touch the span, first issued first. Fifty are more than a verdict needs.
func selectTouching(ctx context.Context, idb bun.IDB, id ident.DeviceID, span clock.Interval) ([]Issue, error) {
	var rows []issueRow
	err := idb.NewSelect().Model(&rows).Where("device_id = ? AND issued_at <= ? AND (returned_at = 0 OR returned_at >= ?)",
		id, span.To.UnixMicro(), span.From.UnixMicro()).OrderExpr("issued_at, id").Limit(50).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("device: holder: %w", err)
	}
	out := make([]Issue, len(rows))
	for i := range rows {
		out[i] = rows[i].issue()
	}
	return out, nil
}

// entryRow is an issue joined with its device.
type entryRow struct {
	issueRow `bun:",extend"`

	Label string `bun:"label"`
	Kind  string `bun:"kind"`
}

// selectEntries gives a page of the ledger, latest issue first.
func selectEntries(ctx context.Context, idb bun.IDB, sc access.Scope, f IssueFilter, after issueCursor, limit int) ([]Entry, error) {
	var rows []entryRow
	q := idb.NewSelect().Model(&rows).ColumnExpr("i.*, d.label, d.kind").Join("JOIN device AS d ON d.id = i.device_id").
		OrderExpr("i.issued_at DESC, i.id DESC").Limit(int64(limit))
	if !sc.All {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q = q.Where("1 = 0")
			if sc.Officer != "" {
				q = q.WhereOr("i.person_id = ?", sc.Officer)
			}
			if len(sc.Departments) > 0 {
				q = q.WhereOr("i.department_id IN (?)", bun.List(sc.Departments))
			}
			return q
		})
	}
	for column, v := range map[string]string{"i.device_id": string(f.Device), "i.department_id": string(f.Department), "i.person_id": string(f.Person)} {
		if v != "" {
			q = q.Where("? = ?", bun.Ident(column), v)
		}
	}
	if f.Open {
		q = q.Where("i.returned_at = 0")
	}
	if !f.From.IsZero() {
		q = q.Where("i.issued_at >= ?", clock.Micros(f.From))
	}
	if !f.Before.IsZero() {
		q = q.Where("i.issued_at < ?", clock.Micros(f.Before))
	}
	if after.id != "" {
		q = q.Where("(i.issued_at, i.id) < (?, ?)", after.at, after.id)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: ledger: %w", err)
	}
	out := make([]Entry, len(rows))
	for i := range rows {
		out[i] = Entry{Issue: rows[i].issue(), Label: rows[i].Label, Kind: Kind(rows[i].Kind)}
	}
	return out, nil
}
