package giving

import (
	"context"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/sheet"
)

// personAnswer sets the answer to a matter in the official language, to be handed to who asked.
func (o *Office) personAnswer(ctx context.Context, m *persons.Matter) ([]byte, error) {
	p := o.d.Words.For(locale.Chinese)
	facts := []sheet.Fact{{Label: p.T("persons.kind"), Text: p.T("persons.kind." + string(m.Kind))}}
	if m.Name != "" {
		facts = append(facts, sheet.Fact{Label: p.T("persons.name"), Text: m.Name})
	}
	if m.Case != "" {
		c, err := o.d.Viewing.CaseOf(ctx, m.Case)
		if err != nil {
			return nil, err
		}
		facts = append(facts, sheet.Fact{Label: p.T("persons.case_no"), Text: c.No})
	}
	facts = append(facts, sheet.Fact{Label: p.T("persons.received"), Text: p.Full(m.ReceivedAt)}, sheet.Fact{Label: p.T("persons.ledger.answered_at"), Text: p.Full(m.EndedAt)},
		sheet.Fact{Label: p.T("persons.answered_by"), Text: strings.TrimSpace(m.EndedName + "　" + o.d.DepartmentName(ctx, m.Department))})
	blocks := func(text string) (out []sheet.Block) {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, sheet.Text(line))
			}
		}
		return out
	}
	number := p.T("persons.paper_number", strconv.FormatInt(m.No, 10))
	pdf, err := o.d.Press.Set(ctx, sheet.Paper{
		Lang: "zh", Bureau: o.d.Bureau, Title: p.T("persons.paper_title"), Number: number, NumberLine: number, Foot: number, MissingLine: p.T("print.missing"), At: m.EndedAt,
		Sections: []sheet.Section{
			{Blocks: []sheet.Block{sheet.Facts(facts...)}},
			{Heading: p.T("persons.words"), Blocks: blocks(m.Words)},
			{Heading: p.T("persons.paper_" + string(m.State)), Blocks: blocks(m.Answer)},
		},
		Sign: []string{p.T("persons.paper_sign"), p.T("handed.sign_date")},
	})
	return pdf.Bytes, err
}
