package giving

import (
	"context"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/viewing"
)

// object tells marking of a recording, the whole where a part is asked about.
func (d Deps) object(ctx context.Context, id ident.RecordingID) (marking.Object, error) {
	o, err := viewing.Over(d.Recordings).Object(ctx, id)
	return marking.Object{ID: o.ID, Department: o.Department, Officer: o.Officer, Name: o.Name}, err
}

func (o *Office) openMarking() (err error) {
	o.Marking, err = marking.New(marking.Config{DB: o.d.DB, Gate: o.d.Gate, Object: o.d.object})
	return err
}
