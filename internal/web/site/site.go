// Package site is what every page stands on: who is signed in, in which language and theme, what stands around the
// page, how an error is said, and the headers that keep a browser from doing harm. Pages are in the packages beside
// it, one area each; package web puts them together.
package site

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Counts are the figures beside the places of the navigation.
type Counts struct {
	Duties  int
	Overdue int
	Inbox   int
	// Viewings are the requests that wait for the reader's decision.
	Viewings int
	Damage   int // found by the scrub
}

// Config wires a site.
type Config struct {
	Gate     *gate.Gate
	Accounts *account.Service
	Words    *locale.Catalogue
	Clock    clock.Clock
	Log      *slog.Logger
	Bureau   string
	// DepartmentName names a department, "" for none.
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
	// LogState says how the custody log stands; it must be cheap.
	LogState func(p locale.Printer) ui.LogState
	// Counts are read once a page.
	Counts func(ctx context.Context, actor access.Actor) Counts
}

// Site makes pages.
type Site struct{ c Config }

// New makes a site.
func New(c Config) (*Site, error) {
	if c.Gate == nil || c.Accounts == nil || c.Words == nil || c.Clock == nil || c.Log == nil || c.DepartmentName == nil ||
		c.LogState == nil || c.Counts == nil {
		return nil, errors.New("site: Config is incomplete")
	}
	return &Site{c}, nil
}

// Route is one address of the pages. A table of all routes is what the tests walk, role by role.
type Route struct {
	Method string
	Path   string // as http.ServeMux takes it: "/recordings/{id}"
	// Action is checked before Handle runs, on the page as a whole. Empty for what everybody signed in may do with
	// their own account, and for pages whose service asks about the object itself (then Object is set).
	Action access.Action
	Object bool // the service checks the object; the action depends on it
	Public bool // needs no sign-in
	Handle func(*Page) error
}

// Page is one request to a page and its answer.
type Page struct {
	W       http.ResponseWriter
	R       *http.Request
	Actor   access.Actor
	Session account.Session
	P       locale.Printer
	Now     time.Time

	site  *Site
	theme ui.Theme
	size  ui.Size
	id    string
	token string
}

// cookie names. Over TLS the session's cookie is Secure.
const (
	sessionCookie = "zhilu_session"
	langCookie    = "zhilu_lang"
	themeCookie   = "zhilu_theme"
	sizeCookie    = "zhilu_size"
)

// maxForm bounds the body of a form; uploads of sheets raise it themselves.
const maxForm = 1 << 20

// policy lets pages load nothing from elsewhere and run nothing inline (T26, T31).
const policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Handler makes a route's handler.
func (s *Site) Handler(rt Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := s.page(w, r)
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http compares it
					panic(v)
				}
				s.c.Log.ErrorContext(r.Context(), "page panicked", "path", r.URL.Path, "panic", v)
				p.fail(fault.New(fault.Internal, "internal"))
			}
		}()
		if err := s.serve(p, rt); err != nil {
			p.fail(err)
		}
	})
}

func (s *Site) serve(p *Page, rt Route) error {
	if !strings.HasPrefix(p.R.Header.Get("Content-Type"), "multipart/") {
		p.R.Body = http.MaxBytesReader(p.W, p.R.Body, maxForm)
		if err := p.R.ParseForm(); err != nil { // else every field would look empty
			return unread(err)
		}
	}
	actor, session, err := s.c.Accounts.Authenticate(p.R.Context(), p.token)
	switch {
	case err == nil:
		p.Actor, p.Session = actor, session
	case fault.Is(err, fault.Unauthorized):
		p.Actor = access.AnyoneActor()
		if !rt.Public {
			return p.toSignIn()
		}
	default:
		return err
	}
	if p.Actor.Limited && !rt.Public && rt.Path != PasswordPath && rt.Path != SignOutPath && rt.Path != PreferPath {
		return p.Redirect(PasswordPath)
	}
	if rt.Action != "" && !rt.Object {
		if err := s.c.Gate.Check(p.R.Context(), p.Actor, rt.Action, access.Subject{Kind: "page", ID: pageID(rt.Path)}); err != nil {
			return err
		}
	}
	return rt.Handle(p)
}

// unread says why a form could not be read: fault TooLarge "form.size" (limit) or Invalid "form.unreadable".
func unread(err error) error {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.Wrap(big, fault.TooLarge, "form.size", int64(maxForm>>10))
	}
	return fault.Wrap(err, fault.Invalid, "form.unreadable")
}

// pageID is a route's path as the log can hold it.
func pageID(path string) string { return strings.NewReplacer("{", "", "}", "", " ", "").Replace(path) }

// Addresses that the site itself knows.
const (
	SignInPath   = "/sign-in"
	SignOutPath  = "/sign-out"
	PasswordPath = "/password"
	PreferPath   = "/prefer"
	HomePath     = "/"
)

func (s *Site) page(w http.ResponseWriter, r *http.Request) *Page {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	value := func(name string) string {
		c, err := r.Cookie(name)
		if err != nil {
			return ""
		}
		return c.Value
	}
	p := &Page{W: w, R: r, Now: s.c.Clock.Now(), site: s, token: value(sessionCookie), id: requestID()}
	p.P = s.c.Words.For(locale.Choose(value(langCookie)))
	if value(themeCookie) == string(ui.Dark) {
		p.theme = ui.Dark
	}
	if value(sizeCookie) == string(ui.Large) {
		p.size = ui.Large
	}
	return p
}

