// Package form is the one engine behind all written records (文书): it knows what a document type of the catalogue asks,
// cleans what people type or paste into it, says what is missing or contradicts itself before a record is signed, and
// gives the digest by which a signed text is known. It is pure: no database, no clock.
package form

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// Values are the fields of one record by their ids, each as JSON of the form its type has (docs/formats/paper-values.md).
// Signatures and seals are no values: they belong to a signed version.
type Values map[string]json.RawMessage

// Person is a person, an officer or a party inside a record.
type Person struct {
	ID          string `json:"person_id,omitempty"` // of ours, where it is one
	Kind        string `json:"kind,omitempty"`      // of a party: person, business, organisation
	Name        string `json:"name"`
	Capacity    string `json:"capacity,omitempty"`
	IDNumber    string `json:"id_number,omitempty"`
	LegalRep    string `json:"legal_rep,omitempty"`
	Address     string `json:"address,omitempty"`
	Phone       string `json:"phone,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	ValidUntil  string `json:"valid_until,omitempty"`
	Department  string `json:"department,omitempty"`
}

// RecordingRef points to a moment of a recording.
type RecordingRef struct {
	Recording string `json:"recording_id"`
	File      string `json:"file_id,omitempty"`
	At        string `json:"at,omitempty"` // RFC 3339
	Text      string `json:"text,omitempty"`
}

// EvidenceRef points to another record of the case, or names a piece of evidence in words.
type EvidenceRef struct {
	Paper string `json:"paper_id,omitempty"`
	Text  string `json:"text"`
}

// FileRef is a file that was attached.
type FileRef struct {
	ID     string `json:"file_id"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Row is one of repeated rows, by column.
type Row map[string]any

// Signed reports whether a field is filled by signing and not by typing.
func Signed(f catalogue.Field) bool {
	return f.Type == "signature" || f.Type == "signature-list" || f.Type == "seal"
}

// Asked lists the fields that are asked as the values stand: typed ones whose condition holds.
func Asked(d catalogue.Document, v Values) []catalogue.Field {
	plain := v.plain()
	out := make([]catalogue.Field, 0, len(d.Fields))
	for _, f := range d.Fields {
		if Signed(f) || f.When != "" && !holds(f.When, plain) {
			continue
		}
		out = append(out, f)
	}
	return out
}

func holds(when string, plain map[string]any) bool {
	c, err := fact.CompileField(when)
	return err == nil && c.Holds(plain)
}

// plain is what conditions see.
func (v Values) plain() map[string]any {
	out := make(map[string]any, len(v))
	for id, raw := range v {
		var x any
		if json.Unmarshal(raw, &x) == nil && x != nil {
			out[id] = x
		}
	}
	return out
}

// Empty reports whether nothing was filled in.
func (v Values) Empty(id string) bool {
	raw := bytes.TrimSpace(v[id])
	switch string(raw) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}

// Text reads a field that is text; "" for any other.
func (v Values) Text(id string) string {
	var s string
	if json.Unmarshal(v[id], &s) != nil {
		return ""
	}
	return s
}

// Bool reads a yes or no; ok is false where it was not answered.
func (v Values) Bool(id string) (is, ok bool) {
	ok = json.Unmarshal(v[id], &is) == nil && !v.Empty(id)
	return is && ok, ok
}

// Time reads a date (its beginning in Beijing) or a moment.
func (v Values) Time(id string) (time.Time, bool) {
	return ParseTime(v.Text(id))
}

// ParseTime reads a date or a moment as values hold them.
func ParseTime(s string) (time.Time, bool) {
	if t, err := time.ParseInLocation(time.DateOnly, s, clock.Shanghai); err == nil {
		return t, true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// People reads a person, an officer or a party, or a list of them.
func (v Values) People(id string) []Person {
	raw := bytes.TrimSpace(v[id])
	if len(raw) == 0 {
		return nil
	}
	var one Person
	if raw[0] != '[' {
		if json.Unmarshal(raw, &one) != nil || one.Name == "" {
			return nil
		}
		return []Person{one}
	}
	var all []Person
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return all
}

// Rows reads repeated rows.
func (v Values) Rows(id string) []Row {
	var rows []Row
	if json.Unmarshal(v[id], &rows) != nil {
		return nil
	}
	return rows
}

// Recordings reads references to recordings.
func (v Values) Recordings(id string) []RecordingRef {
	var refs []RecordingRef
	if json.Unmarshal(v[id], &refs) != nil {
		return nil
	}
	return refs
}

// Set puts a value in its JSON form; what cannot be written is left out.
func (v Values) Set(id string, x any) {
	if raw, err := json.Marshal(x); err == nil {
		v[id] = raw
	}
}

// Clone copies the values; the JSON itself is shared and must not be changed in place.
func (v Values) Clone() Values {
	out := make(Values, len(v))
	for id, raw := range v {
		out[id] = raw
	}
	return out
}

// Canonical is the one form in which values are kept and digested: keys sorted, no spaces, empty fields left out.
func (v Values) Canonical() ([]byte, error) {
	out := make(map[string]any, len(v))
	for id, raw := range v {
		if v.Empty(id) {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var x any
		if err := d.Decode(&x); err != nil {
			return nil, fmt.Errorf("form: %s: %w", id, err)
		}
		out[id] = x
	}
	return json.Marshal(out)
}

// Text is what is approved and signed of a record: the document type's id, a line break, and the canonical values without
// those fields that approvers fill (see [Filled]).
func Text(d catalogue.Document, v Values) (string, error) {
	own := v.Clone()
	for id := range own {
		if Filled(id) != "" {
			delete(own, id)
		}
	}
	raw, err := own.Canonical()
	return d.ID + "\n" + string(raw), err
}

// Digest is the SHA-256 in hex of a record's [Text], by which it is known. An approval names it, and what is issued must
// have it (R-09-05).
func Digest(d catalogue.Document, v Values) (string, error) {
	text, err := Text(d, v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:]), nil
}

// opinions are the fields in which each step of an approval writes.
var opinions = map[string]string{"unit_opinion": "unit", "legal_opinion": "legal", "leader_opinion": "leader"}

// Filled names the step of approval that fills a field; "" for fields that the maker fills.
func Filled(id string) string { return opinions[id] }

// FieldOf is the field in which a step of approval writes its opinion.
func FieldOf(step string) string {
	for id, s := range opinions {
		if s == step {
			return id
		}
	}
	return ""
}

// Moment gives the day a record stands for: when it was made on the spot, or the date it bears.
func Moment(v Values) (time.Time, bool) {
	for _, id := range []string{"started_at", "hearing_at", "served_at", "extracted_at", "told_at", "executed_at", "issued_on", "received_at", "applied_on", "posted_on"} {
		if t, ok := v.Time(id); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// Span gives the time a record made on the spot covers.
func Span(v Values) (from, to time.Time, ok bool) {
	from, ok = v.Time("started_at")
	if !ok {
		from, ok = v.Time("hearing_at")
	}
	to, okTo := v.Time("ended_at")
	return from, to, ok && okTo && to.After(from)
}

// Language says in which languages a record was made, and who interpreted (R-08-02); interpreter is empty where none
// was needed.
func Language(v Values) (language, interpreter string) {
	language = v.Text("language")
	if p := v.People("interpreter"); len(p) > 0 {
		interpreter = p[0].Name
	}
	return language, interpreter
}

// sections in which a form shows its fields, by what the fields are about.
var sections = []struct {
	id     string
	fields []string
}{
	{"party", []string{
		"party", "party_name", "party_id", "legal_rep", "address", "phone", "agent", "site_party", "person_asked", "person_role", "birth_date", "guardian",
		"workplace", "informant", "respondent",
	}},
	{"when", []string{
		"started_at", "ended_at", "place", "hearing_at", "hearing_place", "hearing_public", "private_reason", "served_at", "service_place", "received_at",
		"notice_time", "planned_at", "extracted_at",
	}},
	{"officers", []string{"officers", "cert_shown", "cert_shown_at", "recorder", "presider", "presider_not_investigator", "hearing_clerk", "chair", "members", "observers", "reviewer"}},
	{"rights", []string{"rights_told", "recusal_answer", "language", "interpreter", "read_back", "rights_list", "reply_by", "remedy_review", "remedy_suit"}},
	{"opinions", []string{"handler_opinion", "unit_opinion", "legal_opinion", "leader_opinion", "party_opinion", "refusal_note", "corrections", "witness", "party_sign_date"}},
	{"files", []string{"recordings", "photos", "measurements", "attachments", "evidence_files"}},
}

// Section is a part of a form.
type Section struct {
	ID     string
	Fields []catalogue.Field
}

// Sections lays the fields of a document out in parts, in reading order; the part "content" holds what has no other.
func Sections(d catalogue.Document, fields []catalogue.Field) []Section {
	place := map[string]string{}
	for _, s := range sections {
		for _, id := range s.fields {
			place[id] = s.id
		}
	}
	by := map[string][]catalogue.Field{}
	for _, f := range fields {
		if f.Type == "doc-no" || f.Type == "case-ref" {
			continue // the system fills and shows them
		}
		s := place[f.ID]
		if s == "" {
			s = "content"
		}
		if d.IsApprovalForm && Filled(f.ID) != "" {
			continue // written by those who approve
		}
		by[s] = append(by[s], f)
	}
	var out []Section
	for _, id := range []string{"when", "officers", "party", "content", "rights", "opinions", "files"} {
		if len(by[id]) > 0 {
			out = append(out, Section{id, by[id]})
		}
	}
	return out
}

// OptionText gives an option's words, the value itself where it is none of the options.
func OptionText(f catalogue.Field, v, lang string) string {
	i := slices.IndexFunc(f.Options, func(o catalogue.Option) bool { return o.ID == v })
	switch {
	case i < 0:
		return v
	case strings.HasPrefix(lang, "en"):
		return f.Options[i].EN
	}
	return f.Options[i].ZH
}
