package player

import (
	"bytes"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
)

// tile sends the picture that stands for a recording in a list, to who may look at the whole of it. It is a look: it rests on
// a ground like playing does, and the session leaves one row of the register for it (decision 1).
func (a area) tile(p *site.Page) error {
	rec, err := pathID[ident.RecordingID](p, "id", "recording.unknown")
	if err != nil {
		return err
	}
	l, err := a.Looks.Open(p.Context(), p.Actor, seat(p), rec, viewing.Picture)
	if err != nil {
		return err
	}
	pl, err := a.plan(p.Context(), rec)
	if err != nil {
		return err
	}
	if l.From > 0 || l.To > 0 || len(pl) == 0 || !pl[0].Reel.has(derivative.Poster) {
		return fault.New(fault.NotFound, "player.no_piece")
	}
	body, err := a.whole(p.Context(), rec, pl[0].Reel.File, derivative.Poster)
	if err == nil {
		body, err = small(body)
	}
	if err != nil {
		return err
	}
	return send(p, jpegType, body)
}

// tileWidth is twice what a list draws: it carries no name, so it shows no more than a list needs.
const tileWidth = 192

func small(body []byte) ([]byte, error) {
	src, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	if b := src.Bounds(); b.Dx() > tileWidth {
		out := image.NewRGBA(image.Rect(0, 0, tileWidth, max(1, b.Dy()*tileWidth/b.Dx())))
		draw.ApproxBiLinear.Scale(out, out.Bounds(), src, b, draw.Src, nil)
		src = out
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, src, &jpeg.Options{Quality: 75}); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal")
	}
	return b.Bytes(), nil
}
