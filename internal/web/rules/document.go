package rules

import (
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
)

// documentForm is a document type while it is written.
type documentForm struct {
	Row      catalogue.Document
	Was      string // what it was made from; "" for a new one
	Bad      refusal.Fault
	Problems []catalogue.Problem
	At       string // the id of the input that takes the focus, after a row was added
}

// newRow is the form of a row that is not there yet.
func (a *area) newRow(p *site.Page, s source) error {
	switch edition.Part(p.R.PathValue("part")) {
	case edition.Documents:
		return a.documentPage(p, s, documentForm{Row: catalogue.Document{
			Requirement: "mandatory", Confidence: "high", Source: []string{}, MayBeEmbeddedIn: []string{},
			Fields:  []catalogue.Field{{ID: "doc_no", Text: catalogue.Text{ZH: "文书编号", EN: "document number"}, Type: "doc-no", Required: true}},
			Signers: []catalogue.Signer{},
		}})
	case edition.Deadlines:
		return a.termPage(p, s, termForm{Row: catalogue.Term{Unit: catalogue.WorkingDay, Direction: catalogue.After, Confidence: "high", SeedArticles: []string{}}})
	case edition.Matters, edition.Requirements, edition.Calendar, edition.Powers:
	}
	return fault.New(fault.NotFound, "page.unknown")
}

// readDocument takes a document from the form, over what the row holds that the form does not ask for.
func readDocument(p *site.Page, old catalogue.Document) catalogue.Document {
	d := old
	d.ID, d.Text = p.Value("id"), text(p, "")
	d.Stage, d.Kind, d.Requirement, d.Confidence = p.Value("stage"), p.Value("kind"), p.Value("requirement"), p.Value("confidence")
	d.Acts = list(p.Values("acts"))
	d.Condition = nil
	if c := text(p, "condition_"); c != (catalogue.Text{}) {
		d.Condition = &c
	}
	d.IsApprovalForm, d.ServedOnParty = p.Value("is_approval_form") != "", p.Value("served_on_party") != ""
	d.LegalBasis, d.SeedArticles = splitLines(p.Value("legal_basis")), splitLines(p.Value("seed_articles"))
	d.Deadlines, d.RecordingMatters = list(p.Values("deadlines")), list(p.Values("recording_matters"))
	r := d.RulesOf()
	r.When, r.ApprovedBy, r.Events = p.Value("rules_when"), p.Values("approved_by"), readEvents(p.Value("rules_events"))
	d.Rules = &r
	if r.When == "" && len(r.ApprovedBy)+len(r.Events)+len(r.Pauses)+len(r.Extends) == 0 {
		d.Rules = nil
	}
	d.Fields, d.Signers = []catalogue.Field{}, []catalogue.Signer{}
	for i := range count(p, "fields") {
		at := "f" + strconv.Itoa(i) + "_"
		f := catalogue.Field{
			ID: p.Value(at + "id"), Text: text(p, at), Type: p.Value(at + "type"), Required: p.Value(at+"required") != "", When: p.Value(at + "when"),
		}
		switch f.Type { // what another type had is gone with it
		case "enum":
			f.Options = readOptions(p.Value(at + "options"))
		case "item-list", "table":
			f.Columns = readColumns(p.Value(at + "columns"))
		}
		d.Fields = append(d.Fields, f)
	}
	for i := range count(p, "signers") {
		at := "s" + strconv.Itoa(i) + "_"
		d.Signers = append(d.Signers, catalogue.Signer{Role: p.Value(at + "role"), Text: text(p, at), Required: p.Value(at+"required") != ""})
	}
	return d
}

// mostRows bounds the repeated rows of a form.
const mostRows = 200

func count(p *site.Page, name string) int {
	n, err := strconv.Atoi(p.Value(name))
	if err != nil {
		return 0
	}
	return min(max(n, 0), mostRows)
}

func text(p *site.Page, before string) catalogue.Text {
	return catalogue.Text{ZH: p.Value(before + "zh"), EN: p.Value(before + "en")}
}

// list is never nil: a file holds [] where there is nothing.
func list(v []string) []string { return append([]string{}, v...) }

