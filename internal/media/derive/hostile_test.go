package derive_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/media/sniff"
)

func whole(t testing.TB, s derive.Source) []byte {
	t.Helper()
	raw, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// T16 to T18: what is hostile is refused in words, also where the facts of the file were believed.
func TestHostile(t *testing.T) {
	t.Parallel()
	picture := whole(t, generated(t, "-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", "p.jpg"))
	at := bytes.Index(picture, []byte{0xff, 0xc0})
	huge := bytes.Clone(picture)
	binary.BigEndian.PutUint16(huge[at+5:], 30_000)
	binary.BigEndian.PutUint16(huge[at+7:], 30_000)

	film := whole(t, generated(t, "-f", "lavfi", "-i", "testsrc=d=2:s=64x64:r=10", "-c:v", "mjpeg", "f.avi"))
	fast := bytes.Clone(film)
	head := bytes.Index(fast, []byte("strh")) + 8
	binary.LittleEndian.PutUint32(fast[head+20:], 1)             // scale
	binary.LittleEndian.PutUint32(fast[head+24:], 1_000_000_000) // rate
	wide := bytes.Clone(film)
	for i := 0; ; {
		n := bytes.Index(wide[i:], []byte{0xff, 0xc0})
		if n < 0 {
			break
		}
		i += n
		binary.BigEndian.PutUint16(wide[i+5:], 30_000)
		binary.BigEndian.PutUint16(wide[i+7:], 30_000)
		i++
	}
	mp4 := whole(t, generated(t, "-f", "lavfi", "-i", "testsrc=d=2:s=64x64:r=10", "f.mp4"))
	believed := func(k sniff.Kind) *media.Facts {
		return &media.Facts{Kind: k, Duration: 2 * time.Second, HasDuration: true, Tracks: []media.Track{{Kind: media.TrackVideo, Width: 64, Height: 64, Rate: 10}}}
	}
	playlist := []byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
	for name, c := range map[string]struct {
		content []byte
		facts   *media.Facts // nil: those read from the file
		code    string       // "": it may be made or not, but must end
	}{
		"empty.mp4":             {nil, nil, "derivative.empty"},
		"playlist.mp4":          {playlist, nil, "derivative.no_reader"},
		"playlist as mp4":       {playlist, believed(sniff.MP4), "derivative.index"},
		"playlist as ts":        {playlist, believed(sniff.TS), "derivative.tool_failed"},
		"huge.jpg":              {huge, nil, "derivative.tool_failed"}, // its facts could not be read either
		"huge, believed small":  {huge, believed(sniff.JPEG), "derivative.tool_failed"},
		"huge film":             {wide, believed(sniff.AVI), ""},
		"fast.avi":              {fast, nil, "derivative.figures"},
		"fast, believed slow":   {fast, believed(sniff.AVI), ""},
		"cut.mp4":               {mp4[:len(mp4)-900], nil, "derivative.index"},
		"cut, believed":         {mp4[:len(mp4)-900], believed(sniff.MP4), "derivative.index"},
		"not what it says":      {bytes.Repeat([]byte("zzuf"), 5000), believed(sniff.Matroska), "derivative.tool_failed"},
		"longer than a day":     {mp4, &media.Facts{Kind: sniff.MP4, Duration: 25 * time.Hour, HasDuration: true}, "derivative.figures"},
		"no tracks":             {mp4, &media.Facts{Kind: sniff.MP4}, "derivative.unreadable"},
		"subtitles and nothing": {mp4, &media.Facts{Kind: sniff.MP4, Tracks: []media.Track{{Kind: media.TrackSubtitle}}}, "derivative.nothing"},
	} {
		for mode, cfg := range map[string]derive.Config{"bwrap": {}, "rlimit": weak} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				m := newMaker(t, cfg)
				src := derive.Source{ReaderAt: bytes.NewReader(c.content), Size: int64(len(c.content))}
				if c.facts == nil {
					src = source(t, name, c.content)
				} else {
					src.Facts = *c.facts
				}
				var err error
				if src.Facts.Kind.Still() {
					_, err = m.Still(t.Context(), src)
				} else {
					_, err = m.Copy(t.Context(), src, io.Discard, nil)
				}
				if c.code != "" && !fault.HasCode(err, c.code) || c.code == "" && err != nil && !fault.Is(err, fault.Invalid) {
					t.Errorf("want %q, got %v", c.code, err)
				}
			})
		}
	}
}

// Sound and picture that do not lie side by side are read from a private file, which is gone afterwards.
func TestScratch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	needTools(t)
	m := newMaker(t, derive.Config{})
	raw := whole(t, generated(t, "-f", "lavfi", "-i", "testsrc2=d=12:s=640x360:r=25", "-f", "lavfi", "-i", "anoisesrc=d=12", "-c:v", "libx264", "-b:v", "2M",
		"-c:a", "aac", "-b:a", "256k", "side.mp4"))
	apart := whole(t, generated(t, "-f", "lavfi", "-i", "testsrc2=d=12:s=640x360:r=25", "-f", "lavfi", "-i", "anoisesrc=d=12", "-c:v", "libx264", "-b:v", "2M",
		"-c:a", "aac", "-b:a", "256k", "-max_interleave_delta", "0", "-filter_complex", "[1]asetpts=PTS[a]", "-map", "0:v", "-map", "[a]", "-movflags", "+faststart", "apart.mp4"))
	for name, content := range map[string][]byte{"side.mp4": raw, "apart.mp4": apart} {
		f, out := copied(t, m, source(t, name, content))
		if s := probe(t, "c.ts", out); len(s.Streams) != 2 || f.Pictures != 300 {
			t.Errorf("%s: %d streams, %d pictures", name, len(s.Streams), f.Pictures)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
