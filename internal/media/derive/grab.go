package derive

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/fence"
)

// Grab cuts one still picture, JPEG, out of a segment that was marked: the picture that stands at a moment after the
// segment's beginning. What it is cut from is what the viewer was sent, so the mark is in it. Where the moment lies
// behind the last picture, it is that one.
func (m *Maker) Grab(ctx context.Context, p Part, at time.Duration) ([]byte, error) {
	if p.Width == 0 {
		return nil, fault.New(fault.Invalid, "derivative.no_picture")
	}
	for _, skip := range []time.Duration{at, max(at-200*time.Millisecond, 0), 0} {
		out, err := m.picture(ctx, fence.Work{
			Demuxer: "mpegts", Input: bytes.NewReader(p.Bytes),
			Args: []string{
				"-ss", fmt.Sprintf("%.3f", skip.Seconds()), "-vf", "scale=out_range=pc", "-map", "0:v:0", "-an", "-frames:v", "1",
				"-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p", "-f", "image2pipe", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
			},
		})
		if err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "derivative.grab_failed")
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, fault.New(fault.Unavailable, "derivative.grab_failed")
}
