package disc

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type discRow struct {
	bun.BaseModel `bun:"table:disc,alias:d"`

	ID             ident.DiscID       `bun:"id,pk"`
	Year           int                `bun:"year"`
	Seq            int64              `bun:"seq"`
	Number         string             `bun:"number"`
	State          State              `bun:"state"`
	Form           Form               `bun:"form"`
	Request        ident.ViewingID    `bun:"request_id"`
	RequestNo      int64              `bun:"request_no"`
	Case           ident.CaseID       `bun:"case_id"`
	CaseNo         string             `bun:"case_no"`
	CaseTitle      string             `bun:"case_title"`
	Department     ident.DepartmentID `bun:"department_id"`
	By             ident.PersonID     `bun:"person_id"`
	ByName         string             `bun:"person_name"`
	Account        string             `bun:"account_id"`
	Picked         string             `bun:"picked"`
	Note           string             `bun:"note"`
	Recordings     int                `bun:"recordings"`
	Files          int                `bun:"files"`
	Bytes          int64              `bun:"bytes"`
	ManifestSHA256 string             `bun:"manifest_sha256"`
	ImageSHA256    string             `bun:"image_sha256"`
	ImageBytes     int64              `bun:"image_bytes"`
	LogSize        int64              `bun:"log_size"`
	LogRoot        string             `bun:"log_root"`
	BegunAt        int64              `bun:"begun_at"`
	MadeAt         int64              `bun:"made_at"`
	CheckedAt      int64              `bun:"checked_at"`
	RereadDue      int64              `bun:"reread_due"`
	Reason         string             `bun:"reason"`
}

func discRowOf(d *Disc) (*discRow, error) {
	note, err := json.Marshal(d.Note)
	if err != nil {
		return nil, fmt.Errorf("disc: %w", err)
	}
	picked, err := json.Marshal(append([]ident.RecordingID{}, d.Picked...))
	if err != nil {
		return nil, fmt.Errorf("disc: %w", err)
	}
	return &discRow{
		ID: d.ID, Year: d.Year, Seq: d.Seq, Number: d.Number, State: d.State, Form: d.Form, Request: d.Request, RequestNo: d.RequestNo, Case: d.Case, CaseNo: d.CaseNo,
		CaseTitle: d.CaseTitle, Department: d.Department, By: d.By, ByName: d.ByName, Account: d.Account, Picked: string(picked), Note: string(note), Recordings: d.Recordings, Files: d.Files, Bytes: d.Bytes,
		ManifestSHA256: d.ManifestSHA256, ImageSHA256: d.ImageSHA256, ImageBytes: d.ImageBytes, LogSize: d.LogSize, LogRoot: d.LogRoot,
		BegunAt: clock.Micros(d.BegunAt), MadeAt: clock.Micros(d.MadeAt), CheckedAt: clock.Micros(d.CheckedAt), RereadDue: clock.Micros(d.RereadDue), Reason: d.Reason,
	}, nil
}

func (r *discRow) disc() Disc {
	d := Disc{
		ID: r.ID, Year: r.Year, Seq: r.Seq, Number: r.Number, State: r.State, Form: r.Form, Request: r.Request, RequestNo: r.RequestNo, Case: r.Case, CaseNo: r.CaseNo,
		CaseTitle: r.CaseTitle, Department: r.Department, By: r.By, ByName: r.ByName, Account: r.Account, Recordings: r.Recordings, Files: r.Files, Bytes: r.Bytes,
		ManifestSHA256: r.ManifestSHA256, ImageSHA256: r.ImageSHA256, ImageBytes: r.ImageBytes, LogSize: r.LogSize, LogRoot: r.LogRoot,
		BegunAt: clock.FromMicros(r.BegunAt), MadeAt: clock.FromMicros(r.MadeAt), CheckedAt: clock.FromMicros(r.CheckedAt), RereadDue: clock.FromMicros(r.RereadDue), Reason: r.Reason,
	}
	_ = json.Unmarshal([]byte(r.Note), &d.Note) // written by us, as below
	_ = json.Unmarshal([]byte(r.Picked), &d.Picked)
	return d
}

