package storage_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/storage"
)

const (
	term = 24 * time.Hour
	hour = time.Hour
)

var seen = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC) // when our clock sealed the file

// class folds the verdicts into what widening may not turn into one another.
func class(v storage.Verdict) string {
	switch v {
	case storage.InTime, storage.InTimeReturn, storage.Designated:
		return "kept"
	case storage.Late, storage.CannotJudge, storage.Unstored, storage.NotOurs:
	}
	return string(v)
}

// TestJudge is R-19-1 and R-19-3, branch by branch.
func TestJudge(t *testing.T) {
	t.Parallel()
	ago := func(from, to time.Duration) clock.Interval {
		return clock.Interval{From: seen.Add(-from), To: seen.Add(-to)}
	}
	for _, c := range []struct {
		name string
		in   storage.Inputs
		want storage.Verdict
		why  string
	}{
		{"R-19-1 on the day", storage.Inputs{End: ago(3*hour, 3*hour)}, storage.InTime, ""},
		{"R-19-1 exactly the term", storage.Inputs{End: ago(term, term)}, storage.InTime, ""},
		{"R-19-1 a microsecond more", storage.Inputs{End: ago(term+1000, term+1000)}, storage.Late, ""},
		{"bounds on both sides", storage.Inputs{End: ago(25*hour, 23*hour)}, storage.CannotJudge, storage.WhyStraddle},
		{"nothing known of the end", storage.Inputs{}, storage.CannotJudge, storage.WhyEndUnknown},
		{"not read yet", storage.Inputs{EndWhy: storage.WhyFactsPending}, storage.CannotJudge, storage.WhyFactsPending},
		{"ended after it was stored", storage.Inputs{End: ago(-hour, -2*hour)}, storage.CannotJudge, storage.WhyEndAfter},
		{"R-19-3 late, but stored after the return", storage.Inputs{End: ago(70*hour, 70*hour), Returned: seen.Add(-20 * hour)}, storage.InTimeReturn, ""},
		{"R-19-3 late after the return too", storage.Inputs{End: ago(70*hour, 70*hour), Returned: seen.Add(-30 * hour)}, storage.Late, ""},
		{"R-19-3 end unknown, return known", storage.Inputs{Returned: seen.Add(-20 * hour)}, storage.InTimeReturn, ""},
		{"a return after the storing helps nobody", storage.Inputs{End: ago(70*hour, 70*hour), Returned: seen.Add(hour)}, storage.Late, ""},
		{"an unneeded return note changes nothing", storage.Inputs{End: ago(3*hour, 3*hour), Returned: seen.Add(-2 * hour)}, storage.InTime, ""},
		{"designated storage within the term", storage.Inputs{End: ago(70*hour, 70*hour), Designated: seen.Add(-60 * hour)}, storage.Designated, ""},
		{"designated storage too late", storage.Inputs{End: ago(70*hour, 70*hour), Designated: seen.Add(-40 * hour)}, storage.Late, ""},
		{"designated before it ended", storage.Inputs{End: ago(70*hour, 70*hour), Designated: seen.Add(-80 * hour)}, storage.Late, ""},
		{"return, then designated", storage.Inputs{End: ago(99*hour, 99*hour), Returned: seen.Add(-60 * hour), Designated: seen.Add(-50 * hour)}, storage.Designated, ""},
		{"designated straddles", storage.Inputs{End: ago(70*hour, 60*hour), Designated: seen.Add(-45 * hour)}, storage.CannotJudge, storage.WhyStraddle},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.in.Stored, c.in.Limit = clock.At(seen), term
			j := storage.Judge(c.in)
			if j.Verdict != c.want || j.Why != c.why {
				t.Fatalf("got %s (%s) by %+v, want %s (%s)", j.Verdict, j.Why, j.Branches, c.want, c.why)
			}
		})
	}
	if v := storage.Judge(storage.Inputs{End: ago(hour, hour), Limit: term}).Verdict; v != storage.Unstored {
		t.Errorf("not stored: %s", v)
	}
}

