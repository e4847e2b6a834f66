package find_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"image"
	"image/draw"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/slate"
	"zhilu.dev/zhilu/internal/slate/find"
	"zhilu.dev/zhilu/internal/slate/qr"
)

var shown = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// maker makes slates of one bureau.
type maker struct {
	t      testing.TB
	bureau ed25519.PrivateKey
}

func newMaker(t testing.TB) maker {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return maker{t, key}
}

func (m maker) key() ed25519.PublicKey { return m.bureau.Public().(ed25519.PublicKey) }

func (m maker) text(activity byte, at time.Time) string {
	m.t.Helper()
	public, phone, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	cert, err := slate.Certify(m.bureau, slate.Certificate{Activity: [16]byte{activity}, Phone: public, From: at.Add(-time.Hour), To: at.Add(time.Hour), Error: time.Second})
	if err != nil {
		m.t.Fatal(err)
	}
	text, err := slate.Issue(phone, slate.Slate{Certificate: cert, Kind: slate.Arrival, Shown: at, Nonce: [8]byte{activity, byte(at.Unix())}})
	if err != nil {
		m.t.Fatal(err)
	}
	return text
}

// picture is a grey wall with a slate on it.
func (m maker) picture(text string) *image.Gray {
	m.t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		m.t.Fatal(err)
	}
	img, err := code.Image(5)
	if err != nil {
		m.t.Fatal(err)
	}
	wall := image.NewGray(image.Rect(0, 0, 1280, 720))
	draw.Draw(wall, wall.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(wall, img.Bounds().Add(image.Pt(300, 150)), img, img.Bounds().Min, draw.Src)
	return wall
}

// film is a stand-in for what gives pictures: it knows what stands by itself in the stream.
type film struct {
	frames map[time.Duration]*image.Gray
	every  time.Duration // between pictures that stand by themselves
	length time.Duration
	asked  []bool
	looked int
}

func (f *film) Frames(_ context.Context, _ derive.Source, every time.Duration, keys bool, take func(time.Duration, *image.Gray) error) error {
	f.asked = append(f.asked, keys)
	if keys {
		every = f.every
	}
	blank := image.NewGray(image.Rect(0, 0, 1280, 720))
	for at := time.Duration(0); at < f.length; at += every {
		f.looked++
		p := f.frames[at]
		if p == nil {
			p = blank
		}
		if err := take(at, p); err != nil {
			return err
		}
	}
	return nil
}

