package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:activity,alias:a"`

	ID         ident.ActivityID   `bun:"id,pk"`
	No         int64              `bun:"no"`
	Kind       Kind               `bun:"kind"`
	Case       ident.CaseID       `bun:"case_id"`
	CaseNo     string             `bun:"case_no"`
	Paper      ident.PaperID      `bun:"paper_id"`
	Task       string             `bun:"task"`
	Department ident.DepartmentID `bun:"department_id"`
	Matters    string             `bun:"matters"`
	Demand     Demand             `bun:"demand"`
	Edition    ident.EditionID    `bun:"edition_id"`
	Place      string             `bun:"place"`
	Officers   string             `bun:"officers"`
	Cameras    string             `bun:"cameras"`
	OpenedAt   int64              `bun:"opened_at"`
	StoredAt   int64              `bun:"stored_at"`
	OpenedBy   ident.PersonID     `bun:"opened_by"`
	OpenedName string             `bun:"opened_name"`
}

type occurrenceRow struct {
	bun.BaseModel `bun:"table:activity_occurrence,alias:o"`

	ID       ident.OccurrenceID `bun:"id,pk"`
	Activity ident.ActivityID   `bun:"activity_id"`
	Seq      int64              `bun:"seq"`
	What     What               `bun:"what"`
	At       int64              `bun:"at"`
	Doubt    int64              `bun:"doubt_us"`
	About    ident.OccurrenceID `bun:"about"`
	By       ident.PersonID     `bun:"by_id"`
	ByName   string             `bun:"by_name"`
	StoredAt int64              `bun:"stored_at"`
	Said     string             `bun:"said"`
}

type partRow struct {
	bun.BaseModel `bun:"table:activity_part"`

	Activity ident.ActivityID `bun:"activity_id,pk"`
	Kind     string           `bun:"kind,pk"`
	Ref      string           `bun:"ref,pk"`
}

// The kinds of parts.
const (
	partOfficer = "officer"
	partCamera  = "camera"
)

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of strings, numbers and times
	}
	return string(raw)
}

func rowOf(a *Activity) *row {
	return &row{
		ID: a.ID, No: a.No, Kind: a.Kind, Case: a.Case, CaseNo: a.CaseNo, Paper: a.Paper, Task: a.Task, Department: a.Department, Matters: text(a.Matters), Demand: a.Demand,
		Edition: a.Edition, Place: a.Place, Officers: text(a.Officers), Cameras: text(a.Cameras), OpenedAt: clock.Micros(a.OpenedAt), StoredAt: clock.Micros(a.StoredAt),
		OpenedBy: a.OpenedBy, OpenedName: a.OpenedName,
	}
}

func (r *row) activity() (Activity, error) {
	a := Activity{
		ID: r.ID, No: r.No, Kind: r.Kind, Case: r.Case, CaseNo: r.CaseNo, Paper: r.Paper, Task: r.Task, Department: r.Department, Demand: r.Demand, Edition: r.Edition, Place: r.Place,
		OpenedAt: clock.FromMicros(r.OpenedAt), StoredAt: clock.FromMicros(r.StoredAt), OpenedBy: r.OpenedBy, OpenedName: r.OpenedName,
	}
	for _, f := range []struct {
		from string
		to   any
	}{{r.Matters, &a.Matters}, {r.Officers, &a.Officers}, {r.Cameras, &a.Cameras}} {
		if err := json.Unmarshal([]byte(f.from), f.to); err != nil {
			return Activity{}, fmt.Errorf("activity: row %s: %w", r.ID, err)
		}
	}
	return a, nil
}

func (r *row) vouched() vouch.Row {
	a := Activity{ID: r.ID}
	return vouch.Row{ID: string(r.ID), Subject: a.About(), Says: vouch.Of(r, "task", "place", "officers", "cameras", "opened_name")}
}

func (o *Occurrence) row() *occurrenceRow {
	return &occurrenceRow{
		ID: o.ID, Activity: o.Activity, Seq: o.Seq, What: o.What, At: clock.Micros(o.At), Doubt: o.Doubt.Microseconds(), About: o.About, By: o.By, ByName: o.ByName,
		StoredAt: clock.Micros(o.StoredAt), Said: text(o.Said),
	}
}

func (r *occurrenceRow) occurrence() (Occurrence, error) {
	o := Occurrence{
		ID: r.ID, Activity: r.Activity, Seq: r.Seq, What: r.What, At: clock.FromMicros(r.At), Doubt: time.Duration(r.Doubt) * time.Microsecond, About: r.About, By: r.By, ByName: r.ByName,
		StoredAt: clock.FromMicros(r.StoredAt),
	}
	if err := json.Unmarshal([]byte(r.Said), &o.Said); err != nil {
		return Occurrence{}, fmt.Errorf("activity: occurrence %s: %w", r.ID, err)
	}
	return o, nil
}

func (r *occurrenceRow) vouched() vouch.Row {
	a := Activity{ID: r.Activity}
	return vouch.Row{ID: string(r.ID), Subject: a.About(), Says: vouch.Of(r, "by_name", "said")}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("activity", (*row).vouched), vouch.NewTable("activity_occurrence", (*occurrenceRow).vouched)}
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("activity: %w", err)
}

func parts(id ident.ActivityID, officers, cameras []Member) []partRow {
	var out []partRow
	for _, m := range officers {
		out = append(out, partRow{Activity: id, Kind: partOfficer, Ref: string(m.Person)})
	}
	for _, m := range cameras {
		out = append(out, partRow{Activity: id, Kind: partCamera, Ref: string(m.Device)})
	}
	return out
}

