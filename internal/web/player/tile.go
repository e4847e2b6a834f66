package player

import (
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
	if err != nil {
		return err
	}
	return send(p, jpegType, body)
}
