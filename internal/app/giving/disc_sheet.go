package giving

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/sheet"
)

// discSheets sets a disc's papers in the official language.
type discSheets struct {
	press  *sheet.Press
	p      locale.Printer
	bureau string
}

// Ready reports whether anything can be set.
func (s discSheets) Ready() error { return s.press.Ready() }

// Note sets the written note (文字说明).
func (s discSheets) Note(ctx context.Context, d disc.Disc, n disc.Note) ([]byte, error) {
	p := s.p
	var facts []sheet.Fact
	for _, f := range disc.NoteFields() {
		if v := *n.Field(f.Name); v != "" && !f.Long {
			facts = append(facts, sheet.Fact{Label: p.T("disc.note." + f.Name), Text: v})
		}
	}
	facts = append(facts, sheet.Fact{Label: p.T("disc.note.extractor"), Text: n.Extractor}, sheet.Fact{Label: p.T("disc.note.extracted_at"), Text: n.ExtractedAt})
	blocks := []sheet.Block{sheet.Facts(facts...)}
	for _, f := range disc.NoteFields() {
		if v := *n.Field(f.Name); v != "" && f.Long {
			blocks = append(blocks, sheet.Name(p.T("disc.note."+f.Name)))
			blocks = append(blocks, paragraphs(v)...)
		}
	}
	pdf, err := s.press.Set(ctx, sheet.Paper{
		Lang: "zh", Bureau: s.bureau, Title: p.T("disc.note.title"), Number: d.Number, NumberLine: s.line(d), Foot: d.Number,
		MissingLine: p.T("print.missing"), At: d.BegunAt, Sections: []sheet.Section{{Blocks: blocks}},
		Sign: []string{p.T("disc.note.sign_maker"), p.T("disc.note.sign_extractor"), p.T("disc.note.sign_date")},
	})
	return pdf.Bytes, err
}

func (s discSheets) line(d disc.Disc) string {
	if d.CaseNo == "" {
		return d.Number
	}
	return s.p.T("disc.label.line", d.Number, d.CaseNo)
}

// Label sets the label with what paper holds against the disc: the head of the log and the fingerprint of its keys.
func (s discSheets) Label(ctx context.Context, d disc.Disc, copies []disc.Copy, fingerprint string) ([]byte, error) {
	p := s.p
	what := []sheet.Fact{
		{Label: p.T("disc.number"), Text: d.Number},
		{Label: p.T("disc.case"), Text: strings.TrimSpace(d.CaseNo + "　" + d.CaseTitle)},
		{Label: p.T("disc.holds"), Text: p.T("disc.holds_text", d.Recordings, d.Files, p.Size(d.Bytes))},
		{Label: p.T("disc.made_by"), Text: d.ByName},
		{Label: p.T("disc.made_at"), Text: p.Full(d.MadeAt)},
		{Label: p.T("disc.request"), Text: strconv.FormatInt(d.RequestNo, 10)},
	}
	proof := []sheet.Fact{
		{Label: p.T("disc.log_size"), Text: strconv.FormatInt(d.LogSize, 10), Mono: true},
		{Label: p.T("disc.log_root"), Text: d.LogRoot, Mono: true},
		{Label: p.T("disc.fingerprint"), Text: fingerprint, Mono: true, Digest: true},
		{Label: p.T("disc.manifest"), Text: d.ManifestSHA256, Mono: true, Digest: true},
	}
	if d.ImageSHA256 != "" {
		proof = append(proof, sheet.Fact{Label: p.T("disc.image"), Text: d.ImageSHA256, Mono: true, Digest: true})
	}
	t := sheet.Table{Widths: []float64{22, 30, 30, 0, 36}, Head: []string{p.T("disc.copy"), p.T("disc.medium"), p.T("disc.custodian"), p.T("disc.place"), p.T("disc.shelved_at")}}
	for _, c := range copies {
		t.Rows = append(t.Rows, []string{CopyName(p, c.N), c.Medium, c.Custodian, c.Place, p.Date(c.At)})
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{{CopyName(p, 1), "", "", "", ""}, {CopyName(p, 2), "", "", "", ""}}
	}
	pdf, err := s.press.Set(ctx, sheet.Paper{
		Lang: "zh", Bureau: s.bureau, Title: p.T("disc.label.title"), Number: d.Number, NumberLine: s.line(d), Foot: d.Number, MissingLine: p.T("print.missing"), At: d.MadeAt,
		Sections: []sheet.Section{
			{Blocks: []sheet.Block{sheet.Facts(what...)}},
			{Heading: p.T("disc.label.copies"), Blocks: []sheet.Block{sheet.Grid(t)}},
			{Heading: p.T("disc.label.proof"), Blocks: []sheet.Block{sheet.Facts(proof...), sheet.Note(p.T("disc.label.compare"))}},
		},
		Sign: []string{p.T("disc.label.sign")},
	})
	if err != nil {
		return nil, fmt.Errorf("giving: label: %w", err)
	}
	return pdf.Bytes, nil
}

// CopyName is what the nth copy of a disc is called: the first is the original (正本).
func CopyName(p locale.Printer, n int) string {
	if n == 1 {
		return p.T("disc.original")
	}
	return p.T("disc.duplicate", n-1)
}
