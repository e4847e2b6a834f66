package workbench

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// The rows of a group on the front page, and of a page of one group.
const (
	perGroup = 5
	perPage  = 50
)

// owed are the filters that together give what the reader owes: what names them, and what names nobody and is owed by
// whoever holds its role in the department.
func owed(actor access.Actor) []duty.Filter {
	out := []duty.Filter{{Person: actor.Person, Except: gathered()}}
	var kinds []duty.Kind
	for _, r := range duty.Rules() {
		if r.Owes != access.Officer && actor.Has(r.Owes) && !slices.Contains(gathered(), r.Kind) {
			kinds = append(kinds, r.Kind)
		}
	}
	if len(kinds) > 0 {
		out = append(out, duty.Filter{Kinds: kinds, Unnamed: true})
	}
	return out
}

// gathered are the kinds of which a day's work leaves many: they stand in the list as one row that leads to their page.
func gathered() []duty.Kind { return []duty.Kind{duty.LinkRecording} }

// unlinked gives what the reader owes of recordings that belong to no case, as one row: the first that is due, and how
// many there are.
func (a area) unlinked(ctx context.Context, actor access.Actor) (first duty.Duty, n int, err error) {
	filters := []duty.Filter{{Person: actor.Person, Kinds: gathered()}}
	if actor.Has(access.Custodian) {
		filters = append(filters, duty.Filter{Unnamed: true, Kinds: gathered()})
	}
	for _, f := range filters {
		f.Limit = 1
		got, err := a.d.Duties.List(ctx, actor, f)
		if err != nil {
			return first, 0, err
		}
		if len(got.Duties) == 0 {
			continue
		}
		more := 1
		if got.Next != "" {
			if more, err = a.d.Duties.Count(ctx, actor, f); err != nil {
				return first, 0, err
			}
		}
		if d := got.Duties[0]; n == 0 || d.Due.Before(first.Due) {
			first = d
		}
		n += more
	}
	if n > 1 {
		first.Subject = custody.Subject{Kind: "unlinked", ID: string(actor.Person)}
		if first.Args, err = json.Marshal(map[string]int{"n": n}); err != nil {
			return first, 0, fmt.Errorf("workbench: %w", err)
		}
	}
	return first, n, nil
}

// titleOf is a duty in words.
func titleOf(p locale.Printer, d duty.Duty) string {
	if d.Subject.Kind == "unlinked" {
		var a struct{ N int }
		if json.Unmarshal(d.Args, &a) == nil {
			return p.T("workbench.unlinked", a.N)
		}
	}
	return p.T(d.Kind.TitleKey(), d.TitleArgs()...)
}

// group is a stretch of the reader's duties.
type group struct {
	bucket duty.Bucket
	count  int
	rows   []duty.Duty
}

// mine gives the reader's duties by when.
func (a area) mine(ctx context.Context, actor access.Actor, now time.Time, limit int) ([]group, error) {
	out := make([]group, 0, 4)
	for _, b := range duty.Buckets() {
		from, before := b.Bounds(now)
		g, err := a.between(ctx, actor, from, before, limit)
		if err != nil {
			return nil, err
		}
		g.bucket = b
		out = append(out, g)
	}
	return out, nil
}

// between gives the reader's first duties due at or after from and before before, each once, and how many there are.
func (a area) between(ctx context.Context, actor access.Actor, from, before time.Time, limit int) (group, error) {
	var g group
	twice := 0
	for _, f := range owed(actor) {
		f.DueFrom, f.DueBefore, f.Limit = from, before, limit
		got, err := a.d.Duties.List(ctx, actor, f)
		if err != nil {
			return g, err
		}
		n := len(got.Duties)
		if got.Next != "" {
			if n, err = a.count(ctx, actor, f); err != nil {
				return g, err
			}
		}
		g.count += n
		for _, d := range got.Duties {
			if slices.ContainsFunc(g.rows, func(e duty.Duty) bool { return e.ID == d.ID }) {
				twice++
				continue
			}
			g.rows = append(g.rows, d)
		}
	}
	first, n, err := a.unlinked(ctx, actor)
	if err != nil {
		return g, err
	}
	if n > 0 && !first.Due.Before(from) && (before.IsZero() || first.Due.Before(before)) {
		g.rows, g.count = append(g.rows, first), g.count+1
	}
	slices.SortStableFunc(g.rows, func(x, y duty.Duty) int {
		return cmp.Or(x.Due.Compare(y.Due), cmp.Compare(x.ID, y.ID))
	})
	g.count = max(g.count-twice, len(g.rows))
	g.rows = g.rows[:min(len(g.rows), limit)]
	return g, nil
}