func (r *discRow) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "disc", ID: string(r.ID)}, Says: vouch.Of(r, "person_name", "case_title", "note")}
}

type copyRow struct {
	bun.BaseModel `bun:"table:disc_copy"`

	ID        ident.DiscCopyID `bun:"id,pk"`
	Disc      ident.DiscID     `bun:"disc_id"`
	N         int              `bun:"n"`
	Medium    string           `bun:"medium"`
	Custodian string           `bun:"custodian_name"`
	Place     string           `bun:"place"`
	At        int64            `bun:"at"`
	ByName    string           `bun:"by_name"`
	By        ident.PersonID   `bun:"person_id"`
}

func (r *copyRow) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "disc", ID: string(r.Disc)}, Says: vouch.Of(r, "custodian_name", "place", "by_name", "medium")}
}

func (r *copyRow) copy() Copy {
	return Copy{ID: r.ID, Disc: r.Disc, N: r.N, Medium: r.Medium, Custodian: r.Custodian, Place: r.Place, At: clock.FromMicros(r.At), ByName: r.ByName}
}

type checkRow struct {
	bun.BaseModel `bun:"table:disc_check"`

	ID     ident.DiscCheckID `bun:"id,pk"`
	Disc   ident.DiscID      `bun:"disc_id"`
	Copy   int               `bun:"copy_n"`
	Whole  int               `bun:"whole"`
	Source string            `bun:"source"`
	Found  string            `bun:"found"`
	At     int64             `bun:"at"`
	By     ident.PersonID    `bun:"person_id"`
	ByName string            `bun:"by_name"`
}

func (r *checkRow) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "disc", ID: string(r.Disc)}, Says: vouch.Of(r, "by_name", "found")}
}

func (r *checkRow) check() Check {
	return Check{ID: r.ID, Disc: r.Disc, Copy: r.Copy, Whole: r.Whole != 0, Source: r.Source, Found: r.Found, At: clock.FromMicros(r.At), ByName: r.ByName}
}

// Tables are the tables whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{
		vouch.NewTable("disc", (*discRow).vouched), vouch.NewTable("disc_copy", (*copyRow).vouched), vouch.NewTable("disc_check", (*checkRow).vouched),
	}
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("disc: %w", err)
}

// nextSeq gives the next number of a year. Two at once take turns, so that neither is refused.
func nextSeq(ctx context.Context, idb bun.IDB, year int) (int64, error) {
	if err := db.Turn(ctx, idb, "disc"); err != nil {
		return 0, fail(err)
	}
	var n int64
	err := idb.NewSelect().Model((*discRow)(nil)).ColumnExpr("COALESCE(MAX(seq), 0) + 1").Where("year = ?", year).Scan(ctx, &n)
	return n, fail(err)
}

func insertDisc(ctx context.Context, idb bun.IDB, d *Disc) error {
	row, err := discRowOf(d)
	if err != nil {
		return err
	}
	_, err = idb.NewInsert().Model(row).Exec(ctx)
	return fail(err)
}

func updateDisc(ctx context.Context, idb bun.IDB, d *Disc) error {
	row, err := discRowOf(d)
	if err != nil {
		return err
	}
	_, err = idb.NewUpdate().Model(row).WherePK().Exec(ctx)
	return fail(err)
}

// sayDisc gives what an entry says of a disc.
func sayDisc(ctx context.Context, idb bun.IDB, id ident.DiscID) ([]any, error) {
	r, err := vouch.Locked[discRow](ctx, idb, string(id))
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("disc"), r.vouched().Says}, nil
}

func discBy(ctx context.Context, idb bun.IDB, id ident.DiscID) (*Disc, error) {
	row := new(discRow)
	if err := idb.NewSelect().Model(row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "disc.unknown")
	}
	d := row.disc()
	return &d, nil
}

