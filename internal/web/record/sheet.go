package record

import (
	"net/http"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// sheetLimit is how much of a history a PDF holds: some sixty pages. The rest is in the log, and the paper says so.
const sheetLimit = 1000

// makeAction is the button that makes a certificate as PDF.
func makeAction(p locale.Printer, recording string, primary bool) ui.Action {
	return ui.Action{Text: p.T("certificate.pdf.make"), Href: recording + "/certificate", Icon: "download", Post: true, Primary: primary}
}

// makeCertificate sets the certificate as PDF, writes down that it was made with the digest of the file, and only then
// sends it.
func (a area) makeCertificate(p *site.Page) error {
	d, err := a.detail(p)
	if err != nil {
		return err
	}
	v, err := a.certificateOf(p, d, sheetLimit)
	if err != nil {
		return err
	}
	number := ident.New[ident.EntryID]()
	pdf, err := a.Press.Set(p.Context(), certificateSheet(p.P, v, number, p.Now, p.Actor.Name))
	if err != nil {
		return err
	}
	err = a.Recordings.Certify(p.Context(), p.Actor, d.ID, recording.Certificate{
		Number: number, SHA256: pdf.SHA256(), Size: int64(len(pdf.Bytes)), Pages: pdf.Pages, Standard: sheet.Standard, LogSize: v.Log.Size,
	})
	if err != nil {
		return err
	}
	p.Attach("application/pdf", p.P.T("certificate.pdf.file", p.Now.In(clock.Shanghai).Format("20060102-150405"), string(number)[:8])+".pdf")
	p.W.WriteHeader(http.StatusOK)
	_, err = p.W.Write(pdf.Bytes)
	_ = err // the reader has gone; nobody is left to tell
	return nil
}

// certificateSheet is the certificate on paper.
func certificateSheet(pr locale.Printer, v certificateView, number ident.EntryID, now time.Time, by string) sheet.Paper {
	lang := "zh"
	if pr.Lang() == locale.English {
		lang = "en"
	}
	section := func(key string, blocks ...sheet.Block) sheet.Section {
		return sheet.Section{Heading: pr.T("certificate.pdf.part." + key), Blocks: blocks}
	}
	return sheet.Paper{
		Lang: lang, Bureau: v.Bureau, Title: pr.T("certificate.pdf.title"), Number: string(number), NumberLine: pr.T("certificate.pdf.number", string(number)),
		Foot: pr.T("certificate.pdf.foot", string(number)), MissingLine: pr.T("certificate.pdf.missing"), At: now,
		Sections: []sheet.Section{
			{Blocks: []sheet.Block{sheet.Text(pr.T("certificate.says")), sheet.Strong(pr.T("certificate.pdf.starts"))}},
			section("what", sheet.Facts(sheetFacts(v.Facts)...)),
			section("files", sheetFiles(pr, v.Files)...),
			section("times", sheetTimes(pr, v)...),
			section("term", sheetVerdict(pr, v)...),
			section("flags", sheetFlags(pr, v.Flags)...),
			section("notes", sheetNotes(pr, v.Notes)...),
			section("custody", sheetHistory(pr, v)...),
			section("log", sheet.Facts(append(sheetFacts(v.Log.Facts), sheet.Fact{Label: pr.T("certificate.fingerprint"), Text: v.Log.Fingerprint, Mono: true})...)),
			section("check", sheet.Note(pr.T("certificate.pdf.check_note")), sheet.Steps(sheetSteps(pr)...), sheet.Strong(pr.T("certificate.pdf.starts"))),
		},
		Sign: []string{v.Bureau, pr.T("certificate.pdf.seal"), signDay(pr, now), pr.T("certificate.pdf.made_by", Harmless(by))},
	}
}

func signDay(p locale.Printer, now time.Time) string {
	at := now.In(clock.Shanghai)
	return p.T("certificate.pdf.day", at.Format("2006"), at.Format("1"), at.Format("2"))
}

// digestLength is the length of a SHA-256 or SM3 in hex.
const digestLength = 64

func sheetFacts(list []ui.Fact) []sheet.Fact {
	out := make([]sheet.Fact, 0, len(list))
	for _, f := range list {
		whole := f.Code && len(f.Plain) == digestLength
		out = append(out, sheet.Fact{Label: f.Label, Text: f.Plain, Source: f.Source, Mono: f.Code && !whole, Digest: whole})
	}
	return out
}

func sheetFiles(p locale.Printer, list []fileView) []sheet.Block {
	var out []sheet.Block
	for _, f := range list {
		out = append(out, sheet.Whole(sheet.Name(f.Name), sheet.Text(f.Promise), sheet.Facts(sheetFacts(paperFacts(p, f))...))...)
	}
	return out
}

func sheetTimes(p locale.Printer, v certificateView) []sheet.Block {
	if len(v.Candidates) == 0 {
		return []sheet.Block{sheet.Text(p.T("recording.no_candidates"))}
	}
	t := sheet.Table{Widths: []float64{36, 42, 0, 36}, Head: []string{
		p.T("recording.times_source"), p.T("recording.times_value"), p.T("recording.times_raw"), p.T("recording.times_used"),
	}}
	for _, c := range v.Candidates {
		used := p.T("recording.times_kept")
		if c.Chosen {
			used = p.T("recording.times_chosen")
		} else if c.Why != "" {
			used = c.Why
		}
		t.Rows = append(t.Rows, []string{c.Source, c.Value, c.Raw, used})
	}
	out := []sheet.Block{sheet.Grid(t)}
	for _, d := range v.Doubts {
		out = append(out, sheet.Text(d))
	}
	return out
}

func sheetVerdict(p locale.Printer, v certificateView) []sheet.Block {
	out := []sheet.Block{sheet.Strong(p.T("certificate.pdf.verdict", v.Verdict.Headline, p.Article(v.Verdict.Cite.Article)))}
	if v.Verdict.Note != "" {
		out = append(out, sheet.Text(v.Verdict.Note))
	}
	t := sheet.Table{Widths: []float64{10, 40, 0, 46}, Head: []string{"", p.T("certificate.what"), p.T("recording.times_value"), p.T("recording.times_source")}}
	for _, l := range v.Verdict.Facts {
		t.Rows = append(t.Rows, []string{l.Letter, l.Label, l.Value, l.Source})
	}
	out = append(out, sheet.Grid(t))
	if v.Verdict.Sum != "" {
		out = append(out, sheet.Facts(sheet.Fact{Label: p.T("certificate.pdf.sum"), Text: v.Verdict.Sum}, sheet.Fact{Label: p.T("certificate.pdf.result"), Text: v.Verdict.Result}))
	}
	if len(v.Branches) > 0 {
		b := sheet.Table{Widths: []float64{0, 30, 46, 34}, Head: []string{p.T("recording.branches"), p.T("certificate.pdf.article"), p.T("certificate.pdf.sum"), p.T("certificate.pdf.result")}}
		for _, x := range v.Branches {
			b.Rows = append(b.Rows, []string{x.Name, p.Article(x.Cite.Article), x.Sum, x.Result + "\n" + x.Answer})
		}
		out = append(out, sheet.Grid(b))
	}
	return out
}

func sheetFlags(p locale.Printer, list []flagView) []sheet.Block {
	if len(list) == 0 {
		return []sheet.Block{sheet.Text(p.T("certificate.pdf.no_flags"))}
	}
	var facts []sheet.Fact
	for _, f := range list {
		facts = append(facts, sheet.Fact{Label: Word(p, "flag", f.Flag.Code), Text: join(p, f.Flag.Detail, f.Text)})
	}
	return []sheet.Block{sheet.Note(p.T("recording.flags_note")), sheet.Facts(facts...)}
}

func sheetNotes(p locale.Printer, list []ui.Event) []sheet.Block {
	if len(list) == 0 {
		return []sheet.Block{sheet.Text(p.T("certificate.pdf.no_notes"))}
	}
	t := sheet.Table{Widths: []float64{40, 0}, Head: []string{p.T("certificate.when"), p.T("certificate.what")}}
	for _, e := range list {
		t.Rows = append(t.Rows, []string{e.Time + " " + e.Day, e.Text + "\n" + join(p, e.Facts...)})
	}
	return []sheet.Block{sheet.Grid(t)}
}

// sheetHistory is the custody from the first step to the last, each with the id of its entry.
func sheetHistory(p locale.Printer, v certificateView) []sheet.Block {
	t := sheet.Table{Widths: []float64{21, 0, 38, 28}, Head: []string{
		p.T("certificate.when"), p.T("certificate.pdf.step"), p.T("certificate.pdf.who"), p.T("certificate.pdf.place"),
	}}
	for i := len(v.Events) - 1; i >= 0; i-- {
		e := v.Events[i]
		lines := []string{e.Text}
		for _, f := range e.Facts {
			if f != e.Actor && f != e.Position { // they have columns of their own
				lines = append(lines, f)
			}
		}
		t.Rows = append(t.Rows, []string{e.At, strings.Join(append(lines, string(e.ID)), "\n"), e.Actor, e.Position})
	}
	out := []sheet.Block{sheet.Grid(t)}
	if v.More != "" {
		out = append(out, sheet.Text(v.More))
	}
	return out
}

// What is typed to check a recording with programs that are none of ours. The twelve bytes are what X.509 puts before an
// Ed25519 key (RFC 8410).
const (
	typeDigests = "openssl dgst -sha256 FILE\nopenssl dgst -sm3 FILE"
	typeTrust   = "openssl dgst -sha256 trust.json"
	typeVerify  = "zhilu verify --trust trust.json receipt.json"
	typeKey     = "jq -r .signature.public_key receipt.json | base64 -d > key\nopenssl dgst -sha256 key"
	typeSigned  = "jq -j .statement receipt.json > statement\n" +
		"jq -r .signature.value receipt.json | base64 -d > signature\n" +
		`(printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat key) > key.der` + "\n" +
		"openssl pkeyutl -verify -pubin -keyform DER -inkey key.der \\\n  -rawin -in statement -sigfile signature"
)

func sheetSteps(p locale.Printer) []sheet.Step {
	return []sheet.Step{
		{Text: p.T("certificate.pdf.do.digests"), Command: typeDigests},
		{Text: p.T("certificate.pdf.do.trust"), Command: typeTrust},
		{Text: p.T("certificate.pdf.do.verify"), Command: typeVerify},
		{Text: p.T("certificate.pdf.do.key"), Command: typeKey},
		{Text: p.T("certificate.pdf.do.signature"), Command: typeSigned},
		{Text: p.T("certificate.pdf.do.paper")},
	}
}

// join writes the parts that are there one after another.
func join(p locale.Printer, parts ...string) string {
	var there []string
	for _, s := range parts {
		if s != "" {
			there = append(there, s)
		}
	}
	return strings.Join(there, p.T("recording.stop"))
}
