package continuity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/continuity"
)

var zero = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(s int) time.Time { return zero.Add(time.Duration(s) * time.Second) }

func sec(d time.Duration) int { return int(d / time.Second) }

// few draws a small activity in whole seconds: up to three cameras with clocks off by up to four seconds.
func few(t *rapid.T) continuity.Inputs {
	in := continuity.Inputs{Arrived: at(0), Departed: at(rapid.IntRange(1, 30).Draw(t, "length"))}
	for i := range rapid.IntRange(1, 3).Draw(t, "cameras") {
		lo := rapid.IntRange(-3, 3).Draw(t, "offset")
		in.Cameras = append(in.Cameras, continuity.Camera{ID: fmt.Sprint(i), Known: true, Offset: continuity.Offset{
			Min: time.Duration(lo) * time.Second, Max: time.Duration(lo+rapid.IntRange(0, 4).Draw(t, "doubt")) * time.Second,
		}})
		for range rapid.IntRange(0, 3).Draw(t, "segments") {
			from := rapid.IntRange(-6, 32).Draw(t, "from")
			s := continuity.Segment{Camera: fmt.Sprint(i), Span: continuity.Span{Start: at(from), End: at(from + rapid.IntRange(0, 20).Draw(t, "for"))}}
			if rapid.Bool().Draw(t, "inner") {
				g := from + rapid.IntRange(-1, 15).Draw(t, "inner from")
				s.Inner = append(s.Inner, continuity.Span{Start: at(g), End: at(g + rapid.IntRange(0, 4).Draw(t, "inner for"))})
			}
			in.Segments = append(in.Segments, s)
		}
	}
	return in
}

// open gives, for one choice of offsets, the longest stretches of the window that nothing covers, by looking at every second.
func open(in continuity.Inputs, offsets []int) [][2]int {
	covered := map[int]bool{}
	for _, s := range in.Segments {
		o := 0
		for i, c := range in.Cameras {
			if c.ID == s.Camera {
				o = offsets[i]
			}
		}
		for x := sec(s.Start.Sub(zero)); x < sec(s.End.Sub(zero)); x++ {
			inside := false
			for _, g := range s.Inner {
				inside = inside || x >= sec(g.Start.Sub(zero)) && x < sec(g.End.Sub(zero))
			}
			if !inside {
				covered[x+o] = true
			}
		}
	}
	var out [][2]int
	for x := 0; x < sec(in.Departed.Sub(zero)); x++ {
		switch n := len(out); {
		case covered[x]:
		case n > 0 && out[n-1][1] == x:
			out[n-1][1] = x + 1
		default:
			out = append(out, [2]int{x, x + 1})
		}
	}
	return out
}

// choices are all offsets in whole seconds that the cameras may have.
func choices(in continuity.Inputs) [][]int {
	out := [][]int{{}}
	for _, c := range in.Cameras {
		var next [][]int
		for _, o := range out {
			for x := sec(c.Offset.Min); x <= sec(c.Offset.Max); x++ {
				next = append(next, append(slices.Clone(o), x))
			}
		}
		out = next
	}
	return out
}

// TestAgainstEveryOffset holds the answer against every choice of offsets, second by second: what is continuous is so in all of them, what is
// a certain gap is one in all of them, no stretch that is open in any is left out, and nothing is doubted that is so in all (decision 20).
func TestAgainstEveryOffset(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := few(t)
		j := continuity.Judge(in)
		ever := false
		tight := make([]bool, len(j.Gaps))
		for _, offsets := range choices(in) {
			holes := open(in, offsets)
			ever = ever || len(holes) > 0
			for _, h := range holes {
				found := false
				for i, g := range j.Gaps {
					from, to := sec(g.Start.Sub(zero)), sec(g.End.Sub(zero))
					if from <= h[0] && to >= h[1] && sec(g.Length) >= h[1]-h[0] {
						found = true
						tight[i] = tight[i] || sec(g.Length) == h[1]-h[0]
					}
				}
				if !found {
					t.Fatalf("offsets %v: %v is open and in no gap: %+v", offsets, h, j.Gaps)
				}
			}
			for _, g := range j.Gaps {
				longest := 0
				for _, h := range holes {
					longest = max(longest, min(h[1], sec(g.End.Sub(zero)))-max(h[0], sec(g.Start.Sub(zero))))
				}
				if longest < sec(g.Least) {
					t.Fatalf("offsets %v: the gap %+v has only %d s", offsets, g, longest)
				}
			}
			if j.Verdict == continuity.Continuous && len(holes) > 0 {
				t.Fatalf("offsets %v: continuous, and %v is open", offsets, holes)
			}
		}
		if !ever && j.Verdict != continuity.Continuous {
			t.Fatalf("covered whatever the offsets are, and %s: %+v", j.Verdict, j)
		}
		if slices.Contains(tight, false) {
			t.Fatalf("a gap is said to be longer than it ever is: %v %+v", tight, j.Gaps)
		}
	})
}

