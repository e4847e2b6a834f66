// Package story is what happened in a case (经过): documents, recordings, decisions, services and looks in one list by day.
// It reads the rows of the case and the entries of the log; it adds nothing of its own, so what it shows can be proved.
package story

import (
	"cmp"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Kind is what a moment of the story is about; readers narrow the story to one.
type Kind string

// The kinds, in the order of the tabs.
const (
	Course    Kind = "course"    // 办理: opened, moved on, handed over, suspended, closed
	Document  Kind = "document"  // 文书
	Decision  Kind = "decision"  // 决定: approvals, waivers
	Service   Kind = "service"   // 送达
	Recording Kind = "recording" // 录音录像
	Look      Kind = "look"      // 查看
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Course, Document, Decision, Service, Recording, Look} }

// Moment is one thing that happened.
type Moment struct {
	At    time.Time
	Dated bool // only the day is known
	Kind  Kind
	Icon  string
	Tone  ui.Tone
	Text  string
	Facts []string
	Href  string
	key   string // breaks ties, so that the order never changes
}

// Narrow keeps one kind; "" keeps all.
func Narrow(list []Moment, k Kind) []Moment {
	if k == "" {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(m Moment) bool { return m.Kind != k })
}

// Count counts the moments of each kind.
func Count(list []Moment) map[Kind]int {
	out := map[Kind]int{}
	for _, m := range list {
		out[m.Kind]++
	}
	return out
}

// sorted is newest first. Of what has only a day it is known that it was that day, not when: it stands below the rest of it.
func sorted(list []Moment) []Moment {
	slices.SortStableFunc(list, func(x, y Moment) int {
		return cmp.Or(dayOf(y.At).Compare(dayOf(x.At)), last(y, x), y.At.Compare(x.At), cmp.Compare(y.key, x.key))
	})
	return list
}

func last(y, x Moment) int {
	switch {
	case x.Dated == y.Dated:
		return 0
	case x.Dated:
		return 1
	}
	return -1
}

// dayOf is the midnight in Shanghai that begins a moment's day.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(clock.Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, clock.Shanghai)
}

// DayView is one day of the story.
type DayView struct {
	Title  string // 今天, 昨天 or the date
	Sub    string // the whole date with its weekday, where the title does not say it
	Events []ui.Event
}

// Days puts a story into days, newest first.
func Days(p locale.Printer, list []Moment, now time.Time) []DayView {
	var out []DayView
	var at time.Time
	for _, m := range list {
		if day := dayOf(m.At); len(out) == 0 || !day.Equal(at) {
			at = day
			v := DayView{Title: p.Day(m.At, now), Sub: p.T("story.day", p.Date(m.At), p.Weekday(m.At))}
			out = append(out, v)
		}
		d := &out[len(out)-1]
		d.Events = append(d.Events, eventOf(p, m))
	}
	return out
}

// eventOf is a moment under its day: with the time alone.
func eventOf(p locale.Printer, m Moment) ui.Event {
	e := ui.Event{Time: p.Clock(m.At), Icon: m.Icon, Tone: m.Tone, Text: m.Text, Facts: m.Facts, Href: m.Href}
	if m.Dated {
		e.Time = p.T("story.that_day")
	}
	return e
}

// Latest are the newest moments with day and time, for the side of a case's page.
func Latest(p locale.Printer, list []Moment, now time.Time, limit int) []ui.Event {
	out := make([]ui.Event, 0, limit)
	for _, m := range list[:min(len(list), limit)] {
		e := eventOf(p, m)
		e.Time, e.Day = p.Day(m.At, now), e.Time
		out = append(out, e)
	}
	return out
}
