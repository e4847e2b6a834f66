package device

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

var base = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

func at(h float64) time.Time { return base.Add(time.Duration(h * float64(time.Hour))) }

func span(from, to float64) clock.Interval { return clock.Interval{From: at(from), To: at(to)} }

// held is an issue from hour to hour; to < 0 means that it is still out.
func held(id string, p ident.PersonID, from, to float64) Issue {
	i := Issue{ID: ident.IssueID(id), Person: p, Issued: at(from)}
	if to >= 0 {
		i.Returned = at(to)
	}
	return i
}

func TestHolder(t *testing.T) {
	t.Parallel()
	ledger := []Issue{held("i1", "anna", 0, 8), held("i2", "bek", 10, 18), held("i3", "bek", 18, 20), held("i4", "anna", 30, -1)}
	for _, c := range []struct {
		name   string
		ledger []Issue
		span   clock.Interval
		want   Holder
	}{
		{"within one issue", ledger, span(1, 2), Holder{Person: "anna", Issue: "i1", Certain: true, Why: HeldThroughout}},
		{"the whole issue, bounds included", ledger, span(0, 8), Holder{Person: "anna", Issue: "i1", Certain: true, Why: HeldThroughout}},
		{"still out", ledger, span(31, 99), Holder{Person: "anna", Issue: "i4", Certain: true, Why: HeldThroughout}},
		{"begins before the issue", ledger, span(9, 11), Holder{Person: "bek", Issue: "i2", Why: HeldPartly}},
		{"goes on after the return", ledger, span(7, 9), Holder{Person: "anna", Issue: "i1", Why: HeldPartly}},
		{"touches two persons", ledger, span(7, 11), Holder{Why: HeldBySeveral, People: []ident.PersonID{"anna", "bek"}}},
		{"touches two issues of one person", ledger, span(17, 19), Holder{Person: "bek", Issue: "i2", Why: HeldTwice}},
		{"at the very handover", ledger, span(18, 18), Holder{Person: "bek", Issue: "i2", Why: HeldTwice}},
		{"in the cupboard", ledger, span(8.5, 9.5), Holder{Why: HeldByNobody}},
		{"before any issue", ledger, span(-9, -8), Holder{Why: HeldBefore}},
		{"never issued", nil, span(1, 2), Holder{Why: NoIssues}},
		{"no time known", ledger, clock.Interval{}, Holder{Why: NoTime}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.want.People == nil && c.want.Person != "" {
				c.want.People = []ident.PersonID{c.want.Person}
			}
			if d := cmp.Diff(c.want, askLedger(c.ledger, c.span)); d != "" {
				t.Errorf("holder (-want +got):\n%s", d)
			}
		})
	}
}

// askLedger asks the rule as HolderAt does.
func askLedger(ledger []Issue, s clock.Interval) Holder {
	var touching []Issue
	for _, i := range ledger {
		if touches(i, s) {
			touching = append(touching, i)
		}
	}
	before := len(ledger) > 0 && s.To.Before(ledger[0].Issued)
	return holderOf(touching, len(ledger) > 0, before, s)
}

// TestHolderCertainty: whoever is named for certain held the device at every moment of the span; widening a span
// never makes an answer certain that was not (G8).
func TestHolderCertainty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var ledger []Issue
		now := 0.0
		for range rapid.IntRange(0, 5).Draw(t, "issues") {
			from := now + float64(rapid.IntRange(0, 5).Draw(t, "pause"))
			now = from + float64(rapid.IntRange(0, 9).Draw(t, "length"))
			p := rapid.SampledFrom([]ident.PersonID{"anna", "bek", "chen"}).Draw(t, "person")
			ledger = append(ledger, held(ident.New[string](), p, from, now))
		}
		from := float64(rapid.IntRange(-5, 40).Draw(t, "from"))
		to := from + float64(rapid.IntRange(0, 10).Draw(t, "span"))
		h := askLedger(ledger, span(from, to))
		if h.Certain && h.Person == "" {
			t.Fatal("certain of nobody")
		}
		if h.Certain {
			for m := from; m <= to; m += 0.5 {
				if in := askLedger(ledger, span(m, m)); in.Person != h.Person {
					t.Fatalf("certain of %s, but at %v it was %q", h.Person, m, in.Person)
				}
			}
		}
		if wide := askLedger(ledger, span(from-1, to+1)); wide.Certain && !h.Certain {
			t.Fatalf("a wider span made %+v certain", wide)
		}
	})
}

