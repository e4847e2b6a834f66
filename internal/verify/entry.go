package verify

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"

	"zhilu.dev/zhilu/internal/verify/casedoc"
)

// leafFields are the lines of a leaf, in order (docs/formats/log-entry-v1.md).
var leafFields = []string{
	"id", "at", "actor.kind", "actor.id", "actor.role", "action", "subject.kind", "subject.id", "related",
	"article", "requirement", "outcome", "detail_digest",
}

// commitments reads a text of commitments: the version line, then "name base64" a line. It accepts one form only.
func commitments(text, version string) (names []string, by map[string]string, ok bool) {
	rest, ok := strings.CutPrefix(text, version+"\n")
	if !ok {
		return nil, nil, false
	}
	by = map[string]string{}
	for rest != "" {
		var line string
		if line, rest, ok = strings.Cut(rest, "\n"); !ok {
			return nil, nil, false
		}
		name, value, ok := strings.Cut(line, " ")
		if !ok || name == "" || len(name) > 200 {
			return nil, nil, false
		}
		if _, twice := by[name]; twice || decode32(value) == nil {
			return nil, nil, false
		}
		names = append(names, name)
		by[name] = value
	}
	return names, by, true
}

// decode32 reads 32 bytes of strict base64, nil for anything else.
func decode32(s string) []byte {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 32 || base64.StdEncoding.EncodeToString(b) != s {
		return nil
	}
	return b
}

// leaf reads a leaf: its fields in order, and the commitment of each.
func leaf(text string) (names []string, by map[string]string, ok bool) {
	names, by, ok = commitments(text, "zhilu-entry/v1")
	return names, by, ok && slices.Equal(names, leafFields)
}

// detail reads a detail statement: its keys in order as "detail.<key>", the commitment of each, and its digest.
func detail(text string) (names []string, by map[string]string, digest string, ok bool) {
	keys, raw, ok := commitments(text, "zhilu-detail/v1")
	if !ok {
		return nil, nil, "", false
	}
	by = map[string]string{}
	for i, k := range keys {
		if i > 0 && keys[i-1] >= k {
			return nil, nil, "", false
		}
		names = append(names, "detail."+k)
		by["detail."+k] = raw[k]
	}
	sum := sha256.Sum256([]byte(text))
	return names, by, hex.EncodeToString(sum[:]), true
}

// shown is an entry as receipts and entry proofs carry it.
type shown struct {
	Leaf   string  `json:"leaf"`
	Detail string  `json:"detail"`
	Opened []field `json:"opened"`
}

type field = casedoc.Opening

// checkOpenings checks that every opening opens a commitment of the leaf, or of the detail statement that the leaf
// commits to, and gives the opened values, and the names of the fields that stay closed. It reports false where nothing
// more can be said of the entry.
func (r *Report) checkOpenings(e *shown) (opened map[string]string, closed []string, ok bool) {
	names, commitment, ok := leaf(e.Leaf)
	keys, inDetail, digest, okDetail := detail(e.Detail)
	if !ok || !okDetail {
		r.RecordIntact.settle(No, "leaf.form", "")
		return nil, nil, false
	}
	maps.Copy(commitment, inDetail)
	opened = map[string]string{}
	for _, o := range e.Opened {
		salt, err := base64.StdEncoding.Strict().DecodeString(o.Salt)
		if _, twice := opened[o.Name]; err != nil || twice || !opens(commitment[o.Name], o.Name, salt, o.Value) {
			r.RecordIntact.settle(No, "opening.wrong", o.Name)
			return nil, nil, false
		}
		opened[o.Name] = o.Value
	}
	if have, ok := opened["detail_digest"]; !ok || have != digest {
		r.RecordIntact.settle(No, "entry.mismatch", "detail_digest")
	}
	for _, n := range append(names, keys...) {
		if _, ok := opened[n]; !ok {
			closed = append(closed, n)
		}
	}
	return opened, closed, true
}

// opens reports whether name, salt and value open a commitment.
func opens(commitment, name string, salt []byte, value string) bool {
	if len(salt) != 16 || len(name) > 255 {
		return false
	}
	h := sha256.New()
	_, _ = h.Write([]byte("zhilu-field/v1\x00"))
	_, _ = h.Write([]byte{byte(len(name))}) //nolint:gosec // checked above
	_, _ = h.Write([]byte(name))
	_, _ = h.Write(salt)
	_, _ = h.Write([]byte(value))
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) == commitment
}

func leafHash(text []byte) []byte { return rfc6962.DefaultHasher.HashLeaf(text) }
