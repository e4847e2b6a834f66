package player

import (
	"net/http"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
)

// open begins a look and leads to its page.
func (a area) open(p *site.Page) error {
	id, err := pathID[ident.RecordingID](p, "id", "recording.unknown")
	if err != nil {
		return err
	}
	l, err := a.Looks.Open(p.Context(), p.Actor, seat(p), id, viewing.Play)
	if err != nil {
		return err
	}
	return p.Redirect(path(l.ID))
}

// close ends the look: the button of the page leads back to the recording, a page that goes away only says so.
func (a area) close(p *site.Page) error {
	id, err := lookID(p)
	if err != nil {
		return err
	}
	rec, err := a.Looks.Mine(p.Context(), seat(p), id)
	if err == nil || p.Value("back") == "" {
		err = a.Looks.Close(p.Context(), p.Actor, seat(p), id) // a stranger's is refused there, and the refusal is kept
	}
	if err != nil {
		return err
	}
	if p.Value("back") != "" {
		return p.Redirect("/recordings/" + string(rec))
	}
	p.W.WriteHeader(http.StatusNoContent)
	return nil
}

// retry has what failed made again.
func (a area) retry(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	if err := a.Copies.Retry(p.Context(), p.Actor, l.Recording); err != nil {
		return err
	}
	p.W.WriteHeader(http.StatusNoContent)
	return nil
}
