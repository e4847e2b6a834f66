package giving

import (
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/player"
	"zhilu.dev/zhilu/internal/web/redact"
)

// Film is what the player stands on.
func (o *Office) Film() player.Deps {
	return player.Deps{
		Looks: o.d.Viewing, Moments: o.Moments, Recordings: o.d.Recordings, Copies: o.d.Derived, Grabs: o.Grabs, Press: o.d.Press, Bureau: o.d.Bureau, Log: o.d.Log,
	}
}

// Masks are the pages of masked copies.
func (o *Office) Masks() *redact.Area {
	return redact.New(redact.Deps{
		Copies: o.Redaction, Looks: o.d.Viewing, Recordings: o.d.Recordings, Object: viewing.Over(o.d.Recordings).Object, Mark: o.d.Derived.MarkPicture,
		Stage: player.NewStage(o.Film()),
	})
}
