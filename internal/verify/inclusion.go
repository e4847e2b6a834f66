package verify

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// inclusion is the proof that a leaf is in the tree of a checkpoint, as receipts and entry proofs carry it.
type inclusion struct {
	Index      int64    `json:"index"`
	Size       int64    `json:"size"`
	Hashes     []string `json:"hashes"`
	Checkpoint string   `json:"checkpoint"`
	Verifier   string   `json:"verifier"`
}

// checkInclusion answers whether a leaf is in the log of this origin ("" for any), and whether the log's key is trusted.
func (r *Report) checkInclusion(p *inclusion, leaf []byte, origin string, t *Trust) bool {
	h, code := openCheckpoint([]byte(p.Checkpoint), []string{p.Verifier})
	if code != "" {
		r.InLog.settle(No, code, "")
		return false
	}
	r.describe(h)
	r.judgeLogKey(h, t)
	if origin != "" && h.origin != origin || h.size != p.Size || !oneSignature(p.Checkpoint) {
		r.InLog.settle(No, "proof.checkpoint", "")
		return false
	}
	hashes, ok := decodeHashes(p.Hashes)
	if !ok {
		r.InLog.settle(No, "proof.form", "")
		return false
	}
	if !included(p.Index, p.Size, leaf, hashes, h.root) {
		r.InLog.settle(No, "proof.wrong", "")
		return false
	}
	r.InLog.settle(Yes, "", "")
	r.Index = &p.Index
	return true
}

// decodeHashes reads the hashes of a proof.
func decodeHashes(texts []string) ([][]byte, bool) {
	hashes := make([][]byte, len(texts))
	for i, text := range texts {
		if hashes[i] = decode32(text); hashes[i] == nil {
			return nil, false
		}
	}
	return hashes, true
}

// included reports whether the hashes lead from the leaf at index to the root of the tree of this size.
func included(index, size int64, leaf []byte, hashes [][]byte, root []byte) bool {
	return index >= 0 && index < size && len(hashes) <= 64 &&
		proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), leaf, hashes, root) == nil //nolint:gosec // not negative
}

// oneSignature reports whether a note ends with exactly one signature line, written in the one form it has. The
// checkpoint in a file has no others, so that none of the file's bytes goes unchecked.
func oneSignature(msg string) bool {
	_, sigs, _ := strings.Cut(msg, "\n\n")
	line, ok := strings.CutSuffix(sigs, "\n")
	words := strings.Split(line, " ")
	if !ok || len(words) != 3 || strings.Contains(line, "\n") {
		return false
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(words[2])
	return err == nil && base64.StdEncoding.EncodeToString(sig) == words[2]
}

// checkpointIn gives the checkpoint that a receipt or an entry proof holds, or data itself where it is neither.
func checkpointIn(data []byte) []byte {
	var f struct {
		Proof *inclusion `json:"proof"`
	}
	if json.Unmarshal(data, &f) == nil && f.Proof != nil {
		return []byte(f.Proof.Checkpoint)
	}
	return data
}
