package timeline_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/media/bmff/bmfftest"
	"zhilu.dev/zhilu/internal/media/timeline"
)

func read(t testing.TB, b []byte) timeline.Timeline {
	t.Helper()
	tl, _, err := timeline.Read(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

const ms = time.Millisecond

func gap(at, length time.Duration) timeline.Gap { return timeline.Gap{At: at, Length: length} }

// steady makes n samples of equal steps.
func steady(n int, step int64) []bmfftest.Sample {
	return slices.Repeat([]bmfftest.Sample{{Step: step, Size: 50}}, n)
}

func join(parts ...[]bmfftest.Sample) []bmfftest.Sample { return slices.Concat(parts...) }

// A recording at 25 pictures a second and 1,000 ticks: a picture is 40 ticks.
func TestLines(t *testing.T) {
	t.Parallel()
	hundred := steady(100, 40)
	stop := func(step int64) []bmfftest.Sample { return []bmfftest.Sample{{Step: step, Size: 50}} }
	// Pictures stored 0 3 1 2, as B pictures are.
	reordered := slices.Repeat([]bmfftest.Sample{{Step: 40, Size: 90, Shift: 40}, {Step: 40, Size: 50, Shift: 120}, {Step: 40, Size: 10}, {Step: 40, Size: 10}}, 25)
	holed := slices.Clone(reordered) // what is shown after picture 52 comes a second later
	for i := 52; i < len(holed); i++ {
		holed[i].Shift += 1000
	}
	cases := map[string]struct {
		movie      bmfftest.Movie
		fragments  bool
		start, end time.Duration
		gaps       []timeline.Gap
		samples    int64
		doubts     []timeline.Doubt
	}{
		"plain":             {movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred}}}, end: 4000 * ms, samples: 100},
		"index in front":    {movie: bmfftest.Movie{IndexFirst: true, Tracks: []bmfftest.Track{{Samples: hundred}}}, end: 4000 * ms, samples: 100},
		"64-bit figures":    {movie: bmfftest.Movie{Large: true, Tracks: []bmfftest.Track{{Samples: hundred}}}, end: 4000 * ms, samples: 100},
		"fragments":         {movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred}}}, fragments: true, end: 4000 * ms, samples: 100},
		"terse fragments":   {movie: bmfftest.Movie{Defaults: true, Tracks: []bmfftest.Track{{Samples: hundred}}}, fragments: true, end: 4000 * ms, samples: 100},
		"untimed fragments": {movie: bmfftest.Movie{NoTimes: true, Tracks: []bmfftest.Track{{Samples: hundred}}}, fragments: true, end: 4000 * ms, samples: 100},
		"reordered":         {movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: reordered}}}, start: 40 * ms, end: 4040 * ms, samples: 100},
		"reordered, shown from its first picture": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: reordered, Edits: []bmfftest.Edit{{Length: 4000, From: 40}}}}}, end: 4000 * ms, samples: 100,
		},
		"a hole in what is shown": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: holed}}}, start: 40 * ms, end: 5040 * ms, samples: 100, gaps: []timeline.Gap{gap(2120*ms, 1000*ms)},
		},
		"a long step": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: join(steady(49, 40), stop(3040), steady(50, 40))}}},
			end:   7000 * ms, samples: 100, gaps: []timeline.Gap{gap(2000*ms, 3000*ms)},
		},
		"the least gap": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: join(steady(49, 40), stop(240), steady(50, 40))}}},
			end:   4200 * ms, samples: 100, gaps: []timeline.Gap{gap(2000*ms, 200*ms)},
		},
		"dropped pictures are no gap": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: join(steady(49, 40), stop(239), steady(50, 40))}}}, end: 4199 * ms, samples: 100,
		},
		"a slow camera has no gaps": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: join(steady(50, 1000), stop(3000), steady(49, 1000))}}}, end: 102_000 * ms, samples: 100,
		},
		"but may have one": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: join(steady(50, 1000), stop(3001), steady(49, 1000))}}},
			end:   102_001 * ms, samples: 100, gaps: []timeline.Gap{gap(51_000*ms, 2001*ms)},
		},
		"the last picture stands": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: join(steady(99, 40), stop(5000))}}},
			end:   8960 * ms, samples: 100, gaps: []timeline.Gap{gap(4000*ms, 4960*ms)},
		},
		"a delayed track": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, Edits: []bmfftest.Edit{{Length: 1500, From: -1}, {Length: 4000}}}}},
			start: 1500 * ms, end: 5500 * ms, samples: 100,
		},
		"an edit that shows less": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, Edits: []bmfftest.Edit{{Length: 1000, From: 2000}}}}}, end: 1000 * ms, samples: 100,
		},
		"an edit that shows more than there is": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, Edits: []bmfftest.Edit{{Length: 9000, From: 0}}}}}, end: 4000 * ms, samples: 100,
		},
		"an edit to the end": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, Edits: []bmfftest.Edit{{Length: 0, From: 400}}}}}, fragments: true, end: 3600 * ms, samples: 100,
		},
		"nothing between two edits": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, Edits: []bmfftest.Edit{{Length: 2000}, {Length: 700, From: -1}, {Length: 2000, From: 2000}}}}},
			end:   4700 * ms, samples: 100, gaps: []timeline.Gap{gap(2000*ms, 700*ms)},
		},
		"a picture stands between two edits": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, Edits: []bmfftest.Edit{{Length: 2000}, {Length: 700, From: 2000, Still: true}, {Length: 2000, From: 2000}}}}},
			end:   4700 * ms, samples: 100, gaps: []timeline.Gap{gap(2000*ms, 700*ms)},
		},
		"a gap cut by an edit": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{
				Samples: join(steady(49, 40), stop(3040), steady(50, 40)),
				Edits:   []bmfftest.Edit{{Length: 3000}, {Length: 2000, From: 5000}},
			}}},
			end: 5000 * ms, samples: 100, gaps: []timeline.Gap{gap(2000*ms, 1000*ms)},
		},
		// T2: fragments taken out of the middle.
		"lost fragments": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred}}, Drop: func(i int) bool { return i == 3 || i == 4 }}, fragments: true,
			end: 4000 * ms, samples: 80, gaps: []timeline.Gap{gap(1200*ms, 800*ms)}, doubts: []timeline.Doubt{timeline.DoubtFragments},
		},
		"lost fragments without times": {
			movie: bmfftest.Movie{NoTimes: true, Tracks: []bmfftest.Track{{Samples: hundred}}, Drop: func(i int) bool { return i == 3 }}, fragments: true,
			end: 3600 * ms, samples: 90, doubts: []timeline.Doubt{timeline.DoubtFragments},
		},
		"fragments begin late": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: hundred, First: 60_000}}}, fragments: true, start: 60_000 * ms, end: 64_000 * ms, samples: 100,
		},
		"a text may come when it likes": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Handler: "text", Codec: "tx3g", Samples: join(steady(49, 40), stop(3040), steady(50, 40))}}}, end: 7000 * ms, samples: 100,
		},
		"samples elsewhere": {
			movie: bmfftest.Movie{Tracks: []bmfftest.Track{{External: true, Samples: hundred}}}, end: 4000 * ms, samples: 100,
		},
		"one picture": {movie: bmfftest.Movie{Tracks: []bmfftest.Track{{Samples: stop(9000)}}}, end: 9000 * ms, samples: 1},
		"no picture":  {movie: bmfftest.Movie{Tracks: []bmfftest.Track{{}}}},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for i := range c.movie.Tracks {
				c.movie.Tracks[i].Scale = 1000
			}
			file := c.movie.Plain
			if c.fragments {
				file = c.movie.Fragmented
			}
			tl := read(t, file())
			if len(tl.Lines) != 1 {
				t.Fatalf("lines %+v", tl.Lines)
			}
			l := tl.Lines[0]
			if l.Start != c.start || l.End != c.end || l.Samples != c.samples || l.Here != c.samples {
				t.Errorf("%v to %v, %d of %d samples; want %v to %v, %d", l.Start, l.End, l.Here, l.Samples, c.start, c.end, c.samples)
			}
			if diff := cmp.Diff(c.gaps, l.Gaps); diff != "" || l.GapCount != int64(len(c.gaps)) {
				t.Errorf("%d gaps (-want +got):\n%s", l.GapCount, diff)
			}
			if diff := cmp.Diff(c.doubts, tl.Doubts); diff != "" {
				t.Errorf("doubts (-want +got):\n%s", diff)
			}
		})
	}
}

