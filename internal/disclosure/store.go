package disclosure

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

type row struct {
	bun.BaseModel `bun:"table:disclosure,alias:d"`

	ID            ident.DisclosureID `bun:"id,pk"`
	Year          int                `bun:"year"`
	No            int64              `bun:"no"`
	State         State              `bun:"state"`
	Why           string             `bun:"why"`
	Request       ident.ViewingID    `bun:"request_id"`
	RequestNo     int64              `bun:"request_no"`
	Manner        viewing.Manner     `bun:"manner"`
	ToBody        string             `bun:"to_body"`
	ToPerson      string             `bun:"to_person"`
	ToContact     string             `bun:"to_contact"`
	ToBasis       string             `bun:"to_basis"`
	Purpose       viewing.Purpose    `bun:"purpose"`
	Words         string             `bun:"words"`
	Case          ident.CaseID       `bun:"case_id"`
	Department    ident.DepartmentID `bun:"department_id"`
	Items         string             `bun:"items"`
	Papers        string             `bun:"papers"`
	Recipient     string             `bun:"recipient_key"`
	AskedAt       int64              `bun:"asked_at"`
	By            ident.PersonID     `bun:"by_person"`
	ByAccount     string             `bun:"by_account"`
	ByName        string             `bun:"by_name"`
	PackedAt      int64              `bun:"packed_at"`
	Entry         ident.EntryID      `bun:"pack_entry"`
	Manifest      string             `bun:"manifest_sha256"`
	Files         int                `bun:"files"`
	Size          int64              `bun:"size"`
	Attempt       int64              `bun:"attempt"`
	GivenAt       int64              `bun:"given_at"`
	SHA256        string             `bun:"given_sha256"`
	GivenSize     int64              `bun:"given_size"`
	Due           int64              `bun:"receipt_due"`
	ReceiptOn     string             `bun:"receipt_on"`
	ReceiptBy     string             `bun:"receipt_by"`
	ReceiptWords  string             `bun:"receipt_words"`
	ReceiptSHA256 string             `bun:"receipt_sha256"`
	ReceiptAt     int64              `bun:"receipt_at"`
	ReceiptName   string             `bun:"receipt_name"`
}

type itemRow struct {
	bun.BaseModel `bun:"table:disclosure_item,alias:i"`

	ID        ident.DisclosureID `bun:"disclosure_id,pk"`
	N         int                `bun:"n,pk"`
	Recording ident.RecordingID  `bun:"recording_id"`
}

type partRow struct {
	bun.BaseModel `bun:"table:disclosure_part,alias:p"`

	ID   ident.DisclosureID `bun:"disclosure_id,pk"`
	Name string             `bun:"name,pk"`
	Body []byte             `bun:"body"`
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("disclosure: %w", err)
}

func rowOf(d *Disclosure) (*row, error) {
	items, err := json.Marshal(orEmpty(d.Items))
	if err != nil {
		return nil, fail(err)
	}
	papers, err := json.Marshal(orEmpty(d.Papers))
	return &row{
		ID: d.ID, Year: d.Year, No: d.No, State: d.State, Why: d.Why, Request: d.Request, RequestNo: d.RequestNo, Manner: d.Manner, ToBody: d.To.Body,
		ToPerson: d.To.Person, ToContact: d.To.Contact, ToBasis: d.To.Basis, Purpose: d.Purpose, Words: d.Words, Case: d.Case, Department: d.Department,
		Items: string(items), Papers: string(papers), Recipient: d.Recipient, AskedAt: clock.Micros(d.AskedAt), By: d.By, ByAccount: d.ByAccount, ByName: d.ByName,
		PackedAt: clock.Micros(d.PackedAt), Entry: d.Entry, Manifest: d.Manifest, Files: d.Files, Size: d.Size, Attempt: d.Attempt, GivenAt: clock.Micros(d.GivenAt),
		SHA256: d.SHA256, GivenSize: d.GivenSize, Due: clock.Micros(d.Due), ReceiptOn: d.Receipt.On, ReceiptBy: d.Receipt.By, ReceiptWords: d.Receipt.Words,
		ReceiptSHA256: d.Receipt.SHA256, ReceiptAt: clock.Micros(d.Receipt.At), ReceiptName: d.Receipt.Name,
	}, fail(err)
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func (r *row) plain() (*Disclosure, error) {
	d := &Disclosure{
		ID: r.ID, Year: r.Year, No: r.No, State: r.State, Why: r.Why, Request: r.Request, RequestNo: r.RequestNo, Manner: r.Manner,
		To: viewing.Recipient{Body: r.ToBody, Person: r.ToPerson, Contact: r.ToContact, Basis: r.ToBasis}, Purpose: r.Purpose, Words: r.Words, Case: r.Case,
		Department: r.Department, Recipient: r.Recipient, AskedAt: clock.FromMicros(r.AskedAt), By: r.By, ByAccount: r.ByAccount, ByName: r.ByName,
		PackedAt: clock.FromMicros(r.PackedAt), Entry: r.Entry, Manifest: r.Manifest, Files: r.Files, Size: r.Size, Attempt: r.Attempt,
		GivenAt: clock.FromMicros(r.GivenAt), SHA256: r.SHA256, GivenSize: r.GivenSize, Due: clock.FromMicros(r.Due),
		Receipt: Receipt{r.ReceiptOn, r.ReceiptBy, r.ReceiptWords, r.ReceiptSHA256, clock.FromMicros(r.ReceiptAt), r.ReceiptName},
	}
	if err := json.Unmarshal([]byte(r.Items), &d.Items); err != nil {
		return nil, fail(err)
	}
	return d, fail(json.Unmarshal([]byte(r.Papers), &d.Papers))
}

func (r *row) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "disclosure", ID: string(r.ID)},
		Says: vouch.Of(r, "to_body", "to_person", "to_contact", "to_basis", "words", "by_name", "receipt_by", "receipt_words", "receipt_name"),
	}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("disclosure", (*row).vouched), vouch.NewTable("case_call", (*callRow).vouched)}
}

