// Package print lays a paper (文书) of a case out for the press: from the document type of the regulation and the values of
// its fields to a sheet.Official. It is pure: it reads nothing, decides nothing and knows no case. What it prints of
// signatures says how they were made; none is called a reliable electronic signature (可靠的电子签名).
package print

import (
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// Mode is how somebody signed.
type Mode string

// The modes.
const (
	Own     Mode = "own"     // under the own account
	Drawn   Mode = "drawn"   // by hand on a screen
	Scan    Mode = "scan"    // on paper, which was scanned
	Seal    Mode = "seal"    // the image of a seal
	Refused Mode = "refused" // would or could not
)

// Signature is one that a version of a paper has.
type Signature struct {
	Role    string // of catalogue.Signer
	Label   string // how the role is called; "" takes the document's word
	Name    string
	Mode    Mode
	Image   []byte // PNG, of Drawn, Scan and Seal
	Reason  string // of Refused
	Witness string // of Refused
	At      time.Time
}

// Approval is what somebody decided of a paper on one step of its approval.
type Approval struct {
	Step       string // handler, unit, legal or leader
	Opinion    string
	Returned   bool
	Name       string
	OnBehalfOf string
	At         time.Time
}

// Language is one that was spoken while the paper was made.
type Language struct {
	Name        string
	Interpreter string
}

// Input is a paper. The zero value of anything is left blank.
type Input struct {
	Document   catalogue.Document
	Values     form.Values
	Rows       []form.Values // of a ledger, instead of Values
	Title      string        // "" is the document's name
	Bureau     string
	CaseNo     string
	Number     string            // 文号
	Parties    []string          // of the case; stand where the document asks for the party and Values do not say
	Names      map[string]string // of papers, recordings and files that Values refer to, by id
	Signatures []Signature
	Approvals  []Approval
	Languages  []Language
	Draft      bool // a watermark, and no seal
	Version    int
	Digest     string // of the version, in hex
	Correction string // why there is another version
	Blank      bool   // the empty form, to be filled in by hand: nothing but labels and lines
	At         time.Time
}

// Paper lays it out. Official documents are in Chinese, so p is expected to be the Chinese printer.
func Paper(p locale.Printer, in Input) sheet.Official {
	if in.Blank {
		in = Input{Document: in.Document, Title: in.Title, Bureau: in.Bureau, Blank: true, At: in.At}
	}
	w := &writer{p: p, in: in, layout: layoutOf(in.Document), hidden: hidden(in)}
	w.out = sheet.Official{
		Layout: w.layout, Bureau: visible(w.bureau()), Title: visible(w.title()), Number: w.number(), Foot: w.foot(),
		MissingLine: p.T("print.missing"), ImageLine: p.T("print.image"), At: in.At,
	}
	w.out.Of[0], w.out.Of[1], _ = strings.Cut(p.T("print.pages", "#"), "#") // only the press knows how many
	if in.Draft {
		w.out.Watermark = p.T("print.draft")
	}
	switch w.layout {
	case sheet.Letter:
		w.letter()
	case sheet.Ledger:
		w.ledger()
	case sheet.Form, sheet.Cover:
		w.form()
	}
	w.close()
	return w.out
}

// writer lays out one paper.
type writer struct {
	p      locale.Printer
	in     Input
	layout sheet.Layout
	out    sheet.Official
	hidden map[string]bool
	signed map[string]string // the field that printed the signatures of a role
}

// hidden are the fields that are not asked as the values stand and have none. An empty form asks everything.
func hidden(in Input) map[string]bool {
	out := map[string]bool{}
	for _, f := range in.Document.Fields {
		out[f.ID] = !in.Blank && f.When != "" && !form.Signed(f) && in.Values.Empty(f.ID)
	}
	for _, f := range form.Asked(in.Document, in.Values) {
		out[f.ID] = false
	}
	return out
}

func (w *writer) bureau() string {
	if w.in.Document.Kind == "party-submission" {
		return "" // it is the party's
	}
	return w.in.Bureau
}

func (w *writer) title() string {
	if w.in.Title != "" {
		return w.in.Title
	}
	return strings.TrimSuffix(w.in.Document.ZH, "（附清单）")
}

func (w *writer) number() string {
	switch field, ok := w.field("doc_no"); {
	case w.in.Number != "":
		return visible(w.in.Number)
	case !ok && w.layout != sheet.Letter:
		return ""
	case ok && w.text(field) != "":
		return w.text(field)
	}
	return w.p.T("print.number_blank")
}

func (w *writer) foot() string {
	switch {
	case w.in.Blank:
		return w.p.T("print.foot_blank")
	case w.in.Draft:
		return w.p.T("print.foot_draft")
	case w.in.Digest == "":
		return w.p.T("print.foot_version", w.in.Version)
	}
	return w.p.T("print.foot", w.in.Version, shortDigest(w.in.Digest))
}

// shortDigest is enough of a digest to tell versions apart by eye.
func shortDigest(hex string) string {
	const length, group = 16, 4
	var b strings.Builder
	for i := 0; i < min(len(hex), length); i += group {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(hex[i:min(i+group, len(hex))])
	}
	return visible(b.String())
}

// close adds what stands behind every paper in small print.
func (w *writer) close() {
	if w.in.Blank {
		return
	}
	var lines []string
	if w.layout == sheet.Letter {
		if w.in.CaseNo != "" {
			lines = append(lines, w.p.T("print.case_no", visible(w.in.CaseNo)))
		}
		lines = append(lines, w.languages()...)
	}
	if w.in.Correction != "" {
		lines = append(lines, w.p.T("print.correction", w.in.Version, strings.Join(paragraphs(w.in.Correction), " ")))
	}
	for _, s := range w.in.Signatures {
		if s.Mode != Refused {
			lines = append(lines, w.p.T("print.not_reliable"))
			break
		}
	}
	if len(lines) > 0 {
		w.add(sheet.Part{Kind: sheet.SmallType, Lines: lines})
	}
	if w.layout == sheet.Form && w.in.Document.Kind == "on-site-record" {
		w.add(sheet.Part{Kind: sheet.Void, Text: w.p.T("print.void")})
	}
}

func (w *writer) languages() []string {
	var out []string
	for _, l := range w.in.Languages {
		if l.Interpreter == "" {
			out = append(out, w.p.T("print.language", visible(l.Name)))
		} else {
			out = append(out, w.p.T("print.language_interpreted", visible(l.Name), visible(l.Interpreter)))
		}
	}
	return out
}

// spoken is languages for a cell whose label says that they are languages.
func (w *writer) spoken() []string {
	var out []string
	for _, l := range w.in.Languages {
		line := visible(l.Name)
		if l.Interpreter != "" {
			line = w.p.T("print.interpreted", line, visible(l.Interpreter))
		}
		out = append(out, line)
	}
	return out
}

func (w *writer) add(parts ...sheet.Part) { w.out.Parts = append(w.out.Parts, parts...) }

// field finds a field of the document that applies.
func (w *writer) field(id string) (catalogue.Field, bool) {
	for _, f := range w.in.Document.Fields {
		if f.ID == id && !w.hidden[id] {
			return f, true
		}
	}
	return catalogue.Field{}, false
}

// day writes a day as documents do.
func (w *writer) day(t time.Time) string {
	if t.IsZero() {
		return w.p.T("print.day_blank")
	}
	t = t.In(clock.Shanghai)
	return w.p.T("print.day", strconv.Itoa(t.Year()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Day()))
}

func (w *writer) moment(t time.Time) string {
	if t.IsZero() {
		return w.p.T("print.moment_blank")
	}
	t = t.In(clock.Shanghai)
	return w.day(t) + w.p.T("print.clock", strconv.Itoa(t.Hour()), strconv.Itoa(t.Minute()))
}
