package derive_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/derive"
)

// turned puts into a JPEG what a camera says of the way it was held, and a secret beside it.
func turned(picture []byte, turn uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x02\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, turn)
	tiff = append(tiff, "\x00\x00\x01\x0f\x00\x02\x00\x00\x00\x07\x00\x00\x00\x26\x00\x00\x00\x00secret\x00"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, 0, 0)
	binary.BigEndian.PutUint16(out[4:], uint16(len(body)+2))
	return append(append(out, body...), picture[2:]...)
}

// A picture becomes a smaller one that stands upright and says nothing of itself.
func TestStill(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	plain := generated(t, "-f", "lavfi", "-i", "color=red:s=2000x1000,drawbox=w=1000:h=500:color=blue:t=fill", "-frames:v", "1", "photo.jpg")
	raw := make([]byte, plain.Size)
	if _, err := plain.ReadAt(raw, 0); err != nil {
		t.Fatal(err)
	}
	// Where the blue corner of the picture (upper left as stored) is seen: by Exif's number.
	corner := map[uint16]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}}
	for turn := uint16(1); turn <= 8; turn++ {
		out, err := m.Still(t.Context(), source(t, "photo.jpg", turned(raw, turn)))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, []byte("secret")) || bytes.Contains(out, []byte("Exif")) || bytes.Contains(out, []byte("Lavc")) {
			t.Errorf("turn %d: the picture says where it comes from", turn)
		}
		pic, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		size := pic.Bounds().Size()
		if want := (image.Point{1600, 800}); turn < 5 && size != want || turn >= 5 && size != (image.Point{want.Y, want.X}) {
			t.Errorf("turn %d: %v", turn, size)
		}
		for x := range 2 {
			for y := range 2 {
				r, _, b, _ := pic.At(size.X/4+x*size.X/2, size.Y/4+y*size.Y/2).RGBA()
				if blue := b > r; blue != (corner[turn] == image.Point{x, y}) {
					t.Errorf("turn %d: the corner %d,%d is blue: %v", turn, x, y, blue)
				}
			}
		}
	}
	still, err := m.Still(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	thumb, err := m.Thumb(t.Context(), still)
	if err != nil {
		t.Fatal(err)
	}
	if w, h, err := derive.Sides(thumb); err != nil || w != 640 || h != 320 {
		t.Errorf("poster %d × %d, %v", w, h, err)
	}
	marked, err := m.MarkStill(still, "阿依古丽")
	if err != nil {
		t.Fatal(err)
	}
	if n := changed(t, still, marked); n < 200 {
		t.Errorf("the mark changed %d points", n)
	}
}

// changed counts the points that clearly differ between two pictures.
func changed(t testing.TB, a, b []byte) (n int) {
	t.Helper()
	x, err := jpeg.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if x.Bounds() != y.Bounds() {
		t.Fatalf("%v and %v", x.Bounds(), y.Bounds())
	}
	for i := range x.Bounds().Dx() {
		for j := range x.Bounds().Dy() {
			r1, g1, b1, _ := x.At(i, j).RGBA()
			r2, g2, b2, _ := y.At(i, j).RGBA()
			if d := max(r1, r2) - min(r1, r2) + max(g1, g2) - min(g1, g2) + max(b1, b2) - min(b1, b2); d > 0x3000 {
				n++
			}
		}
	}
	return n
}

