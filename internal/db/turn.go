package db

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// Turn lets transactions that name the same thing go one after the other, each from here to its end: whoever takes the next number of a
// register sees the number of the one before. SQLite has one writer, who needs no turn. idb must be a transaction.
func Turn(ctx context.Context, idb bun.IDB, name string) error {
	if idb.Dialect().Name() != dialect.PG {
		return nil
	}
	if _, err := idb.NewRaw("SELECT pg_advisory_xact_lock(hashtextextended(?, 20))", name).Exec(ctx); err != nil {
		return fmt.Errorf("db: turn: %w", err)
	}
	return nil
}
