package fsck

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/audit"
)

// RunIn is Run in a transaction that a test has spoiled and will roll back.
func RunIn(ctx context.Context, c Config, tx bun.Tx) (*Report, error) {
	k := newChecker(c)
	k.idb = tx
	k.read = func(_ context.Context, fn func(bun.IDB) error) error { return fn(tx) }
	k.audit = func(ctx context.Context) (*audit.Report, error) { return audit.In(ctx, tx, c.Keys) }
	return k.run(ctx)
}
