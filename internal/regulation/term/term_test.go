package term_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func shipped(t testing.TB) (catalogue.Catalogue, term.Calendar) {
	t.Helper()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	return c, cal
}

func compute(t testing.TB, id, start string, extended bool, pauses ...string) (term.Result, error) {
	t.Helper()
	c, cal := shipped(t)
	tm, ok := c.Term(id)
	if !ok {
		t.Fatalf("no term %s", id)
	}
	at, timed, err := term.ParseStart(start)
	if err != nil {
		t.Fatal(err)
	}
	in := term.Input{Term: tm, Start: at, Timed: timed, Extended: extended}
	for _, s := range pauses {
		p, err := term.ParsePause(s)
		if err != nil {
			t.Fatal(err)
		}
		in.Pauses = append(in.Pauses, p)
	}
	return term.Compute(cal, in)
}

// TestByHand: dates counted by hand from the statutes and the State Council's notices of holidays.
func TestByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term, start string
		extended    bool
		pause       []string
		due, bare   string // bare: the last day before it moved
		why         string
	}{
		{"preservation-7wd", "2026-02-11", false, nil, "2026-02-27", "", "处罚法§56、§85: 12, 13, Saturday 14 (调休), 春节 15–23, then 24–27"},
		{"service-7wd", "2026-09-28", false, nil, "2026-10-13", "", "处罚法§61、§85: 29, 30, 国庆 1–7, then 8, 9, Saturday 10 (调休), 12, 13"},
		{"spot-fine-handover-2wd", "2024-02-03", false, nil, "2024-02-05", "", "处罚法§71、§85: Sunday the 4th was 调休, then Monday"},
		{"hearing-request-5wd", "2026-04-30", false, nil, "2026-05-11", "", "处罚法§64(1)、§85: 劳动节 1–5, then 6–8, Saturday 9 (调休), 11"},
		{"hearing-notice-7wd", "2026-10-12", false, nil, "2026-09-24", "", "处罚法§64(2), back: Oct 10 (调休), 9, 8, Sep 30, 29, 28, 中秋 25–27, 24"},
		{"permit-decision-20wd", "2025-01-20", false, nil, "2025-02-21", "", "许可法§42、§82: 21–24, Sunday 26 (调休), 27, 春节 to Feb 4, 5–7, Saturday 8 (调休), 10–14, 17–21"},
		{"penalty-decision-90d", "2026-03-02", false, nil, "2026-06-01", "2026-05-31", "处罚法§60: 29 in March + 30 + 31, a Sunday"},
		{"penalty-decision-90d", "2026-11-02", false, nil, "2027-01-31", "", "28 + 31 + 31; 2027's holidays are not published here"},
		{"fine-payment-15d", "2026-09-18", false, nil, "2026-10-08", "2026-10-03", "处罚法§67: the 15th day is 国庆"},
		{"seizure-30d", "2026-03-10", false, nil, "2026-04-09", "", "强制法§25: 21 in March + 9"},
		{"seizure-30d", "2026-03-10", true, nil, "2026-05-09", "", "强制法§25 with 延长: 21 + 30 + 9; Saturday 9 May is 调休 and no day of rest"},
		{"seizure-30d", "2026-03-10", false, []string{"2026-03-12..2026-03-21=检字1号"}, "2026-04-20", "2026-04-19", "强制法§25¶3: ten days of testing do not count; a Sunday"},
		{"review-60d", "2026-08-02", false, nil, "2026-10-08", "2026-10-01", "复议法§20: 29 + 30 + 1, 国庆"},
		{"legal-aid-decision-7d", "2026-06-12", false, nil, "2026-06-22", "2026-06-19", "法律援助法§43: the 7th day is 端午, 19–21"},
		{"suit-6m", "2026-04-03", false, nil, "2026-10-08", "2026-10-03", "行诉法§46: 3 October is 国庆"},
		{"suit-6m", "2025-08-31", false, nil, "2026-02-28", "", "February has no 31st; Saturday the 28th is 调休"},
		{"limitation-2y", "2024-02-29", false, nil, "2026-02-28", "", "处罚法§36: a limitation just ends"},
		{"permit-renewal-30d", "2026-03-31", false, nil, "2026-03-01", "", "许可法§50: back from the event, a Sunday, and never moved"},
		{"seed-store-24h", "2026-10-01T22:15", false, nil, "2026-10-02T22:15:00+08:00", "", "制度§19: natural hours, over a holiday"},
		{"seed-store-24h", "2026-10-01T14:15:00Z", false, nil, "2026-10-02T22:15:00+08:00", "", "the same moment by its offset"},
	} {
		t.Run(c.term+" "+c.start, func(t *testing.T) {
			t.Parallel()
			r, err := compute(t, c.term, c.start, c.extended, c.pause...)
			if err != nil || r.Doubt != "" {
				t.Fatalf("%v %s", err, r.Doubt)
			}
			if r.Due != c.due || r.Unrolled != c.bare {
				t.Fatalf("due %s, before it moved %q; want %s, %q: %s", r.Due, r.Unrolled, c.due, c.bare, c.why)
			}
		})
	}
}

