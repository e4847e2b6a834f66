package giving

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/whence"
)

// Whence is the part of a recording's page about who handed it in and what was given out of it.
func (o *Office) Whence() whence.Deps {
	return whence.Deps{
		Handed: o.Handed.Of, MayKnow: o.Handed.May,
		Given: func(ctx context.Context, id ident.RecordingID) ([]disclosure.Disclosure, error) {
			return disclosure.OfRecording(ctx, o.d.DB.Reader, id)
		},
		MayGiven: func(actor access.Actor, action access.Action, d *disclosure.Disclosure) bool {
			return o.Given != nil && o.Given.May(actor, action, d)
		},
	}
}
