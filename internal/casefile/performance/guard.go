package performance

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Span is a part of a day in minutes after midnight, Beijing's time.
type Span struct{ From, To int }

// Hours are the bureau's hours. The statute forbids enforcement at night without saying when night is (行政强制法 §43), so
// the bureau sets it.
type Hours struct {
	NightFrom, NightTo     int // minutes after midnight; the night goes over midnight
	Summer, Winter         []Span
	SummerFrom, WinterFrom [2]int // month and day
	WeekendIsHoliday       bool   // a weekend is no 法定节假日; a bureau may treat it as one
}

// DefaultHours are the proposal a bureau starts from: night is the Noise Law's ten o'clock (噪声污染防治法 §88) until eight,
// two hours later than that law's six because the region's day begins later; the office hours are those of the region's
// yearly notice (10:00–14:00 with 16:00–20:00 from 1 May, 15:30–19:30 from 1 October).
func DefaultHours() Hours {
	return Hours{
		NightFrom: 22 * 60, NightTo: 8 * 60,
		Summer: []Span{{10 * 60, 14 * 60}, {16 * 60, 20 * 60}}, Winter: []Span{{10 * 60, 14 * 60}, {15*60 + 30, 19*60 + 30}},
		SummerFrom: [2]int{5, 1}, WinterFrom: [2]int{10, 1},
	}
}

// Check refuses hours nobody can mean: fault Invalid "performance.hours" with the field.
func (h Hours) Check() error {
	wrong := func(field string) error { return fault.New(fault.Invalid, "performance.hours", field).At(field) }
	const day = 24 * 60
	if h.NightFrom <= h.NightTo || h.NightFrom > day || h.NightTo < 0 {
		return wrong("night")
	}
	for _, spans := range [][]Span{h.Summer, h.Winter} {
		last := 0
		for _, s := range spans {
			if s.From < last || s.To <= s.From || s.To > day {
				return wrong("office")
			}
			last = s.To
		}
	}
	for _, d := range [][2]int{h.SummerFrom, h.WinterFrom} {
		if d[0] < 1 || d[0] > 12 || d[1] < 1 || d[1] > 31 {
			return wrong("season")
		}
	}
	if !earlier(h.SummerFrom, h.WinterFrom) {
		return wrong("season")
	}
	return nil
}

func earlier(a, b [2]int) bool { return a[0] < b[0] || a[0] == b[0] && a[1] < b[1] }

func (h Hours) office(day time.Time) []Span {
	d := [2]int{int(day.Month()), day.Day()}
	if !earlier(d, h.SummerFrom) && earlier(d, h.WinterFrom) {
		return h.Summer
	}
	return h.Winter
}

// Action is an enforcement as it is planned or was done.
type Action struct {
	From, To     time.Time
	Urgent       proof.Answer // 情况紧急 (行政强制法 §43¶1)
	UrgentReason string
	CutsUtility  bool // water, power, heat or gas of people's homes are to be cut (§43¶2)
}

// Hour is what a time runs into.
type Hour string

// What an enforcement may run into. The first two are forbidden; the others are for the head's eye.
const (
	Night         Hour = "night"
	PublicHoliday Hour = "holiday"
	WeekendDay    Hour = "weekend"
	OffHours      Hour = "off_hours"
	UnknownDay    Hour = "unknown_day" // its year is not in the calendar
)

// GuardState is whether an enforcement may be at its time.
type GuardState string

// The states.
const (
	GuardFree        GuardState = "free"
	GuardNotice      GuardState = "notice"  // allowed, outside the bureau's hours
	GuardExcused     GuardState = "excused" // forbidden, but urgent with a reason of record
	GuardBarred      GuardState = "barred"
	GuardCannotJudge GuardState = "cannot_judge"
)

// Hit is a day and what the enforcement runs into on it.
type Hit struct {
	Day  string
	What Hour
}

// GuardVerdict is what is said of it.
type GuardVerdict struct {
	State GuardState
	Hits  []Hit
	Lacks proof.Lacks
}

const guardArticle = "行政强制法 §43¶1"

// Guard says whether an enforcement may be at its time. Urgency excuses night and holiday, and nothing excuses cutting
// what homes live by. A span that nobody can mean is fault Invalid "performance.span".
func (h Hours) Guard(cal term.Calendar, a Action) (GuardVerdict, error) {
	if err := h.Check(); err != nil {
		return GuardVerdict{}, err
	}
	if a.From.IsZero() || a.To.Before(a.From) || a.To.Sub(a.From) > 31*24*time.Hour {
		return GuardVerdict{}, fault.New(fault.Invalid, "performance.span").At("to")
	}
	var v GuardVerdict
	v.Hits = h.hits(cal, a)
	forbidden, unknown := false, false
	for _, hit := range v.Hits {
		forbidden = forbidden || hit.What == Night || hit.What == PublicHoliday || hit.What == WeekendDay && h.WeekendIsHoliday
		unknown = unknown || hit.What == UnknownDay
	}
	urgent := a.Urgent
	if urgent == proof.Yes && strings.TrimSpace(a.UrgentReason) == "" {
		urgent = proof.Unanswered
	}
	switch {
	case a.CutsUtility:
		v.Lacks.Add("utility", "行政强制法 §43¶2")
		v.State = GuardBarred
	case (forbidden || unknown) && urgent == proof.Yes:
		v.State = GuardExcused
	case forbidden:
		v.Lacks.Want("urgent_reason", guardArticle, urgent)
		v.State = GuardBarred
	case unknown:
		v.State = GuardCannotJudge
	case len(v.Hits) > 0:
		v.State = GuardNotice
	default:
		v.State = GuardFree
	}
	return v, nil
}

// hits goes through the days the action touches.
func (h Hours) hits(cal term.Calendar, a Action) []Hit {
	const whole = 24 * 60
	var out []Hit
	first, last := term.DayOf(a.From), term.DayOf(a.To)
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		from, to := 0, whole
		if day.Equal(first) {
			from = minute(a.From)
		}
		if day.Equal(last) {
			to = minute(a.To)
		}
		if to == 0 && day.After(first) {
			break // it ended at midnight, with the day before
		}
		note := func(w Hour) { out = append(out, Hit{day.Format(time.DateOnly), w}) }
		if from < h.NightTo || from >= h.NightFrom || to > h.NightFrom {
			note(Night)
		}
		switch cal.Of(day) {
		case term.Holiday:
			note(PublicHoliday)
		case term.Weekend:
			note(WeekendDay)
		case term.Unknown:
			note(UnknownDay)
		case term.Working, term.Makeup:
			if !within(h.office(day), from, to) {
				note(OffHours)
			}
		case term.Paused: // a calendar has none
		}
	}
	return out
}

func minute(t time.Time) int {
	since := t.Sub(term.DayOf(t).Add(-8 * time.Hour))
	return int(since / time.Minute)
}

func within(spans []Span, from, to int) bool {
	for _, s := range spans {
		if from >= s.From && to <= s.To {
			return true
		}
	}
	return false
}
