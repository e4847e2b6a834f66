package grab

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:viewing_grab,alias:g"`

	ID        ident.GrabID      `bun:"id,pk"`
	N         int               `bun:"n"`
	Look      ident.LookID      `bun:"look_id"`
	Recording ident.RecordingID `bun:"recording_id"`
	File      ident.FileID      `bun:"file_id"`
	Segment   int               `bun:"segment"`
	WithinUS  int64             `bun:"within_us"`
	AtUS      int64             `bun:"at_us"`
	Mark      string            `bun:"mark"`
	SHA256    string            `bun:"sha256"`
	Size      int64             `bun:"size"`
	By        ident.PersonID    `bun:"person_id"`
	MadeAt    int64             `bun:"made_at"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

func (r *row) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "recording", ID: string(r.Recording)}, Entry: r.Entry, Says: vouch.Of(r, "mark")}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table { return []vouch.Table{vouch.NewTable("viewing_grab", (*row).vouched)} }

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("grab: %w", err)
}

// lockLook holds the row of a look until the change ends and tells whether the look goes on.
func lockLook(ctx context.Context, idb bun.IDB, id ident.LookID) (bool, error) {
	// Writing what stands there holds the row on both engines.
	if _, err := idb.NewRaw("UPDATE viewing_look SET remark = remark WHERE id = ?", id).Exec(ctx); err != nil {
		return false, fail(err)
	}
	var closed int64
	err := idb.NewRaw("SELECT closed_at FROM viewing_look WHERE id = ?", id).Scan(ctx, &closed)
	return closed == 0, fail(err)
}

// insert gives what the entry says of the row.
func insert(ctx context.Context, idb bun.IDB, g *Grab) ([]any, error) {
	r := &row{
		ID: g.ID, N: g.N, Look: g.Look, Recording: g.Recording, File: g.File, Segment: g.Segment, WithinUS: g.Within.Microseconds(), AtUS: g.At.Microseconds(),
		Mark: g.Mark, SHA256: g.SHA256, Size: g.Size, By: g.By, MadeAt: clock.Micros(g.MadeAt), Entry: g.Entry,
	}
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("viewing_grab"), r.vouched().Says}, nil
}

func byID(ctx context.Context, idb bun.IDB, id ident.GrabID) (*Grab, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("g.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "viewing.grab_unknown")
	}
	return &Grab{
		ID: r.ID, N: r.N, Look: r.Look, Recording: r.Recording, File: r.File, Segment: r.Segment, Within: time.Duration(r.WithinUS) * time.Microsecond,
		At: time.Duration(r.AtUS) * time.Microsecond, Mark: r.Mark, SHA256: r.SHA256, Size: r.Size, By: r.By, MadeAt: clock.FromMicros(r.MadeAt), Entry: r.Entry,
	}, nil
}

func count(ctx context.Context, idb bun.IDB, looks []ident.LookID) (map[ident.LookID]int, error) {
	out := map[ident.LookID]int{}
	if len(looks) == 0 {
		return out, nil
	}
	var rows []struct {
		Look ident.LookID `bun:"look_id"`
		N    int          `bun:"n"`
	}
	err := idb.NewSelect().Model((*row)(nil)).ColumnExpr("g.look_id, COUNT(*) AS n").Where("g.look_id IN (?)", bun.List(looks)).GroupExpr("g.look_id").Scan(ctx, &rows)
	for _, r := range rows {
		out[r.Look] = r.N
	}
	return out, fail(err)
}
