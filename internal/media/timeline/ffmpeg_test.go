package timeline_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/timeline"
)

// needTool skips a test without the tool, unless the run demands all tools.
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

// realFile finds a camera file of the shared folder.
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
	needTool(t, "ffmpeg", "ffprobe")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-y"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
}

func readFile(t testing.TB, path string) timeline.Timeline {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	tl, _, err := timeline.Read(t.Context(), f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

type probed struct {
	Streams []struct {
		Type    string `json:"codec_type"`
		Tag     string `json:"codec_tag_string"`
		Start   string `json:"start_time"`
		Length  string `json:"duration"`
		Samples string `json:"nb_frames"`
	} `json:"streams"`
}

func ffprobe(t testing.TB, path string) probed {
	t.Helper()
	needTool(t, "ffprobe")
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_streams", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func packets(t testing.TB, path string) timeline.Timeline {
	t.Helper()
	var tracks []timeline.PacketTrack
	for _, s := range ffprobe(t, path).Streams {
		handler := map[string]string{"video": "vide", "audio": "soun"}[s.Type]
		tracks = append(tracks, timeline.PacketTrack{Handler: handler, Codec: s.Tag})
	}
	p := timeline.NewPackets(tracks)
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_entries", timeline.PacketEntries, "-of", timeline.PacketForm, path)
	cmd.Stdout = p
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return p.Timeline(false)
}

func near(a, b, by time.Duration) bool { return (a - b).Abs() <= by }

// same compares gaps up to a picture's length.
func same(a, b []timeline.Gap, by time.Duration) bool {
	return slices.EqualFunc(a, b, func(a, b timeline.Gap) bool { return near(a.At, b.At, by) && near(a.Length, b.Length, by) })
}

func parse(t testing.TB, s string) time.Duration {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return time.Duration(v * float64(time.Second))
}

// agree holds the tables' reading against ffprobe's, which knows nothing of it.
func agree(t *testing.T, path string) timeline.Timeline {
	t.Helper()
	tl, probe := readFile(t, path), ffprobe(t, path)
	if len(tl.Lines) != len(probe.Streams) {
		t.Fatalf("%d lines, ffprobe has %d streams", len(tl.Lines), len(probe.Streams))
	}
	for i, l := range tl.Lines {
		s := probe.Streams[i]
		if l.Codec != s.Tag {
			t.Errorf("track %d: codec %s, ffprobe %s", i, l.Codec, s.Tag)
		}
		if strconv.FormatInt(l.Samples, 10) != s.Samples {
			t.Errorf("track %d: %d samples, ffprobe %s", i, l.Samples, s.Samples)
		}
		if l.Handler != "vide" && l.Handler != "soun" {
			continue
		}
		// ffprobe counts what an encoder puts in front of the sound, and may count from the first picture stored.
		start := parse(t, s.Start)
		if !near(l.Start, start, 50*ms) || !near(l.End-l.Start, parse(t, s.Length), 60*ms) {
			t.Errorf("track %d: %v to %v, ffprobe from %v for %s", i, l.Start, l.End, start, s.Length)
		}
	}
	return tl
}

// G8: the real cameras' files, whole and in order.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]time.Duration{
		"gopro-karma.mp4": 12_078_733_333, "iphone-with-gps.mov": 4_001_666_667, "phone-uuid540.mp4": 1_034_366_667,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tl := agree(t, realFile(t, name))
			if len(tl.Doubts) > 0 || tl.Gaps() > 0 || tl.Source != timeline.FromTables || tl.Claimed != end {
				t.Errorf("doubts %v, %d gaps, claimed %v", tl.Doubts, tl.Gaps(), tl.Claimed)
			}
			for _, l := range tl.Lines {
				if l.Handler == "vide" && l.End != end {
					t.Errorf("pictures end at %v", l.End)
				}
			}
		})
	}
	for _, name := range []string{"MVI_4823.AVI", "sony-avchd.mts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tl := packets(t, realFile(t, name)); tl.Gaps() > 0 || len(tl.Doubts) > 0 || tl.Lines[0].Samples == 0 || tl.Lines[0].End <= tl.Lines[0].Start {
				t.Errorf("%+v %v", tl.Lines, tl.Doubts)
			}
		})
	}
}

// Other writers' habits: each reads as ffprobe reads it.
func TestOtherForms(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"pcm.mov":      {"-c:v", "mjpeg", "-c:a", "pcm_s16le"},
		"wide.mov":     {"-c:v", "mpeg4", "-c:a", "pcm_s24be", "-ac", "2"},
		"hevc.mp4":     {"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-c:a", "aac"},
		"opus.mp4":     {"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libopus"},
		"negative.mp4": {"-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-b_strategy", "0", "-c:a", "aac", "-movflags", "negative_cts_offsets"},
		"noedit.mp4":   {"-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-c:a", "aac", "-use_editlist", "0"},
		"timecode.mov": {"-c:v", "mpeg4", "-c:a", "aac", "-timecode", "09:12:08:00"},
		"slow.3gp":     {"-c:v", "h263", "-s", "176x144", "-r", "15", "-c:a", "aac"},
		"coarse.mp4":   {"-c:v", "mpeg4", "-c:a", "aac", "-video_track_timescale", "600", "-movie_timescale", "600"},
		"silent.mp4":   {"-c:v", "mpeg4", "-an"},
		"dark.m4a":     {"-vn", "-c:a", "aac"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			ffmpeg(t, slices.Concat([]string{"-f", "lavfi", "-i", "testsrc=d=3:s=160x120:r=30", "-f", "lavfi", "-i", "sine=d=3:r=48000"}, args, []string{path})...)
			if tl := agree(t, path); len(tl.Doubts) > 0 || tl.Gaps() > 0 {
				t.Errorf("doubts %v, %d gaps: %+v", tl.Doubts, tl.Gaps(), tl.Lines)
			}
		})
	}
}

