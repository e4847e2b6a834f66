package custody

import (
	"context"
	"encoding/base64"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/fault"
)

// EntryProofFormat names the form of an entry that is taken away with its proof (docs/formats/entry-proof-v1.md).
const EntryProofFormat = "zhilu-entry-proof/v1"

// Disclosure is what an outsider is shown of an entry: its leaf, which holds no values, the statement of its detail's
// keys, and openings of single fields (docs/formats/log-entry-v1.md). Receipts and entry proofs carry one.
type Disclosure struct {
	Leaf   string        `json:"leaf"`
	Detail string        `json:"detail"`
	Opened []OpenedField `json:"opened"`
}

// OpenedField is an opening as it is written into a file; Salt is base64.
type OpenedField struct {
	Name  string `json:"name"`
	Salt  string `json:"salt"`
	Value string `json:"value"`
}

// Disclose shows a record with these openings.
func (r *Record) Disclose(openings []Opening) (Disclosure, error) {
	detail, err := r.DetailStatement()
	if err != nil {
		return Disclosure{}, err
	}
	d := Disclosure{Leaf: string(r.Leaf()), Detail: string(detail), Opened: make([]OpenedField, len(openings))}
	for i, o := range openings {
		d.Opened[i] = OpenedField{o.Name, base64.StdEncoding.EncodeToString(o.Salt), o.Value}
	}
	return d, nil
}

// ProveEntry gives the file by which anybody can check an entry offline: everything of it that was not erased, and the
// proof that it stands in the log. One that waits for its place is fault Unavailable "log.proof_waiting".
func ProveEntry(ctx context.Context, idb bun.IDB, r *Record) ([]byte, error) {
	proof, err := ProveInclusion(ctx, idb, r.Index)
	if fault.HasCode(err, "custody.not_included") || fault.HasCode(err, "custody.checkpoint_none") {
		return nil, fault.Wrap(err, fault.Unavailable, "log.proof_waiting")
	}
	if err != nil {
		return nil, err
	}
	openings, err := r.OpenAll()
	if err != nil {
		return nil, err
	}
	shown, err := r.Disclose(openings)
	if err != nil {
		return nil, err
	}
	return RenderJSON(struct {
		Format string          `json:"format"`
		Entry  Disclosure      `json:"entry"`
		Proof  *InclusionProof `json:"proof"`
	}{EntryProofFormat, shown, proof})
}
