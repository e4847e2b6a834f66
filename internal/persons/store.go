package persons

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:person_matter,alias:m"`

	ID           ident.PersonMatterID `bun:"id,pk"`
	No           int64                `bun:"no"`
	Kind         Kind                 `bun:"kind"`
	State        State                `bun:"state"`
	Name         string               `bun:"name"`
	Contact      string               `bun:"contact"`
	Department   ident.DepartmentID   `bun:"department_id"`
	Case         ident.CaseID         `bun:"case_id"`
	Where        string               `bun:"place"`
	Words        string               `bun:"words"`
	ReceivedAt   int64                `bun:"received_at"`
	ReceivedBy   ident.PersonID       `bun:"received_by"`
	ReceivedName string               `bun:"received_name"`
	Due          int64                `bun:"due_at"`
	EndedAt      int64                `bun:"ended_at"`
	EndedBy      ident.PersonID       `bun:"ended_by"`
	EndedName    string               `bun:"ended_name"`
	Answer       string               `bun:"answer"`
}

func rowOf(m *Matter) *row {
	return &row{
		ID: m.ID, No: m.No, Kind: m.Kind, State: m.State, Name: m.Name, Contact: m.Contact, Department: m.Department, Case: m.Case, Where: m.Where, Words: m.Words,
		ReceivedAt: clock.Micros(m.ReceivedAt), ReceivedBy: m.ReceivedBy, ReceivedName: m.ReceivedName, Due: clock.Micros(m.Due),
		EndedAt: clock.Micros(m.EndedAt), EndedBy: m.EndedBy, EndedName: m.EndedName, Answer: m.Answer,
	}
}

func (r *row) plain() Matter {
	return Matter{
		ID: r.ID, No: r.No, Kind: r.Kind, State: r.State, Name: r.Name, Contact: r.Contact, Department: r.Department, Case: r.Case, Where: r.Where, Words: r.Words,
		ReceivedAt: clock.FromMicros(r.ReceivedAt), ReceivedBy: r.ReceivedBy, ReceivedName: r.ReceivedName, Due: clock.FromMicros(r.Due),
		EndedAt: clock.FromMicros(r.EndedAt), EndedBy: r.EndedBy, EndedName: r.EndedName, Answer: r.Answer,
	}
}

func (r *row) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "person_matter", ID: string(r.ID)},
		Says: vouch.Of(r, "name", "contact", "place", "words", "received_name", "ended_name", "answer"),
	}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("person_matter", (*row).vouched)}
}

func say(ctx context.Context, idb bun.IDB, id ident.PersonMatterID) ([]any, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("person_matter"), r.vouched().Says}, nil
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("persons: %w", err)
}

func insert(ctx context.Context, idb bun.IDB, m *Matter) error {
	if err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = 'person_matter' RETURNING last").Scan(ctx, &m.No); err != nil {
		return fail(err)
	}
	_, err := idb.NewInsert().Model(rowOf(m)).Exec(ctx)
	return fail(err)
}

func end(ctx context.Context, idb bun.IDB, m *Matter) error {
	_, err := idb.NewUpdate().Model(rowOf(m)).WherePK().Column("state", "ended_at", "ended_by", "ended_name", "answer").Exec(ctx)
	return fail(err)
}

func byID(ctx context.Context, idb bun.IDB, id ident.PersonMatterID) (*Matter, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "persons.unknown")
	}
	m := r.plain()
	return &m, nil
}

// list gives what lies in a scope in the filter's order, after the matter of a number where one is given.
func list(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter, before int64, limit int) ([]Matter, int, error) {
	base := func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Model((*row)(nil))
		if !sc.All {
			q = q.Where("m.department_id IN (?) OR m.received_by = ?", bun.List(append([]ident.DepartmentID{"-"}, sc.Departments...)), sc.Officer)
		}
		if f.State != "" {
			q = q.Where("m.state = ?", f.State)
		}
		if f.Kind != "" {
			q = q.Where("m.kind = ?", f.Kind)
		}
		return q
	}
	n, err := base(idb.NewSelect()).Count(ctx)
	if err != nil {
		return nil, 0, fail(err)
	}
	var rows []row
	q := base(idb.NewSelect())
	order := "m.no DESC"
	if f.ByDue {
		order = "m.due_at, m.no"
	}
	switch {
	case before > 0 && f.ByDue:
		q = q.Where("(m.due_at, m.no) > (SELECT p.due_at, p.no FROM person_matter AS p WHERE p.no = ?)", before)
	case before > 0:
		q = q.Where("m.no < ?", before)
	}
	err = q.OrderExpr(order).Limit(int64(limit)).Scan(ctx, &rows)
	out := make([]Matter, len(rows))
	for i := range rows {
		out[i] = rows[i].plain()
	}
	return out, int(n), fail(err)
}