// What ffmpeg makes of 12 seconds with pictures 4 to 7 s and 9 to 9.5 s taken out: the same gaps in every container,
// by tables and by packets.
func TestMadeGaps(t *testing.T) {
	t.Parallel()
	holes := []timeline.Gap{gap(4000*ms, 3000*ms), gap(9000*ms, 500*ms)}
	video := []string{
		"-f", "lavfi", "-i", "testsrc=d=12:s=160x120:r=25", "-f", "lavfi", "-i", "sine=d=12:r=48000",
		"-vf", "select='not(between(t,4,6.99)+between(t,9,9.49))'", "-fps_mode", "vfr",
	}
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-c:a", "aac"}
	cases := map[string]struct {
		args   []string
		tables bool
	}{
		"plain.mp4":      {h264, true},
		"faststart.mp4":  {append(slices.Clone(h264), "-movflags", "faststart"), true},
		"fragmented.mp4": {append(slices.Clone(h264), "-movflags", "frag_keyframe+empty_moov+default_base_moof"), true},
		"old.mp4":        {append(slices.Clone(h264), "-movflags", "frag_keyframe"), true},
		"dash.mp4":       {append(slices.Clone(h264), "-movflags", "dash+delay_moov+frag_keyframe+global_sidx"), true},
		"quick.mov":      {h264, true},
		"small.3gp":      {[]string{"-c:v", "mpeg4", "-c:a", "aac"}, true},
		"long.mkv":       {h264, false},
		"air.ts":         {h264, false},
		"old.asf":        {[]string{"-c:v", "wmv2", "-c:a", "wmav2"}, false},
		"old.avi":        {[]string{"-c:v", "mjpeg", "-c:a", "pcm_s16le"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			ffmpeg(t, append(append(slices.Clone(video), c.args...), path)...)
			tl := packets(t, path)
			if c.tables {
				own := readFile(t, path)
				if len(own.Doubts) > 0 {
					t.Errorf("doubts %v", own.Doubts)
				}
				for i := range own.Lines {
					if a, b := own.Lines[i], tl.Lines[i]; !near(a.End-a.Start, b.End-b.Start, 60*ms) || !same(a.Gaps, b.Gaps, 10*ms) || a.Samples != b.Samples {
						t.Errorf("track %d by tables: %+v\nby packets: %+v", i, a, b)
					}
				}
				tl = own
			}
			v, a := tl.Lines[0], tl.Lines[1]
			if v.Handler != "vide" {
				v, a = a, v
			}
			var got []timeline.Gap
			for _, g := range v.Gaps {
				got = append(got, gap(g.At-v.Start, g.Length))
			}
			if !same(got, holes, 45*ms) || len(a.Gaps) > 0 {
				t.Errorf("pictures' gaps %v from %v on, sound's %v", got, v.Start, a.Gaps)
			}
		})
	}
}

// Sound that begins late is not a gap; nor is a camera that slows down in the dark.
func TestNoGaps(t *testing.T) {
	t.Parallel()
	needTool(t, "ffmpeg")
	dir := t.TempDir()
	source := filepath.Join(dir, "source.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=d=6:s=160x120:r=30", "-f", "lavfi", "-i", "sine=d=6:r=48000", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac", source)
	late := filepath.Join(dir, "late.mp4")
	ffmpeg(t, "-i", source, "-itsoffset", "2.5", "-i", source, "-map", "0:v", "-map", "1:a", "-c", "copy", late)
	tl := agree(t, late)
	if a := tl.Lines[1]; tl.Gaps() > 0 || !near(a.Start, 2500*ms, 30*ms) || !near(a.End, 8500*ms, 60*ms) {
		t.Errorf("late sound: %+v", a)
	}
	dark := filepath.Join(dir, "dark.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=d=8:s=160x120:r=30", "-vf", "select='if(between(t,2,6),not(mod(n,4)),1)'", "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", dark)
	if tl := agree(t, dark); tl.Gaps() > 0 || tl.Lines[0].Samples > 160 {
		t.Errorf("dark: %+v", tl.Lines)
	}
	// T1: what was cut off in front is not a hole either; the profile shows it.
	cut := filepath.Join(dir, "cut.mp4")
	ffmpeg(t, "-ss", "3", "-i", source, "-c", "copy", cut)
	if tl := readFile(t, cut); tl.Gaps() > 0 || tl.Lines[0].End > 7*time.Second {
		t.Errorf("cut: %+v", tl.Lines)
	}
}

// A camera loses power: what was written of a fragmented recording counts, to the last whole sample.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "whole.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=d=8:s=160x120:r=25", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-movflags", "frag_keyframe+empty_moov", path)
	whole := readFile(t, path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tl := read(t, b[:len(b)*5/8])
	if l := tl.Lines[0]; !tl.Has(timeline.DoubtCutOff) || l.Here == 0 || l.Here >= whole.Lines[0].Here || l.End >= whole.Lines[0].End || len(l.Gaps) > 0 || l.End != l.Start+time.Duration(l.Here)*40*ms {
		t.Errorf("%+v, doubts %v", l, tl.Doubts)
	}
}