func TestMatchOrder(t *testing.T) {
	t.Parallel()
	f := func(c Clue, ids ...ident.DeviceID) found { return found{clue: c, devices: ids, given: true} }
	for _, c := range []struct {
		name  string
		clues []found
		want  Matched
	}{
		{"nothing is known", nil, Matched{By: Unknown}},
		{"nothing fits", []found{f(ByCardLabel), f(ByNameCode)}, Matched{By: Unknown}},
		{"named", []found{f(ByExplicit, "a")}, Matched{Device: "a", By: ByExplicit}},
		{
			"the card label goes before the name code",
			[]found{f(ByExplicit), f(ByCardLabel, "a"), f(ByNameCode, "b")},
			Matched{Device: "a", By: ByCardLabel, Against: []Clue{ByExplicit, ByNameCode}},
		},
		{"the serial number is last", []found{f(ByCardLabel), f(ByNameCode), f(BySerial, "c")}, Matched{Device: "c", By: BySerial}},
		{"two cards of one label", []found{f(ByCardLabel, "a", "b")}, Matched{By: Ambiguous}},
		{"the name code settles it", []found{f(ByCardLabel, "a", "b"), f(ByNameCode, "b")}, Matched{Device: "b", By: ByNameCode}},
		{"the name code cannot bring in a third", []found{f(ByCardLabel, "a", "b"), f(ByNameCode, "c")}, Matched{By: Ambiguous}},
		{"agreement is nothing against it", []found{f(ByCardLabel, "a"), f(ByNameCode, "a", "b")}, Matched{Device: "a", By: ByCardLabel}},
		{"a device was named that does not exist", []found{f(ByExplicit)}, Matched{By: Unknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, matchOf(c.clues)); d != "" {
				t.Errorf("match (-want +got):\n%s", d)
			}
		})
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	const s, d = time.Second, 24 * time.Hour
	seen := func(h float64, lo, hi time.Duration) *check {
		return &check{at: at(h), face: at(h), lo: lo, hi: hi, source: FromDock}
	}
	for _, c := range []struct {
		name          string
		before, after *check
		face          time.Time
		lo, hi        time.Duration
		known, step   bool
	}{
		{"G8 never checked is not zero", nil, nil, at(0), -10 * time.Minute, 10 * time.Minute, false, false},
		{"at the check", seen(0, 30*s, 32*s), nil, at(0), 25 * s, 37 * s, true, false},
		{"a day later it may have wandered", seen(0, 30*s, 32*s), nil, at(24), 23 * s, 39 * s, true, false},
		{"a day earlier too", nil, seen(24, 30*s, 32*s), at(0), 23 * s, 39 * s, true, false},
		{"two checks narrow each other", seen(0, 0, 4*s), seen(24, 2*s, 6*s), at(24), -3 * s, 11 * s, true, false},
		{
			"G8 T3 set back between two checks", seen(0, 0, 0), seen(10, 5*time.Hour, 5*time.Hour), at(10),
			-5*s - 2*s*10/24, 5*time.Hour + 5*s, true, true,
		},
		{"G8 ten years slow", seen(0, 3650*d, 3650*d), nil, at(0), 3650*d - 5*s, 3650*d + 5*s, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := offsetOf(c.before, c.after, c.face)
			if (o.Lo-c.lo).Abs() > time.Second || (o.Hi-c.hi).Abs() > time.Second || o.Known != c.known || o.Stepped != c.step {
				t.Errorf("got %+v, want %v … %v known %v stepped %v", o, c.lo, c.hi, c.known, c.step)
			}
		})
	}
}

// TestOffsetHoldsTheTruth: a clock that keeps within the assumed drift is never outside the bounds that its checks
// give, and never called set (G8).
func TestOffsetHoldsTheTruth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Duration(rapid.IntRange(-1e6, 1e6).Draw(t, "offset")) * time.Second
		drift := rapid.Float64Range(-2, 2).Draw(t, "drift") // seconds a day
		truth := func(h float64) time.Duration { return start + time.Duration(drift*h/24*float64(time.Second)) }
		checkAt := func(name string, from, to int) *check {
			if rapid.Bool().Draw(t, "no "+name) {
				return nil
			}
			h := float64(rapid.IntRange(from, to).Draw(t, name))
			doubt := time.Duration(rapid.IntRange(0, 60).Draw(t, "doubt")) * time.Second
			skew := time.Duration(rapid.IntRange(-4, 4).Draw(t, "misread")) * time.Second
			return &check{at: at(h), face: at(h), lo: truth(h) - doubt + skew, hi: truth(h) + doubt + skew}
		}
		before, after := checkAt("before", -2000, 0), checkAt("after", 1, 2000)
		o := offsetOf(before, after, at(0.5))
		if o.Lo > o.Hi || o.Known != (before != nil || after != nil) || o.Stepped {
			t.Fatalf("%+v", o)
		}
		if want := truth(0.5); o.Known && (want < o.Lo || want > o.Hi) {
			t.Fatalf("the truth %v is outside %v … %v", want, o.Lo, o.Hi)
		}
	})
}

