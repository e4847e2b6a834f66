package stray

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
)

// recordingRow is what is read of a recording; package recording alone writes it.
type recordingRow struct {
	bun.BaseModel `bun:"table:recording,alias:r"`

	ID         ident.RecordingID  `bun:"id,pk"`
	Name       string             `bun:"name"`
	Device     ident.DeviceID     `bun:"device_id"`
	Officer    ident.PersonID     `bun:"officer_id"`
	Department ident.DepartmentID `bun:"department_id"`
	StoredAt   int64              `bun:"stored_at"`
	StartAt    int64              `bun:"start_at"`
	Duration   int64              `bun:"duration_us"`
}

var recordingColumns = []string{"id", "name", "device_id", "officer_id", "department_id", "stored_at", "start_at", "duration_us"}

// unlinked reads the first recordings stored since a time that no link names and no duty to link was opened for.
func unlinked(ctx context.Context, idb bun.IDB, since time.Time, limit int) ([]recordingRow, error) {
	var rows []recordingRow
	err := idb.NewSelect().Model(&rows).Column(recordingColumns...).Where("r.stored_at >= ? AND r.joined_into = ''", clock.Micros(since)).
		Where("NOT EXISTS (SELECT 1 FROM duty AS d WHERE d.kind = ? AND d.subject_kind = 'recording' AND d.subject_id = r.id AND d.state <> ?)", duty.LinkRecording, duty.StateCancelled).
		Where("NOT EXISTS (SELECT 1 FROM case_link AS l WHERE l.recording_id = r.id AND l.struck = 0)").
		OrderExpr("r.stored_at, r.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("stray: unlinked: %w", err)
	}
	return rows, nil
}

// late is a duty whose person was too late.
type late struct {
	Kind       string             `bun:"subject_kind"`
	ID         string             `bun:"subject_id"`
	Department ident.DepartmentID `bun:"department_id"`
	Officer    ident.PersonID     `bun:"officer_id"`
	Due        int64              `bun:"due_at"`
}

// moved reads the open duties whose recording has another department or officer by now.
func moved(ctx context.Context, idb bun.IDB, now time.Time, limit int) ([]late, error) {
	var rows []late
	err := idb.NewSelect().TableExpr("duty AS d").ColumnExpr("d.subject_kind, d.subject_id, d.due_at, r.department_id, r.officer_id").
		Join("JOIN recording AS r ON r.id = d.subject_id").Where("d.state = ? AND d.kind = ? AND d.subject_kind = 'recording'", duty.StateOpen, duty.LinkRecording).
		Where("(d.department_id <> r.department_id OR (d.due_at >= ? AND d.person_id <> r.officer_id))", clock.Micros(now)).
		OrderExpr("d.due_at, d.id").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("stray: moved: %w", err)
	}
	return rows, nil
}

func overdue(ctx context.Context, idb bun.IDB, now time.Time, limit int) ([]late, error) {
	var rows []late
	err := idb.NewSelect().TableExpr("duty AS d").ColumnExpr("d.subject_kind, d.subject_id, d.department_id").
		Where("d.state = ? AND d.due_at < ? AND d.kind = ? AND d.person_id <> ''", duty.StateOpen, clock.Micros(now), duty.LinkRecording).
		OrderExpr("d.due_at, d.id").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("stray: overdue: %w", err)
	}
	return rows, nil
}

// recordingBy reads a recording; nil for none.
func recordingBy(ctx context.Context, idb bun.IDB, id ident.RecordingID) (*recordingRow, error) {
	var r recordingRow
	err := idb.NewSelect().Model(&r).Column(recordingColumns...).Where("r.id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stray: recording: %w", err)
	}
	return &r, nil
}

// afterStriking reads a recording and how many links of it hold.
func afterStriking(ctx context.Context, idb bun.IDB, id ident.RecordingID) (*recordingRow, int, error) {
	r, err := recordingBy(ctx, idb, id)
	if err != nil {
		return nil, 0, err
	}
	n, err := idb.NewSelect().TableExpr("case_link AS l").Where("l.recording_id = ? AND l.struck = 0", id).Count(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("stray: links: %w", err)
	}
	return r, int(n), nil
}

// suggestion is a row of a suggestion.
type suggestion struct {
	Case  ident.CaseID  `bun:"id"`
	No    string        `bun:"no"`
	Title string        `bun:"title"`
	Paper ident.PaperID `bun:"paper_id"`
	Type  string        `bun:"type"`
}

// cases begins a question for cases that still go on and lie in a scope.
func cases(idb bun.IDB, sc access.Scope) *bun.SelectQuery {
	q := idb.NewSelect().TableExpr("casefile AS c").ColumnExpr("c.id, c.no, c.title").Where("c.state IN (?, ?)", matter.Open, matter.Suspended)
	return within(q, sc)
}

// within keeps the cases of a scope.
func within(q *bun.SelectQuery, sc access.Scope) *bun.SelectQuery {
	if sc.All {
		return q
	}
	mine := "EXISTS (SELECT 1 FROM case_handler AS m WHERE m.case_id = c.id AND m.person_id = ?)"
	if len(sc.Departments) == 0 {
		return q.Where(mine, cmp.Or(sc.Officer, "-"))
	}
	return q.Where("(c.department_id IN (?) OR "+mine+")", bun.List(sc.Departments), cmp.Or(sc.Officer, "-"))
}

