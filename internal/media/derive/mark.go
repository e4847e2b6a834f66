package derive

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/fence"
)

// Part is one segment of a viewing copy as a player would get it, the tables before it.
type Part struct {
	Bytes         []byte
	N             int // of the segment; the mark moves with it
	Width, Height int // of its pictures; zero without any
}

// markWidth bounds the time and the room for marking one segment.
const (
	markTime = 30 * time.Second
	markSize = 24 << 20
)

// Mark writes the mark into every picture of a segment, in two places that change from segment to segment, and leaves
// sound and times as they are: segments marked one by one play on as the copy does. A segment without pictures comes back
// as it is. Without a font it is fault Unavailable "derivative.no_font": nothing is ever shown unmarked.
func (m *Maker) Mark(ctx context.Context, p Part, mark string) ([]byte, error) {
	if p.Width == 0 {
		return p.Bytes, nil
	}
	if m.scribe == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_font")
	}
	img, err := m.scribe.write(mark, p.Width, p.Height)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	a, b := places(p.N, p.Width, p.Height, img.Rect)
	work := fence.Work{
		Demuxer: "mpegts", Input: bytes.NewReader(p.Bytes), Before: []string{"-copyts"}, Beside: img.Pix,
		BesideArgs: []string{
			"-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", fmt.Sprintf("%dx%d", img.Rect.Dx(), img.Rect.Dy()),
		},
		Output: &out, CPU: markTime, Wall: markTime, Size: markSize,
	}
	work.Args = append(work.Args, "-filter_complex", fmt.Sprintf("[1:v]split[m][k];[0:v][m]overlay=x=%d:y=%d[o];[o][k]overlay=x=%d:y=%d,format=yuv420p[v]",
		a.X, a.Y, b.X, b.Y), "-map", "[v]", "-map", "0:a?")
	work.Args = append(work.Args, nameless...)
	work.Args = append(append(work.Args, "-fps_mode", "passthrough"), picture...)
	work.Args = append(work.Args, "-preset", "ultrafast", "-crf", "23", "-maxrate", fmt.Sprint(2*copyRate), "-bufsize", fmt.Sprint(4*copyRate),
		"-c:a", "copy", "-mpegts_flags", "+initial_discontinuity")
	work.Args = append(work.Args, stream...)
	run, err := m.encoder.Run(ctx, work)
	if err == nil {
		err = verdict(run)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "derivative.mark_failed")
	}
	return out.Bytes(), nil
}

// places gives two places for a mark: one in the upper half of the picture, one in the lower, never both cut off by the
// same crop.
func places(n, width, height int, mark image.Rectangle) (a, b image.Point) {
	left, down := max(width-mark.Dx(), 0), max(height-mark.Dy(), 0)
	at := func(of, step, steps int) int { return of * (1 + step%steps) / (steps + 1) }
	a = image.Pt(at(left, n*2, 5), at(down, n, 4)/2)
	b = image.Pt(at(left, n*3+2, 5), down/2+at(down, n+2, 4)/2)
	return a, b
}
