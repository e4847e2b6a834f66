package timeline_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff/bmfftest"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// put writes figures over a file, from the named box's body on.
func put(file []byte, box string, at int, figures ...uint32) []byte {
	b := bytes.Clone(file)
	from := bytes.Index(b, []byte(box)) + 4 + at
	for i, v := range figures {
		binary.BigEndian.PutUint32(b[from+4*i:], v)
	}
	return b
}

// hostile is files that claim what no file can hold. // T16, T18
func hostile() map[string][]byte {
	plain := bmfftest.Movie{Tracks: []bmfftest.Track{{Scale: 1000, Samples: slices.Concat(steady(9, 40), []bmfftest.Sample{{Step: 4000, Shift: 80, Size: 3}}), Edits: []bmfftest.Edit{{Length: 100}}}}}.Plain()
	uneven := bmfftest.Movie{Tracks: []bmfftest.Track{{Scale: 1000, Samples: []bmfftest.Sample{{Step: 40, Size: 1}, {Step: 40, Size: 2}}}}}.Plain()
	terse := bmfftest.Movie{Defaults: true, Tracks: []bmfftest.Track{{Scale: 1000, Samples: steady(20, 40)}}}.Fragmented()
	fragments := bmfftest.Movie{Large: true, SegmentTime: true, Tracks: []bmfftest.Track{{Scale: 1000, Samples: steady(20, 40)}}}.Fragmented()
	long := bmfftest.Movie{Tracks: []bmfftest.Track{{Scale: 1000, Samples: steady(200, 40)}}}.Fragmented()
	const most = math.MaxUint32
	deep := []byte{}
	for range 300 {
		deep = bmfftest.Box("mdia", bmfftest.Box("minf", bmfftest.Box("stbl", deep)))
	}
	empty := bytes.Repeat([]byte("\x00\x00\x00\x08free"), 2_000_001)
	return map[string][]byte{
		"steps without end":         put(plain, "stts", 8, most, most-1<<31),
		"steps of nothing":          put(plain, "stts", 8, most, 0),
		"steps backward":            put(plain, "stts", 8, 10, most),
		"more rows than the box":    put(plain, "stts", 4, most),
		"more sizes than the box":   put(uneven, "stsz", 4, 0, most),
		"samples without end":       put(put(plain, "stsz", 4, 1, most), "stsc", 8, 1, most, 1),
		"huge samples":              put(plain, "stsz", 4, most, most),
		"chunks from nowhere":       put(plain, "stsc", 8, 0, 0, 0),
		"no scale":                  put(plain, "mdhd", 12, 0),
		"the finest scale":          put(plain, "mdhd", 12, most),
		"no movie scale":            put(plain, "mvhd", 12, 0),
		"an endless edit":           put(plain, "elst", 4, 1, most, most-5),
		"edits beyond the box":      put(plain, "elst", 4, most),
		"shifts without end":        put(plain, "ctts", 4, 2, most, 1<<31, most, 1<<31-1),
		"a box of no size":          put(plain, "trak", -8, 0),
		"a box that reaches out":    put(plain, "mdia", -8, most),
		"a fragment without end":    put(terse, "trun", 4, most),
		"a fragment of nothing":     put(put(terse, "trun", 4, most), "tfhd", 8, most, 0),
		"a fragment of huge steps":  put(put(terse, "trun", 4, most), "tfhd", 8, most, most),
		"a fragment at the end":     put(fragments, "tfdt", 4, most, most),
		"a fragment before all":     put(fragments, "trun", 8, 1<<31),
		"more rows than the run":    put(fragments, "trun", 4, most),
		"an index of long segments": put(fragments, "sidx", 4, 1, 1, most, most),
		"nested":                    bmfftest.Box("moov", bmfftest.Box("trak", deep)),
		"a thousand tracks":         bmfftest.Box("moov", slices.Repeat(bmfftest.Box("trak"), 1000)),
		"empty boxes inside":        bmfftest.Box("moov", empty),
		"empty boxes":               empty,
		"text without end":          bmfftest.Box("moov", bmfftest.Box("udta", bytes.Repeat(bmfftest.Box("\xa9too", []byte(strings.Repeat("x", 70_000))), 300))),
		"two indexes":               append(bytes.Clone(plain), plain...),
		"time goes back":            append(bytes.Clone(long), long[bytes.Index(long, []byte("moof"))-4:]...),
	}
}

// sane is what must hold of every reading, whatever the bytes.
func sane(t testing.TB, tl timeline.Timeline) {
	t.Helper()
	for _, l := range tl.Lines {
		if l.Start > l.End || l.Here < 0 || l.Here > l.Samples || l.Usual < 0 || len(l.Gaps) > timeline.MaxGaps || l.GapCount < int64(len(l.Gaps)) {
			t.Fatalf("line %+v", l)
		}
		last := l.Start
		for _, g := range l.Gaps {
			if g.At < last || g.Length < timeline.MinGap-time.Nanosecond || g.At+g.Length > l.End {
				t.Fatalf("gap %v after %v in %v to %v", g, last, l.Start, l.End)
			}
			last = g.At + g.Length
		}
	}
	if tl.Claimed < 0 || len(tl.Lines) == 0 != (tl.Source == timeline.FromNothing) {
		t.Fatalf("%s with %d lines, claimed %v", tl.Source, len(tl.Lines), tl.Claimed)
	}
}

