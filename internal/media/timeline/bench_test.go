//go:build unix

package timeline_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/timeline"
)

// hour makes a recording of one hour at 25 pictures a second with sound: a minute is encoded, and copied sixty times.
func hour(b *testing.B, name string, more ...string) string {
	b.Helper()
	dir := b.TempDir()
	minute, path := filepath.Join(dir, "minute.mp4"), filepath.Join(dir, name)
	ffmpeg(b, "-f", "lavfi", "-i", "testsrc=d=60:s=160x120:r=25", "-f", "lavfi", "-i", "sine=d=60:r=48000",
		"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-c:a", "aac", minute)
	ffmpeg(b, slices.Concat([]string{"-stream_loop", "59", "-i", minute, "-t", "3600", "-c", "copy"}, more, []string{path})...)
	return path
}

// cost is what something takes by the clock on the wall, and of the processor, which a busy machine does not stretch.
type cost struct{ wall, cpu time.Duration }

// probing is the median of five runs of ffprobe, alone and without the fence, which would only make it slower.
func probing(b *testing.B, args ...string) cost {
	b.Helper()
	var wall, cpu []time.Duration
	for range 5 {
		cmd := exec.CommandContext(b.Context(), "ffprobe", append([]string{"-v", "error", "-f", "mov", "-of", "json"}, args...)...)
		begin := time.Now()
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		wall, cpu = append(wall, time.Since(begin)), append(cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	return cost{wall[2], cpu[2]}
}

func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the most memory this program has had, in MB; where files are small, most of it is Go's own.
func peak(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Maxrss) / 1024
}

// Decisions, "Figures": the timeline of a one-hour MP4 in 40 ms at most, and at least 30 times as fast as ffprobe on the
// same file in the same run. The ratios are printed: to ffprobe that only reads the index, which tells no gaps, and to
// ffprobe that lists packets, which does.
func BenchmarkTimeline(b *testing.B) {
	for _, c := range []struct {
		name string
		args []string
	}{{"plain", nil}, {"fragmented", []string{"-movflags", "frag_keyframe+empty_moov+default_base_moof"}}} {
		b.Run(c.name, func(b *testing.B) {
			path := hour(b, c.name+".mp4", c.args...)
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			info, err := f.Stat()
			if err != nil {
				b.Fatal(err)
			}
			index := probing(b, "-show_streams", "-show_format", path)
			list := probing(b, "-show_entries", timeline.PacketEntries, path)
			b.ReportAllocs()
			before := used(b)
			for b.Loop() {
				tl, _, err := timeline.Read(b.Context(), f, info.Size())
				if err != nil || len(tl.Lines) != 2 || tl.Lines[0].Samples < 89_900 || tl.Gaps() > 0 || len(tl.Doubts) > 0 {
					b.Fatalf("%v %+v", err, tl)
				}
			}
			wall, cpu := b.Elapsed()/time.Duration(b.N), (used(b)-before)/time.Duration(b.N)
			times := func(of, by time.Duration) float64 { return float64(of) / float64(by) }
			b.ReportMetric(times(wall, time.Millisecond), "ms/op")
			b.ReportMetric(peak(b), "peak-MB")
			b.ReportMetric(times(cpu, time.Millisecond), "cpu-ms/op")
			b.ReportMetric(times(index.wall, wall), "×ffprobe")
			b.ReportMetric(times(index.cpu, cpu), "×ffprobe-cpu")
			b.ReportMetric(times(list.wall, wall), "×packets")
			b.ReportMetric(times(list.cpu, cpu), "×packets-cpu")
		})
	}
}
