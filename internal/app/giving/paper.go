package giving

import (
	"context"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/sheet"
)

// official sets a paper that is handed to somebody outside, in the official language.
func (o *Office) official(ctx context.Context, title, number string, at time.Time, sections []sheet.Section, sign ...string) ([]byte, error) {
	pdf, err := o.d.Press.Set(ctx, sheet.Paper{
		Lang: "zh", Bureau: o.d.Bureau, Title: title, Number: number, NumberLine: number, Foot: number, MissingLine: o.d.Words.For(locale.Chinese).T("print.missing"), At: at,
		Sections: sections, Sign: sign,
	})
	return pdf.Bytes, err
}

// entryFacts name an entry, and its place in the log where it has one; e is nil where it could not be read.
func entryFacts(p locale.Printer, id ident.EntryID, e *custody.Record) sheet.Block {
	facts := []sheet.Fact{{Label: p.T("handed.entry"), Text: string(id), Mono: true}}
	if e != nil && e.Index >= 0 {
		facts = append(facts, sheet.Fact{Label: p.T("viewing.ledger.place"), Text: strconv.FormatInt(e.Index, 10), Mono: true})
	}
	return sheet.Facts(facts...)
}

// paragraphs are the lines of what somebody wrote.
func paragraphs(text string) (out []sheet.Block) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, sheet.Text(line))
		}
	}
	return out
}
