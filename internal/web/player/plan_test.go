package player

import (
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/viewing"
)

// cut gives the segments of a file: whole ones of four seconds, then the rest.
func cut(length time.Duration) []derivative.Segment {
	var out []derivative.Segment
	for at := time.Duration(0); at < length; at += 4 * time.Second {
		out = append(out, derivative.Segment{N: len(out), Start: at, Length: min(4*time.Second, length-at)})
	}
	return out
}

func twoFiles() plan {
	a := reel{File: "a", State: ready, Duration: 10 * time.Second}
	b := reel{File: "b", State: ready, Duration: 6 * time.Second}
	return lay([]reel{a, b}, [][]derivative.Segment{cut(a.Duration), cut(b.Duration)})
}

// A recording of several files plays as one: the second begins where the first ends.
func TestFilesInARow(t *testing.T) {
	t.Parallel()
	pl := twoFiles()
	if pl.length() != 16*time.Second {
		t.Fatalf("length %v", pl.length())
	}
	if x, ok := pl.find("b", 1); !ok || x.From != 14*time.Second || x.To != 16*time.Second {
		t.Errorf("second piece of the second file: %+v %v", x, ok)
	}
	for _, file := range []ident.FileID{"a", "b", "c", ""} {
		for _, n := range []int{-1, 3, 99} {
			if _, ok := pl.find(file, n); ok {
				t.Errorf("found %s/%d", file, n)
			}
		}
	}
	list := playlist(pl.inside(0, 0))
	if strings.Count(list, "#EXT-X-DISCONTINUITY\n") != 1 || strings.Index(list, "DISCONTINUITY") < strings.Index(list, "a/2.ts") || strings.Index(list, "DISCONTINUITY") > strings.Index(list, "b/0.ts") {
		t.Errorf("list:\n%s", list)
	}
	if !strings.Contains(list, "#EXTINF:2.000,\na/2.ts\n") || !strings.HasSuffix(list, "#EXTINF:2.000,\nb/1.ts\n#EXT-X-ENDLIST\n") {
		t.Errorf("list:\n%s", list)
	}
}

// A copy whose sound begins with the encoder's run-up begins with the recording.
func TestRunUp(t *testing.T) {
	t.Parallel()
	pl := lay([]reel{{File: "a", State: ready, Duration: 4 * time.Second}}, [][]derivative.Segment{{{Start: -21 * time.Millisecond, Length: 4021 * time.Millisecond}}})
	if in := pl.inside(0, 0); len(in) != 1 || in[0].From != 0 || in[0].To != 4*time.Second {
		t.Errorf("%+v", in)
	}
}

// Not one piece that sticks out of a span is in it.
func TestPiecesInsideASpan(t *testing.T) {
	t.Parallel()
	pl := twoFiles()
	for _, c := range []struct {
		from, to time.Duration
		want     string
	}{
		{0, 0, "a0 a1 a2 b0 b1"},
		{0, 16 * time.Second, "a0 a1 a2 b0 b1"},
		{time.Millisecond, 0, "a1 a2 b0 b1"},
		{4 * time.Second, 8 * time.Second, "a1"},
		{4 * time.Second, 8*time.Second - 1, ""},
		{7 * time.Second, 15 * time.Second, "a2 b0"},
		{9 * time.Second, 13 * time.Second, ""},
		{20 * time.Second, 0, ""},
	} {
		var got []string
		for _, x := range pl.inside(c.from, c.to) {
			got = append(got, string(x.File)+string(rune('0'+x.N)))
			if x.From < c.from || c.to > 0 && x.To > c.to {
				t.Errorf("%v to %v: %+v", c.from, c.to, x)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v to %v: %q, want %q", c.from, c.to, s, c.want)
		}
	}
}

// How far a recording is: it can be played once every file is made or has failed, and one of them was made.
func TestState(t *testing.T) {
	t.Parallel()
	copyOf := func(file ident.FileID, s derivative.State, done float64) derivative.Derivative {
		return derivative.Derivative{File: file, Kind: derivative.Copy, State: s, Progress: done, Reason: "index"}
	}
	for _, c := range []struct {
		name string
		list []derivative.Derivative
		want state
		done float64
	}{
		{"nothing wanted", nil, making, 0},
		{"waiting", []derivative.Derivative{copyOf("a", derivative.Wanted, 0)}, making, 0},
		{"half", []derivative.Derivative{copyOf("a", derivative.Ready, 0), copyOf("b", derivative.Making, 0.5)}, making, 0.75},
		{"ready", []derivative.Derivative{copyOf("a", derivative.Ready, 0)}, ready, 1},
		{"one of two", []derivative.Derivative{copyOf("a", derivative.Failed, 0), copyOf("b", derivative.Ready, 0)}, ready, 1},
		{"none", []derivative.Derivative{copyOf("a", derivative.Failed, 0), copyOf("b", derivative.None, 0)}, failed, 1},
	} {
		all := reels(c.list)
		got, done := lay(all, make([][]derivative.Segment, len(all))).state()
		if got != c.want || done != c.done {
			t.Errorf("%s: %s %v", c.name, got, done)
		}
	}
}

// What the player says it showed is read strictly.
func TestSpans(t *testing.T) {
	t.Parallel()
	if got, err := spans("0-2000,9000-9500"); err != nil || len(got) != 2 || got[1] != (viewing.Span{From: 9000, To: 9500}) {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"-", "1", "1-", "-1", "2-1", "1--2", "1-2,", "1-2;3-4", "a-b", "+1-2", "1-99999999999999", strings.Repeat("1-2,", maxSpans) + "1-2"} {
		if got, err := spans(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}
