package vouch

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// NewTable reads the rows of T's table, which has its key in a column "id"; row gives a row as Table.Page does.
func NewTable[T any](name string, row func(*T) Row) Table {
	return Table{
		Name: name,
		Page: func(ctx context.Context, idb bun.IDB, after string, limit int64) ([]Row, error) {
			var rows []T
			if err := idb.NewSelect().Model(&rows).Where("id > ?", after).OrderExpr("id").Limit(limit).Scan(ctx); err != nil {
				return nil, fmt.Errorf("vouch: %s: %w", name, err)
			}
			out := make([]Row, len(rows))
			for i := range rows {
				out[i] = row(&rows[i])
			}
			return out, nil
		},
		Exist: func(ctx context.Context, idb bun.IDB, ids []string) ([]string, error) {
			var have []string
			if err := idb.NewSelect().Model((*T)(nil)).Column("id").Where("id IN (?)", bun.List(ids)).Scan(ctx, &have); err != nil {
				return nil, fmt.Errorf("vouch: %s: %w", name, err)
			}
			return have, nil
		},
	}
}

// Locked reads a row for its saying: on PostgreSQL it stays locked to the end of the transaction, on SQLite there is
// one writer.
func Locked[T any](ctx context.Context, idb bun.IDB, id string) (*T, error) {
	row := new(T)
	q := idb.NewSelect().Model(row).Where("id = ?", id)
	if idb.Dialect().Name() == dialect.PG {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("vouch: %w", err)
	}
	return row, nil
}
