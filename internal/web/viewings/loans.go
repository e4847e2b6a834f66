package viewings

import (
	"context"
	"iter"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Loans hands out, takes back and lists; *loan.Service is one.
type Loans interface {
	Hand(ctx context.Context, actor access.Actor, request ident.ViewingID, what string, due time.Time) (*loan.Loan, error)
	Take(ctx context.Context, actor access.Actor, id ident.LoanID, c loan.Condition, remark string) error
	List(ctx context.Context, actor access.Actor, f loan.Filter, after int64, limit int) (loan.Page, error)
	Get(ctx context.Context, id ident.LoanID) (*loan.Loan, error)
	Of(ctx context.Context, request ident.ViewingID) ([]loan.Loan, error)
	Export(ctx context.Context, actor access.Actor, f loan.Filter) (iter.Seq2[loan.Loan, error], error)
	May(actor access.Actor, action access.Action, l *loan.Loan) bool
}

// loansView is the part of a request's page about what was lent on it.
type loansView struct {
	Title string
	Rows  []loanView
	None  string
	Hand  *ui.FormView // hands a carrier out; nil where the reader may not
	What  ui.Field
	Due   ui.Field
}

type loanView struct {
	ID          string // of the form, for what leads to it
	What, Facts string
	State, Icon string
	Tone        ui.Tone
	Take        *ui.FormView // takes it back
	Condition   ui.Field
	Remark      ui.Field
}

func loanState(p locale.Printer, l *loan.Loan, now time.Time) (words, icon string, tone ui.Tone) {
	switch {
	case l.Out() && l.Late(now):
		return p.T("loan.state.late"), "alert-circle", ui.Late
	case l.Out():
		left, _ := p.Left(l.Due, now)
		return p.T("loan.state.out", left), "clock", ui.Due
	case l.Condition == loan.Missing:
		return p.T("loan.condition.missing"), "circle-x", ui.Late
	case l.Condition == loan.Damaged:
		return p.T("loan.condition.damaged"), "alert-triangle", ui.Due
	case l.Late(now):
		return p.T("loan.state.back_late"), "circle-check", ui.Due
	}
	return p.T("loan.state.back"), "circle-check", ui.OK
}

// loans makes the part of a request's page about what was lent on it; nil where nothing can be.
func (a Area) loans(p *site.Page, r *viewing.Request, bad refusal.Fault, which string) (*loansView, error) {
	if r.Manner != viewing.MannerBorrow || a.Loans == nil || r.DecidedAt.IsZero() || r.State == viewing.Refused {
		return nil, nil //nolint:nilnil // nothing to show is the ordinary answer
	}
	pr := p.P
	list, err := a.Loans.Of(p.Context(), r.ID)
	if err != nil {
		return nil, err
	}
	v := &loansView{Title: pr.T("loan.title"), None: pr.T("loan.none")}
	for i := range list {
		l := &list[i]
		x := loanView{ID: string(l.ID), What: record.Harmless(l.What), Facts: loanFacts(pr, l, p.Now)}
		x.State, x.Icon, x.Tone = loanState(pr, l, p.Now)
		if l.Out() && a.Loans.May(p.Actor, access.LoanTake, l) {
			x.take(p, l, bad, which)
		}
		v.Rows = append(v.Rows, x)
	}
	to := loan.Loan{Department: r.Department, Borrower: r.Viewer}
	if r.InForce(p.Now) && a.Loans.May(p.Actor, access.LoanHand, &to) {
		v.hand(p, r, bad, which)
	}
	return v, nil
}

func loanFacts(p locale.Printer, l *loan.Loan, now time.Time) string {
	parts := []string{p.T("loan.lent", p.When(l.LentAt, now), l.LentName), p.T("loan.due", p.When(l.Due, now))}
	if !l.Out() {
		parts = append(parts, p.T("loan.taken", p.When(l.ReturnedAt, now), l.ReturnedName, p.T("loan.condition."+string(l.Condition))))
	}
	if l.Remark != "" {
		parts = append(parts, record.Harmless(l.Remark))
	}
	return listing.Join(p, parts)
}

func (v *loansView) hand(p *site.Page, r *viewing.Request, bad refusal.Fault, which string) {
	pr := p.P
	v.What = ui.Field{ID: "hand-what", Name: "what", Label: pr.T("loan.what"), Hint: pr.T("loan.what_hint"), Max: 200}
	v.Due = ui.Field{ID: "hand-due", Name: "due", Label: pr.T("loan.due_label"), Hint: pr.T("loan.due_hint"), Type: "datetime-local", Value: r.Until.In(shanghai).Format("2006-01-02T15:04")}
	v.Hand = &ui.FormView{Action: path(r.ID) + "/loans", Label: pr.T("loan.hand"), Buttons: []ui.Action{{Text: pr.T("loan.hand"), Icon: "arrow-right", Primary: true}}}
	if which == "hand" {
		v.What.Value, v.Due.Value = p.Value("what"), p.Value("due")
		v.What, v.Due = bad.Mark(v.What), bad.Mark(v.Due)
		v.Hand.Errors = bad.Errors(v.What, v.Due)
	}
}

func (x *loanView) take(p *site.Page, l *loan.Loan, bad refusal.Fault, which string) {
	pr := p.P
	x.Condition = ui.Field{ID: "condition-" + x.ID, Name: "condition", Label: pr.T("loan.condition"), Inline: true}
	typed := which == "take-"+x.ID
	for _, c := range loan.Conditions() {
		on := c == loan.Intact
		if typed {
			on = p.Value("condition") == string(c)
		}
		x.Condition.Options = append(x.Condition.Options, ui.Option{Value: string(c), Text: pr.T("loan.condition." + string(c)), On: on})
	}
	x.Remark = ui.Field{ID: "remark-" + x.ID, Name: "remark", Label: pr.T("viewing.remark"), Hint: pr.T("loan.remark_hint"), Optional: true, Max: 200}
	x.Take = &ui.FormView{Action: registerPath + "/loans/" + x.ID + "/take", Label: pr.T("loan.take_no", l.No), Buttons: []ui.Action{{Text: pr.T("loan.take"), Icon: "check", Primary: true}}}
	if typed {
		x.Remark.Value = p.Value("remark")
		x.Condition, x.Remark = bad.Mark(x.Condition), bad.Mark(x.Remark)
		x.Take.Errors = bad.Errors(x.Condition, x.Remark)
	}
}

func (a Area) handOut(p *site.Page) error {
	return a.act(p, "hand", func(r *viewing.Request) error {
		due, err := p.Moment("due")
		if err != nil {
			return err
		}
		if due.Equal(r.Until.Truncate(minute)) { // the field knows no seconds
			due = r.Until
		}
		_, err = a.Loans.Hand(p.Context(), p.Actor, r.ID, p.Value("what"), due)
		return err
	})
}

// takeBack takes a carrier back and leads to the request it was lent on.
func (a Area) takeBack(p *site.Page) error {
	id, err := ident.Parse[ident.LoanID](p.R.PathValue("loan"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "loan.unknown")
	}
	l, err := a.Loans.Get(p.Context(), id)
	if err != nil {
		return err
	}
	p.R.SetPathValue("id", string(l.Request))
	return a.act(p, "take-"+string(id), func(*viewing.Request) error {
		return a.Loans.Take(p.Context(), p.Actor, id, loan.Condition(p.Value("condition")), p.Value("remark"))
	})
}

func readLoans(p *site.Page) listing.Query {
	return listing.Read(p, "view", "from", "to", "department", "request")
}

func loanFilter(p *site.Page, q listing.Query) loan.Filter {
	f := filterOf(p, q)
	return loan.Filter{Request: f.Request, Department: f.Department, From: f.From, To: f.To, Out: q.Get("view") == "out", Late: q.Get("view") == "late"}
}

// loanList is the register of loans.
func (a Area) loanList(p *site.Page) error {
	pr, q := p.P, readLoans(p)
	page, err := a.Loans.List(p.Context(), p.Actor, loanFilter(p, q), number(q.After()), 50)
	if err != nil {
		return err
	}
	v := registerView{Head: a.registerHead(p, "loans")}
	v.Tabs = a.registerTabs(p, "loans", page.Count)
	if v.Filters, err = a.registerFilters(p, q, loansPath); err != nil {
		return err
	}
	states := []ui.Option{}
	for _, x := range []string{"", "out", "late"} {
		states = append(states, ui.Option{Value: x, Text: pr.T("loan.view." + x), On: q.Get("view") == x})
	}
	v.Filters.Fields = append(v.Filters.Fields, ui.Filter{Kind: ui.FilterSelect, Name: "view", Label: pr.T("viewing.state"), Options: states})
	v.Filters.Keep, v.Filters.Clear = q.Keep("request"), q.Clear()
	v.Table = ui.TableView{
		Caption: pr.T("loan.list"), Pager: q.Pager(len(page.Rows), text(page.Next)),
		Columns: []ui.Column{
			{Label: pr.T("loan.no"), Num: true},
			{Label: pr.T("loan.borrower"), Lead: true},
			{Label: pr.T("loan.what")},
			{Label: pr.T("loan.when"), Tight: true},
			{Label: pr.T("loan.due_label"), Tight: true},
			{Label: pr.T("viewing.state")},
		},
		Empty: ui.EmptyView{Icon: "notebook", Title: pr.T("loan.list_none"), Text: pr.T("loan.list_none_text")},
	}
	for i := range page.Rows {
		l := &page.Rows[i]
		words, icon, tone := loanState(pr, l, p.Now)
		v.Table.Rows = append(v.Table.Rows, ui.Row{ID: "loan-" + string(l.ID), Cells: []ui.Cell{
			ui.Text(pr.Num(l.No)), ui.TwoCell(l.BorrowerName, dept(pr, l.BorrowerDept)),
			ui.MainCell(ui.Link{Text: record.Harmless(l.What), Href: path(l.Request)}, pr.T("viewing.request_no", l.RequestNo), false),
			ui.TwoCell(pr.When(l.LentAt, p.Now), l.LentName), ui.Text(pr.When(l.Due, p.Now)), ui.St(words, icon, tone),
		}})
	}
	if len(page.Rows) == 0 {
		v.Table.Pager = nil
	}
	return p.Render(v.Head.Title, registerComponent(pr, v))
}

func (a Area) exportLoans(p *site.Page) error {
	rows, err := a.Loans.Export(p.Context(), p.Actor, loanFilter(p, readLoans(p)))
	if err != nil {
		return err
	}
	pr := p.P
	columns := listing.Headings(pr, "loan.ledger.", []listing.Column{
		{"no", 8}, {"borrower", 18}, {"dept", 18}, {"request", 10}, {"what", 32}, {"lent", 20}, {"lent_by", 14}, {"due", 20}, {"back", 20}, {"back_by", 14}, {"condition", 10}, {"remark", 28}, {"id", 38},
	}...)
	table := ledger.Table{Title: pr.T("loan.list"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for l, err := range rows {
			condition := ""
			if l.Condition != "" {
				condition = pr.T("loan.condition." + string(l.Condition))
			}
			row := []any{l.No, l.BorrowerName, l.BorrowerDept, l.RequestNo, l.What, l.LentAt, l.LentName, l.Due, l.ReturnedAt, l.ReturnedName, condition, l.Remark, string(l.ID)}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, pr.T("loan.file", p.Now.In(shanghai).Format(time.DateOnly)), table)
}

// number reads the key a page begins behind; what is none begins at the beginning.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// text writes the key of the next page, "" for none.
func text(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
