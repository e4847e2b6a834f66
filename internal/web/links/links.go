// Package links is where recordings meet cases: the list of those that belong to none and how long they have waited
// (未关联, R-22-4), the part of a recording's page that links it, and the part of a case's page that shows what was linked
// and what in its records contradicts it (R-08-03).
package links

import (
	"context"
	"net/http"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/site"
)

// Duties lists what is owed in the reader's scope; *duty.Book is one.
type Duties interface {
	List(ctx context.Context, actor access.Actor, f duty.Filter) (duty.Page, error)
	Count(ctx context.Context, actor access.Actor, f duty.Filter) (int, error)
}

// Recordings gives recordings in the reader's scope; *recording.Service is one.
type Recordings interface {
	Selected(ctx context.Context, actor access.Actor, ids []ident.RecordingID) ([]recording.Recording, error)
}

// People names departments; *org.Service is one.
type People interface {
	Tree(ctx context.Context) (org.Tree, error)
}

// Deps is what the area needs.
type Deps struct {
	Duties     Duties
	Recordings Recordings
	People     People
}

// Path is the address of the recordings that belong to no case.
const Path = "/unlinked"

// Area is the pages and the parts that stand on others' pages.
type Area struct{ d Deps }

// New makes the area.
func New(d Deps) *Area { return &Area{d} }

// Routes are the pages of this area.
func (a *Area) Routes() []site.Route {
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.RecordingList, Handle: a.list},
	}
}
