package print

import (
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// form prints every field as a cell of a bordered table, in the order of the document.
func (w *writer) form() {
	w.out.Strip, w.out.StripLine = w.strip(), w.p.T("print.page_signs")
	w.cells(w.applying())
	if _, asked := w.field("language"); !asked && len(w.in.Languages) > 0 {
		w.row(sheet.Cell{Label: w.p.T("print.languages"), Lines: w.spoken()})
	}
	w.others()
}

// cells adds fields to a bordered table.
func (w *writer) cells(fields []catalogue.Field) {
	var half *sheet.Cell // waits for its other half
	flush := func() {
		if half != nil {
			w.row(*half)
			half = nil
		}
	}
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		var next catalogue.Field
		if i+1 < len(fields) {
			next = fields[i+1]
		}
		switch turns := w.turns(f); {
		case len(turns) > 0:
			flush()
			w.add(sheet.Part{Kind: sheet.Heading, Text: w.name(f)}, sheet.Part{Kind: sheet.Talk, Turns: turns})
		case isTable(f) && len(f.Columns) == 1 && w.sayable(f):
			flush()
			w.row(sheet.Cell{Label: w.name(f), Lines: w.said(f), Prose: true})
		case isTable(f):
			flush()
			t := w.table(f)
			t.Title = w.name(f)
			w.add(sheet.Part{Kind: sheet.Listing, List: t})
		case f.Type == "seal":
			flush()
			w.sealCell(f)
		case signatureField(f):
			flush()
			i += w.signCell(f, next)
		case strings.HasSuffix(f.ID, "_opinion") && strings.TrimSuffix(f.ID, "_opinion") == strings.TrimSuffix(next.ID, "_sign") && signatureField(next):
			flush()
			c := w.cell(f)
			c.Signs = w.signs(next)
			i++
			if i+1 < len(fields) && fields[i+1].ID == next.ID+"_date" {
				i++
				w.dated(c.Signs, fields[i])
			}
			w.row(c)
		case f.ID == "refusal_note" && w.empty(f) && !w.in.Blank:
			// Nobody refused, or the signature says it.
		default:
			c, ticked := w.ticked(f)
			if !ticked {
				c = w.cell(f)
			}
			if !fits(f, c) {
				flush()
				w.row(c)
				continue
			}
			if half == nil {
				half = &c
				continue
			}
			w.row(*half, c)
			half = nil
		}
	}
	flush()
}

// row adds a row to the bordered table that is being made, or begins one.
func (w *writer) row(cells ...sheet.Cell) {
	if n := len(w.out.Parts); n > 0 && w.out.Parts[n-1].Kind == sheet.Cells {
		w.out.Parts[n-1].Rows = append(w.out.Parts[n-1].Rows, cells)
		return
	}
	w.add(sheet.Part{Kind: sheet.Cells, Rows: [][]sheet.Cell{cells}})
}

// Half a row has room for so many wide characters.
const (
	halfRoom  = 12
	labelRoom = 14
)

// fits reports whether a cell has room in half a row.
func fits(f catalogue.Field, c sheet.Cell) bool {
	if utf8.RuneCountInString(c.Label) > labelRoom || len(c.Lines) > 1 || c.Blank > 1 || len(c.Signs) > 0 {
		return false
	}
	room := 0.0
	for _, o := range c.Choices {
		room += 2 + width(o.Text)
	}
	for _, l := range c.Lines {
		room += width(l)
	}
	switch f.Type {
	case "address", "longtext", "party", "officer-list", "person-list", "law-ref-list", "evidence-list", "recording-ref-list", "file-list":
		return false
	}
	return room <= halfRoom
}

// width is how much room a text takes, in wide characters.
func width(s string) float64 {
	n := 0.0
	for _, r := range s {
		if r < 0x2000 {
			n += 0.5
		} else {
			n++
		}
	}
	return n
}

// signCell adds who signs; it gives how many of the fields behind it were printed with it.
func (w *writer) signCell(f, next catalogue.Field) int {
	c := sheet.Cell{Label: w.signName(f), Signs: w.signs(f)}
	skip := 0
	if next.ID == f.ID+"_date" {
		w.dated(c.Signs, next)
		skip = 1
	}
	w.row(c)
	return skip
}

// dated takes the day of a signature from the field that says it.
func (w *writer) dated(signs []sheet.Sign, f catalogue.Field) {
	if day := w.lines(f); len(day) > 0 {
		signs[0].Day = day[0]
	}
}

