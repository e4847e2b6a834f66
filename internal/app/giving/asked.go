package giving

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/viewing"
)

// Copies has everything made that a look may show, at the first grant (decision 28).
type Copies struct{ Made *derivative.Service }

// Want asks for the copies of a recording.
func (c Copies) Want(tx *gate.Tx, rec ident.RecordingID) error {
	return c.Made.Want(tx, rec, derivative.Kinds()...)
}

// Handled gives the recordings of open cases that a person handles, where the settings that the bureau adopted last say that
// handlers look without asking each time (第二十三条). A bureau that has adopted none has not chosen so.
func Handled(d *db.DB, rules *regulation.Service, now func() time.Time) func(context.Context, ident.PersonID, []ident.RecordingID) (map[ident.RecordingID]ident.CaseID, error) {
	return func(ctx context.Context, person ident.PersonID, recs []ident.RecordingID) (map[ident.RecordingID]ident.CaseID, error) {
		v, err := rules.Current(ctx)
		if fault.Is(err, fault.NotFound) || err == nil && !v.Settings.HandlerStandingGrant {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return casefile.Handled(ctx, d.Reader, person, recs, now())
	}
}

// CaseAsked tells of a case that somebody asks to take away: a person of those they may know of, the host of any.
func CaseAsked(d *db.DB, cases *casefile.Service) func(ctx context.Context, actor access.Actor, id ident.CaseID) (viewing.CaseObject, error) {
	return func(ctx context.Context, actor access.Actor, id ident.CaseID) (viewing.CaseObject, error) {
		if actor.Kind == access.Person {
			f, err := cases.Get(ctx, actor, id)
			return viewing.CaseObject{ID: id, No: f.Case.No, Title: f.Case.Title, Department: f.Case.Department}, err
		}
		r, err := rows.CaseBy(ctx, d.Reader, id)
		if err != nil {
			return viewing.CaseObject{}, err
		}
		c, err := r.Plain()
		return viewing.CaseObject{ID: id, No: c.No, Title: c.Title, Department: c.Department}, err
	}
}
