package continuity_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/fault"
)

// read reads inputs from a short form: the window is 09:00 to 10:00, one camera "A" that is right, unless said otherwise.
func read(t *testing.T, s string) continuity.Inputs {
	t.Helper()
	in, err := continuity.Read([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

const window = `"window":{"arrived":"2026-11-24T09:00:00+08:00","departed":"2026-11-24T10:00:00+08:00"},"tolerance":{"join_s":2,"hour_s":10}`

func seg(camera, from, to string, more ...string) string {
	return fmt.Sprintf(`{"camera":%q,"start":"2026-11-24T%s+08:00","end":"2026-11-24T%s+08:00"%s}`, camera, from, to, strings.Join(append([]string{""}, more...), ","))
}

func why(from, to, more string) string {
	return fmt.Sprintf(`{"start":"2026-11-24T%s+08:00","end":"2026-11-24T%s+08:00",%s}`, from, to, more)
}

func file(cameras string, segments, interruptions []string) string {
	return fmt.Sprintf(`{%s,"cameras":[%s],"segments":[%s],"interruptions":[%s]}`, window, cameras, strings.Join(segments, ","), strings.Join(interruptions, ","))
}

const right = `{"id":"A","offset_s":{"min":0,"max":0}}`

// TestJudge is by hand: what a person who reads the regulation would answer.
func TestJudge(t *testing.T) {
	t.Parallel()
	two := []string{seg("A", "09:00:00", "09:20:00"), seg("A", "09:30:00", "10:00:00")}
	battery := func(more string) []string { return []string{why("09:20:00", "09:30:00", `"cause":"battery"`+more)} }
	for _, c := range []struct {
		name    string
		in      string
		all     string // joined by spaces
		gaps    string // from-to length certain explained owes
		doubts  string
		article string
	}{
		{name: "one file from arrival to departure", in: file(right, []string{seg("A", "09:00:00", "10:00:00")}, nil), all: "continuous"},
		{name: "longer than the activity", in: file(right, []string{seg("A", "08:50:00", "10:20:00")}, nil), all: "continuous"},
		{name: "files that touch", in: file(right, []string{seg("A", "09:00:00", "09:30:00"), seg("A", "09:30:00", "10:00:00")}, nil), all: "continuous"},
		{name: "files two seconds apart", in: file(right, []string{seg("A", "09:00:00", "09:30:00"), seg("A", "09:30:02", "10:00:00")}, nil), all: "continuous"},
		{
			name: "files two seconds and a millisecond apart", in: file(right, []string{seg("A", "09:00:00", "09:30:00"), seg("A", "09:30:02.001", "10:00:00")}, nil),
			all: "unexplained", gaps: "09:30:00-09:30:02.001 2.001 certain spoken",
		},
		{
			name: "a frame is missing inside a file", in: file(right, []string{seg("A", "09:00:00", "10:00:00", `"inner_gaps":[{"start":"2026-11-24T09:10:00+08:00","end":"2026-11-24T09:10:00.04+08:00"}]`)}, nil),
			all: "unexplained", gaps: "09:10:00-09:10:00.04 0.04 certain spoken",
		},
		{
			name: "what one camera lacks inside a file another has", in: file(right+`,{"id":"B","offset_s":{"min":-1,"max":1}}`, []string{
				seg("A", "09:00:00", "10:00:00", `"inner_gaps":[{"start":"2026-11-24T09:10:00+08:00","end":"2026-11-24T09:11:00+08:00"}]`), seg("B", "09:09:00", "09:12:00"),
			}, nil), all: "continuous",
		},
		{
			name: "joins of an hour together", in: file(right, func() (s []string) {
				for i := range 10 {
					s = append(s, seg("A", fmt.Sprintf("09:%02d:00", i*6), fmt.Sprintf("09:%02d:58.5", i*6+5)))
				}
				return append(s, seg("A", "09:59:00", "10:00:00"))
			}(), nil), all: "unexplained",
		},
		{name: "a file was removed", in: file(right, two, nil), all: "unexplained", gaps: "09:20:00-09:30:00 600 certain spoken"},
		{name: "explained by word afterwards", in: file(right, two, battery(`,"spoken_at":"2026-11-24T09:30:20+08:00"`)), all: "explained", gaps: "09:20:00-09:30:00 600 certain explained"},
		{
			name: "spoken of before it was over", in: file(right, two, battery(`,"spoken_at":"2026-11-24T09:29:59+08:00"`)),
			all: "unexplained", gaps: "09:20:00-09:30:00 600 certain spoken",
		},
		{name: "reported and written", in: file(right, two, battery(`,"reported_at":"2026-11-24T09:25:00+08:00","written_at":"2026-11-25T09:00:00+08:00"`)), all: "explained", gaps: "09:20:00-09:30:00 600 certain explained"},
		{name: "reported and not written", in: file(right, two, battery(`,"reported_at":"2026-11-24T09:25:00+08:00"`)), all: "unexplained", gaps: "09:20:00-09:30:00 600 certain written"},
		{name: "written and not reported", in: file(right, two, battery(`,"written_at":"2026-11-24T19:25:00+08:00"`)), all: "unexplained", gaps: "09:20:00-09:30:00 600 certain report"},
		{
			name: "no cause", in: file(right, two, []string{why("09:20:00", "09:30:00", `"cause":"","spoken_at":"2026-11-24T09:31:00+08:00"`)}),
			all: "unexplained", gaps: "09:20:00-09:30:00 600 certain spoken",
		},
		{
			name: "an interruption elsewhere", in: file(right, two, []string{why("09:40:00", "09:45:00", `"cause":"weather","spoken_at":"2026-11-24T09:46:00+08:00"`)}),
			all: "unexplained", gaps: "09:20:00-09:30:00 600 certain spoken",
		},
		{name: "begun late", in: file(right, []string{seg("A", "09:00:30", "10:00:00")}, nil), all: "late_start", gaps: "09:00:00-09:00:30 30 certain spoken"},
		{name: "ended early", in: file(right, []string{seg("A", "09:00:00", "09:59:00")}, nil), all: "early_end", gaps: "09:59:00-10:00:00 60 certain report written"},
		{
			name: "all three", in: file(right, []string{seg("A", "09:01:00", "09:20:00"), seg("A", "09:30:00", "09:50:00")}, nil), all: "unexplained late_start early_end",
			gaps: "09:00:00-09:01:00 60 certain spoken; 09:20:00-09:30:00 600 certain spoken; 09:50:00-10:00:00 600 certain report written",
		},
		{name: "nothing was filmed", in: file(right, nil, nil), all: "late_start early_end", gaps: "09:00:00-10:00:00 3600 certain report written"},
		{
			name: "a clock that may be off: the length is exact, the place is not", in: file(`{"id":"A","offset_s":{"min":-5,"max":5}}`, []string{seg("A", "08:50:00", "09:20:00"), seg("A", "09:20:30", "10:10:00")}, nil),
			all: "unexplained", gaps: "09:19:55-09:20:35 30 certain spoken",
		},
		{
			name: "a clock that may be off leaves the beginning open", in: file(`{"id":"A","offset_s":{"min":-5,"max":5}}`, []string{seg("A", "09:00:00", "10:10:00")}, nil),
			all: "cannot_judge", gaps: "09:00:00-09:00:05 5 spoken", doubts: "offset",
		},
		{
			name: "certain breaches go before doubt", in: file(`{"id":"A","offset_s":{"min":-5,"max":5}}`, []string{seg("A", "09:00:00", "09:20:00"), seg("A", "09:21:00", "10:10:00")}, nil),
			all: "unexplained cannot_judge", gaps: "09:00:00-09:00:05 5 spoken; 09:19:55-09:21:05 60 certain spoken", doubts: "offset",
		},
		{
			name: "two cameras that hand over, with clocks that may be off", in: file(`{"id":"A","offset_s":{"min":-2,"max":2}},{"id":"B","offset_s":{"min":-2,"max":2}}`, []string{seg("A", "08:50:00", "09:30:00"), seg("B", "09:29:58", "10:10:00")}, nil),
			all: "cannot_judge", gaps: "09:29:58-09:30:00 2 spoken", doubts: "offset",
		},
		{name: "no sound", in: file(right, []string{seg("A", "09:00:00", "10:00:00", `"sound":"absent"`)}, nil), all: "cannot_judge", doubts: "sound"},
		{name: "silence", in: file(right, []string{seg("A", "09:00:00", "10:00:00", `"sound":"silent"`)}, nil), all: "cannot_judge", doubts: "sound"},
		{
			name: "silence before arrival", in: file(right, []string{seg("A", "08:59:30", "09:00:00", `"sound":"absent"`), seg("A", "09:00:00", "10:00:00", `"sound":"present"`)}, nil),
			all: "continuous",
		},
		{
			name: "another camera has the sound", in: file(right+`,{"id":"B","offset_s":{"min":0,"max":0}}`, []string{seg("A", "09:00:00", "10:00:00", `"sound":"absent"`), seg("B", "09:00:00", "10:00:00", `"sound":"present"`)}, nil),
			all: "continuous",
		},
		{
			name: "a file of 1904 may lie anywhere", in: file(right, append(slices.Clone(two), `{"camera":"A","start":"1904-01-01T00:00:00Z","end":"1904-01-01T00:20:00Z"}`), nil),
			all: "cannot_judge", gaps: "09:20:00-09:30:00 600 spoken", doubts: "clock",
		},
		{
			name: "and hides no gap that is longer than it", in: file(right, append(slices.Clone(two), `{"camera":"A","start":"1904-01-01T00:00:00Z","end":"1904-01-01T00:04:00Z"}`), nil),
			all: "unexplained", gaps: "09:20:00-09:30:00 600 certain spoken",
		},
		{
			name: "and spoils nothing that is covered", in: file(right, []string{seg("A", "09:00:00", "10:00:00"), `{"camera":"A","start":"1904-01-01T00:00:00Z","end":"1904-01-01T00:20:00Z"}`}, nil),
			all: "continuous",
		},
		{name: "reversed", in: file(right, append(slices.Clone(two), seg("A", "09:31:00", "09:19:00")), nil), all: "cannot_judge", gaps: "09:20:00-09:30:00 600 spoken", doubts: "clock"},
		{name: "overlapping", in: file(right, []string{seg("A", "09:00:00", "09:40:00"), seg("A", "09:10:00", "10:00:00"), seg("A", "09:20:00", "09:21:00")}, nil), all: "continuous"},
		{name: "a camera nobody knows", in: file(right, append(slices.Clone(two), seg("Z", "09:19:00", "09:31:00")), nil), all: "cannot_judge", gaps: "09:20:00-09:30:00 600 spoken", doubts: "camera"},
		{name: "an offset nobody knows", in: file(`{"id":"A"}`, []string{seg("A", "09:00:00", "10:00:00")}, nil), all: "cannot_judge", gaps: "09:00:00-10:00:00 3600 report written", doubts: "camera"},
		{name: "never closed", in: strings.Replace(file(right, two, nil), `"2026-11-24T10:00:00+08:00"}`, `""}`, 1), all: "unexplained cannot_judge", gaps: "09:20:00-09:30:00 600 certain spoken", doubts: "departed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := read(t, c.in)
			j := continuity.Judge(in)
			var all []string
			for _, v := range j.All {
				all = append(all, string(v))
			}
			if got := strings.Join(all, " "); got != c.all || j.Verdict != j.All[0] {
				t.Errorf("%s (%s), want %s: %+v", got, j.Verdict, c.all, j)
			}
			var gaps []string
			for _, g := range j.Gaps {
				zone := time.FixedZone("", 8*3600)
				s := fmt.Sprintf("%s-%s %v", g.Start.In(zone).Format("15:04:05.999"), g.End.In(zone).Format("15:04:05.999"), g.Length.Seconds())
				if g.Certain {
					s += " certain"
				}
				if g.Explained {
					s += " explained"
				}
				for _, o := range g.Owes {
					s += " " + string(o)
				}
				gaps = append(gaps, s)
			}
			if got := strings.Join(gaps, "; "); c.name != "joins of an hour together" && got != c.gaps {
				t.Errorf("gaps %s\nwant %s", got, c.gaps)
			}
			var doubts []string
			for _, d := range j.Doubts {
				doubts = append(doubts, string(d))
			}
			if got := strings.Join(doubts, " "); got != c.doubts {
				t.Errorf("doubts %s, want %s", got, c.doubts)
			}
		})
	}
}

// TestRefused: what no verdict can be of is refused, and the place is named.
func TestRefused(t *testing.T) {
	t.Parallel()
	for place, in := range map[string]string{
		"window":               `{"window":{"arrived":"2026-11-24T10:00:00Z","departed":"2026-11-24T09:00:00Z"}}`,
		"window.arrived":       `{"window":{"arrived":"nine o'clock"}}`,
		"cameras[1]":           `{"cameras":[{"id":"A","offset_s":{"min":0,"max":0}},{"id":"A","offset_s":{"min":0,"max":0}}]}`,
		"cameras[0]":           `{"cameras":[{"id":"A","offset_s":{"min":1,"max":0}}]}`,
		"tolerance.join_s":     `{"tolerance":{"join_s":1e99}}`,
		"tolerance":            `{"tolerance":{"join_s":-1}}`,
		"segments[0].sound":    `{"segments":[{"camera":"A","start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:00:01Z","sound":"loud"}]}`,
		"segments[0].end":      `{"segments":[{"camera":"A","start":"2026-11-24T09:00:00Z","end":""}]}`,
		"interruptions[0]":     `{"interruptions":[{"start":"2026-11-24T10:00:00Z","end":"2026-11-24T09:00:00Z","cause":"battery"}]}`,
		"segments[0].start":    `{"segments":[{"camera":"A","start":"9999-11-24T09:00:00Z","end":"2026-11-24T09:00:01Z"}]}`,
		"cameras[0].offset_s.": `{"cameras":[{"id":"A","offset_s":{"min":0,"max":1e12}}]}`,
		"unexpected end":       `{"window"`,
	} {
		_, err := continuity.Read([]byte(in))
		if !fault.HasCode(err, "continuity.form") || !strings.Contains(fmt.Sprint(fault.As(err).Args), place) {
			t.Errorf("%s: %v %v", in, err, fault.As(err).Args)
		}
	}
}

// TestDigest: the digest is of what is said, not of how it is written.
func TestDigest(t *testing.T) {
	t.Parallel()
	a := read(t, file(right, []string{seg("A", "09:00:00", "09:30:00"), seg("A", "09:30:00", "10:00:00", `"sound":"present"`)}, nil))
	b := read(t, strings.ReplaceAll(`{"window":{"arrived":"2026-11-24T01:00:00Z","departed":"2026-11-24T02:00:00.000Z"},"cameras":[{"id":"A","offset_s":{"min":0.0,"max":0e0}}],
		"segments":[{"camera":"A","start":"2026-11-24T01:30:00Z","end":"2026-11-24T02:00:00Z"},{"camera":"A","start":"2026-11-24T01:00:00Z","end":"2026-11-24T01:30:00Z"}]}`, "\t", ""))
	if a.Digest() != b.Digest() {
		t.Error("the same inputs have two digests")
	}
	b.Segments[0].End = b.Segments[0].End.Add(1)
	if a.Digest() == b.Digest() {
		t.Error("other inputs have the same digest")
	}
}

// FuzzRead: whatever a file holds, it is read or refused, and what is read is judged and says something.
func FuzzRead(f *testing.F) {
	names, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range names {
		if raw, err := os.ReadFile("testdata/" + n.Name()); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := continuity.Read(raw)
		if err != nil {
			return
		}
		j := continuity.Judge(in)
		if len(j.All) == 0 || j.Verdict != j.All[0] || j.Verdict == continuity.Continuous && (len(j.Gaps) > 0 || len(j.Doubts) > 0) {
			t.Fatalf("%+v", j)
		}
		for _, g := range j.Gaps {
			if g.Length <= 0 || g.Least < 0 || g.Least > g.Length || g.End.Sub(g.Start) < g.Length {
				t.Fatalf("%+v", g)
			}
		}
		if _, err := json.Marshal(continuity.OutputOf(in, j)); err != nil {
			t.Fatal(err)
		}
	})
}

// large is an activity of cameras with files each, a file every minute and a half second between.
func large(cameras, files int) continuity.Inputs {
	in := continuity.Inputs{Arrived: at(0), Departed: at(files * 60), Tolerance: continuity.DefaultTolerance}
	for c := range cameras {
		id := fmt.Sprint(c)
		in.Cameras = append(in.Cameras, continuity.Camera{ID: id, Known: true, Offset: continuity.Offset{Min: -time.Second, Max: time.Second}})
		for i := range files {
			from := at(i*60 + c*7%40)
			in.Segments = append(in.Segments, continuity.Segment{Camera: id, Span: continuity.Span{Start: from, End: from.Add(59500 * time.Millisecond)}})
		}
	}
	return in
}

// BenchmarkActivity is an activity of 10 cameras with 200 files each.
func BenchmarkActivity(b *testing.B) {
	in := large(10, 200)
	for b.Loop() {
		continuity.Judge(in)
	}
}

// BenchmarkDay is a bureau's day: 500 activities of 3 cameras with 20 files each.
func BenchmarkDay(b *testing.B) {
	in := large(3, 20)
	for b.Loop() {
		for range 500 {
			continuity.Judge(in)
		}
	}
}