// copied makes a film of a source.
func copied(t testing.TB, m *derive.Maker, s derive.Source) (derive.Film, []byte) {
	t.Helper()
	var out bytes.Buffer
	c, err := m.Copy(t.Context(), s, &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return derive.Film{ReaderAt: bytes.NewReader(out.Bytes()), Copied: c, Size: int64(out.Len())}, out.Bytes()
}

// firstPicture decodes the first picture of a stream into a JPEG, by a program that is not under test.
func firstPicture(t testing.TB, stream []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part.ts")
	if err := os.WriteFile(path, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-q:v", "2", "-f", "image2pipe", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The mark is in the picture, moves from segment to segment, and no text of it is taken for anything but text.
func TestMarkIsSeen(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	f, raw := copied(t, m, generated(t, "-f", "lavfi", "-i", "color=gray:d=9:s=1280x720:r=10", "-c:v", "libx264", "gray.mp4"))
	for i, mark := range []string{
		"阿依古丽·买买提 执法一科 申请 2026-0012 2026-11-27 13:40", "%{pts}':text=x;[v]null,drawtext=textfile=/etc/passwd \\ \n", "ئايگۈل \u202e\u0000 𪚥 " + string(make([]rune, 500)),
	} {
		g := f.Segments[i%len(f.Segments)]
		part := append(bytes.Clone(f.Head), raw[g.From:g.From+g.Bytes]...)
		out, err := m.Mark(t.Context(), derive.Part{Bytes: part, N: i, Width: f.Width, Height: f.Height}, mark)
		if err != nil {
			t.Fatal(err)
		}
		if n := changed(t, firstPicture(t, part), firstPicture(t, out)); n < 500 || n > 1280*720/4 {
			t.Errorf("%q changed %d points", mark, n)
		}
		if dir := os.Getenv("ZHILU_LOOK"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".jpg"), firstPicture(t, out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Poster, strip and sound are made of the copy.
func TestPartsOfAFilm(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	// Ten seconds: red, then blue; a voice-like sound in the middle.
	f, _ := copied(t, m, generated(t, "-f", "lavfi", "-i", "color=red:d=5:s=640x360:r=25", "-f", "lavfi", "-i", "color=blue:d=5:s=640x360:r=25",
		"-f", "lavfi", "-i", "sine=frequency=900:d=10:r=44100", "-filter_complex",
		"[0][1]concat[v];[2]volume='if(between(t,4,6),0.5*(1+sin(2*PI*4*t)),0.001)':eval=frame[a]", "-map", "[v]", "-map", "[a]", "parts.mp4"))
	poster, err := m.Poster(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if w, h, err := derive.Sides(poster); err != nil || w != 640 || h != 360 {
		t.Errorf("poster %d × %d, %v", w, h, err)
	}
	picture, s, err := m.Strip(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	pic, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.At) < 10 || len(s.At) > 11 || pic.Bounds().Dx() != s.Columns*s.Width || pic.Bounds().Dy() != s.Rows*s.Height {
		t.Fatalf("%+v in %v", s, pic.Bounds())
	}
	for i, at := range s.At[:10] {
		r, _, b, _ := pic.At((i%s.Columns)*s.Width+s.Width/2, i/s.Columns*s.Height+s.Height/2).RGBA()
		if (b > r) != (at >= 5000) {
			t.Errorf("cell %d shows something else than %d ms", i, at)
		}
	}
	w, err := m.Waveform(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	long := time.Duration(w.StepMS * float64(len(w.Min)) * float64(time.Millisecond))
	if len(w.Min) != len(w.Max) || len(w.Min) > 4000 || (long-f.Duration).Abs() > 200*time.Millisecond {
		t.Errorf("%d points of %v ms", len(w.Min), w.StepMS)
	}
	loud := func(ms float64) int8 { return w.Max[int(ms/w.StepMS)] }
	if loud(1000) > 2 || loud(9000) > 2 || max(loud(5050), loud(5100), loud(5150), loud(5200)) < 5 {
		t.Errorf("waveform %v", w.Max)
	}
	v, err := m.Speech(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Spans) != 1 || v.Spans[0][0] < 3900 || v.Spans[0][0] > 4300 || v.Spans[0][1] < 5700 || v.Spans[0][1] > 6300 {
		t.Errorf("speech %v", v.Spans)
	}
}

// Of a long film a strip is made of the pictures with which segments begin.
func TestStripOfALongFilm(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	f, _ := copied(t, m, generated(t, "-f", "lavfi", "-i", "color=red:d=1200:s=64x36:r=2", "-vf", "hue=h='t/10'", "long.mp4"))
	picture, s, err := m.Strip(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	w, h, err := derive.Sides(picture)
	if err != nil || len(s.At) != 100 || w != 1600 || h != 900 || s.At[99] < 1_100_000 {
		t.Errorf("%d × %d, %d cells to %d ms, %v", w, h, len(s.At), s.At[len(s.At)-1], err)
	}
}

// Sound alone becomes a copy with segments of sound; the cover of a song is no picture of it.
func TestSoundAlone(t *testing.T) {
	t.Parallel()
	m := newMaker(t, derive.Config{})
	for _, args := range [][]string{
		{"-f", "lavfi", "-i", "sine=d=13", "tone.wav"},
		{
			"-f", "lavfi", "-i", "sine=d=13", "-f", "lavfi", "-i", "testsrc=d=1:r=1:s=64x64", "-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "mjpeg",
			"-disposition:v", "attached_pic", "cover.mp3",
		},
	} {
		f, raw := copied(t, m, generated(t, args...))
		if f.Width != 0 || !f.Sound || len(f.Segments) != 4 || (f.Duration-13*time.Second).Abs() > 200*time.Millisecond {
			t.Errorf("%s: %d wide, %v, %+v", args[len(args)-1], f.Width, f.Duration, f.Segments)
		}
		if s := probe(t, "sound.ts", raw); len(s.Streams) != 1 || s.Streams[0].Codec != "aac" {
			t.Errorf("%+v", s.Streams)
		}
		out, err := m.Mark(t.Context(), derive.Part{Bytes: raw}, "某人")
		if err != nil || !bytes.Equal(out, raw) {
			t.Errorf("sound was changed by a mark: %v", err)
		}
	}
}