// A file that breaks off tells what is there: by its index if that came first, by its fragments always.
func TestCutOff(t *testing.T) {
	t.Parallel()
	movie := bmfftest.Movie{IndexFirst: true, SegmentTime: true, Tracks: []bmfftest.Track{
		{Scale: 1000, Samples: steady(100, 40)}, {Scale: 8000, Handler: "soun", Samples: steady(100, 320)},
	}}
	plain, fragments := movie.Plain(), movie.Fragmented()
	late := bmfftest.Movie{Tracks: movie.Tracks}.Plain()
	cases := map[string]struct {
		file  []byte
		end   time.Duration
		here  int64
		cut   bool
		index bool
	}{
		"whole":               {plain, 4000 * ms, 100, false, true},
		"a byte is gone":      {plain[:len(plain)-1], 4000 * ms, 100, true, true}, // of the sound; the pictures are all there
		"half of the samples": {plain[:len(plain)-100*50], 2000 * ms, 50, true, true},
		"no samples":          {plain[:len(plain)-200*50], 0, 0, true, true},
		"no data box":         {plain[:len(plain)-200*50-8], 0, 0, true, true},
		"fragments, whole":    {fragments, 4000 * ms, 100, false, true},
		"fragments, half":     {fragments[:len(fragments)/2], 2000 * ms, 50, true, true}, // cut in the sound
		"index behind, cut":   {late[:len(late)-300], 4000 * ms, 100, true, true},
		"index behind, gone":  {late[:2000], 0, 0, true, false},
		"nothing":             {nil, 0, 0, true, false},
		"not a box":           {[]byte("hello, world"), 0, 0, true, false},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			tl := read(t, c.file)
			if tl.Has(timeline.DoubtCutOff) != c.cut || tl.Has(timeline.DoubtNoIndex) == c.index {
				t.Errorf("doubts %v", tl.Doubts)
			}
			if !c.index {
				if len(tl.Lines) != 0 || tl.Source != timeline.FromNothing {
					t.Errorf("%s: %+v", tl.Source, tl.Lines)
				}
				return
			}
			if l := tl.Lines[0]; l.End != c.end || l.Here != c.here || len(l.Gaps) > 0 {
				t.Errorf("to %v, %d here; want %v, %d", l.End, l.Here, c.end, c.here)
			}
			if what != "index behind, cut" && what != "fragments, half" && tl.Claimed != 4000*ms {
				t.Errorf("claimed %v", tl.Claimed)
			}
		})
	}
}

