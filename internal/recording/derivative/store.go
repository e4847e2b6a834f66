package derivative

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

const table = "derivative"

// row is one derivative. Making is no state of a row: a server that is killed leaves what it was at as wanted.
type row struct {
	bun.BaseModel `bun:"table:derivative,alias:d"`

	ID       ident.DerivativeID `bun:"id,pk"`
	File     ident.FileID       `bun:"file_id"`
	Kind     Kind               `bun:"kind"`
	State    State              `bun:"state"`
	Reason   string             `bun:"reason"`
	Source   string             `bun:"source_sha256"`
	SHA256   string             `bun:"sha256"`
	Size     int64              `bun:"size"`
	Duration int64              `bun:"duration_us"`
	Detail   string             `bun:"detail"`
	Segments string             `bun:"segments"`
	Tool     string             `bun:"tool"`
	Sandbox  string             `bun:"sandbox"`
	WantedAt int64              `bun:"wanted_at"`
	MadeAt   int64              `bun:"made_at"`
}

// Table is the table of derivatives, whose rows entries say: nobody puts another film in a recording's place unseen.
func Table() vouch.Table { return vouch.NewTable(table, vouched) }

func vouched(r *row) vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: about(r), Says: vouch.Of(r)}
}

// about names a derivative in entries: they stand in its history, in its file's and in its recording's.
func about(r *row) custody.Subject { return custody.Subject{Kind: "derivative", ID: string(r.ID)} }

// placed is a row with its file's place. Recording is the whole where the file's own recording was joined into one.
type placed struct {
	row       `bun:",extend"`
	Recording ident.RecordingID `bun:"recording_id"`
	N         int               `bun:"n"`
}

func (p *placed) derivative() Derivative {
	return Derivative{
		ID: p.ID, File: p.File, N: p.N, Recording: p.Recording, Kind: p.Kind, State: p.State, Reason: p.Reason, Source: p.Source,
		SHA256: p.SHA256, Size: p.Size, Duration: time.Duration(p.Duration) * time.Microsecond, Detail: json.RawMessage(p.Detail),
		Tool: p.Tool, Sandbox: p.Sandbox, WantedAt: clock.FromMicros(p.WantedAt), MadeAt: clock.FromMicros(p.MadeAt),
	}
}

// everythingButSegments is what lists need; the segments of a long recording are long.
var everythingButSegments = []string{
	"id", "file_id", "kind", "state", "reason", "source_sha256", "sha256", "size", "duration_us", "detail", "tool", "sandbox", "wanted_at", "made_at",
}

func ofRecording(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]placed, error) {
	out := []placed{}
	q := idb.NewSelect().Model(&out).ColumnExpr(whole + ", f.n")
	for _, c := range everythingButSegments {
		q = q.ColumnExpr("d.?", bun.Ident(c))
	}
	err := q.Join("JOIN recording_file AS f ON f.id = d.file_id").Join("JOIN recording AS r ON r.id = f.recording_id").
		Where("(r.id = ? OR r.joined_into = ?)", rec, rec).
		OrderExpr("CASE WHEN r.joined_into = '' THEN 0 ELSE 1 END, r.start_at, r.seq, f.n, d.kind").Scan(ctx) // as record.FilesOf
	if err != nil {
		return nil, fmt.Errorf("derivative: %w", err)
	}
	for i, n := 0, 0; i < len(out); i++ { // places in the whole
		if i == 0 || out[i].File != out[i-1].File {
			n++
		}
		out[i].N = n
	}
	return out, nil
}

// whole is the recording that shows a file r belongs to.
const whole = "CASE WHEN r.joined_into = '' THEN r.id ELSE r.joined_into END AS recording_id"

// one reads a derivative with its segments. NotFound "derivative.unknown".
func one(ctx context.Context, idb bun.IDB, file ident.FileID, kind Kind) (*placed, error) {
	out := new(placed)
	err := idb.NewSelect().Model(out).ColumnExpr("d.*, "+whole+", f.n").Join("JOIN recording_file AS f ON f.id = d.file_id").
		Join("JOIN recording AS r ON r.id = f.recording_id").Where("d.file_id = ? AND d.kind = ?", file, kind).Scan(ctx)
	if err != nil {
		return nil, db.NotFound(fmt.Errorf("derivative: %w", err), "derivative.unknown")
	}
	return out, nil
}

func rowsOf(ctx context.Context, idb bun.IDB, file ident.FileID) ([]row, error) {
	return record.All[row](ctx, idb, "kind", "file_id = ?", file)
}

func filesOf(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]record.File, error) {
	return record.FilesOf(ctx, idb, rec)
}

// waiting gives files of which something is wanted, the longest waiting first.
func waiting(ctx context.Context, idb bun.IDB, limit int64) ([]ident.FileID, error) {
	var out []ident.FileID
	err := idb.NewSelect().Model((*row)(nil)).ColumnExpr("file_id").Where("state = ?", Wanted).GroupExpr("file_id").
		OrderExpr("MIN(wanted_at)").Limit(limit).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("derivative: %w", err)
	}
	return out, nil
}

// madeAfter pages over what is ready, in the order of ids.
func madeAfter(ctx context.Context, idb bun.IDB, after ident.DerivativeID, limit int64) ([]row, error) {
	var out []row
	err := idb.NewSelect().Model(&out).Where("state = ? AND id > ?", Ready, after).OrderExpr("id").Limit(limit).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("derivative: %w", err)
	}
	return out, nil
}

// outcome is what a run, or a wish, changes of a row.
var outcome = []string{"state", "reason", "sha256", "size", "duration_us", "detail", "segments", "tool", "sandbox", "wanted_at", "made_at"}

// set writes the outcome and gives what the entry says of the row.
func set(ctx context.Context, idb bun.IDB, r *row) (vouch.Columns, error) {
	if err := record.Update(ctx, idb, r, outcome...); err != nil {
		return nil, err
	}
	return vouched(r).Says, nil
}
