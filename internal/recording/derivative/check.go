package derivative

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Lost is a derivative whose bytes are gone or damaged. The original is not concerned: it is made again when somebody
// looks, or by "zhilu derive".
type Lost struct {
	ID    ident.DerivativeID
	File  ident.FileID
	Kind  Kind
	Cause error
}

// Check reads every derivative back that should be in the vault, to its end, and gives those that are gone or damaged,
// with how many are sound. It changes nothing and asks nobody: it is for fsck. Without a vault all are gone.
func Check(ctx context.Context, idb bun.IDB, v vault.Vault) (sound int, lost []Lost, err error) {
	var after ident.DerivativeID
	for {
		rows, err := madeAfter(ctx, idb, after, checkPage)
		if err != nil || len(rows) == 0 {
			return sound, lost, err
		}
		for _, r := range rows {
			var cause error
			d := record.Digest(r.SHA256)
			switch {
			case d == nil || v == nil:
				cause = errGone
			default:
				_, cause = v.Verify(ctx, *d)
			}
			if ctx.Err() != nil {
				return sound, lost, ctx.Err()
			}
			if cause == nil {
				sound++
			} else {
				lost = append(lost, Lost{r.ID, r.File, r.Kind, cause})
			}
			after = r.ID
		}
	}
}
