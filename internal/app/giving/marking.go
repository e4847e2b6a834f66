package giving

import (
	"context"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/marks"
)

// object tells marking of a recording, the whole where a part is asked about.
func (d Deps) object(ctx context.Context, id ident.RecordingID) (marking.Object, error) {
	o, err := viewing.Over(d.Recordings).Object(ctx, id)
	return marking.Object{ID: o.ID, Department: o.Department, Officer: o.Officer, Name: o.Name}, err
}

// handles tells marking who handles an open case of a recording, whether or not handlers look at it without asking.
func (d Deps) handles(ctx context.Context, person ident.PersonID, rec ident.RecordingID) (bool, error) {
	of, err := casefile.Handled(ctx, d.DB.Reader, person, []ident.RecordingID{rec}, d.Clock.Now())
	return of[rec] != "", err
}

// Marks are the pages about marks, and the part of them that stands on a recording's page.
func (o *Office) Marks() marks.Area {
	return marks.New(marks.Deps{Marks: o.Marking, Recordings: o.d.Recordings, Traces: o.d.traces, ActorName: o.d.ActorName})
}

// moved are the actions by which bytes of a recording come to be somewhere: in the vault, in what is made of it, before
// somebody's eyes, outside.
var moved = []string{
	"recording.seal", "recording.adopt", "recording.export", "recording.certify", "derivative.make", "look.open", "look.grab", "redaction.make", "redaction.take",
	"case.export", "clear.report",
}

// traces gives the entries about a recording that tell where its bytes have been, the newest first. What leaves as a package or on a
// disc is told by actions of those areas.
func (d Deps) traces(ctx context.Context, rec ident.RecordingID) ([]custody.Record, error) {
	list, err := custody.List(ctx, d.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(rec)}, Limit: 500})
	return slices.DeleteFunc(list, func(r custody.Record) bool {
		area, _, _ := strings.Cut(r.Action, ".")
		return area != "disclosure" && area != "disc" && !slices.Contains(moved, r.Action)
	}), err
}

func (o *Office) openMarking() (err error) {
	o.Marking, err = marking.New(marking.Config{DB: o.d.DB, Gate: o.d.Gate, Object: o.d.object, Handled: o.d.handles})
	return err
}
