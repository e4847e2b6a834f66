package persons

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
)

// export sends the register as a ledger, without names.
func (a area) export(p *site.Page) error {
	pr := p.P
	rows, err := a.Register.Export(p.Context(), p.Actor, filterOf(p))
	if err != nil {
		return err
	}
	columns := listing.Headings(pr, "persons.ledger.", []listing.Column{
		{"no", 8}, {"kind", 12}, {"state", 12}, {"received", 20}, {"due", 20}, {"answered_at", 20}, {"late", 8}, {"department", 20},
	}...)
	table := ledger.Table{Title: pr.T("persons.title"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for m, err := range rows {
			late := ""
			if m.Overdue(p.Now) || m.EndedAt.After(m.Due) {
				late = pr.T("persons.overdue")
			}
			row := []any{m.No, kind(pr, m.Kind), pr.T("persons.state." + string(m.State)), m.ReceivedAt, m.Due, m.EndedAt, late, a.DepartmentName(p.Context(), m.Department)}
			if m.State == "" { // an error's row
				row = nil
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, pr.T("persons.file", p.Now.In(clock.Shanghai).Format(time.DateOnly)), table)
}

// paper sends the answer as it is handed to who asked.
func (a area) paper(p *site.Page) error {
	seen, err := a.matter(p)
	if err != nil {
		return err
	}
	m, err := a.Register.Paper(p.Context(), p.Actor, seen.ID)
	if err != nil {
		return err
	}
	pdf, err := a.Set(p.Context(), m)
	if err != nil {
		return err
	}
	return p.PDF(p.P.T("persons.paper_file", m.No), pdf)
}

// filterOf reads the conditions of the list; what is none is none.
func filterOf(p *site.Page) persons.Filter {
	f := persons.Filter{Kind: persons.Kind(p.Value("kind")), State: persons.State(p.Value("state")), ByDue: p.Value("order") == "due"}
	return f.Clean()
}
