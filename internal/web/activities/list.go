package activities

import (
	"slices"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type listView struct {
	Head    ui.HeadView
	Filters ui.Filters
	Table   ui.TableView
}

// demands are those a list can be narrowed to.
var demands = []activity.Demand{activity.Uninterrupted, activity.Mandatory, activity.Encouraged}

// absent is what the presence filter takes for all that is not there past its 24 hours.
const absent = "absent"

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func filterOf(q listing.Query) coverage.Filter {
	var f coverage.Filter
	if v := continuity.Verdict(q.Get("verdict")); slices.Contains(continuity.Verdicts(), v) {
		f.Verdict = v
	}
	if v := activity.Demand(q.Get("demand")); slices.Contains(demands, v) {
		f.Demand = v
	}
	if v := coverage.Presence(q.Get("presence")); slices.Contains(coverage.Presences(), v) {
		f.Presence = v
	}
	f.Absent = q.Get("presence") == absent
	day := func(name string) time.Time {
		t, err := time.ParseInLocation(time.DateOnly, q.Get(name), clock.Shanghai)
		if err != nil {
			return time.Time{}
		}
		return t
	}
	if f.From = day("from"); !day("to").IsZero() {
		f.To = day("to").AddDate(0, 0, 1)
	}
	if id, err := ident.Parse[ident.CaseID](q.Get("case")); err == nil {
		f.Case = id
	}
	return f
}

var filterNames = []string{"verdict", "demand", "presence", "from", "to", "case"}

func (a area) list(p *site.Page) error {
	pr, q := p.P, listing.Read(p, filterNames...)
	before, err := strconv.ParseInt(q.After(), 10, 64)
	if err != nil {
		before = 0 // what is no number begins at the top
	}
	page, err := a.Coverage.List(p.Context(), p.Actor, filterOf(q), before, perPage)
	if err != nil {
		return err
	}
	next := ""
	if page.Next > 0 {
		next = strconv.FormatInt(page.Next, 10)
	}
	choice := func(name, prefix string, values []string) ui.Filter {
		return ui.Filter{Kind: ui.FilterSelect, Name: name, Label: pr.T("activity." + name), Options: listing.Choice(pr, true, q.Get(name), values, func(s string) string { return pr.T(prefix + s) })}
	}
	v := listView{
		Head: ui.HeadView{Title: pr.T("activity.title"), Sub: pr.T("activity.sub")},
		Filters: ui.Filters{Action: Path, Clear: q.Clear(), Keep: q.Keep("case"), Fields: []ui.Filter{
			choice("verdict", "activity.verdict.", texts(continuity.Verdicts())), choice("presence", "activity.presence.", append([]string{absent}, texts(coverage.Presences())...)),
			choice("demand", "activity.demand.", texts(demands)),
			{Kind: ui.FilterDate, Name: "from", Label: pr.T("activity.from"), Value: q.Get("from")},
			{Kind: ui.FilterDate, Name: "to", Label: pr.T("activity.to"), Value: q.Get("to")},
		}},
		Table: ui.TableView{
			Caption: pr.T("activity.title"), Pager: q.Pager(len(page.Rows), next),
			Columns: []ui.Column{
				{Label: pr.T("activity.no"), Num: true}, {Label: pr.T("activity.what"), Lead: true}, {Label: pr.T("activity.window"), Tight: true}, {Label: pr.T("activity.presence"), Tight: true}, {Label: pr.T("activity.verdict"), Tight: true},
			},
			Empty: ui.EmptyView{Icon: "map-pin", Title: pr.T("activity.none"), Text: pr.T("activity.none_text")},
		},
	}
	if p.May(access.ActivityExport, access.Subject{Kind: "ledger"}) {
		v.Filters.Export = q.At(Path + "/export")
	}
	if p.May(access.ActivityOpen, access.Subject{Kind: "activity", Department: p.Actor.Department}) {
		v.Head.Actions = []ui.Action{{Text: pr.T("activity.new"), Href: Path + "/new", Icon: "plus", Primary: true}}
		v.Table.Empty.Actions = []ui.Action{{Text: pr.T("activity.new"), Href: Path + "/new", Primary: true}}
	}
	for i := range page.Rows {
		v.Table.Rows = append(v.Table.Rows, rowOf(p, &page.Rows[i]))
	}
	if len(page.Rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(v.Head.Title, listPage(pr, v))
}

func subject(a *activity.Activity) string {
	if a.CaseNo != "" {
		return record.Harmless(a.CaseNo)
	}
	return record.Harmless(a.Task)
}

func rowOf(p *site.Page, r *coverage.Row) ui.Row {
	pr := p.P
	window, presence, verdict := ui.TwoCell(times(pr, r.State, p.Now), pr.T("activity.demand."+string(r.Demand))), ui.NoneCell(pr), ui.NoneCell(pr)
	if r.Known {
		words, icon, tone := presenceOf(pr, r.Kept.Presence)
		presence = ui.St(words, icon, tone)
		if r.Kept.Presence == coverage.There {
			words, icon, tone = verdictOf(pr, r.Kept.Verdict)
			verdict = ui.St(words, icon, tone)
		}
	}
	return ui.Row{ID: "activity-" + string(r.ID), Cells: []ui.Cell{
		ui.Text(pr.Num(r.No)), ui.MainCell(ui.Link{Text: record.Harmless(r.State.Place), Href: PathOf(r.ID)}, subject(&r.Activity), false), window, presence, verdict,
	}}
}

func times(p locale.Printer, s activity.State, now time.Time) string {
	switch {
	case !s.Arrived.Known():
		return p.T("activity.not_arrived")
	case s.Open():
		return p.T("activity.since", p.When(s.Arrived.At, now))
	}
	return p.Span(s.Arrived.At, s.Departed.At, now)
}

func (a area) export(p *site.Page) error {
	pr := p.P
	rows, err := a.Coverage.Export(p.Context(), p.Actor, filterOf(listing.Read(p, filterNames...)))
	if err != nil {
		return err
	}
	columns := listing.Headings(pr, "activity.", []listing.Column{
		{"no", 8}, {"what", 24}, {"place", 30}, {"department", 16}, {"officers", 24}, {"cameras", 24}, {"demand", 12}, {"arrived", 20}, {"departed", 20}, {"presence", 14}, {"verdict", 16}, {"gaps", 8},
	}...)
	table := ledger.Table{Title: pr.T("activity.title"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for r, err := range rows {
			var row []any
			if err == nil {
				var presence, verdict string
				if r.Known {
					presence = pr.T("activity.presence." + string(r.Kept.Presence))
					verdict = pr.T("activity.verdict." + string(r.Kept.Verdict))
				}
				what := r.CaseNo
				if what == "" {
					what = r.Task
				}
				row = []any{
					r.No, what, r.State.Place, a.DepartmentName(p.Context(), r.Department), names(pr, r.State.Officers), names(pr, r.State.Cameras), pr.T("activity.demand." + string(r.Demand)),
					r.State.Arrived.At, r.State.Departed.At, presence, verdict, len(r.Kept.Gaps),
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, pr.T("activity.file", p.Now.In(clock.Shanghai).Format(time.DateOnly)), table)
}

func names(p locale.Printer, list []activity.Member) string {
	var out []string
	for _, m := range list {
		out = append(out, record.Harmless(m.Name))
	}
	return listing.Join(p, out)
}