func found(ctx context.Context, q *bun.SelectQuery, why Why) ([]Suggestion, error) {
	var rows []suggestion
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("stray: suggest: %w", err)
	}
	out := make([]Suggestion, len(rows))
	for i, r := range rows {
		out[i] = Suggestion{Case: r.Case, No: r.No, Title: r.Title, Paper: r.Paper, Type: r.Type, Why: why}
	}
	return out, nil
}

// onTheSpot finds records made where and when the officer was.
func onTheSpot(ctx context.Context, idb bun.IDB, sc access.Scope, officer ident.PersonID, from, to time.Time) ([]Suggestion, error) {
	if officer == "" {
		return nil, nil
	}
	q := cases(idb, sc).ColumnExpr("p.id AS paper_id, p.type").Join("JOIN case_paper AS p ON p.case_id = c.id").Join("JOIN case_presence AS s ON s.paper_id = p.id").
		Where("s.person_id = ? AND s.from_at <= ? AND s.to_at >= ? AND p.state <> ?", officer, clock.Micros(to), clock.Micros(from), matter.Void).OrderExpr("s.from_at, p.id").Limit(maxHandled)
	return found(ctx, q, OnTheSpot)
}

// neighbours finds the cases of recordings of the same officer or camera around that time.
func neighbours(ctx context.Context, idb bun.IDB, sc access.Scope, r *recordingRow, from, to time.Time) ([]Suggestion, error) {
	q := cases(idb, sc).ColumnExpr("'' AS paper_id, '' AS type").
		Where("c.id IN (SELECT l.case_id FROM recording AS n JOIN case_link AS l ON l.recording_id = n.id WHERE l.struck = 0 AND n.id <> ? AND n.sort_at BETWEEN ? AND ? AND (n.officer_id = ? OR n.device_id = ?))",
			r.ID, clock.Micros(from), clock.Micros(to), cmp.Or(r.Officer, "-"), cmp.Or(r.Device, "-")).
		OrderExpr("c.opened_at DESC, c.id").Limit(maxHandled)
	return found(ctx, q, Neighbour)
}

// handled finds the cases that the officer handled when the recording was made.
func handled(ctx context.Context, idb bun.IDB, sc access.Scope, officer ident.PersonID, at time.Time, limit int) ([]Suggestion, error) {
	if officer == "" {
		return nil, nil
	}
	q := cases(idb, sc).ColumnExpr("'' AS paper_id, '' AS type").
		Where("c.id IN (SELECT h.case_id FROM case_handler AS h WHERE h.person_id = ? AND (h.until_at = 0 OR h.until_at >= ?))", officer, clock.Micros(at)).
		OrderExpr("c.opened_at DESC, c.id").Limit(int64(limit))
	return found(ctx, q, Handles)
}

// held is a link with its case.
type held struct {
	ID    ident.LinkID   `bun:"id"`
	Case  ident.CaseID   `bun:"case_id"`
	Paper ident.PaperID  `bun:"paper_id"`
	Note  string         `bun:"note"`
	By    ident.PersonID `bun:"by_id"`
	At    int64          `bun:"at"`
	Type  string         `bun:"type"`
}

func linksOf(ctx context.Context, idb bun.IDB, sc access.Scope, id ident.RecordingID) ([]Held, error) {
	var rows []held
	err := idb.NewSelect().TableExpr("case_link AS l").ColumnExpr("l.id, l.case_id, l.paper_id, l.note, l.by_id, l.at, COALESCE(p.type, '') AS type").
		Join("LEFT JOIN case_paper AS p ON p.id = l.paper_id").Where("l.recording_id = ? AND l.struck = 0", id).OrderExpr("l.at, l.id").Limit(maxLinks).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, wrap(err)
	}
	ids := make([]ident.CaseID, len(rows))
	for i, r := range rows {
		ids[i] = r.Case
	}
	var known []suggestion
	q := idb.NewSelect().TableExpr("casefile AS c").ColumnExpr("c.id, c.no, c.title").Where("c.id IN (?)", bun.List(ids))
	if !sc.None() {
		if err := within(q, sc).Scan(ctx, &known); err != nil {
			return nil, wrap(err)
		}
	}
	out := make([]Held, len(rows))
	for i, r := range rows {
		out[i] = Held{ID: r.ID, Paper: r.Paper, Type: r.Type, Note: r.Note, By: r.By, At: clock.FromMicros(r.At)}
		if k := slices.IndexFunc(known, func(c suggestion) bool { return c.Case == r.Case }); k >= 0 {
			out[i].Case, out[i].No, out[i].Title = known[k].Case, known[k].No, known[k].Title
		} else {
			out[i].Paper, out[i].Type, out[i].Note = "", "", ""
		}
	}
	return out, nil
}

// maxLinks bounds the links of one recording that are read.
const maxLinks = 100

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stray: links: %w", err)
}
