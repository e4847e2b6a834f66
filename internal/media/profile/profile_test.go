package profile_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

func needTool(t testing.TB, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
				t.Fatalf("%s is missing and ZHILU_REQUIRE_TOOLS=1", n)
			}
			t.Skipf("%s is not installed", n)
		}
	}
}

func realFile(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("ZHILU_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "media")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("ZHILU_REQUIRE_MEDIA") == "1" {
			t.Fatalf("camera files are missing and ZHILU_REQUIRE_MEDIA=1: %v", err)
		}
		t.Skip("camera files are not here")
	}
	return path
}

func ffmpeg(t testing.TB, args ...string) {
	t.Helper()
	needTool(t, "ffmpeg")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-y", "-threads", "1"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
}

// of gives the form of a file's bytes, by its own bytes alone.
func of(t testing.TB, b []byte) profile.Profile {
	t.Helper()
	kind := sniff.Of(b[:min(len(b), sniff.HeadLen)])
	if !kind.BMFF() {
		p, err := profile.Read(bytes.NewReader(b), int64(len(b)), kind)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	tl, file, err := timeline.Read(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return profile.OfRecording(kind, file, tl)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// aspects lists what differs, those that only the writing program decides.
func aspects(c profile.Comparison) []profile.Aspect {
	var out []profile.Aspect
	for _, d := range c.Differences {
		if !d.Setting && !slices.Contains(out, d.Aspect) {
			out = append(out, d.Aspect)
		}
	}
	return out
}

// put writes 32-bit figures behind the n-th box of a name.
func put(b []byte, box string, nth, at int, v ...uint32) {
	from := 0
	for range nth + 1 {
		from += bytes.Index(b[from:], []byte(box)) + 4
	}
	for i, x := range v {
		binary.BigEndian.PutUint32(b[from+at+4*i:], x)
	}
}

// another makes what the same GoPro would have written of a shorter recording: other counts and lengths in the same
// boxes. Real second recordings of the cameras at hand there are none.
func another(gopro []byte) []byte {
	b := bytes.Clone(gopro)
	moov := bytes.LastIndex(b, []byte("moov"))
	index := b[moov:]
	put(index, "mvhd", 0, 4, 0xe0000000, 0xe0000000, 90_000, 600_600) // another day, 6.7 s
	put(index, "mdhd", 0, 4, 0xe0000000, 0xe0000000, 90_000, 600_600)
	put(index, "mdhd", 1, 4, 0xe0000000, 0xe0000000, 48_000, 320_512)
	put(index, "elst", 0, 8, 600_600)
	put(index, "stts", 0, 8, 200)
	put(index, "stts", 1, 8, 313)
	put(index, "stsz", 0, 8, 200)
	put(index, "stsz", 1, 8, 313)
	return b
}

// T1: a recording that was cut, written anew or encoded anew is found; another of the same camera is not.
func TestRealCameras(t *testing.T) {
	t.Parallel()
	type way struct {
		what string
		args []string
		ext  string
	}
	copied := []way{
		{"copied", []string{"-c", "copy"}, ""},
		{"copied with all tags", []string{"-map", "0:v", "-map", "0:a?", "-c", "copy", "-map_metadata", "0", "-movflags", "use_metadata_tags"}, ""},
		{"cut in front", []string{"-ss", "0.3", "-c", "copy"}, ""},
		{"cut behind", []string{"-t", "0.3", "-c", "copy"}, ""},
		{"encoded anew", []string{"-t", "2", "-c:v", "mpeg4", "-c:a", "aac"}, ""},
	}
	h264 := way{"encoded anew by another H.264", []string{"-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-bitexact"}, ""}
	cases := map[string][]way{
		"gopro-karma.mp4": append(slices.Clone(copied), h264,
			way{"cut after five seconds", []string{"-ss", "5", "-c", "copy"}, ""},
			way{"disguised", []string{"-map", "0:0", "-map", "0:1", "-c", "copy", "-bitexact", "-brand", "mp41", "-video_track_timescale", "90000", "-movie_timescale", "90000"}, ""}),
		"iphone-with-gps.mov": {copied[0], copied[2], copied[3], copied[4], h264},
		"phone-uuid540.mp4":   {copied[0], copied[3], copied[4], h264, {"in a QuickTime file", []string{"-c", "copy"}, ".mov"}},
		"MVI_4823.AVI": {
			copied[0], copied[2], copied[3],
			{"encoded anew", []string{"-c:v", "mjpeg", "-c:a", "pcm_s16le"}, ""},
			{"without names", []string{"-c", "copy", "-bitexact"}, ""},
		},
		"sony-avchd.mts": {copied[0], copied[3], {"as 192-byte packets", []string{"-c", "copy", "-mpegts_m2ts_mode", "1"}, ""}},
	}
	for name, ways := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := realFile(t, name)
			genuine := of(t, read(t, path))
			if c := profile.Compare(genuine, []profile.Profile{genuine}); c.Verdict != profile.Usual || len(c.Differences) != 0 {
				t.Errorf("against itself: %+v", c)
			}
			for _, w := range ways {
				ext := w.ext
				if ext == "" {
					ext = filepath.Ext(name)
				}
				made := filepath.Join(t.TempDir(), "made"+ext)
				var args []string
				if w.args[0] == "-ss" { // before the file is read, as one does
					args, w.args = w.args[:2], w.args[2:]
				}
				ffmpeg(t, slices.Concat(args, []string{"-i", path}, w.args, []string{made})...)
				c := profile.Compare(of(t, read(t, made)), []profile.Profile{genuine})
				if c.Verdict != profile.Unusual || len(aspects(c)) < 2 && aspects(c)[0] != profile.Container {
					t.Errorf("%s: %s, %+v", w.what, c.Verdict, c.Differences)
				}
			}
		})
	}
	t.Run("another recording", func(t *testing.T) {
		t.Parallel()
		gopro := read(t, realFile(t, "gopro-karma.mp4"))
		c := profile.Compare(of(t, another(gopro)), []profile.Profile{of(t, gopro)})
		if c.Verdict != profile.Usual {
			t.Errorf("%s: %+v", c.Verdict, c.Differences)
		}
	})
	t.Run("every camera has its own", func(t *testing.T) {
		t.Parallel()
		var all []profile.Profile
		for name := range cases {
			all = append(all, of(t, read(t, realFile(t, name))))
		}
		for i, p := range all {
			others := slices.Delete(slices.Clone(all), i, i+1)
			if c := profile.Compare(p, others); c.Verdict != profile.Unusual {
				t.Errorf("%s among the others: %s", p.Container, c.Verdict)
			}
			if c := profile.Compare(p, all); c.Verdict != profile.Usual || c.Nearest != i {
				t.Errorf("%s among all: %s, nearest %d of %d", p.Container, c.Verdict, c.Nearest, i)
			}
		}
	})
}

