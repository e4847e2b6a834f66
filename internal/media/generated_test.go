package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/sniff"
)

// make2 runs ffmpeg to make a two-second file.
func make2(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	needTool(t, "ffmpeg")
	path := filepath.Join(dir, name)
	line := append([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:s=176x144:r=25", "-f", "lavfi", "-i", "sine=d=2:r=8000"}, args...)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(line, path)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
	return path
}

// Issue line 8: the containers cameras write, each told from its bytes and read by its own demuxer.
func TestGeneratedFiles(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	av := []string{"-c:v", "mpeg4", "-c:a", "aac", "-metadata", "creation_time=2026-11-23T01:12:08Z"}
	with := func(more ...string) []string { return append(append([]string{}, av...), more...) }
	cases := map[string]struct {
		args   []string
		kind   sniff.Kind
		codecs []string
		flags  []Flag
		timed  bool
	}{
		"VID_20261123_091208.mp4": {with(), sniff.MP4, []string{"mpeg4", "aac"}, nil, true},
		"20261123091208_0001.mp4": {with("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-g", "10"), sniff.MP4, []string{"mpeg4", "aac"}, nil, true},
		"M0000001.mov":            {with(), sniff.MOV, []string{"mpeg4", "aac"}, []Flag{FlagClockDoubt}, true},
		"REC_20261123_091208.3gp": {[]string{"-c:v", "h263", "-c:a", "aac", "-metadata", "creation_time=2026-11-23T01:12:08Z"}, sniff.ThreeGP, []string{"h263", "aac"}, nil, true},
		"20261123_091208.avi":     {[]string{"-c:v", "mjpeg", "-c:a", "pcm_s16le"}, sniff.AVI, []string{"mjpeg", "pcm_s16le"}, nil, true},
		"20261123_091208.ts":      {[]string{"-c:v", "mpeg2video", "-c:a", "mp2", "-ar", "48000"}, sniff.TS, []string{"mpeg2video", "mp2"}, nil, true},
		"20261123_091208.mkv":     {with(), sniff.Matroska, []string{"mpeg4", "aac"}, nil, true},
		"20261123_091208.wmv":     {[]string{"-c:v", "wmv2", "-c:a", "wmav2", "-ar", "44100"}, sniff.ASF, []string{"wmv2", "wmav2"}, nil, true},
		"20261123_091208.flv":     {[]string{"-c:v", "flv", "-c:a", "aac", "-ar", "44100"}, sniff.FLV, []string{"aac", "flv1"}, nil, true},
		"20261123_091208.mpg":     {[]string{"-c:v", "mpeg2video", "-c:a", "mp2", "-ar", "48000"}, sniff.PS, []string{"mpeg2video", "mp2"}, nil, true},
		"20261123_091208.wav":     {[]string{"-map", "1:a", "-c:a", "pcm_s16le"}, sniff.WAV, []string{"pcm_s16le"}, nil, true},
		"20261123_091208.mp3":     {[]string{"-map", "1:a", "-c:a", "libmp3lame", "-ar", "44100"}, sniff.MP3, []string{"mp3"}, nil, true},
		"mute_20261123091208.mp4": {[]string{"-map", "0:v", "-c:v", "mpeg4"}, sniff.MP4, []string{"mpeg4"}, []Flag{FlagNoAudio}, true},
		"dark_20261123091208.mp4": {[]string{"-map", "1:a", "-c:a", "aac"}, sniff.MP4, []string{"aac"}, []Flag{FlagNoVideo}, true},
		"IMG_20261123_091208.jpg": {[]string{"-map", "0:v", "-frames:v", "1"}, sniff.JPEG, []string{"mjpeg"}, []Flag{FlagPicture}, false},
		"IMG_20261123_091208.png": {[]string{"-map", "0:v", "-frames:v", "1"}, sniff.PNG, []string{"png"}, []Flag{FlagPicture}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := make2(t, t.TempDir(), name, c.args...)
			mtime := at("2026-11-23 09:12:10")
			if err := os.Chtimes(path, mtime, mtime); err != nil {
				t.Fatal(err)
			}
			f := probeStored(t, p, path)
			var codecs []string
			for _, tr := range f.Tracks {
				codecs = append(codecs, tr.Codec)
			}
			if f.Kind != c.kind {
				t.Errorf("kind %s, want %s", f.Kind, c.kind)
			}
			if diff := cmp.Diff(c.codecs, codecs); diff != "" {
				t.Errorf("codecs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]Flag{}, c.flags...), f.Flags); diff != "" {
				t.Errorf("flags (-want +got):\n%s (reason %s, doubt %v, detail %s)", diff, f.Reason, f.Start.Doubt, f.Detail)
			}
			if f.HasDuration != c.timed || c.timed && (f.Duration-2*time.Second).Abs() > 150*time.Millisecond {
				t.Errorf("duration %v (%v)", f.Duration, f.HasDuration)
			}
			if got := f.Start.Value; !near(got, at("2026-11-23 09:12:08"), timeTolerance) {
				t.Errorf("start %v from %s", got, f.Start.Source)
			}
			wrong := filepath.Join(t.TempDir(), "0001.xyz")
			if err := os.Rename(path, wrong); err != nil {
				t.Fatal(err)
			}
			if g := probeFile(t, p, wrong); g.Kind != c.kind || !g.Has(FlagMisnamed) || len(g.Tracks) != len(f.Tracks) {
				t.Errorf("under a wrong name: kind %s, flags %v", g.Kind, g.Flags)
			}
		})
	}
}

// A picture tells its time of capture itself.
func TestPictureTime(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	src, err := os.ReadFile(make2(t, t.TempDir(), "IMG_0001.JPG", "-map", "0:v", "-frames:v", "1"))
	if err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x32\x01\x02\x00\x14\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x002026:11:23 09:12:08\x00"
	seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	b := append(append(append(bytes.Clone(src[:2]), seg...), exif...), src[2:]...)
	f, err := p.Probe(t.Context(), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: "IMG_0001.JPG", SeenAt: seen})
	if err != nil {
		t.Fatal(err)
	}
	if !f.Start.Value.Equal(at("2026-11-23 09:12:08")) || f.Start.Source != OriginContainerLocal || len(f.Start.Doubt) != 0 || len(f.Tracks) != 1 || f.Tracks[0].Kind != TrackImage {
		t.Errorf("start %+v, tracks %+v", f.Start, f.Tracks)
	}
}

// Broken, empty and foreign files keep their facts: a flag and a reason, never an error.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	dir := t.TempDir()
	whole, err := os.ReadFile(make2(t, dir, "whole.mp4", "-c:v", "mpeg4", "-c:a", "aac"))
	if err != nil {
		t.Fatal(err)
	}
	avi, err := os.ReadFile(make2(t, dir, "whole.avi", "-c:v", "mjpeg", "-c:a", "pcm_s16le"))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 100_000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	noise[0] = 0x9f
	cases := map[string]struct {
		bytes  []byte
		flags  []Flag
		reason string
	}{
		"empty.mp4":    {nil, []Flag{FlagEmpty}, ""},
		"no_index.mp4": {whole[:len(whole)/2], []Flag{FlagUnreadable, FlagTruncated}, ReasonMoovMissing},
		"cut.avi":      {avi[:len(avi)/2], []Flag{FlagTruncated}, ""},
		"noise.mp4":    {noise, []Flag{FlagUnreadable}, ReasonUnknownBytes},
		"noise.bin":    {noise, []Flag{FlagForeign}, ReasonUnknownBytes},
		"page.jpg":     {[]byte("<html><script>alert(1)</script>"), []Flag{FlagForeign}, ""},
		"list.mp4":     {[]byte("ffconcat version 1.0\nfile whole.mp4\n"), []Flag{FlagForeign}, ""},
		"list2.mp4":    {[]byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nwhole.mp4\n#EXT-X-ENDLIST\n"), []Flag{FlagForeign}, ""},
		"program.mp4":  {[]byte("\x7fELF\x02\x01\x01"), []Flag{FlagForeign}, ""},
		"mask.mp4":     {append([]byte("\x00\x00\x00\x08wide"), "#EXTM3U\nwhole.mp4\n"...), []Flag{FlagUnreadable, FlagTruncated}, ReasonMoovMissing},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := p.Probe(t.Context(), Source{ReaderAt: bytes.NewReader(c.bytes), Size: int64(len(c.bytes)), Name: name, ModTime: seen, SeenAt: seen})
			if err != nil {
				t.Fatal(err)
			}
			want := append(append([]Flag{}, c.flags...), FlagClockDoubt)
			if diff := cmp.Diff(want, f.Flags); diff != "" || f.Reason != c.reason {
				t.Errorf("reason %q, want %q; flags (-want +got):\n%s (%s)", f.Reason, c.reason, diff, f.Detail)
			}
			if f.Size != int64(len(c.bytes)) || f.Start.Source != OriginFileSystem {
				t.Errorf("size %d, start from %s", f.Size, f.Start.Source)
			}
		})
	}
}

