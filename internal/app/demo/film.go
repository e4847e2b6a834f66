package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
)

// take is one pressing of the button: where the file goes, when it began, how long it is, and how ffmpeg writes it.
type take struct {
	path    string // card and file; the name may hold %s for the start as the camera's clock shows it
	ago     time.Duration
	seconds int
	args    []string      // codec and container
	utc     bool          // the container tells the start, in UTC
	wrong   time.Duration // how far the camera's clock is off
	damage  func(path string) error
}

var (
	// A camera leaves no program's name in its files: the encoder's own words go out of its pictures, the muxer's are not written.
	silent = []string{
		"-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-bsf:v", "filter_units=remove_types=6", "-metadata:s:v", "encoder=AVC Coding",
		"-metadata", "service_provider=Camera", "-metadata", "service_name=AVCHD",
	}
	coded = []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"}
	h264  = slices.Concat(coded, silent)
	mjpg  = []string{"-c:v", "mjpeg", "-q:v", "8", "-c:a", "pcm_s16le", "-bitexact"}
	avchd = slices.Concat([]string{"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "ac3"}, silent, []string{"-f", "mpegts"})
)

// takes are the footage of four cameras, several containers and naming habits. Among them: a missing number (0023), a
// late one, a broken one, an empty one, one whose clock is years wrong, one that went through a program, and what is no
// footage at all.
var takes = []take{
	{path: "Z-01/DCIM/DSJ0A1_000401_%s_0021.mp4", ago: 7 * time.Hour, seconds: 24, args: h264},
	{path: "Z-01/DCIM/DSJ0A1_000401_%s_0022.mp4", ago: 6 * time.Hour, seconds: 18, args: h264},
	{path: "Z-01/DCIM/DSJ0A1_000401_%s_0024.mp4", ago: 3 * time.Hour, seconds: 12, args: h264},
	{path: "Z-01/DCIM/DSJ0A1_000401_%s_0025.mp4", ago: 2 * time.Hour, seconds: 10, args: h264, damage: cutShort},
	{path: "Z-02/DCIM/100GOPRO/GX010117.MP4", ago: 41 * time.Hour, seconds: 20, args: h264, utc: true},
	{path: "Z-02/DCIM/100GOPRO/GX010118.MP4", ago: 5 * time.Hour, seconds: 15, args: h264, utc: true},
	{path: "Z-03/DCIM/MVI_0301.AVI", ago: 4 * time.Hour, seconds: 6, args: mjpg},
	{path: "Z-03/DCIM/现场 清和律师事务所 %s.mov", ago: 4 * time.Hour, seconds: 14, args: h264, utc: true, wrong: -7 * 365 * 24 * time.Hour},
	{path: "Z-04/PRIVATE/AVCHD/BDMV/STREAM/00007.MTS", ago: 8 * time.Hour, seconds: 12, args: avchd},
	{path: "外来卡/VID_%s.mp4", ago: 9 * time.Hour, seconds: 8, args: coded}, // and one that a program wrote
}

// film makes the cards. It is ffmpeg's test picture with a running clock tone: camera-like, and nobody's face.
func film(ctx context.Context, cards string, now time.Time) error {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return fault.Wrap(err, fault.Unavailable, "media.tool_missing", "ffmpeg")
	}
	for i, t := range takes {
		if err := t.shoot(ctx, cards, now, i); err != nil {
			return fmt.Errorf("demo: %s: %w", t.path, err)
		}
	}
	rest := map[string]string{
		"Z-04/PRIVATE/AVCHD/BDMV/STREAM/00008.MTS":         "",
		"Z-04/更新说明.mp4":                                    "<!doctype html><title>not footage</title><script>alert(1)</script>",
		"Z-04/System Volume Information/IndexerVolumeGuid": "x",
	}
	for name, content := range rest {
		path := filepath.Join(cards, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (t take) shoot(ctx context.Context, cards string, now time.Time, n int) error {
	start := now.Add(-t.ago).Truncate(time.Second)
	end := start.Add(time.Duration(t.seconds) * time.Second)
	shown := start.Add(t.wrong)
	name := t.path
	if t.named() {
		name = fmt.Sprintf(t.path, shown.In(clock.Shanghai).Format("20060102150405"))
	}
	path := filepath.Join(cards, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	args := []string{
		"-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=640x360:rate=25:duration=%d", t.seconds),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=%d:duration=%d", 220+40*n, t.seconds),
	}
	if t.utc {
		args = append(args, "-metadata", "creation_time="+shown.UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	args = append(args, t.args...)
	args = append(args, path)
	if out, err := exec.CommandContext(ctx, "ffmpeg", args...).CombinedOutput(); err != nil { //nolint:gosec // our own arguments
		return fmt.Errorf("%w: %s", err, out)
	}
	if t.damage != nil {
		if err := t.damage(path); err != nil {
			return err
		}
	}
	end = end.Add(t.wrong)
	return os.Chtimes(path, end, end)
}

func (t take) named() bool {
	for i := 0; i+1 < len(t.path); i++ {
		if t.path[i] == '%' {
			return true
		}
	}
	return false
}

// cutShort is a camera whose battery died: the end of the file, with its tables, was never written.
func cutShort(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, info.Size()*2/3)
}
