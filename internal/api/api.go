// Package api is what scripts and docks speak: JSON under /api/v1, described by /api/v1/openapi.json. It parses, calls
// one method, and renders; a read token sees facts and verdicts, never footage, and a dock's token hands in cards and
// asks what became of them (T27).
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/recording"
)

// Config wires the API. Actor says who asks, fault Unauthorized for nobody.
type Config struct {
	Recordings *recording.Service
	Actor      func(r *http.Request) (access.Actor, error)
	Words      *locale.Catalogue
	Log        *slog.Logger
	Version    string
}

type server struct{ c Config }

// maxBody bounds a request's JSON: a card's list of 100,000 files is about 20 MiB.
const maxBody = 32 << 20

// Mount adds the API's routes to mux.
func Mount(mux *http.ServeMux, c Config) error {
	if c.Recordings == nil || c.Actor == nil || c.Words == nil || c.Log == nil {
		return errors.New("api: Config is incomplete")
	}
	s := &server{c}
	cfg := huma.DefaultConfig("执录 Zhilu", c.Version)
	cfg.OpenAPIPath = "/api/v1/openapi"
	cfg.DocsPath, cfg.SchemasPath = "", ""
	cfg.CreateHooks = nil // no "$schema" member in answers
	cfg.Info.Description = "Facts and verdicts of recordings, and what a dock needs to hand in a card. Footage is never served here."
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	cfg.Security = []map[string][]string{{"token": {}}}
	a := humago.New(mux, cfg)
	a.UseMiddleware(s.authenticate)
	s.cardRoutes(a)
	s.recordingRoutes(a)
	return nil
}

// caller is who asks and in which language.
type caller struct {
	actor access.Actor
	words locale.Printer
	req   *http.Request
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller) // the middleware always sets it
	return c
}

func (s *server) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	words := s.c.Words.For(locale.Choose(r.Header.Get("Accept-Language")))
	actor, err := s.c.Actor(r)
	if err != nil {
		problem.Write(w, r, err, words, s.c.Log)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	next(huma.WithValue(ctx, callerKey{}, caller{actor, words, r}))
}

// answer is an error as a problem document with its status.
type answer struct{ problem.Document }

func (a *answer) Error() string             { return a.Code }
func (a *answer) GetStatus() int            { return a.Status }
func (a *answer) ContentType(string) string { return "application/problem+json" }

// fail turns an error of ours into the answer; nil stays nil.
func (s *server) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	c := callerOf(ctx)
	problem.Log(s.c.Log, c.req, err)
	return &answer{problem.Of(err, c.words)}
}
