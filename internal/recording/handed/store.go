package handed

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

type row struct {
	bun.BaseModel `bun:"table:handed_in,alias:h"`

	ID         ident.HandedID     `bun:"id,pk"`
	No         int64              `bun:"no"`
	State      State              `bun:"state"`
	Giver      string             `bun:"giver"`
	Capacity   Capacity           `bun:"capacity"`
	Contact    string             `bun:"contact"`
	For        string             `bun:"for_whom"`
	Case       ident.CaseID       `bun:"case_id"`
	CaseNo     string             `bun:"case_no"`
	Carrier    string             `bun:"carrier"`
	Shows      string             `bun:"shows"`
	Returned   int                `bun:"returned"`
	Department ident.DepartmentID `bun:"department_id"`
	By         ident.PersonID     `bun:"person_id"`
	ByName     string             `bun:"person_name"`
	Account    ident.AccountID    `bun:"account_id"`
	OpenedAt   int64              `bun:"opened_at"`
	EndedAt    int64              `bun:"ended_at"`
	Words      string             `bun:"words"`
	Entry      ident.EntryID      `bun:"entry_id"`
}

func rowOf(h *Handing) *row {
	r := &row{
		ID: h.ID, No: h.No, State: h.State, Giver: h.Giver, Capacity: h.Capacity, Contact: h.Contact, For: h.For, Case: h.Case, CaseNo: h.CaseNo, Carrier: h.Carrier,
		Shows: h.Shows, Department: h.Department, By: h.By, ByName: h.ByName, Account: h.Account, OpenedAt: clock.Micros(h.OpenedAt), EndedAt: clock.Micros(h.EndedAt),
		Words: h.Words, Entry: h.Entry,
	}
	if h.Returned {
		r.Returned = 1
	}
	return r
}

func (r *row) plain() Handing {
	return Handing{
		ID: r.ID, No: r.No, State: r.State, Giver: r.Giver, Capacity: r.Capacity, Contact: r.Contact, For: r.For, Case: r.Case, CaseNo: r.CaseNo, Carrier: r.Carrier,
		Shows: r.Shows, Returned: r.Returned == 1, Department: r.Department, By: r.By, ByName: r.ByName, Account: r.Account, OpenedAt: clock.FromMicros(r.OpenedAt),
		EndedAt: clock.FromMicros(r.EndedAt), Words: r.Words, Entry: r.Entry,
	}
}

func (r *row) vouched() vouch.Row {
	h := r.plain()
	return vouch.Row{
		ID: string(r.ID), Subject: h.about(), Entry: r.Entry,
		Says: vouch.Of(r, "giver", "contact", "for_whom", "case_no", "carrier", "shows", "person_name", "words"),
	}
}

type itemRow struct {
	bun.BaseModel `bun:"table:handed_item,alias:i"`

	ID        string            `bun:"id,pk"`
	Handed    ident.HandedID    `bun:"handed_id"`
	N         int               `bun:"n"`
	File      ident.FileID      `bun:"file_id"`
	Recording ident.RecordingID `bun:"recording_id"`
	Name      string            `bun:"name"`
	Size      int64             `bun:"size"`
	SHA256    string            `bun:"sha256"`
	Known     int               `bun:"known"`
	StoredAt  int64             `bun:"stored_at"`
}

func (r *itemRow) vouched() vouch.Row {
	return vouch.Row{ID: r.ID, Subject: custody.Subject{Kind: "handed_item", ID: r.ID}, Says: vouch.Of(r, "name")}
}

func (r *itemRow) plain() Item {
	return Item{
		ID: r.ID, N: r.N, File: r.File, Recording: r.Recording, Name: r.Name, Size: r.Size, SHA256: r.SHA256, Known: r.Known == 1, StoredAt: clock.FromMicros(r.StoredAt),
	}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("handed_in", (*row).vouched), vouch.NewTable("handed_item", (*itemRow).vouched)}
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("handed: %w", err)
}

