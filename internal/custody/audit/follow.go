package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
)

// Follow is Run for what the log gained since prev, which must have found it sound: each new entry with its commitments
// and subjects, each new checkpoint with its key and with the tree that prev computed, so a checkpoint over another
// history is found. It costs what was added and not what is there. What was altered behind prev, and tiles, keys and
// epochs, are for the next Run. A log that is shorter than prev saw it is "tree.size".
func Follow(ctx context.Context, d *db.DB, keys *keyring.Keyring, prev *Report) (*Report, error) {
	if !prev.OK() || prev.rng == nil {
		return nil, errors.New("audit: only a log that was found sound can be followed")
	}
	rng, err := factory.NewRange(0, prev.rng.End(), slices.Clone(prev.rng.Hashes()))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	a := &auditor{report: &Report{Findings: []Finding{}, Placed: prev.Placed}, keys: keys, rng: rng, from: prev.Placed}
	return a.within(ctx, d, a.loadHeads, a.walkPlaced)
}