// A recording of more than 4 GiB with its index behind 5 GiB of sample data, as a sparse file.
func TestSparseHugeFile(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	dir := t.TempDir()
	src, err := os.ReadFile(make2(t, dir, "small.mp4", "-c:v", "mpeg4", "-c:a", "aac"))
	if err != nil {
		t.Fatal(err)
	}
	moov := bytes.Index(src, []byte("moov")) - 4
	mdat := bytes.Index(src, []byte("mdat")) - 4
	if mdat > moov {
		t.Fatal("index is in front")
	}
	const hole = int64(5) << 30
	path := filepath.Join(dir, "REC_20261123_091208_0001.mp4")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte, at int64) {
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	put(src[:moov], 0)
	// A second mdat with a 64-bit size fills the hole; the index lies behind it.
	big := append([]byte{0, 0, 0, 1}, "mdat"...)
	put(binary.BigEndian.AppendUint64(big, uint64(hole)), int64(moov))
	put(src[moov:], int64(moov)+hole)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for what, facts := range map[string]Facts{"stored": probeStored(t, p, path), "path": probeFile(t, p, path)} {
		if facts.Size < hole || facts.Windowed != (what == "stored") {
			t.Errorf("%s: size %d, windowed %v", what, facts.Size, facts.Windowed)
		}
		if len(facts.Tracks) != 2 || (facts.Duration-2*time.Second).Abs() > 150*time.Millisecond || facts.Has(FlagUnreadable) || facts.Has(FlagTruncated) {
			t.Errorf("%s: %d tracks, %v, flags %v (%s %s)", what, len(facts.Tracks), facts.Duration, facts.Flags, facts.Reason, facts.Detail)
		}
	}
}

