package custody

import (
	"context"

	"github.com/uptrace/bun"
)

// AuditTx audits what a transaction sees, so that a test can roll an edit back.
func AuditTx(ctx context.Context, tx bun.Tx, keys *Keyring) (*AuditReport, error) {
	return auditTx(ctx, tx, keys)
}