func requestID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Context is the request's.
func (p *Page) Context() context.Context { return p.R.Context() }

// IP is the address the request came from.
func (p *Page) IP() string {
	host, _, err := net.SplitHostPort(p.R.RemoteAddr)
	if err != nil {
		return p.R.RemoteAddr
	}
	return host
}

// Note writes an error into the operator's log as a failed page would, where the page itself goes on.
func (p *Page) Note(err error) { problem.Log(p.site.c.Log.With("request", p.id), p.R, err) }

// Render sends a whole page with everything around it.
func (p *Page) Render(title string, body templ.Component) error {
	return p.render(http.StatusOK, title, body)
}

// Refused sends the page again with the faults of a form: status 422, so that scripts and tests see the difference.
func (p *Page) Refused(title string, body templ.Component) error {
	return p.render(http.StatusUnprocessableEntity, title, body)
}

// Bare sends a page without navigation.
func (p *Page) Bare(status int, title string, body templ.Component) error {
	return p.send(status, ui.Bare(ui.BareView{
		P: p.P, Bureau: p.site.c.Bureau, Theme: p.theme, Size: p.size, PreferHref: PreferPath, Path: p.R.URL.RequestURI(),
	}, title, body))
}

func (p *Page) render(status int, title string, body templ.Component) error {
	return p.send(status, ui.Page(p.shell(), title, body))
}

func (p *Page) send(status int, c templ.Component) error {
	var page bytes.Buffer
	if err := c.Render(p.R.Context(), &page); err != nil {
		return err
	}
	p.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	p.W.WriteHeader(status)
	if _, err := p.W.Write(locale.SteadyHTML(page.Bytes())); err != nil {
		p.site.c.Log.WarnContext(p.R.Context(), "page not sent whole", "path", p.R.URL.Path, "err", err)
	}
	return nil
}

// Denied sends a whole page that says why something is refused.
func (p *Page) Denied(title string, body templ.Component) error {
	return p.render(http.StatusForbidden, title, body)
}

// AllowMedia lets a script of ours on this page give a video element what it fetched itself (blob:).
func (p *Page) AllowMedia() {
	p.W.Header().Set("Content-Security-Policy", policy+"; media-src 'self' blob:")
}

// Redirect leads on with 303. Only paths of our own are followed.
func (p *Page) Redirect(path string) error {
	http.Redirect(p.W, p.R, safePath(path), http.StatusSeeOther)
	return nil
}

// safePath is path if it stays on this site, else the front page.
func safePath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return HomePath
	}
	return path
}

func (p *Page) toSignIn() error {
	if p.R.Method != http.MethodGet {
		return p.Redirect(SignInPath)
	}
	return p.Redirect(SignInPath + "?next=" + url.QueryEscape(p.R.URL.RequestURI()))
}

// fail says an error: what happened, what was kept, what to do, and the code to quote.
func (p *Page) fail(err error) {
	problem.Log(p.site.c.Log.With("request", p.id), p.R, err)
	t := p.P.Fault(err)
	body := ui.Failed(ui.Failure{P: p.P, Kind: p.P.T("error.kind." + fault.KindOf(err).String()), Fault: t, Request: p.id, Actions: []ui.Action{{Text: p.P.T("error.home"), Href: HomePath, Primary: true}}})
	status := problem.Status(err)
	if p.Actor.Kind == access.Person && !p.Actor.Limited {
		err = p.render(status, t.What, body)
	} else {
		err = p.Bare(status, t.What, body)
	}
	if err != nil { // not even the page of an error could be made
		p.site.c.Log.ErrorContext(p.R.Context(), "page not made", "path", p.R.URL.Path, "err", err)
		http.Error(p.W, t.What, status)
	}
}

// SetSession keeps the session's token in the browser; an empty one removes it.
func (p *Page) SetSession(token string) { p.setCookie(sessionCookie, token, token == "") }

// SetPreference keeps a choice of how pages look: name is lang, theme or size.
func (p *Page) SetPreference(name, value string) {
	switch name {
	case "lang":
		p.setCookie(langCookie, value, value == "")
	case "theme":
		p.setCookie(themeCookie, value, value == "")
	case "size":
		p.setCookie(sizeCookie, value, value == "")
	}
}

func (p *Page) setCookie(name, value string, remove bool) {
	c := &http.Cookie{ //nolint:gosec // Secure wherever there is TLS; without it only loopback is answered
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: p.R.TLS != nil, SameSite: http.SameSiteLaxMode,
	}
	switch {
	case remove:
		c.MaxAge = -1
	case name != sessionCookie:
		c.MaxAge = 365 * 24 * 3600
	}
	http.SetCookie(p.W, c)
}

// May reports whether the reader could do this, for showing or hiding a button.
func (p *Page) May(action access.Action, s access.Subject) bool {
	return p.site.c.Gate.May(p.Actor, action, s)
}

// NotFound is the route of every address that no page has.
func NotFound() Route {
	return Route{Method: http.MethodGet, Path: "/", Public: true, Handle: func(*Page) error {
		return fault.New(fault.NotFound, "page.unknown")
	}}
}

// SessionToken is the token of the browser's session, "" for none.
func SessionToken(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}
