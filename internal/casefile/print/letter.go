package print

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

func ordinal(i int) string { return strconv.Itoa(i + 1) }

// addressees are the fields that say to whom a letter goes where it does not go to the party.
var addressees = []string{"court", "transferee", "competent_agency", "bank", "entrusted_org", "referral_target"}

// Parts of a letter that stand at its head or its end and not in its text.
var (
	partyFields = []string{"party_name", "party", "party_id", "legal_rep", "address", "phone"}
	endFields   = []string{"agency", "issued_on", "agency_seal", "special_seal", "case_ref"}
)

// letter prints a document as running text: to whom, what, from whom and when, and then in a table what was signed and
// noted when it was handed over.
func (w *writer) letter() {
	fields := w.applying()
	end := slices.IndexFunc(fields, func(f catalogue.Field) bool { return signatureField(f) || f.Type == "seal" })
	if end < 0 {
		end = len(fields)
	}
	skip := w.head(fields)
	var body, tail []catalogue.Field
	for i, f := range fields {
		switch {
		case skip[f.ID] || slices.Contains(endFields, f.ID):
		case i < end:
			body = append(body, f)
		default:
			tail = append(tail, f)
		}
	}
	// What was decided before the letter was sealed is an approval: it goes with the signatures.
	if n := len(body); n > 0 && len(tail) > 0 && opinionOf(body[n-1], tail[0]) {
		body, tail = body[:n-1], append([]catalogue.Field{body[n-1]}, tail...)
	}
	w.body(body)
	w.ending()
	if len(tail) > 0 {
		w.cells(tail)
	}
	w.others()
}

// head prints to whom the letter goes and gives the fields that were printed with it.
func (w *writer) head(fields []catalogue.Field) map[string]bool {
	skip := map[string]bool{}
	addressed := false
	if w.in.Document.ServedOnParty || w.in.Document.Kind == "court-application" || w.in.Document.Kind == "external-notice" || w.in.Document.Kind == "internal-record" {
		for _, f := range fields {
			if slices.Contains(addressees, f.ID) && !w.partyIsAddressed(f, fields) {
				w.addressee(f)
				skip[f.ID], addressed = true, true
				break
			}
		}
	}
	var rows [][]sheet.Cell
	for _, f := range fields {
		if !slices.Contains(partyFields, f.ID) {
			continue
		}
		skip[f.ID] = true
		if w.notice() && !addressed && (f.ID == "party_name" || f.ID == "party") {
			w.addressee(f)
			addressed = true
			continue
		}
		if w.empty(f) && !f.Required && !w.in.Blank {
			continue
		}
		rows = append(rows, []sheet.Cell{w.cell(f)})
	}
	if len(rows) > 0 {
		w.add(sheet.Part{Kind: sheet.Items, Rows: rows})
	}
	return skip
}

// partyIsAddressed reports whether a letter goes to the party even though it names another office: 告知书, and not 移送书.
// A notice that names a bank goes to the bank.
func (w *writer) partyIsAddressed(office catalogue.Field, fields []catalogue.Field) bool {
	if office.ID == "bank" && w.in.Document.Kind == "external-notice" {
		return false
	}
	name := called(w.in.Document)
	return w.in.Document.ServedOnParty && !strings.HasSuffix(name, "移送书") && !strings.HasSuffix(name, "函") && w.in.Document.Kind != "court-application" &&
		slices.ContainsFunc(fields, func(f catalogue.Field) bool { return f.ID == "party_name" || f.ID == "party" })
}

// notice reports whether the letter is addressed to the party, as notices are, and does not name it as decisions do.
func (w *writer) notice() bool {
	name := called(w.in.Document)
	return w.in.Document.Kind == "external-notice" || w.in.Document.ServedOnParty && strings.HasSuffix(name, "通知书")
}

func (w *writer) addressee(f catalogue.Field) {
	who, about := w.text(f), ""
	if o, ok := asObject(w.value(f)); ok && o.get("name") != "" {
		who, about = visible(o.get("name")), strings.Join(paragraphs(strings.Join(w.about(o), "，")), "")
	}
	if who == "" {
		who = w.p.T("print.addressee_blank")
	}
	w.add(sheet.Part{Kind: sheet.Addressee, Lines: []string{w.p.T("print.addressee", who)}})
	if about != "" {
		w.add(sheet.Part{Kind: sheet.Prose, Lines: []string{about}})
	}
}

func opinionOf(f, sign catalogue.Field) bool {
	return f.ID != "" && signatureField(sign) && len(f.ID) > len("_opinion") && f.ID[:len(f.ID)-len("_opinion")]+"_sign" == sign.ID
}

// shortText is how long a text may be to stand behind its label on one line.
const shortText = 40

