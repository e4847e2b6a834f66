package coverage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/derive"
)

type row struct {
	bun.BaseModel `bun:"table:coverage,alias:v"`

	ID       ident.ActivityID   `bun:"id,pk"`
	Verdict  continuity.Verdict `bun:"verdict"`
	Verdicts string             `bun:"verdicts"`
	Presence Presence           `bun:"presence"`
	Gaps     string             `bun:"gaps"`
	Doubts   string             `bun:"doubts"`
	Pieces   int                `bun:"pieces"`
	Strict   string             `bun:"strict_sha256"`
	Generous string             `bun:"generous_sha256"`
	At       int64              `bun:"at"`
}

// same reports whether two rows say the same, whenever they were computed.
func (r *row) same(o *row) bool {
	x, y := *r, *o
	x.At, y.At = 0, 0
	return x == y
}

func (r *row) vouched() vouch.Row {
	a := activity.Activity{ID: r.ID}
	return vouch.Row{ID: string(r.ID), Subject: a.About(), Says: vouch.Of(r)}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("coverage", (*row).vouched), vouch.NewTable("coverage_sound", (*soundRow).vouched)}
}

type soundRow struct {
	bun.BaseModel `bun:"table:coverage_sound,alias:s"`

	ID        ident.FileID      `bun:"id,pk"`
	Recording ident.RecordingID `bun:"recording_id"`
	Silences  string            `bun:"silences"`
	Failed    string            `bun:"failed"`
	At        int64             `bun:"at"`
}

func (r *soundRow) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "recording", ID: string(r.Recording)}, Says: vouch.Of(r)}
}

func putSound(ctx context.Context, idb bun.IDB, r *soundRow) ([]any, error) {
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("coverage_sound"), r.vouched().Says}, nil
}

