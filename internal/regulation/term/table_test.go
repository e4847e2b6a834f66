package term_test

import (
	"testing"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// byHand is one term with a date counted by hand, from the statute and the notices of holidays alone.
//
// The holidays the dates lie around, by the State Council's notices: 2025 国庆、中秋 1–8 October with Sunday 28 September
// and Saturday 11 October worked; 2026 元旦 1–3 January with Sunday the 4th; 春节 15–23 February with Saturdays the 14th
// and 28th; 清明 4–6 April; 劳动节 1–5 May with Saturday the 9th; 端午 19–21 June; 中秋 25–27 September and 国庆 1–7
// October with Sunday 20 September and Saturday 10 October. In the derivations a number in brackets is the day's number.
type byHand struct {
	id, start string
	extended  bool
	pause     string
	due, bare string     // bare: the last day before it moved off a day of rest
	doubt     term.Doubt // why there is no date
	why       string
}

var allByHand = []byHand{
	{id: "seed-store-24h", start: "2026-02-16T20:30", due: "2026-02-17T20:30:00+08:00", why: "hours run through 春节"},
	{id: "seed-store-fallback-24h", start: "2026-10-01T23:59", due: "2026-10-02T23:59:00+08:00", why: "hours run through 国庆"},
	{id: "seed-report-immediately", start: "2026-02-16T20:30", doubt: term.NoLength, why: "立即: no figure"},
	{id: "seed-written-explanation", start: "2026-02-16", doubt: term.NoLength, why: "the text gives none"},
	{id: "seed-periodic-check", start: "2026-02-16", doubt: term.NoLength, why: "定期: no figure"},
	{id: "limitation-2y", start: "2024-10-03", due: "2026-10-03", why: "a limitation ends, on 国庆 as well"},
	{id: "limitation-5y", start: "2021-10-01", due: "2026-10-01", why: "the same"},
	{id: "preservation-7wd", start: "2025-09-26", due: "2025-10-13", why: "Sunday 28 (1), 29 (2), 30 (3), 国庆, 9 (4), 10 (5), Saturday 11 (6), Monday 13 (7)"},
	{id: "penalty-decision-90d", start: "2026-07-07", due: "2026-10-08", bare: "2026-10-05", why: "24 in July, 31, 30, 5 in October: 国庆"},
	{id: "penalty-decision-90d", start: "2025-12-20", due: "2026-03-20", why: "11 + 31 + 28 + 20: a Friday"},
	{id: "service-7wd", start: "2026-02-12", due: "2026-02-28", why: "13 (1), Saturday 14 (2), 春节, 24–27 (6), Saturday 28 (7)"},
	{id: "hearing-request-5wd", start: "2025-09-29", due: "2025-10-13", why: "30 (1), 国庆, 9 (2), 10 (3), Saturday 11 (4), Monday 13 (5)"},
	{id: "hearing-notice-7wd", start: "2026-02-26", due: "2026-02-10", why: "back: 25 (1), 24 (2), 春节, Saturday 14 (3), 13 (4), 12 (5), 11 (6), 10 (7)"},
	{id: "fine-payment-15d", start: "2026-02-05", due: "2026-02-24", bare: "2026-02-20", why: "the fifteenth day lies in 春节"},
	{id: "spot-fine-handover-2wd", start: "2025-09-30", due: "2025-10-10", why: "国庆 1–8, then 9 and 10"},
	{id: "spot-fine-bank-2wd", start: "2026-02-13", due: "2026-02-24", why: "Saturday 14 (1), 春节, 24 (2)"},
	{id: "publicity-withdraw-3wd", start: "2026-04-03", due: "2026-04-09", why: "清明 4–6, then 7, 8, 9"},
	{id: "surcharge-cap", start: "2026-02-05", doubt: term.NotComputable, why: "a cap, no term"},
	{id: "compulsion-emergency-24h", start: "2026-02-28T18:00", due: "2026-03-01T18:00:00+08:00", why: "hours, into a Sunday"},
	{id: "seizure-30d", start: "2026-01-20", due: "2026-02-24", bare: "2026-02-19", why: "11 in January, 19 in February: 春节"},
	{id: "seizure-30d", start: "2026-01-20", extended: true, due: "2026-03-23", bare: "2026-03-21", why: "sixty: 11 + 28 + 21, a Saturday"},
	{id: "seizure-30d", start: "2026-01-20", pause: "2026-02-02..2026-02-11=检字3号", due: "2026-03-02", bare: "2026-03-01", why: "ten days of testing do not count: 40 days on, 11 + 28 + 1, a Sunday"},
	{id: "seizure-extension-30d", start: "2026-09-05", due: "2026-10-08", bare: "2026-10-05", why: "25 in September, 5 in October: 国庆"},
	{id: "freeze-decision-3wd", start: "2026-09-24", due: "2026-09-30", why: "中秋 25–27, then 28, 29, 30"},
	{id: "freeze-30d", start: "2025-09-02", due: "2025-10-09", bare: "2025-10-02", why: "28 in September, 2 in October: 国庆 to the 8th"},
	{id: "freeze-30d", start: "2025-09-02", extended: true, due: "2025-11-03", bare: "2025-11-01", why: "sixty: 28 + 31 + 1, a Saturday"},
	{id: "surcharge-30d-direct", start: "2026-01-17", due: "2026-02-24", bare: "2026-02-16", why: "14 + 16: 春节"},
	{id: "substitute-demand-3wd", start: "2026-10-09", due: "2026-09-29", why: "back: 8 (1), 国庆, 30 September (2), 29 (3)"},
	{id: "court-demand-10wd", start: "2025-09-25", due: "2025-10-15", why: "26 (1), Sunday 28 (2), 29 (3), 30 (4), 国庆, 9 (5), 10 (6), Saturday 11 (7), 13 (8), 14 (9), 15 (10)"},
	{id: "court-application-3m", start: "2025-11-17", due: "2026-02-24", bare: "2026-02-17", why: "17 February is 春节"},
	{id: "enforcement-suspend-3y", start: "2023-10-01", due: "2026-10-01", why: "it just ends"},
	{id: "no-night-holiday", start: "2026-10-01", doubt: term.NotComputable, why: "a condition"},
	{id: "court-accept-5wd", start: "2026-04-29", due: "2026-05-09", why: "30 (1), 劳动节 1–5, 6 (2), 7 (3), 8 (4), Saturday 9 (5)"},
	{id: "court-rule-7wd", start: "2026-06-17", due: "2026-06-29", why: "18 (1), 端午 19–21, 22–26 (6), Monday 29 (7)"},
	{id: "court-objection-15d", start: "2026-09-11", due: "2026-09-28", bare: "2026-09-26", why: "中秋 25–27"},
	{id: "permit-correction-5wd", start: "2025-12-30", due: "2026-01-07", why: "31 (1), 元旦 1–3, Sunday 4 (2), 5 (3), 6 (4), 7 (5)"},
	{id: "permit-decision-20wd", start: "2026-02-03", due: "2026-03-09", why: "4–6 (3), 9–13 (8), Saturday 14 (9), 春节, 24–27 (13), Saturday 28 (14), 2–6 March (19), 9 (20)"},
	{id: "permit-decision-20wd", start: "2026-02-03", extended: true, due: "2026-03-23", why: "ten more: 10–13 (24), 16–20 (29), 23 (30)"},
	{id: "permit-decision-20wd", start: "2026-02-03", pause: "2026-03-02..2026-03-06=听证1号", due: "2026-03-16", why: "14 by 28 February, five days of hearing, 9–13 March (19), 16 (20)"},
	{id: "permit-extension-10wd", start: "2026-09-23", due: "2026-10-14", why: "24 (1), 中秋, 28–30 (4), 国庆, 8 (5), 9 (6), Saturday 10 (7), 12–14 (10)"},
	{id: "permit-joint-45wd", start: "2026-08-03", due: "2026-10-10", why: "4–7 (4), to 28 August (19), 31 (20), to 18 September (34), Sunday 20 (35), 21–24 (39), 中秋, 28–30 (42), 国庆, 8 (43), 9 (44), Saturday 10 (45)"},
	{id: "permit-joint-45wd", start: "2026-08-03", extended: true, due: "2026-10-30", why: "fifteen more: 12–16, 19–23, 26–30 October"},
	{id: "permit-lower-review-20wd", start: "2025-09-15", due: "2025-10-17", why: "16–19 (4), 22–26 (9), Sunday 28 (10), 29 (11), 30 (12), 国庆, 9 (13), 10 (14), Saturday 11 (15), 13–17 (20)"},
	{id: "permit-certificate-10wd", start: "2026-04-24", due: "2026-05-12", why: "27–30 (4), 劳动节, 6–8 (7), Saturday 9 (8), 11 (9), 12 (10)"},
	{id: "permit-hearing-20wd", start: "2026-09-08", due: "2026-10-12", why: "9–11 (3), 14–18 (8), Sunday 20 (9), 21–24 (13), 中秋, 28–30 (16), 国庆, 8 (17), 9 (18), Saturday 10 (19), 12 (20)"},
	{id: "permit-inspect-5wd", start: "2026-02-11", due: "2026-02-25", why: "12 (1), 13 (2), Saturday 14 (3), 春节, 24 (4), 25 (5)"},
	{id: "permit-renewal-30d", start: "2026-10-31", due: "2026-10-01", why: "back thirty days, to 国庆, and never moved"},
	{id: "legal-aid-decision-7d", start: "2026-09-29", due: "2026-10-08", bare: "2026-10-06", why: "国庆"},
	{id: "legal-aid-appoint-3d", start: "2026-02-12", due: "2026-02-24", bare: "2026-02-15", why: "the third day is the first of 春节"},
	{id: "legal-aid-objection-5d", start: "2026-02-09", due: "2026-02-14", why: "a Saturday that is worked is no day of rest"},
	{id: "market-registration-3wd", start: "2025-09-26", due: "2025-09-30", why: "Sunday 28, 29, 30"},
	{id: "market-registration-3wd", start: "2025-09-26", extended: true, due: "2025-10-11", why: "three more: 9, 10, Saturday 11"},
	{id: "realestate-registration-30wd", start: "2026-01-19", due: "2026-03-06", why: "20–23 (4), 26–30 (9), 2–6 February (14), 9–13 (19), Saturday 14 (20), 春节, 24–27 (24), Saturday 28 (25), 2–6 March (30)"},
	{id: "expropriation-consult-30d", start: "2026-04-03", due: "2026-05-06", bare: "2026-05-03", why: "27 + 3: 劳动节"},
	{id: "public-service-30d", start: "2026-01-24", due: "2026-02-24", bare: "2026-02-23", why: "7 + 23: the last day of 春节"},
	{id: "review-60d", start: "2025-12-22", due: "2026-02-24", bare: "2026-02-20", why: "9 + 31 + 20: 春节"},
	{id: "review-untold-1y", start: "2025-10-04", due: "2026-10-04", why: "the longest time just ends"},
	{id: "suit-6m", start: "2025-08-17", due: "2026-02-24", bare: "2026-02-17", why: "17 February is 春节"},
	{id: "suit-untold-1y", start: "2025-02-16", due: "2026-02-16", why: "the longest time just ends"},
	{id: "suit-max-5y", start: "2021-10-07", due: "2026-10-07", why: "the same"},
	{id: "suit-after-review-15d", start: "2025-09-20", due: "2025-10-09", bare: "2025-10-05", why: "国庆 to the 8th"},
	{id: "review-answer-10wd", start: "2026-09-21", due: "2026-10-12", why: "22–24 (3), 中秋, 28–30 (6), 国庆, 8 (7), 9 (8), Saturday 10 (9), 12 (10)"},
	{id: "suit-answer-15d", start: "2026-09-19", due: "2026-10-08", bare: "2026-10-04", why: "国庆"},
	{id: "crime-transfer-decide-3d", start: "2026-09-30", due: "2026-10-08", bare: "2026-10-03", why: "国庆"},
	{id: "crime-transfer-24h", start: "2026-02-14T17:00", due: "2026-02-15T17:00:00+08:00", why: "hours, into 春节"},
	{id: "crime-transfer-items-3d", start: "2026-02-25", due: "2026-02-28", why: "a Saturday that is worked"},
	{id: "publicity-7wd", start: "2026-02-24", due: "2026-03-04", why: "25–27 (3), Saturday 28 (4), 2–4 March (7)"},
	{id: "publicity-20wd", start: "2025-09-22", due: "2025-10-24", why: "23–26 (4), Sunday 28 (5), 29 (6), 30 (7), 国庆, 9 (8), 10 (9), Saturday 11 (10), 13–17 (15), 20–24 (20)"},
	{id: "archive-next-june", start: "2026-02-16", doubt: term.NoLength, why: "no figure in days"},
	{id: "county-archive-10y", start: "2016-10-01", due: "2026-10-08", bare: "2026-10-01", why: "something to be done: off 国庆"},
	{id: "netlog-6m", start: "2025-08-20", due: "2026-02-20", why: "a time of keeping just ends"},
	{id: "pipia-3y", start: "2023-02-16", due: "2026-02-16", why: "the same"},
	{id: "public-video-30d", start: "2026-09-04", due: "2026-10-08", bare: "2026-10-04", why: "26 + 4: 国庆; kept the longer"},
	{id: "police-av-6m", start: "2026-04-01", due: "2026-10-01", why: "a time of keeping just ends"},
}

// TestAllByHand: every term of the catalogue has at least one date counted by hand around a holiday, or the reason why it
// has none. A term that is added without one fails.
func TestAllByHand(t *testing.T) {
	t.Parallel()
	cat, cal := shipped(t)
	has := map[string]bool{}
	for _, c := range allByHand {
		has[c.id] = true
		t.Run(c.id+" "+c.start, func(t *testing.T) {
			t.Parallel()
			c.check(t, cat, cal)
		})
	}
	for _, tm := range cat.Terms {
		if !has[tm.ID] {
			t.Errorf("no date by hand for %s", tm.ID)
		}
	}
	if len(has) != len(cat.Terms) || len(has) < 66 {
		t.Errorf("%d terms by hand, %d in the catalogue", len(has), len(cat.Terms))
	}
}

// TestRegionByHand: the same by the region's calendar: 肉孜节 29–31 March 2025 and 20–22 March 2026, 古尔邦节 6–10 June
// 2025 and 27–31 May 2026. The date the national calendar would give stands in the derivation.
func TestRegionByHand(t *testing.T) {
	t.Parallel()
	cat, _ := shipped(t)
	cal, err := term.ReadCalendar(catalogue.RegionCalendar())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []byHand{
		{id: "service-7wd", start: "2026-03-17", due: "2026-03-27", why: "18 (1), 19 (2), 肉孜节, 23–27 (7); else the 26th"},
		{id: "spot-fine-handover-2wd", start: "2025-03-28", due: "2025-04-02", why: "肉孜节 29–31, 1 and 2 April; else the 1st"},
		{id: "penalty-decision-90d", start: "2025-12-20", due: "2026-03-23", bare: "2026-03-20", why: "11 + 31 + 28 + 20: 肉孜节"},
		{id: "permit-decision-20wd", start: "2026-02-03", extended: true, due: "2026-03-24", why: "10–13 (24), 16–19 (28), 肉孜节, 23 (29), 24 (30); else the 23rd"},
		{id: "hearing-request-5wd", start: "2026-05-25", due: "2026-06-04", why: "26 (1), 古尔邦节, 1–4 June (5); else the 1st"},
		{id: "preservation-7wd", start: "2025-06-03", due: "2025-06-17", why: "4 (1), 5 (2), 古尔邦节, 11–13 (5), 16 (6), 17 (7); else the 12th"},
		{id: "hearing-notice-7wd", start: "2026-06-02", due: "2026-05-19", why: "back: 1 June (1), 古尔邦节, 26 (2), 25 (3), 22 (4), 21 (5), 20 (6), 19 (7); else the 22nd"},
		{id: "fine-payment-15d", start: "2025-05-23", due: "2025-06-11", bare: "2025-06-07", why: "古尔邦节 6–10 June; else Monday the 9th"},
		{id: "public-service-30d", start: "2026-04-28", due: "2026-06-01", bare: "2026-05-28", why: "2 + 28: 古尔邦节; else the 28th itself"},
		{id: "service-7wd", start: "2026-09-28", due: "2026-10-13", why: "the national holidays stand in it as well: as in TestByHand"},
	} {
		t.Run(c.id+" "+c.start, func(t *testing.T) {
			t.Parallel()
			c.check(t, cat, cal)
		})
	}
}

func (c byHand) check(t *testing.T, cat catalogue.Catalogue, cal term.Calendar) {
	t.Helper()
	tm, ok := cat.Term(c.id)
	if !ok {
		t.Fatalf("no term %s", c.id)
	}
	at, timed, err := term.ParseStart(c.start)
	if err != nil {
		t.Fatal(err)
	}
	in := term.Input{Term: tm, Start: at, Timed: timed, Extended: c.extended}
	if c.pause != "" {
		p, err := term.ParsePause(c.pause)
		if err != nil {
			t.Fatal(err)
		}
		in.Pauses = []term.Pause{p}
	}
	r, err := term.Compute(cal, in)
	if err != nil || r.Due != c.due || r.Unrolled != c.bare || r.Doubt != c.doubt {
		t.Fatalf("due %q, before it moved %q, doubt %q, %v; want %q, %q, %q: %s", r.Due, r.Unrolled, r.Doubt, err, c.due, c.bare, c.doubt, c.why)
	}
}

// TestCalendarsAgree: the region adds days of rest to the national calendar and takes none away.
func TestCalendarsAgree(t *testing.T) {
	t.Parallel()
	_, national := shipped(t)
	region, err := term.ReadCalendar(catalogue.RegionCalendar())
	if err != nil {
		t.Fatal(err)
	}
	added := map[string]bool{}
	for day, _, _ := term.ParseStart("2025-01-01"); day.Year() < 2027; day = day.AddDate(0, 0, 1) {
		n, r := national.Of(day), region.Of(day)
		switch {
		case n == r:
		case r == term.Holiday && (n == term.Working || n == term.Weekend):
			added[day.Format("2006-01-02")] = true
		default:
			t.Errorf("%s is %s in the nation and %s in the region", day.Format("2006-01-02"), n, r)
		}
	}
	if len(added) != 3+5+3+5 {
		t.Errorf("the region adds %d days: %v", len(added), added)
	}
}
