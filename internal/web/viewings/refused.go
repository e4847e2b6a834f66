package viewings

import (
	"context"
	"iter"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/viewing/refused"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Refusals lists looks that were refused; *refused.Service is one.
type Refusals interface {
	List(ctx context.Context, actor access.Actor, f refused.Filter, after int64, limit int) (refused.Page, error)
	Export(ctx context.Context, actor access.Actor, f refused.Filter) (iter.Seq2[refused.Look, error], error)
}

func readRefused(p *site.Page) listing.Query {
	return listing.Read(p, "from", "to", "department", "recording")
}

func refusedFilter(p *site.Page, q listing.Query) refused.Filter {
	f := filterOf(p, q)
	return refused.Filter{From: f.From, To: f.To, Department: f.Department, Recording: f.Recording}
}

// rule says in words why a look was refused.
func rule(p locale.Printer, id string) string {
	if id == "" {
		return p.T("refused.no_ground")
	}
	return record.Word(p, "policy.rule", id)
}

// refusedList is the list of looks that were refused.
func (a Area) refusedList(p *site.Page) error {
	pr, q := p.P, readRefused(p)
	page, err := a.Refused.List(p.Context(), p.Actor, refusedFilter(p, q), number(q.After()), 50)
	if err != nil {
		return err
	}
	v := registerView{Head: a.registerHead(p, "refused")}
	v.Tabs = a.registerTabs(p, "refused", page.Count)
	if v.Filters, err = a.registerFilters(p, q, refusedPath); err != nil {
		return err
	}
	v.Filters.Keep, v.Filters.Clear = q.Keep("recording"), q.Clear()
	v.Table = ui.TableView{
		Caption: pr.T("refused.list"), Pager: q.Pager(len(page.Rows), text(page.Next)),
		Columns: []ui.Column{
			{Label: pr.T("refused.who"), Lead: true}, {Label: pr.T("viewing.what")}, {Label: pr.T("refused.when"), Tight: true}, {Label: pr.T("refused.why")}, {Label: pr.T("refused.count"), Num: true},
		},
		Empty: ui.EmptyView{Icon: "circle-check", Title: pr.T("refused.none"), Text: pr.T("refused.none_text")},
	}
	for i := range page.Rows {
		l := &page.Rows[i]
		title, err := a.brief(p, l.Recording)
		if err != nil {
			return err
		}
		when := ui.Link{Text: pr.WhenSec(l.At, p.Now)}
		if p.May(access.LogView, access.Subject{Kind: "log"}) {
			when.Href = "/custody/" + string(l.Entry)
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{ID: "refused-" + string(l.Entry), Cells: []ui.Cell{
			ui.TwoCell(a.ActorName(p.Context(), l.Actor), pr.T("action."+string(l.Action))), ui.MainCell(ui.Link{Text: title.Title, Href: record.Path(l.Recording)}, title.Second, false),
			ui.MainCell(when, "", false), ui.Text(rule(pr, l.Rule)), ui.Text(pr.Num(int64(l.Count))),
		}})
	}
	if len(page.Rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(v.Head.Title, registerComponent(pr, v))
}

func (a Area) brief(p *site.Page, id ident.RecordingID) (itemView, error) {
	r, err := a.Recordings.Brief(p.Context(), id)
	return item(p.P, r, p.Now), err
}

func (a Area) exportRefused(p *site.Page) error {
	rows, err := a.Refused.Export(p.Context(), p.Actor, refusedFilter(p, readRefused(p)))
	if err != nil {
		return err
	}
	pr := p.P
	columns := listing.Headings(pr, "refused.ledger.", []listing.Column{
		{"at", 20}, {"who", 24}, {"action", 16}, {"recording", 30}, {"why", 40}, {"count", 8}, {"entry", 38},
	}...)
	table := ledger.Table{Title: pr.T("refused.list"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for l, err := range rows {
			var row []any
			if err == nil {
				var title itemView
				title, err = a.brief(p, l.Recording)
				row = []any{l.At, a.ActorName(p.Context(), l.Actor), pr.T("action." + string(l.Action)), title.Title, rule(pr, l.Rule), l.Count, string(l.Entry)}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, pr.T("refused.file", p.Now.In(shanghai).Format(time.DateOnly)), table)
}