// body prints the text of a letter: what is long under numbered headings, what is short as lines.
func (w *writer) body(fields []catalogue.Field) {
	n := 0
	heading := func(f catalogue.Field) {
		n++
		w.add(sheet.Part{Kind: sheet.Heading, Text: chapter(n) + w.name(f)})
	}
	for _, f := range fields {
		if w.empty(f) && !f.Required && !w.in.Blank {
			continue
		}
		turns := w.turns(f)
		c := w.cell(f)
		long := 0
		for _, l := range c.Lines {
			long += utf8.RuneCountInString(l)
		}
		switch {
		case len(turns) > 0:
			heading(f)
			w.add(sheet.Part{Kind: sheet.Talk, Turns: turns})
		case isTable(f) && w.sayable(f):
			heading(f)
			w.add(sheet.Part{Kind: sheet.Prose, Lines: w.said(f)})
		case isTable(f):
			heading(f)
			w.add(sheet.Part{Kind: sheet.Listing, List: w.table(f)})
		case len(c.Lines) == 0 && c.Blank > 1:
			heading(f)
			w.add(sheet.Part{Kind: sheet.Items, Rows: [][]sheet.Cell{{{Blank: c.Blank}}}})
		case f.Type == "longtext", long > shortText, len(c.Lines) > 1:
			heading(f)
			w.add(sheet.Part{Kind: sheet.Prose, Lines: c.Lines})
		default:
			if t, ok := w.ticked(f); ok && w.in.Blank {
				c = t
			}
			w.add(sheet.Part{Kind: sheet.Items, Rows: [][]sheet.Cell{{c}}})
		}
	}
}

// sayable reports whether the rows of a table are sentences: a text in each, or two.
func (w *writer) sayable(f catalogue.Field) bool {
	const most = 3 // with the number of the row
	return !w.empty(f) && len(w.table(f).Heads) <= most &&
		!slices.ContainsFunc(f.Columns, func(c catalogue.Column) bool { return c.Type != "text" && c.Type != "longtext" })
}

func (w *writer) said(f catalogue.Field) []string {
	rows := w.table(f).Rows
	out := make([]string, 0, len(rows))
	for i, r := range rows {
		line := r[1]
		if len(r) > 2 && r[2] != "" {
			line = w.p.T("print.kind_and_content", r[1], r[2])
		}
		line = strings.ReplaceAll(line, "\n", " ")
		if len(rows) > 1 {
			line = ordinal(i) + "．" + line
		}
		out = append(out, line)
	}
	return out
}

// ending prints from whom and when, and the place of the seal, together with the last paragraph of the text.
func (w *writer) ending() {
	agency, signs := w.field("agency")
	issued, dated := w.field("issued_on")
	_, sealed := w.field("agency_seal")
	if _, special := w.field("special_seal"); special {
		sealed = true
	}
	if !signs && !dated && !sealed {
		return
	}
	off := sheet.SignOff{Who: w.in.Bureau, Day: w.p.T("print.day_blank")}
	if s := w.text(agency); signs && s != "" {
		off.Who = s
	}
	if s := w.text(issued); dated && s != "" {
		off.Day = s
	}
	off.Who = visible(off.Who)
	if sealed {
		off.Place = w.p.T("print.seal_place")
		w.mark("seal", "agency_seal")
		if s, ok := w.seal(); ok {
			if off.Image = w.image(s.Image); off.Image > 0 {
				off.Note = w.p.T("print.mode.seal", visible(s.Name))
			}
		}
	}
	part := sheet.Part{Kind: sheet.Ending, Off: &off}
	w.together(&part)
	w.add(part)
}

// together takes what stands before the end of a letter into it, the last paragraph or line or a short table: a page with a
// seal and no text could be put under anything.
func (w *writer) together(end *sheet.Part) {
	const most, rows = 280, 8 // characters of a paragraph, rows of a table
	n := len(w.out.Parts) - 1
	if n < 0 {
		return
	}
	switch last := &w.out.Parts[n]; last.Kind {
	case sheet.Prose:
		i := len(last.Lines) - 1
		if i >= 0 && utf8.RuneCountInString(last.Lines[i]) <= most {
			end.Lines, last.Lines = last.Lines[i:], last.Lines[:i:i]
		}
	case sheet.Items:
		i := len(last.Rows) - 1
		if c := last.Rows[i][0]; len(c.Lines) == 1 && utf8.RuneCountInString(c.Lines[0]) <= most {
			end.Rows, last.Rows = last.Rows[i:], last.Rows[:i:i]
		}
	case sheet.Listing:
		if len(last.List.Rows) <= rows && !slices.ContainsFunc(slices.Concat(last.List.Rows...), func(s string) bool { return utf8.RuneCountInString(s) > shortText }) {
			end.List = last.List
			w.out.Parts = w.out.Parts[:n]
		}
	}
}
