package form

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Limits of what one field takes.
const (
	MaxText  = 500     // characters of a line
	MaxLong  = 100_000 // characters of a long text: thirty pages
	MaxRows  = 2_000   // rows of a list
	MaxField = 1 << 20 // bytes of a field's JSON
)

// Problem is what is wrong with a field, for words "form.problem.<code>" with Args. Row counts from 1; 0 is the field itself.
type Problem struct {
	Field  string
	Row    int
	Column string
	Code   string
	Args   []any
}

func problem(f, code string, args ...any) *Problem { return &Problem{Field: f, Code: code, Args: args} }

// Clean brings one field's JSON into its kept form: text in NFC with line breaks as \n and without control characters,
// rows without the empty ones, only known keys. A field that cannot be of its type is a Problem; an empty one is nil.
func Clean(f catalogue.Field, raw json.RawMessage) (json.RawMessage, *Problem) {
	if len(raw) > MaxField {
		return nil, problem(f.ID, "too_long", MaxLong)
	}
	if (Values{f.ID: raw}).Empty(f.ID) {
		return nil, nil
	}
	switch f.Type {
	case "item-list", "table":
		return cleanRows(f, raw)
	case "party", "person", "officer":
		return cleanPerson(f, raw)
	case "person-list", "officer-list":
		return cleanPeople(f, raw)
	case "recording-ref-list":
		return cleanList(f, raw, func(r *RecordingRef) bool {
			r.Text = line(r.Text)
			return r.Recording != "" && len(r.Recording) <= 36 && len(r.File) <= 36
		})
	case "evidence-list":
		return cleanList(f, raw, func(r *EvidenceRef) bool { r.Text = line(r.Text); return r.Text != "" && len(r.Paper) <= 36 })
	case "file", "file-list":
		if raw = bytes.TrimSpace(raw); raw[0] != '[' {
			raw = slices.Concat([]byte("["), raw, []byte("]"))
		}
		return cleanList(f, raw, func(r *FileRef) bool { r.Name = line(r.Name); return len(r.ID) == 36 && len(r.SHA256) == 64 })
	case "law-ref-list":
		return cleanList(f, raw, func(s *string) bool { *s = line(*s); return *s != "" })
	case "bool":
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			return nil, problem(f.ID, "bool")
		}
		return marshal(b), nil
	case "integer":
		var n json.Number
		if json.Unmarshal(raw, &n) != nil {
			var s string
			if json.Unmarshal(raw, &s) != nil {
				return nil, problem(f.ID, "integer")
			}
			n = json.Number(strings.TrimSpace(s))
		}
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil || i < -1_000_000_000 || i > 1_000_000_000 {
			return nil, problem(f.ID, "integer")
		}
		return marshal(i), nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, problem(f.ID, "text")
	}
	s, p := cell(f.ID, f.Type, s)
	if p != nil || s == "" {
		return nil, p
	}
	if f.Type == "enum" && len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o catalogue.Option) bool { return o.ID == s }) {
		return nil, problem(f.ID, "option")
	}
	return marshal(s), nil
}

// cell cleans text of a plain type.
func cell(id, kind, s string) (string, *Problem) {
	if kind == "longtext" {
		s = Long(s)
		if utf8.RuneCountInString(s) > MaxLong {
			return "", problem(id, "too_long", MaxLong)
		}
		return s, nil
	}
	s = line(s)
	if utf8.RuneCountInString(s) > MaxText {
		return "", problem(id, "too_long", MaxText)
	}
	if s == "" {
		return "", nil
	}
	switch kind {
	case "date":
		t, err := time.Parse(time.DateOnly, s)
		if err != nil || t.Year() < 1900 || t.Year() > 2200 {
			return "", problem(id, "date")
		}
	case "datetime":
		t, ok := moment(s)
		if !ok {
			return "", problem(id, "datetime")
		}
		s = t
	case "money":
		m, ok := Money(s)
		if !ok {
			return "", problem(id, "money")
		}
		s = m
	}
	return s, nil
}

