package audit

import (
	"context"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
)

// part is how many entries are computed again in one snapshot: while SQLite keeps a snapshot, nothing that is committed can
// leave its write-ahead log, which would grow for as long as a whole log takes (G18). What was placed never changes, so the
// next snapshot goes on where the last one ended.
const part = 2000

// Run computes the whole log again from its rows and compares: every field with its commitment,
// every leaf with the tiles, every checkpoint with the tree and its key, keys and epochs with their entries, and all
// of it with the checkpoint in the keys folder (keys may be nil: then not with that). It shares neither tree nor
// commitment code with the writer. An error means that it could not look; what it finds is in the report. (T9)
func Run(ctx context.Context, d *db.DB, keys *keyring.Keyring) (*Report, error) {
	a := &auditor{report: &Report{Findings: []Finding{}}, keys: keys, rng: factory.NewEmptyRange(0), most: part}
	for {
		if _, err := a.within(ctx, d, a.whole()...); err != nil || a.walked {
			return a.report, err
		}
	}
}

// rest is what comes once every placed entry was walked, in the snapshot that reached the end.
func (a *auditor) rest(ctx context.Context) error {
	if !a.walked {
		return nil
	}
	for _, do := range []step{a.walkPending, a.checkLost, a.checkTiles, a.checkKeys} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}
