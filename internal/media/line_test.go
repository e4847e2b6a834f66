package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/place"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// gaps tells the gaps of a file's pictures, from their first on.
func gaps(t testing.TB, f Facts) []timeline.Gap {
	t.Helper()
	if f.Timeline == nil {
		t.Fatalf("no timeline: %v %s %s", f.Flags, f.Reason, f.Detail)
	}
	var out []timeline.Gap
	for _, l := range f.Timeline.Lines {
		if l.Handler == "vide" {
			for _, g := range l.Gaps {
				out = append(out, timeline.Gap{At: g.At - l.Start, Length: g.Length})
			}
		} else if len(l.Gaps) > 0 {
			t.Errorf("gaps in track %d: %v", l.Track, l.Gaps)
		}
	}
	return out
}

// Issue 3, item 1: what lies between 1 and 2.5 s was not recorded; every container tells it, from a path, as a stored
// object and through a pipe.
func TestGaps(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	holed := []string{"-t", "5", "-vf", "loop=100:50,setpts=N/25/TB,select='not(between(t,1,2.49))'", "-af", "apad", "-fps_mode", "vfr"}
	with := func(more ...string) []string { return append(slices.Clone(holed), more...) }
	cases := map[string]struct {
		args   []string
		source timeline.Source
	}{
		"a.mp4": {with("-c:v", "mpeg4", "-c:a", "aac"), timeline.FromTables},
		"b.mp4": {with("-c:v", "mpeg4", "-c:a", "aac", "-ar", "48000", "-movflags", "frag_keyframe+empty_moov"), timeline.FromFragments},
		"c.mov": {with("-c:v", "mpeg4", "-c:a", "aac"), timeline.FromTables},
		"d.3gp": {with("-c:v", "h263", "-c:a", "aac"), timeline.FromTables},
		"e.avi": {with("-c:v", "mjpeg", "-c:a", "pcm_s16le"), timeline.FromPackets},
		"f.ts":  {with("-c:v", "mpeg2video", "-c:a", "mp2", "-ar", "48000"), timeline.FromPackets},
		"g.mkv": {with("-c:v", "mpeg4", "-c:a", "aac"), timeline.FromPackets},
		"h.wmv": {with("-c:v", "wmv2", "-c:a", "wmav2", "-ar", "44100"), timeline.FromPackets},
		"i.mpg": {with("-c:v", "mpeg2video", "-c:a", "mp2", "-ar", "48000"), timeline.FromPackets},
		"k.flv": {with("-c:v", "flv", "-c:a", "aac", "-ar", "44100"), timeline.FromPackets},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := make2(t, t.TempDir(), name, c.args...)
			facts := map[string]Facts{"path": probeFile(t, p, path), "stored": probeStored(t, p, path)}
			if c.source == timeline.FromPackets { // as of an object too large to be copied
				piped := facts["stored"]
				whole, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := p.packets(t.Context(), &piped, "", Source{ReaderAt: bytes.NewReader(whole), Size: int64(len(whole))}); err != nil {
					t.Fatal(err)
				}
				facts["pipe"] = piped
			}
			for what, f := range facts {
				got := gaps(t, f)
				if len(got) != 1 || (got[0].At-time.Second).Abs() > 50*time.Millisecond || (got[0].Length-1500*time.Millisecond).Abs() > 50*time.Millisecond {
					t.Errorf("%s: gaps %v", what, got)
				}
				if f.Timeline.Source != c.source || len(f.Timeline.Doubts) > 0 {
					t.Errorf("%s: by %s, doubts %v", what, f.Timeline.Source, f.Timeline.Doubts)
				}
			}
		})
	}
}

// Sound alone has a timeline too; a picture has none.
func TestTimelineOfSoundAndPictures(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	for name, args := range map[string][]string{
		"a.wav": {"-map", "1:a", "-c:a", "pcm_s16le"}, "b.mp3": {"-map", "1:a", "-c:a", "libmp3lame", "-ar", "44100"},
		"c.amr": {"-map", "1:a", "-c:a", "libopencore_amrnb", "-ac", "1"}, "d.jpg": {"-map", "0:v", "-frames:v", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "c.amr" {
				path := filepath.Join(t.TempDir(), name) // silence: few builds of ffmpeg write AMR
				if err := os.WriteFile(path, append([]byte("#!AMR\n"), bytes.Repeat(append([]byte{0x3c}, make([]byte, 31)...), 100)...), 0o600); err != nil {
					t.Fatal(err)
				}
				f := probeFile(t, p, path)
				if f.Timeline == nil || f.Timeline.Lines[0].End != 2*time.Second || f.Timeline.Gaps() != 0 {
					t.Errorf("%+v", f.Timeline)
				}
				return
			}
			f := probeFile(t, p, make2(t, t.TempDir(), name, args...))
			if f.Kind.Still() {
				if f.Timeline != nil {
					t.Errorf("a picture in time: %+v", f.Timeline)
				}
				return
			}
			l := f.Timeline.Lines[0]
			if (l.End-l.Start-2*time.Second).Abs() > 100*time.Millisecond || len(l.Gaps) > 0 || l.Handler != "soun" {
				t.Errorf("%+v", l)
			}
		})
	}
}

