// Package docket is the list of cases (案件): views, conditions kept in the address, pages by keys, the same list as a ledger
// in Excel, and the search for a party, which asks for a reason first. It neither sorts nor counts by officer and gathers
// nobody's cases (decisions §4).
package docket

import (
	"context"
	"iter"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/site"
)

// Cases gives lists of cases; *docket.Service is one.
type Cases interface {
	List(ctx context.Context, actor access.Actor, f docket.Filter, after docket.Cursor, limit int) (docket.Page, error)
	Export(ctx context.Context, actor access.Actor, f docket.Filter) (iter.Seq2[docket.Row, error], error)
	FindParty(ctx context.Context, actor access.Actor, name, reason string) ([]docket.Row, bool, error)
}

// People gives what conditions offer to choose from; *org.Service is one.
type People interface {
	People(ctx context.Context, actor access.Actor, f org.PeopleFilter) (org.Page[org.Person], error)
	Tree(ctx context.Context) (org.Tree, error)
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
}

// Rules gives the catalogue in force, which names acts and stages; *regulation.Service is one.
type Rules interface {
	EditionOn(ctx context.Context, day time.Time) (regulation.Edition, error)
}

// Deps is what the area needs.
type Deps struct {
	Cases  Cases
	People People
	Rules  Rules
}

// Path is the address of the list.
const Path = "/cases"

const (
	exportPath = Path + "/export"
	partyPath  = Path + "/parties"
	newPath    = Path + "/new"
)

// CasePath is the address of a case.
func CasePath(id ident.CaseID) string { return Path + "/" + string(id) }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.CaseList, Handle: a.list},
		{Method: http.MethodGet, Path: exportPath, Action: access.CaseListExport, Handle: a.export},
		{Method: http.MethodGet, Path: partyPath, Action: access.CaseFindParty, Handle: a.askParty},
		{Method: http.MethodPost, Path: partyPath, Action: access.CaseFindParty, Handle: a.findParty},
	}
}

type area struct{ Deps }