// TestDoubt: what is missing is named, and no date stands beside it.
func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term, start string
		pause       []string
		want        term.Doubt
	}{
		{"seed-written-explanation", "2026-03-02", nil, term.NoLength},
		{"seed-report-immediately", "2026-03-02", nil, term.NoLength},
		{"surcharge-cap", "2026-03-02", nil, term.NotComputable},
		{"seed-store-24h", "2026-03-02", nil, term.NoTime},
		{"service-7wd", "2026-12-24", nil, term.CalendarEnds}, // five working days are left of 2026
		{"service-7wd", "2023-12-29", nil, term.CalendarEnds},
		{"seizure-30d", "2026-03-10", []string{"2026-03-12..=检字1号"}, term.PauseOpen},
	} {
		r, err := compute(t, c.term, c.start, false, c.pause...)
		if err != nil || r.Doubt != c.want || r.Due != "" || len(r.Days) != 0 {
			t.Errorf("%s from %s: %+v %v, want %s", c.term, c.start, r, err, c.want)
		}
	}
	if r, _ := compute(t, "penalty-decision-90d", "2026-11-02", false); !slices.Contains(r.Warnings, term.RollUnknown) {
		t.Errorf("a last day in an unknown year without a warning: %+v", r)
	}
	if r, _ := compute(t, "seizure-30d", "2026-03-13", false); r.Due != "2026-04-13" || !slices.Contains(r.Warnings, term.RollBorrowed) {
		t.Errorf("12 April 2026 is a Sunday, the Compulsion Law is silent: %+v", r)
	}
	if r, _ := compute(t, "suit-6m", "2026-04-03", false); len(r.Warnings) != 0 {
		t.Errorf("行政诉讼法 §101 has the rule: %+v", r)
	}
}

// TestRefused: only what the statute allows lengthens a term.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term     string
		extended bool
		pause    []string
		code     string
	}{
		{"service-7wd", true, nil, "term.no_extension"},
		{"service-7wd", false, []string{"2026-03-03..2026-03-04=1号"}, "term.no_pause"},
		{"seizure-30d", false, []string{"2026-03-03..2026-03-04"}, "term.pause_notice"},
		{"penalty-decision-90d", false, []string{"2026-03-03..2026-03-04=1号"}, "term.pause_basis"},
		{"penalty-decision-90d", false, []string{"2026-03-03..2026-03-04=1号;规章 §1"}, ""},
		{"seizure-30d", false, []string{"2026-03-05..2026-03-04=1号"}, "term.pause_span"},
	} {
		_, err := compute(t, c.term, "2026-03-02", c.extended, c.pause...)
		if c.code == "" && err != nil || c.code != "" && !fault.HasCode(err, c.code) {
			t.Errorf("%s %v: %v, want %q", c.term, c.pause, err, c.code)
		}
	}
}

