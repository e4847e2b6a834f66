// Package intake is what a custodian sees of files coming in: the inbox of recordings that nothing explains (待认领),
// the dockings with what became of every file and which numbers are missing (采集记录), the order to clear a card, and
// the page that takes files from a browser.
package intake

import (
	"context"
	"net/http"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
)

// Recordings is what the area needs of recordings, dockings and clear orders; *recording.Service is one.
type Recordings interface {
	Get(ctx context.Context, actor access.Actor, id ident.RecordingID) (recording.Detail, error)
	Inbox(ctx context.Context, actor access.Actor, f recording.Filter, after recording.Cursor, limit int) (recording.Page, error)
	Resolve(ctx context.Context, actor access.Actor, id ident.RecordingID, a recording.Assignment) error
	Cards(ctx context.Context, actor access.Actor, limit int) ([]recording.Card, error)
	Card(ctx context.Context, actor access.Actor, id ident.CardID) (recording.Card, []recording.CardFile, error)
	Gaps(ctx context.Context, actor access.Actor, camera ident.DeviceID, card ident.CardID) ([]recording.Gap, error)
	OrderClear(ctx context.Context, actor access.Actor, card ident.CardID, confirm func(context.Context) error) (recording.ClearOrder, error)
}

// Duties lists what is owed in the reader's scope; *duty.Book is one.
type Duties interface {
	List(ctx context.Context, actor access.Actor, f duty.Filter) (duty.Page, error)
}

// Deps is what the area needs. Log is the database the custody log is read from.
type Deps struct {
	Recordings Recordings
	Duties     Duties
	People     record.People
	Accounts   record.Accounts
	Devices    record.Devices
	Log        bun.IDB
	// Confirm checks the actor's password again before a card is cleared; a wrong one is a fault naming the field
	// "password".
	Confirm func(ctx context.Context, actor access.Actor, password string) error
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: inboxPath, Action: access.InboxList, Handle: a.inbox},
		{Method: http.MethodPost, Path: inboxPath + "/{id}", Action: access.InboxResolve, Object: true, Handle: a.resolve},
		{Method: http.MethodGet, Path: cardsPath, Action: access.RecordingList, Handle: a.cards},
		{Method: http.MethodGet, Path: cardsPath + "/{id}", Action: access.RecordingView, Object: true, Handle: a.card},
		{Method: http.MethodPost, Path: cardsPath + "/{id}/clear", Action: access.ClearOrder, Object: true, Handle: a.clear},
		{Method: http.MethodGet, Path: uploadPath, Action: access.UploadCreate, Handle: a.upload},
	}
}

// Addresses of the area.
const (
	inboxPath  = "/inbox"
	cardsPath  = "/cards"
	uploadPath = "/upload-files"
)

type area struct{ Deps }

var (
	_ Recordings = (*recording.Service)(nil)
	_ Duties     = (*duty.Book)(nil)
)
