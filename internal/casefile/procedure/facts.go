// Package procedure judges cases: pure functions from a case as it stands and the catalogue in force on its day to what
// is there, what is owed, what may be signed, who has to approve, and which time limits run. It reads nothing and writes
// nothing, and may say that something cannot be judged.
package procedure

import (
	"cmp"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// Facts gives what is known of a case in the vocabulary: what follows from the case itself, what people answered last, and
// what a paper shows by being there (a record of an inspection: that there was one). An answer goes before what is shown.
func Facts(f matter.File, c catalogue.Catalogue) fact.Answers {
	out := fact.Answers{}
	for _, p := range f.Papers {
		if d, ok := c.Document(p.Type); ok && p.State != matter.Void {
			if id := shownBy(d); id != "" {
				out[id] = "true"
			}
		}
	}
	for _, a := range f.Answers { // oldest first: the last one stands
		out[a.Fact] = a.Value
	}
	out["act"] = f.Case.Act
	out["procedure"] = string(f.Case.Procedure)
	return out
}

// shownBy is the one fact a document shows by being there, "" if its condition hangs on more.
func shownBy(d catalogue.Document) string {
	when := d.RulesOf().When
	if when == "" {
		return ""
	}
	cond, err := fact.Compile(when)
	if err != nil || len(cond.Uses()) != 1 {
		return ""
	}
	id := cond.Uses()[0]
	f, _ := fact.Find(id)
	if f.Type != fact.Bool || f.Derived {
		return ""
	}
	if t, err := cond.Judge(fact.Answers{id: "true"}); err != nil || t != fact.Yes {
		return ""
	}
	return id
}

// Applies judges a document's condition in the case. A mandatory document without a condition always applies. In the
// summary procedure what nobody asked for does not apply: it is meant to be done on the spot.
func Applies(d catalogue.Document, known fact.Answers) (truth fact.Truth, missing []string) {
	when := d.RulesOf().When
	if when == "" {
		if d.Requirement == "mandatory" {
			return fact.Yes, nil
		}
		return fact.Open, nil
	}
	cond, err := fact.Compile(when)
	if err != nil {
		return fact.Open, nil
	}
	truth, err = cond.Judge(known)
	if err != nil || truth != fact.Open {
		return truth, nil
	}
	if known["procedure"] == string(matter.Summary) {
		return fact.No, nil
	}
	return fact.Open, cond.Missing(known)
}

// Happened is an event of a case, and what shows it.
type Happened struct {
	Event  string
	At     time.Time
	Timed  bool   // At is a moment, not a day
	Source string // id of the paper or report
	Paper  ident.PaperID
}

// Events lists what has happened in a case, by time.
func Events(f matter.File, c catalogue.Catalogue) []Happened {
	var out []Happened
	for _, p := range f.Papers {
		d, ok := c.Document(p.Type)
		if !ok || p.State == matter.Void {
			continue
		}
		for _, e := range d.RulesOf().Events {
			if e.Field != "" && p.Values.Text(e.Field) != e.Is {
				continue
			}
			if at, timed, ok := when(f, p, e.At); ok {
				out = append(out, Happened{Event: e.ID, At: at, Timed: timed, Source: string(p.ID), Paper: p.ID})
			}
		}
	}
	for _, r := range f.Reports {
		out = append(out, Happened{Event: r.Event, At: r.On, Timed: r.Timed, Source: string(r.ID)})
	}
	slices.SortStableFunc(out, func(a, b Happened) int { return a.At.Compare(b.At) })
	return out
}

func when(f matter.File, p matter.Paper, at string) (time.Time, bool, bool) {
	switch at {
	case "submitted":
		for _, a := range f.Approvals {
			if a.Paper == p.ID && a.Step == matter.StepHandler && a.Agreed {
				return a.At, true, true
			}
		}
		return time.Time{}, false, false
	case "served":
		t, ok := f.Served(p.ID)
		return t, true, ok
	}
	if p.State != matter.Complete {
		return time.Time{}, false, false
	}
	switch at {
	case "approved":
		var last time.Time
		for _, a := range f.Said(p.ID, f.Round(p.ID)) {
			if a.Agreed && a.At.After(last) {
				last = a.At
			}
		}
		if last.IsZero() {
			last = p.DoneAt
		}
		return last, true, true
	case "signed":
		return p.FixedAt, true, !p.FixedAt.IsZero()
	}
	t, ok := p.Values.Time(at)
	return t, len(p.Values.Text(at)) > len(time.DateOnly), ok
}

// articleOf is the item of Articles 7 to 11 under which a document is looked for.
func articleOf(d catalogue.Document) string {
	first := map[string]byte{matter.Initiation: '7', matter.Investigation: '8', matter.Decision: '9', matter.Execution: '1', matter.Closing: '1'}[d.Stage]
	var spare string
	for _, a := range d.SeedArticles {
		if a == "5" || a == "" {
			continue
		}
		if a[0] == first && a != "8(1)" {
			return a
		}
		if spare == "" || a == "8(1)" && d.Stage == matter.Investigation {
			spare = a
		}
	}
	return cmp.Or(spare, "8(12)")
}

// RequirementOf is the obligation an item of an article stands for.
func RequirementOf(article string) string {
	switch article {
	case "7.1":
		return "R-07-1"
	case "7.2":
		return "R-07-3"
	case "11", "24":
		return "R-11-1"
	}
	var a, n string
	for i := range article {
		if article[i] == '(' && article[len(article)-1] == ')' {
			a, n = article[:i], article[i+1:len(article)-1]
		}
	}
	if a == "" {
		return ""
	}
	if len(a) == 1 {
		a = "0" + a
	}
	if len(n) == 1 {
		n = "0" + n
	}
	return "R-" + a + "-" + n
}