// TestProperties: a later start never ends earlier, a pause never shortens, and as many days count as the term has.
func TestProperties(t *testing.T) {
	t.Parallel()
	c, cal := shipped(t)
	first := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		tm := rapid.SampledFrom(c.Terms).Draw(t, "term")
		in := term.Input{Term: tm, Timed: true, Start: first.AddDate(0, 0, rapid.IntRange(0, 730).Draw(t, "start"))}
		r, err := term.Compute(cal, in)
		if err != nil || r.Doubt != "" {
			return
		}
		later := in
		later.Start = in.Start.AddDate(0, 0, rapid.IntRange(1, 40).Draw(t, "later"))
		if l, err := term.Compute(cal, later); err != nil || l.Doubt == "" && l.Due < r.Due {
			t.Fatalf("%s: later start, earlier end: %s after %s (%v)", tm.ID, l.Due, r.Due, err)
		}
		counted := 0
		for _, d := range r.Days {
			if d.N > 0 {
				counted++
			}
			if d.N > 0 && tm.Unit == catalogue.WorkingDay && d.Kind != term.Working && d.Kind != term.Makeup {
				t.Fatalf("%s counts %+v", tm.ID, d)
			}
		}
		if (tm.Unit == catalogue.WorkingDay || tm.Unit == catalogue.NaturalDay) && counted != *tm.Length {
			t.Fatalf("%s: %d days count, not %d", tm.ID, counted, *tm.Length)
		}
		paused := in
		day := time.Date(in.Start.Year(), in.Start.Month(), in.Start.Day()+rapid.IntRange(0, 30).Draw(t, "from"), 0, 0, 0, 0, time.UTC)
		paused.Pauses = []term.Pause{{From: day, To: day.AddDate(0, 0, rapid.IntRange(0, 30).Draw(t, "for")), Notice: "1号", Basis: "规章"}}
		if p, err := term.Compute(cal, paused); err == nil && p.Doubt == "" && p.Due < r.Due {
			t.Fatalf("%s: a pause shortened it: %s, without %s", tm.ID, p.Due, r.Due)
		}
	})
}

// TestCalendarFile: a calendar that nobody can mean is refused with the place in it.
func TestCalendarFile(t *testing.T) {
	t.Parallel()
	const head = `{"schema":"calendar/1","place":"x","from":"2026-01-01","to":"2026-12-31",`
	for raw, ok := range map[string]bool{
		head + `"rest":[],"work":[]}`: true,
		head + `"rest":[{"from":"2026-01-01","to":"2026-01-03","name":"元旦"}],"work":["2026-01-04"]}`: true,
		head + `"rest":[{"from":"2027-01-01","to":"2027-01-03","name":"元旦"}],"work":[]}`:             false,
		head + `"rest":[{"from":"2026-01-03","to":"2026-01-01","name":"元旦"}],"work":[]}`:             false,
		head + `"rest":[],"work":["2026-01-05"]}`:                                                    false, // a Monday
		head + `"rest":[],"work":[],"more":1}`:                                                       false,
		`{"schema":"calendar/2"}`:                                                                    false,
		`nothing`:                                                                                    false,
	} {
		if _, err := term.ReadCalendar([]byte(raw)); (err == nil) != ok || err != nil && !fault.HasCode(err, "term.calendar") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// FuzzCalendar: whatever a calendar's file holds, reading it ends.
func FuzzCalendar(f *testing.F) {
	f.Add(catalogue.ShippedCalendar())
	f.Add([]byte(`{"schema":"calendar/1","from":"0001-01-01","to":"9999-12-31"}`))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = term.ReadCalendar(raw) })
}

func BenchmarkCompute(b *testing.B) {
	c, cal := shipped(b)
	tm, _ := c.Term("permit-decision-20wd")
	in := term.Input{Term: tm, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	for b.Loop() {
		if _, err := term.Compute(cal, in); err != nil {
			b.Fatal(err)
		}
	}
}
