package derive_test

import (
	"bytes"
	"os/exec"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/derive"
)

// decoded gives what a plain ffmpeg makes of a file that was made.
func decoded(t testing.TB, content []byte, args ...string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-v", "error", "-f", "mp4", "-i", "pipe:0"}, args...), "pipe:1")...)
	c.Stdin = bytes.NewReader(content)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out.Bytes()
}

// blacken hides the upper left quarter from one second on.
func blacken(pix []byte, width, height int, at time.Duration) {
	if at < time.Second {
		return
	}
	for y := range height / 2 {
		clear(pix[y*width : y*width+width/2])
	}
	chroma := pix[width*height:]
	for p := range 2 {
		for y := range height / 4 {
			line := chroma[p*width*height/4+y*width/2:][:width/4]
			for i := range line {
				line[i] = 128
			}
		}
	}
}

// A clip of every camera: what was hidden is not in it, what was not is, its length is what was asked for, it is silent where it should
// be, and it says nothing of where it came from.
func TestRedactRealCameras(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	for _, name := range []string{"gopro-karma.mp4", "MVI_4823.AVI", "iphone-with-gps.mov", "phone-uuid540.mp4", "sony-avchd.mts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			film, _ := copied(t, m, camera(t, name))
			to := min(film.Duration, 4*time.Second)
			from := min(film.Duration/10, 700*time.Millisecond)
			var out bytes.Buffer
			length, err := m.Redact(t.Context(), derive.Clip{
				Cuts: []derive.Cut{{Film: film, From: from, To: to}}, Hide: blacken, Quiets: []derive.Quiet{{From: 0, To: 500 * time.Millisecond}},
			}, &out, nil)
			if err != nil || length != to-from {
				t.Fatalf("%v %v", length, err)
			}
			s := probe(t, "clip.mp4", out.Bytes())
			for key := range s.Format.Tags {
				if key != "major_brand" && key != "minor_version" && key != "compatible_brands" {
					t.Errorf("the clip says %v", s.Format.Tags)
				}
			}
			pictures := decoded(t, out.Bytes(), "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo")
			size := film.Width * film.Height * 3 / 2
			if n, want := len(pictures)/size, int(length.Seconds()*derive.ClipRate+0.5); n != want || len(pictures)%size != 0 {
				t.Fatalf("%d pictures, want %d", n, want)
			}
			for n := 0; n < len(pictures)/size; n++ {
				hidden := n >= derive.ClipRate
				dark := 0
				for y := range film.Height/2 - 8 {
					for _, v := range pictures[n*size+y*film.Width:][:film.Width/2-8] {
						if v < 40 {
							dark++
						}
					}
				}
				all := (film.Height/2 - 8) * (film.Width/2 - 8)
				if hidden && dark < all*99/100 {
					t.Fatalf("picture %d: %d of %d points are hidden", n, dark, all)
				}
			}
			if !film.Sound {
				return
			}
			sound := decoded(t, out.Bytes(), "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le")
			if off := time.Duration(len(sound)/2)*time.Second/8000 - length; off.Abs() > 100*time.Millisecond {
				t.Errorf("the sound is longer than the pictures by %v", off)
			}
			for i, v := range sound[:2*8000*4/10] {
				if v != 0 && v != 255 && i%2 == 1 {
					t.Fatalf("something is heard at %d", i/2)
				}
			}
		})
	}
}

// Two files of one pressing become one clip, a tone stands where somebody spoke, and a film without pictures stays sound.
func TestRedactTwoFilesAndSound(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	a, _ := copied(t, m, generated(t, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=3", "-f", "lavfi", "-i", "anoisesrc=duration=3:amplitude=0.4", "-shortest", "-c:v", "libx264", "-c:a", "aac", "a.mp4"))
	b, _ := copied(t, m, generated(t, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=3", "-c:v", "libx264", "b.mp4"))
	var out bytes.Buffer
	var moments []time.Duration
	length, err := m.Redact(t.Context(), derive.Clip{
		Cuts:   []derive.Cut{{Film: a, From: time.Second, To: 3 * time.Second}, {Film: b, From: 0, To: 2 * time.Second}},
		Hide:   func(_ []byte, _, _ int, at time.Duration) { moments = append(moments, at) },
		Quiets: []derive.Quiet{{From: 500 * time.Millisecond, To: time.Second, Tone: true}},
	}, &out, nil)
	if err != nil || length != 4*time.Second || len(moments) != 4*derive.ClipRate {
		t.Fatalf("%v %v, %d moments", length, err, len(moments))
	}
	for i, at := range moments {
		if at != time.Duration(i)*time.Second/derive.ClipRate {
			t.Fatalf("picture %d is at %v", i, at)
		}
	}
	loud := func(from, to float64) (sum int) {
		sound := decoded(t, out.Bytes(), "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le")
		for i := int(from * 8000); i < int(to*8000); i++ {
			v := int(int16(uint16(sound[2*i]) | uint16(sound[2*i+1])<<8))
			sum += max(v, -v)
		}
		return sum / int((to-from)*8000)
	}
	noise, tone, none := loud(0.1, 0.4), loud(0.6, 0.9), loud(2.2, 3.8)
	if noise < 500 || tone < 500 || none > 5 {
		t.Errorf("noise %d, tone %d, nothing %d", noise, tone, none)
	}

	alone, _ := copied(t, m, generated(t, "-f", "lavfi", "-i", "anoisesrc=duration=3:amplitude=0.4", "-c:a", "aac", "c.mp4"))
	out.Reset()
	if length, err := m.Redact(t.Context(), derive.Clip{Cuts: []derive.Cut{{Film: alone, From: 0, To: 2 * time.Second}}}, &out, nil); err != nil || length != 2*time.Second {
		t.Fatalf("%v %v", length, err)
	}
	if s := probe(t, "clip.mp4", out.Bytes()); len(s.Streams) != 1 || s.Streams[0].Type != "audio" {
		t.Errorf("%+v", s.Streams)
	}
}
