package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type delayRow struct {
	bun.BaseModel `bun:"table:lookup_delay,alias:d"`

	ID     string         `bun:"id,pk"`
	Case   ident.CaseID   `bun:"case_id"`
	Ref    string         `bun:"ref"`
	Ground string         `bun:"ground"`
	Until  int64          `bun:"until_at"`
	By     ident.PersonID `bun:"person_id"`
	ByName string         `bun:"person_name"`
	At     int64          `bun:"at"`
	Entry  ident.EntryID  `bun:"entry_id"`
}

func (r *delayRow) vouched() vouch.Row {
	return vouch.Row{ID: r.ID, Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry, Says: vouch.Of(r, "ground", "person_name")}
}

type receiptRow struct {
	bun.BaseModel `bun:"table:lookup_receipt,alias:r"`

	ID         ident.LookupID       `bun:"id,pk"`
	No         int64                `bun:"no"`
	Matter     ident.PersonMatterID `bun:"matter_id"`
	MatterNo   int64                `bun:"matter_no"`
	Case       ident.CaseID         `bun:"case_id"`
	CaseNo     string               `bun:"case_no"`
	Department ident.DepartmentID   `bun:"department_id"`
	Lines      string               `bun:"lines"`
	Told       string               `bun:"delayed"`
	IssuedAt   int64                `bun:"issued_at"`
	By         ident.PersonID       `bun:"person_id"`
	ByName     string               `bun:"person_name"`
	Entry      ident.EntryID        `bun:"entry_id"`
}

func (r *receiptRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "lookup", ID: string(r.ID)}, Entry: r.Entry, Says: vouch.Of(r, "case_no", "lines", "delayed", "person_name"),
	}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("lookup_delay", (*delayRow).vouched), vouch.NewTable("lookup_receipt", (*receiptRow).vouched)}
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("lookup: %w", err)
}

func insertDelay(ctx context.Context, idb bun.IDB, d *Delay) ([]any, error) {
	r := &delayRow{ID: d.ID, Case: d.Case, Ref: d.Ref, Ground: d.Ground, Until: clock.Micros(d.Until), By: d.By, ByName: d.ByName, At: clock.Micros(d.At), Entry: d.Entry}
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("lookup_delay"), r.vouched().Says}, nil
}

// delaysOf gives the delays of a case that hold at now; of several about one line the one that ends last.
func delaysOf(ctx context.Context, idb bun.IDB, id ident.CaseID, now time.Time) ([]Delay, error) {
	var rows []delayRow
	if err := idb.NewSelect().Model(&rows).Where("d.case_id = ? AND d.until_at > ?", id, clock.Micros(now)).OrderExpr("d.until_at DESC, d.id").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	out := make([]Delay, 0, len(rows))
	for _, r := range rows {
		out = append(out, Delay{
			ID: r.ID, Case: r.Case, Ref: r.Ref, Ground: r.Ground, Until: clock.FromMicros(r.Until), By: r.By, ByName: r.ByName, At: clock.FromMicros(r.At), Entry: r.Entry,
		})
	}
	return out, nil
}

func insertReceipt(ctx context.Context, idb bun.IDB, x *Receipt) ([]any, error) {
	if err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = 'lookup' RETURNING last").Scan(ctx, &x.No); err != nil {
		return nil, fail(err)
	}
	lines, err := json.Marshal(x.Lines)
	if err != nil {
		return nil, fail(err)
	}
	told, err := json.Marshal(x.Told)
	if err != nil {
		return nil, fail(err)
	}
	r := &receiptRow{
		ID: x.ID, No: x.No, Matter: x.Matter, MatterNo: x.MatterNo, Case: x.Case, CaseNo: x.CaseNo, Department: x.Department, Lines: string(lines), Told: string(told),
		IssuedAt: clock.Micros(x.IssuedAt), By: x.By, ByName: x.ByName, Entry: x.Entry,
	}
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("lookup_receipt"), r.vouched().Says}, nil
}

func (r *receiptRow) plain() (Receipt, error) {
	x := Receipt{
		ID: r.ID, No: r.No, Matter: r.Matter, MatterNo: r.MatterNo, Case: r.Case, CaseNo: r.CaseNo, Department: r.Department, IssuedAt: clock.FromMicros(r.IssuedAt),
		By: r.By, ByName: r.ByName, Entry: r.Entry,
	}
	if err := json.Unmarshal([]byte(r.Lines), &x.Lines); err != nil {
		return x, fail(err)
	}
	return x, fail(json.Unmarshal([]byte(r.Told), &x.Told))
}

func receiptByID(ctx context.Context, idb bun.IDB, id ident.LookupID) (*Receipt, error) {
	r := new(receiptRow)
	if err := idb.NewSelect().Model(r).Where("r.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "lookup.unknown")
	}
	x, err := r.plain()
	return &x, err
}

func receiptsOf(ctx context.Context, idb bun.IDB, matter ident.PersonMatterID) ([]Receipt, error) {
	var rows []receiptRow
	if err := idb.NewSelect().Model(&rows).Where("r.matter_id = ?", matter).OrderExpr("r.no DESC").Limit(50).Scan(ctx); err != nil {
		return nil, fail(err)
	}
	out := make([]Receipt, len(rows))
	for i := range rows {
		var err error
		if out[i], err = rows[i].plain(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