// A camera that is itself built on ffmpeg, as many are: recordings of different length and content are alike, and
// what only settings change is told as such. A copy that its own program cut is seen by its edit list alone.
func TestCameraMadeOfFFmpeg(t *testing.T) {
	t.Parallel()
	needTool(t, "ffmpeg")
	for _, ext := range []string{".mp4", ".mov", ".avi", ".ts", ".mkv"} {
		t.Run(ext, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			record := func(name string, seconds, size, rate string) profile.Profile {
				path := filepath.Join(dir, name+ext)
				args := []string{"-f", "lavfi", "-i", "testsrc=s=" + size + ":r=" + rate + ":d=" + seconds, "-f", "lavfi", "-i", "sine=r=48000:d=" + seconds}
				ffmpeg(t, slices.Concat(args, []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "75", "-c:a", "aac", "-metadata", "title=" + name, path})...)
				return of(t, read(t, path))
			}
			known := []profile.Profile{record("first", "4", "160x120", "25")}
			if c := profile.Compare(record("second", "2", "160x120", "25"), known); c.Verdict != profile.Usual {
				t.Errorf("another recording: %s %+v", c.Verdict, c.Differences)
			}
			c := profile.Compare(record("large", "2", "320x240", "25"), known)
			if want := profile.Setting; c.Verdict != want && (ext != ".ts" || c.Verdict != profile.Usual) {
				t.Errorf("another size: %s %+v", c.Verdict, c.Differences)
			}
			if ext == ".mp4" || ext == ".mov" {
				cut := filepath.Join(dir, "cut"+ext)
				ffmpeg(t, "-ss", "2", "-i", filepath.Join(dir, "first"+ext), "-c", "copy", cut)
				c := profile.Compare(of(t, read(t, cut)), known)
				if c.Verdict != profile.Unusual || !slices.Contains(aspects(c), profile.EditList) {
					t.Errorf("cut by the same program: %s %+v", c.Verdict, c.Differences)
				}
			}
		})
	}
}