// record writes the entry of a change with what it leaves of the row.
func record(tx *gate.Tx, d *Disclosure, outcome custody.Outcome, pairs ...any) error {
	return recordAs(tx, d, ident.New[ident.EntryID](), outcome, pairs...)
}

func recordAs(tx *gate.Tx, d *Disclosure, id ident.EntryID, outcome custody.Outcome, pairs ...any) error {
	r, err := vouch.Locked[row](tx.Context(), tx.DB(), string(d.ID))
	if err != nil {
		return fail(err)
	}
	_, err = tx.Record(gate.Entry{
		ID: id, Outcome: outcome, Related: d.related(),
		Detail: custody.Detail(append([]any{vouch.Key("disclosure"), r.vouched().Says, "no", d.Number(), "request", string(d.Request)}, pairs...)...),
	})
	return err
}

// insert adds a row under the next number of its year. Two at once take turns: neither is refused, neither has the other's number.
func insert(ctx context.Context, idb bun.IDB, d *Disclosure) error {
	if err := db.Turn(ctx, idb, "disclosure"); err != nil {
		return fail(err)
	}
	if err := idb.NewSelect().Table("disclosure").ColumnExpr("COALESCE(MAX(no), 0) + 1").Where("year = ?", d.Year).Scan(ctx, &d.No); err != nil {
		return fail(err)
	}
	r, err := rowOf(d)
	if err != nil {
		return err
	}
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return fail(err)
	}
	for n, i := range d.Items {
		if _, err := idb.NewInsert().Model(&itemRow{ID: d.ID, N: n + 1, Recording: i.Recording}).Exec(ctx); err != nil {
			return fail(err)
		}
	}
	return nil
}

func update(ctx context.Context, idb bun.IDB, d *Disclosure) error {
	r, err := rowOf(d)
	if err != nil {
		return err
	}
	_, err = idb.NewUpdate().Model(r).WherePK().Exec(ctx)
	return fail(err)
}

func byID(ctx context.Context, idb bun.IDB, id ident.DisclosureID) (*Disclosure, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("d.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "disclosure.unknown")
	}
	return r.plain()
}

// locked reads a row for changing it.
func locked(ctx context.Context, idb bun.IDB, id ident.DisclosureID) (*Disclosure, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "disclosure.unknown")
	}
	return r.plain()
}

// put keeps the small files of a package.
func put(ctx context.Context, idb bun.IDB, id ident.DisclosureID, parts []part) error {
	for _, p := range parts {
		if _, err := idb.NewInsert().Model(&partRow{ID: id, Name: p.name, Body: p.body}).Exec(ctx); err != nil {
			return fail(err)
		}
	}
	return nil
}

func partOf(ctx context.Context, idb bun.IDB, id ident.DisclosureID, name string) ([]byte, error) {
	r := new(partRow)
	if err := idb.NewSelect().Model(r).Where("p.disclosure_id = ? AND p.name = ?", id, name).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "disclosure.gone")
	}
	return r.Body, nil
}

// drop removes the small files: the package was given out, or never will be.
func drop(ctx context.Context, idb bun.IDB, id ident.DisclosureID) error {
	_, err := idb.NewDelete().Model((*partRow)(nil)).Where("disclosure_id = ?", id).Exec(ctx)
	return fail(err)
}

// waiting lists what is neither given out nor ended.
func waiting(ctx context.Context, idb bun.IDB) ([]ident.DisclosureID, error) {
	var out []ident.DisclosureID
	err := idb.NewSelect().Table("disclosure").Column("id").Where("state IN (?)", bun.List([]State{Making, Ready})).OrderExpr("id").Scan(ctx, &out)
	return out, fail(err)
}
