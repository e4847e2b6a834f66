package term

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Kind says what a day is in a calendar.
type Kind string

// The kinds of day.
const (
	Working Kind = "working"
	Makeup  Kind = "makeup"  // 调休上班日: a day of a weekend on which people work
	Weekend Kind = "weekend" // 公休日
	Holiday Kind = "holiday" // 法定节假日, with the days moved to it
	Paused  Kind = "paused"  // does not count, by a written notice
	Unknown Kind = "unknown" // beyond the years whose holidays have been published
)

func (k Kind) works() bool { return k == Working || k == Makeup }

// Calendar (工作日历) knows the working days of a place in the years whose holidays have been published. It is set for
// the place and never for a person.
type Calendar struct {
	Place    string
	from, to time.Time
	rest     map[time.Time]string
	work     map[time.Time]bool
}

type calendarFile struct {
	Schema string     `json:"schema"`
	Place  string     `json:"place"`
	From   string     `json:"from"`
	To     string     `json:"to"`
	Rest   []restSpan `json:"rest"`
	Work   []string   `json:"work"`
}

type restSpan struct {
	From string `json:"from"`
	To   string `json:"to"`
	Name string `json:"name"`
}

// longest is the longest span of holidays and the longest calendar that is read, in days.
const (
	longestRest     = 31
	longestCalendar = 100 * 366
)

// ReadCalendar reads a calendar in its file form (docs/formats/regulation.md). What is wrong is fault Invalid
// "term.calendar" with the place in the file.
func ReadCalendar(raw []byte) (Calendar, error) {
	wrong := func(where string) (Calendar, error) {
		return Calendar{}, fault.New(fault.Invalid, "term.calendar", where).At("calendar")
	}
	var f calendarFile
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return Calendar{}, fault.Wrap(err, fault.Invalid, "term.calendar", "JSON").At("calendar")
	}
	if f.Schema != "calendar/1" {
		return wrong("schema")
	}
	c := Calendar{Place: f.Place, rest: map[time.Time]string{}, work: map[time.Time]bool{}}
	var err error
	if c.from, err = date(f.From); err != nil {
		return wrong("from")
	}
	if c.to, err = date(f.To); err != nil || c.to.Before(c.from) || days(c.from, c.to) > longestCalendar {
		return wrong("to")
	}
	for i, s := range f.Rest {
		at := "rest " + number(i+1)
		from, err := date(s.From)
		if err != nil {
			return wrong(at + ": from " + s.From)
		}
		to, err := date(s.To)
		if err != nil || to.Before(from) || days(from, to) > longestRest {
			return wrong(at + ": to " + s.To)
		}
		if strings.TrimSpace(s.Name) == "" {
			return wrong(at + ": name")
		}
		for ; !from.After(to); from = next(from) {
			if !c.Knows(from) {
				return wrong(at + ": " + from.Format(time.DateOnly))
			}
			c.rest[from] = s.Name
		}
	}
	for i, s := range f.Work {
		at := "work " + number(i+1) + ": " + s
		day, err := date(s)
		if err != nil || !c.Knows(day) || c.rest[day] != "" || !weekend(day) {
			return wrong(at) // a make-up day lies on a weekend and is no holiday
		}
		c.work[day] = true
	}
	return c, nil
}

// Knows reports whether the day's year is one the calendar was made for.
func (c Calendar) Knows(day time.Time) bool { return !day.Before(c.from) && !day.After(c.to) }

// Of gives the kind of a day, Unknown beyond the years the calendar was made for.
func (c Calendar) Of(day time.Time) Kind {
	switch {
	case !c.Knows(day):
		return Unknown
	case c.rest[day] != "":
		return Holiday
	case c.work[day]:
		return Makeup
	case weekend(day):
		return Weekend
	}
	return Working
}

func weekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}