// The rule for what is a setting and what is not.
func TestCompare(t *testing.T) {
	t.Parallel()
	base := func(change func(*profile.Profile)) profile.Profile {
		p := profile.Profile{
			Version: profile.Version, Container: "mp4", Brand: "mp42", Brands: []string{"mp42", "isom"}, Layout: []string{"ftyp", "mdat", "moov"},
			Index: []string{"mvhd", "trak"}, Encoder: []string{"DSJ"}, Firmware: "1.0", TimeScale: 1000,
			Tracks: []profile.Track{
				{Kind: "vide", Codec: "avc1", Handler: "V", Layout: "tkhd", TimeScale: 30_000, Width: 1920, Height: 1080, Rate: 29.97, Config: "aa"},
				{Kind: "soun", Codec: "mp4a", Handler: "A", Layout: "tkhd", TimeScale: 48_000, Channels: 2, SampleRate: 48_000},
				{Kind: "meta", Codec: "gpmd", Handler: "M", Layout: "tkhd", TimeScale: 1000},
			},
		}
		if change != nil {
			change(&p)
		}
		return p
	}
	known := []profile.Profile{base(nil)}
	cases := map[string]struct {
		change  func(*profile.Profile)
		verdict profile.Verdict
		aspects string
	}{
		"the same":            {nil, profile.Usual, ""},
		"a rate not quite so": {func(p *profile.Profile) { p.Tracks[0].Rate = 29.6 }, profile.Usual, ""},
		"one more of a kind":  {func(p *profile.Profile) { p.Tracks = append(p.Tracks, p.Tracks[2]) }, profile.Usual, ""},
		"another size":        {func(p *profile.Profile) { p.Tracks[0].Width, p.Tracks[0].Config = 1280, "bb" }, profile.Setting, "size"},
		"another codec": {func(p *profile.Profile) {
			p.Tracks[0].Codec, p.Tracks[0].Config, p.Tracks[0].Layout = "hvc1", "bb", "tkhd x"
		}, profile.Setting, "codec track_layout"},
		"another rate":           {func(p *profile.Profile) { p.Tracks[0].Rate, p.Tracks[0].TimeScale, p.TimeScale = 25, 25_000, 25 }, profile.Setting, "time_scale rate track_scale"},
		"no sound":               {func(p *profile.Profile) { p.Tracks = slices.Delete(p.Tracks, 1, 2) }, profile.Setting, "tracks"},
		"new firmware":           {func(p *profile.Profile) { p.Firmware = "1.1" }, profile.Setting, "firmware"},
		"a track is gone":        {func(p *profile.Profile) { p.Tracks = p.Tracks[:2] }, profile.Unusual, "tracks"},
		"another container":      {func(p *profile.Profile) { p.Container, p.Brand = "mov", "qt" }, profile.Unusual, "container"},
		"another brand":          {func(p *profile.Profile) { p.Brand = "isom" }, profile.Unusual, "brand"},
		"another brand number":   {func(p *profile.Profile) { p.BrandVersion = 512 }, profile.Unusual, "brand"},
		"other brands":           {func(p *profile.Profile) { p.Brands = p.Brands[:1] }, profile.Unusual, "brands"},
		"another order":          {func(p *profile.Profile) { slices.Reverse(p.Layout) }, profile.Unusual, "layout"},
		"another index":          {func(p *profile.Profile) { p.Index = append(p.Index, "udta") }, profile.Unusual, "index"},
		"another program":        {func(p *profile.Profile) { p.Encoder = []string{"Lavf59"} }, profile.Unusual, "encoder"},
		"another scale":          {func(p *profile.Profile) { p.TimeScale = 600 }, profile.Unusual, "time_scale"},
		"a track's scale":        {func(p *profile.Profile) { p.Tracks[0].TimeScale = 15_360 }, profile.Unusual, "track_scale"},
		"a track's name":         {func(p *profile.Profile) { p.Tracks[1].Handler = "SoundHandler" }, profile.Unusual, "handler"},
		"a track's parts":        {func(p *profile.Profile) { p.Tracks[0].Layout = "" }, profile.Unusual, "track_layout"},
		"an edit list":           {func(p *profile.Profile) { p.Tracks[0].Edit = profile.Cut }, profile.Unusual, "edit"},
		"pictures reordered":     {func(p *profile.Profile) { p.Tracks[0].Reordered = true }, profile.Unusual, "order"},
		"a track's encoder":      {func(p *profile.Profile) { p.Tracks[0].Encoder = "x" }, profile.Unusual, "encoder"},
		"an encoder's signature": {func(p *profile.Profile) { p.Wrote = []string{"x264 - core 164"} }, profile.Unusual, "wrote"},
		"decoder settings":       {func(p *profile.Profile) { p.Tracks[0].Config = "bb" }, profile.Unusual, "config"},
		"both":                   {func(p *profile.Profile) { p.Firmware, p.Brand = "1.1", "isom" }, profile.Unusual, "brand firmware"},
		"another telemetry":      {func(p *profile.Profile) { p.Tracks[2].Codec = "camm" }, profile.Unusual, "codec"},
		"another version":        {func(p *profile.Profile) { p.Version++ }, profile.Unknown, ""},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got := profile.Compare(base(c.change), known)
			var list []string
			for _, d := range got.Differences {
				list = append(list, string(d.Aspect))
			}
			if got.Verdict != c.verdict || strings.Join(list, " ") != c.aspects {
				t.Errorf("%s: %v; want %s: %s", got.Verdict, list, c.verdict, c.aspects)
			}
			if same := base(c.change).Digest() == known[0].Digest(); same != (what == "the same") {
				t.Errorf("same digest: %v", same)
			}
		})
	}
	if c := profile.Compare(base(nil), nil); c.Verdict != profile.Unknown || c.Nearest != -1 || c.Differences == nil {
		t.Errorf("nothing known: %+v", c)
	}
	far, near := base(func(p *profile.Profile) { p.Brand, p.TimeScale = "isom", 1 }), base(func(p *profile.Profile) { p.Firmware = "0.9" })
	if c := profile.Compare(base(nil), []profile.Profile{far, near}); c.Nearest != 1 || c.Verdict != profile.Setting {
		t.Errorf("nearest %d, %s", c.Nearest, c.Verdict)
	}
}

