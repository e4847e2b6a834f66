package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhilu.dev/zhilu/internal/db"
)

// Times are the database's: servers may disagree about theirs.
const nowSQL = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"

type row struct {
	Name    string `bun:"name"`
	Run     string `bun:"run"`
	Address string `bun:"address"`
	Silent  int64  `bun:"silent"` // microseconds
	Ended   bool   `bun:"ended"`
}

func (r row) node() Node {
	return Node{Name: r.Name, Address: r.Address, Silent: time.Duration(max(0, r.Silent)) * time.Microsecond, Ended: r.Ended}
}

const selectSQL = "SELECT name, run, address, " + nowSQL + " - seen_at AS silent, ended FROM node"

func all(ctx context.Context, d *db.DB) ([]Node, error) {
	var rows []row
	if err := d.Reader.NewRaw(selectSQL+" ORDER BY name").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	out := make([]Node, len(rows))
	for i, r := range rows {
		out[i] = r.node()
	}
	return out, nil
}

func one(ctx context.Context, d *db.DB, name string) (r row, found bool, err error) {
	err = d.Reader.NewRaw(selectSQL+" WHERE name = ?", name).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, false, nil
	}
	if err != nil {
		return row{}, false, fmt.Errorf("node: %w", err)
	}
	return r, true, nil
}

func claim(ctx context.Context, d *db.DB, name, run, address string) error {
	_, err := d.Writer.NewRaw(`INSERT INTO node (name, run, address, seen_at, ended) VALUES (?, ?, ?, `+nowSQL+`, FALSE)
		ON CONFLICT (name) DO UPDATE SET run = EXCLUDED.run, address = EXCLUDED.address, seen_at = EXCLUDED.seen_at, ended = FALSE`,
		name, run, address).Exec(ctx)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// sign renews this run's entry; false if it is another's by now.
func sign(ctx context.Context, d *db.DB, name, run string, ended bool) (bool, error) {
	res, err := d.Writer.NewRaw("UPDATE node SET seen_at = "+nowSQL+", ended = ? WHERE name = ? AND run = ?", ended, name, run).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("node: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
