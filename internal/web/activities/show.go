package activities

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type showView struct {
	Head    ui.HeadView
	Alert   *ui.NoteView
	Notes   []ui.NoteView
	Big     []ui.FormView // what is pressed on the scene, one button each
	Bar     barView
	Gaps    ui.TableView
	Facts   []ui.Fact
	Said    []ui.Event
	Telling []tellView
}

// tellView is one form by which something is told.
type tellView struct {
	ID     string
	Title  string
	Note   string
	Open   bool
	Form   ui.FormView
	Radio  []ui.Field
	Inputs []ui.Field
	Areas  []ui.Field
}

func (a area) show(p *site.Page) error { return a.page(p, refusal.Fault{}) }

func (a area) page(p *site.Page, bad refusal.Fault) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	act, st, said, err := a.Activities.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	c, err := a.Coverage.Of(p.Context(), act, st)
	if err != nil {
		return err
	}
	pr := p.P
	words, icon, tone := presenceOf(pr, c.Presence)
	if c.Presence == coverage.There {
		words, icon, tone = verdictOf(pr, c.Verdict.Headline)
	}
	v := showView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("activity.title"), Href: Path}}, Title: pr.T("activity.title_of", act.No), Sub: times(pr, st, p.Now), Marks: ui.BadgeText(words, icon, tone),
		},
		Facts: a.facts(p, act, &st), Bar: barOf(p, &c), Gaps: gapsTable(p, &c), Said: events(p, said),
	}
	for _, o := range st.Oddities {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Due, Icon: "alert-triangle", Text: pr.T("activity.odd." + o.Code)})
	}
	for _, d := range c.Verdict.Doubts {
		v.Notes = append(v.Notes, ui.NoteView{Tone: ui.Moot, Icon: "help-circle", Text: pr.T("activity.doubt." + string(d))})
	}
	if err := a.telling(p, act, &st, c.Pieces, &v, bad); err != nil {
		return err
	}
	if bad.What != "" {
		v.Alert = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: bad.What, Text: bad.Do}
		return p.Refused(v.Head.Title, showPage(pr, v))
	}
	return p.Render(v.Head.Title, showPage(pr, v))
}

func (a area) facts(p *site.Page, act *activity.Activity, st *activity.State) []ui.Fact {
	pr := p.P
	moment := func(m activity.Moment) (string, string) {
		if !m.Known() {
			return "—", ""
		}
		why := m.By
		if !m.First.IsZero() {
			why = pr.T("activity.corrected_from", pr.WhenSec(m.First, p.Now), record.Harmless(m.Why))
		}
		return pr.WhenSec(m.At, p.Now), why
	}
	arrived, by := moment(st.Arrived)
	departed, dby := moment(st.Departed)
	return []ui.Fact{
		ui.FactText(pr.T("activity.what"), subject(act), pr.T("activity.kind."+string(act.Kind))), ui.FactText(pr.T("activity.place"), record.Harmless(st.Place), ""),
		ui.FactText(pr.T("activity.arrived"), arrived, by), ui.FactText(pr.T("activity.departed"), departed, dby),
		ui.FactText(pr.T("activity.officers"), names(pr, st.Officers), a.DepartmentName(p.Context(), act.Department)), ui.FactText(pr.T("activity.cameras"), names(pr, st.Cameras), ""),
		ui.FactText(pr.T("activity.demand"), pr.T("activity.demand."+string(act.Demand)), strings.Join(act.Matters, " ")),
	}
}

// barView is the window as one bar, with each camera's coverage under it.
type barView struct {
	Label string
	From  string
	To    string
	Lanes []lane
	None  string
}

type lane struct {
	Name  string
	Label string
	Parts []part
}

// part is a stretch of a lane, in hundredths of the window.
type part struct {
	From, Size float64
	Class      string
}

func barOf(p *site.Page, c *coverage.View) barView {
	pr := p.P
	from, to := c.State.Arrived.At, c.State.Departed.At
	if to.IsZero() {
		to = p.Now
	}
	if from.IsZero() || !to.After(from) {
		return barView{None: pr.T("activity.no_window")}
	}
	whole := to.Sub(from)
	v := barView{Label: pr.T("activity.window"), From: pr.ClockSec(from), To: pr.ClockSec(to)}
	at := func(s, e time.Time, class string) (part, bool) {
		a, b := max(0, s.Sub(from)), min(whole, e.Sub(from))
		return part{From: 100 * a.Seconds() / whole.Seconds(), Size: 100 * (b - a).Seconds() / whole.Seconds(), Class: class}, b > a
	}
	gaps := lane{Name: pr.T("activity.window"), Label: pr.T("activity.gaps_n", len(c.Verdict.Gaps)), Parts: []part{{Size: 100, Class: "zl-scaleuse is-ok"}}}
	if len(c.Pieces) == 0 {
		gaps.Parts = nil
	}
	for _, g := range c.Verdict.Gaps {
		if x, ok := at(g.Start, g.End, "zl-linehole"); ok {
			gaps.Parts = append(gaps.Parts, x)
		}
	}
	v.Lanes = append(v.Lanes, gaps)
	for _, m := range c.State.Cameras {
		l := lane{Name: record.Harmless(m.Name)}
		n := 0
		for i := range c.Pieces {
			f := &c.Pieces[i]
			if f.Device != m.Device || f.Start.IsZero() {
				continue
			}
			mid := (f.Offset.Min + f.Offset.Max) / 2
			class := "zl-scaleuse"
			if f.Unsure || !f.Known {
				class = "zl-scaledoubt"
			}
			if x, ok := at(f.Start.From.Add(mid), f.Start.To.Add(mid+f.Duration), class); ok {
				l.Parts, n = append(l.Parts, x), n+1
			}
		}
		l.Label = pr.T("activity.files_n", n)
		v.Lanes = append(v.Lanes, l)
	}
	if len(c.State.Interruptions) > 0 {
		l := lane{Name: pr.T("activity.stops"), Label: pr.T("activity.stops_n", len(c.State.Interruptions))}
		for _, n := range c.State.Interruptions {
			end := n.End
			if end.IsZero() {
				end = to
			}
			if x, ok := at(n.Start, end, "zl-scaleuse is-due"); ok {
				l.Parts = append(l.Parts, x)
			}
		}
		v.Lanes = append(v.Lanes, l)
	}
	return v
}

