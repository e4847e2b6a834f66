package redaction

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Spoiled is a masked copy, or the written text attached to it, that is not what its statement says.
type Spoiled struct {
	ID        ident.CopyID
	Recording ident.RecordingID
	Text      bool // it is the written text
	Gone      bool // its bytes are not there; else they are changed
}

// Check reads every masked copy and every written text attached to one back to its end, and gives those that are gone or changed, with
// how many are sound. It changes nothing and asks nobody: it is for fsck. Without a vault all copies are gone.
func Check(ctx context.Context, idb bun.IDB, v vault.Vault) (sound int, spoiled []Spoiled, err error) {
	var after ident.CopyID
	for {
		rows, err := after100(ctx, idb, after)
		if err != nil || len(rows) == 0 {
			return sound, spoiled, err
		}
		for _, r := range rows {
			after = r.ID
			if r.TranscriptSHA256 != "" {
				text, err := transcriptOf(ctx, idb, r.ID)
				sum := sha256.Sum256(text)
				gone := fault.Is(err, fault.NotFound)
				switch {
				case err != nil && !gone:
					return sound, spoiled, err
				case gone || hex.EncodeToString(sum[:]) != r.TranscriptSHA256:
					spoiled = append(spoiled, Spoiled{ID: r.ID, Recording: r.Recording, Text: true, Gone: gone})
				}
			}
			if r.State != Ready {
				continue
			}
			gone := true
			if d := record.Digest(r.SHA256); d != nil && v != nil {
				if _, err := v.Verify(ctx, *d); err == nil {
					sound++
					continue
				} else if ctx.Err() != nil {
					return sound, spoiled, ctx.Err()
				} else {
					gone = fault.HasCode(err, "vault.object_unknown")
				}
			}
			spoiled = append(spoiled, Spoiled{ID: r.ID, Recording: r.Recording, Gone: gone})
		}
	}
}
