package player

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/web/site"
)

const jpegType = "image/jpeg"

// strip sends the hover pictures of a file. Those outside the span are painted over first.
func (a area) strip(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	s, err := a.fileOf(p, l.Recording, derivative.Strip)
	if err != nil {
		return err
	}
	body, err := a.whole(p.Context(), l.Recording, s.Reel.File, derivative.Strip)
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

// picture sends the copy of a still picture.
func (a area) picture(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	s, err := a.fileOf(p, l.Recording, derivative.Copy)
	if err != nil {
		return err
	}
	mark, err := a.markOf(p, l)
	if err != nil {
		return err
	}
	body, err := a.Copies.Picture(p.Context(), s.Reel.File, mark)
	if err != nil {
		return err
	}
	if err := a.Looks.Sent(p.Context(), l.ID, s.From, s.To); err != nil {
		return err
	}
	return send(p, jpegType, body)
}

// fileOf finds the file in the address among those of the recording that have such a derivative.
func (a area) fileOf(p *site.Page, rec ident.RecordingID, kind derivative.Kind) (stretch, error) {
	file, err := pathID[ident.FileID](p, "file", "player.no_piece")
	if err != nil {
		return stretch{}, err
	}
	pl, err := a.plan(p.Context(), rec)
	if err != nil {
		return stretch{}, err
	}
	s, ok := pl.of(file)
	if !ok || !s.Reel.has(kind) || kind == derivative.Copy && !s.Reel.Still {
		return stretch{}, fault.New(fault.NotFound, "player.no_piece")
	}
	return s, nil
}

// cover paints over the hover pictures that lie outside a span.
func cover(body []byte, s stretch, from, to time.Duration) ([]byte, error) {
	src, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	out := image.NewRGBA(src.Bounds())
	c := s.Reel.cells()
	for i, ms := range c.At {
		at := s.From + time.Duration(ms)*time.Millisecond
		if at < from || to > 0 && at >= to || c.Columns <= 0 {
			continue
		}
		r := image.Rect(0, 0, c.Width, c.Height).Add(image.Pt(i%c.Columns*c.Width, i/c.Columns*c.Height)).Add(src.Bounds().Min)
		draw.Draw(out, r, src, r.Min, draw.Src)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: 80}); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	return b.Bytes(), nil
}
