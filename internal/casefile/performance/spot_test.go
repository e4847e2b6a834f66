package performance_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
)

// TestSpotLimits: 行政处罚法 §51: up to 200 yuan for a person, 3,000 for an organisation, or a warning.
func TestSpotLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		spot performance.Spot
		want string // what bars it
	}{
		{"a person, 200", performance.Spot{Fine: fen(t, "200"), Certain: proof.Yes}, ""},
		{"a person, a fen more", performance.Spot{Fine: fen(t, "200.01"), Certain: proof.Yes}, "spot_limit"},
		{"an organisation, 3000", performance.Spot{Fine: fen(t, "3000"), Organisation: true, Certain: proof.Yes}, ""},
		{"an organisation, a fen more", performance.Spot{Fine: fen(t, "3000.01"), Organisation: true, Certain: proof.Yes}, "spot_limit"},
		{"a warning", performance.Spot{Warning: true, Certain: proof.Yes}, ""},
		{"not certain", performance.Spot{Fine: fen(t, "50"), Certain: proof.No}, "spot_certain"},
		{"certain?", performance.Spot{Fine: fen(t, "50")}, "spot_certain"},
		{"the ordinary procedure has no limit", performance.Spot{Fine: fen(t, "50000"), Ordinary: true}, ""},
	} {
		v, err := c.spot.Judge(rules(t), day(t, "2026-03-02"))
		if err != nil || c.want == "" && len(v.Decision) > 0 || c.want != "" && (len(v.Decision) != 1 || v.Decision[0].Code != c.want) {
			t.Errorf("%s: %v %v", c.name, v.Decision, err)
		}
		if len(v.Collection) > 0 || v.HandIn.State != performance.LimitNone {
			t.Errorf("%s: judged a collection that was none: %+v", c.name, v)
		}
	}
}

// TestSpotCollection: 行政处罚法 §68–§70: who may take the money there and then.
func TestSpotCollection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		spot performance.Spot
		want []string
	}{
		{"100", performance.Spot{Fine: fen(t, "100")}, nil},
		{"a fen more", performance.Spot{Fine: fen(t, "100.01"), HardLater: proof.No, Remote: proof.No}, []string{"spot_collect_ground"}},
		{"hard later", performance.Spot{Fine: fen(t, "200"), HardLater: proof.Yes, Remote: proof.No}, nil},
		{"remote and asked", performance.Spot{Fine: fen(t, "200"), HardLater: proof.No, Remote: proof.Yes, Asked: proof.Yes}, nil},
		{"remote, not asked", performance.Spot{Fine: fen(t, "200"), HardLater: proof.No, Remote: proof.Yes, Asked: proof.No}, []string{"spot_collect_ground"}},
		{"ordinary, 50", performance.Spot{Ordinary: true, Fine: fen(t, "50"), HardLater: proof.Yes, Remote: proof.No}, []string{"spot_collect_ground"}},
		{"ordinary, remote and asked", performance.Spot{Ordinary: true, Fine: fen(t, "5000"), Remote: proof.Yes, Asked: proof.Yes}, nil},
		{"no ticket", performance.Spot{Fine: fen(t, "100"), Ticket: proof.No}, []string{"spot_ticket"}},
	} {
		c.spot.Certain, c.spot.Collected = proof.Yes, proof.On(day(t, "2026-03-02"))
		if c.spot.Ticket == proof.Unanswered {
			c.spot.Ticket = proof.Yes
		}
		v, err := c.spot.Judge(rules(t), day(t, "2026-03-03"))
		if err != nil || len(v.Collection) != len(c.want) || len(c.want) > 0 && v.Collection[0].Code != c.want[0] {
			t.Errorf("%s: %v %v", c.name, v.Collection, err)
		}
		if len(v.Collection) > 0 && !v.Collection[0].Denied {
			t.Errorf("%s: everything is answered, and yet %+v", c.name, v.Collection)
		}
	}
}

