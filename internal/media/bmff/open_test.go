package bmff_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/bmff/bmfftest"
)

func open(t testing.TB, b []byte) *bmff.File {
	t.Helper()
	f, err := bmff.Open(context.Background(), bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func realFile(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("ZHILU_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "media")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_MEDIA") == "1" {
			t.Fatalf("camera files are missing and ZHILU_REQUIRE_MEDIA=1: %v", err)
		}
		t.Skip("camera files are not here")
	}
	return b
}

// What the boxes of three real cameras' files say beside their times.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	type track struct {
		Handler, Name, Codec, Compressor string
		Scale                            uint32
		Width, Height, Channels, Rate    int
		Config                           int
		Layout                           string
	}
	type want struct {
		Brand  string
		Brands []string
		Layout []string
		Index  []string
		Scale  uint32
		First  []track
		Words  map[string]string
	}
	cases := map[string]want{
		"gopro-karma.mp4": {
			"mp41",
			[]string{"mp41"},
			[]string{"ftyp", "mdat", "moov"},
			[]string{"mvhd", "udta", "iods", "trak"},
			90_000,
			[]track{
				{"vide", "GoPro AVC", "avc1", "GoPro AVC encoder", 90_000, 854, 480, 0, 0, 63, "tkhd tref edts(elst) mdia(mdhd hdlr minf(vmhd dinf(dref) stbl(stsd stts stsc stsz stco stss)))"},
				{"soun", "GoPro AAC", "mp4a", "", 48_000, 0, 0, 2, 48_000, 0, "tkhd tref mdia(mdhd hdlr minf(smhd dinf(dref) stbl(stsd stts stsc stsz stco)))"},
			},
			map[string]string{"FIRM": "HD5.02.02.00.00"},
		},
		"iphone-with-gps.mov": {
			"qt  ",
			[]string{"qt  "},
			[]string{"ftyp", "mdat", "moov"},
			[]string{"mvhd", "trak", "meta"},
			600,
			[]track{
				{"soun", "Core Media Audio", "mp4a", "", 44_100, 0, 0, 1, 44_100, 0, "tkhd edts(elst) mdia(mdhd hdlr minf(smhd hdlr dinf(dref) stbl(stsd stts stsc stsz stco)))"},
				{"vide", "Core Media Video", "avc1", "H.264", 600, 568, 320, 0, 0, 30, "tkhd tapt edts(elst) mdia(mdhd hdlr minf(vmhd hdlr dinf(dref) stbl(stsd stts stss sdtp stsc stsz stco)))"},
			},
			map[string]string{"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 6", "com.apple.quicktime.software": "12.3"},
		},
		"phone-uuid540.mp4": {
			"mp42",
			[]string{"isom", "mp41", "mp42"},
			[]string{"ftyp", "moov", "mdat", "uuid"},
			[]string{"mvhd", "trak", "udta"},
			30_000,
			[]track{{"vide", "Core Media Video", "avc1", "", 30_000, 960, 540, 0, 0, 46, "tkhd edts(elst) mdia(mdhd hdlr minf(vmhd dinf(dref) stbl(stsd stts stss sdtp stsc stsz stco)))"}},
			map[string]string{"clfn": "My Movie"},
		},
	}
	for name, w := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, realFile(t, name))
			got := want{Brand: f.Brand, Brands: f.Brands, Layout: f.Layout, Index: f.Index, Scale: f.Scale, Words: map[string]string{}}
			for _, tr := range f.Tracks[:len(w.First)] {
				got.First = append(got.First, track{tr.Handler, tr.HandlerName, tr.Codec, tr.Compressor, tr.Scale, tr.Width, tr.Height, tr.Channels, tr.SampleRate, len(tr.Config), tr.Layout})
			}
			for key := range w.Words {
				got.Words[key] = f.Word("nothing", key)
			}
			if diff := cmp.Diff(w, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if f.Short || f.Broken || f.Limit || f.Joined || f.NoIndex {
				t.Errorf("short %v, broken %v, limit %v, joined %v, no index %v", f.Short, f.Broken, f.Limit, f.Joined, f.NoIndex)
			}
		})
	}
}

