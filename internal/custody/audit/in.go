package audit

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/keyring"
)

// In is Run in a transaction that has not read anything yet, or that nobody writes beside.
func In(ctx context.Context, tx bun.Tx, keys *keyring.Keyring) (*Report, error) {
	a := &auditor{tx: tx, report: &Report{Findings: []Finding{}}, keys: keys, rng: factory.NewEmptyRange(0)}
	if keys != nil {
		a.head, a.headErr = keys.Published()
	}
	return a.run(ctx, a.whole()...)
}
