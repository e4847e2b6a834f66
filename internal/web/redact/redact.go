// Package redact is the pages of masked copies (遮蔽件): the editor over a running look, in which people draw what is hidden
// (nothing is ever found by itself, decision 4); the page of one copy, on which it is decided about, made and taken away;
// and what stands about copies on the page of their recording.
package redact

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/player"
	"zhilu.dev/zhilu/internal/web/site"
)

// Copies keeps masked copies; *redaction.Service is one.
type Copies interface {
	Begin(ctx context.Context, actor access.Actor, rec ident.RecordingID, p plan.Plan, why string) (*redaction.Copy, error)
	Change(ctx context.Context, actor access.Actor, id ident.CopyID, p plan.Plan, why string) (*redaction.Copy, error)
	Ask(ctx context.Context, actor access.Actor, id ident.CopyID) (*redaction.Copy, error)
	Decide(ctx context.Context, actor access.Actor, id ident.CopyID, agree bool, why string) (*redaction.Copy, error)
	Drop(ctx context.Context, actor access.Actor, id ident.CopyID) (*redaction.Copy, error)
	Preview(ctx context.Context, rec ident.RecordingID, p plan.Plan, at time.Duration) ([]byte, error)
	Get(ctx context.Context, actor access.Actor, id ident.CopyID) (*redaction.Copy, error)
	ForRecording(ctx context.Context, actor access.Actor, rec ident.RecordingID) ([]redaction.Copy, error)
	May(actor access.Actor, action access.Action, c *redaction.Copy) bool
	Take(ctx context.Context, actor access.Actor, id ident.CopyID, request int64) (*redaction.Taken, error)
	Attach(ctx context.Context, actor access.Actor, id ident.CopyID, name string, content []byte) (*redaction.Copy, error)
	Detach(ctx context.Context, actor access.Actor, id ident.CopyID) (*redaction.Copy, error)
	Written(ctx context.Context, actor access.Actor, id ident.CopyID) (*redaction.Copy, []byte, error)
}

// Looks judges looks and keeps their register; *viewing.Service is one.
type Looks interface {
	Watch(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID, from, to time.Duration) (*viewing.Look, error)
	Sent(ctx context.Context, id ident.LookID, from, to time.Duration) error
	Open(ctx context.Context, actor access.Actor, seat viewing.Seat, rec ident.RecordingID, kind viewing.Kind) (*viewing.Look, error)
	Basis(ctx context.Context, actor access.Actor, o viewing.Object) (viewing.Basis, error)
	Grants(ctx context.Context, actor access.Actor) ([]viewing.Request, error)
}

// Recordings gives the facts of a recording; *recording.Service is one.
type Recordings interface {
	Get(ctx context.Context, actor access.Actor, id ident.RecordingID) (recording.Detail, error)
	Brief(ctx context.Context, id ident.RecordingID) (recording.Recording, error)
}

// Deps is what the area needs. Mark writes a viewer's mark into a picture.
type Deps struct {
	Copies     Copies
	Looks      Looks
	Recordings Recordings
	Object     func(ctx context.Context, id ident.RecordingID) (viewing.Object, error)
	Mark       func(raw []byte, mark string) ([]byte, error)
	Stage      player.Stage
}

// Area is the pages.
type Area struct{ Deps }

// New makes them.
func New(d Deps) *Area { return &Area{d} }

// Path is the address of a copy.
func Path(id ident.CopyID) string { return "/masked/" + string(id) }

// Routes are the pages. Of every one the service asks about the copy, and of those under a look about the look.
func (a *Area) Routes() []site.Route {
	route := func(method, path string, action access.Action, h func(*site.Page) error) site.Route {
		return site.Route{Method: method, Path: path, Action: action, Object: true, Handle: h}
	}
	return append(a.writtenRoutes(route), []site.Route{
		route(http.MethodPost, "/recordings/{id}/mask", access.LookOpen, a.open),
		route(http.MethodGet, "/looks/{look}/mask", access.LookWatch, a.edit),
		route(http.MethodPost, "/looks/{look}/mask", access.RedactionPlan, a.Stage.Piecewise(a.save)),
		route(http.MethodPost, "/looks/{look}/mask/preview", access.LookWatch, a.Stage.Piecewise(a.preview)),
		route(http.MethodGet, "/masked/{copy}", access.RedactionView, a.show),
		route(http.MethodPost, "/masked/{copy}/ask", access.RedactionAsk, a.ask),
		route(http.MethodPost, "/masked/{copy}/drop", access.RedactionDrop, a.drop),
		route(http.MethodPost, "/masked/{copy}/decide", access.RedactionDecide, a.decide),
		route(http.MethodPost, "/masked/{copy}/take", access.RedactionTake, a.take),
		route(http.MethodPost, "/masked/{copy}/statement", access.RedactionTake, a.statement),
	}...)
}

func seat(p *site.Page) viewing.Seat {
	return viewing.Seat{Account: p.Session.Account, Session: p.Session.Key(), IP: p.IP()}
}

func (a *Area) copyOf(p *site.Page) (*redaction.Copy, error) {
	id, err := ident.Parse[ident.CopyID](p.R.PathValue("copy"))
	if err != nil {
		return nil, fault.New(fault.NotFound, "redaction.unknown")
	}
	return a.Copies.Get(p.Context(), p.Actor, id)
}

// maxPlan bounds what a script sends of a plan: more than every bound of plan.Clean comes to.
const maxPlan = 1 << 20

// planOf reads the plan that a script sends.
func planOf(p *site.Page) (plan.Plan, error) {
	var x plan.Plan
	raw := p.R.FormValue("plan")
	if len(raw) > maxPlan || json.Unmarshal([]byte(raw), &x) != nil {
		return x, fault.New(fault.Invalid, "redaction.plan").At("plan")
	}
	return x, nil
}
