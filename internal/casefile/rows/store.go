// Package rows is the tables of cases: each row as it lies in the database, its way to and from package matter's values,
// and what the log says of it. Nothing here decides anything.
package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// Tables are the tables whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{
		vouch.NewTable("case_party", (*Party).Vouched), vouch.NewTable("case_handler", (*Handler).Vouched),
		vouch.NewTable("case_version", (*Version).Vouched), vouch.NewTable("case_signature", (*Signature).Vouched),
		vouch.NewTable("case_approval", (*Approval).Vouched), vouch.NewTable("case_delivery", (*Delivery).Vouched),
		vouch.NewTable("case_answer", (*Answer).Vouched), vouch.NewTable("case_waiver", (*Waiver).Vouched),
		vouch.NewTable("case_link", (*Link).Vouched), vouch.NewTable("case_report", (*Report).Vouched),
	}
}

// JSON is a value's JSON, for columns that hold some.
func JSON(v any) string {
	raw, err := json.Marshal(v)
	switch {
	case err == nil && string(raw) != "null":
		return string(raw)
	case reflect.TypeOf(v).Kind() == reflect.Slice:
		return "[]"
	}
	return "{}"
}

func whole(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

type valued[T any] interface{ Plain() (T, error) }

func values[T any, R any, P interface {
	*R
	valued[T]
}](rows []R) ([]T, error) {
	out := make([]T, len(rows))
	for i := range rows {
		var err error
		if out[i], err = P(&rows[i]).Plain(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Fail says where an error of the database came from; nil stays nil.
func Fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("casefile: %w", err)
}

// CaseBy reads the row of a case; fault NotFound "case.unknown" where there is none.
func CaseBy(ctx context.Context, q bun.IDB, id ident.CaseID) (*Case, error) {
	r := new(Case)
	if err := q.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(Fail(err), "case.unknown")
	}
	return r, nil
}

// Take locks a case for the length of the transaction and counts the change.
func Take(ctx context.Context, q bun.IDB, id ident.CaseID) (*Case, error) {
	res, err := q.NewUpdate().Model((*Case)(nil)).Set("revision = revision + 1").Where("id = ?", id).Exec(ctx)
	if err != nil {
		return nil, Fail(err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return nil, fault.New(fault.NotFound, "case.unknown")
	}
	return CaseBy(ctx, q, id)
}

// of reads the rows of a table that belong to a case, in the order they were made.
func of[T any, R any, P interface {
	*R
	valued[T]
}](ctx context.Context, q bun.IDB, id ident.CaseID) ([]T, error) {
	var rows []R
	if err := q.NewSelect().Model(&rows).Where("t.case_id = ?", id).OrderExpr("t.id").Scan(ctx); err != nil {
		return nil, Fail(err)
	}
	return values[T, R, P](rows)
}

// ofPapers reads the rows of a table that belong to the papers of a case.
func ofPapers[T any, R any, P interface {
	*R
	valued[T]
}](ctx context.Context, q bun.IDB, id ident.CaseID) ([]T, error) {
	var rows []R
	err := q.NewSelect().Model(&rows).Where("t.paper_id IN (SELECT p.id FROM case_paper AS p WHERE p.case_id = ?)", id).OrderExpr("t.id").Scan(ctx)
	if err != nil {
		return nil, Fail(err)
	}
	return values[T, R, P](rows)
}

// Load reads a whole case.
func Load(ctx context.Context, q bun.IDB, r *Case) (matter.File, error) {
	var f matter.File
	var err error
	step := func(fn func() error) {
		if err == nil {
			err = fn()
		}
	}
	id := r.ID
	step(func() (e error) { f.Case, e = r.Plain(); return })
	step(func() (e error) { f.Parties, e = of[matter.Party, Party](ctx, q, id); return })
	step(func() (e error) { f.Handlers, e = of[matter.Handler, Handler](ctx, q, id); return })
	step(func() (e error) { f.Papers, e = of[matter.Paper, Paper](ctx, q, id); return })
	step(func() (e error) { f.Signatures, e = ofPapers[matter.Signature, Signature](ctx, q, id); return })
	step(func() (e error) { f.Approvals, e = ofPapers[matter.Approval, Approval](ctx, q, id); return })
	step(func() (e error) { f.Deliveries, e = of[matter.Delivery, Delivery](ctx, q, id); return })
	step(func() (e error) { f.Answers, e = of[matter.Answer, Answer](ctx, q, id); return })
	step(func() (e error) { f.Waivers, e = of[matter.Waiver, Waiver](ctx, q, id); return })
	step(func() (e error) { f.Links, e = of[matter.Link, Link](ctx, q, id); return })
	step(func() (e error) { f.Reports, e = of[matter.Report, Report](ctx, q, id); return })
	step(func() (e error) { f.Limits, e = of[matter.Limit, Limit](ctx, q, id); return })
	return f, err
}

// Insert writes a new row.
func Insert(ctx context.Context, q bun.IDB, row any) error {
	_, err := q.NewInsert().Model(row).Exec(ctx)
	return Fail(err)
}

// Update writes a row anew, by its key.
func Update(ctx context.Context, q bun.IDB, row any) error {
	_, err := q.NewUpdate().Model(row).WherePK().Exec(ctx)
	return Fail(err)
}

// UpdateCase writes a case's own columns; its revision was counted when it was taken.
func UpdateCase(ctx context.Context, q bun.IDB, r *Case) error {
	_, err := q.NewUpdate().Model(r).ExcludeColumn("revision").WherePK().Exec(ctx)
	return Fail(err)
}

// NextNumber gives out the next number of a scope. Numbers are never given twice, but a change that is rolled back gives
// its number back.
func NextNumber(ctx context.Context, q bun.IDB, scope string) (int64, error) {
	var n int64
	err := q.NewRaw("INSERT INTO case_number (scope, last) VALUES (?, 1) ON CONFLICT (scope) DO UPDATE SET last = case_number.last + 1 RETURNING last", scope).Scan(ctx, &n)
	return n, Fail(err)
}

// CaseOf gives the case a paper belongs to; fault NotFound "paper.unknown" where there is none.
func CaseOf(ctx context.Context, q bun.IDB, id ident.PaperID) (ident.CaseID, error) {
	var c ident.CaseID
	if err := q.NewSelect().Model((*Paper)(nil)).Column("case_id").Where("id = ?", id).Scan(ctx, &c); err != nil {
		return "", db.NotFound(Fail(err), "paper.unknown")
	}
	return c, nil
}

// PaperBy reads the row of a paper; fault NotFound "paper.unknown" where there is none.
func PaperBy(ctx context.Context, q bun.IDB, id ident.PaperID) (*Paper, error) {
	r := new(Paper)
	if err := q.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(Fail(err), "paper.unknown")
	}
	return r, nil
}

// VersionsOf lists the signed versions of a paper, oldest first.
func VersionsOf(ctx context.Context, q bun.IDB, id ident.PaperID) ([]matter.Version, error) {
	var rows []Version
	if err := q.NewSelect().Model(&rows).Where("paper_id = ?", id).OrderExpr("number").Scan(ctx); err != nil {
		return nil, Fail(err)
	}
	return values[matter.Version, Version](rows)
}

// CaseByNo finds a case by its number; fault NotFound "case.unknown" where there is none.
func CaseByNo(ctx context.Context, q bun.IDB, no string) (ident.CaseID, error) {
	var id ident.CaseID
	if err := q.NewSelect().Model((*Case)(nil)).Column("id").Where("no = ?", no).Scan(ctx, &id); err != nil {
		return "", db.NotFound(Fail(err), "case.unknown")
	}
	return id, nil
}

// Filmed gives the recordings that are linked to a case, each once, in the order in which they were linked.
func Filmed(ctx context.Context, q bun.IDB, id ident.CaseID) ([]ident.RecordingID, error) {
	var all []Link
	if err := q.NewSelect().Model(&all).Where("case_id = ? AND struck = 0", id).Order("at", "id").Scan(ctx); err != nil {
		return nil, Fail(err)
	}
	var out []ident.RecordingID
	for _, l := range all {
		if !slices.Contains(out, l.Recording) {
			out = append(out, l.Recording)
		}
	}
	return out, nil
}
