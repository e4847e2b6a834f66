package disclosure

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type callRow struct {
	bun.BaseModel `bun:"table:case_call,alias:k"`

	ID         ident.CallID   `bun:"id,pk"`
	Case       ident.CaseID   `bun:"case_id"`
	Kind       CallKind       `bun:"kind"`
	Body       string         `bun:"body"`
	Letter     string         `bun:"letter"`
	ReceivedOn string         `bun:"received_on"`
	Due        int64          `bun:"due_at"`
	At         int64          `bun:"at"`
	By         ident.PersonID `bun:"by_person"`
	ByName     string         `bun:"by_name"`
	MetAt      int64          `bun:"met_at"`
	MetBy      ident.EntryID  `bun:"met_by"`
}

func callRowOf(c *Call) *callRow {
	return &callRow{
		ID: c.ID, Case: c.Case, Kind: c.Kind, Body: c.Body, Letter: c.Letter, ReceivedOn: c.ReceivedOn, Due: clock.Micros(c.Due), At: clock.Micros(c.At),
		By: c.By, ByName: c.ByName, MetAt: clock.Micros(c.MetAt), MetBy: c.MetBy,
	}
}

func (r *callRow) plain() Call {
	return Call{
		ID: r.ID, Case: r.Case, Kind: r.Kind, Body: r.Body, Letter: r.Letter, ReceivedOn: r.ReceivedOn, Due: clock.FromMicros(r.Due), At: clock.FromMicros(r.At),
		By: r.By, ByName: r.ByName, MetAt: clock.FromMicros(r.MetAt), MetBy: r.MetBy,
	}
}

func (r *callRow) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "case_call", ID: string(r.ID)}, Says: vouch.Of(r, "body", "by_name")}
}

func insertCall(ctx context.Context, idb bun.IDB, c *Call) error {
	_, err := idb.NewInsert().Model(callRowOf(c)).Exec(ctx)
	return fail(err)
}

func meetCall(ctx context.Context, idb bun.IDB, c *Call) error {
	_, err := idb.NewUpdate().Model(callRowOf(c)).WherePK().Column("met_at", "met_by").Exec(ctx)
	return fail(err)
}

// CallsOf lists the calls for a case, the newest first.
func CallsOf(ctx context.Context, idb bun.IDB, id ident.CaseID) ([]Call, error) {
	var rows []callRow
	if err := idb.NewSelect().Model(&rows).Where("k.case_id = ?", id).OrderExpr("k.at DESC, k.id DESC").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	out := make([]Call, len(rows))
	for i := range rows {
		out[i] = rows[i].plain()
	}
	return out, nil
}

// CaseOfCall says which case a call is about, so that a duty leads there.
func CaseOfCall(ctx context.Context, idb bun.IDB, id ident.CallID) (ident.CaseID, error) {
	r := new(callRow)
	if err := idb.NewSelect().Model(r).Where("k.id = ?", id).Scan(ctx); err != nil {
		return "", db.NotFound(fail(err), "case.unknown")
	}
	return r.Case, nil
}
