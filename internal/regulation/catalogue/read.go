package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxBytes is the largest file that is read: fifty times what the program ships.
const MaxBytes = 32 << 20

// Problem is one thing that is wrong in a file. Row counts from 1 in the file's list; 0 is the file itself.
type Problem struct {
	File  string `json:"file"`
	Row   int    `json:"row"`
	ID    string `json:"id,omitempty"`
	Field string `json:"field,omitempty"`
	Code  string `json:"code"` // words "regulation.problem."+code
	Arg   string `json:"arg,omitempty"`
}

// meta is the head of a file. What it says for people only is not looked at.
type meta struct {
	Schema string          `json:"schema"`
	Acts   map[string]Act  `json:"acts"`
	Stages map[string]Text `json:"stages"`
}

// lists are the row lists by schema.
var lists = map[string]string{
	"documents/1": "documents", "deadlines/1": "deadlines", "recording-matters/1": "matters", "requirements/1": "requirements",
}

// File is one file that was read: its rows in typed form, and where each stands.
type File struct {
	Name   string
	Schema string
	Catalogue

	at []int // where each whole row stands in the file
}

// Read reads one file strictly: unknown fields, missing fields and wrong types are problems, each with its row. Rows
// with a problem are left out of the answer.
func Read(name string, raw []byte) (File, []Problem) {
	f := File{Name: name}
	if len(raw) > MaxBytes {
		return f, []Problem{{File: name, Code: "too_large", Arg: strconv.Itoa(MaxBytes)}}
	}
	if !utf8.Valid(raw) {
		return f, []Problem{{File: name, Code: "not_utf8"}}
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil {
		return f, []Problem{{File: name, Code: "not_json", Arg: place(raw, err)}}
	}
	var m meta
	if err := json.Unmarshal(top["meta"], &m); err != nil {
		return f, []Problem{{File: name, Field: "meta", Code: "wrong_type", Arg: typeOf(err)}}
	}
	list, ok := lists[m.Schema]
	if !ok {
		return f, []Problem{{File: name, Field: "meta.schema", Code: "unknown_value", Arg: m.Schema}}
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(top[list], &rows); err != nil || len(rows) == 0 {
		return f, []Problem{{File: name, Field: list, Code: "missing"}}
	}
	f.Schema, f.Acts, f.Stages = m.Schema, m.Acts, m.Stages
	r := reader{file: &f}
	for key := range top {
		if key != "meta" && key != list {
			r.problems = append(r.problems, Problem{File: name, Field: key, Code: "unknown_field"})
		}
	}
	for i, row := range rows {
		switch m.Schema {
		case "documents/1":
			f.Documents = row1(&r, f.Documents, i+1, row)
		case "deadlines/1":
			f.Terms = row1(&r, f.Terms, i+1, row)
		case "recording-matters/1":
			f.Matters = row1(&r, f.Matters, i+1, row)
		case "requirements/1":
			f.Obligations = row1(&r, f.Obligations, i+1, row)
		}
	}
	return f, r.problems
}

type reader struct {
	file     *File
	problems []Problem
}

// row1 adds one row to its list, if it is whole.
func row1[T any](r *reader, to []T, n int, raw json.RawMessage) []T {
	var given map[string]json.RawMessage
	p := Problem{File: r.file.Name, Row: n}
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		p.Code = "wrong_type"
		r.problems = append(r.problems, p)
		return to
	}
	_ = json.Unmarshal(given["id"], &p.ID) // a wrong id is found below
	var v T
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		p.Field, p.Code = "", "wrong_type"
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) {
			p.Field, p.Arg = te.Field, te.Type.String()
		} else if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			p.Code, p.Field = "unknown_field", strings.Trim(name, `"`)
		}
		r.problems = append(r.problems, p)
		return to
	}
	before := len(r.problems)
	for _, key := range required(reflect.TypeFor[T]()) {
		if _, ok := given[key]; !ok {
			q := p
			q.Field, q.Code = key, "missing"
			r.problems = append(r.problems, q)
		}
	}
	if len(r.problems) > before {
		return to
	}
	r.file.at = append(r.file.at, n)
	return append(to, v)
}

// requiredOf remembers required by type.
var requiredOf sync.Map

// required are the names a row must have, null or not: all but those that the program leaves out where they are empty.
func required(t reflect.Type) []string {
	if have, ok := requiredOf.Load(t); ok {
		return have.([]string)
	}
	var out []string
	for _, c := range columnsIn(t) {
		if !c.optional {
			out = append(out, c.name)
		}
	}
	slices.Sort(out)
	requiredOf.Store(t, out)
	return out
}

func place(raw []byte, err error) string {
	var se *json.SyntaxError
	if !errors.As(err, &se) {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return "EOF"
		}
		return ""
	}
	at := min(int(se.Offset), len(raw))
	return strconv.Itoa(1 + bytes.Count(raw[:at], []byte("\n")))
}

func typeOf(err error) string {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		return te.Field
	}
	return ""
}
