package media

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/sniff"
)

// seen is when all test files are "taken in".
var seen = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)

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
		dir = filepath.Join("..", "..", "..", "shared", "media")
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

// newProber makes a prober; change, if given, alters its settings.
func newProber(t testing.TB, change ...func(*Config)) *Prober {
	t.Helper()
	needTool(t, "ffprobe", "prlimit")
	cfg := Config{Logger: slog.New(slog.DiscardHandler), Clock: clock.NewManual(seen), TempDir: t.TempDir()}
	if _, err := exec.LookPath("bwrap"); err != nil {
		needTool(t, "bwrap")
	}
	for _, c := range change {
		c(&cfg)
	}
	p, err := New(t.Context(), cfg)
	if err != nil {
		if fault.HasCode(err, "media.sandbox_unavailable") && os.Getenv("ZHILU_REQUIRE_TOOLS") != "1" {
			t.Skipf("no namespaces here: %v", err)
		}
		t.Fatal(err)
	}
	return p
}

func probeFile(t testing.TB, p *Prober, path string) Facts {
	t.Helper()
	f, err := p.ProbeFile(t.Context(), path)
	if err != nil {
		t.Fatalf("ProbeFile(%s): %v", path, err)
	}
	return f
}

// probeStored probes through Probe, as an object of the vault.
func probeStored(t testing.TB, p *Prober, path string) Facts {
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
	facts, err := p.Probe(t.Context(), Source{ReaderAt: f, Size: info.Size(), Name: filepath.Base(path), ModTime: info.ModTime(), SeenAt: seen})
	if err != nil {
		t.Fatalf("Probe(%s): %v", path, err)
	}
	return facts
}

// Issue line 8: the five real camera files, figure by figure, from a path and as a stored object.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	type want struct {
		kind                 sniff.Kind
		seconds              float64
		tracks               []Track
		start                string
		source               Origin
		doubt                []Doubt
		flags                []Flag
		maker, model, sw, tc string
		gps                  bool
	}
	cases := map[string]want{
		"MVI_4823.AVI": {
			kind: sniff.AVI, seconds: 2.599974, start: "2012-09-10T20:52:00+08:00", source: OriginContainerLocal,
			doubt: []Doubt{DoubtYearsOff}, flags: []Flag{FlagClockDoubt}, sw: "CanonMVI06",
			tracks: []Track{
				{Index: 0, Kind: TrackVideo, Codec: "mjpeg", Width: 640, Height: 480, Rate: 30, Seconds: 2.599974},
				{Index: 1, Kind: TrackAudio, Codec: "pcm_s16le", Channels: 1, SampleRate: 44100},
			},
		},
		"gopro-karma.mp4": {
			kind: sniff.MP4, seconds: 12.078733, start: "2017-04-17T19:27:57+08:00", source: OriginContainerUTC,
			doubt: []Doubt{DoubtUTCAsLocal, DoubtYearsOff}, flags: []Flag{FlagClockDoubt},
			maker: "GoPro", sw: "GoPro AVC encoder", tc: "19:26:48:04", gps: true,
			tracks: []Track{
				{Index: 0, Kind: TrackVideo, Codec: "h264", Width: 854, Height: 480, Rate: 29.97, Language: "eng", Seconds: 12.078733},
				{Index: 1, Kind: TrackAudio, Codec: "aac", Channels: 2, SampleRate: 48000, Language: "eng", Seconds: 12.074667},
				{Index: 2, Kind: TrackData, Codec: "tmcd", Language: "eng", Seconds: 12.078733},
				{Index: 3, Kind: TrackData, Codec: "gpmd", Language: "eng", Seconds: 12.079},
				{Index: 4, Kind: TrackData, Codec: "fdsc", Language: "eng", Seconds: 12.078733},
			},
		},
		"iphone-with-gps.mov": {
			kind: sniff.MOV, seconds: 4.001667, start: "2019-07-24T16:25:40+08:00", source: OriginContainerZone,
			doubt: []Doubt{DoubtYearsOff}, flags: []Flag{FlagClockDoubt}, maker: "Apple", model: "iPhone 6", sw: "H.264", gps: true,
			tracks: []Track{
				{Index: 0, Kind: TrackAudio, Codec: "aac", Channels: 1, SampleRate: 44100, Seconds: 4.001678},
				{Index: 1, Kind: TrackVideo, Codec: "h264", Width: 568, Height: 320, Rate: 29.988, Seconds: 4.001667},
				{Index: 2, Kind: TrackData, Codec: "mebx", Seconds: 4.001667},
				{Index: 3, Kind: TrackData, Codec: "mebx", Seconds: 4.001667},
			},
		},
		"phone-uuid540.mp4": {
			kind: sniff.MP4, seconds: 1.034367, start: "2020-01-05T23:04:00+08:00", source: OriginContainerUTC,
			doubt: []Doubt{DoubtYearsOff, DoubtZoneUnconfirmed}, flags: []Flag{FlagNoAudio, FlagClockDoubt},
			tracks: []Track{{Index: 0, Kind: TrackVideo, Codec: "h264", Width: 960, Height: 540, Rate: 29.97, Seconds: 1.034367}},
		},
		"sony-avchd.mts": {
			kind: sniff.TS, seconds: 0.544, source: OriginFileSystem, doubt: []Doubt{DoubtFileSystemOnly}, flags: []Flag{FlagClockDoubt},
			tracks: []Track{
				{Index: 0, Kind: TrackVideo, Codec: "h264", Width: 1920, Height: 1080, Rate: 25, Seconds: 0.42, Start: 1.12},
				{Index: 1, Kind: TrackAudio, Codec: "ac3", Channels: 2, SampleRate: 48000, Seconds: 0.544, Start: 1.04},
				{Index: 2, Kind: TrackSubtitle, Codec: "hdmv_pgs_subtitle", Start: 1.04},
			},
		},
	}
	for name, w := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(realFile(t, name))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, src, 0o600); err != nil {
				t.Fatal(err)
			}
			mtime := seen.Add(-time.Hour)
			if err := os.Chtimes(path, mtime, mtime); err != nil {
				t.Fatal(err)
			}
			for _, f := range []Facts{probeFile(t, p, path), probeStored(t, p, path)} {
				got := want{
					kind: f.Kind, seconds: f.Duration.Seconds(), tracks: f.Tracks, source: f.Start.Source, doubt: f.Start.Doubt,
					flags: f.Flags, maker: f.Device.Maker, model: f.Device.Model, sw: f.Device.Encoder, tc: f.Timecode, gps: f.HasGPS,
				}
				if w.source != OriginFileSystem {
					got.start = *stamped(f.Start.Value)
				} else if at := mtime.Add(-f.Duration); !f.Start.Value.Equal(at) {
					t.Errorf("start = %v, want %v", f.Start.Value, at)
				}
				if diff := cmp.Diff(w, got, cmp.AllowUnexported(want{})); diff != "" {
					t.Errorf("facts (-want +got):\n%s", diff)
				}
				if f.Sandbox != fence.Bwrap || f.Tool == "" || f.Windowed {
					t.Errorf("sandbox %q tool %q windowed %v", f.Sandbox, f.Tool, f.Windowed)
				}
				if f.Start.Value.Before(f.Start.Interval.From) || f.Start.Value.After(f.Start.Interval.To) {
					t.Errorf("start %v outside its interval %v", f.Start.Value, f.Start.Interval)
				}
			}
		})
	}
}