// TestSpotHandOver: 行政处罚法 §71 with §85: two working days to the bureau, two more to the bank.
func TestSpotHandOver(t *testing.T) {
	t.Parallel()
	at := func(s string) proof.Moment {
		if s == "" {
			return proof.Moment{}
		}
		return proof.On(day(t, s))
	}
	for _, c := range []struct {
		name                              string
		collected, landed, handed, banked string
		on                                string
		handDue                           string
		hand                              performance.LimitState
		bankDue                           string
		bank                              performance.LimitState
	}{
		// Wednesday 30 September: 国庆 1–7, then the 8th and the 9th.
		{"over 国庆", "2026-09-30", "", "2026-10-09", "", "2026-10-10", "2026-10-09", performance.LimitMet, "2026-10-12", performance.LimitRunning},
		// Handed in Friday 9 October: Saturday the 10th is a make-up day, Sunday, Monday the 12th.
		{"to the bank over a make-up day", "2026-09-30", "", "2026-10-09", "2026-10-12", "2026-10-20", "2026-10-09", performance.LimitMet, "2026-10-12", performance.LimitMet},
		{"a day late at the bank", "2026-09-30", "", "2026-10-09", "2026-10-13", "2026-10-20", "2026-10-09", performance.LimitMet, "2026-10-12", performance.LimitLate},
		// Friday 13 February: Saturday the 14th is a make-up day, 春节 15–23, the 24th.
		{"over 春节", "2026-02-13", "", "2026-02-25", "", "2026-02-26", "2026-02-24", performance.LimitLate, "2026-02-27", performance.LimitRunning},
		{"overdue", "2026-03-02", "", "", "", "2026-03-05", "2026-03-04", performance.LimitOverdue, "", performance.LimitNone},
		{"on the last day", "2026-03-02", "", "", "", "2026-03-04", "2026-03-04", performance.LimitRunning, "", performance.LimitNone},
		// On water from landing: Monday 9 March, the 10th and 11th.
		{"on water", "2026-03-02", "2026-03-09", "2026-03-11", "", "2026-03-11", "2026-03-11", performance.LimitMet, "2026-03-13", performance.LimitRunning},
		{"a year without holidays known", "2026-12-31", "", "", "", "2027-01-02", "", performance.LimitCannotJudge, "", performance.LimitNone},
	} {
		s := performance.Spot{
			Fine: fen(t, "100"), Certain: proof.Yes, Ticket: proof.Yes, Collected: at(c.collected), OnWater: c.landed != "", Landed: at(c.landed),
			HandedIn: at(c.handed), Banked: at(c.banked),
		}
		v, err := s.Judge(rules(t), day(t, c.on))
		if err != nil || v.HandIn.Due != c.handDue || v.HandIn.State != c.hand || v.Bank.Due != c.bankDue || v.Bank.State != c.bank || v.Disorder {
			t.Errorf("%s: %+v %v", c.name, v, err)
		}
	}
	s := performance.Spot{Fine: fen(t, "100"), Collected: at("2026-03-03"), HandedIn: at("2026-03-02"), Ticket: proof.Yes}
	if v, err := s.Judge(rules(t), day(t, "2026-03-05")); err != nil || !v.Disorder {
		t.Errorf("handed in before it was collected: %+v %v", v, err)
	}
	s.OnWater = true
	if v, err := s.Judge(rules(t), day(t, "2026-03-05")); err != nil || v.HandIn.State != performance.LimitNone {
		t.Errorf("at sea still: %+v %v", v, err)
	}
	if _, err := (performance.Spot{Collected: at("2026-03-03")}).Judge(proof.Rules{}, day(t, "2026-03-05")); !fault.HasCode(err, "term.unknown") {
		t.Error(err)
	}
}

