// Package links is where recordings meet cases: the list of those that belong to none and how long they have waited
// (未关联, R-22-4), the part of a recording's page that says to which case it belongs, the page that links it, and the page
// of a case's recordings with the times of its records that contradict them (R-08-03).
package links

import (
	"context"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/record"
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

// Strays knows to which cases recordings belong, or may; *stray.Service is one.
type Strays interface {
	Suggest(ctx context.Context, actor access.Actor, id ident.RecordingID, limit int) ([]stray.Suggestion, error)
	Links(ctx context.Context, actor access.Actor, id ident.RecordingID) ([]stray.Held, error)
}

// Cases gives cases and links recordings to them; *casefile.Service is one.
type Cases interface {
	Get(ctx context.Context, actor access.Actor, id ident.CaseID) (matter.File, error)
	ByNumber(ctx context.Context, actor access.Actor, no string) (matter.File, error)
	Edition(ctx context.Context, f matter.File) (regulation.Edition, error)
	Film(ctx context.Context, actor access.Actor, l matter.Link) (matter.Link, error)
	Strike(ctx context.Context, actor access.Actor, id ident.CaseID, link ident.LinkID, reason string) error
	May(f matter.File, actor access.Actor, a access.Action) bool
}

// Rules gives the catalogue in force; *regulation.Service is one.
type Rules interface {
	EditionOn(ctx context.Context, day time.Time) (regulation.Edition, error)
}

// People names people and departments; *org.Service is one.
type People interface {
	Tree(ctx context.Context) (org.Tree, error)
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
}

// Deps is what the area needs.
type Deps struct {
	Duties     Duties
	Recordings Recordings
	Strays     Strays
	Cases      Cases
	Rules      Rules
	People     People
}

// Path is the address of the recordings that belong to no case.
const Path = "/unlinked"

func linkPath(id ident.RecordingID) string { return record.Path(id) + "/link" }

func casePath(id ident.CaseID) string { return "/cases/" + string(id) }

// FilmPath is the address of a case's recordings.
func FilmPath(id ident.CaseID) string { return casePath(id) + "/recordings" }

// Area is the pages and the parts that stand on others' pages.
type Area struct{ d Deps }

// New makes the area.
func New(d Deps) *Area { return &Area{d} }

// Routes are the pages of this area. Of each recording and each case the services ask whether this reader may.
func (a *Area) Routes() []site.Route {
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.RecordingList, Handle: a.list},
		{Method: http.MethodGet, Path: "/recordings/{id}/link", Action: access.RecordingView, Object: true, Handle: a.showLink},
		{Method: http.MethodPost, Path: "/recordings/{id}/link", Action: access.CaseFilm, Object: true, Handle: a.link},
		{Method: http.MethodGet, Path: "/cases/{id}/recordings", Action: access.CaseView, Object: true, Handle: a.films},
		{Method: http.MethodPost, Path: "/cases/{id}/recordings/{link}/strike", Action: access.CaseFilm, Object: true, Handle: a.strike},
	}
}

var (
	_ Cases  = (*casefile.Service)(nil)
	_ Strays = (*stray.Service)(nil)
)