func percent(f float64) string { return fmt.Sprintf("%.3f%%", f) }

func gapsTable(p *site.Page, c *coverage.View) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("activity.gaps"),
		Columns: []ui.Column{{Label: pr.T("activity.gap_when"), Lead: true}, {Label: pr.T("activity.gap_length"), Num: true}, {Label: pr.T("activity.gap_sure"), Tight: true}, {Label: pr.T("activity.gap_owes")}},
		Empty:   ui.EmptyView{Icon: "circle-check", Title: pr.T("activity.no_gaps"), Text: pr.T("activity.no_gaps_text")},
	}
	for i, g := range c.Verdict.Gaps {
		sure, icon, tone := pr.T("activity.gap_certain"), "alert-circle", ui.Late
		switch {
		case g.Explained:
			sure, icon, tone = pr.T("activity.gap_explained"), "circle-check", ui.OK
		case !g.Certain:
			sure, icon, tone = pr.T("activity.gap_possible"), "help-circle", ui.Moot
		}
		var owes []string
		for _, o := range g.Owes {
			owes = append(owes, pr.T("activity.owes."+string(o)))
		}
		t.Rows = append(t.Rows, ui.Row{ID: fmt.Sprintf("gap-%d", i), Cells: []ui.Cell{
			ui.Text(pr.Span(g.Start, g.End, p.Now)), ui.Text(seconds(pr, g)), ui.St(sure, icon, tone), ui.Text(listing.Join(pr, owes)),
		}})
	}
	return t
}

// seconds says how long a gap is: the most it can be, and the least where that is less.
func seconds(p locale.Printer, g continuity.Gap) string {
	if g.Least < g.Length {
		return p.T("activity.seconds_between", fmt.Sprintf("%.2f", g.Least.Seconds()), fmt.Sprintf("%.2f", g.Length.Seconds()))
	}
	return p.T("activity.seconds", fmt.Sprintf("%.2f", g.Length.Seconds()))
}

func events(p *site.Page, said []activity.Occurrence) []ui.Event {
	pr := p.P
	list := slices.Clone(said)
	slices.SortStableFunc(list, func(a, b activity.Occurrence) int { return a.At.Compare(b.At) })
	var out []ui.Event
	for i := range list {
		o := &list[i]
		facts := []string{o.ByName}
		for _, s := range []struct{ prefix, value string }{{"activity.cause.", string(o.Said.Cause)}, {"activity.ground.", string(o.Said.Ground)}, {"activity.field.", string(o.Said.Field)}, {"activity.item.", string(o.Said.Item)}} {
			if s.value != "" {
				facts = append(facts, pr.T(s.prefix+s.value))
			}
		}
		for _, s := range []string{o.Said.ToName, o.Said.Name, o.Said.Place, o.Said.Words} {
			if s != "" {
				facts = append(facts, record.Harmless(s))
			}
		}
		if t := o.Said.Time; t != nil {
			facts = append(facts, pr.WhenSec(*t, p.Now))
		}
		if late := o.StoredAt.Sub(o.At); late > 10*time.Minute {
			facts = append(facts, pr.T("activity.told_later", pr.When(o.StoredAt, p.Now)))
		}
		e := ui.Event{Time: pr.ClockSec(o.At), Day: o.At.In(clock.Shanghai).Format("01-02"), Icon: iconOf(o.What), Text: pr.T("activity.what." + string(o.What)), Facts: facts}
		if o.Said.Recording != "" {
			e.Href = record.Path(o.Said.Recording)
		}
		out = append(out, e)
	}
	return out
}

func iconOf(w activity.What) string {
	switch w {
	case activity.Arrived, activity.Departed:
		return "map-pin"
	case activity.Stopped, activity.Restricted, activity.Obstructed:
		return "alert-triangle"
	case activity.Resumed:
		return "player-play"
	case activity.Reported:
		return "send"
	case activity.Received, activity.Confirmed:
		return "check"
	case activity.Spoken, activity.Ticked:
		return "bookmark"
	case activity.Written, activity.Signed, activity.Corrected, activity.Noted:
		return "writing"
	case activity.Joined, activity.Removed:
		return "users"
	}
	return "history"
}
