package scrub

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

// Object is a sealed object as the scrub knows it.
type Object struct {
	SHA256    string
	File      ident.FileID
	Recording ident.RecordingID
	Size      int64
	Linked    bool      // belongs to a case
	LastGood  time.Time // zero: never
}

type objectRow struct {
	bun.BaseModel `bun:"table:scrub_object"`

	SHA256    string            `bun:"sha256,pk"`
	File      ident.FileID      `bun:"file_id"`
	Recording ident.RecordingID `bun:"recording_id"`
	Size      int64             `bun:"size"`
	Linked    int               `bun:"linked"`
	Cycle     int64             `bun:"cycle"`
	LastGood  int64             `bun:"last_good"`
}

func (r *objectRow) object() Object {
	return Object{SHA256: r.SHA256, File: r.File, Recording: r.Recording, Size: r.Size, Linked: r.Linked == 1, LastGood: moment(r.LastGood)}
}

type cycleRow struct {
	bun.BaseModel `bun:"table:scrub_cycle"`

	Number  int64 `bun:"number,pk"`
	Began   int64 `bun:"began"`
	Ended   int64 `bun:"ended"`
	Objects int64 `bun:"objects"`
	Bytes   int64 `bun:"bytes"`
	Busy    int64 `bun:"busy"`
}