func discByNumber(ctx context.Context, idb bun.IDB, year int, seq int64) (*Disc, error) {
	row := new(discRow)
	if err := idb.NewSelect().Model(row).Where("year = ? AND seq = ?", year, seq).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "disc.unknown")
	}
	d := row.disc()
	return &d, nil
}

func lockDisc(ctx context.Context, idb bun.IDB, id ident.DiscID) (*Disc, error) {
	row, err := vouch.Locked[discRow](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "disc.unknown")
	}
	d := row.disc()
	return &d, nil
}

// narrow keeps a query to what the actor may see and the filter asks for.
func narrow(q *bun.SelectQuery, sc access.Scope, f Filter) *bun.SelectQuery {
	if !sc.All {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q = q.Where("d.person_id = ?", sc.Officer)
			if len(sc.Departments) > 0 {
				q = q.WhereOr("d.department_id IN (?)", bun.List(sc.Departments))
			}
			return q
		})
	}
	if f.State != "" {
		q = q.Where("d.state = ?", f.State)
	}
	if f.Case != "" {
		q = q.Where("d.case_id = ?", f.Case)
	}
	if f.Words != "" {
		like := "%" + f.Words + "%"
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("d.number LIKE ?", like).WhereOr("d.case_no LIKE ?", like).WhereOr("d.case_title LIKE ?", like)
		})
	}
	if !f.Due.IsZero() {
		q = q.Where("d.reread_due > 0 AND d.reread_due < ?", clock.Micros(f.Due))
	}
	return q
}

func selectDiscs(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter, skip, limit int64) ([]Disc, error) {
	var rows []discRow
	order := "d.year DESC, d.seq DESC"
	if f.Sort == SortDue {
		order = "CASE WHEN d.reread_due = 0 THEN 1 ELSE 0 END, d.reread_due, d.year DESC, d.seq DESC"
	}
	err := narrow(idb.NewSelect().Model(&rows), sc, f).OrderExpr(order).Offset(skip).Limit(limit).Scan(ctx)
	out := make([]Disc, len(rows))
	for i := range rows {
		out[i] = rows[i].disc()
	}
	return out, fail(err)
}

// OfCase lists the discs that were made of a case, the newest first, for the program itself: who is told of them is for the caller to ask.
func OfCase(ctx context.Context, idb bun.IDB, id ident.CaseID) ([]Disc, error) {
	return selectDiscs(ctx, idb, access.Scope{All: true}, Filter{Case: id, State: Made}, 0, 500)
}

func countDiscs(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter) (int, error) {
	n, err := narrow(idb.NewSelect().Model((*discRow)(nil)), sc, f).Count(ctx)
	return int(n), fail(err)
}

func copiesOf(ctx context.Context, idb bun.IDB, id ident.DiscID) ([]Copy, error) {
	var rows []copyRow
	err := idb.NewSelect().Model(&rows).Where("disc_id = ?", id).Order("n").Limit(200).Scan(ctx)
	out := make([]Copy, len(rows))
	for i := range rows {
		out[i] = rows[i].copy()
	}
	return out, fail(err)
}

func checksOf(ctx context.Context, idb bun.IDB, id ident.DiscID) ([]Check, error) {
	var rows []checkRow
	err := idb.NewSelect().Model(&rows).Where("disc_id = ?", id).OrderExpr("at DESC, id DESC").Limit(200).Scan(ctx)
	out := make([]Check, len(rows))
	for i := range rows {
		out[i] = rows[i].check()
	}
	return out, fail(err)
}

func countChecks(ctx context.Context, idb bun.IDB, id ident.DiscID) (int, error) {
	n, err := idb.NewSelect().Model((*checkRow)(nil)).Where("disc_id = ?", id).Count(ctx)
	return int(n), fail(err)
}

// insertSaid writes a row and gives what its entry says of it.
func insertSaid(ctx context.Context, idb bun.IDB, table string, row any, says vouch.Columns) ([]any, error) {
	if _, err := idb.NewInsert().Model(row).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key(table), says}, nil
}

func micros(t time.Time) int64 { return clock.Micros(t) }
