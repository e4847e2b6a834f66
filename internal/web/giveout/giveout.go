// Package giveout are the pages of giving out (对外提供): from an approved request to a package, its hand-over to the one who asked, the
// register and the receipts. There is no address under which anybody else could fetch anything.
package giveout

import (
	"context"
	"net/http"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/site"
)

// Given makes packages and keeps the register; *disclosure.Service is one.
type Given interface {
	Choose(ctx context.Context, by access.Actor, no int64) (*disclosure.Choices, error)
	Make(ctx context.Context, by access.Actor, o disclosure.Order) (*disclosure.Disclosure, error)
	Get(ctx context.Context, by access.Actor, id ident.DisclosureID) (*disclosure.Disclosure, error)
	List(ctx context.Context, by access.Actor, f disclosure.Filter, after string, limit int) (disclosure.Page, error)
	Export(ctx context.Context, by access.Actor, f disclosure.Filter) ([]disclosure.Disclosure, error)
	Hand(ctx context.Context, by access.Actor, id ident.DisclosureID, session, ticket, passphrase string) (*disclosure.Handing, error)
	Receive(ctx context.Context, by access.Actor, id ident.DisclosureID, r disclosure.Receipt) error
	Progress(id ident.DisclosureID) (disclosure.Progress, bool)
	May(by access.Actor, action access.Action, d *disclosure.Disclosure) bool
}

// Deps is what the area needs. Name names a recording.
type Deps struct {
	Given  Given
	Bureau string
	Name   func(ctx context.Context, id ident.RecordingID) string
}

// Addresses of the area.
const (
	Path       = "/disclosures"
	newPath    = Path + "/new"
	exportPath = Path + "/export"
	printPath  = Path + "/print"
)

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	object := func(method, path string, action access.Action, h func(*site.Page) error) site.Route {
		return site.Route{Method: method, Path: path, Action: action, Object: true, Handle: h}
	}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.DisclosureList, Handle: a.register},
		{Method: http.MethodGet, Path: exportPath, Action: access.DisclosureExport, Handle: a.export},
		{Method: http.MethodGet, Path: printPath, Action: access.DisclosureExport, Handle: a.print},
		object(http.MethodGet, newPath, access.DisclosureMake, a.form),
		object(http.MethodPost, Path, access.DisclosureMake, a.make),
		object(http.MethodGet, Path+"/{id}", access.DisclosureView, a.show),
		object(http.MethodPost, Path+"/{id}/take", access.DisclosureSend, a.take),
		object(http.MethodPost, Path+"/{id}/receipt", access.DisclosureReceipt, a.receipt),
	}
}

// NewPath is the address at which a package is made on a request.
func NewPath(no string) string { return newPath + "?request=" + no }

func path(id ident.DisclosureID) string { return Path + "/" + string(id) }