// T16, T18: claims cost nothing but the reading of the bytes that are there.
func TestHostileFiles(t *testing.T) {
	for what, b := range hostile() {
		t.Run(what, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			tl := read(t, b)
			runtime.ReadMemStats(&after)
			sane(t, tl)
			if used := after.TotalAlloc - before.TotalAlloc; used > uint64(2<<20+len(b)) {
				t.Errorf("%d bytes of memory for a file of %d", used, len(b))
			}
			quiet := []string{"an endless edit", "no movie scale", "the finest scale", "no scale", "a fragment before all", "a box of no size", "shifts without end", "nested"} // odd, and possible
			if len(tl.Doubts) == 0 && !slices.Contains(quiet, what) {
				t.Errorf("no doubt about %+v", tl.Lines)
			}
		})
	}
}

// A recording of a shift, its steps and shifts all different, takes no more memory than one of an hour.
func TestMemoryIsFlat(t *testing.T) {
	used := func(hours int) uint64 {
		samples := slices.Repeat([]bmfftest.Sample{{Step: 39, Shift: 40, Size: 9}, {Step: 41, Shift: 120, Size: 8}, {Step: 39, Size: 7}, {Step: 41, Size: 6}}, hours*3600*25/4)
		b := bmfftest.Movie{Tracks: []bmfftest.Track{{Scale: 1000, Samples: samples}}}.Plain()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tl := read(t, b)
		runtime.ReadMemStats(&after)
		if l := tl.Lines[0]; l.Samples != int64(len(samples)) || len(tl.Doubts) > 0 || len(l.Gaps) > 0 || l.End != 40*ms+time.Duration(hours)*time.Hour {
			t.Errorf("%+v %v", l, tl.Doubts)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	hour, shift := used(1), used(8)
	if shift > hour+hour/4 || shift > 1<<20 {
		t.Errorf("%d bytes for an hour, %d for eight", hour, shift)
	}
}

// T16: no bytes make the reader fall, and what it says always holds together. The hostile files above are among the
// corpus.
func FuzzRead(f *testing.F) {
	movie := bmfftest.Movie{SegmentTime: true, Tracks: []bmfftest.Track{
		{Scale: 1000, Samples: slices.Concat(steady(4, 40), steady(1, 3000), steady(3, 40)), Edits: []bmfftest.Edit{{Length: 50, From: -1}, {Length: 900}}},
		{Scale: 8000, Handler: "soun", Samples: steady(6, 320)},
	}, UserData: bmfftest.Box("udta", bmfftest.Box("\xa9too", []byte("\x00\x04\x15\xc7test")), bmfftest.Full("meta", 0, 0))}
	f.Add(movie.Plain())
	f.Add(movie.Fragmented())
	movie.Large, movie.IndexFirst = true, true
	f.Add(movie.Plain())
	f.Fuzz(func(t *testing.T, b []byte) {
		tl, file, err := timeline.Read(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		sane(t, tl)
		if len(file.Tracks) != len(tl.Lines) || len(file.Layout) > 65 || len(file.Texts) > 128 {
			t.Fatalf("%d tracks, %d lines, %d names, %d texts", len(file.Tracks), len(tl.Lines), len(file.Layout), len(file.Texts))
		}
	})
}

// The list of packets is text made from a hostile file.
func FuzzPackets(f *testing.F) {
	f.Add([]byte("0,1.000000,1.000000,0.040000\n0,1.040000,N/A,0.040000\n1,3.000000,0.000000,0.020000\n"), 7)
	f.Add([]byte("0,N/A,-0.080000,0.040000\n0,N/A,99999999999.000000,N/A\n-1,a,b,c\n"+strings.Repeat("x", 300)+"\n5,,,\n"), 3)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		read := func(cut int) timeline.Timeline {
			p := timeline.NewPackets([]timeline.PacketTrack{{Handler: "vide"}, {Handler: "soun"}, {}})
			rest := text
			for len(rest) > 0 {
				n := min(cut, len(rest))
				if m, err := p.Write(rest[:n]); m != n || err != nil {
					t.Fatal(m, err)
				}
				rest = rest[n:]
			}
			return p.Timeline(false)
		}
		whole := read(math.MaxInt)
		sane(t, whole)
		if small := read(max(1, cut)); small.Lines[0].Samples != whole.Lines[0].Samples || small.Lines[0].End != whole.Lines[0].End || small.Gaps() != whole.Gaps() {
			t.Fatalf("cut at %d: %+v, whole %+v", cut, small.Lines, whole.Lines)
		}
	})
}
