// Package term counts time limits (期限): pure functions from a term of the catalogue, the start of it, the written
// notices that pause it and the calendar of the place to the last day. What cannot be judged is said so, never guessed.
//
// How is counted (catalogue/data/deadlines.json, calendar_rules):
//   - The day of the event does not count (民事诉讼法 §85, which the statutes on administration borrow).
//   - Hours are natural hours from the moment of the event, over nights and holidays, and never move.
//   - Working days are counted in the calendar of the place: 行政处罚法 §85, 行政强制法 §69, 行政许可法 §82, 行政复议法 §88.
//   - Natural days, and months and years within which something is to be done, that end on a day of rest end on the next
//     working day. Where the statute itself does not say so the answer warns and tells the day before it moved: whoever
//     holds somebody's property acts by that day.
//   - Terms that lie before an event are counted back from it and never move: moving would shorten them.
//   - A month ends on the day of the same number, or on the month's last.
package term

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Pause (不计入期限) is a span of days that does not count, by a written notice to the party.
type Pause struct {
	From, To time.Time // days, both in it; To zero while it lasts
	Notice   string    // the notice's number
	Basis    string    // the rule that allows it, where the term's own statute names none
}

// Input is what a term is counted from.
type Input struct {
	Term     catalogue.Term
	Start    time.Time // the day of the event, as date() gives it; the moment of it if Timed
	Timed    bool
	Extended bool // lengthened by who may
	Pauses   []Pause
}

// Doubt is why a term cannot be judged.
type Doubt string

// The doubts.
const (
	NoLength      Doubt = "no_length"      // the text gives no figure: the bureau has to set one
	NoTime        Doubt = "no_time"        // counted in hours, and only the day is known
	CalendarEnds  Doubt = "calendar_ends"  // working days in a year whose holidays are not in the calendar
	PauseOpen     Doubt = "pause_open"     // a pause has not ended
	NotComputable Doubt = "not_computable" // a condition, no term
)

// Warning is what a reader of a result should know.
type Warning string

// The warnings.
const (
	RollBorrowed Warning = "roll_borrowed" // moved off a day of rest by a rule borrowed from 民事诉讼法 §85
	RollUnknown  Warning = "roll_unknown"  // the last day's year is not in the calendar: a day of rest would move it
)

// Day is one day on the way.
type Day struct {
	Date string `json:"date"`
	Kind Kind   `json:"kind"`
	N    int    `json:"n,omitempty"` // the how-manieth day of the term; none if it does not count
}

// Result is a term's last day, or why there is none.
type Result struct {
	Due      string         `json:"due"` // a date, for hours RFC 3339; "" if it cannot be judged
	Unit     catalogue.Unit `json:"unit"`
	Basis    string         `json:"basis"`
	Days     []Day          `json:"days"`
	Unrolled string         `json:"unrolled,omitempty"` // the last day before it moved off a day of rest
	Doubt    Doubt          `json:"cannot_judge,omitempty"`
	Warnings []Warning      `json:"warnings,omitempty"`
}

// Compute counts. Input that nobody can mean is fault Invalid; what is missing is a Doubt in the result.
func Compute(cal Calendar, in Input) (Result, error) {
	t := in.Term
	r := Result{Unit: t.Unit, Basis: t.Basis, Days: []Day{}}
	doubt := func(d Doubt) (Result, error) { r.Days, r.Doubt = []Day{}, d; return r, nil }
	if err := check(in); err != nil {
		return Result{}, err
	}
	if t.Direction == catalogue.Constraint {
		return doubt(NotComputable)
	}
	if t.Length == nil || t.Unit == catalogue.None {
		return doubt(NoLength)
	}
	for _, p := range in.Pauses {
		if p.To.IsZero() {
			return doubt(PauseOpen)
		}
	}
	n := *t.Length
	if in.Extended {
		n += t.Extension.Length
	}
	if t.Unit == catalogue.Hour {
		if !in.Timed {
			return doubt(NoTime)
		}
		r.Due = in.Start.Add(time.Duration(n) * time.Hour).In(beijing).Format(time.RFC3339)
		return r, nil
	}
	c := counter{cal: cal, pauses: in.Pauses, step: 1}
	if t.Direction == catalogue.Before {
		c.step = -1
	}
	start := dayOf(in.Start, in.Timed)
	var ok bool
	if t.Unit == catalogue.Month || t.Unit == catalogue.Year {
		months := n
		if t.Unit == catalogue.Year {
			months *= 12
		}
		c.day = addMonths(start, c.step*months)
		c.note(n)
		ok = true
	} else {
		ok = c.count(start, n, t.Unit == catalogue.WorkingDay)
	}
	if !ok {
		return doubt(CalendarEnds)
	}
	if rolls(t) {
		c.roll(&r, t)
	}
	r.Due, r.Days = c.day.Format(time.DateOnly), c.days
	return r, nil
}

