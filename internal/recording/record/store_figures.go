package record

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// Taken is how much evidence was stored since a moment: files and their bytes, and when the first of them was stored (0:
// none).
func Taken(ctx context.Context, idb bun.IDB, from int64) (files, bytes, first int64, err error) {
	err = idb.NewSelect().Model((*File)(nil)).ColumnExpr("COUNT(*), COALESCE(SUM(size), 0), COALESCE(MIN(stored_at), 0)").
		Where("stored_at >= ?", from).Scan(ctx, &files, &bytes, &first)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("recording: %w", err)
	}
	return files, bytes, first, nil
}

// Steps counts the jumps of our own clock since a moment, and gives the last one, nil for none.
func Steps(ctx context.Context, idb bun.IDB, from int64) (n int, last *Step, err error) {
	list, err := All[Step](ctx, idb, "at", "at >= ?", from)
	if err != nil || len(list) == 0 {
		return 0, nil, err
	}
	return len(list), &list[len(list)-1], nil
}
