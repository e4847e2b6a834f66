package derive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/segment"
)

// Strip says which small picture shows what: cell i stands in column i % Columns of row i / Columns.
type Strip struct {
	Columns int     `json:"columns"`
	Rows    int     `json:"rows"`
	Width   int     `json:"width"` // of one cell, in points
	Height  int     `json:"height"`
	At      []int64 `json:"at_ms"` // what moment a cell shows
}

const (
	maxCells    = 100
	stripRow    = 10
	cellWidth   = 160
	cellHeight  = 90
	closeEnough = time.Second // between two cells
)

// Strip makes small pictures along a film, in one JPEG. Of a long film each is a picture with which a segment begins, so
// that little has to be decoded; of a short one they stand evenly.
func (m *Maker) Strip(ctx context.Context, f Film) ([]byte, Strip, error) {
	s := Strip{Width: cellWidth, Height: cellHeight}
	work := fence.Work{Demuxer: "mpegts", Behind: true}
	pick := ""
	if len(f.Segments) < maxCells/4 {
		step := max(closeEnough, f.Duration/maxCells)
		for at := time.Duration(0); at < max(f.Duration, 1) && len(s.At) < maxCells; at += step {
			s.At = append(s.At, at.Milliseconds())
		}
		work.Input = f.reader(f.Segments...)
		pick = fmt.Sprintf("fps=1/%.3f:round=up:start_time=0,", step.Seconds())
	} else {
		var chosen []segment.Segment
		for i := range min(maxCells, len(f.Segments)) {
			g := f.Segments[i*len(f.Segments)/min(maxCells, len(f.Segments))]
			chosen, s.At = append(chosen, g), append(s.At, g.Start.Milliseconds())
		}
		work.Input, work.Before = f.reader(chosen...), []string{"-skip_frame", "nokey"}
	}
	s.Columns = min(stripRow, len(s.At))
	s.Rows = (len(s.At) + stripRow - 1) / stripRow
	work.Args = append([]string{"-fps_mode", "passthrough", "-vf", fmt.Sprintf(
		"%sscale=%[2]d:%[3]d:force_original_aspect_ratio=decrease:out_range=pc,pad=%[2]d:%[3]d:-1:-1,setsar=1,tile=%dx%d",
		pick, cellWidth, cellHeight, s.Columns, s.Rows)}, jpegArgs...)
	work.Input = &patient{ctx: ctx, r: work.Input, busy: m.cfg.Busy}
	out, err := m.picture(ctx, work)
	if err == nil && len(out) == 0 {
		err = refuse("derivative.nothing")
	}
	return out, s, err
}

// sound gives the sound of a film as single samples, soundRate a second, to take.
func (m *Maker) sound(ctx context.Context, f Film, take func([]int16)) error {
	p := &patient{ctx: ctx, r: io.NewSectionReader(f, 0, f.Size), busy: m.cfg.Busy}
	run, err := m.encoder.Run(ctx, fence.Work{
		Demuxer: "mpegts", Input: p, Paused: p.waiting.Load, Behind: true,
		Args:   append([]string{"-map", "0:a:0", "-vn", "-ac", "1", "-ar", fmt.Sprint(soundRate), "-c:a", "pcm_s16le", "-f", "s16le"}, nameless...),
		Output: sampled(take),
		CPU:    time.Minute + f.Duration, Wall: 2*time.Minute + 4*f.Duration,
		Size: 1<<20 + int64(f.Duration.Seconds()+60)*2*soundRate,
	})
	if err != nil {
		return err
	}
	return verdict(run)
}

// sampled hands on what comes as 16-bit samples, least byte first, however it is cut.
func sampled(take func([]int16)) writer {
	var rest []byte
	samples := make([]int16, 0, 32<<10)
	return func(b []byte) (int, error) {
		n := len(b)
		if len(rest) > 0 {
			b = append(bytes.Clone(rest), b...)
		}
		samples = samples[:0]
		for ; len(b) >= 2; b = b[2:] {
			samples = append(samples, int16(uint16(b[0])|uint16(b[1])<<8)) //nolint:gosec // two's complement
		}
		rest = bytes.Clone(b)
		take(samples)
		return n, nil
	}
}