// TestLyingClocks is G8: whatever a camera's or our own clock says, the answer is never silently wrong. Every case is
// filmed `before` the storing in truth, with a camera whose clock is off by `off` or writes what the reading says.
func TestLyingClocks(t *testing.T) {
	t.Parallel()
	type want struct {
		verdict storage.Verdict
		doubt   bool // the start must carry a doubt, or the verdict a reason
	}
	year := 365*24*hour + 6*hour
	const d = 10 * time.Minute
	type reading struct {
		utc, name, file bool
		shift           time.Duration // of the container against the camera's own face
	}
	full := reading{utc: true, name: true}
	cases := []struct {
		name    string
		before  time.Duration
		off     time.Duration
		reading reading
		steps   []storage.Step
		offset  [2]time.Duration
		want    want
	}{
		{"true clock", 5 * hour, 0, full, nil, [2]time.Duration{}, want{storage.InTime, false}},
		{"true clock, late", 30 * hour, 0, full, nil, [2]time.Duration{}, want{storage.Late, false}},
		{"UTC as local, in time", 5 * hour, 0, reading{utc: true, name: true, shift: 8 * hour}, nil, [2]time.Duration{}, want{storage.InTime, true}},
		{"UTC as local, late", 30 * hour, 0, reading{utc: true, name: true, shift: 8 * hour}, nil, [2]time.Duration{}, want{storage.Late, true}},
		{"UTC as local without a name, just filmed", 1 * hour, 0, reading{utc: true, shift: 8 * hour}, nil, [2]time.Duration{}, want{storage.InTime, true}},
		{"UTC as local without a name, 20 h", 20 * hour, 0, reading{utc: true, shift: 8 * hour}, nil, [2]time.Duration{}, want{storage.InTime, true}},
		{"UTC as local without a name, late by 6 h", 30 * hour, 0, reading{utc: true, shift: 8 * hour}, nil, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"only a name", 5 * hour, 0, reading{name: true}, nil, [2]time.Duration{}, want{storage.InTime, false}},
		{"Xinjiang face in the container", 5 * hour, 0, reading{utc: true, name: true, shift: 6 * hour}, nil, [2]time.Duration{}, want{storage.InTime, true}},
		{"reset to 1904", 5 * hour, -seen.Sub(time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)), full, nil, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"reset to 1970", 5 * hour, -seen.Sub(time.Unix(0, 0)), full, nil, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"reset to 2000-01-01", 5 * hour, -seen.Sub(time.Date(2000, 1, 1, 6, 0, 0, 0, time.UTC)), full, nil, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"no reading at all", 5 * hour, 0, reading{}, nil, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"server stepped +1 h while near the term", 23*hour + 30*time.Minute, 0, full, []storage.Step{{At: seen.Add(-hour), By: hour}}, [2]time.Duration{}, want{storage.InTime, false}},
		{"server stepped -1 h while near the term", 23*hour + 30*time.Minute, 0, full, []storage.Step{{At: seen.Add(-hour), By: -hour}}, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"server stepped after the storing", 23*hour + 30*time.Minute, 0, full, []storage.Step{{At: seen.Add(hour), By: hour}}, [2]time.Duration{}, want{storage.CannotJudge, true}},
		{"server stepped, far from the term", 5 * hour, 0, full, []storage.Step{{At: seen.Add(-hour), By: hour}}, [2]time.Duration{}, want{storage.InTime, false}},
		{"server stepped days ago", 23*hour + 30*time.Minute, 0, full, []storage.Step{{At: seen.Add(-90 * hour), By: -hour}}, [2]time.Duration{}, want{storage.InTime, false}},
		{"known offset mends a slow clock", 5 * hour, -30 * hour, full, nil, [2]time.Duration{30*hour - time.Minute, 30*hour + time.Minute}, want{storage.InTime, false}},
		{"known offset convicts a fast clock", 40 * hour, 30 * hour, full, nil, [2]time.Duration{-30*hour - time.Minute, -30*hour + time.Minute}, want{storage.Late, false}},
		{"offset known only roughly", 20 * hour, -6 * hour, full, nil, [2]time.Duration{0, 12 * hour}, want{storage.CannotJudge, true}},
		{"file time only, fresh", 2 * hour, 0, reading{file: true}, nil, [2]time.Duration{}, want{storage.InTime, true}},
		{"file time only, old", 60 * hour, 0, reading{file: true}, nil, [2]time.Duration{}, want{storage.Late, true}},
	}
	for _, y := range []int{-10, -5, -2, 2, 5, 10} {
		// A clock years behind tells only that it was not later; one years ahead contradicts our own.
		cases = append(cases, cases[0])
		k := &cases[len(cases)-1]
		k.name, k.off, k.want = fmt.Sprintf("%+d years", y), time.Duration(y)*year, want{storage.CannotJudge, true}
	}
	for _, h := range []time.Duration{-20, -12, -8, -6, -2, -1} {
		// A clock set back makes it look older: late, or still in time; never better than it was (T3).
		cases = append(cases, cases[0])
		k := &cases[len(cases)-1]
		k.name, k.off, k.want = fmt.Sprintf("T3 set back %v h", -int(h)), h*hour, want{storage.InTime, false}
		if 5*hour-h*hour > term {
			k.want = want{storage.Late, false}
		}
	}
	for _, h := range []time.Duration{6, 8, 12, 20, 100, 1000} {
		// A clock set ahead beyond the storing is caught by ours.
		cases = append(cases, cases[0])
		k := &cases[len(cases)-1]
		k.name, k.off, k.want = fmt.Sprintf("T3 set ahead %d h", int(h)), h*hour, want{storage.CannotJudge, true}
	}
	if len(cases) < 40 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			truth := seen.Add(-c.before - d)
			face := truth.Add(c.off)
			var list []media.Candidate
			if c.reading.utc {
				list = append(list, media.Candidate{Source: media.OriginContainerUTC, At: face.Add(c.reading.shift), Zone: media.ZoneUTC})
			}
			if c.reading.name {
				list = append(list, media.Candidate{Source: media.OriginName, At: face.Add(8 * hour)})
			}
			if c.reading.file {
				list = append(list, media.Candidate{Source: media.OriginFileSystem, At: face.Add(d), Zone: media.ZoneUTC})
			}
			start := media.ChooseStart(list, d, seen, nil)
			stored, widened := storage.Around(seen, c.steps)
			j := storage.Judge(storage.Inputs{
				End:    storage.End(start.Interval, d, true, c.offset[0], c.offset[1], seen),
				Stored: stored, Steps: widened, Limit: term,
			})
			if j.Verdict != c.want.verdict {
				t.Errorf("got %s (%s), want %s; start %v %v doubts %v; %+v", j.Verdict, j.Why, c.want.verdict, start.Value, start.Interval, start.Doubt, j.Branches)
			}
			if c.want.doubt && len(start.Doubt) == 0 && j.Why == "" {
				t.Error("the answer is silent about a clock that cannot be believed")
			}
		})
	}
}

