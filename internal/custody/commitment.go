package custody

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// The fixed words of the format. They MUST never change: a new form gets a new version line.
const (
	leafVersion   = "zhilu-entry/v1"
	detailVersion = "zhilu-detail/v1"
	fieldDomain   = "zhilu-field/v1\x00"
	detailPrefix  = "detail."
	saltSize      = 16
	digestSize    = sha256.Size
	timeLayout    = "2006-01-02T15:04:05.000000Z"
)

// fieldNames are the fields of a leaf, in the order of its lines.
var fieldNames = [...]string{
	"id", "at", "actor.kind", "actor.id", "actor.role", "action", "subject.kind", "subject.id", "related",
	"article", "requirement", "outcome", "detail_digest",
}

const fieldCount = len(fieldNames)

// commit is the commitment to one field: SHA-256 over a domain, the name with its length, the salt and the value.
// The salt keeps a short value (an id, a role) from being guessed from its commitment.
func commit(name string, salt []byte, value string) [digestSize]byte {
	buf := make([]byte, 0, len(fieldDomain)+1+len(name)+saltSize+len(value))
	buf = append(buf, fieldDomain...)
	buf = append(buf, byte(len(name))) //nolint:gosec // names are at most 71 bytes
	buf = append(buf, name...)
	buf = append(buf, salt...)
	buf = append(buf, value...)
	return sha256.Sum256(buf)
}

// Opening is what opens one field to an outsider: with Salt and Value the commitment in the leaf can be computed
// again. Value is the field's text; for a detail key ("detail.size") it is that key's JSON text.
type Opening struct {
	Name  string
	Salt  []byte
	Value string
}

// part is one top-level key of a detail. salt is nil once the part is erased.
type part struct {
	key        string
	value      string // JSON text
	salt       []byte
	commitment [digestSize]byte
}

// sealed is an entry with everything that makes up its leaf.
type sealed struct {
	values      [fieldCount]string
	salts       []byte // fieldCount × saltSize
	commitments []byte // fieldCount × digestSize
	detail      string // canonical JSON object
	parts       []part
}

// seal draws the salts and computes the commitments of an entry that has passed its check.
func seal(e *Entry, random io.Reader) (*sealed, error) {
	detail, parts, err := splitDetail(e.Detail)
	if err != nil {
		return nil, err
	}
	salts := make([]byte, saltSize*(fieldCount+len(parts)))
	if _, err := io.ReadFull(random, salts); err != nil {
		return nil, fmt.Errorf("custody: draw salts: %w", err)
	}
	s := &sealed{salts: salts[:saltSize*fieldCount], detail: detail, parts: parts}
	for i := range parts {
		p := &parts[i]
		p.salt = salts[saltSize*(fieldCount+i):][:saltSize]
		p.commitment = commit(detailPrefix+p.key, p.salt, p.value)
	}
	s.values = fieldValues(e, detailDigest(parts))
	s.commitments = make([]byte, 0, digestSize*fieldCount)
	for i, name := range fieldNames {
		c := commit(name, s.salts[saltSize*i:][:saltSize], s.values[i])
		s.commitments = append(s.commitments, c[:]...)
	}
	return s, nil
}

// fieldValues are the committed texts of an entry's fields, in the order of fieldNames.
func fieldValues(e *Entry, detailDigest string) [fieldCount]string {
	return [fieldCount]string{
		string(e.ID), formatTime(e.At), string(e.Actor.Kind), e.Actor.ID, e.Actor.Role, e.Action,
		e.Subject.Kind, e.Subject.ID, relatedText(e.Related), e.Article, e.Requirement, string(e.Outcome), detailDigest,
	}
}

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

func relatedText(subjects []Subject) string {
	texts := make([]string, len(subjects))
	for i, s := range subjects {
		texts[i] = s.Kind + ":" + s.ID
	}
	return strings.Join(texts, ",")
}

func parseRelated(text string) []Subject {
	if text == "" {
		return nil
	}
	var out []Subject
	for s := range strings.SplitSeq(text, ",") {
		kind, id, _ := strings.Cut(s, ":")
		out = append(out, Subject{Kind: kind, ID: id})
	}
	return out
}

