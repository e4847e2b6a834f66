package docket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// row is what the list reads of a case; package casefile alone writes it.
type row struct {
	bun.BaseModel `bun:"table:casefile,alias:c"`

	ID         ident.CaseID       `bun:"id,pk"`
	No         string             `bun:"no"`
	Title      string             `bun:"title"`
	Act        string             `bun:"act"`
	Procedure  matter.Procedure   `bun:"procedure"`
	Origin     matter.Origin      `bun:"origin"`
	Department ident.DepartmentID `bun:"department_id"`
	Stage      string             `bun:"stage"`
	State      matter.State       `bun:"state"`
	OpenedAt   int64              `bun:"opened_at"`
	ClosedAt   int64              `bun:"closed_at"`
	Entry      ident.EntryID      `bun:"entry_id"`
	NextDue    int64              `bun:"next_due"`
	Parties    string             `bun:"parties"`
	Seq        int64              `bun:"seq,scanonly"` // with words
}

func (r *row) row() Row {
	return Row{
		Case: matter.Case{
			ID: r.ID, No: r.No, Title: r.Title, Act: r.Act, Procedure: r.Procedure, Origin: r.Origin, Department: r.Department, Stage: r.Stage, State: r.State,
			OpenedAt: clock.FromMicros(r.OpenedAt), ClosedAt: clock.FromMicros(r.ClosedAt), Entry: r.Entry,
		},
		Parties: names(r.Parties), NextDue: clock.FromMicros(r.NextDue),
	}
}

// names reads the names that the case's row keeps for the list; a broken cell shows none.
func names(cell string) []string {
	var out []string
	if json.Unmarshal([]byte(cell), &out) != nil {
		return nil
	}
	return out
}

// ask is one question to the list. It is put so that the database walks one index in the order that is asked for and stops
// at the limit, or finds few rows and sorts them.
type ask struct {
	scope access.Scope
	f     Filter
	name  string         // of a party
	mine  ident.PersonID // whose cases alone are asked for
	now   time.Time
}

// question tells a question and its reader from every other; the order changes no number, but what ByDue leaves out does.
func (a ask) question() string {
	a.f.Ascending = false
	a.now = a.now.Truncate(time.Minute)
	return fmt.Sprintf("%+v %+v %d", a.scope, a.f, a.now.Unix())
}

func (a ask) words() bool { return strings.TrimSpace(a.f.Query) != "" || a.name != "" }

func (a ask) byDue() bool { return a.f.Order == ByDue && !a.words() }

func (a ask) column() string {
	if a.byDue() {
		return "next_due"
	}
	return "opened_at"
}

func (a ask) valueOf(r *row) int64 {
	if a.byDue() {
		return r.NextDue
	}
	return r.OpenedAt
}

// driver is the column whose index is walked, "" for that of the order alone. No other may be: without statistics a
// planner takes any, and walks a hundred thousand archived cases for three that are suspended.
func (a ask) driver() string {
	common := func(s matter.State) bool { return s == matter.Closed || s == matter.Archived }
	switch {
	case a.words(), a.few():
		return ""
	case a.f.Department != "":
		return "department_id"
	case a.byDue():
		return ""
	case a.f.State != "" && !common(a.f.State):
		return "state"
	case a.f.Stage != "" && a.f.Stage != matter.Closing:
		return "stage"
	case a.f.Act != "":
		return "act"
	case a.f.State != "":
		return "state"
	case a.f.Stage != "":
		return "stage"
	}
	return ""
}

// where keeps a value of a column, by the column's index only where it is the driver.
func (a ask) where(q *bun.SelectQuery, column, value string) *bun.SelectQuery {
	switch {
	case value == "":
		return q
	case column == a.driver():
		return q.Where("? = ?", bun.Safe("c."+column), value)
	}
	return q.Where("? = ?", bun.Safe("(c."+column+" || '')"), value)
}

// narrow applies the filter.
func (a ask) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if a.words() {
		q = a.search(q)
	}
	q = a.where(q, "act", a.f.Act)
	q = a.where(q, "stage", a.f.Stage)
	q = a.where(q, "state", string(a.f.State))
	q = a.where(q, "department_id", string(a.f.Department))
	if a.f.Handler != "" {
		q = q.Where("c.id IN (SELECT h.case_id FROM case_handler AS h WHERE h.person_id = ? AND h.until_at = 0)", a.f.Handler)
	}
	if a.mine != "" {
		q = q.Where("c.id IN (SELECT h.case_id FROM case_handler AS h WHERE h.person_id = ?)", a.mine)
	}
	if !a.f.From.IsZero() {
		q = q.Where("? >= ?", a.opened(), clock.Micros(a.f.From))
	}
	if !a.f.To.IsZero() {
		q = q.Where("? < ?", a.opened(), clock.Micros(a.f.To))
	}
	if a.f.Overdue {
		q = q.Where("c.next_due > 0 AND c.next_due < ? AND (c.state || '') IN (?, ?)", clock.Micros(a.now), matter.Open, matter.Suspended)
	}
	if a.byDue() {
		q = q.Where("c.next_due > 0")
	}
	return q
}