func drawInputs(t *rapid.T) storage.Inputs {
	minutes := func(name string, lo, hi int) time.Duration {
		return time.Duration(rapid.IntRange(lo, hi).Draw(t, name)) * time.Minute
	}
	in := storage.Inputs{Limit: term}
	in.Stored = clock.Interval{From: seen, To: seen.Add(minutes("stored width", 0, 200))}
	if rapid.IntRange(0, 9).Draw(t, "end known") > 0 {
		from := seen.Add(-minutes("end", -600, 6000))
		in.End = clock.Interval{From: from, To: from.Add(minutes("end width", 0, 2000))}
	}
	if rapid.Bool().Draw(t, "returned?") {
		in.Returned = seen.Add(-minutes("returned", -300, 6000))
	}
	if rapid.Bool().Draw(t, "designated?") {
		in.Designated = seen.Add(-minutes("designated", -300, 6000))
	}
	return in
}

// TestWideningOnlyLeadsToDoubt: knowing less never turns late into in time or back, and never makes a doubtful answer certain.
func TestWideningOnlyLeadsToDoubt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawInputs(t)
		wide := in
		lo := time.Duration(rapid.IntRange(0, 4000).Draw(t, "lo")) * time.Minute
		hi := time.Duration(rapid.IntRange(0, 4000).Draw(t, "hi")) * time.Minute
		switch {
		case rapid.Bool().Draw(t, "widen stored"):
			wide.Stored = in.Stored.Widen(-lo, hi)
		case in.End.IsZero() || rapid.IntRange(0, 9).Draw(t, "forget") == 0:
			wide.End = clock.Interval{}
		default:
			wide.End = in.End.Widen(-lo, hi)
		}
		a, b := class(storage.Judge(in).Verdict), class(storage.Judge(wide).Verdict)
		if a != b && b != string(storage.CannotJudge) {
			t.Fatalf("widening turned %s into %s", a, b)
		}
	})
}

// TestEvidenceNeverHarms: R-19-3, a note can only help.
func TestEvidenceNeverHarms(t *testing.T) {
	t.Parallel()
	rank := map[string]int{"late": 0, "cannot_judge": 1, "kept": 2}
	rapid.Check(t, func(t *rapid.T) {
		in := drawInputs(t)
		less := in
		if rapid.Bool().Draw(t, "without return") {
			less.Returned = time.Time{}
		} else {
			less.Designated = time.Time{}
		}
		if a, b := rank[class(storage.Judge(less).Verdict)], rank[class(storage.Judge(in).Verdict)]; b < a {
			t.Fatalf("a note made it worse: %v -> %v", storage.Judge(less), storage.Judge(in))
		}
	})
}

// TestWatch finds what NTP or an administrator does to our own clock (G8).
func TestWatch(t *testing.T) {
	t.Parallel()
	var w storage.Watch
	now, mono := seen, time.Duration(0)
	tick := func(jump time.Duration) (storage.Step, bool) {
		now, mono = now.Add(time.Minute+jump), mono+time.Minute
		return w.See(now, mono)
	}
	for _, jump := range []time.Duration{0, time.Second, -time.Second} {
		if s, ok := tick(jump); ok {
			t.Errorf("%v counted as a step: %v", jump, s)
		}
	}
	for _, jump := range []time.Duration{hour, -hour, 3 * time.Second} {
		if s, ok := tick(jump); !ok || s.By != jump || !s.At.Equal(now) {
			t.Errorf("step of %v: got %v %v", jump, s, ok)
		}
	}
	if _, ok := tick(0); ok {
		t.Error("a step counts once")
	}
}

// TestForeign: what somebody else handed in is measured by no term, whatever else is known of it.
func TestForeign(t *testing.T) {
	t.Parallel()
	for _, end := range []clock.Interval{{}, clock.At(seen.Add(-90 * 24 * time.Hour)), clock.At(seen.Add(time.Hour))} {
		in := storage.Inputs{End: end, Stored: clock.At(seen), Limit: term, Foreign: true}
		if j := storage.Judge(in); j.Verdict != storage.NotOurs || len(j.Branches) != 0 {
			t.Errorf("%+v", j)
		}
	}
}
