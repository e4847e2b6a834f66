package docket

import (
	"time"

	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
)

// export sends the same list as a ledger. The service writes the entry before the first row is read; nothing of the
// answer is sent before the workbook is complete, so a failure is still told in words.
func (a area) export(p *site.Page) error {
	r, err := a.rules(p)
	if err != nil {
		return err
	}
	q := read(p, r.acts())
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return err
	}
	rows, err := a.Cases.Export(p.Context(), p.Actor, q.filter)
	if err != nil {
		return err
	}
	pr := p.P
	t := ledger.Table{Title: pr.T("docket.ledger"), Columns: listing.Headings(pr, "docket.ledger.", []listing.Column{
		{"no", 22}, {"title", 40}, {"act", 12}, {"procedure", 10}, {"stage", 12}, {"state", 10}, {"department", 18}, {"handlers", 24}, {"parties", 30}, {"opened", 20}, {"closed", 20}, {"due", 20},
	}...)}
	names := map[ident.PersonID]string{}
	t.Rows = func(yield func([]any, error) bool) {
		for c, err := range rows {
			if err == nil {
				err = a.learn(p, names, c)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(cells(p, r, tree, names, c), nil) {
				return
			}
		}
	}
	return listing.Send(p, pr.T("docket.file", p.Now.In(clock.Shanghai).Format(time.DateOnly)), t)
}

// learn looks up the names of handlers that were not met yet.
func (a area) learn(p *site.Page, names map[ident.PersonID]string, c docket.Row) error {
	var unknown []ident.PersonID
	for _, id := range append([]ident.PersonID{c.Lead}, c.Others...) {
		if _, ok := names[id]; !ok && id != "" {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	got, err := a.People.Names(p.Context(), unknown)
	if err != nil {
		return err
	}
	for _, id := range unknown {
		names[id] = got[id]
	}
	return nil
}

func cells(p *site.Page, r rules, tree org.Tree, names map[ident.PersonID]string, c docket.Row) []any {
	d, _ := tree.Find(c.Department)
	return []any{
		c.No, c.Title, r.act(c.Act), p.P.T("docket.procedure." + string(c.Procedure)), r.stage(c.Stage), p.P.T("docket.state." + string(c.State)), d.Name,
		handlers(p.P, names, c), listing.Join(p.P, parties(c)), c.OpenedAt, c.ClosedAt, c.NextDue,
	}
}