// T18: bombs hit a limit; the facts stay.
func TestBombs(t *testing.T) {
	t.Parallel()
	p := newProber(t, func(c *Config) { c.Limits = fence.Limits{Wall: 20 * time.Second, CPU: 10 * time.Second} })
	png := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x06\x00\x00\x00\x00\x00\x00\x00")
	endless := bytes.Repeat([]byte("\x00\x00\x00\x08moov"), 500_000)
	nested := []byte{}
	for range 20_000 {
		nested = append(nested, "\x7f\xff\xff\xffmoov"...)
	}
	for name, b := range map[string][]byte{"big.png": png, "endless.mp4": endless, "nested.mp4": nested} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := p.Probe(t.Context(), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: name, SeenAt: seen})
			if err != nil {
				t.Fatal(err)
			}
			if name != "big.png" && (!f.Has(FlagUnreadable) || f.Reason == "") {
				t.Errorf("flags %v, reason %q (%s)", f.Flags, f.Reason, f.Detail)
			}
		})
	}
}

// T26: what a file says of itself is harmless to carry, and still text only.
func TestHostileTags(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	evil := "<script>\u202Eevil\u0007\u200b" + strings.Repeat("长", 150)
	path := make2(t, t.TempDir(), "=cmd|'calc'!A0.mp4", "-c:v", "mpeg4", "-c:a", "aac", "-movflags", "use_metadata_tags", "-metadata", "model="+evil, "-metadata", "make=A")
	f := probeFile(t, p, path)
	if !strings.HasPrefix(f.Device.Model, "<script>evil长") || len(f.Device.Model) > maxText || f.Device.Maker != "A" {
		t.Errorf("device %+v", f.Device)
	}
}

// Without bubblewrap, where the settings allow it, the facts are the same and say so.
func TestRlimitMode(t *testing.T) {
	t.Parallel()
	p := newProber(t, func(c *Config) { c.NoBwrap, c.AllowRlimit = true, true })
	path := make2(t, t.TempDir(), "20261123091208.mp4", "-c:v", "mpeg4", "-c:a", "aac")
	f := probeFile(t, p, path)
	if f.Sandbox != fence.Rlimit || len(f.Tracks) != 2 {
		t.Errorf("sandbox %s, %d tracks (%s %s)", f.Sandbox, len(f.Tracks), f.Reason, f.Detail)
	}
}

// T16, in small: damaged real files never end in an error. The 10,000-file run is a nightly's work.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	rng := rand.New(rand.NewPCG(7, 7))
	for _, name := range []string{"phone-uuid540.mp4", "iphone-with-gps.mov", "sony-avchd.mts"} {
		src, err := os.ReadFile(realFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			b := bytes.Clone(src)
			for range 2000 {
				b[rng.IntN(len(b))] = byte(rng.Uint32())
			}
			if _, err := p.Probe(context.WithoutCancel(t.Context()), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: name, SeenAt: seen}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