// uncovered is how much is open at least, over the gaps that are certain.
func uncovered(j continuity.Judgement) (sum time.Duration) {
	for _, g := range j.Gaps {
		if g.Certain {
			sum += g.Least
		}
	}
	return sum
}

// TestMoreCoverage: coverage that is added never adds a certain gap, and what was continuous stays so.
func TestMoreCoverage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := few(t)
		before := continuity.Judge(in)
		from := rapid.IntRange(-6, 32).Draw(t, "more from")
		in.Segments = append(slices.Clone(in.Segments), continuity.Segment{Camera: "0", Span: continuity.Span{Start: at(from), End: at(from + rapid.IntRange(0, 9).Draw(t, "more"))}})
		after := continuity.Judge(in)
		if before.Verdict == continuity.Continuous && after.Verdict != continuity.Continuous {
			t.Fatalf("%+v became %+v", before, after)
		}
		worst := func(j continuity.Judgement) (most time.Duration) {
			for _, g := range j.Gaps {
				most = max(most, g.Length)
			}
			return most
		}
		if worst(after) > worst(before) {
			t.Fatalf("the longest gap grew from %s to %s", worst(before), worst(after))
		}
	})
}

// TestLessKnown: a clock that is known less well never makes anything continuous, and never makes a gap certain.
func TestLessKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := few(t)
		before := continuity.Judge(in)
		i := rapid.IntRange(0, len(in.Cameras)-1).Draw(t, "camera")
		in.Cameras = slices.Clone(in.Cameras)
		in.Cameras[i].Offset.Min -= time.Duration(rapid.IntRange(0, 2).Draw(t, "less")) * time.Second
		in.Cameras[i].Offset.Max += time.Duration(rapid.IntRange(0, 2).Draw(t, "more")) * time.Second
		after := continuity.Judge(in)
		if after.Verdict == continuity.Continuous && before.Verdict != continuity.Continuous {
			t.Fatalf("%+v became %+v", before, after)
		}
		if uncovered(before) == 0 && uncovered(after) > 0 {
			t.Fatalf("doubt made a gap certain: %+v became %+v", before, after)
		}
	})
}

// TestOrderAndSplitting: in what order things stand, and whether one file is two that touch, decides nothing.
func TestOrderAndSplitting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := few(t)
		want := fmt.Sprintf("%+v", continuity.Judge(in))
		digest := in.Digest()
		in.Segments = rapid.Permutation(in.Segments).Draw(t, "segments")
		in.Cameras = rapid.Permutation(in.Cameras).Draw(t, "cameras")
		if in.Digest() != digest {
			t.Fatal("the digest depends on the order")
		}
		if got := fmt.Sprintf("%+v", continuity.Judge(in)); got != want {
			t.Fatalf("%s\nin another order:\n%s", want, got)
		}
		for i, s := range in.Segments {
			if len(s.Inner) == 0 && s.End.Sub(s.Start) >= 2*time.Second {
				half := s.Start.Add(time.Second)
				second := s
				second.Start = half
				in.Segments = append(slices.Clone(in.Segments), second)
				in.Segments[i].End = half
				break
			}
		}
		if got := fmt.Sprintf("%+v", continuity.Judge(in)); got != want {
			t.Fatalf("%s\nsplit in two that touch:\n%s", want, got)
		}
	})
}
