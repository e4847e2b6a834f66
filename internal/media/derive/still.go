package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/exif"
	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/segment"
	"zhilu.dev/zhilu/internal/media/sniff"
)

// Film is a finished viewing copy.
type Film struct {
	io.ReaderAt
	Copied
	Size int64
}

// Sizes of single pictures, in points.
const (
	stillSide  = 1600
	posterSide = 640
)

// jpegArgs end a line that makes one JPEG, with nothing in it but the picture.
var jpegArgs = append([]string{"-map", "0:v:0", "-an", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p", "-f", "image2pipe"}, nameless...)

// turns are the filters for what a picture says of the way it was held, by Exif's number.
var turns = [...]string{
	2: "hflip,", 3: "hflip,vflip,", 4: "vflip,", 5: "transpose=cclock_flip,", 6: "transpose=clock,",
	7: "transpose=clock_flip,", 8: "transpose=cclock,",
}

// Still makes the viewing copy of a picture: a JPEG of at most 1600 points a side that stands upright and carries nothing
// but what is seen.
func (m *Maker) Still(ctx context.Context, s Source) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	turn := ""
	if s.Facts.Kind == sniff.JPEG {
		head := make([]byte, min(s.Size, sniff.HeadLen))
		if _, err := s.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("derive: %w", err)
		}
		if n := exif.Turn(head); n < len(turns) {
			turn = turns[n]
		}
	}
	return m.picture(ctx, fence.Work{
		Demuxer: s.Facts.Kind.Demuxer(), Before: []string{"-noautorotate"}, Input: io.NewSectionReader(s, 0, s.Size), Behind: true,
		Args: append([]string{"-vf", turn + fit(stillSide, stillSide) + ":out_range=pc,setsar=1"}, jpegArgs...),
	})
}

// Thumb makes the poster of a picture out of its viewing copy.
func (m *Maker) Thumb(ctx context.Context, still []byte) ([]byte, error) {
	return m.picture(ctx, fence.Work{
		Demuxer: "jpeg_pipe", Input: bytes.NewReader(still), Behind: true,
		Args: append([]string{"-vf", fit(posterSide, posterSide) + ":out_range=pc"}, jpegArgs...),
	})
}

// Poster makes the picture that stands for a film: three seconds in, or a tenth of a short one.
func (m *Maker) Poster(ctx context.Context, f Film) ([]byte, error) {
	at := min(f.Duration/10, 3*time.Second)
	g := f.Segments[0]
	for _, s := range f.Segments {
		if s.Start <= at {
			g = s
		}
	}
	for _, skip := range []time.Duration{max(at-g.Start, 0), 0} { // where pictures are rare, the first one
		out, err := m.picture(ctx, fence.Work{
			Demuxer: "mpegts", Input: f.reader(g), Behind: true,
			Args: append([]string{"-ss", fmt.Sprintf("%.3f", skip.Seconds()), "-vf", fit(posterSide, posterSide) + ":out_range=pc"}, jpegArgs...),
		})
		if err != nil || len(out) > 0 {
			return out, err
		}
	}
	return nil, refuse("derivative.nothing")
}

// reader gives segments one after another, the tables first.
func (f Film) reader(list ...segment.Segment) io.Reader {
	parts := []io.Reader{bytes.NewReader(f.Head)}
	for _, g := range list {
		parts = append(parts, io.NewSectionReader(f, g.From, g.Bytes))
	}
	return io.MultiReader(parts...)
}

// picture runs ffmpeg for one picture.
func (m *Maker) picture(ctx context.Context, w fence.Work) ([]byte, error) {
	var out bytes.Buffer
	w.Output, w.CPU, w.Wall = &out, time.Minute, 4*time.Minute
	run, err := m.encoder.Run(ctx, w)
	if err == nil {
		err = verdict(run)
	}
	return out.Bytes(), err
}

// Sides reads how large a JPEG of ours is.
func Sides(picture []byte) (width, height int, err error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return 0, 0, fmt.Errorf("derive: %w", err)
	}
	return c.Width, c.Height, nil
}

// MarkStill writes the mark into a JPEG of ours, in two places. Without a font it is fault Unavailable
// "derivative.no_font".
func (m *Maker) MarkStill(picture []byte, mark string) ([]byte, error) {
	if m.scribe == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_font")
	}
	width, height, err := Sides(picture)
	if err != nil || width > stillSide || height > stillSide {
		return nil, errors.Join(err, fault.New(fault.Unavailable, "derivative.mark_failed"))
	}
	in, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "derivative.mark_failed")
	}
	img, err := m.scribe.write(mark, width, height)
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(in.Bounds())
	draw.Draw(out, out.Rect, in, in.Bounds().Min, draw.Src)
	a, b := places(0, width, height, img.Rect)
	for _, at := range []image.Point{a, b} {
		draw.Draw(out, img.Rect.Add(out.Rect.Min).Add(at), img, image.Point{}, draw.Over)
	}
	var raw bytes.Buffer
	if err := jpeg.Encode(&raw, out, &jpeg.Options{Quality: 88}); err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	return raw.Bytes(), nil
}