func insertParts(ctx context.Context, idb bun.IDB, list []partRow) error {
	if len(list) == 0 {
		return nil
	}
	_, err := idb.NewInsert().Model(&list).On("CONFLICT DO NOTHING").Exec(ctx)
	return fail(err)
}

// insert draws the number, writes the row and gives what its entry says of it.
func insert(ctx context.Context, idb bun.IDB, a *Activity) ([]any, error) {
	if err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = 'activity' RETURNING last").Scan(ctx, &a.No); err != nil {
		return nil, fail(err)
	}
	r := rowOf(a)
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("activity"), r.vouched().Says}, insertParts(ctx, idb, parts(a.ID, a.Officers, a.Cameras))
}

// add gives the occurrence its place and writes it. The caller holds the activity.
func add(ctx context.Context, idb bun.IDB, o *Occurrence) ([]any, error) {
	if err := idb.NewSelect().Model((*occurrenceRow)(nil)).ColumnExpr("COALESCE(MAX(o.seq), 0) + 1").Where("o.activity_id = ?", o.Activity).Scan(ctx, &o.Seq); err != nil {
		return nil, fail(err)
	}
	r := o.row()
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	if o.What == Joined {
		m := []Member{{Person: o.Said.Person, Device: o.Said.Device}}
		list := parts(o.Activity, m, nil)
		if o.Said.Device != "" {
			list = parts(o.Activity, nil, m)
		}
		if err := insertParts(ctx, idb, list); err != nil {
			return nil, err
		}
	}
	return []any{vouch.Key("activity_occurrence"), r.vouched().Says}, nil
}

// ByID gives an activity for the program itself: whoever shows it asks whether the reader may know of it. NotFound "activity.unknown".
func ByID(ctx context.Context, idb bun.IDB, id ident.ActivityID) (*Activity, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("a.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "activity.unknown")
	}
	a, err := r.activity()
	return &a, err
}

func lock(ctx context.Context, idb bun.IDB, id ident.ActivityID) (*Activity, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "activity.unknown")
	}
	a, err := r.activity()
	return &a, err
}

func occurrence(ctx context.Context, idb bun.IDB, id ident.OccurrenceID) (*occurrenceRow, error) {
	r := new(occurrenceRow)
	if err := idb.NewSelect().Model(r).Where("o.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "activity.unknown_occurrence")
	}
	return r, nil
}

// Occurrences gives what was said of some activities, in the order in which it came, for the program itself.
func Occurrences(ctx context.Context, idb bun.IDB, ids ...ident.ActivityID) (map[ident.ActivityID][]Occurrence, error) {
	out := map[ident.ActivityID][]Occurrence{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []occurrenceRow
	if err := idb.NewSelect().Model(&rows).Where("o.activity_id IN (?)", bun.List(ids)).OrderExpr("o.activity_id, o.seq").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	for i := range rows {
		o, err := rows[i].occurrence()
		if err != nil {
			return nil, err
		}
		out[o.Activity] = append(out[o.Activity], o)
	}
	return out, nil
}

// Filter narrows lists of activities; empty fields do not.
type Filter struct {
	IDs        []ident.ActivityID
	Case       ident.CaseID
	Department ident.DepartmentID
	Officer    ident.PersonID
	Camera     ident.DeviceID
	Kind       Kind
	Demand     Demand
	From, To   time.Time // of the opening; To is exclusive
	Open       bool      // nobody said yet that they left
}

// Narrow lays scope and filter on a question whose alias of the table is a, for package coverage, which shows activities with their verdicts.
func Narrow(q *bun.SelectQuery, scope access.Scope, f Filter) *bun.SelectQuery {
	mine := "EXISTS (SELECT 1 FROM activity_part AS m WHERE m.activity_id = a.id AND m.kind = 'officer' AND m.ref = ?)"
	switch {
	case scope.All:
	case len(scope.Departments) > 0:
		q = q.Where("(a.department_id IN (?) OR "+mine+")", bun.List(scope.Departments), scope.Officer)
	default:
		q = q.Where(mine, scope.Officer)
	}
	if len(f.IDs) > 0 {
		q = q.Where("a.id IN (?)", bun.List(f.IDs))
	}
	for _, c := range []struct {
		column, value string
	}{{"a.case_id", string(f.Case)}, {"a.department_id", string(f.Department)}, {"a.kind", string(f.Kind)}, {"a.demand", string(f.Demand)}} {
		if c.value != "" {
			q = q.Where("? = ?", bun.Ident(c.column), c.value)
		}
	}
	if f.Officer != "" {
		q = q.Where(mine, f.Officer)
	}
	if f.Camera != "" {
		q = q.Where("EXISTS (SELECT 1 FROM activity_part AS m WHERE m.activity_id = a.id AND m.kind = 'camera' AND m.ref = ?)", f.Camera)
	}
	if !f.From.IsZero() {
		q = q.Where("a.opened_at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("a.opened_at < ?", clock.Micros(f.To))
	}
	if f.Open {
		q = q.Where("NOT EXISTS (SELECT 1 FROM activity_occurrence AS d WHERE d.activity_id = a.id AND d.what = 'departed')")
	}
	return q
}

// Select gives activities with a number below before (0: from the newest), newest first, for the program itself.
func Select(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter, before int64, limit int) ([]Activity, error) {
	var rows []row
	q := Narrow(idb.NewSelect().Model(&rows), scope, f).OrderExpr("a.no DESC").Limit(int64(limit))
	if before > 0 {
		q = q.Where("a.no < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fail(err)
	}
	out := make([]Activity, len(rows))
	for i := range rows {
		var err error
		if out[i], err = rows[i].activity(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