func splitLines(v string) []string {
	out := []string{}
	for l := range strings.SplitSeq(v, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// cells parts a line at its bars: "low | 较低 | low".
func cells(line string) []string {
	out := strings.FieldsFunc(line, func(r rune) bool { return r == '|' || r == '｜' })
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// named makes an id and a text of a line's cells: id, Chinese, English; or Chinese and English; or one word for all.
func named(c []string, number int) (string, catalogue.Text) {
	switch len(c) {
	case 0:
		return "", catalogue.Text{}
	case 1:
		return "o" + strconv.Itoa(number), catalogue.Text{ZH: c[0], EN: c[0]}
	case 2:
		return "o" + strconv.Itoa(number), catalogue.Text{ZH: c[0], EN: c[1]}
	}
	return c[0], catalogue.Text{ZH: c[1], EN: c[2]}
}

func readOptions(v string) []catalogue.Option {
	var out []catalogue.Option
	for i, l := range splitLines(v) {
		id, t := named(cells(l), i+1)
		out = append(out, catalogue.Option{ID: id, Text: t})
	}
	return out
}

func writeOptions(list []catalogue.Option) string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = strings.Join([]string{o.ID, o.ZH, o.EN}, " | ")
	}
	return strings.Join(out, "\n")
}

// readColumns reads lines "id | 中文 | English | type | *": the star says that the cell is required.
func readColumns(v string) []catalogue.Column {
	var out []catalogue.Column
	for i, l := range splitLines(v) {
		c := cells(l)
		id, t := named(c[:min(len(c), 3)], i+1)
		col := catalogue.Column{ID: id, Text: t, Type: "text"}
		for _, more := range c[min(len(c), 3):] {
			if more == "*" {
				col.Required = true
			} else {
				col.Type = more
			}
		}
		out = append(out, col)
	}
	return out
}

func writeColumns(list []catalogue.Column) string {
	out := make([]string, len(list))
	for i, c := range list {
		line := []string{c.ID, c.ZH, c.EN, c.Type}
		if c.Required {
			line = append(line, "*")
		}
		out[i] = strings.Join(line, " | ")
	}
	return strings.Join(out, "\n")
}

// readEvents reads lines "event | when" and "event | when | field = option".
func readEvents(v string) []catalogue.Event {
	var out []catalogue.Event
	for _, l := range splitLines(v) {
		c := append(cells(l), "", "", "")
		e := catalogue.Event{ID: c[0], At: c[1]}
		field, is, _ := strings.Cut(c[2], "=")
		e.Field, e.Is = strings.TrimSpace(field), strings.TrimSpace(is)
		out = append(out, e)
	}
	return out
}

func writeEvents(list []catalogue.Event) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.ID + " | " + e.At
		if e.Field != "" {
			out[i] += " | " + e.Field + " = " + e.Is
		}
	}
	return strings.Join(out, "\n")
}

// arrange carries out a button of the repeated rows: add, drop, up, down. The answer is the input to go to, "" if the
// button was none of them.
func arrange(d *catalogue.Document, do string) string {
	verb, rest, _ := strings.Cut(do, "-")
	what, n, _ := strings.Cut(rest, "-")
	i, err := strconv.Atoi(n)
	if err != nil {
		i = -1
	}
	switch {
	case verb == "add" && what == "field" && len(d.Fields) < mostRows:
		d.Fields = append(d.Fields, catalogue.Field{Type: "text"})
		return "f" + strconv.Itoa(len(d.Fields)-1) + "_zh"
	case verb == "add" && what == "signer" && len(d.Signers) < mostRows:
		d.Signers = append(d.Signers, catalogue.Signer{})
		return "s" + strconv.Itoa(len(d.Signers)-1) + "_zh"
	case what == "field":
		return moved(&d.Fields, verb, i, "f", "zh")
	case what == "signer":
		return moved(&d.Signers, verb, i, "s", "zh")
	}
	return ""
}

func moved[T any](rows *[]T, verb string, i int, letter, input string) string {
	if i < 0 || i >= len(*rows) {
		return ""
	}
	to := i
	switch {
	case verb == "drop":
		*rows = slices.Delete(*rows, i, i+1)
		to = min(i, len(*rows)-1)
	case verb == "up" && i > 0:
		to = i - 1
		(*rows)[i], (*rows)[to] = (*rows)[to], (*rows)[i]
	case verb == "down" && i+1 < len(*rows):
		to = i + 1
		(*rows)[i], (*rows)[to] = (*rows)[to], (*rows)[i]
	}
	return letter + strconv.Itoa(max(to, 0)) + "_" + input
}

func (a *area) putDocument(p *site.Page, s source) error {
	f := documentForm{Was: p.Value("was")}
	var old catalogue.Document
	r, _, there := s.find(edition.Documents, p.Value("id"))
	if d, ok := r.(catalogue.Document); ok && f.Was != "" {
		old = d
	}
	f.Row = readDocument(p, old)
	if f.At = arrange(&f.Row, p.Value("do")); f.At != "" {
		return a.documentPage(p, s, f)
	}
	err := changedMeanwhile(f.Was, there, r)
	if err == nil {
		_, err = a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, edition.Put[catalogue.Document]{Row: f.Row, New: f.Was == ""})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		if there && f.Was != "" {
			f.Was = was(r) // whoever has seen that it was changed may write over it
		}
		f.Bad, f.Problems = bad, problemsOf(err)
		return a.documentPage(p, s, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.rowHref(edition.Documents, f.Row.ID))
}

// changedMeanwhile compares the row with what the form was made from. Changes of other rows are in nobody's way.
func changedMeanwhile(made string, there bool, row any) error {
	if made != "" && (!there || was(row) != made) {
		return fault.New(fault.Conflict, "edition.changed")
	}
	return nil
}