type findingRow struct {
	bun.BaseModel `bun:"table:scrub_finding"`

	Mark      string            `bun:"mark,pk"`
	Code      string            `bun:"code"`
	Subject   string            `bun:"subject"`
	What      string            `bun:"what"`
	File      ident.FileID      `bun:"file_id"`
	Recording ident.RecordingID `bun:"recording_id"`
	LastGood  int64             `bun:"last_good"`
	Found     int64             `bun:"found"`
	Ended     int64             `bun:"ended"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

type stateRow struct {
	bun.BaseModel `bun:"table:scrub_state"`

	ID       int64  `bun:"id,pk"`
	Holder   string `bun:"holder"`
	Until    int64  `bun:"until"`
	RowsAt   int64  `bun:"rows_at"`
	RowsGood int64  `bun:"rows_good"`
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return clock.FromMicros(us)
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

func told(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("scrub: store: %w", err)
}

// lease takes or renews the right to scrub.
func lease(ctx context.Context, d *db.DB, holder string, now, until time.Time) (bool, error) {
	if _, err := d.Writer.NewInsert().Model(&stateRow{ID: 1}).On("CONFLICT (id) DO NOTHING").Exec(ctx); err != nil {
		return false, told(err)
	}
	res, err := d.Writer.NewRaw("UPDATE scrub_state SET holder = ?, until = ? WHERE id = 1 AND (holder = ? OR until < ?)",
		holder, clock.Micros(until), holder, clock.Micros(now)).Exec(ctx)
	if err != nil {
		return false, told(err)
	}
	n, err := res.RowsAffected()
	return n == 1, told(err)
}

func release(ctx context.Context, d *db.DB, holder string) error {
	_, err := d.Writer.NewRaw("UPDATE scrub_state SET holder = '', until = 0 WHERE id = 1 AND holder = ?", holder).Exec(ctx)
	return told(err)
}

func loadState(ctx context.Context, idb bun.IDB) (stateRow, error) {
	var r stateRow
	err := idb.NewSelect().Model(&r).Where("id = 1").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	return r, told(err)
}

func rowsDone(ctx context.Context, idb bun.IDB, at int64, good bool) error {
	q := idb.NewUpdate().Model((*stateRow)(nil)).Set("rows_at = ?", at).Where("id = 1")
	if good {
		q = q.Set("rows_good = ?", at)
	}
	_, err := q.Exec(ctx)
	return told(err)
}

func lastCycle(ctx context.Context, idb bun.IDB) (*cycleRow, error) {
	var r cycleRow
	err := idb.NewSelect().Model(&r).OrderExpr("number DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &r, told(err)
}

func insertCycle(ctx context.Context, d *db.DB, r *cycleRow) error {
	_, err := d.Writer.NewInsert().Model(r).On("CONFLICT (number) DO NOTHING").Exec(ctx)
	return told(err)
}

func endCycle(ctx context.Context, idb bun.IDB, number, at int64) error {
	_, err := idb.NewUpdate().Model((*cycleRow)(nil)).Set("ended = ?", at).Where("number = ?", number).Exec(ctx)
	return told(err)
}

// takeUp adds objects that are new, and lets the others know whether they belong to a case by now.
func takeUp(ctx context.Context, d *db.DB, rows []objectRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := d.Writer.NewInsert().Model(&rows).On("CONFLICT (sha256) DO UPDATE").Set("linked = EXCLUDED.linked").Exec(ctx)
	return told(err)
}

// readAgain puts what was found damaged back into the cycle under way.
func readAgain(ctx context.Context, d *db.DB) error {
	_, err := d.Writer.NewRaw("UPDATE scrub_object SET cycle = 0 WHERE sha256 IN (SELECT subject FROM scrub_finding WHERE ended = 0)").Exec(ctx)
	return told(err)
}

// nextObjects gives what a cycle has still to read, in the order of Object.before.
func nextObjects(ctx context.Context, idb bun.IDB, cycle, limit int64) ([]Object, error) {
	var rows []objectRow
	err := idb.NewSelect().Model(&rows).Where("cycle < ?", cycle).OrderExpr("linked DESC, file_id DESC").Limit(limit).Scan(ctx)
	out := make([]Object, len(rows))
	for i := range rows {
		out[i] = rows[i].object()
	}
	return out, told(err)
}

// objectOf finds the object that a finding names: by its digest, or by its file.
func objectOf(ctx context.Context, idb bun.IDB, id, file string) (*Object, error) {
	var r objectRow
	err := idb.NewSelect().Model(&r).Where("sha256 = ? OR file_id = ? OR file_id = ?", id, id, file).Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	o := r.object()
	return &o, told(err)
}

// read keeps that an object was read in a cycle.
func read(ctx context.Context, d *db.DB, c *cycleRow, sha256 string, good time.Time, bytes int64, work time.Duration) error {
	return d.Write(ctx, func(tx bun.Tx) error {
		if _, err := tx.NewUpdate().Model((*objectRow)(nil)).Set("cycle = ?, last_good = ?", c.Number, micros(good)).Where("sha256 = ?", sha256).Exec(ctx); err != nil {
			return told(err)
		}
		_, err := tx.NewUpdate().Model((*cycleRow)(nil)).
			Set("objects = objects + 1, bytes = bytes + ?, busy = busy + ?", bytes, work.Microseconds()).Where("number = ?", c.Number).Exec(ctx)
		return told(err)
	})
}

func openFindings(ctx context.Context, idb bun.IDB) ([]findingRow, error) {
	var rows []findingRow
	err := idb.NewSelect().Model(&rows).Where("ended = 0").OrderExpr("found DESC, mark").Scan(ctx)
	return rows, told(err)
}

// insertFinding keeps a finding. One that was gone and came back is the same one again.
func insertFinding(ctx context.Context, idb bun.IDB, r *findingRow) error {
	_, err := idb.NewInsert().Model(r).On("CONFLICT (mark) DO UPDATE").
		Set("what = EXCLUDED.what, last_good = EXCLUDED.last_good, found = EXCLUDED.found, ended = 0, entry_id = EXCLUDED.entry_id").Exec(ctx)
	return told(err)
}

func endFinding(ctx context.Context, idb bun.IDB, mark string, at int64) error {
	_, err := idb.NewUpdate().Model((*findingRow)(nil)).Set("ended = ?", at).Where("mark = ?", mark).Exec(ctx)
	return told(err)
}

// progressRow is how far a cycle is.
type progressRow struct {
	Objects int64 `bun:"objects"`
	Bytes   int64 `bun:"bytes"`
	Left    int64 `bun:"objects_left"`
	Oldest  int64 `bun:"oldest"`
	Never   int64 `bun:"never"`
}

func progress(ctx context.Context, idb bun.IDB, cycle int64) (progressRow, error) {
	var r progressRow
	err := idb.NewRaw(`SELECT count(*) AS objects, CAST(COALESCE(sum(size), 0) AS BIGINT) AS bytes,
		CAST(COALESCE(sum(CASE WHEN cycle < ? THEN 1 ELSE 0 END), 0) AS BIGINT) AS objects_left,
		CAST(COALESCE(min(CASE WHEN last_good > 0 THEN last_good END), 0) AS BIGINT) AS oldest,
		CAST(COALESCE(sum(CASE WHEN last_good = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS never FROM scrub_object`, cycle).Scan(ctx, &r)
	return r, told(err)
}

// Count is how many findings are open.
func Count(ctx context.Context, idb bun.IDB) (int, error) {
	n, err := idb.NewSelect().Model((*findingRow)(nil)).Where("ended = 0").Count(ctx)
	return int(n), told(err)
}