// sealCell is a seal in a table: its place, or its image.
func (w *writer) sealCell(f catalogue.Field) {
	w.mark("seal", f.ID)
	s, ok := w.seal()
	if !ok {
		w.row(sheet.Cell{Label: w.name(f), Blank: linesRefs})
		return
	}
	w.row(sheet.Cell{Label: w.name(f), Signs: []sheet.Sign{w.sign(s)}})
}

// others prints signatures of roles that no field of the document asks for: nothing that was signed is left out.
func (w *writer) others() {
	cells := map[string]*sheet.Cell{}
	var order []string
	for _, s := range w.in.Signatures {
		if _, done := w.signed[s.Role]; done || s.Role == "seal" {
			continue
		}
		name := s.Label
		for _, r := range w.in.Document.Signers {
			if r.Role == s.Role && name == "" {
				name, _ = label(catalogue.Field{Text: r.Text})
			}
		}
		if name == "" {
			name = s.Role
		}
		if cells[name] == nil {
			cells[name] = &sheet.Cell{Label: visible(name)}
			order = append(order, name)
		}
		cells[name].Signs = append(cells[name].Signs, w.sign(s))
	}
	for _, name := range order {
		w.row(*cells[name])
	}
	for _, r := range w.in.Document.Signers { // who has yet to sign finds a line
		if _, done := w.signed[r.Role]; done || !r.Required || r.Role == "seal" {
			continue
		}
		name, _ := label(catalogue.Field{Text: r.Text})
		lines := []sheet.Sign{{Day: w.day(time.Time{})}}
		if strings.HasSuffix(r.Role, "2") {
			lines = append(lines, lines...)
		}
		if cells[name] == nil {
			w.row(sheet.Cell{Label: visible(name), Signs: lines})
		}
	}
}

// Marks of those who ask and answer.
var marks = map[string]bool{"问": true, "答": false}

// turns takes the text of an inquiry apart into questions and answers; nil for any other text.
func (w *writer) turns(f catalogue.Field) []sheet.Turn {
	raw := w.value(f)
	if f.ID == "qa" && len(raw) == 0 && (w.in.Blank || f.Required) {
		var out []sheet.Turn
		n := turnsBlank
		if !w.in.Blank {
			n = 1
		}
		for range n {
			out = append(out, sheet.Turn{Mark: "问：", Asks: true, Blank: 1}, sheet.Turn{Mark: "答：", Blank: 2})
		}
		return out
	}
	if f.Type != "longtext" && f.ID != "qa" {
		return nil
	}
	var out []sheet.Turn
	found := false
	for _, one := range list(raw) {
		if o, ok := asObject(one); ok {
			out = append(out, sheet.Turn{Mark: "问：", Asks: true, Lines: paragraphs(o.get("question"))}, sheet.Turn{Mark: "答：", Lines: paragraphs(o.get("answer"))})
			found = true
			continue
		}
		for _, line := range paragraphs(plain(one)) {
			mark, rest, ok := strings.Cut(strings.Replace(line, ":", "：", 1), "：")
			asks, known := marks[mark]
			switch {
			case ok && known:
				out = append(out, sheet.Turn{Mark: mark + "：", Asks: asks, Lines: []string{rest}})
				found = true
			case len(out) > 0:
				out[len(out)-1].Lines = append(out[len(out)-1].Lines, line)
			default:
				out = append(out, sheet.Turn{Lines: []string{line}})
			}
		}
	}
	if !found {
		return nil
	}
	return out
}

// ledger is a table across the page, a row for each entry.
func (w *writer) ledger() {
	fields := columnsOf(w.in.Document)
	heads := []string{w.p.T("print.column.no")}
	for _, f := range fields {
		heads = append(heads, w.name(f))
	}
	entries := w.in.Rows
	if len(entries) == 0 && len(w.in.Values) > 0 {
		entries = append(entries, w.in.Values)
	}
	var rows [][]string
	for _, e := range entries {
		one := *w
		one.in.Values = e
		row := []string{ordinal(len(rows))}
		for _, f := range fields {
			row = append(row, strings.Join(one.lines(f), "\n"))
		}
		rows = append(rows, row)
	}
	const blankRows = 8
	for w.in.Blank && len(rows) < blankRows {
		rows = append(rows, make([]string, len(heads)))
	}
	w.add(sheet.Part{Kind: sheet.Listing, List: &sheet.List{Heads: heads, Shares: shares(heads, rows), Rows: rows}})
	for _, f := range w.in.Document.Fields {
		if signatureField(f) && !w.hidden[f.ID] {
			w.signCell(f, catalogue.Field{})
		}
	}
	w.others()
}
