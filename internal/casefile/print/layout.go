package print

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// ledgerMost is how many columns have room across a page.
const ledgerMost = 10

// layoutOf chooses the page of a document: letters for what goes out by the rules of official documents, and for reports;
// tables for the rest.
func layoutOf(d catalogue.Document) sheet.Layout {
	name := called(d)
	ends := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(name, w) })
	}
	switch d.Kind {
	case "external-notice", "external-decision", "court-application":
		return sheet.Letter
	case "ledger":
		if len(columnsOf(d)) <= ledgerMost {
			return sheet.Ledger
		}
		return sheet.Form
	case "archive":
		if ends("封面") {
			return sheet.Cover
		}
	case "internal-record", "party-submission", "evidence":
		if ends("书", "函", "报告", "协议", "声明") && !ends("确认书") {
			return sheet.Letter
		}
	}
	return sheet.Form
}

// called is the name of a document without what stands in brackets behind it.
func called(d catalogue.Document) string {
	if i := strings.LastIndex(d.ZH, "（"); i > 0 && strings.HasSuffix(d.ZH, "）") {
		return d.ZH[:i]
	}
	return d.ZH
}

func columnsOf(d catalogue.Document) []catalogue.Field {
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f catalogue.Field) bool { return signatureField(f) || f.Type == "seal" })
}

// applying are the fields that are printed in the flow of the document, in its order.
func (w *writer) applying() []catalogue.Field {
	_, named := w.field("party_name")
	return slices.DeleteFunc(slices.Clone(w.in.Document.Fields), func(f catalogue.Field) bool {
		switch f.ID {
		case "doc_no", "page_signs":
			return true
		case "party":
			return named || w.hidden[f.ID]
		}
		return w.hidden[f.ID]
	})
}

// empty reports whether a field has nothing to print.
func (w *writer) empty(f catalogue.Field) bool { return len(w.value(f)) == 0 }

// name is a field's label on paper.
func (w *writer) name(f catalogue.Field) string {
	if key := "print.label." + f.ID; w.p.Has(key) {
		return w.p.T(key)
	}
	s, _ := label(f)
	return visible(strings.TrimSuffix(s, "及日期"))
}

func isTable(f catalogue.Field) bool { return f.Type == "item-list" || f.Type == "table" }

// Lines that are left to be written by hand.
const (
	linesProse   = 6
	manyProse    = 3
	linesRefs    = 3
	linesMissing = 2 // where a document that is filled in lacks something required
	rowsBlank    = 5
	turnsBlank   = 4
)

// blankLines is how many lines an empty field is left.
func (w *writer) blankLines(f catalogue.Field) int {
	switch {
	case !w.in.Blank && !f.Required:
		return 0
	case f.Type != "longtext" && !strings.HasSuffix(f.Type, "-list") && !isTable(f):
		return 1
	case !w.in.Blank:
		return linesMissing
	case f.Type == "longtext" && w.longtexts() > manyProse:
		return linesProse / 2
	case f.Type == "longtext":
		return linesProse
	}
	return linesRefs
}

// longtexts is how many long texts the document has: an empty form of many gives each less room.
func (w *writer) longtexts() int {
	n := 0
	for _, f := range w.in.Document.Fields {
		if f.Type == "longtext" {
			n++
		}
	}
	return n
}

// cell is a field with its label.
func (w *writer) cell(f catalogue.Field) sheet.Cell {
	c := sheet.Cell{Label: w.name(f), Lines: w.lines(f), Prose: f.Type == "longtext" || f.Type == "law-ref-list"}
	if len(c.Lines) == 1 && utf8.RuneCountInString(c.Lines[0]) < 24 {
		c.Prose = false
	}
	if a, ok := w.approval(strings.TrimSuffix(f.ID, "_opinion")); ok && len(c.Lines) == 0 && strings.HasSuffix(f.ID, "_opinion") {
		c.Lines = w.opinion(a)
	}
	if len(c.Lines) > 0 {
		return c
	}
	switch f.Type {
	case "date":
		c.Lines = []string{w.p.T("print.day_blank")}
	case "datetime":
		c.Lines = []string{w.p.T("print.day_blank") + w.p.T("print.clock_blank")}
	default:
		c.Blank = w.blankLines(f)
	}
	return c
}