func insert(ctx context.Context, idb bun.IDB, h *Handing) ([]any, error) {
	if err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = 'handed' RETURNING last").Scan(ctx, &h.No); err != nil {
		return nil, fail(err)
	}
	r := rowOf(h)
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("handed_in"), r.vouched().Says}, nil
}

func update(ctx context.Context, idb bun.IDB, h *Handing) ([]any, error) {
	r := rowOf(h)
	if _, err := idb.NewUpdate().Model(r).WherePK().Column("state", "ended_at", "words", "entry_id").Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("handed_in"), r.vouched().Says}, nil
}

// insertItems gives what the entry says of the rows, and the subjects it is related to.
func insertItems(ctx context.Context, idb bun.IDB, h *Handing, list []Arrival) (detail []any, related []custody.Subject, err error) {
	rows := make([]itemRow, len(list))
	said := make([]vouch.Columns, len(list))
	for i, a := range list {
		rows[i] = itemRow{
			ID: string(ident.New[ident.EntryID]()), Handed: h.ID, N: i + 1, File: a.File, Recording: a.Recording, Name: a.Name, Size: a.Size, SHA256: a.SHA256,
			StoredAt: clock.Micros(a.StoredAt),
		}
		if a.Known {
			rows[i].Known = 1
		}
		v := rows[i].vouched()
		said[i] = v.Says
		related = append(related, v.Subject, custody.Subject{Kind: "recording", ID: string(a.Recording)}, custody.Subject{Kind: "file", ID: string(a.File)})
	}
	_, err = idb.NewInsert().Model(&rows).Exec(ctx)
	return []any{vouch.Key("handed_item"), said}, related, fail(err)
}

func byID(ctx context.Context, idb bun.IDB, id ident.HandedID) (*Handing, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("h.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "handed.unknown")
	}
	h := r.plain()
	return &h, nil
}

func lock(ctx context.Context, idb bun.IDB, id ident.HandedID) (*Handing, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "handed.unknown")
	}
	h := r.plain()
	return &h, nil
}

func itemsOf(ctx context.Context, idb bun.IDB, id ident.HandedID) ([]Item, error) {
	var rows []itemRow
	err := idb.NewSelect().Model(&rows).Where("i.handed_id = ?", id).Order("i.n").Scan(ctx)
	out := make([]Item, len(rows))
	for i := range rows {
		out[i] = rows[i].plain()
	}
	return out, fail(err)
}

func ofRecording(ctx context.Context, idb bun.IDB, rec ident.RecordingID) (*Handing, error) {
	r := new(row)
	err := idb.NewSelect().Model(r).Join("JOIN handed_item AS i ON i.handed_id = h.id AND i.known = 0").Where("i.recording_id = ?", rec).OrderExpr("h.no").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the bureau's own is the ordinary answer
	}
	if err != nil {
		return nil, fail(err)
	}
	h := r.plain()
	return &h, nil
}