// Samples that lie where the file has none are a hole, wherever they are listed.
func TestLostMiddle(t *testing.T) {
	t.Parallel()
	movie := bmfftest.Movie{IndexFirst: true, Tracks: []bmfftest.Track{{Scale: 1000, Samples: steady(100, 40), PerChunk: 25}}}
	b := movie.Plain()
	at := bytes.Index(b, []byte("stco")) + 4 + 8 + 4 // the second of four places
	copy(b[at:], []byte{0x7f, 0, 0, 0})
	l := read(t, b).Lines[0]
	if diff := cmp.Diff([]timeline.Gap{gap(1000*ms, 1000*ms)}, l.Gaps); diff != "" || l.Here != 75 || l.End != 4000*ms {
		t.Errorf("%d here to %v (-want +got):\n%s", l.Here, l.End, diff)
	}
}

// A recording longer than 4 GiB, of which only the ends are written.
func TestLargeSparseFile(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "large.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	movie := bmfftest.Movie{Large: true, Tracks: []bmfftest.Track{{Scale: 90_000, Samples: join(steady(49, 3600), []bmfftest.Sample{{Step: 183_600, Size: 50}}, steady(50, 3600))}}}
	size, err := movie.Sparse(f, 5<<30)
	if err != nil {
		t.Fatal(err)
	}
	if size < 5<<30 {
		t.Fatalf("size %d", size)
	}
	read := func(size int64) timeline.Timeline {
		tl, _, err := timeline.Read(t.Context(), f, size)
		if err != nil {
			t.Fatal(err)
		}
		return tl
	}
	tl := read(size)
	if l := tl.Lines[0]; l.Here != 100 || l.End != 6*time.Second || len(tl.Doubts) != 0 || !slices.Equal(l.Gaps, []timeline.Gap{gap(2000*ms, 2000*ms)}) {
		t.Errorf("%+v, doubts %v", l, tl.Doubts)
	}
	if tl := read(4 << 30); !tl.Has(timeline.DoubtCutOff) || !tl.Has(timeline.DoubtNoIndex) {
		t.Errorf("cut at 4 GiB: doubts %v", tl.Doubts)
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

// What the store cannot read is an error and never a finding on the file.
func TestStoreErrors(t *testing.T) {
	t.Parallel()
	if _, _, err := timeline.Read(t.Context(), broken{}, 100); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("err = %v", err)
	}
	file := bmfftest.Movie{Tracks: []bmfftest.Track{{Scale: 1000, Samples: steady(100, 40)}}}.Plain()
	if _, _, err := timeline.Read(t.Context(), bytes.NewReader(file), int64(len(file))+100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("shorter than told: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := timeline.Read(ctx, bytes.NewReader(file), int64(len(file))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// tape is a naive reading: every tick of what is shown, one by one.
type tape struct {
	usual int64
	gaps  map[int64]bool // ticks of the track in which nothing was recorded
	from  int64
	to    int64
}

func naive(samples []bmfftest.Sample) tape {
	var at []int64
	now := int64(0)
	for _, s := range samples {
		at = append(at, now+s.Shift)
		now += s.Step
	}
	last := at[len(at)-1] // its own length ends the tape if it is shown last
	slices.Sort(at)
	var steps []int64
	for i := 1; i < len(at); i++ {
		if at[i] > at[i-1] {
			steps = append(steps, at[i]-at[i-1])
		}
	}
	tail := int64(40)
	if last == at[len(at)-1] {
		tail = samples[len(samples)-1].Step
	}
	tp := tape{usual: tail, gaps: map[int64]bool{}, from: at[0], to: at[len(at)-1] + tail}
	if len(steps) > 0 {
		slices.Sort(steps)
		tp.usual = steps[(len(steps)-1)/2]
	}
	for i, a := range at {
		next := tp.to
		if i+1 < len(at) {
			next = at[i+1]
		}
		if rest := next - a - tp.usual; rest >= 200 && rest > 2*tp.usual {
			for x := a + tp.usual; x < next; x++ {
				tp.gaps[x] = true
			}
		}
	}
	return tp
}

func (tp tape) play(edits []bmfftest.Edit) (start, end time.Duration, gaps []timeline.Gap) {
	if len(edits) == 0 {
		edits = []bmfftest.Edit{{Length: tp.to - min(tp.from, 0)}}
		if tp.from < 0 {
			edits[0].From = tp.from
		}
	}
	first, last := int64(-1), int64(-1)
	shown := map[int64]bool{} // true: recorded
	now := int64(0)
	for _, e := range edits {
		for i := range e.Length {
			if x := e.From + i; e.From >= 0 && !e.Still && x >= tp.from && x < tp.to {
				if first < 0 {
					first = now + i
				}
				last, shown[now+i] = now+i, !tp.gaps[x]
			}
		}
		now += e.Length
	}
	if first < 0 {
		return 0, 0, nil
	}
	for x := first; x <= last; x++ {
		from := x
		for x <= last && !shown[x] {
			x++
		}
		if x-from >= 200 && x-from > 2*tp.usual {
			gaps = append(gaps, gap(time.Duration(from)*ms, time.Duration(x-from)*ms))
		}
	}
	return time.Duration(first) * ms, time.Duration(last+1) * ms, gaps
}

// Whatever a camera's tables say, whole or in fragments, the reader sees what a reading tick by tick sees.
func TestReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var samples []bmfftest.Sample
		order := rapid.SampledFrom([][]int64{{0}, {40, 120, 0, 0}, {80, 160, 40, 0}}).Draw(t, "order")
		for range rapid.IntRange(1, 30).Draw(t, "groups") {
			long := rapid.SampledFrom([]int64{0, 0, 0, 0, 100, 199, 200, 500, 3000}).Draw(t, "pause")
			for i, shift := range order {
				s := bmfftest.Sample{Step: 40, Shift: shift, Size: rapid.IntRange(0, 200).Draw(t, "size")}
				if i == len(order)-1 {
					s.Step += long
				}
				samples = append(samples, s)
			}
		}
		samples = join(samples, steady(rapid.SampledFrom([]int{0, 1, 31, 32, 33, 100, 400}).Draw(t, "tail"), 40))
		var edits []bmfftest.Edit
		for range rapid.IntRange(0, 3).Draw(t, "edits") {
			edits = append(edits, bmfftest.Edit{
				Length: rapid.Int64Range(1, 6000).Draw(t, "length"), From: rapid.Int64Range(-1, 5000).Draw(t, "from"), Still: rapid.IntRange(0, 5).Draw(t, "still") == 0,
			})
		}
		m := bmfftest.Movie{
			Tracks: []bmfftest.Track{
				{Scale: 1000, Samples: samples, Edits: edits, PerChunk: rapid.IntRange(1, 20).Draw(t, "chunk")},
				{Scale: 8000, Handler: "soun", Samples: steady(rapid.IntRange(0, 50).Draw(t, "sound"), 320)},
			},
			IndexFirst: rapid.Bool().Draw(t, "index first"), Large: rapid.Bool().Draw(t, "large"),
			PerFragment: rapid.IntRange(1, 40).Draw(t, "per fragment"), NoTimes: rapid.Bool().Draw(t, "no times"),
		}
		start, end, gaps := naive(samples).play(edits)
		for what, b := range map[string][]byte{"plain": m.Plain(), "fragmented": m.Fragmented()} {
			tl, _, err := timeline.Read(context.Background(), bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			l := tl.Lines[0]
			if len(tl.Doubts) > 0 || l.Start != start || l.End != end || l.Here != int64(len(samples)) {
				t.Fatalf("%s: %v to %v, %d samples, doubts %v; want %v to %v, %d", what, l.Start, l.End, l.Here, tl.Doubts, start, end, len(samples))
			}
			if diff := cmp.Diff(gaps, l.Gaps); diff != "" {
				t.Fatalf("%s: gaps (-want +got):\n%s", what, diff)
			}
		}
	})
}