// ticked is a field whose options are printed with boxes.
func (w *writer) ticked(f catalogue.Field) (sheet.Cell, bool) {
	if f.Type != "enum" && f.Type != "bool" {
		return sheet.Cell{}, false
	}
	if f.Type == "bool" && !w.empty(f) && plain(w.value(f)) != "true" && plain(w.value(f)) != "false" {
		return sheet.Cell{}, false
	}
	c := sheet.Cell{Label: w.name(f), Choices: w.ticks(f)}
	return c, len(c.Choices) > 0
}

// columnNames are the columns of a table: those of the regulation, those that its name lists, or the usual ones.
func (w *writer) columnNames(f catalogue.Field) (ids, heads []string) {
	for _, c := range f.Columns {
		ids, heads = append(ids, c.ID), append(heads, visible(c.ZH))
	}
	if len(ids) > 0 {
		return ids, heads
	}
	if _, named := label(f); f.Type == "table" && len(named) > 1 {
		for _, s := range named {
			ids, heads = append(ids, s), append(heads, visible(s))
		}
		return ids, heads
	}
	for _, id := range []string{"name", "spec", "quantity", "state", "note"} {
		ids, heads = append(ids, id), append(heads, w.p.T("print.column."+id))
	}
	return ids, heads
}

// table is a field of rows. Columns that nobody has filled in are left out, unless the form is a blank one.
func (w *writer) table(f catalogue.Field) *sheet.List {
	ids, heads := w.columnNames(f)
	var rows [][]string
	for _, raw := range list(w.value(f)) {
		o, ok := asObject(raw)
		row := make([]string, len(ids))
		if !ok {
			row[0] = strings.Join(paragraphs(plain(raw)), "\n")
		}
		for i, id := range ids {
			if s := w.entry(o, id, heads[i]); s != "" {
				row[i] = s
			}
			delete(o, id)
			delete(o, heads[i])
		}
		for _, key := range slices.Sorted(maps.Keys(o)) { // a column that the regulation no longer has
			row[len(row)-1] = strings.TrimSpace(row[len(row)-1] + "\n" + strings.Join(paragraphs(plain(o[key])), "\n"))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		n := rowsBlank
		if w.in.Document.Kind == "archive" {
			n *= 3 // an index is nothing but its rows
		}
		if !w.in.Blank {
			n = linesMissing
		}
		for range n {
			rows = append(rows, make([]string, len(ids)))
		}
	} else {
		for i := len(heads) - 1; i > 0; i-- {
			if !slices.ContainsFunc(rows, func(r []string) bool { return r[i] != "" }) {
				heads = slices.Delete(slices.Clone(heads), i, i+1)
				for j := range rows {
					rows[j] = slices.Delete(rows[j], i, i+1)
				}
			}
		}
	}
	if no := w.p.T("print.column.no"); heads[0] != no {
		heads = append([]string{no}, heads...)
		for i := range rows {
			rows[i] = append([]string{ordinal(i)}, rows[i]...)
		}
	}
	return &sheet.List{Heads: heads, Shares: shares(heads, rows), Rows: rows}
}

// entry is what a row has under a column.
func (w *writer) entry(o object, id, head string) string {
	raw, ok := o[id]
	if !ok {
		raw = o[head]
	}
	switch s := plain(raw); s {
	case "true":
		return w.p.T("print.yes")
	case "false":
		return w.p.T("print.no")
	default:
		if len(w.when(s)) == 1 {
			s = w.when(s)[0]
		}
		return strings.Join(paragraphs(s), "\n")
	}
}

// shares gives each column room by what stands in it, in bounds, so that a long column does not starve the others.
func shares(heads []string, rows [][]string) []float64 {
	const least, most, byHand = 3.0, 22.0, 6
	out := make([]float64, len(heads))
	for i, h := range heads {
		sum, longest := 0, utf8.RuneCountInString(h)
		for _, r := range rows {
			sum += utf8.RuneCountInString(r[i])
		}
		if len(rows) > 0 {
			longest = max(longest, sum/len(rows))
		}
		if sum == 0 && i > 0 {
			longest = max(longest, byHand) // nobody writes smaller
		}
		out[i] = min(max(float64(longest)+1, least), most)
	}
	return out
}