func TestMarks(t *testing.T) {
	t.Parallel()
	m := func(n int, h float64) Mark { return Mark{Series: "T#", Width: 4, Number: n, Made: at(h)} }
	bare := func(n int) Mark { return Mark{Series: "T#", Width: 4, Number: n} }
	for _, c := range []struct {
		name     string
		old, now Mark
		want     bool
	}{
		{"goes on", m(12, 0), m(20, 5), true},
		{"a late card", m(20, 5), m(12, 0), false},
		{"counter set back", m(20, 0), m(1, 5), true},
		{"ran over its end", bare(9998), bare(3), true},
		{"a late card without times", bare(60), bare(40), false},
		{"the same again", bare(60), bare(60), true},
	} {
		if got := c.old.advances(c.now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestStateRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		from, to State
		out      bool
		note     string
		code     string
	}{
		{"to the workshop", InUse, Repair, false, "镜头碎裂", ""},
		{"lost in the field", InUse, Lost, true, "草场上遗失", ""},
		{"found again", Lost, InUse, false, "牧民送回", ""},
		{"R-21-3 not while it is out", InUse, Repair, true, "镜头碎裂", "device.still_out"},
		{"not retired while it is out", InUse, Retired, true, "已经报废", "device.still_out"},
		{"nothing changes", Repair, Repair, false, "镜头碎裂", "device.same_state"},
		{"no reason", InUse, Repair, false, "坏", "device.note"},
		{"no such state", InUse, "broken", false, "镜头碎裂", "device.state"},
	} {
		if got := code(checkState(c.from, c.to, c.out, c.note)); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

func TestIssueRule(t *testing.T) {
	t.Parallel()
	good := issueFacts{state: InUse, serving: true, purpose: "巡查", at: at(1), now: at(1), lastReturn: at(0)}
	for _, c := range []struct {
		name    string
		change  func(*issueFacts)
		code    string
		article string
	}{
		{"in use and in the cupboard", func(*issueFacts) {}, "", ""},
		{"R-04-1 in the workshop", func(f *issueFacts) { f.state = Repair }, "device.not_in_use", "4"},
		{"out already", func(f *issueFacts) { f.out = true }, "device.already_issued", "21"},
		{"R-19-1 unstored files", func(f *issueFacts) { f.unstored = 3 }, "device.unstored", "19"},
		{"not in service", func(f *issueFacts) { f.serving = false }, "device.person_inactive", ""},
		{"R-22-4 no purpose", func(f *issueFacts) { f.purpose = "" }, "device.purpose", "22"},
		{"in the future", func(f *issueFacts) { f.at = at(2) }, "device.future", ""},
		{"before it came back", func(f *issueFacts) { f.at = at(-1) }, "device.before_return", ""},
		{"at the moment it came back", func(f *issueFacts) { f.at = at(0) }, "", ""},
	} {
		f := good
		c.change(&f)
		err := checkIssue(f)
		if code(err) != c.code || (err != nil && fault.As(err).Article != c.article) {
			t.Errorf("%s: %v, want %q under %q", c.name, err, c.code, c.article)
		}
	}
}

func TestReturnRule(t *testing.T) {
	t.Parallel()
	i := held("i", "anna", 0, -1)
	for _, c := range []struct {
		name string
		at   time.Time
		c    Condition
		note string
		code string
	}{
		{"in good order", at(1), Good, "", ""},
		{"damaged, with a word", at(1), Damaged, "屏幕裂了", ""},
		{"damaged, without", at(1), Damaged, "", "device.note"},
		{"before the issue", at(-1), Good, "", "device.before_issue"},
		{"in the future", at(3), Good, "", "device.future"},
		{"lost is not returned", at(1), LostThere, "", "device.condition"},
	} {
		if got := code(checkReturn(i, c.at, at(2), c.c, c.note)); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.As(err).Code
}

func TestCleanSpec(t *testing.T) {
	t.Parallel()
	got, err := Spec{Label: " Z-\u200b07\t甲 ", Kind: BodyCamera, Department: "d", Serial: "ＡＢ１"}.clean()
	if err != nil || got.Label != "Z-07 甲" || fold(got.Serial) != "ab1" {
		t.Fatalf("%+v %v", got, err)
	}
	long := make([]rune, maxLabel+1)
	for i := range long {
		long[i] = '长'
	}
	for want, s := range map[string]Spec{
		"device.label":      {Label: " \u200b ", Kind: Fixed, Department: "d"},
		"device.kind":       {Label: "a", Kind: "gun", Department: "d"},
		"device.department": {Label: "a", Kind: Fixed},
		"device.too_long":   {Label: string(long), Kind: Fixed, Department: "d"},
	} {
		if _, err := s.clean(); code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
