package device

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/ident"
)

type clockRow struct {
	bun.BaseModel `bun:"table:device_clock"`

	ID       string `bun:"id,pk"`
	DeviceID string `bun:"device_id"`
	At       int64  `bun:"at"`
	FaceAt   int64  `bun:"face_at"`
	LoUS     int64  `bun:"lo_us"`
	HiUS     int64  `bun:"hi_us"`
	Source   string `bun:"source"`
}

func (r *clockRow) check() *check {
	return &check{
		at: clock.FromMicros(r.At), face: time.UnixMicro(r.FaceAt).UTC(),
		lo: time.Duration(r.LoUS) * time.Microsecond, hi: time.Duration(r.HiUS) * time.Microsecond, source: Source(r.Source),
	}
}

// clockTable is the table of clock checks, whose rows entries say.
const clockTable = "device_clock"

func (r *clockRow) vouched() vouch.Row {
	return vouch.Row{ID: r.ID, Subject: custody.Subject{Kind: clockTable, ID: r.ID}, Says: vouch.Of(r)}
}

// insertCheck writes a check, which nothing changes later, and gives it as an entry says it.
func insertCheck(ctx context.Context, idb bun.IDB, id ident.DeviceID, c check) (vouch.Row, error) {
	r := clockRow{
		ID: ident.New[string](), DeviceID: string(id), At: clock.Micros(c.at), FaceAt: c.face.UnixMicro(),
		LoUS: c.lo.Microseconds(), HiUS: c.hi.Microseconds(), Source: string(c.source),
	}
	if _, err := idb.NewInsert().Model(&r).Exec(ctx); err != nil {
		return vouch.Row{}, fmt.Errorf("device: clock: %w", err)
	}
	return r.vouched(), nil
}

// selectChecks gives the nearest clock checks at or before, and after, a moment by the device's own clock.
func selectChecks(ctx context.Context, idb bun.IDB, id ident.DeviceID, face time.Time) (before, after *check, err error) {
	base := func() *bun.SelectQuery { return idb.NewSelect().Where("device_id = ?", id) }
	if before, err = oneCheck(ctx, base().Where("face_at <= ?", face.UnixMicro()).OrderExpr("face_at DESC, id DESC")); err != nil {
		return nil, nil, err
	}
	after, err = oneCheck(ctx, base().Where("face_at > ?", face.UnixMicro()).OrderExpr("face_at, id"))
	return before, after, err
}

// selectLastCheck gives the check made last, nil if there is none.
func selectLastCheck(ctx context.Context, idb bun.IDB, id ident.DeviceID) (*check, error) {
	return oneCheck(ctx, idb.NewSelect().Where("device_id = ?", id).OrderExpr("at DESC, id DESC"))
}

func oneCheck(ctx context.Context, q *bun.SelectQuery) (*check, error) {
	var r clockRow
	err := q.Model(&r).Limit(1).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil // that there is no check is an answer
	case err != nil:
		return nil, fmt.Errorf("device: clock: %w", err)
	}
	return r.check(), nil
}

type markRow struct {
	bun.BaseModel `bun:"table:device_series"`

	DeviceID string `bun:"device_id,pk"`
	Series   string `bun:"series,pk"`
	Width    int    `bun:"width,pk"`
	Number   int    `bun:"number"`
	Name     string `bun:"name"`
	MadeAt   int64  `bun:"made_at"`
	NotedAt  int64  `bun:"noted_at"`
}

func selectMarks(ctx context.Context, idb bun.IDB, id ident.DeviceID) ([]Mark, error) {
	var rows []markRow
	if err := idb.NewSelect().Model(&rows).Where("device_id = ?", id).OrderExpr("series, width").Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: numbers: %w", err)
	}
	out := make([]Mark, len(rows))
	for i, r := range rows {
		out[i] = Mark{Series: r.Series, Width: r.Width, Number: r.Number, Name: r.Name, Made: clock.FromMicros(r.MadeAt)}
	}
	return out, nil
}

func upsertMark(ctx context.Context, idb bun.IDB, id ident.DeviceID, m Mark, now time.Time) error {
	_, err := idb.NewInsert().Model(&markRow{
		DeviceID: string(id), Series: m.Series, Width: m.Width, Number: m.Number, Name: m.Name,
		MadeAt: clock.Micros(m.Made), NotedAt: clock.Micros(now),
	}).On("CONFLICT (device_id, series, width) DO UPDATE").
		Set("number = EXCLUDED.number, name = EXCLUDED.name, made_at = EXCLUDED.made_at, noted_at = EXCLUDED.noted_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("device: numbers: %w", err)
	}
	return nil
}