// Broken files keep what can be known of them.
func TestTimelineOfBrokenFiles(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	dir := t.TempDir()
	cut := func(name string, part float64, args ...string) Facts {
		b, err := os.ReadFile(make2(t, dir, name, args...))
		if err != nil {
			t.Fatal(err)
		}
		b = b[:int(float64(len(b))*part)]
		f, err := p.Probe(t.Context(), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: name, SeenAt: seen})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, f := range map[string]Facts{
		"index in front": cut("a.mp4", 0.6, "-c:v", "mpeg4", "-c:a", "aac", "-movflags", "faststart"),
		"fragments":      cut("b.mp4", 0.6, "-c:v", "mpeg4", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-g", "5"),
		"AVI":            cut("c.avi", 0.6, "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
	} {
		if f.Timeline == nil || !f.Has(FlagTruncated) || !f.Timeline.Has(timeline.DoubtCutOff) {
			t.Errorf("%s: flags %v, %+v", name, f.Flags, f.Timeline)
			continue
		}
		if l := f.Timeline.Lines[0]; l.End < 500*time.Millisecond || l.End > 1900*time.Millisecond || l.Here == 0 || len(l.Gaps) > 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if f := cut("d.mp4", 0.6, "-c:v", "mpeg4", "-c:a", "aac"); f.Timeline == nil || f.Timeline.Source != timeline.FromNothing || !f.Timeline.Has(timeline.DoubtNoIndex) {
		t.Errorf("no index: %+v", f.Timeline)
	}
	small := newProber(t, func(c *Config) { c.Limits = fence.Limits{List: 200} })
	f := probeFile(t, small, make2(t, dir, "e.mkv", "-c:v", "mpeg4", "-c:a", "aac"))
	if f.Has(FlagUnreadable) || !f.Timeline.Has(timeline.DoubtReader) || f.Timeline.Lines[0].Samples == 0 {
		t.Errorf("a list cut short: %v %+v", f.Flags, f.Timeline)
	}
}

// An object whose store breaks while its packets go through the pipe is an error, not a finding.
func TestPacketsReportUnreadableStore(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	path := make2(t, t.TempDir(), "a.mkv", "-c:v", "mpeg4", "-c:a", "aac")
	f := probeFile(t, p, path)
	err := p.packets(t.Context(), &f, "", Source{ReaderAt: brokenReader{}, Size: 1000})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("err = %v", err)
	}
}

// Decision 1: the facts hold no place, only that there are some; Places gives them to the one who asks for them.
func TestPlaces(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	for name, want := range map[string]struct {
		source place.Source
		place  string
	}{
		"iphone-with-gps.mov": {place.Apple, "32.09"}, "gopro-karma.mp4": {place.GoPro, "33.12"},
	} {
		path := realFile(t, name)
		f := probeFile(t, p, path)
		kept, err := json.Marshal(f) // as it stands in the database
		if err != nil {
			t.Fatal(err)
		}
		shown, err := json.Marshal(JSON(f))
		if err != nil {
			t.Fatal(err)
		}
		if both := string(kept) + string(shown); !f.HasGPS || strings.Contains(both, want.place) {
			t.Errorf("%s: has %v, a place is shown: %s", name, f.HasGPS, both)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := Places(t.Context(), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}, f)
		if err != nil || len(claims) != 1 || claims[0].Source != want.source {
			t.Errorf("%s: %v %+v", name, err, claims)
		}
	}
	none := Source{ReaderAt: bytes.NewReader(nil)}
	for what, c := range map[string]struct {
		facts Facts
		want  int
	}{"nothing": {Facts{Kind: sniff.AVI}, 0}, "only a tag": {Facts{Kind: sniff.Matroska, HasGPS: true}, 1}, "an empty picture": {Facts{Kind: sniff.JPEG}, 0}} {
		claims, err := Places(t.Context(), none, c.facts)
		if err != nil || len(claims) != c.want {
			t.Errorf("%s: %v %+v", what, err, claims)
		}
	}
}
