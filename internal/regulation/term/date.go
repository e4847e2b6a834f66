package term

import (
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// beijing is the time all days are days of.
var beijing = time.FixedZone("UTC+8", 8*3600)

func date(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }

func next(day time.Time) time.Time { return day.AddDate(0, 0, 1) }

func days(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

func number(n int) string { return strconv.Itoa(n) }

// dayOf is the day of a start, in Beijing's time if it is a moment.
func dayOf(start time.Time, timed bool) time.Time {
	if timed {
		start = start.In(beijing)
	}
	y, m, d := start.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// DayOf is the day of a moment in Beijing's time, in the form in which the package takes and gives days.
func DayOf(moment time.Time) time.Time { return dayOf(moment, true) }

// addMonths goes to the day of the same number, or to the last of a month that has none.
func addMonths(day time.Time, n int) time.Time {
	y, m, d := day.Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}

// ParseStart reads a day, or a moment in Beijing's time or with its offset; the second answer says which.
func ParseStart(s string) (time.Time, bool, error) {
	if t, err := date(s); err == nil {
		return t, false, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime} {
		if t, err := time.ParseInLocation(layout, s, beijing); err == nil {
			return t, true, nil
		}
	}
	return time.Time{}, false, fault.New(fault.Invalid, "term.start").At("start")
}

// ParsePause reads FROM..TO=NOTICE or FROM..TO=NOTICE;BASIS; TO is left out while the pause lasts.
func ParsePause(s string) (Pause, error) {
	span, paper, _ := strings.Cut(s, "=")
	from, to, ok := strings.Cut(span, "..")
	var p Pause
	var err error
	p.Notice, p.Basis, _ = strings.Cut(paper, ";")
	if p.From, err = date(from); err != nil || !ok {
		return Pause{}, fault.New(fault.Invalid, "term.pause_span").At("pause")
	}
	if to == "" {
		return p, nil
	}
	if p.To, err = date(to); err != nil {
		return Pause{}, fault.New(fault.Invalid, "term.pause_span").At("pause")
	}
	return p, nil
}
