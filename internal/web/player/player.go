// Package player is the page on which a recording is looked at, and everything that leaves the house for it. What plays is
// the viewing copy with the viewer's name in its pictures (decisions 1 and 28). Nothing is sent before viewing.Service
// was asked about exactly that piece, so a grant that is taken back or ends holds for the next piece and for the next
// beat, two seconds later at most (threat T6).
package player

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/moment"
	"zhilu.dev/zhilu/internal/web/site"
)

// Looks decides who may look and keeps the register; *viewing.Service is one.
type Looks interface {
	Open(ctx context.Context, actor access.Actor, seat viewing.Seat, rec ident.RecordingID, kind viewing.Kind) (*viewing.Look, error)
	Watch(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID, from, to time.Duration) (*viewing.Look, error)
	Mine(ctx context.Context, seat viewing.Seat, id ident.LookID) (ident.RecordingID, error)
	Sent(ctx context.Context, id ident.LookID, from, to time.Duration) error
	Played(ctx context.Context, id ident.LookID, played []viewing.Span) error
	Close(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID) error
	Register(ctx context.Context, actor access.Actor, rec ident.RecordingID, what string) error
	Get(ctx context.Context, actor access.Actor, id ident.ViewingID) (*viewing.Request, error)
	CaseOf(ctx context.Context, id ident.CaseID) (viewing.CaseObject, error)
}

// Moments keeps marked moments; *moment.Service is one.
type Moments interface {
	Add(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID, at time.Duration, what string) (*moment.Mark, error)
	Strike(ctx context.Context, actor access.Actor, seat viewing.Seat, look ident.LookID, id ident.MarkID) error
	Within(ctx context.Context, l *viewing.Look) ([]moment.Mark, error)
}

// Recordings gives the facts of a recording; *recording.Service is one.
type Recordings interface {
	Get(ctx context.Context, actor access.Actor, id ident.RecordingID) (recording.Detail, error)
}

// Deps is what the area needs.
type Deps struct {
	Looks      Looks
	Moments    Moments
	Recordings Recordings
	Copies     Copies
	Grabs      Grabs
	Press      Press
	Bureau     string
	Log        *slog.Logger
}

// Routes are the page and what its script asks for. Of every one the service asks about the look itself.
func Routes(d Deps) []site.Route {
	a := area{d}
	route := func(method, path string, action access.Action, h func(*site.Page) error) site.Route {
		return site.Route{Method: method, Path: path, Action: action, Object: true, Handle: h}
	}
	get := func(path string, h func(*site.Page) error) site.Route {
		return route(http.MethodGet, "/looks/{look}"+path, access.LookWatch, a.piecewise(h))
	}
	post := func(path string, action access.Action, h func(*site.Page) error) site.Route {
		return route(http.MethodPost, "/looks/{look}"+path, action, a.piecewise(h))
	}
	return []site.Route{
		route(http.MethodPost, "/recordings/{id}/look", access.LookOpen, a.open),
		route(http.MethodGet, "/recordings/{id}/poster", access.LookOpen, a.piecewise(a.tile)),
		route(http.MethodGet, "/looks/{look}", access.LookWatch, a.show),
		get("/facts", a.facts),
		get("/index.m3u8", a.index),
		get("/{file}/{n}", a.segment),
		get("/strip/{file}", a.strip),
		get("/picture/{file}", a.picture),
		post("/beat", access.LookWatch, a.beat),
		post("/retry", access.LookWatch, a.retry),
		post("/grabs", access.LookGrab, a.grab),
		get("/grabs/{grab}/picture", a.grabPicture),
		get("/grabs/{grab}/statement", a.grabJSON),
		get("/grabs/{grab}/sheet", a.grabSheet),
		post("/marks", access.MarkAdd, a.mark),
		post("/marks/{mark}/strike", access.MarkStrike, a.strike),
		route(http.MethodPost, "/looks/{look}/close", access.LookClose, a.close),
		route(http.MethodPost, "/looks/{look}/register", access.RecordingRegister, a.register),
		route(http.MethodGet, "/looks/{look}/registered", access.RecordingRegister, a.registered),
	}
}

type area struct{ Deps }

// piecewise answers a refusal as a problem document: a script reads it, not a person.
func (a area) piecewise(h func(*site.Page) error) func(*site.Page) error {
	return func(p *site.Page) error {
		if err := h(p); err != nil {
			problem.Write(p.W, p.R, err, p.P, a.Log)
		}
		return nil
	}
}

// seat is where the reader sits.
func seat(p *site.Page) viewing.Seat {
	return viewing.Seat{Account: p.Session.Account, Session: p.Session.Key(), IP: p.IP()}
}

func pathID[T ~string](p *site.Page, name, code string) (T, error) {
	id, err := ident.Parse[T](p.R.PathValue(name))
	if err != nil || string(id) != p.R.PathValue(name) { // one address a piece, however an id may be written
		return "", fault.New(fault.NotFound, code)
	}
	return id, nil
}

func lookID(p *site.Page) (ident.LookID, error) {
	return pathID[ident.LookID](p, "look", "viewing.look_unknown")
}

// watch asks whether the look in the address goes on, and gives it.
func (a area) watch(p *site.Page) (*viewing.Look, error) {
	id, err := lookID(p)
	if err != nil {
		return nil, err
	}
	return a.Looks.Watch(p.Context(), p.Actor, seat(p), id, 0, 0)
}

// path is the address of a look.
func path(id ident.LookID) string { return "/looks/" + string(id) }

// send answers with a piece of a look: never kept, never taken for anything else.
func send(p *site.Page, contentType string, body []byte) error {
	h := p.W.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	p.W.WriteHeader(http.StatusOK)
	_, err := p.W.Write(body)
	_ = err // the reader has gone; nobody is left to tell
	return nil
}