// Named counts the catalogue's term of this id from a day. A catalogue without it is fault Invalid "term.unknown".
func Named(cat catalogue.Catalogue, cal Calendar, id string, start time.Time) (Result, error) {
	t, ok := cat.Term(id)
	if !ok {
		return Result{}, fault.New(fault.Invalid, "term.unknown", id).At("term")
	}
	return Compute(cal, Input{Term: t, Start: start})
}

func check(in Input) error {
	t := in.Term
	if in.Start.Year() < 1990 || in.Start.Year() > 2200 {
		return fault.New(fault.Invalid, "term.start").At("start")
	}
	if in.Extended && t.Extension == nil {
		return fault.New(fault.Invalid, "term.no_extension", t.ZH).At("extended")
	}
	var rules catalogue.TermRules
	if t.Rules != nil {
		rules = *t.Rules
	}
	for _, p := range in.Pauses {
		switch {
		case !rules.Pausable:
			return fault.New(fault.Invalid, "term.no_pause", t.ZH).At("pause")
		case strings.TrimSpace(p.Notice) == "":
			return fault.New(fault.Invalid, "term.pause_notice").At("pause")
		case rules.PauseBasis == "" && strings.TrimSpace(p.Basis) == "":
			return fault.New(fault.Invalid, "term.pause_basis").At("pause")
		case !p.To.IsZero() && (p.To.Before(p.From) || days(p.From, p.To) > longestPause):
			return fault.New(fault.Invalid, "term.pause_span").At("pause")
		}
	}
	return nil
}

// longestPause is longer than any test of goods takes, and keeps counting short.
const longestPause = 10 * 366

// rolls reports whether a last day of rest moves the end.
func rolls(t catalogue.Term) bool {
	switch t.Unit {
	case catalogue.NaturalDay:
		return t.Direction != catalogue.Before
	case catalogue.Month, catalogue.Year:
		return t.Direction == catalogue.After // a limitation or a time of keeping just ends
	case catalogue.Hour, catalogue.WorkingDay, catalogue.None:
	}
	return false
}

// ownRoll reports whether the statute itself has the rule or points to 民事诉讼法 for it (行政诉讼法 §101, 行政复议法 §88).
func ownRoll(basis string) bool {
	for _, s := range []string{"民事诉讼法", "行政诉讼法", "行政复议法"} {
		if strings.HasPrefix(basis, s) {
			return true
		}
	}
	return false
}

type counter struct {
	cal    Calendar
	pauses []Pause
	step   int
	day    time.Time
	days   []Day
}

func (c *counter) kind() Kind {
	for _, p := range c.pauses {
		if !c.day.Before(p.From) && !c.day.After(p.To) {
			return Paused
		}
	}
	return c.cal.Of(c.day)
}

func (c *counter) note(n int) {
	c.days = append(c.days, Day{Date: c.day.Format(time.DateOnly), Kind: c.kind(), N: n})
}

// count goes n days from the start, which does not count. It fails where working days are wanted and not known.
func (c *counter) count(start time.Time, n int, working bool) bool {
	c.day = start
	for done := 0; done < n; {
		c.day = c.day.AddDate(0, 0, c.step)
		k := c.kind()
		if working && k == Unknown {
			return false
		}
		if k == Paused || working && !k.works() {
			c.note(0)
			continue
		}
		done++
		c.note(done)
	}
	return true
}

// roll moves the end off days of rest.
func (c *counter) roll(r *Result, t catalogue.Term) {
	last := c.day
	for {
		k := c.kind()
		if k == Unknown {
			r.Warnings = append(r.Warnings, RollUnknown)
			break
		}
		if k.works() {
			break
		}
		c.day = next(c.day)
		c.note(0)
	}
	if c.day.After(last) {
		r.Unrolled = last.Format(time.DateOnly)
		if !ownRoll(t.Basis) {
			r.Warnings = append(r.Warnings, RollBorrowed)
		}
	}
}
