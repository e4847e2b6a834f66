// Package library is the list of recordings (音像库): views, conditions kept in the address, pages by keys, and the same
// list as a ledger in Excel. It shows facts, verdicts and flags, never a picture (decision 1), and it neither sorts nor
// counts by officer (decision 4).
package library

import (
	"context"
	"iter"
	"net/http"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/shelf"
	"zhilu.dev/zhilu/internal/web/site"
)

// Recordings gives lists of recordings; *recording.Service is one.
type Recordings interface {
	List(ctx context.Context, actor access.Actor, f recording.Filter, after recording.Cursor, limit int) (recording.Page, error)
	Export(ctx context.Context, actor access.Actor, f recording.Filter) (iter.Seq2[recording.Recording, error], error)
	Selected(ctx context.Context, actor access.Actor, ids []ident.RecordingID) ([]recording.Recording, error)
	ExportSelected(ctx context.Context, actor access.Actor, ids []ident.RecordingID) ([]recording.Recording, error)
	Assign(ctx context.Context, actor access.Actor, id ident.RecordingID, a recording.Assignment) error
	Resolve(ctx context.Context, actor access.Actor, id ident.RecordingID, a recording.Assignment) error
}

// Shelf keeps views and columns; *shelf.Service is one.
type Shelf interface {
	Views(ctx context.Context, actor access.Actor) ([]shelf.View, error)
	Save(ctx context.Context, actor access.Actor, name, query string, share bool) (ident.ViewID, error)
	Remove(ctx context.Context, actor access.Actor, id ident.ViewID) error
	Layout(ctx context.Context, actor access.Actor) (shelf.Layout, error)
	SetLayout(ctx context.Context, actor access.Actor, l shelf.Layout) error
}

// People gives what conditions offer to choose from; *org.Service is one.
type People interface {
	People(ctx context.Context, actor access.Actor, f org.PeopleFilter) (org.Page[org.Person], error)
	Tree(ctx context.Context) (org.Tree, error)
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
}

// Devices gives the cameras a reader may know of; *device.Inventory is one.
type Devices interface {
	List(ctx context.Context, actor access.Actor, f device.Filter) (org.Page[device.Item], error)
	Get(ctx context.Context, actor access.Actor, id ident.DeviceID) (device.Item, error)
}

// Deps is what the area needs.
type Deps struct {
	Recordings Recordings
	People     People
	Devices    Devices
	Shelf      Shelf
	// Pictures gives those of the recordings whose pictures the reader may see by a grant (decision 1). Showing one is a
	// look: its address asks again and leaves a row of the register.
	Pictures func(ctx context.Context, actor access.Actor, ids []ident.RecordingID) (map[ident.RecordingID]bool, error)
}

// Path is the address of the list.
const Path = "/recordings"

const (
	exportPath = Path + "/export"
	bulkPath   = Path + "/bulk"
	viewsPath  = Path + "/views"
	layoutPath = Path + "/layout"
)

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.RecordingList, Handle: a.list},
		{Method: http.MethodGet, Path: exportPath, Action: access.RecordingExport, Handle: a.export},
		// Of each recording that is dealt with the service asks whether this reader may.
		{Method: http.MethodPost, Path: bulkPath, Action: access.RecordingList, Handle: a.bulk},
		{Method: http.MethodPost, Path: viewsPath, Action: access.RecordingList, Handle: a.saveView},
		{Method: http.MethodPost, Path: viewsPath + "/{id}/remove", Action: access.RecordingList, Handle: a.removeView},
		{Method: http.MethodPost, Path: layoutPath, Action: access.RecordingList, Handle: a.setLayout},
	}
}

type area struct{ Deps }
