package custody

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/fault"
)

// InclusionProof shows that the leaf at Index is in the tree of a signed checkpoint (RFC 6962, RFC 9162 §2.1.3).
type InclusionProof struct {
	Index      int64    `json:"index"`
	Size       int64    `json:"size"`
	Hashes     []string `json:"hashes"`     // base64, from the leaf upwards
	Checkpoint string   `json:"checkpoint"` // the signed note
	Verifier   string   `json:"verifier"`   // the key the note is signed with; whether to trust it says trust.json
}

// Prover proves leaves against one checkpoint, the latest one when it was made. It is not safe for concurrent use.
type Prover struct {
	Head     *Checkpoint
	verifier string
	tiles    *tileReader
}

// NewProver reads the latest checkpoint. Before the first one it is fault NotFound "custody.checkpoint_none".
func NewProver(ctx context.Context, idb bun.IDB) (*Prover, error) {
	last, err := Latest(ctx, idb)
	if err != nil {
		return nil, err
	}
	verifier, err := verifierAt(ctx, idb, last.Size)
	return &Prover{last, verifier, newTileReader(ctx, loadTile(idb))}, err
}

// Prove proves the leaf at index. An index that is not in the checkpoint is fault NotFound "custody.not_included".
func (p *Prover) Prove(index int64) (*InclusionProof, error) {
	if index < 0 || index >= p.Head.Size {
		return nil, fault.New(fault.NotFound, "custody.not_included")
	}
	hashes, err := tlog.ProveRecord(p.Head.Size, index, p.tiles) // a tile may have grown since; an earlier tree reads a prefix of it
	if err != nil {
		return nil, fmt.Errorf("custody: prove leaf %d: %w", index, err)
	}
	return &InclusionProof{index, p.Head.Size, encodeHashes(hashes), p.Head.Note, p.verifier}, nil
}

// ProveInclusion proves the leaf at index against the latest checkpoint. An index that is not in it is fault NotFound
// "custody.not_included".
func ProveInclusion(ctx context.Context, idb bun.IDB, index int64) (*InclusionProof, error) {
	p, err := NewProver(ctx, idb)
	if err != nil {
		return nil, err
	}
	return p.Prove(index)
}

// ProveConsistency proves that the tree of size newer begins with the whole tree of size older. Sizes that are out of
// order or larger than the latest checkpoint are fault Invalid "custody.sizes".
func ProveConsistency(ctx context.Context, idb bun.IDB, older, newer int64) ([]string, error) {
	last, err := Latest(ctx, idb)
	if err != nil {
		return nil, err
	}
	if older < 0 || older > newer || newer > last.Size {
		return nil, fault.New(fault.Invalid, "custody.sizes").At("size")
	}
	if older == 0 || older == newer {
		return []string{}, nil
	}
	hashes, err := tlog.ProveTree(newer, older, newTileReader(ctx, loadTile(idb)))
	if err != nil {
		return nil, fmt.Errorf("custody: prove consistency of %d and %d: %w", older, newer, err)
	}
	return encodeHashes(hashes), nil
}

func encodeHashes(hashes []tlog.Hash) []string {
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = base64.StdEncoding.EncodeToString(h[:])
	}
	return out
}

// verifierAt is the log's key that was valid for checkpoints of a size.
func verifierAt(ctx context.Context, idb bun.IDB, size int64) (string, error) {
	rows, err := keyRows(ctx, idb)
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if r.Kind == string(keyring.Log) && r.ValidFrom <= size && (r.ValidTo < 0 || size <= r.ValidTo) {
			public, err := base64.StdEncoding.DecodeString(r.PublicKey)
			if err != nil {
				return "", fmt.Errorf("custody: key %s: %w", r.Fingerprint, err)
			}
			return keyring.VerifierKey(r.Name, public)
		}
	}
	return "", fault.New(fault.Conflict, "log.key_unknown")
}
