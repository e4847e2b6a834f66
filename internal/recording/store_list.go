package recording

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/record"
)

// ask is one question to the list. It is put so that the database can walk an index in the order that is asked for and
// stop at the limit, whether the words or the finding are common or rare.
type ask struct {
	scope access.Scope
	f     Filter
	inbox bool
	many  bool // it matches more than MaxCount rows
}

// question tells a question and its reader from every other; the order changes no number.
func (a ask) question() string {
	a.f.Order, a.f.Ascending = "", false
	return fmt.Sprintf("%+v %+v %v", a.scope, a.f, a.inbox)
}

// key is the running number by which the rows of this question are walked.
func (a ask) key(idb bun.IDB) string {
	switch {
	case a.words() && !record.IsPostgres(idb):
		return "recording_fts.rowid"
	case a.f.Flag != "":
		return "g.seq"
	}
	return "r.seq"
}

// column names a column of the recording. Where words or a finding are walked, no other index may be: both planners
// would take a department's index and ask about each of its rows.
func (a ask) column(idb bun.IDB, name string) bun.Safe {
	if a.f.Flag != "" || a.words() && !record.IsPostgres(idb) || a.many && a.sized() && name != "department_id" && name != "officer_id" {
		return bun.Safe("(r." + name + " || '')")
	}
	return bun.Safe("r." + name)
}

// sized reports an order by size or length. Few rows are found by their conditions and sorted. Many are common in the index
// of the order, so that is walked: sorting them would read them all for one page.
func (a ask) sized() bool { return a.order() == "size" || a.order() == "duration_us" }

func (a ask) words() bool { return strings.TrimSpace(a.f.Query) != "" }

// order is the column that is sorted by before the running number; "" for that number alone, as always with words or a
// finding.
func (a ask) order() string {
	if a.words() || a.f.Flag != "" {
		return ""
	}
	switch a.f.Order {
	case ByStart:
		return "sort_at"
	case BySize:
		return "size"
	case ByLength:
		return "duration_us"
	case ByStored:
	}
	return ""
}

// valueOf is a row's value in that column.
func (a ask) valueOf(r *record.Recording) int64 {
	switch a.order() {
	case "size":
		return r.Size
	case "duration_us":
		return r.Duration
	}
	return r.SortAt
}

// narrow applies the filter. With inbox only what waits to be settled is kept.
func (a ask) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if a.words() {
		q = search(q, a.f.Query)
	}
	for column, v := range map[string]string{
		"department_id": string(a.f.Department), "officer_id": string(a.f.Officer), "device_id": string(a.f.Device),
		"verdict": string(a.f.Verdict), "state": string(a.f.State), "kind": string(a.f.Kind), "card_id": string(a.f.Card),
	} {
		if v != "" {
			q = q.Where("? = ?", a.column(q.DB(), column), v)
		}
	}
	if !a.f.From.IsZero() {
		q = q.Where("r.sort_at >= ?", clock.Micros(a.f.From))
	}
	if !a.f.To.IsZero() {
		q = q.Where("r.sort_at < ?", clock.Micros(a.f.To))
	}
	if a.f.Flag != "" {
		q = q.Join("JOIN recording_flag AS g ON g.seq = r.seq").Where("g.flag = ?", a.f.Flag)
	}
	if a.inbox {
		q = q.Where("r.inbox = ?", record.InboxWaiting)
	}
	return q.Where("r.joined_into = ''") // a part is shown as its whole
}

// after keeps what follows a place, in the order asked for, and only so many.
func (a ask) after(q *bun.SelectQuery, idb bun.IDB, p place, limit int) *bun.SelectQuery {
	key, beyond, way := bun.Safe(a.key(idb)), bun.Safe("<"), bun.Safe("DESC")
	if a.f.Ascending {
		beyond, way = ">", "ASC"
	}
	if name := a.order(); name != "" {
		column := bun.Safe("r." + name)
		if p.seq > 0 {
			q = q.Where("(?, r.seq) ? (?, ?)", column, beyond, p.sort, p.seq)
		}
		return q.OrderExpr("? ?, r.seq ?", column, way, way).Limit(int64(limit))
	}
	if p.seq > 0 {
		q = q.Where("? ? ?", key, beyond, p.seq)
	}
	return q.OrderExpr("? ?", key, way).Limit(int64(limit))
}

