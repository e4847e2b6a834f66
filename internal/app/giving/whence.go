package giving

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/whence"
)

// Beside puts a recording's masked copies, who handed it in and what was given out of it under another part of its page.
func (o *Office) Beside(other whence.Part) whence.Part {
	return whence.Deps{
		Handed: o.Handed.Of, MayKnow: o.Handed.May,
		Given: func(ctx context.Context, id ident.RecordingID) ([]disclosure.Disclosure, error) {
			return disclosure.OfRecording(ctx, o.d.DB.Reader, id)
		},
		MayGiven: func(actor access.Actor, action access.Action, d *disclosure.Disclosure) bool {
			return o.Given != nil && o.Given.May(actor, action, d)
		},
	}.Beside(o.Masks().Beside(other))
}