// opened is the day of opening as a condition: by the index only where its order is walked.
func (a ask) opened() bun.Safe {
	if a.byDue() || a.few() || a.f.Overdue {
		return "(c.opened_at + 0)"
	}
	return "c.opened_at"
}

// few reports a question whose rows are found by their handler: they are few, and sorted.
func (a ask) few() bool { return a.f.Handler != "" || a.mine != "" }

// search joins the words. Their numbers are walked, newest first.
func (a ask) search(q *bun.SelectQuery) *bun.SelectQuery {
	text, column := a.f.Query, "terms"
	if a.name != "" {
		text, column = a.name, "names"
	}
	q = q.Join("JOIN case_docket AS d ON d.case_id = c.id").ColumnExpr("d.seq AS seq")
	if postgres(q.DB()) {
		if m := locale.MatchTSQuery(text); m != "" {
			return q.Where("? @@ to_tsquery('simple', ?)", bun.Safe("d."+column), m)
		}
		return q.Where("1 = 0") // a search that says nothing finds nothing
	}
	if m := locale.MatchFTS5(text); m != "" {
		return q.Join("JOIN case_fts ON case_fts.rowid = d.seq").Where("case_fts MATCH ?", column+" : ("+m+")")
	}
	return q.Where("1 = 0")
}

func postgres(idb bun.IDB) bool { return idb.Dialect().Name() == dialect.PG }

// after keeps what follows a place, in the order asked for, and only so many.
func (a ask) after(q *bun.SelectQuery, p place, limit int) *bun.SelectQuery {
	if a.words() {
		key := bun.Safe("d.seq")
		if !postgres(q.DB()) && locale.MatchFTS5(a.f.Query+a.name) != "" {
			key = "case_fts.rowid" // walked from its end, and no further than the page
		}
		if p.seq > 0 {
			q = q.Where("? < ?", key, p.seq)
		}
		return q.OrderExpr("? DESC", key).Limit(int64(limit))
	}
	column, beyond, way := bun.Safe("c."+a.column()), bun.Safe("<"), bun.Safe("DESC")
	if a.byDue() || a.f.Ascending {
		beyond, way = ">", "ASC"
	}
	if a.few() || a.f.Overdue && !a.byDue() { // few rows are found by their conditions and sorted
		column = bun.Safe("(c." + a.column() + " + 0)")
	}
	if p.id != "" {
		q = q.Where("(?, c.id) ? (?, ?)", column, beyond, p.sort, p.id)
	}
	return q.OrderExpr("? ?, c.id ?", column, way, way).Limit(int64(limit))
}

// branches are the parts of the scope, each with an index of its own: a department, or the cases that the reader handles or
// handled. None means that nothing lies in the scope.
func (a ask) branches() []ask {
	var out []ask
	if a.scope.Officer != "" {
		mine := a
		mine.mine = a.scope.Officer
		out = append(out, mine)
	}
	for _, d := range a.scope.Departments {
		if a.f.Department == "" || a.f.Department == d {
			part := a
			part.f.Department = d
			out = append(out, part)
		}
	}
	return out
}

// whole reports a question that is put at once, with the scope as a condition: a part without rows would be walked to its
// end, or there are few rows in any case.
func (a ask) whole() bool { return a.scope.All || a.words() || a.f.Handler != "" }

// within keeps what lies in the scope, as a condition.
func (a ask) within(q *bun.SelectQuery) *bun.SelectQuery {
	if a.scope.All || !a.whole() {
		return q
	}
	mine := "EXISTS (SELECT 1 FROM case_handler AS h WHERE h.case_id = c.id AND h.person_id = ?)"
	if len(a.scope.Departments) == 0 {
		return q.Where(mine, cmp.Or(a.scope.Officer, "-"))
	}
	return q.Where("((c.department_id || '') IN (?) OR "+mine+")", bun.List(a.scope.Departments), cmp.Or(a.scope.Officer, "-"))
}

// ids gives the ids that the branches yield together, each walked on its own and stopped at the limit.
func (a ask) ids(idb bun.IDB, branches []ask, p place, limit int) *bun.SelectQuery {
	var union *bun.SelectQuery
	for _, b := range branches {
		inner := b.after(b.narrow(idb.NewSelect().Model((*row)(nil)).ColumnExpr("c.id AS id")), p, limit)
		part := idb.NewSelect().TableExpr("(?) AS part", inner).ColumnExpr("part.id")
		if union == nil {
			union = part
		} else {
			union = union.Union(part)
		}
	}
	return union
}

var columns = []string{
	"id", "no", "title", "act", "procedure", "origin", "department_id", "stage", "state", "opened_at", "closed_at", "entry_id", "next_due", "parties",
}