// The shape that scripts rely on (issue line 8), and decision 1: no place in it.
func TestJSONShape(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	f := probeFile(t, p, realFile(t, "iphone-with-gps.mov"))
	out, err := json.Marshal(JSON(f))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	if m["container"] != "mov" || m["duration_s"] != 4.001667 {
		t.Errorf("container %v, duration_s %v", m["container"], m["duration_s"])
	}
	start, ok := m["start"].(map[string]any)
	if !ok || start["value"] != "2019-07-24T16:25:40+08:00" || start["source"] != "container_zone" {
		t.Errorf("start = %v", m["start"])
	}
	if _, ok := start["doubt"].([]any); !ok {
		t.Errorf("doubt = %v, want a list", start["doubt"])
	}
	if tracks, ok := m["tracks"].([]any); !ok || len(tracks) != 4 {
		t.Errorf("tracks = %v", m["tracks"])
	}
	for _, place := range []string{"32.09", "34.86"} {
		if strings.Contains(string(out), place) {
			t.Errorf("a place is shown: %s", out)
		}
	}
	empty, err := json.Marshal(JSON(Facts{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"duration_s":null`, `"doubt":[]`, `"tracks":[]`, `"flags":[]`, `"candidates":[]`, `"value":null`} {
		if !strings.Contains(string(empty), part) {
			t.Errorf("empty report lacks %s: %s", part, empty)
		}
	}
}

func TestProbeFileRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	if _, err := p.ProbeFile(t.Context(), t.TempDir()); !fault.HasCode(err, "media.not_a_file") {
		t.Errorf("folder: %v", err)
	}
	if _, err := p.ProbeFile(t.Context(), "/dev/zero"); !fault.HasCode(err, "media.not_a_file") {
		t.Errorf("device: %v", err)
	}
	if _, err := p.ProbeFile(t.Context(), filepath.Join(t.TempDir(), "none.mp4")); !fault.HasCode(err, "media.file_missing") {
		t.Errorf("missing: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

// A store that cannot be read is an error, never a finding on the file.
func TestProbeReportsUnreadableStore(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	_, err := p.Probe(t.Context(), Source{ReaderAt: brokenReader{}, Size: 100, Name: "x.mp4"})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("err = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.ProbeFile(ctx, realFile(t, "sony-avchd.mts")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNewChecksItsConfig(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), Config{Clock: clock.System()}); !fault.HasCode(err, "media.config") {
		t.Errorf("no logger: %v", err)
	}
	if _, err := New(t.Context(), Config{Logger: slog.Default()}); !fault.HasCode(err, "media.config") {
		t.Errorf("no clock: %v", err)
	}
	base := Config{Logger: slog.New(slog.DiscardHandler), Clock: clock.System()}
	cfg := base
	cfg.FFprobe = "/nonexistent/ffprobe"
	if _, err := New(t.Context(), cfg); !fault.HasCode(err, "media.tool_missing") {
		t.Errorf("no ffprobe: %v", err)
	}
	needTool(t, "ffprobe", "prlimit")
	cfg = base
	cfg.Bwrap = "/nonexistent/bwrap"
	if _, err := New(t.Context(), cfg); !fault.HasCode(err, "media.sandbox_unavailable") {
		t.Errorf("no bwrap: %v", err)
	}
	cfg.AllowRlimit = true
	p, err := New(t.Context(), cfg)
	if err != nil || p.Sandbox() != fence.Rlimit {
		t.Errorf("fallback: %v %v", p, err)
	}
}
