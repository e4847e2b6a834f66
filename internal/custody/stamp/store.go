package stamp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
)

type stampRow struct {
	bun.BaseModel `bun:"table:custody_stamp"`

	Size  int64  `bun:"size,pk"`
	Root  string `bun:"root,pk"`
	Note  string `bun:"note"`
	Token []byte `bun:"token"`
	TSA   string `bun:"tsa"`
	At    int64  `bun:"at,pk"`
}

// keep writes no entry, as cosignatures write none: each would give the log a new head to be stamped.
func keep(ctx context.Context, d *db.DB, r *stampRow) error {
	return d.Write(ctx, func(tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(r).On("CONFLICT (size, root, at) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("stamp: keep: %w", err)
		}
		return nil
	})
}

func one(ctx context.Context, q *bun.SelectQuery, r *stampRow) (*stampRow, error) {
	err := q.OrderExpr("at DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stamp: %w", err)
	}
	return r, nil
}

func newest(ctx context.Context, idb bun.IDB) (*stampRow, error) {
	var r stampRow
	return one(ctx, idb.NewSelect().Model(&r), &r)
}

// Stamp is a time stamp that is kept.
type Stamp struct {
	Size  int64
	TSA   string
	At    time.Time
	Note  string // what was stamped
	Token []byte // TimeStampResp, DER
}

// Newest gives the newest time stamp, nil if there is none.
func Newest(ctx context.Context, idb bun.IDB) (*Stamp, error) {
	r, err := newest(ctx, idb)
	if err != nil || r == nil {
		return nil, err
	}
	return &Stamp{Size: r.Size, TSA: r.TSA, At: clock.FromMicros(r.At), Note: r.Note, Token: r.Token}, nil
}

// Of gives the newest time stamp of a size: fault NotFound "stamp.none".
func Of(ctx context.Context, idb bun.IDB, size int64) (*Stamp, error) {
	var row stampRow
	r, err := one(ctx, idb.NewSelect().Model(&row).Where("size = ?", size), &row)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fault.New(fault.NotFound, "stamp.none")
	}
	return &Stamp{Size: r.Size, TSA: r.TSA, At: clock.FromMicros(r.At), Note: r.Note, Token: r.Token}, nil
}
