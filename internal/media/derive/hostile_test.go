package derive_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
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

// A file that cannot be read from front to end is read from a private file, which is gone afterwards; what a crash left
// is swept.
func TestScratch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newMaker(t, derive.Config{TempDir: dir})
	content := whole(t, generated(t, "-f", "lavfi", "-i", "testsrc2=d=6:s=320x180:r=25", "-f", "lavfi", "-i", "sine=d=6", "-c:v", "libx264", "-c:a", "aac", "f.mp4"))
	data, index := bytes.Index(content, []byte("mdat")), bytes.LastIndex(content, []byte("moov"))-4
	if data < 0 || index < data {
		t.Fatalf("samples at %d, index at %d", data, index)
	}
	copy(content[data:], "free") // the samples lie where none are looked for
	content = slices.Concat(content[:index], []byte("\x00\x00\x00\x08mdat"), content[index:])
	src := source(t, "f.mp4", content)
	var seen []string
	r := watched{src.ReaderAt, func() {
		if list, err := os.ReadDir(dir); err == nil && len(list) > 0 && len(seen) == 0 {
			info, err := list[0].Info()
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			seen = append(seen, list[0].Name())
		}
	}}
	f, out := copied(t, m, derive.Source{ReaderAt: r, Size: src.Size, Facts: src.Facts})
	if s := probe(t, "c.ts", out); len(s.Streams) != 2 || f.Pictures != 150 {
		t.Errorf("%d streams, %d pictures", len(s.Streams), f.Pictures)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 || len(seen) != 1 {
		t.Errorf("seen %v, left behind %v, %v", seen, left, err)
	}
	for _, name := range []string{"derive-123", "other"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Sweep(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "other" {
		t.Errorf("after the sweep %v, %v", left, err)
	}
}

// watched calls back whenever it is read.
type watched struct {
	io.ReaderAt
	look func()
}

func (w watched) ReadAt(p []byte, at int64) (int, error) {
	w.look()
	return w.ReaderAt.ReadAt(p, at)
}

// Making waits while uploads arrive, and goes on afterwards (decision 11).
func TestWaitsForUploads(t *testing.T) {
	t.Parallel()
	const wait = 2 * time.Second
	began := sync.OnceValue(time.Now)
	m := newMaker(t, derive.Config{Busy: func() bool { return time.Since(began()) < wait }})
	src := generated(t, "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=10", "f.mp4")
	if _, err := m.Copy(t.Context(), src, io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	if gone := time.Since(began()); gone < wait {
		t.Errorf("made after %v, while uploads arrived", gone)
	}
	busy := newMaker(t, derive.Config{Busy: func() bool { return true }})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := busy.Copy(ctx, src, io.Discard, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller who gave up was not heard: %v", err)
	}
}
