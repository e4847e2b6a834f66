package catalogue

import (
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/regulation/fact"
)

// Values a row may have.
var (
	units        = []string{"hour", "natural-day", "working-day", "month", "year", "none"}
	directions   = []string{"after", "before", "max-duration", "min-duration", "constraint"}
	confidences  = []string{"high", "medium", "low"}
	docDemands   = []string{"mandatory", "conditional"}
	filmDemands  = []string{"uninterrupted", "mandatory", "encouraged"}
	levels       = []string{"enforce", "detect", "evidence", "people"}
	documentKind = []string{
		"internal-record", "internal-approval", "external-notice", "external-decision", "on-site-record", "party-submission",
		"evidence", "ledger", "court-application", "archive",
	}
	// FieldTypes are the types a field of a document may have.
	FieldTypes = []string{
		"text", "longtext", "date", "datetime", "integer", "money", "bool", "enum", "doc-no", "case-ref", "device-ref", "id-number",
		"phone", "address", "org", "party", "person", "person-list", "officer", "officer-list", "signature", "signature-list", "seal",
		"item-list", "evidence-list", "law-ref-list", "recording-ref-list", "table", "file", "file-list",
	}
)

// Check judges the rows of files that were read, against each other. What a file refers to and no file of the same
// kind was given for is looked up in rest, usually the catalogue the program ships.
func Check(files []File, rest Catalogue) []Problem {
	k := known{acts: map[string]bool{}, stages: map[string]bool{}}
	kinds := map[string]bool{}
	for _, f := range files {
		kinds[f.Schema] = true
		for id := range f.Acts {
			k.acts[id] = true
		}
		for id := range f.Stages {
			k.stages[id] = true
		}
	}
	for id := range rest.Acts {
		k.acts[id] = true
	}
	for id := range rest.Stages {
		k.stages[id] = true
	}
	all := Catalogue{}
	for _, f := range files {
		all.Documents = append(all.Documents, f.Documents...)
		all.Terms = append(all.Terms, f.Terms...)
		all.Matters = append(all.Matters, f.Matters...)
	}
	if !kinds["documents/1"] {
		all.Documents = rest.Documents
	}
	if !kinds["deadlines/1"] {
		all.Terms = rest.Terms
	}
	if !kinds["recording-matters/1"] {
		all.Matters = rest.Matters
	}
	k.documents = ids(all.Documents, func(d Document) string { return d.ID })
	k.terms = ids(all.Terms, func(t Term) string { return t.ID })
	k.matters = ids(all.Matters, func(m Matter) string { return m.ID })
	seen := map[string]bool{}
	var out []Problem
	for _, f := range files {
		c := checker{known: k, file: f.Name, at: f.at, seen: seen}
		for i, d := range f.Documents {
			c.row(i, "document", d.ID)
			c.document(d)
		}
		for i, t := range f.Terms {
			c.row(i, "term", t.ID)
			c.term(t)
		}
		for i, m := range f.Matters {
			c.row(i, "matter", m.ID)
			c.matter(m)
		}
		for i, o := range f.Obligations {
			c.row(i, "obligation", o.ID)
			c.filled("article", o.Article)
			c.text("obligation", o.Obligation)
			c.text("obliged", o.Obliged)
			c.among("level", o.Level, levels)
			c.refs("documents", o.Documents, c.documents)
			c.refs("deadlines", o.Deadlines, c.terms)
		}
		out = append(out, c.problems...)
	}
	return out
}

func ids[T any](rows []T, id func(T) string) map[string]bool {
	out := make(map[string]bool, len(rows))
	for _, r := range rows {
		out[id(r)] = true
	}
	return out
}

type known struct{ acts, stages, documents, terms, matters map[string]bool }

type checker struct {
	known
	file     string
	at       []int
	n        int
	id       string
	seen     map[string]bool
	problems []Problem
}

func (c *checker) wrong(field, code, arg string) {
	c.problems = append(c.problems, Problem{File: c.file, Row: c.n, ID: c.id, Field: field, Code: code, Arg: arg})
}

func (c *checker) row(i int, kind, id string) {
	c.n, c.id = c.at[i], id
	c.filled("id", id)
	if strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) {
		c.wrong("id", "bad_id", id)
	}
	if key := kind + " " + id; c.seen[key] {
		c.wrong("id", "twice", id)
	} else {
		c.seen[key] = true
	}
}

func (c *checker) filled(field, v string) {
	if strings.TrimSpace(v) == "" {
		c.wrong(field, "empty", "")
	}
}

func (c *checker) text(field string, t Text) {
	c.filled(join(field, "zh"), t.ZH)
	c.filled(join(field, "en"), t.EN)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "." + b
}

func (c *checker) among(field, v string, of []string) {
	if !slices.Contains(of, v) {
		c.wrong(field, "unknown_value", v)
	}
}

func (c *checker) refs(field string, given []string, of map[string]bool) {
	for _, id := range given {
		if !of[id] {
			c.wrong(field, "unknown_reference", id)
		}
	}
}

func (c *checker) actsOf(acts []string) {
	if len(acts) == 0 {
		c.wrong("acts", "empty", "")
	}
	c.refs("acts", acts, c.acts)
}

