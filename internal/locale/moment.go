package locale

import (
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// Every time is shown in Asia/Shanghai, whatever zone it comes in. A zero time is written as the word for "unknown".

// days gives the distance in calendar days from now to t in Asia/Shanghai: 0 today, -1 yesterday, 1 tomorrow.
func days(t, now time.Time) int {
	return dayNumber(t) - dayNumber(now)
}

func dayNumber(t time.Time) int {
	y, m, d := t.In(clock.Shanghai).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Day names the day: 今天, 昨天, 明天, else "11-26 周四", with the year when it is another one.
func (p Printer) Day(t, now time.Time) string {
	if t.IsZero() {
		return p.T("time.unknown")
	}
	if w := p.nearDay(t, now); w != "" {
		return w
	}
	return p.monthDay(t, now) + " " + p.WeekdayShort(t)
}

func (p Printer) nearDay(t, now time.Time) string {
	switch days(t, now) {
	case 0:
		return p.T("time.today")
	case -1:
		return p.T("time.yesterday")
	case 1:
		return p.T("time.tomorrow")
	}
	return ""
}

func (p Printer) monthDay(t, now time.Time) string {
	t = t.In(clock.Shanghai)
	if t.Year() == now.In(clock.Shanghai).Year() {
		return t.Format("01-02")
	}
	return t.Format("2006-01-02")
}

// When writes a moment for reading: "今天 10:17", "昨天 17:05", "11-21 10:17", "2025-11-21 10:17".
func (p Printer) When(t, now time.Time) string { return p.when(t, now, "15:04") }

// WhenSec is When with seconds, for places where they decide.
func (p Printer) WhenSec(t, now time.Time) string { return p.when(t, now, "15:04:05") }

func (p Printer) when(t, now time.Time, layout string) string {
	if t.IsZero() {
		return p.T("time.unknown")
	}
	d := p.nearDay(t, now)
	if d == "" {
		d = p.monthDay(t, now)
	}
	return d + " " + t.In(clock.Shanghai).Format(layout)
}

// Before writes a due time: "今天 17:34 前"; a day away or further only the day: "11-26 周四".
func (p Printer) Before(due, now time.Time) string {
	if due.IsZero() {
		return p.T("time.no_limit")
	}
	if n := days(due, now); n >= -1 && n <= 1 {
		return p.T("time.before", p.When(due, now))
	}
	return p.Day(due, now)
}

// WasDue writes a due time that has passed: "应于今天 09:00 前".
func (p Printer) WasDue(due, now time.Time) string { return p.T("time.due_at", p.When(due, now)) }

// Date writes a date out: "2026 年 11 月 24 日", "24 November 2026".
func (p Printer) Date(t time.Time) string {
	if t.IsZero() {
		return p.T("time.unknown")
	}
	t = t.In(clock.Shanghai)
	return p.T("time.date", strconv.Itoa(t.Year()), p.T("time.month."+strconv.Itoa(int(t.Month()))), strconv.Itoa(t.Day()))
}

// Long writes date, weekday and time: "2026 年 11 月 24 日 星期二 11:52".
func (p Printer) Long(t time.Time) string {
	if t.IsZero() {
		return p.T("time.unknown")
	}
	return p.T("time.long", p.Date(t), p.Weekday(t), p.Clock(t))
}

// Full writes a moment without regard to now, to the second: "2026-11-24 11:52:07". Used in exports, in the title
// attribute of shorter forms and in arguments of T.
func (p Printer) Full(t time.Time) string {
	if t.IsZero() {
		return p.T("time.unknown")
	}
	return t.In(clock.Shanghai).Format("2006-01-02 15:04:05")
}

// Weekday is "星期二", "Tuesday".
func (p Printer) Weekday(t time.Time) string {
	return p.T("time.weekday." + strconv.Itoa(int(t.In(clock.Shanghai).Weekday())))
}

// WeekdayShort is "周二", "Tue".
func (p Printer) WeekdayShort(t time.Time) string {
	return p.T("time.weekday_short." + strconv.Itoa(int(t.In(clock.Shanghai).Weekday())))
}

// Clock is the time of day, "11:52".
func (p Printer) Clock(t time.Time) string { return t.In(clock.Shanghai).Format("15:04") }

// ClockSec is the time of day with seconds, "11:52:07".
func (p Printer) ClockSec(t time.Time) string { return t.In(clock.Shanghai).Format("15:04:05") }

// Span writes from and to: "09:12:08 至 09:58:41" when both lie on the day of now, else with the days in front.
func (p Printer) Span(from, to, now time.Time) string {
	a, b := p.WhenSec(from, now), p.WhenSec(to, now)
	if !from.IsZero() && !to.IsZero() && days(to, from) == 0 {
		b = p.ClockSec(to)
	}
	return p.T("time.span", a, b)
}

// Moment writes an interval in which a moment lies: like WhenSec when the bounds are the same second, else
// "11-21 10:17:04 至 10:19:08 之间".
func (p Printer) Moment(i clock.Interval, now time.Time) string {
	if i.IsZero() {
		return p.T("time.unknown")
	}
	if i.To.Sub(i.From) < time.Second {
		return p.WhenSec(i.From, now)
	}
	return p.T("time.between", p.Span(i.From, i.To, now))
}

// Duration writes a span for reading, two units at most: "42 秒", "4 分 06 秒", "5 小时 42 分", "27 小时 44 分",
// from three days on "3 天 4 小时". The sign of a negative span is written.
func (p Printer) Duration(d time.Duration) string {
	if d < 0 {
		return "−" + p.Duration(-d)
	}
	s := int64(d / time.Second)
	switch {
	case s >= 72*3600:
		return p.pair("time.day_hour", "time.days", s/86400, s%86400/3600)
	case s >= 3600:
		return p.pair("time.hour_minute", "time.hours", s/3600, s%3600/60)
	case s >= 60:
		return p.pair("time.minute_second", "time.minutes", s/60, s%60)
	}
	return p.T("time.seconds", s)
}

// pair writes two units; the second has two digits when it is minutes or seconds and is left out when it is nothing.
func (p Printer) pair(both, one string, a, b int64) string {
	if b == 0 {
		return p.T(one, a)
	}
	if one == "time.days" {
		return p.T(both, a, b)
	}
	return p.T(both, a, two(b))
}

func two(n int64) string {
	if n < 10 {
		return "0" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}

// Exact writes a span to the second, for arithmetic that must add up: "5 小时 21 分 26 秒", "24 小时". A span with a
// part of a second shows it to a tenth.
func (p Printer) Exact(d time.Duration) string {
	if d < 0 {
		return "−" + p.Exact(-d)
	}
	d = d.Round(100 * time.Millisecond)
	s := int64(d / time.Second)
	tenth := int64(d % time.Second / (100 * time.Millisecond))
	var parts []string
	if h := s / 3600; h > 0 {
		parts = append(parts, p.T("time.hours", h))
	}
	if m := s % 3600 / 60; m > 0 {
		parts = append(parts, p.T("time.minutes", m))
	}
	switch sec := s % 60; {
	case tenth > 0:
		parts = append(parts, p.T("time.seconds", strconv.FormatInt(sec, 10)+"."+strconv.FormatInt(tenth, 10)))
	case sec > 0 || len(parts) == 0:
		parts = append(parts, p.T("time.seconds", sec))
	}
	return strings.Join(parts, " ")
}

// Left says how long is left until due, or how long ago it was: "剩 5 小时 42 分" and false, "逾期 2 小时 52 分" and
// true. At the very moment nothing is overdue yet.
func (p Printer) Left(due, now time.Time) (text string, late bool) {
	if now.After(due) {
		return p.T("time.overdue", p.Duration(now.Sub(due))), true
	}
	return p.T("time.left", p.Duration(due.Sub(now))), false
}

// Workdays says how many working days are left: "剩 2 个工作日"; a negative number is overdue.
func (p Printer) Workdays(n int) string {
	if n < 0 {
		return p.T("time.workdays_overdue", -n)
	}
	return p.T("time.workdays_left", n)
}
