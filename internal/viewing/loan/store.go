package loan

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

type row struct {
	bun.BaseModel `bun:"table:viewing_loan,alias:l"`

	ID           ident.LoanID       `bun:"id,pk"`
	No           int64              `bun:"no"`
	Request      ident.ViewingID    `bun:"request_id"`
	RequestNo    int64              `bun:"request_no"`
	Department   ident.DepartmentID `bun:"department_id"`
	Borrower     ident.PersonID     `bun:"borrower_id"`
	BorrowerName string             `bun:"borrower_name"`
	BorrowerDept string             `bun:"borrower_dept"`
	What         string             `bun:"what"`
	LentAt       int64              `bun:"lent_at"`
	LentBy       ident.PersonID     `bun:"lent_by"`
	LentName     string             `bun:"lent_name"`
	Due          int64              `bun:"due_at"`
	ReturnedAt   int64              `bun:"returned_at"`
	ReturnedBy   ident.PersonID     `bun:"returned_by"`
	ReturnedName string             `bun:"returned_name"`
	Condition    Condition          `bun:"condition"`
	Remark       string             `bun:"remark"`
}

func rowOf(l *Loan) *row {
	return &row{
		ID: l.ID, No: l.No, Request: l.Request, RequestNo: l.RequestNo, Department: l.Department, Borrower: l.Borrower, BorrowerName: l.BorrowerName,
		BorrowerDept: l.BorrowerDept, What: l.What, LentAt: clock.Micros(l.LentAt), LentBy: l.LentBy, LentName: l.LentName, Due: clock.Micros(l.Due),
		ReturnedAt: clock.Micros(l.ReturnedAt), ReturnedBy: l.ReturnedBy, ReturnedName: l.ReturnedName, Condition: l.Condition, Remark: l.Remark,
	}
}

func (r *row) loan() Loan {
	return Loan{
		ID: r.ID, No: r.No, Request: r.Request, RequestNo: r.RequestNo, Department: r.Department, Borrower: r.Borrower, BorrowerName: r.BorrowerName,
		BorrowerDept: r.BorrowerDept, What: r.What, LentAt: clock.FromMicros(r.LentAt), LentBy: r.LentBy, LentName: r.LentName, Due: clock.FromMicros(r.Due),
		ReturnedAt: clock.FromMicros(r.ReturnedAt), ReturnedBy: r.ReturnedBy, ReturnedName: r.ReturnedName, Condition: r.Condition, Remark: r.Remark,
	}
}

func (r *row) vouched() vouch.Row {
	l := r.loan()
	return vouch.Row{ID: string(r.ID), Subject: l.about(), Says: vouch.Of(r, "borrower_name", "borrower_dept", "what", "lent_name", "returned_name", "remark")}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table { return []vouch.Table{vouch.NewTable("viewing_loan", (*row).vouched)} }

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("loan: %w", err)
}

// insert draws the loan's number and gives what the entry says of the row.
func insert(ctx context.Context, idb bun.IDB, l *Loan) ([]any, error) {
	if err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = 'loan' RETURNING last").Scan(ctx, &l.No); err != nil {
		return nil, fail(err)
	}
	r := rowOf(l)
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("viewing_loan"), r.vouched().Says}, nil
}

func update(ctx context.Context, idb bun.IDB, l *Loan) ([]any, error) {
	r := rowOf(l)
	if _, err := idb.NewUpdate().Model(r).WherePK().Column("returned_at", "returned_by", "returned_name", "condition", "remark").Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("viewing_loan"), r.vouched().Says}, nil
}

func byID(ctx context.Context, idb bun.IDB, id ident.LoanID) (*Loan, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("l.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "loan.unknown")
	}
	l := r.loan()
	return &l, nil
}

func lock(ctx context.Context, idb bun.IDB, id ident.LoanID) (*Loan, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "loan.unknown")
	}
	l := r.loan()
	return &l, nil
}

func outOn(ctx context.Context, idb bun.IDB, request ident.ViewingID) ([]Loan, error) {
	var rows []row
	err := idb.NewSelect().Model(&rows).Where("l.request_id = ? AND l.returned_at = 0", request).Order("l.no").Scan(ctx)
	return loans(rows), fail(err)
}

// Lent gives what was lent on requests that name one of the recordings, for the program itself: who is told of it is for the caller to ask.
func Lent(ctx context.Context, idb bun.IDB, recs []ident.RecordingID) ([]Loan, error) {
	if len(recs) == 0 {
		return nil, nil
	}
	var rows []row
	err := idb.NewSelect().Model(&rows).Where("l.request_id IN (SELECT i.request_id FROM viewing_item AS i WHERE i.recording_id IN (?))", bun.List(recs)).Order("l.no").Scan(ctx)
	return loans(rows), fail(err)
}

func loans(rows []row) []Loan {
	out := make([]Loan, len(rows))
	for i := range rows {
		out[i] = rows[i].loan()
	}
	return out
}

func narrow(q *bun.SelectQuery, scope access.Scope, f Filter, now time.Time) *bun.SelectQuery {
	switch {
	case scope.All:
	case len(scope.Departments) > 0:
		q = q.Where("l.department_id IN (?)", bun.List(scope.Departments))
	default:
		q = q.Where("l.borrower_id = ?", scope.Officer)
	}
	if f.Request != "" {
		q = q.Where("l.request_id = ?", f.Request)
	}
	if f.Department != "" {
		q = q.Where("l.department_id = ?", f.Department)
	}
	if !f.From.IsZero() {
		q = q.Where("l.lent_at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("l.lent_at < ?", clock.Micros(f.To))
	}
	if f.Out || f.Late {
		q = q.Where("l.returned_at = 0")
	}
	if f.Late {
		q = q.Where("l.due_at < ?", clock.Micros(now))
	}
	return q
}

// selected gives loans with a number below after (0: from the newest), newest first.
func selected(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter, now time.Time, after int64, limit int) ([]Loan, error) {
	var rows []row
	q := narrow(idb.NewSelect().Model(&rows), scope, f, now).OrderExpr("l.no DESC").Limit(int64(limit))
	if after > 0 {
		q = q.Where("l.no < ?", after)
	}
	err := q.Scan(ctx)
	return loans(rows), fail(err)
}

func count(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter, now time.Time) (int, error) {
	sub := narrow(idb.NewSelect().Model((*row)(nil)).ColumnExpr("1"), scope, f, now).Limit(viewing.MaxCount + 1)
	n, err := idb.NewSelect().TableExpr("(?) AS c", sub).Count(ctx)
	return int(n), fail(err)
}