// Only the form counts, not how long the recording is: repetitions are folded, room for long sizes is passed over.
func TestLayout(t *testing.T) {
	t.Parallel()
	samples := slices.Repeat([]bmfftest.Sample{{Step: 40, Size: 9}}, 100)
	m := bmfftest.Movie{Tracks: []bmfftest.Track{{Scale: 1000, Samples: samples}}}
	wide := bmfftest.Box("wide")
	plain := m.Plain()
	cases := map[string]struct {
		file []byte
		want []string
	}{
		"fragments":       {m.Fragmented(), []string{"ftyp", "moov", "moof", "mdat"}},
		"plain":           {plain, []string{"ftyp", "mdat", "moov"}},
		"room for a size": {slices.Concat(plain[:24], wide, plain[24:]), []string{"ftyp", "mdat", "moov"}},
		"room elsewhere":  {slices.Concat(plain, wide), []string{"ftyp", "mdat", "moov"}},
		"room, then more": {slices.Concat(plain, wide, bmfftest.Box("uuid")), []string{"ftyp", "mdat", "moov", "wide", "uuid"}},
		"rubbish behind":  {append(bytes.Clone(plain), 1, 2, 3, 4, 5, 6, 7, 8, 9), []string{"ftyp", "mdat", "moov", "?"}},
		"Apple's letters": {append(bytes.Clone(plain), bmfftest.Box("\xa9xyz")...), []string{"ftyp", "mdat", "moov", "©xyz"}},
	}
	for what, c := range cases {
		if diff := cmp.Diff(c.want, open(t, c.file).Layout); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	large := m
	large.Large = true
	if a, b := open(t, plain).Tracks[0].Layout, open(t, large.Plain()).Tracks[0].Layout; a != b {
		t.Errorf("a long file's layout %s, a short one's %s", b, a)
	}
}

// Texts stand in three forms, and each is found.
func TestTexts(t *testing.T) {
	t.Parallel()
	value := func(s string) []byte { return bmfftest.Box("data", []byte{0, 0, 0, 1, 0, 0, 0, 0}, []byte(s)) }
	key := func(s string) []byte { return bmfftest.Box("mdta", []byte(s)) }
	hdlr := bmfftest.Full("hdlr", 0, 0, make([]byte, 4), []byte("mdta"), make([]byte, 13))
	two := []byte{0, 0, 0, 2}
	f := open(t, bmfftest.Movie{UserData: slices.Concat(
		bmfftest.Box("udta",
			bmfftest.Box("\xa9swr", []byte("\x00\x03\x15\xc7DSJ")), bmfftest.Box("\xa9enc", []byte("raw")), bmfftest.Box("FIRM", []byte("1.0\x00\x00")),
			bmfftest.Full("meta", 0, 0, hdlr, bmfftest.Box("ilst", bmfftest.Box("\xa9too", value("Lavf59")))), make([]byte, 4)),
		bmfftest.Box("meta", hdlr, bmfftest.Full("keys", 0, 0, two, key("first"), key("second")),
			bmfftest.Box("ilst", bmfftest.Box("\x00\x00\x00\x02", value("B")), bmfftest.Box("\x00\x00\x00\x01", value("A")), bmfftest.Box("\x00\x00\x00\x09", value("none")))),
	)}.Plain())
	got := map[string]string{}
	for _, w := range f.Texts {
		got[w.Key] = string(w.Value)
	}
	want := map[string]string{"©swr": "DSJ", "©enc": "raw", "FIRM": "1.0\x00\x00", "©too": "Lavf59", "first": "A", "second": "B", "?": "none"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f.Word("FIRM") != "1.0" {
		t.Errorf("firmware %q", f.Word("FIRM"))
	}
}

// The first samples of a track lie where its tables say.
func TestExtents(t *testing.T) {
	t.Parallel()
	m := bmfftest.Movie{Tracks: []bmfftest.Track{
		{Scale: 1000, PerChunk: 2, Samples: []bmfftest.Sample{{Size: 5}, {Size: 6}, {Size: 7}, {Size: 8}}},
		{Scale: 1000, PerChunk: 1, Handler: "meta", Codec: "gpmd", Samples: []bmfftest.Sample{{Size: 100}, {Size: 200}}},
	}}
	b := m.Plain()
	get := func(track, limit int, size int64) []bmff.Extent {
		out, err := bmff.Extents(t.Context(), bytes.NewReader(b), size, open(t, b).Tracks[track], limit)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole := int64(len(b))
	if diff := cmp.Diff([]bmff.Extent{{At: 32, Len: 5}, {At: 37, Len: 6}, {At: 143, Len: 7}}, get(0, 3, whole)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bmff.Extent{{At: 43, Len: 100}, {At: 158, Len: 200}}, get(1, 9, whole)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Sizes of 4, 8 and 16 bits, as small devices write them, tell as truly what is there.
func TestSmallSizes(t *testing.T) {
	t.Parallel()
	m := bmfftest.Movie{IndexFirst: true, Tracks: []bmfftest.Track{{Scale: 1000, PerChunk: 4, Samples: []bmfftest.Sample{{Step: 40, Size: 5}, {Step: 40, Size: 6}, {Step: 40, Size: 7}, {Step: 40, Size: 15}}}}}
	for bits, table := range map[byte][]byte{4: {0x56, 0x7f}, 8: {5, 6, 7, 15}, 16: {0, 5, 0, 6, 0, 7, 0, 15}} {
		b := m.Plain()
		at := bytes.Index(b, []byte("stsz"))
		copy(b[at:], "stz2")
		b[at+11] = bits
		copy(b[at+16:], append(table, make([]byte, 16-len(table))...))
		if tr := open(t, b).Tracks[0]; tr.Samples != 4 || tr.Here != 4 {
			t.Errorf("%d bits: %d of %d samples", bits, tr.Here, tr.Samples)
		}
		if tr := open(t, b[:len(b)-1]).Tracks[0]; tr.Samples != 4 || tr.Here != 3 {
			t.Errorf("%d bits, cut: %d of %d samples", bits, tr.Here, tr.Samples)
		}
		if tr := open(t, b[:len(b)-16]).Tracks[0]; tr.Here != 2 {
			t.Errorf("%d bits, cut further: %d samples", bits, tr.Here)
		}
	}
}
