// Package logbook is the custody log as people read it: what was done, by whom, to what, under which article, with the
// proof of each line to take away and check elsewhere.
package logbook

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Deps is what the area needs. ActorName names the person, dock or token of an entry, SubjectName what it is about: ""
// for what has no name, or none that readers of the log may know. Fingerprint is that of the trust file, State says how
// the log stands.
type Deps struct {
	DB          *db.DB
	Gate        *gate.Gate
	ActorName   func(ctx context.Context, a custody.Actor) string
	SubjectName func(ctx context.Context, s custody.Subject) string
	Fingerprint func(ctx context.Context) (string, error)
	State       func(p locale.Printer) ui.LogState
	// Outside says what witnesses signed and when the log was last stamped; nil where nobody can tell.
	Outside func(ctx context.Context, p locale.Printer) ([]ui.Fact, error)
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: "/custody", Action: access.LogView, Handle: a.list},
		{Method: http.MethodGet, Path: "/custody/export", Action: access.LogExport, Handle: a.export},
		{Method: http.MethodGet, Path: "/custody/{id}", Action: access.LogView, Handle: a.entry},
		{Method: http.MethodGet, Path: "/custody/{id}/proof", Action: access.LogView, Handle: a.proof},
	}
}

type area struct{ Deps }

const pageSize = 50

// filter reads the list's conditions from the address.
func filter(p *site.Page) (custody.Filter, error) {
	f := custody.Filter{
		Action: p.Value("action"), Outcome: custody.Outcome(p.Value("outcome")), Article: p.Value("article"), ActorID: p.Value("actor"),
		Subject: custody.Subject{Kind: p.Value("kind"), ID: p.Value("subject")}, Limit: pageSize,
	}
	if (f.Subject.Kind == "") != (f.Subject.ID == "") {
		f.Subject = custody.Subject{}
	}
	var err error
	if f.From, err = p.Day("from"); err != nil {
		return f, err
	}
	if f.To, err = p.Day("to"); err != nil {
		return f, err
	}
	if !f.To.IsZero() {
		f.To = f.To.AddDate(0, 0, 1)
	}
	f.Before, _ = strconv.ParseInt(p.Value("before"), 10, 64) // a wrong key is the first page
	return f, nil
}

func (a area) list(p *site.Page) error {
	f, err := filter(p)
	if err != nil {
		return err
	}
	rows, err := custody.List(p.Context(), a.DB.Reader, f)
	if err != nil {
		return err
	}
	print, err := a.Fingerprint(p.Context())
	if err != nil {
		return err
	}
	head := headView{Fingerprint: print, State: a.State(p.P)}
	if last, err := custody.Latest(p.Context(), a.DB.Reader); err == nil {
		head.Size, head.At = last.Size, p.P.WhenSec(last.At, p.Now)
	}
	if head.Pending, err = custody.Pending(p.Context(), a.DB.Reader); err != nil {
		return err
	}
	if a.Outside != nil {
		if head.Outside, err = a.Outside(p.Context(), p.P); err != nil {
			return err
		}
	}
	return p.Render(p.P.T("log.title"), listPage(p.P, head, a.filters(p), a.table(p, rows, f)))
}

func (a area) filters(p *site.Page) ui.Filters {
	chosen := p.Value("outcome")
	outcomes := []ui.Option{{Text: p.P.T("table.any"), On: chosen == ""}}
	for _, o := range []custody.Outcome{custody.Done, custody.Refused, custody.Intent, custody.Failed, custody.Opened, custody.Closed} {
		outcomes = append(outcomes, ui.Option{Value: string(o), Text: p.P.T("log.outcome." + string(o)), On: chosen == string(o)})
	}
	actions := []ui.Option{{Text: p.P.T("table.any"), On: p.Value("action") == ""}}
	for _, act := range access.Actions() {
		actions = append(actions, ui.Option{Value: string(act), Text: ActionText(p.P, string(act)), On: p.Value("action") == string(act)})
	}
	v := ui.Filters{Action: "/custody", Clear: "/custody", Fields: []ui.Filter{
		{Kind: ui.FilterSelect, Name: "action", Label: p.P.T("log.action"), Options: actions},
		{Kind: ui.FilterSelect, Name: "outcome", Label: p.P.T("log.outcome"), Options: outcomes},
		{Kind: ui.FilterText, Name: "article", Label: p.P.T("log.article"), Value: p.Value("article")},
		{Kind: ui.FilterDate, Name: "from", Label: p.P.T("log.from"), Value: p.Value("from")},
		{Kind: ui.FilterDate, Name: "to", Label: p.P.T("log.to"), Value: p.Value("to")},
	}}
	for _, keep := range []string{"kind", "subject", "actor"} {
		if s := p.Value(keep); s != "" {
			v.Keep = append(v.Keep, ui.Hidden{Name: keep, Value: s})
		}
	}
	if p.May(access.LogExport, access.Subject{Kind: "log"}) {
		v.Export = "/custody/export?" + p.R.URL.RawQuery
	}
	return v
}