// count counts what a filter gives, up to a limit, by walking its pages.
func (a area) count(ctx context.Context, actor access.Actor, f duty.Filter) (int, error) {
	n := 0
	f.Limit = 200
	for n < duty.CountLimit {
		got, err := a.d.Duties.List(ctx, actor, f)
		if err != nil {
			return 0, err
		}
		n += len(got.Duties)
		if f.After = got.Next; f.After == "" {
			break
		}
	}
	return n, nil
}

// duties makes the one thing and the list from the reader's groups.
func (a area) duties(p *site.Page, groups []group) (*ui.Next, ui.DutyList) {
	l := ui.DutyList{ID: "duties", Title: p.P.T("workbench.duties"), Note: p.P.T("workbench.by_due"), Empty: empty(p)}
	var next *ui.Next
	for _, g := range groups {
		l.Count += g.count
		rows, left := g.rows, g.count
		if next == nil && len(rows) > 0 {
			n := nextOf(p, rows[0])
			next, rows, left = &n, rows[1:], left-1
		}
		out := ui.DutyGroup{Label: p.P.T("workbench.bucket." + string(g.bucket)), Count: p.P.T("workbench.items", left)}
		for _, d := range rows {
			out.Rows = append(out.Rows, rowOf(p, d))
		}
		l.Groups = append(l.Groups, out)
		if left > len(rows) && l.More.Href == "" {
			l.More = ui.Link{Text: p.P.T("workbench.all_of", out.Label), Href: "/?bucket=" + string(g.bucket)}
		}
	}
	return next, l
}

func nextOf(p *site.Page, d duty.Duty) ui.Next {
	r := rowOf(p, d)
	n := ui.Next{Cite: r.Cite, Title: r.Title.Text, Clock: r.Clock, Action: r.Action, Text: p.P.T("duty.why." + string(d.Kind)), Eyebrow: p.P.T("workbench.next")}
	if n.Clock.Tone == ui.Late {
		n.Eyebrow = p.P.T("workbench.next_late")
	}
	n.Action.Primary, n.Action.Large = true, true
	return n
}

// rowOf makes the row of a duty: its action leads to what it is about.
func rowOf(p *site.Page, d duty.Duty) ui.Duty {
	rule, _ := d.Kind.Rule()
	title := titleOf(p.P, d)
	r := ui.Duty{
		ID: "duty-" + string(d.ID), Clock: ui.DueClock(p.P, d.Since, d.Due, p.Now), Title: ui.Link{Text: title, Href: where(d)},
		Facts: []string{p.P.T(d.Kind.NameKey()), p.P.T("workbench.since", p.P.When(d.Since, p.Now))}, Cite: ui.Cite{Article: rule.Article},
	}
	if r.Title.Href != "" {
		act := p.P.T("duty.action." + string(d.Kind))
		if d.Kind == duty.ExplainLate && !p.May(access.RecordingReturnNote, access.Subject{Kind: "recording", ID: d.Subject.ID, Department: d.Department, Officer: d.Person}) {
			act = p.P.T("duty.action.see") // who may not write the note tells the custodian, and sees what it is about
		}
		r.Action = ui.Action{Text: act, Href: r.Title.Href, Label: p.P.T("workbench.label", act, title)}
	}
	return r
}

