package accord_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/accord"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

var nine = time.Date(2026, 11, 18, 9, 0, 0, 0, clock.Shanghai)

func at(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

func exact(id string, from, to int) accord.Footage {
	return accord.Footage{Recording: ident.RecordingID(id), Start: clock.At(at(from)), End: clock.At(at(to))}
}

// loose is a recording whose clock may be off by so many minutes either way.
func loose(id string, from, to, off int) accord.Footage {
	d := time.Duration(off) * time.Minute
	f := exact(id, from, to)
	f.Start, f.End = f.Start.Widen(-d, d), f.End.Widen(-d, d)
	return f
}

func TestCheck(t *testing.T) { // R-08-03
	t.Parallel()
	two := []accord.Footage{exact("a", 0, 30), exact("b", 40, 60)}
	for _, c := range []struct {
		name    string
		said    time.Time
		footage []accord.Footage
		want    accord.Verdict
		nearest string
		off     time.Duration
	}{
		{"at its beginning", at(0), two, accord.Within, "a", 0},
		{"at its end", at(30), two, accord.Within, "a", 0},
		{"in the second", at(59), two, accord.Within, "b", 0},
		{"half an hour before", at(-30), two, accord.Before, "a", 30 * time.Minute},
		{"after all", at(75), two, accord.After, "b", 15 * time.Minute},
		{"in the pause, nearer to the first", at(33), two, accord.Between, "a", 3 * time.Minute},
		{"in the pause, nearer to the second", at(38), two, accord.Between, "b", 2 * time.Minute},
		{"within what writing to the minute leaves open", nine.Add(-40 * time.Second), two, accord.Unsure, "a", 0},
		{"a minute and a second before", nine.Add(-61 * time.Second), two, accord.Before, "a", 61 * time.Second},
		{"a clock that may be five minutes off", at(-4), []accord.Footage{loose("a", 0, 30, 5)}, accord.Unsure, "a", 0},
		{"a clock that may be five minutes off, inside all the same", at(10), []accord.Footage{loose("a", 0, 30, 5)}, accord.Within, "a", 0},
		{"farther off than the clock may be", at(-9), []accord.Footage{loose("a", 0, 30, 5)}, accord.Before, "a", 4 * time.Minute},
		{"of one nothing is known", at(90), []accord.Footage{exact("a", 0, 30), {Recording: "x"}}, accord.Unsure, "a", 0},
		{"of none anything is known", at(5), []accord.Footage{{Recording: "x"}}, accord.Unjudged, "", 0},
		{"known to end before it begins is known of nothing", at(5), []accord.Footage{exact("a", 30, 0)}, accord.Unjudged, "", 0},
	} {
		got := accord.Check([]accord.Said{{Field: "started_at", At: c.said}}, c.footage)
		if len(got) != 1 || got[0].Verdict != c.want || string(got[0].Nearest) != c.nearest || got[0].Off != c.off {
			t.Errorf("%s: %+v, want %s %s %s", c.name, got, c.want, c.nearest, c.off)
		}
	}
}

func TestCheckLeavesAside(t *testing.T) {
	t.Parallel()
	said := []accord.Said{{Field: "started_at", At: at(-90)}, {Field: "ended_at"}, {Field: "recordings", At: at(45), Recording: "a"}, {Field: "recordings", At: at(5), Recording: "z"}}
	if got := accord.Check(said, nil); got != nil {
		t.Errorf("without recordings: %+v", got)
	}
	got := accord.Check(said, []accord.Footage{exact("a", 0, 30), exact("b", 40, 60)})
	if len(got) != 2 || got[0].Verdict != accord.Before || got[1].Verdict != accord.After || got[1].Nearest != "a" {
		t.Errorf("%+v", got)
	}
}

// TestDoubtNeverAccuses: knowing a recording's times less well never makes a contradiction of what was none, and more
// footage never does either.
func TestDoubtNeverAccuses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []accord.Footage
		for i := range rapid.IntRange(1, 4).Draw(t, "recordings") {
			from := rapid.IntRange(-200, 200).Draw(t, "from")
			list = append(list, exact(string(rune('a'+i)), from, from+rapid.IntRange(0, 90).Draw(t, "length")))
		}
		said := []accord.Said{{Field: "started_at", At: at(rapid.IntRange(-300, 300).Draw(t, "said"))}}
		before := accord.Check(said, list)[0]
		if before.Verdict.Contradicts() {
			return
		}
		worse := append([]accord.Footage(nil), list...)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
		off := time.Duration(rapid.IntRange(0, 60).Draw(t, "off")) * time.Minute
		worse[i].Start, worse[i].End = worse[i].Start.Widen(-off, off), worse[i].End.Widen(-off, off)
		if got := accord.Check(said, worse)[0]; got.Verdict.Contradicts() {
			t.Fatalf("less was known, and %s became %s", before.Verdict, got.Verdict)
		}
		more := append(list, exact("z", rapid.IntRange(-200, 200).Draw(t, "another"), 300))
		if got := accord.Check(said, more)[0]; got.Verdict.Contradicts() {
			t.Fatalf("more was filmed, and %s became %s", before.Verdict, got.Verdict)
		}
	})
}

func TestOnCamera(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]bool{"started_at": true, "cert_shown_at": true, "received_at": false, "resume_at": false, "": false} {
		if accord.OnCamera(field) != want {
			t.Errorf("%q: %v", field, !want)
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	d := catalogue.Document{Fields: []catalogue.Field{{ID: "started_at", Type: "datetime"}, {ID: "received_at", Type: "datetime"}, {ID: "ended_at", Type: "datetime"}, {ID: "recordings", Type: "recording-ref-list"}}}
	p := matter.Paper{ID: "p", Values: form.Values{}}
	p.Values.Set("started_at", "2026-11-18T09:05:00+08:00")
	p.Values.Set("received_at", "2026-11-17T09:05:00+08:00")
	p.Values.Set("recordings", []form.RecordingRef{{Recording: "a", At: "2026-11-18T09:07:00+08:00"}, {Recording: "b"}})
	links := []matter.Link{{Paper: "p", Recording: "b"}, {Paper: "p", Recording: "c"}, {Paper: "p", Recording: "gone", Struck: at(1)}, {Paper: "q", Recording: "other"}, {Recording: "case"}}
	said, recordings := accord.Of(d, p, links)
	if fmt.Sprint(recordings) != "[a b c]" || len(said) != 2 || said[0].Field != "started_at" || said[1].Recording != "a" {
		t.Errorf("%v %+v", recordings, said)
	}
}
