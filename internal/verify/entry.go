package verify

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"
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

// leaf reads a leaf: the commitment of each field.
func leaf(text string) (map[string]string, bool) {
	names, by, ok := commitments(text, "zhilu-entry/v1")
	if !ok || len(names) != len(leafFields) {
		return nil, false
	}
	for i, n := range names {
		if n != leafFields[i] {
			return nil, false
		}
	}
	return by, true
}

// detail reads a detail statement: the commitment of each key, under "detail.<key>", and the statement's digest.
func detail(text string) (by map[string]string, digest string, ok bool) {
	names, raw, ok := commitments(text, "zhilu-detail/v1")
	if !ok {
		return nil, "", false
	}
	by = map[string]string{}
	for i, n := range names {
		if i > 0 && names[i-1] >= n {
			return nil, "", false
		}
		by["detail."+n] = raw[n]
	}
	sum := sha256.Sum256([]byte(text))
	return by, hex.EncodeToString(sum[:]), true
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