// branches are the parts of the scope, each with an index of its own: a department, or the officer's own rows. What no
// camera explains belongs to nobody yet and stands in every custodian's inbox. nil means everything.
func (a ask) branches() []func(*bun.SelectQuery) *bun.SelectQuery {
	if a.scope.All {
		return nil
	}
	departments := slices.Clone(a.scope.Departments)
	if a.inbox && len(departments) > 0 {
		departments = append(departments, "")
	}
	if a.f.Flag != "" || a.words() { // walked as a whole: a part without rows would be walked to its end
		return []func(*bun.SelectQuery) *bun.SelectQuery{func(q *bun.SelectQuery) *bun.SelectQuery {
			department, officer := a.column(q.DB(), "department_id"), a.column(q.DB(), "officer_id")
			if len(departments) == 0 {
				return q.Where("? = ?", officer, a.scope.Officer)
			}
			return q.Where("(? IN (?) OR ? = ?)", department, bun.List(departments), officer, cmp.Or(a.scope.Officer, "-"))
		}}
	}
	out := []func(*bun.SelectQuery) *bun.SelectQuery{}
	if a.scope.Officer != "" {
		out = append(out, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("? = ?", a.column(q.DB(), "officer_id"), a.scope.Officer)
		})
	}
	if len(departments) > maxBranches {
		return append(out, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("r.department_id IN (?)", bun.List(departments))
		})
	}
	for _, d := range departments {
		out = append(out, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("? = ?", a.column(q.DB(), "department_id"), d)
		})
	}
	return out
}

// maxBranches bounds the parts of one statement.
const maxBranches = 24

// within gives the running numbers that the branches yield together, each walked on its own and stopped at the limit.
func (a ask) within(idb bun.IDB, p place, limit int) *bun.SelectQuery {
	var union *bun.SelectQuery
	for _, b := range a.branches() {
		inner := a.after(b(a.narrow(idb.NewSelect().Model((*record.Recording)(nil)).ColumnExpr("r.seq AS seq"))), idb, p, limit)
		part := idb.NewSelect().TableExpr("(?) AS part", inner).ColumnExpr("part.seq")
		if union == nil {
			union = part
		} else {
			union = union.Union(part)
		}
	}
	return union
}

func search(q *bun.SelectQuery, text string) *bun.SelectQuery {
	if record.IsPostgres(q.DB()) {
		if m := locale.MatchTSQuery(text); m != "" {
			return q.Where("r.search_vector @@ to_tsquery('simple', ?)", m)
		}
	} else if m := locale.MatchFTS5(text); m != "" {
		return q.Join("JOIN recording_fts ON recording_fts.rowid = r.seq").Where("recording_fts MATCH ?", m)
	}
	return q.Join("JOIN (SELECT 0 AS rowid) AS recording_fts ON 1 = 1").Where("1 = 0") // a search that says nothing finds nothing
}

// selectPage reads one page, newest first, after a place.
func selectPage(ctx context.Context, idb bun.IDB, a ask, p place, limit int) ([]record.Recording, error) {
	rows := []record.Recording{}
	q := idb.NewSelect().Model(&rows)
	switch {
	case a.scope.All:
		q = a.after(a.narrow(q), idb, p, limit)
	case a.scope.None():
		return rows, nil
	default:
		plain := ask{f: Filter{Order: a.f.Order, Ascending: a.f.Ascending}}
		if a.order() == "" {
			plain.f.Order = ByStored
		}
		q = plain.after(q.Where("r.seq IN (?)", a.within(idb, p, limit)), idb, place{}, limit)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("recording: list: %w", err)
	}
	return rows, nil
}

// countUpTo counts the rows of a question, at most one more than MaxCount.
func countUpTo(ctx context.Context, idb bun.IDB, a ask) (int, error) {
	if a.scope.None() {
		return 0, nil
	}
	sub := a.narrow(idb.NewSelect().Model((*record.Recording)(nil)).ColumnExpr("1")).Limit(MaxCount + 1)
	if !a.scope.All {
		sub = a.within(idb, place{}, MaxCount+1)
	}
	var n int
	if err := idb.NewSelect().TableExpr("(?) AS t", sub).ColumnExpr("COUNT(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("recording: count: %w", err)
	}
	return min(n, MaxCount+1), nil
}

// selectThese reads the rows of these ids that lie in a scope.
func selectThese(ctx context.Context, idb bun.IDB, scope access.Scope, ids []ident.RecordingID) ([]record.Recording, error) {
	rows := []record.Recording{}
	if len(ids) == 0 || scope.None() {
		return rows, nil
	}
	q := idb.NewSelect().Model(&rows).Where("r.id IN (?)", bun.List(ids))
	switch {
	case scope.All:
	case len(scope.Departments) > 0:
		q = q.Where("(r.department_id IN (?) OR r.officer_id = ?)", bun.List(scope.Departments), cmp.Or(scope.Officer, "-"))
	default:
		q = q.Where("r.officer_id = ?", scope.Officer)
	}
	if err := q.OrderExpr("r.seq DESC").Scan(ctx); err != nil {
		return nil, fmt.Errorf("recording: selected: %w", err)
	}
	return rows, nil
}
