// Package activities is the pages of on-scene activities (现场执法活动, 第十二至十八条): the list with its verdicts, declaring one on a phone, and
// one activity with its window as a bar, what its cameras covered, its gaps, and what has to be said of them.
package activities

import (
	"context"
	"iter"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Path is the address of the list.
const Path = "/activities"

const perPage = 50

// Activities keeps them; *activity.Service is one.
type Activities interface {
	Open(ctx context.Context, actor access.Actor, n activity.Opening) (*activity.Activity, error)
	Tell(ctx context.Context, actor access.Actor, o activity.Occurrence) (*activity.Occurrence, error)
	Get(ctx context.Context, actor access.Actor, id ident.ActivityID) (*activity.Activity, activity.State, []activity.Occurrence, error)
	MayOpen(ctx context.Context, actor access.Actor) error
	May(actor access.Actor, action access.Action, a *activity.Activity, st *activity.State) bool
	Edition(ctx context.Context, day time.Time) (regulation.Edition, error)
}

// Coverage judges them; *coverage.Service is one.
type Coverage interface {
	List(ctx context.Context, actor access.Actor, f coverage.Filter, before int64, limit int) (coverage.Page, error)
	Export(ctx context.Context, actor access.Actor, f coverage.Filter) (iter.Seq2[coverage.Row, error], error)
	Of(ctx context.Context, a *activity.Activity, st activity.State) (coverage.View, error)
}

// Deps is what the area needs.
type Deps struct {
	Activities     Activities
	Coverage       Coverage
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
	Names          func(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
	Addressees     func(ctx context.Context, d ident.DepartmentID) ([]ident.PersonID, error)      // to whom a stop is reported
	Held           func(ctx context.Context, actor access.Actor) ([]activity.Member, error)       // the cameras an officer has in hand
	Colleagues     func(ctx context.Context, actor access.Actor) ([]activity.Member, error)       // who else may take part
	CaseByNumber   func(ctx context.Context, actor access.Actor, no string) (ident.CaseID, error) // of those the actor may know of
}

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.ActivityList, Handle: a.list},
		{Method: http.MethodGet, Path: Path + "/export", Action: access.ActivityExport, Handle: a.export},
		{Method: http.MethodGet, Path: Path + "/new", Action: access.ActivityOpen, Object: true, Handle: a.form},
		{Method: http.MethodPost, Path: Path, Action: access.ActivityOpen, Object: true, Handle: a.open},
		{Method: http.MethodGet, Path: Path + "/{id}", Action: access.ActivityView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: Path + "/{id}", Action: access.ActivityTell, Object: true, Handle: a.tell},
	}
}

// PathOf is the address of one activity.
func PathOf(id ident.ActivityID) string { return Path + "/" + string(id) }

func idOf(p *site.Page) (ident.ActivityID, error) {
	return site.PathID[ident.ActivityID](p, "id", "activity.unknown")
}

func verdictOf(p locale.Printer, v continuity.Verdict) (words, icon string, tone ui.Tone) {
	words = p.T("activity.verdict." + string(v))
	switch v {
	case continuity.Unexplained, continuity.LateStart, continuity.EarlyEnd:
		return words, "alert-circle", ui.Late
	case continuity.CannotJudge:
		return words, "help-circle", ui.Moot
	case continuity.Explained:
		return words, "info-circle", ui.Due
	case continuity.Continuous:
	}
	return words, "circle-check", ui.OK
}

func presenceOf(p locale.Printer, v coverage.Presence) (words, icon string, tone ui.Tone) {
	words = p.T("activity.presence." + string(v))
	switch v {
	case coverage.Pending:
		return words, "clock", ui.Due
	case coverage.NotDocked, coverage.NoCamera:
		return words, "alert-circle", ui.Due
	case coverage.Never, coverage.Lost:
		return words, "alert-circle", ui.Late
	case coverage.There:
	}
	return words, "circle-check", ui.OK
}