// T16, T26: no bytes make it fall, and what it keeps is short and clean.
func FuzzProfile(f *testing.F) {
	f.Add([]byte("RIFF\x00\x00\x00\x00AVI LIST\x40\x00\x00\x00hdrlavih\x04\x00\x00\x00\x01\x02\x03\x04LIST\xff\xff\xff\xffstrlstrh\x08\x00\x00\x00vidsMJPG"))
	f.Add([]byte("\x1aE\xdf\xa3\x88\x42\x82\x84webm\x00\x00\x18\x53\x80\x67\xff\x15\x49\xa9\x66\x87\x4d\x80\x84Lavf\x16\x54\xae\x6b\x85\xae\x83\x83\x81\x01\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff"))
	ts := bytes.Repeat(append([]byte{0x47, 0x40, 0, 0x10, 0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0}, bytes.Repeat([]byte{0xff}, 171)...), 5)
	copy(ts[188:], []byte{0x47, 0x50, 0, 0x10, 0, 2, 0xb0, 23, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 6, 5, 4, 'H', 'D', 'M', 'V'})
	copy(ts[376:], []byte{0x47, 0x40, 0x11, 0x10, 0, 0x42, 0xf0, 37, 0, 1, 0xc1, 0, 0, 0xff, 1, 0xff, 0, 1, 0xfc, 0x80, 20, 0x48, 18, 1, 6, 'F', 'F', 'm', 'p', 'e', 'g', 9, 'S', 'e', 'r', 'v', 'i', 'c', 'e', '0', '1'})
	f.Add(ts)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []sniff.Kind{sniff.AVI, sniff.WAV, sniff.TS, sniff.Matroska, sniff.MP4} {
			p, err := profile.Read(bytes.NewReader(b), int64(len(b)), kind)
			if err != nil {
				t.Fatal(err)
			}
			if kind == sniff.MP4 {
				tl, file, err := timeline.Read(t.Context(), bytes.NewReader(b), int64(len(b)))
				if err != nil {
					t.Fatal(err)
				}
				p = profile.OfRecording(kind, file, tl)
				if err := p.Signed(t.Context(), bytes.NewReader(b), int64(len(b)), file); err != nil {
					t.Fatal(err)
				}
				profile.Weigh(p, []profile.Profile{p, p, p})
			}
			if len(p.Layout) > 64 || len(p.Index) > 64 || len(p.Encoder) > 64 || len(p.Tracks) > 64 {
				t.Fatalf("%+v", p)
			}
			for _, s := range slices.Concat(p.Layout, p.Index, p.Encoder, p.Wrote, p.Brands, []string{p.Brand, p.Firmware}) {
				if len(s) > 80 || strings.ContainsAny(s, "\x00\n\u202e") {
					t.Fatalf("text %q", s)
				}
			}
			if c := profile.Compare(p, []profile.Profile{p}); c.Verdict != profile.Usual {
				t.Fatalf("not like itself: %+v", c)
			}
		}
	})
}
