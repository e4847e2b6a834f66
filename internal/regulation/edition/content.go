package edition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Power is the legal power (法定职权依据) by which the bureau opens an act that the program ships closed.
type Power struct {
	Act        string `json:"act"`
	Law        string `json:"law"`         // 法律、法规名称
	Article    string `json:"article"`     // 条款
	DocumentNo string `json:"document_no"` // 文号: of the power list or of the writ that gives it
	Date       string `json:"date"`        // YYYY-MM-DD, of that document
}

type powersFile struct {
	Schema string  `json:"schema"`
	Powers []Power `json:"powers"`
}

const powersSchema = "powers/1"

func writePowers(list []Power) ([]byte, error) {
	if list == nil {
		list = []Power{}
	}
	return indented(powersFile{powersSchema, list})
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("edition: write: %w", err)
	}
	return b.Bytes(), nil
}

// Content is an edition that was read.
type Content struct {
	Catalogue catalogue.Catalogue // acts are as the documents' file has them
	Files     [4]catalogue.File   // documents, deadlines, matters, requirements
	Days      Days
	Calendar  term.Calendar
	Powers    []Power
}

// Read reads and judges a whole edition. Problems name file, row and field; what has any MUST NOT come into force.
func Read(f Files) (Content, []catalogue.Problem) {
	var (
		c   Content
		out []catalogue.Problem
	)
	for i, p := range []Part{Documents, Deadlines, Matters, Requirements} {
		file, problems := catalogue.Read(p.File(), f.Of(p))
		if len(problems) == 0 && p != part(file.Schema) {
			problems = []catalogue.Problem{{File: p.File(), Field: "meta.schema", Code: "unknown_value", Arg: file.Schema}}
		}
		out = append(out, problems...)
		c.Files[i] = file
	}
	documents := c.Files[0]
	c.Catalogue = catalogue.Catalogue{
		Acts: documents.Acts, Stages: documents.Stages, Documents: documents.Documents,
		Terms: c.Files[1].Terms, Matters: c.Files[2].Matters, Obligations: c.Files[3].Obligations,
	}
	out = append(out, catalogue.Check(c.Files[:], catalogue.Catalogue{})...)
	out = append(out, c.readCalendar(f.Calendar)...)
	out = append(out, c.readPowers(f.Powers)...)
	return c, out
}

// part is the part whose files have the schema.
func part(schema string) Part {
	name, _, _ := strings.Cut(schema, "/")
	return Part(name)
}

// readPowers reads the powers and looks for one for each act that is open and ships closed.
func (c *Content) readPowers(raw []byte) []catalogue.Problem {
	var f powersFile
	wrong := func(row int, id, field, code, arg string) catalogue.Problem {
		return catalogue.Problem{File: Powers.File(), Row: row, ID: id, Field: field, Code: code, Arg: arg}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return []catalogue.Problem{wrong(0, "", "", "not_json", "")}
	}
	var out []catalogue.Problem
	if f.Schema != powersSchema {
		out = append(out, wrong(0, "", "schema", "unknown_value", f.Schema))
	}
	have := map[string]bool{}
	for i, p := range f.Powers {
		for _, p := range p.Check() {
			out = append(out, wrong(i+1, f.Powers[i].Act, p.Field, p.Code, p.Arg))
		}
		switch {
		case c.Catalogue.Acts[p.Act] == (catalogue.Act{}):
			out = append(out, wrong(i+1, p.Act, "act", "unknown_reference", p.Act))
		case have[p.Act]:
			out = append(out, wrong(i+1, p.Act, "act", "twice", p.Act))
		}
		have[p.Act] = true
	}
	c.Powers = f.Powers
	for _, act := range slices.Sorted(maps.Keys(c.Catalogue.Acts)) {
		if c.Catalogue.Acts[act].EnabledByDefault && !have[act] && Closed(act) {
			out = append(out, wrong(0, act, "act", "power_missing", c.Catalogue.Acts[act].ZH))
		}
	}
	return out
}

// Closed reports whether the act ships closed, so that opening it takes a legal power. An act the program does not
// know is closed.
func Closed(act string) bool {
	c, err := catalogue.Shipped()
	return err != nil || !c.Acts[act].EnabledByDefault
}

// Check judges a power by itself.
func (p Power) Check() []catalogue.Problem {
	var out []catalogue.Problem
	for _, f := range [][2]string{{"act", p.Act}, {"law", p.Law}, {"article", p.Article}, {"document_no", p.DocumentNo}} {
		if strings.TrimSpace(f[1]) == "" {
			out = append(out, catalogue.Problem{Field: f[0], Code: "empty"})
		}
	}
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil {
		out = append(out, catalogue.Problem{Field: "date", Code: "date", Arg: p.Date})
	}
	return out
}

func (c *Content) readCalendar(raw []byte) []catalogue.Problem {
	var err error
	if c.Calendar, err = term.ReadCalendar(raw); err == nil {
		if err = json.Unmarshal(raw, &c.Days); err == nil {
			return nil
		}
	}
	p := catalogue.Problem{File: Calendar.File(), Code: "calendar"}
	if e, ok := errors.AsType[*fault.Error](err); ok && len(e.Args) > 0 {
		where := fmt.Sprint(e.Args[0]) // "rest 3: from 2026-13-01"
		p.Field, p.Arg = where, where
		if list, rest, ok := strings.Cut(where, " "); ok {
			number, what, _ := strings.Cut(rest, ":")
			if n, err := strconv.Atoi(number); err == nil {
				p.Field, p.Row, p.Arg = list, n, strings.TrimSpace(what)
			}
		}
	}
	return []catalogue.Problem{p}
}

// Rest is a span of days of rest with its name.
type Rest struct {
	From string `json:"from"`
	To   string `json:"to"`
	Name string `json:"name"`
}

// Days is a calendar as it is written (docs/formats/regulation.md); term.Calendar is what is counted with.
type Days struct {
	Schema string   `json:"schema"`
	Place  string   `json:"place"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Rest   []Rest   `json:"rest"`
	Work   []string `json:"work"`
}
