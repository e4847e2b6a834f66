// Package proof is what the rules about a case are told and what they answer with: facts that are known, denied or not
// yet answered, moments of which sometimes only the day is known, and what is lacking under which article.
package proof

import (
	"time"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Rules is the law a case is judged by: the catalogue and the calendar in force on its day.
type Rules struct {
	Catalogue catalogue.Catalogue
	Calendar  term.Calendar
}

// Count counts the catalogue's term of this id from a day (term.Named).
func (r Rules) Count(id string, start time.Time) (term.Result, error) {
	return term.Named(r.Catalogue, r.Calendar, id, start)
}

// Answer says whether something is so. The zero value is that nobody has answered: a rule then judges nothing by it.
type Answer string

// The answers.
const (
	Unanswered Answer = ""
	Yes        Answer = "yes"
	No         Answer = "no"
)

// Of is the answer of somebody who knows.
func Of(so bool) Answer {
	if so {
		return Yes
	}
	return No
}

// Either is Yes if one of them is, No if all are, and not answered else.
func Either(answers ...Answer) Answer {
	no := len(answers) > 0
	for _, a := range answers {
		if a == Yes {
			return Yes
		}
		no = no && a == No
	}
	if no {
		return No
	}
	return Unanswered
}

// Moment is when something happened; DayOnly if the record gives the day and no time. The zero value is not known.
type Moment struct {
	At      time.Time
	DayOnly bool
}

// At is a moment whose time is known.
func At(t time.Time) Moment { return Moment{At: t} }

// On is a moment of which only the day is known.
func On(day time.Time) Moment { return Moment{At: day, DayOnly: true} }

// Known reports whether there is a moment at all.
func (m Moment) Known() bool { return !m.At.IsZero() }

// Day is the day in Beijing's time.
func (m Moment) Day() time.Time {
	if m.DayOnly {
		y, mon, d := m.At.Date()
		return time.Date(y, mon, d, 0, 0, 0, 0, time.UTC)
	}
	return term.DayOf(m.At)
}

// Before reports whether m certainly lies before n: by the day where of one of them only the day is known. With a moment
// that is not known nothing is certain.
func (m Moment) Before(n Moment) bool {
	switch {
	case !m.Known() || !n.Known():
		return false
	case m.DayOnly || n.DayOnly:
		return m.Day().Before(n.Day())
	}
	return m.At.Before(n.At)
}

// Lack (欠缺) is what a rule demands and the record does not show.
type Lack struct {
	Code    string // "lien_proof"; its words are those of the package that gives it
	Article string // which demands it
	Denied  bool   // the record says it is not so; else nobody has answered
}

// Lacks gathers what is lacking.
type Lacks []Lack

// Want notes a demand that is not shown to be met.
func (l *Lacks) Want(code, article string, a Answer) {
	if a != Yes {
		*l = append(*l, Lack{Code: code, Article: article, Denied: a == No})
	}
}

// Add notes what is lacking beyond doubt.
func (l *Lacks) Add(code, article string) { l.Want(code, article, No) }

// Denied reports whether the record says of one of them that it is not so.
func (l Lacks) Denied() bool {
	for _, x := range l {
		if x.Denied {
			return true
		}
	}
	return false
}