// where leads to the page of what a duty is about. A file of a card has the card's page, a gap in a camera's numbers
// the camera's.
func where(d duty.Duty) string {
	switch d.Subject.Kind {
	case "recording":
		if d.Kind == duty.LinkRecording {
			id, _, _ := strings.Cut(d.Subject.ID, "/")
			return "/recordings/" + id + "/link"
		}
		if d.Kind == duty.SecretReport {
			return "/recordings/" + d.Subject.ID + "/marks"
		}
		return "/recordings/" + d.Subject.ID
	case "card":
		return "/cards/" + d.Subject.ID
	case "card_file":
		card, _, _ := strings.Cut(d.Subject.ID, ":")
		return "/cards/" + card
	case "device":
		return "/devices/" + d.Subject.ID
	case "viewing":
		return "/viewings/" + d.Subject.ID
	case "person_matter":
		return "/persons/" + d.Subject.ID
	case "masked_copy", "disc", "activity":
		id, _, _ := strings.Cut(d.Subject.ID, "/") // the second of two consents, the next reading, a gap, are duties of their own
		return map[string]string{"masked_copy": "/masked/", "disc": "/discs/", "activity": "/activities/"}[d.Subject.Kind] + id
	case "case_call":
		return "/case-calls/" + d.Subject.ID
	case "disclosure":
		return "/disclosures/" + d.Subject.ID
	case "unlinked":
		return "/unlinked"
	case "case":
		return caseHref(d)
	case "paper":
		return "/papers/" + d.Subject.ID
	case "look":
		return "/register?view=open"
	case "gap":
		if d.Device != "" {
			return "/devices/" + string(d.Device)
		}
	}
	return ""
}

// onPaper are the kinds of duty that wait at a paper rather than at its case.
var onPaper = []duty.Kind{duty.AgreePaper, duty.SignPaper, duty.DecidePaper, duty.DecidePaperLegal, duty.DecidePaperLeader}

// caseHref leads to a part of a case: the paper that waits, or the case where it is owed.
func caseHref(d duty.Duty) string {
	id, part, _ := strings.Cut(d.Subject.ID, "/")
	if slices.Contains(onPaper, d.Kind) {
		paper, _, _ := strings.Cut(part, "/")
		return "/papers/" + paper
	}
	return "/cases/" + id
}

// bucket shows one group whole, page by page. A page begins at a due time; what has the same one stands on both pages
// rather than on neither.
func (a area) bucket(p *site.Page, b duty.Bucket) error {
	if !slices.Contains(duty.Buckets(), b) {
		return fault.New(fault.NotFound, "page.unknown")
	}
	from, before := b.Bounds(p.Now)
	beginning := true
	if us, err := strconv.ParseInt(p.Value("from"), 10, 64); err == nil && clock.FromMicros(us).After(from) {
		from, beginning = clock.FromMicros(us), false
	}
	g, err := a.between(p.Context(), p.Actor, from, before, perPage)
	if err != nil {
		return err
	}
	v := bucketView{
		Title: p.P.T("workbench.bucket." + string(b)),
		List:  ui.DutyList{Title: p.P.T("workbench.duties"), Count: len(g.rows), Note: p.P.T("workbench.by_due"), Empty: empty(p)},
		Pager: ui.PagerView{Total: int64(g.count)},
	}
	rows := ui.DutyGroup{}
	for _, d := range g.rows {
		rows.Rows = append(rows.Rows, rowOf(p, d))
	}
	v.List.Groups = []ui.DutyGroup{rows}
	if !beginning {
		v.Pager.First = "/?bucket=" + string(b)
	}
	if n := len(g.rows); g.count > n {
		next := g.rows[n-1].Due
		if next.Equal(g.rows[0].Due) {
			next = next.Add(time.Microsecond) // a page full of one due time must not lead to itself
		}
		v.Pager.Next = "/?bucket=" + string(b) + "&from=" + strconv.FormatInt(clock.Micros(next), 10)
	}
	return p.Render(v.Title, bucketPage(p.P, v))
}

func empty(p *site.Page) ui.EmptyView {
	e := ui.EmptyView{Icon: "circle-check", Title: p.P.T("workbench.none")}
	switch {
	case p.Actor.Has(access.Custodian):
		e.Text = p.P.T("workbench.none_custodian")
	case p.Actor.Has(access.Officer):
		e.Text = p.P.T("workbench.none_officer")
	default:
		e.Text = p.P.T("workbench.none_other")
	}
	return e
}