func TestInFilm(t *testing.T) {
	t.Parallel()
	ours, theirs := newMaker(t), newMaker(t)
	today, yesterday, other, foreign := ours.text(1, shown), ours.text(1, shown.Add(-24*time.Hour)), ours.text(2, shown), theirs.text(1, shown)
	o := find.Options{Keys: []ed25519.PublicKey{ours.key()}, Want: slate.Expected{Activity: [16]byte{1}, From: shown.Add(-time.Minute), To: shown.Add(time.Hour)}}
	frames := map[time.Duration]*image.Gray{
		2 * time.Second: ours.picture(today), 3 * time.Second: ours.picture(today), 5 * time.Second: ours.picture(yesterday), 6 * time.Second: ours.picture(other), 7 * time.Second: ours.picture(foreign),
	}
	src := derive.Source{Facts: media.Facts{Duration: 9 * time.Second}}
	for name, every := range map[string]time.Duration{"pictures that stand by themselves each second": time.Second, "and each eight seconds": 8 * time.Second} {
		f := &film{frames: frames, every: every, length: 9 * time.Second}
		hits, err := find.InFilm(t.Context(), f, src, o)
		if err != nil || len(hits) != 4 {
			t.Fatal(name, hits, err)
		}
		for i, want := range []slate.Verdict{slate.Genuine, slate.Replayed, slate.Replayed, slate.Foreign} {
			if hits[i].Verdict != want {
				t.Errorf("%s: %d is %s, want %s", name, i, hits[i].Verdict, want)
			}
		}
		if hits[0].First != 2*time.Second || hits[0].Last != 3*time.Second {
			t.Error(name, hits[0])
		}
		if whole := len(f.asked) == 2; whole != (every > 2*time.Second) {
			t.Error(name, f.asked)
		}
	}
	f := &film{frames: frames, every: time.Second, length: 9 * time.Second}
	o.Enough = func(found []find.Hit) bool { return len(found) > 0 && found[0].Verdict == slate.Genuine }
	if hits, err := find.InFilm(t.Context(), f, src, o); err != nil || len(hits) != 1 || f.looked != 3 {
		t.Fatal(hits, err, f.looked)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := find.InFilm(ctx, f, src, find.Options{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestInFootage is the same with ffmpeg's own bytes: two slates in a film of 40 s whose pictures come unevenly, one of them turned and small,
// at the times at which they were shown.
func TestInFootage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("ZHILU_REQUIRE_TOOLS") != "" {
				t.Fatal(err)
			}
			t.Skip(name)
		}
	}
	ours := newMaker(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"a.png": ours.text(1, shown), "b.png": ours.text(1, shown.Add(20*time.Second))} {
		code, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := errors.Join(code.PNG(&b, 5), os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "film.mp4")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=10:duration=40",
		"-loop", "1", "-framerate", "10", "-i", filepath.Join(dir, "a.png"), "-loop", "1", "-framerate", "10", "-i", filepath.Join(dir, "b.png"),
		"-filter_complex", "[1]format=gray[a];[2]scale=220:-1,rotate=0.3:fillcolor=white:ow=rotw(0.3):oh=roth(0.3)[b];[0][a]overlay=600:100:enable='between(t,5,9)'[x];[x][b]overlay=80:80:enable='between(t,25,29)',select='not(between(n,120,200))'",
		"-fps_mode", "vfr", "-t", "40", "-c:v", "libx264", "-preset", "ultrafast", "-g", "600", "-pix_fmt", "yuv420p", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log := slog.New(slog.DiscardHandler)
	p, err := media.New(t.Context(), media.Config{Logger: log, Clock: clock.System(), TempDir: dir, AllowRlimit: true})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := p.ProbeFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := derive.New(t.Context(), derive.Config{Logger: log, TempDir: dir, AllowRlimit: true, NoBwrap: true})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	hits, err := find.InFilm(t.Context(), m, derive.Source{ReaderAt: f, Size: facts.Size, Facts: facts}, find.Options{
		Keys: []ed25519.PublicKey{ours.key()}, Want: slate.Expected{Activity: [16]byte{1}, From: shown, To: shown.Add(time.Hour)},
	})
	if err != nil || len(hits) != 2 {
		t.Fatal(hits, err)
	}
	for i, from := range []time.Duration{5 * time.Second, 25 * time.Second} {
		h := hits[i]
		if h.Verdict != slate.Genuine || h.First < from || h.First > from+700*time.Millisecond || h.Last > from+4*time.Second {
			t.Errorf("%d: %s from %s to %s", i, h.Verdict, h.First, h.Last)
		}
	}
}

// BenchmarkHour searches an hour of 720p without a slate, to its end, as a body camera writes it (H.264, a keyframe a second), and one whose keyframes
// lie ten seconds apart, which is looked at whole. It prints how many times faster than it plays that is.
func BenchmarkHour(b *testing.B) {
	ours := newMaker(b)
	dir := b.TempDir()
	log := slog.New(slog.DiscardHandler)
	m, err := derive.New(b.Context(), derive.Config{Logger: log, TempDir: dir, AllowRlimit: true, NoBwrap: true})
	if err != nil {
		b.Fatal(err)
	}
	p, err := media.New(b.Context(), media.Config{Logger: log, Clock: clock.System(), TempDir: dir, AllowRlimit: true})
	if err != nil {
		b.Fatal(err)
	}
	const minutes = 10 // of which an hour is made by joining
	for name, gop := range map[string]string{"keyframe each second": "25", "keyframe each ten seconds": "250"} {
		b.Run(name, func(b *testing.B) {
			part, whole := filepath.Join(dir, gop+".mp4"), filepath.Join(dir, gop+"h.mp4")
			list := filepath.Join(dir, "list.txt")
			for _, cmd := range []*exec.Cmd{
				exec.CommandContext(b.Context(), "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=600", "-vf", "noise=alls=6:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-g", gop, "-pix_fmt", "yuv420p", part),
				exec.CommandContext(b.Context(), "ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", list, "-c", "copy", whole),
			} {
				if err := os.WriteFile(list, bytes.Repeat([]byte("file '"+part+"'\n"), 60/minutes), 0o600); err != nil {
					b.Fatal(err)
				}
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
			}
			facts, err := p.ProbeFile(b.Context(), whole)
			if err != nil {
				b.Fatal(err)
			}
			f, err := os.Open(whole)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			for b.Loop() {
				if _, err := find.InFilm(b.Context(), m, derive.Source{ReaderAt: f, Size: facts.Size, Facts: facts}, find.Options{Keys: []ed25519.PublicKey{ours.key()}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(facts.Duration.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "x")
		})
	}
}
