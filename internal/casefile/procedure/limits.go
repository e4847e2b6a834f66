package procedure

import (
	"encoding/json"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// ours are those whose time limits are duties of the house. The others (the party, a court, the police) are watched.
var ours = []string{"officer", "agency", "agency leader", "department", "legal aid institution"}

// elsewhere are time limits that other parts of the program hold for each recording and device.
var elsewhere = []string{"seed-store-24h", "seed-store-fallback-24h", "seed-periodic-check"}

// Limits reckons every time limit that runs, ran or was met in a case. A limit is known by its term and what started it.
// What cannot be judged has a Doubt and no Due.
func Limits(f matter.File, c catalogue.Catalogue, cal term.Calendar) []matter.Limit {
	known, events := Facts(f, c), Events(f, c)
	var out []matter.Limit
	for _, t := range c.Terms {
		if t.Rules == nil || t.Rules.Start == "" || !slices.Contains(t.Acts, f.Case.Act) || slices.Contains(elsewhere, t.ID) {
			continue
		}
		if t.Rules.When != "" && !yes(t.Rules.When, known) {
			continue
		}
		for _, e := range events {
			if e.Event == t.Rules.Start {
				out = append(out, limit(f, c, cal, t, e, events))
			}
		}
	}
	return out
}

func yes(when string, known fact.Answers) bool {
	cond, err := fact.Compile(when)
	if err != nil {
		return false
	}
	truth, err := cond.Judge(known)
	return err == nil && truth == fact.Yes
}

func limit(f matter.File, c catalogue.Catalogue, cal term.Calendar, t catalogue.Term, start Happened, events []Happened) matter.Limit {
	l := matter.Limit{
		Case: f.Case.ID, Term: t.ID, Start: start.Event, Source: start.Source, From: start.At, Edition: f.Case.Edition,
		Duty: slices.Contains(ours, t.Obliged) && t.Direction != catalogue.MinDuration,
	}
	in := term.Input{Term: t, Start: start.At, Timed: true, Extended: extended(f, c, t)}
	if !start.Timed && t.Unit == catalogue.Hour {
		in.Timed = false // the moment is not known
	}
	if t.Rules.Pausable {
		in.Pauses = pauses(f, c, t, start.At)
	}
	l.Met = met(t, start, events)
	r, err := term.Compute(cal, in)
	if err != nil {
		l.Doubt = fault.As(err).Code
		return l
	}
	l.Doubt = string(r.Doubt)
	l.Due, _ = moment(r.Due)
	if raw, err := json.Marshal(r); err == nil {
		l.Result = raw
	}
	return l
}

// moment is the last moment of a result's day, or the moment itself for hours.
func moment(due string) (time.Time, bool) {
	if due == "" {
		return time.Time{}, false
	}
	if t, err := time.Parse(time.RFC3339, due); err == nil {
		return t, true
	}
	t, err := time.Parse(time.DateOnly, due)
	if err != nil {
		return time.Time{}, false
	}
	return endOf(t), true
}

// met is when the first of the events came that meet the limit. For a limit that lies before its event anything earlier
// meets it; for the others only what came at or after the start, to the day.
func met(t catalogue.Term, start Happened, events []Happened) time.Time {
	for _, e := range events {
		if !slices.Contains(t.Rules.Met, e.Event) || e.Source == start.Source && e.Event == start.Event {
			continue
		}
		if t.Direction != catalogue.Before && dayOf(e.At).Before(dayOf(start.At)) {
			continue
		}
		return e.At
	}
	return time.Time{}
}

func extended(f matter.File, c catalogue.Catalogue, t catalogue.Term) bool {
	if t.Extension == nil {
		return false
	}
	for _, p := range f.Papers {
		if d, ok := c.Document(p.Type); ok && p.State == matter.Complete && slices.Contains(d.RulesOf().Extends, t.ID) {
			return true
		}
	}
	return false
}

// pauses are the spans that written notices to the party leave out. A notice that was not served pauses nothing.
func pauses(f matter.File, c catalogue.Catalogue, t catalogue.Term, from time.Time) []term.Pause {
	var out []term.Pause
	for _, p := range f.Papers {
		d, ok := c.Document(p.Type)
		if !ok || p.State != matter.Complete {
			continue
		}
		for _, r := range d.RulesOf().Pauses {
			if !slices.Contains(r.Terms, t.ID) {
				continue
			}
			if _, served := f.Served(p.ID); !served {
				continue
			}
			a, okA := p.Values.Time(r.From)
			b, okB := p.Values.Time(r.To)
			if !okA || dayOf(a).Before(dayOf(from)) && !okB {
				continue
			}
			x := term.Pause{From: plainDay(a), Notice: p.No, Basis: t.Rules.PauseBasis}
			if okB {
				x.To = plainDay(b)
			}
			if x.Basis == "" {
				if refs := p.Values.Text("basis"); refs != "" {
					x.Basis = refs
				} else {
					x.Basis = d.ZH
				}
			}
			out = append(out, x)
		}
	}
	return out
}

// plainDay is a day as package term holds it.
func plainDay(t time.Time) time.Time {
	y, m, d := dayOf(t).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