// TestGuard: 行政强制法 §43: not at night, not on a holiday, unless urgent with a reason of record.
func TestGuard(t *testing.T) {
	t.Parallel()
	law := rules(t)
	for _, c := range []struct {
		name, from, to string
		spoil          func(*performance.Hours, *performance.Action)
		want           performance.GuardState
		hit            performance.Hour
	}{
		{"a summer morning", "2026-07-01T11:00", "2026-07-01T13:00", nil, performance.GuardFree, ""},
		{"the midday rest", "2026-07-01T14:30", "2026-07-01T15:00", nil, performance.GuardNotice, performance.OffHours},
		{"a winter afternoon begins at 15:30", "2026-11-02T15:00", "2026-11-02T16:00", nil, performance.GuardNotice, performance.OffHours},
		{"a winter afternoon before summer", "2026-03-04T15:30", "2026-03-04T19:30", nil, performance.GuardFree, ""},
		{"a winter afternoon", "2026-11-02T15:30", "2026-11-02T19:30", nil, performance.GuardFree, ""},
		{"the same hours in summer", "2026-07-01T15:30", "2026-07-01T19:30", nil, performance.GuardNotice, performance.OffHours},
		{"the last evening of summer", "2026-09-30T19:40", "2026-09-30T20:00", nil, performance.GuardFree, ""},
		{"until ten", "2026-07-01T21:00", "2026-07-01T22:00", nil, performance.GuardNotice, performance.OffHours},
		{"over ten", "2026-07-01T21:00", "2026-07-01T22:01", nil, performance.GuardBarred, performance.Night},
		{"at ten", "2026-07-01T22:00", "2026-07-01T22:00", nil, performance.GuardBarred, performance.Night},
		{"ten in the evening by its offset", "2026-07-01T14:30:00Z", "2026-07-01T14:40:00Z", nil, performance.GuardBarred, performance.Night},
		{"before eight", "2026-07-01T07:59", "2026-07-01T11:00", nil, performance.GuardBarred, performance.Night},
		{"from eight", "2026-07-01T08:00", "2026-07-01T09:00", nil, performance.GuardNotice, performance.OffHours},
		{"over night", "2026-07-01T19:00", "2026-07-02T11:00", nil, performance.GuardBarred, performance.Night},
		{"国庆", "2026-10-01T11:00", "2026-10-01T12:00", nil, performance.GuardBarred, performance.PublicHoliday},
		{"国庆, until the midnight before", "2026-09-30T23:00", "2026-10-01T00:00", func(h *performance.Hours, _ *performance.Action) { h.NightFrom = 24 * 60 }, performance.GuardNotice, performance.OffHours},
		{"the make-up Saturday after", "2026-10-10T11:00", "2026-10-10T12:00", nil, performance.GuardFree, ""},
		{"a Saturday", "2026-07-04T11:00", "2026-07-04T12:00", nil, performance.GuardNotice, performance.WeekendDay},
		{"a Saturday where weekends count", "2026-07-04T11:00", "2026-07-04T12:00", func(h *performance.Hours, _ *performance.Action) { h.WeekendIsHoliday = true }, performance.GuardBarred, performance.WeekendDay},
		{"urgent at night", "2026-07-01T23:00", "2026-07-01T23:30", func(_ *performance.Hours, a *performance.Action) {
			a.Urgent, a.UrgentReason = proof.Yes, "危化品泄漏"
		}, performance.GuardExcused, performance.Night},
		{"urgent, nobody says why", "2026-07-01T23:00", "2026-07-01T23:30", func(_ *performance.Hours, a *performance.Action) {
			a.Urgent, a.UrgentReason = proof.Yes, "  "
		}, performance.GuardBarred, performance.Night},
		{"not urgent", "2026-10-01T11:00", "2026-10-01T12:00", func(_ *performance.Hours, a *performance.Action) { a.Urgent, a.UrgentReason = proof.No, "x" }, performance.GuardBarred, performance.PublicHoliday},
		{"next year", "2027-03-01T11:00", "2027-03-01T12:00", nil, performance.GuardCannotJudge, performance.UnknownDay},
		{"cutting the water, however urgent", "2026-07-01T11:00", "2026-07-01T12:00", func(_ *performance.Hours, a *performance.Action) {
			a.CutsUtility, a.Urgent, a.UrgentReason = true, proof.Yes, "催缴"
		}, performance.GuardBarred, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, a := performance.DefaultHours(), performance.Action{From: moment(t, c.from), To: moment(t, c.to)}
			if c.spoil != nil {
				c.spoil(&h, &a)
			}
			v, err := h.Guard(law.Calendar, a)
			if err != nil || v.State != c.want {
				t.Fatalf("%s %v, want %s: %v", v.State, err, c.want, v.Hits)
			}
			if (len(v.Hits) > 0) != (c.hit != "") || c.hit != "" && v.Hits[0].What != c.hit {
				t.Fatalf("%v, want %q", v.Hits, c.hit)
			}
			if (v.State == performance.GuardBarred) != (len(v.Lacks) > 0) {
				t.Fatalf("%s lacks %v", v.State, v.Lacks)
			}
		})
	}
}

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	if m, err := time.Parse(time.RFC3339, s); err == nil {
		return m
	}
	m, err := time.ParseInLocation("2006-01-02T15:04", s, time.FixedZone("", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHours: hours and spans nobody can mean.
func TestHours(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*performance.Hours){
		"no night":      func(h *performance.Hours) { h.NightFrom = h.NightTo },
		"past midnight": func(h *performance.Hours) { h.NightFrom = 24*60 + 1 },
		"minus":         func(h *performance.Hours) { h.NightTo = -1 },
		"overlap":       func(h *performance.Hours) { h.Summer = []performance.Span{{From: 600, To: 840}, {From: 839, To: 900}} },
		"backwards":     func(h *performance.Hours) { h.Winter = []performance.Span{{From: 840, To: 600}} },
		"thirteen":      func(h *performance.Hours) { h.WinterFrom = [2]int{13, 1} },
		"no summer":     func(h *performance.Hours) { h.WinterFrom = h.SummerFrom },
	} {
		h := performance.DefaultHours()
		spoil(&h)
		if err := h.Check(); !fault.HasCode(err, "performance.hours") {
			t.Errorf("%s: %v", name, err)
		}
	}
	h, law := performance.DefaultHours(), rules(t)
	from := moment(t, "2026-07-01T11:00")
	for _, a := range []performance.Action{{}, {From: from}, {From: from, To: from.Add(-time.Minute)}, {From: from, To: from.AddDate(0, 2, 0)}} {
		if _, err := h.Guard(law.Calendar, a); !fault.HasCode(err, "performance.span") {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

// TestGuardProperties: what is barred stays barred when it lasts longer, and urgency with a reason is never worse.
func TestGuardProperties(t *testing.T) {
	t.Parallel()
	law, h := rules(t), performance.DefaultHours()
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 360*24*60).Draw(t, "from")) * time.Minute)
		a := performance.Action{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "for")) * time.Minute)}
		v, err := h.Guard(law.Calendar, a)
		if err != nil {
			t.Fatal(err)
		}
		longer := a
		longer.To = a.To.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "more")) * time.Minute)
		if w, err := h.Guard(law.Calendar, longer); err != nil || v.State == performance.GuardBarred && w.State != performance.GuardBarred {
			t.Fatalf("%v: %s, longer %s", err, v.State, w.State)
		}
		a.Urgent, a.UrgentReason = proof.Yes, "情况紧急"
		if w, err := h.Guard(law.Calendar, a); err != nil || w.State == performance.GuardBarred || w.State == performance.GuardCannotJudge {
			t.Fatalf("%v: urgent, yet %s", err, w.State)
		}
	})
}
