package player

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/site"
)

const jpegType = "image/jpeg"

// maxArt bounds what is read of a derivative that is sent whole; the house made it, so more than this is a defect.
const maxArt = 32 << 20

func (a area) read(ctx context.Context, file ident.FileID, art Art) ([]byte, error) {
	r, err := a.Copies.Open(ctx, file, art)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(r, maxArt+1))
	if err == nil && len(body) > maxArt {
		err = fault.New(fault.Internal, "internal")
	}
	return body, err
}

// strip sends the hover pictures of a file. Those outside the span are painted over first.
func (a area) strip(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	s, err := a.fileOf(p, l.Recording, Strip)
	if err != nil {
		return err
	}
	body, err := a.read(p.Context(), s.Copy.File, Strip)
	if err != nil {
		return err
	}
	if l.From > 0 || l.To > 0 {
		if body, err = cover(body, s, l.From, l.To); err != nil {
			return err
		}
	}
	return send(p, jpegType, body)
}

// poster sends the picture that stands for the recording, to who may see the whole of it.
func (a area) poster(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	pl, err := a.plan(p.Context(), l.Recording)
	if err != nil {
		return err
	}
	if l.From > 0 || l.To > 0 || len(pl) == 0 || !pl[0].Copy.Has[Poster] {
		return fault.New(fault.NotFound, "player.no_piece")
	}
	body, err := a.read(p.Context(), pl[0].Copy.File, Poster)
	if err != nil {
		return err
	}
	return send(p, jpegType, body)
}

// picture sends the copy of a still picture.
func (a area) picture(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	s, err := a.fileOf(p, l.Recording, Picture)
	if err != nil {
		return err
	}
	body, err := a.read(p.Context(), s.Copy.File, Picture)
	if err != nil {
		return err
	}
	if err := a.Looks.Sent(p.Context(), l.ID, s.From, s.To); err != nil {
		return err
	}
	return send(p, jpegType, body)
}

// fileOf finds the file in the address among those of the recording that have such a derivative.
func (a area) fileOf(p *site.Page, rec ident.RecordingID, art Art) (stretch, error) {
	file, err := pathID[ident.FileID](p, "file", "player.no_piece")
	if err != nil {
		return stretch{}, err
	}
	pl, err := a.plan(p.Context(), rec)
	if err != nil {
		return stretch{}, err
	}
	s, ok := pl.of(file)
	if !ok || !s.Copy.Has[art] {
		return stretch{}, fault.New(fault.NotFound, "player.no_piece")
	}
	return s, nil
}

// cells gives the moments of a file's hover pictures on the recording's time line; shown says which lie in the span.
func (s stretch) cells(from, to time.Duration) (at []time.Duration, shown []bool) {
	for i := range s.Copy.Cells.Count {
		t := s.From + time.Duration(i)*s.Copy.Cells.Step
		at, shown = append(at, t), append(shown, t >= from && (to == 0 || t < to))
	}
	return at, shown
}

// cover paints over the hover pictures that lie outside a span.
func cover(body []byte, s stretch, from, to time.Duration) ([]byte, error) {
	src, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	out := image.NewRGBA(src.Bounds())
	c := s.Copy.Cells
	_, shown := s.cells(from, to)
	for i, ok := range shown {
		if !ok || c.Across <= 0 {
			continue
		}
		r := image.Rect(0, 0, c.W, c.H).Add(image.Pt(i%c.Across*c.W, i/c.Across*c.H)).Add(src.Bounds().Min)
		draw.Draw(out, r, src, r.Min, draw.Src)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: 80}); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	return b.Bytes(), nil
}