func list(ctx context.Context, idb bun.IDB, actor access.Actor, f Filter, before int64, limit int) ([]Handing, int, error) {
	narrow := func(q *bun.SelectQuery) *bun.SelectQuery {
		switch scope := access.ScopeOf(actor); {
		case scope.All:
		case len(scope.Departments) > 0:
			q = q.Where("h.department_id IN (?) OR h.person_id = ?", bun.List(scope.Departments), actor.Person)
		default:
			q = q.Where("h.person_id = ?", actor.Person)
		}
		if f.State != "" {
			q = q.Where("h.state = ?", f.State)
		}
		if f.Case != "" {
			q = q.Where("h.case_id = ?", f.Case)
		}
		return q
	}
	n, err := narrow(idb.NewSelect().Model((*row)(nil))).Count(ctx)
	if err != nil {
		return nil, 0, fail(err)
	}
	var rows []row
	q := narrow(idb.NewSelect().Model(&rows)).OrderExpr("h.no DESC").Limit(int64(limit))
	if before > 0 {
		q = q.Where("h.no < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, 0, fail(err)
	}
	out := make([]Handing, len(rows))
	for i := range rows {
		out[i] = rows[i].plain()
	}
	return out, int(n), nil
}

// metadata is the key by which a sender says for what a file is handed in.
const metadata = "handed"

// coded is how the id stands in what a sender says of a file.
func coded(id string) string {
	return metadata + " " + base64.StdEncoding.EncodeToString([]byte(id))
}

// Belongs is intake.HandedIn: a file belongs to a handing that its sender names, that the same account began, and that is open. What
// else is said in that place is nothing: the file is then taken in as the bureau's own.
func Belongs(ctx context.Context, idb bun.IDB, owner, said string) (ident.DepartmentID, bool, error) {
	for pair := range strings.SplitSeq(said, ",") {
		key, value, _ := strings.Cut(strings.Trim(pair, " \t"), " ")
		if key != metadata {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return "", false, nil
		}
		id, err := ident.Parse[ident.HandedID](string(raw))
		if err != nil {
			return "", false, nil
		}
		var department ident.DepartmentID
		err = idb.NewSelect().Model((*row)(nil)).Column("department_id").Where("h.id = ? AND h.account_id = ? AND h.state = ?", id, owner, Open).Scan(ctx, &department)
		if errors.Is(err, sql.ErrNoRows) {
			return "", false, nil
		}
		return department, err == nil, fail(err)
	}
	return "", false, nil
}

// arrivals gives the uploads of the same account that name the handing and are no pieces of others.
func arrivals(ctx context.Context, idb bun.IDB, h *Handing) ([]Arrival, error) {
	var rows []struct {
		record.Upload
		Recording  ident.RecordingID `bun:"recording_id"`
		StoredAt   int64             `bun:"stored_at"`
		FactsAt    int64             `bun:"facts_at"`
		FileState  record.State      `bun:"file_state"`
		FileSHA256 string            `bun:"file_sha256"`
		FileSize   int64             `bun:"file_size"`
	}
	err := idb.NewSelect().TableExpr("upload AS u").
		ColumnExpr("u.id, u.name, u.size, u.state, u.code, u.file_id, u.begun_at, COALESCE(f.recording_id, '') AS recording_id, COALESCE(f.stored_at, 0) AS stored_at").
		ColumnExpr("COALESCE(r.facts_at, 0) AS facts_at, COALESCE(f.state, '') AS file_state, COALESCE(f.sha256, '') AS file_sha256, COALESCE(f.size, 0) AS file_size").
		Join("LEFT JOIN recording_file AS f ON f.id = u.file_id").Join("LEFT JOIN recording AS r ON r.id = f.recording_id").
		Where("u.owner = ? AND u.begun_at >= ? AND u.metadata LIKE ? AND u.concat <> ?", h.Account, clock.Micros(h.OpenedAt), "%"+coded(string(h.ID))+"%", record.ConcatPartial).
		OrderExpr("u.begun_at, u.id").Limit(1000).Scan(ctx, &rows)
	if err != nil {
		return nil, fail(err)
	}
	out := make([]Arrival, 0, len(rows))
	for _, r := range rows {
		a := Arrival{Item: Item{N: len(out) + 1, File: r.File, Recording: r.Recording, Name: r.Name, Size: r.Size, StoredAt: clock.FromMicros(r.StoredAt)}, Code: r.Code}
		switch r.State {
		case record.UploadSealed, record.UploadDuplicate:
			a.Sealed, a.Known, a.Code = true, r.State == record.UploadDuplicate, ""
			a.SHA256, a.Size = r.FileSHA256, r.FileSize
			a.Settled = r.FactsAt != 0 && r.FileState != record.Stored || a.Known
		case record.UploadDiscarded:
			continue // taken off the list by its sender
		case record.UploadOpen, record.UploadFailed:
		}
		out = append(out, a)
	}
	return out, nil
}
