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
	return o.official(ctx, p.T("persons.paper_title"), p.T("persons.paper_number", strconv.FormatInt(m.No, 10)), m.EndedAt, []sheet.Section{
		{Blocks: []sheet.Block{sheet.Facts(facts...)}},
		{Heading: p.T("persons.words"), Blocks: paragraphs(m.Words)},
		{Heading: p.T("persons.paper_" + string(m.State)), Blocks: paragraphs(m.Answer)},
	}, p.T("persons.paper_sign"), p.T("handed.sign_date"))
}
