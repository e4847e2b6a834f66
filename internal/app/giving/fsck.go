package giving

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/vault"
)

// CheckMasked tells which masked copies and written texts are not what their statements say. A copy that is gone from a vault that may
// be emptied, and is in no backup, is asked for and made anew by people; one that is there and changed is a finding.
func CheckMasked(ctx context.Context, idb bun.IDB, v vault.Vault, rep *fsck.Report) error {
	sound, spoiled, err := redaction.Check(ctx, idb, v)
	if err != nil {
		return err
	}
	rep.Derivatives += sound
	for _, x := range spoiled {
		f := fsck.Finding{Code: "masked_copy.changed", ID: string(x.ID), Recording: x.Recording, What: "masked copy " + string(x.ID)}
		switch {
		case x.Text:
			f.Code = "masked_copy.text"
			rep.Findings = append(rep.Findings, f)
		case x.Gone:
			f.Code = "masked_copy.gone"
			rep.Rebuild = append(rep.Rebuild, f)
		default:
			rep.Findings = append(rep.Findings, f)
		}
	}
	return nil
}