// leafText is the leaf: the version line and a line for each field. It holds no value, only commitments.
func leafText(commitments []byte) []byte {
	out := make([]byte, 0, 768)
	out = append(out, leafVersion...)
	out = append(out, '\n')
	for i, name := range fieldNames {
		if len(commitments) < digestSize*(i+1) {
			break // somebody cut the row; what is left is nobody's leaf
		}
		out = append(out, name...)
		out = append(out, ' ')
		out = base64.StdEncoding.AppendEncode(out, commitments[digestSize*i:][:digestSize])
		out = append(out, '\n')
	}
	return out
}

// detailText is the statement whose SHA-256 is the detail_digest: the version line and a line for each key.
func detailText(parts []part) []byte {
	out := []byte(detailVersion + "\n")
	for _, p := range parts {
		out = append(out, p.key...)
		out = append(out, ' ')
		out = base64.StdEncoding.AppendEncode(out, p.commitment[:])
		out = append(out, '\n')
	}
	return out
}

func detailDigest(parts []part) string {
	d := sha256.Sum256(detailText(parts))
	return hex.EncodeToString(d[:])
}

// splitDetail reads a detail, gives its canonical text (keys sorted, no spaces, nothing escaped that need not be) and
// its top-level keys in order. An empty detail is the empty object.
func splitDetail(raw json.RawMessage) (string, []part, error) {
	if len(raw) == 0 {
		return "{}", nil, nil
	}
	bad := func(why string) error { return fault.New(fault.Invalid, "custody.detail", why).At("detail") }
	if len(raw) > maxDetail {
		return "", nil, bad("size")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil || m == nil {
		return "", nil, bad("json")
	}
	if dec.More() || len(m) > maxKeys {
		return "", nil, bad("json")
	}
	parts := make([]part, 0, len(m))
	for k, v := range m {
		if !isCode(k, false) {
			return "", nil, bad("key")
		}
		text, err := canonical(v)
		if err != nil {
			return "", nil, bad("json")
		}
		parts = append(parts, part{key: k, value: text})
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.key, b.key) })
	return joinDetail(parts), parts, nil
}

// canonical is v as JSON with sorted keys, without spaces and without HTML escapes. Numbers keep their digits.
func canonical(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("custody: canonical json: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// joinDetail is the canonical object of the parts that are not erased.
func joinDetail(parts []part) string {
	var b strings.Builder
	b.WriteByte('{')
	for _, p := range parts {
		if p.value == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(p.key) // a code: nothing in it needs escaping
		b.WriteString(`":`)
		b.WriteString(p.value)
	}
	b.WriteByte('}')
	return b.String()
}

// formatParts is how the salts and commitments of a detail are stored: "key commitment salt" a line, the salt "-"
// where the part is erased.
func formatParts(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		salt := "-"
		if p.salt != nil {
			salt = base64.StdEncoding.EncodeToString(p.salt)
		}
		b.WriteString(p.key + " " + base64.StdEncoding.EncodeToString(p.commitment[:]) + " " + salt + "\n")
	}
	return b.String()
}

// parseParts reads what formatParts wrote and joins it with the values in detail.
func parseParts(text, detail string) ([]part, error) {
	_, values, err := splitDetail(json.RawMessage(detail))
	if err != nil {
		return nil, err
	}
	have := make(map[string]string, len(values))
	for _, p := range values {
		have[p.key] = p.value
	}
	var parts []part
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("custody: detail parts: %d words in a line", len(f))
		}
		p := part{key: f[0]}
		c, err := base64.StdEncoding.DecodeString(f[1])
		if err != nil || len(c) != digestSize {
			return nil, fmt.Errorf("custody: detail parts: commitment of %q", f[0])
		}
		copy(p.commitment[:], c)
		if f[2] != "-" {
			if p.salt, err = base64.StdEncoding.DecodeString(f[2]); err != nil || len(p.salt) != saltSize {
				return nil, fmt.Errorf("custody: detail parts: salt of %q", f[0])
			}
			v, ok := have[p.key]
			if !ok {
				return nil, fmt.Errorf("custody: detail parts: %q has no value", f[0])
			}
			p.value = v
			delete(have, p.key)
		}
		parts = append(parts, p)
	}
	if len(have) != 0 {
		return nil, fmt.Errorf("custody: detail parts: %d values without a commitment", len(have))
	}
	return parts, nil
}