func (c *checker) term(t Term) {
	c.text("", t.Text)
	c.text("from_event", t.FromEvent)
	c.among("unit", string(t.Unit), units)
	c.among("direction", string(t.Direction), directions)
	c.filled("basis", t.Basis)
	c.filled("obliged", t.Obliged)
	c.among("confidence", t.Confidence, confidences)
	c.actsOf(t.Acts)
	switch {
	case t.Unit == None && t.Length != nil && *t.Length != 0:
		c.wrong("length", "length_without_unit", "")
	case t.Unit != None && (t.Length == nil || *t.Length < 1 || *t.Length > 36500):
		c.wrong("length", "length", "")
	}
	if e := t.Extension; e != nil {
		if e.Length < 1 || e.Length > 36500 {
			c.wrong("extension.length", "length", "")
		}
		if e.Unit != t.Unit {
			c.wrong("extension.unit", "other_unit", string(e.Unit))
		}
		c.filled("extension.basis", e.Basis)
		c.filled("extension.approver", e.Approver)
	}
	if r := t.Rules; r != nil {
		c.condition("rules.when", r.When)
		if r.Start != "" {
			c.event("rules.start", r.Start)
		}
		for _, e := range r.Met {
			c.event("rules.met", e)
		}
		if r.Start == "" && len(r.Met) > 0 {
			c.wrong("rules.start", "empty", "")
		}
	}
}

// condition checks an expression over the facts of a case.
func (c *checker) condition(field, source string) {
	if source == "" {
		return
	}
	if _, err := fact.Compile(source); err != nil {
		c.wrong(field, "bad_condition", err.Error())
	}
}

func (c *checker) event(field, id string) {
	if !fact.KnownEvent(id) {
		c.wrong(field, "unknown_event", id)
	}
}

// documentRules checks what the program works by.
func (c *checker) documentRules(d Document) {
	r := d.RulesOf()
	c.condition("rules.when", r.When)
	c.refs("rules.approved_by", r.ApprovedBy, c.documents)
	c.refs("rules.extends", r.Extends, c.terms)
	moment := func(field, id string) {
		if f, ok := d.Field(id); !ok || f.Type != "date" && f.Type != "datetime" {
			c.wrong(field, "not_a_time", id)
		}
	}
	for _, e := range r.Events {
		c.event("rules.events", e.ID)
		if !slices.Contains([]string{"signed", "submitted", "approved", "served"}, e.At) {
			moment("rules.events.at", e.At)
		}
		if e.Field == "" {
			continue
		}
		f, ok := d.Field(e.Field)
		if !ok || !slices.ContainsFunc(f.Options, func(o Option) bool { return o.ID == e.Is }) {
			c.wrong("rules.events.is", "unknown_value", e.Field+" = "+e.Is)
		}
	}
	for _, p := range r.Pauses {
		c.refs("rules.pauses.terms", p.Terms, c.terms)
		moment("rules.pauses.from", p.From)
		moment("rules.pauses.to", p.To)
	}
}

// columnTypes are the types a column may have: what fits into a cell.
var columnTypes = []string{"text", "longtext", "date", "datetime", "integer", "money", "bool"}

// field checks what a field offers and asks.
func (c *checker) field(f Field) {
	at := "fields." + f.ID
	if f.When != "" {
		if _, err := fact.CompileField(f.When); err != nil {
			c.wrong(at+".when", "bad_condition", err.Error())
		}
	}
	if len(f.Options) > 0 && f.Type != "enum" || len(f.Columns) > 0 && f.Type != "item-list" && f.Type != "table" {
		c.wrong(at+".type", "unknown_value", f.Type)
	}
	seen := map[string]bool{}
	for _, o := range f.Options {
		c.filled(at+".options.id", o.ID)
		c.text(at+".options", o.Text)
		if seen[o.ID] {
			c.wrong(at+".options", "twice", o.ID)
		}
		seen[o.ID] = true
	}
	for _, col := range f.Columns {
		c.filled(at+".columns.id", col.ID)
		c.text(at+".columns", col.Text)
		c.among(at+".columns.type", col.Type, columnTypes)
		if seen[col.ID] {
			c.wrong(at+".columns", "twice", col.ID)
		}
		seen[col.ID] = true
	}
}

func (c *checker) document(d Document) {
	c.text("", d.Text)
	c.actsOf(d.Acts)
	c.refs("stage", []string{d.Stage}, c.stages)
	c.among("kind", d.Kind, documentKind)
	c.among("requirement", d.Requirement, docDemands)
	c.among("confidence", d.Confidence, confidences)
	if d.Requirement == "conditional" && d.Condition == nil {
		c.wrong("condition", "missing", "")
	}
	if len(d.LegalBasis) == 0 && len(d.SeedArticles) == 0 {
		c.wrong("legal_basis", "empty", "")
	}
	c.refs("deadlines", d.Deadlines, c.terms)
	c.refs("recording_matters", d.RecordingMatters, c.matters)
	c.refs("may_be_embedded_in", d.MayBeEmbeddedIn, c.documents)
	for _, s := range d.Signers {
		c.filled("signers.role", s.Role)
		c.text("signers", s.Text)
	}
	names := map[string]bool{}
	for _, f := range d.Fields {
		c.filled("fields.id", f.ID)
		if names[f.ID] {
			c.wrong("fields."+f.ID, "twice", f.ID)
		}
		names[f.ID] = true
		c.text("fields."+f.ID, f.Text)
		c.among("fields."+f.ID+".type", f.Type, FieldTypes)
		c.field(f)
	}
	c.documentRules(d)
}

func (c *checker) matter(m Matter) {
	c.text("", m.Text)
	c.actsOf(m.Acts)
	c.refs("stage", []string{m.Stage}, c.stages)
	c.among("requirement", m.Requirement, filmDemands)
	c.among("confidence", m.Confidence, confidences)
	c.text("trigger", m.Trigger)
	c.text("start_rule", m.StartRule)
	c.text("end_rule", m.EndRule)
	c.refs("documents", m.Documents, c.documents)
	c.filled("default_retention.code", m.DefaultRetention.Code)
}