// selectPage reads one page after a place.
func selectPage(ctx context.Context, idb bun.IDB, a ask, p place, limit int) ([]row, error) {
	rows := []row{}
	q := idb.NewSelect().Model(&rows).Column(columns...)
	if a.whole() {
		q = a.after(a.within(a.narrow(q)), p, limit)
	} else {
		parts := a.branches()
		if len(parts) == 0 {
			return rows, nil
		}
		plain := ask{scope: access.Scope{All: true}, f: Filter{Order: a.f.Order, Ascending: a.f.Ascending}}
		q = plain.after(q.Where("c.id IN (?)", a.ids(idb, parts, p, limit)), place{}, limit)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("docket: list: %w", err)
	}
	return rows, nil
}

// countUpTo counts the rows of a question, at most one more than MaxCount.
func countUpTo(ctx context.Context, idb bun.IDB, a ask) (int, error) {
	sub := a.within(a.narrow(idb.NewSelect().Model((*row)(nil)).ColumnExpr("1"))).Limit(MaxCount + 1)
	if !a.whole() {
		parts := a.branches()
		if len(parts) == 0 {
			return 0, nil
		}
		sub = a.ids(idb, parts, place{}, MaxCount+1)
	}
	var n int
	if err := idb.NewSelect().TableExpr("(?) AS t", sub).ColumnExpr("COUNT(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("docket: count: %w", err)
	}
	return min(n, MaxCount+1), nil
}

// handling is a handler of now.
type handling struct {
	Case   ident.CaseID   `bun:"case_id"`
	Person ident.PersonID `bun:"person_id"`
	Lead   bool           `bun:"lead"`
}

// withHandlers adds who handles the cases now.
func withHandlers(ctx context.Context, idb bun.IDB, rows []row) ([]Row, error) {
	out := make([]Row, len(rows))
	ids := make([]ident.CaseID, len(rows))
	for i := range rows {
		out[i], ids[i] = rows[i].row(), rows[i].ID
	}
	if len(rows) == 0 {
		return out, nil
	}
	var list []handling
	err := idb.NewSelect().TableExpr("case_handler AS h").ColumnExpr("h.case_id, h.person_id, h.lead").
		Where("h.case_id IN (?) AND h.until_at = 0", bun.List(ids)).OrderExpr("h.case_id, h.from_at, h.id").Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("docket: handlers: %w", err)
	}
	for _, h := range list {
		i := slices.IndexFunc(out, func(r Row) bool { return r.ID == h.Case })
		if h.Lead && out[i].Lead == "" {
			out[i].Lead = h.Person
		} else {
			out[i].Others = append(out[i].Others, h.Person)
		}
	}
	return out, nil
}

// Words are what a case is found by.
type Words struct {
	Case  ident.CaseID
	No    string
	Title string
	Names []string // of its parties; nobody who asked to stay unnamed
}

// WordsOf are the words of a case: its number, its cause, and the names of those it is about. A complainant or a witness is
// found by no search.
func WordsOf(f matter.File) Words {
	w := Words{Case: f.Case.ID, No: f.Case.No, Title: f.Case.Title}
	for _, p := range f.Parties {
		if p.EndedAt.IsZero() && (p.Role == matter.PartyMain || p.Role == matter.ThirdParty) {
			w.Names = append(w.Names, p.Name)
		}
	}
	return w
}

// Put writes the words of a case over those it had. Package casefile calls it in every change of a case; the same words
// again write nothing.
func Put(ctx context.Context, idb bun.IDB, w Words) error {
	names := strings.Join(w.Names, " / ")
	said := w.No + "\n" + w.Title + "\n" + names
	if _, err := idb.NewRaw("INSERT INTO case_docket (case_id) VALUES (?) ON CONFLICT (case_id) DO NOTHING", w.Case).Exec(ctx); err != nil {
		return fmt.Errorf("docket: put: %w", err)
	}
	var now struct {
		Seq  int64
		Said string
	}
	if err := idb.NewRaw("SELECT seq, said FROM case_docket WHERE case_id = ?", w.Case).Scan(ctx, &now); err != nil {
		return fmt.Errorf("docket: put: %w", err)
	}
	if now.Said == said {
		return nil
	}
	terms, called := locale.IndexText(w.No+" "+w.Title), locale.IndexText(names)
	steps := []*bun.RawQuery{
		idb.NewRaw("UPDATE case_docket SET said = ? WHERE seq = ?", said, now.Seq),
		idb.NewRaw("DELETE FROM case_fts WHERE rowid = ?", now.Seq),
		idb.NewRaw("INSERT INTO case_fts (rowid, terms, names) VALUES (?, ?, ?)", now.Seq, terms, called),
	}
	if postgres(idb) {
		steps = []*bun.RawQuery{idb.NewRaw("UPDATE case_docket SET said = ?, terms = to_tsvector('simple', ?), names = to_tsvector('simple', ?) WHERE seq = ?", said, terms, called, now.Seq)}
	}
	for _, step := range steps {
		if _, err := step.Exec(ctx); err != nil {
			return fmt.Errorf("docket: put: %w", err)
		}
	}
	return nil
}