func (a area) table(p *site.Page, rows []custody.Record, f custody.Filter) ui.TableView {
	t := ui.TableView{
		Caption: p.P.T("log.title"),
		Columns: []ui.Column{
			{Key: "index", Label: p.P.T("log.index"), Num: true},
			{Key: "at", Label: p.P.T("log.at"), Tight: true},
			{Key: "who", Label: p.P.T("log.who")},
			{Key: "what", Label: p.P.T("log.what"), Lead: true},
			{Key: "subject", Label: p.P.T("log.subject")},
			{Key: "outcome", Label: p.P.T("log.outcome")},
			{Key: "article", Label: p.P.T("log.article")},
			{Key: "proof", Label: p.P.T("log.proof"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "timeline-event", Title: p.P.T("log.empty"), Text: p.P.T("log.empty_do"), Actions: []ui.Action{{Text: p.P.T("table.clear"), Href: "/custody"}}},
	}
	n := names{a.Deps, map[custody.Actor]string{}, map[custody.Subject]string{}}
	for _, r := range rows {
		proof := ui.Action{Text: p.P.T("log.proof"), Href: "/custody/" + string(r.ID) + "/proof", Quiet: true, Download: true, Label: p.P.T("log.proof_of", indexText(p.P, r))}
		if r.Index < 0 {
			proof = ui.Action{Text: p.P.T("log.waiting"), Quiet: true, Href: "/custody/" + string(r.ID)}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "e" + string(r.ID), Cells: []ui.Cell{
			ui.Text(indexText(p.P, r)), ui.Text(p.P.WhenSec(r.At, p.Now)), ui.TwoCell(n.actor(p, r.Actor), roleText(p.P, r.Actor)),
			ui.MainCell(ui.Link{Text: ActionText(p.P, r.Action), Href: "/custody/" + string(r.ID)}, "", false), ui.TwoCell(n.subject(p, r.Subject)),
			outcomeCell(p.P, r.Outcome), articleCell(p.P, r.Article), ui.Button(proof),
		}})
	}
	pager := ui.PagerView{Total: int64(len(rows)), AtLeast: f.Before > 0 || len(rows) == pageSize}
	if len(rows) == pageSize {
		pager.Next = with(p, "before", strconv.FormatInt(rows[len(rows)-1].Seq, 10))
	}
	if f.Before > 0 {
		pager.First = with(p, "before", "")
	}
	t.Pager = &pager
	return t
}

// with is this address with one condition set or, when empty, left out.
func with(p *site.Page, name, value string) string {
	q := url.Values{}
	for k, v := range p.R.URL.Query() {
		q[k] = v
	}
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return p.R.URL.Path + "?" + q.Encode()
}

// ActionText is an action in words, or its code where there are none.
func ActionText(p locale.Printer, action string) string {
	if k := "action." + action; p.Has(k) {
		return p.T(k)
	}
	return action
}

// names asks once for what each actor and subject of a page is called.
type names struct {
	d        Deps
	actors   map[custody.Actor]string
	subjects map[custody.Subject]string
}

// actor says who: a name, or in a word that it was nobody with one.
func (n names) actor(p *site.Page, a custody.Actor) string {
	switch a.Kind {
	case custody.Person, custody.Dock, custody.Token:
		if _, ok := n.actors[a]; !ok {
			n.actors[a] = n.d.ActorName(p.Context(), a)
		}
		return n.actors[a]
	case custody.System, custody.Host, custody.Anyone:
	}
	return p.P.T("actor." + string(a.Kind))
}

// subject says what kind of thing an entry is about, and which: by its name, else by the ends of its id.
func (n names) subject(p *site.Page, s custody.Subject) (which, kind string) {
	kind = s.Kind
	if k := "subject." + s.Kind; p.P.Has(k) {
		kind = p.P.T(k)
	}
	if _, ok := n.subjects[s]; !ok {
		n.subjects[s] = n.d.SubjectName(p.Context(), s)
	}
	switch which = n.subjects[s]; {
	case which != "":
		return which, kind
	case len(s.ID) == 36:
		return kind, s.ID[:8] + "…" + s.ID[32:]
	}
	return kind, ""
}

// roleText is as what somebody acted, where their name does not say it.
func roleText(p locale.Printer, a custody.Actor) string {
	if k := "role." + a.Role; p.Has(k) {
		return p.T(k)
	}
	switch a.Kind {
	case custody.Dock, custody.Token:
		return p.T("actor." + string(a.Kind))
	case custody.System:
		if k := "job." + a.ID; p.Has(k) {
			return p.T(k)
		}
	case custody.Person, custody.Host, custody.Anyone:
	}
	return ""
}

func indexText(p locale.Printer, r custody.Record) string {
	if r.Index < 0 {
		return p.T("log.waiting")
	}
	return p.Num(r.Index + 1) // people count from one, as at the foot of every page
}

func outcomeCell(p locale.Printer, o custody.Outcome) templ.Component {
	text := p.T("log.outcome." + string(o))
	switch o {
	case custody.Refused:
		return ui.St(text, "circle-x", ui.Late)
	case custody.Failed:
		return ui.St(text, "alert-triangle", ui.Late)
	case custody.Intent, custody.Opened:
		return ui.St(text, "circle-dashed", ui.None)
	case custody.Closed, custody.Done:
	}
	return ui.St(text, "circle-check", ui.None)
}

// exportMax bounds an export of the log.
const exportMax = 100_000

func (a area) export(p *site.Page) error {
	f, err := filter(p)
	if err != nil {
		return err
	}
	err = a.Gate.Do(p.Context(), p.Actor, access.LogExport, access.Subject{Kind: "log", ID: "export"}, func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("filter", p.R.URL.RawQuery)})
		return err
	})
	if err != nil {
		return err
	}
	f.Limit, f.Before = 500, 0
	p.Attach("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", p.P.T("log.title")+".xlsx")
	t := ledger.Table{Title: p.P.T("log.title"), Rows: a.rows(p, f)}
	for _, k := range []string{"log.index", "log.at", "log.what", "log.subject", "log.who", "log.role", "log.article", "log.requirement", "log.outcome", "log.entry_id"} {
		t.Columns = append(t.Columns, ledger.Heading{Title: p.P.T(k), Width: 20})
	}
	return ledger.Write(p.W, t)
}

func (a area) rows(p *site.Page, f custody.Filter) func(func([]any, error) bool) {
	n := names{a.Deps, map[custody.Actor]string{}, map[custody.Subject]string{}}
	return func(yield func([]any, error) bool) {
		for count := 0; count < exportMax; {
			page, err := custody.List(p.Context(), a.DB.Reader, f)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range page {
				f.Before = r.Seq
				count++
				row := []any{
					r.Index + 1, r.At.In(clock.Shanghai).Format(time.DateTime), ActionText(p.P, r.Action), r.Subject.Kind + " " + r.Subject.ID,
					n.actor(p, r.Actor), roleText(p.P, r.Actor), r.Article, r.Requirement, p.P.T("log.outcome." + string(r.Outcome)), string(r.ID),
				}
				if !yield(row, nil) {
					return
				}
			}
			if int64(len(page)) < f.Limit {
				return
			}
		}
	}
}

func (a area) record(p *site.Page) (*custody.Record, error) {
	id, err := ident.Parse[ident.EntryID](p.R.PathValue("id"))
	if err != nil {
		return nil, fault.New(fault.NotFound, "custody.entry_unknown")
	}
	return custody.Get(p.Context(), a.DB.Reader, id)
}
