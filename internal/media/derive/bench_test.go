//go:build linux

package derive_test

import (
	"bytes"
	"io"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/derive"
)

// used is the processor time of all programs that were run and have ended. Behind bubblewrap nobody adds it up, so the
// benchmarks run behind limits only.
func used(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// footage is twenty seconds such as a body camera takes them: 25 pictures a second, 6 Mbit/s, everything moving a little.
func footage(t testing.TB, size string) derive.Source {
	return generated(t, "-f", "lavfi", "-i", "testsrc2=d=20:s="+size+":r=25", "-f", "lavfi", "-i", "sine=d=20",
		"-vf", "noise=alls=6:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "6M", "-c:a", "aac", "camera.mp4")
}

// BenchmarkCopy tells how many times as fast as the recording itself its viewing copy is made.
func BenchmarkCopy(b *testing.B) {
	for _, size := range []string{"1280x720", "1920x1080"} {
		b.Run(size, func(b *testing.B) {
			m := newMaker(b, weak)
			src := footage(b, size)
			before, began, long := used(b), time.Now(), time.Duration(0)
			for b.Loop() {
				c, err := m.Copy(b.Context(), src, io.Discard, nil)
				if err != nil {
					b.Fatal(err)
				}
				long += c.Duration
			}
			b.ReportMetric(long.Seconds()/time.Since(began).Seconds(), "x/wall")
			b.ReportMetric(long.Seconds()/(used(b)-before).Seconds(), "x/processor")
		})
	}
}

// BenchmarkMark tells how long one segment of four seconds takes.
func BenchmarkMark(b *testing.B) {
	m := newMaker(b, weak)
	var raw bytes.Buffer
	c, err := m.Copy(b.Context(), footage(b, "1280x720"), &raw, nil)
	if err != nil {
		b.Fatal(err)
	}
	before, n := used(b), 0
	for b.Loop() {
		g := c.Segments[n%5]
		part := append(bytes.Clone(c.Head), raw.Bytes()[g.From:g.From+g.Bytes]...)
		if _, err := m.Mark(b.Context(), derive.Part{Bytes: part, N: g.N, Width: c.Width, Height: c.Height}, "阿依古丽·买买提 执法一科 申请 2026-0012"); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric((used(b)-before).Seconds()*1000/float64(n), "ms-processor/op")
}