// soundOf reads what was heard of files; those that could not be listened to are not there.
func soundOf(ctx context.Context, idb bun.IDB, ids ...ident.FileID) (map[ident.FileID][]derive.Silence, error) {
	out := map[ident.FileID][]derive.Silence{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []soundRow
	if err := idb.NewSelect().Model(&rows).Where("s.id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fail(err)
	}
	for _, r := range rows {
		if r.Failed != "" {
			continue
		}
		var list []derive.Silence
		if err := json.Unmarshal([]byte(r.Silences), &list); err != nil {
			return nil, fail(err)
		}
		out[r.ID] = list
	}
	return out, nil
}

func recordingOf(ctx context.Context, idb bun.IDB, id ident.FileID) (ident.RecordingID, error) {
	var rec ident.RecordingID
	err := idb.NewSelect().TableExpr("recording_file AS f").ColumnExpr("f.recording_id").Where("f.id = ?", id).Scan(ctx, &rec)
	return rec, db.NotFound(fail(err), "file.unknown")
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("coverage: %w", err)
}

// kept reads what was computed last, by activity.
func kept(ctx context.Context, idb bun.IDB, ids ...ident.ActivityID) (map[ident.ActivityID]row, error) {
	out := map[ident.ActivityID]row{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []row
	err := idb.NewSelect().Model(&rows).Where("v.id IN (?)", bun.List(ids)).Scan(ctx)
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, fail(err)
}

func put(ctx context.Context, idb bun.IDB, r *row) ([]any, error) {
	_, err := idb.NewInsert().Model(r).On("CONFLICT (id) DO UPDATE").Set("verdict = EXCLUDED.verdict, verdicts = EXCLUDED.verdicts, presence = EXCLUDED.presence, gaps = EXCLUDED.gaps").
		Set("doubts = EXCLUDED.doubts, pieces = EXCLUDED.pieces, strict_sha256 = EXCLUDED.strict_sha256, generous_sha256 = EXCLUDED.generous_sha256, at = EXCLUDED.at").Exec(ctx)
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("coverage"), r.vouched().Says}, nil
}

// Kept is the verdict as it stands.
type Kept struct {
	Verdict  continuity.Verdict
	All      []continuity.Verdict
	Presence Presence
	Gaps     []continuity.GapOutput
	Doubts   []continuity.Doubt
	Pieces   int
	At       time.Time
}

func (r *row) kept() (Kept, error) {
	k := Kept{Verdict: r.Verdict, Presence: r.Presence, Pieces: r.Pieces, At: clock.FromMicros(r.At)}
	for f := range strings.FieldsSeq(r.Verdicts) {
		k.All = append(k.All, continuity.Verdict(f))
	}
	for f := range strings.FieldsSeq(r.Doubts) {
		k.Doubts = append(k.Doubts, continuity.Doubt(f))
	}
	return k, fail(json.Unmarshal([]byte(r.Gaps), &k.Gaps))
}

// Filter narrows the list of activities; empty fields do not.
type Filter struct {
	activity.Filter
	Verdict  continuity.Verdict
	Presence Presence
	Absent   bool // what had to be filmed and is not there, past its 24 hours
}

func narrow(q *bun.SelectQuery, scope access.Scope, f Filter) *bun.SelectQuery {
	q = activity.Narrow(q.Join("LEFT JOIN coverage AS v ON v.id = a.id"), scope, f.Filter)
	if f.Verdict != "" {
		q = q.Where("v.verdict = ?", f.Verdict)
	}
	if f.Presence != "" {
		q = q.Where("v.presence = ?", f.Presence)
	}
	if f.Absent {
		q = q.Where("a.demand <> 'encouraged' AND v.presence IN ('not_docked', 'never_recorded', 'lost', 'no_camera')")
	}
	return q
}

// listed gives numbers and ids of activities, newest first.
func listed(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter, before int64, limit int) ([]ident.ActivityID, error) {
	q := narrow(idb.NewSelect().TableExpr("activity AS a").ColumnExpr("a.id"), scope, f).OrderExpr("a.no DESC").Limit(int64(limit))
	if before > 0 {
		q = q.Where("a.no < ?", before)
	}
	var ids []ident.ActivityID
	return ids, fail(q.Scan(ctx, &ids))
}

func count(ctx context.Context, idb bun.IDB, scope access.Scope, f Filter) (int, error) {
	sub := narrow(idb.NewSelect().TableExpr("activity AS a").ColumnExpr("1"), scope, f).Limit(MaxCount + 1)
	n, err := idb.NewSelect().TableExpr("(?) AS c", sub).Count(ctx)
	return int(n), fail(err)
}

// stale gives activities whose verdict was never computed, those whose cameras brought files or had their clocks compared since a time, and
// those whose 24 hours may be over by now.
func stale(ctx context.Context, idb bun.IDB, since, now time.Time, limit int) ([]ident.ActivityID, error) {
	around := (2 * reach).Microseconds()
	var ids []ident.ActivityID
	for _, q := range []*bun.SelectQuery{
		idb.NewSelect().Where("NOT EXISTS (SELECT 1 FROM coverage AS v WHERE v.id = a.id)"),
		idb.NewSelect().Where("EXISTS (SELECT 1 FROM coverage AS v WHERE v.id = a.id AND v.presence = 'pending' AND v.at < ?)", clock.Micros(now.Add(-24*time.Hour))),
		idb.NewSelect().Where("a.id IN (SELECT m.activity_id FROM recording AS r JOIN activity_part AS m ON m.kind = 'camera' AND m.ref = r.device_id JOIN activity AS b ON b.id = m.activity_id "+
			"WHERE r.facts_at > ? AND r.sort_at BETWEEN b.opened_at - ? AND b.opened_at + ?)", clock.Micros(since), around, around),
		idb.NewSelect().Where("a.opened_at > ? AND a.id IN (SELECT m.activity_id FROM device_clock AS c JOIN activity_part AS m ON m.kind = 'camera' AND m.ref = c.device_id WHERE c.at > ?)",
			clock.Micros(now.Add(-30*24*time.Hour)), clock.Micros(since)),
	} {
		var found []ident.ActivityID
		if err := q.TableExpr("activity AS a").ColumnExpr("a.id").OrderExpr("a.no").Limit(int64(limit)).Scan(ctx, &found); err != nil {
			return nil, fail(err)
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// seenOf reads what is known of a camera after an activity.
func seenOf(ctx context.Context, idb bun.IDB, id ident.DeviceID, from, to time.Time) (Seen, error) {
	var s Seen
	docked, err := idb.NewSelect().TableExpr("recording AS r").Where("r.device_id = ? AND r.stored_at > ?", id, clock.Micros(to)).Exists(ctx)
	if err != nil {
		return s, fail(err)
	}
	missing, err := idb.NewSelect().TableExpr("recording_gap AS g").Where("g.device_id = ? AND g.arrived_at = 0 AND g.found_at BETWEEN ? AND ?", id, clock.Micros(from), clock.Micros(to.Add(7*24*time.Hour))).Exists(ctx)
	if err != nil {
		return s, fail(err)
	}
	d, err := device.Find(ctx, idb, id)
	return Seen{Docked: docked, Missing: missing, Gone: err == nil && d.State == device.Lost}, nil
}

// touched gives the activities that a camera's file of a time may belong to.
func touched(ctx context.Context, idb bun.IDB, id ident.DeviceID, from, to time.Time) ([]ident.ActivityID, error) {
	var ids []ident.ActivityID
	err := idb.NewSelect().TableExpr("activity AS a").ColumnExpr("a.id").
		Where("EXISTS (SELECT 1 FROM activity_part AS m WHERE m.activity_id = a.id AND m.kind = 'camera' AND m.ref = ?)", id).
		Where("a.opened_at BETWEEN ? AND ?", clock.Micros(from.Add(-2*reach)), clock.Micros(to.Add(2*reach))).OrderExpr("a.no").Limit(500).Scan(ctx, &ids)
	return ids, fail(err)
}