// moment reads a time as a browser or a person writes it, in Beijing's time.
func moment(s string) (string, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() >= 1900 && t.Year() <= 2200 {
		return t.In(shanghai).Format(time.RFC3339), true
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, shanghai); err == nil && t.Year() >= 1900 && t.Year() <= 2200 {
			return t.Format(time.RFC3339), true
		}
	}
	return "", false
}

// Money reads an amount in yuan and gives it with two decimals: "1,200" becomes "1200.00".
func Money(s string) (string, bool) {
	s = strings.NewReplacer(",", "", "，", "", "¥", "", "￥", "", "元", "", " ", "").Replace(s)
	whole, part, _ := strings.Cut(s, ".")
	if len(whole) == 0 || len(whole) > 12 || len(part) > 2 || strings.ContainsFunc(whole+part, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	return whole + "." + (part + "00")[:2], true
}

// Long cleans a long text: what is pasted from a word processor keeps its words and lines; tabs of tables become " | ".
func Long(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n", "\u0007", " | ", "\t", " | ").Replace(s)
	s = norm.NFC.String(strings.Map(visible, s))
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \u00a0")
	}
	s = strings.Join(lines, "\n")
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return strings.Trim(s, "\n")
}

func line(s string) string {
	s = Long(s)
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", " ")), " ")
}

// visible leaves out what nobody sees: controls, and marks that turn the reading direction around (T22).
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == 0x200b:
		return -1
	}
	return r
}

func marshal(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return raw
}

func (p *Person) clean() {
	for _, s := range []*string{
		&p.ID, &p.Kind, &p.Name, &p.Capacity, &p.IDNumber, &p.LegalRep, &p.Address, &p.Phone, &p.Certificate, &p.ValidUntil, &p.Department,
	} {
		*s = line(*s)
		if utf8.RuneCountInString(*s) > MaxText {
			*s = string([]rune(*s)[:MaxText])
		}
	}
}

func cleanPerson(f catalogue.Field, raw json.RawMessage) (json.RawMessage, *Problem) {
	var p Person
	if json.Unmarshal(raw, &p) != nil {
		var name string // a name alone will do
		if json.Unmarshal(raw, &name) != nil {
			return nil, problem(f.ID, "person")
		}
		p = Person{Name: name}
	}
	if p.clean(); p == (Person{}) {
		return nil, nil
	}
	return marshal(p), nil
}

func cleanPeople(f catalogue.Field, raw json.RawMessage) (json.RawMessage, *Problem) {
	return cleanList(f, raw, func(p *Person) bool { p.clean(); return *p != Person{} })
}

func cleanList[T any](f catalogue.Field, raw json.RawMessage, keep func(*T) bool) (json.RawMessage, *Problem) {
	var all []T
	if json.Unmarshal(raw, &all) != nil {
		return nil, problem(f.ID, "list")
	}
	if len(all) > MaxRows {
		return nil, problem(f.ID, "too_many", MaxRows)
	}
	out := all[:0]
	for i := range all {
		if keep(&all[i]) {
			out = append(out, all[i])
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return marshal(out), nil
}

func cleanRows(f catalogue.Field, raw json.RawMessage) (json.RawMessage, *Problem) {
	var rows []map[string]json.RawMessage
	if json.Unmarshal(raw, &rows) != nil {
		return nil, problem(f.ID, "list")
	}
	if len(rows) > MaxRows {
		return nil, problem(f.ID, "too_many", MaxRows)
	}
	out := make([]map[string]json.RawMessage, 0, len(rows))
	for i, r := range rows {
		row := map[string]json.RawMessage{}
		for _, c := range f.Columns {
			v, p := Clean(catalogue.Field{ID: c.ID, Type: c.Type}, r[c.ID])
			if p != nil {
				p.Field, p.Row, p.Column = f.ID, i+1, c.ID
				return nil, p
			}
			if v != nil {
				row[c.ID] = v
			}
		}
		if len(row) > 0 {
			out = append(out, row)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return marshal(out), nil
}
