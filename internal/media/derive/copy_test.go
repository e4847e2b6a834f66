package derive_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/derive"
)

// Every camera we have gives a copy that plays and says nothing of where it came from (decision 28), behind both fences.
func TestCopyOfRealCameras(t *testing.T) {
	t.Parallel()
	want := map[string]struct {
		width, height, pictures int
		sound                   bool
	}{
		"gopro-karma.mp4":     {854, 480, 362, true},
		"MVI_4823.AVI":        {640, 480, 78, true},
		"iphone-with-gps.mov": {320, 568, 120, true},
		"phone-uuid540.mp4":   {960, 540, 31, false},
		"sony-avchd.mts":      {1280, 720, 13, true},
	}
	for mode, cfg := range map[string]derive.Config{"bwrap": {}, "rlimit": weak} {
		m := newMaker(t, cfg)
		for name, w := range want {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				src := camera(t, name)
				var out bytes.Buffer
				var at time.Duration
				c, err := m.Copy(t.Context(), src, &out, func(d time.Duration) { at = d })
				if err != nil {
					t.Fatal(err)
				}
				if c.Width != w.width || c.Height != w.height || c.Pictures != w.pictures || c.Sound != w.sound {
					t.Errorf("%+v", c)
				}
				if off := c.Duration - src.Facts.Duration; off.Abs() > 300*time.Millisecond {
					t.Errorf("%v of %v", c.Duration, src.Facts.Duration)
				}
				if at < c.Duration-time.Second {
					t.Errorf("progress ended at %v of %v", at, c.Duration)
				}
				s := probe(t, "copy.ts", out.Bytes())
				if len(s.Format.Tags) != 0 {
					t.Errorf("the copy says %v", s.Format.Tags)
				}
				for _, st := range s.Streams {
					if len(st.Tags) != 0 || len(st.Side) != 0 {
						t.Errorf("a stream says %v %v", st.Tags, st.Side)
					}
					switch st.Type {
					case "video":
						if st.Codec != "h264" || st.Format != "yuv420p" || st.Width != w.width || st.Height != w.height || st.Read != strconv.Itoa(w.pictures) {
							t.Errorf("picture %+v", st)
						}
					case "audio":
						if st.Codec != "aac" {
							t.Errorf("sound %+v", st)
						}
					default:
						t.Errorf("a stream of %s", st.Type)
					}
				}
			})
		}
	}
}

// Segments marked one by one play on as the copy does: the same pictures at the same times, the same sound, no hole.
func TestMarkedSegmentsPlayOn(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	for name, src := range map[string]derive.Source{
		"gopro": camera(t, "gopro-karma.mp4"),
		"rates that vary": generated(t, "-f", "lavfi", "-i", "testsrc=d=15:s=640x360:r=25", "-f", "lavfi", "-i", "sine=d=15:r=44100",
			"-vf", "select='not(between(t,3,5)+eq(mod(n,7),3))'", "-fps_mode", "vfr", "-c:v", "libx264", "-c:a", "aac", "vary.mp4"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var plain, marked bytes.Buffer
			c, err := m.Copy(t.Context(), src, &plain, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Segments) < 3 {
				t.Fatalf("only %d segments", len(c.Segments))
			}
			for i, s := range c.Segments {
				if i > 0 && s.Start != c.Segments[i-1].Start+c.Segments[i-1].Length {
					t.Errorf("segment %d begins at %v", i, s.Start)
				}
				part := append(bytes.Clone(c.Head), plain.Bytes()[s.From:s.From+s.Bytes]...)
				if got := packets(probe(t, "part.ts", part), "video"); len(got) == 0 {
					t.Errorf("segment %d alone shows nothing", i)
				}
				began := time.Now()
				out, err := m.Mark(t.Context(), derive.Part{Bytes: part, N: i, Width: c.Width, Height: c.Height}, "阿依古丽·买买提 执法一科 申请第12号")
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("segment %d of %v marked in %v: %d bytes of %d", i, s.Length, time.Since(began), len(out), len(part))
				marked.Write(out)
			}
			a, b := probe(t, "plain.ts", plain.Bytes()), probe(t, "marked.ts", marked.Bytes())
			for _, kind := range []string{"video", "audio"} {
				want, got := packets(a, kind), packets(b, kind)
				if fmt.Sprint(want) != fmt.Sprint(got) {
					t.Errorf("%s: times of\n%v\nmarked\n%v", kind, want, got)
				}
				for i := 1; i < len(got); i++ {
					if got[i] <= got[i-1] {
						t.Errorf("%s goes back at %d", kind, i)
					}
				}
			}
			for i := range a.Streams {
				if a.Streams[i].Read != b.Streams[i].Read {
					t.Errorf("%s: %s frames, marked %s", a.Streams[i].Type, a.Streams[i].Read, b.Streams[i].Read)
				}
			}
		})
	}
}

func packets(s shown, kind string) []int64 {
	var out []int64
	for _, p := range s.Packets {
		if p.Type == kind {
			out = append(out, p.PTS)
		}
	}
	return out
}
