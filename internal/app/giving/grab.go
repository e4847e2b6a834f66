package giving

import (
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/grab"
	"zhilu.dev/zhilu/internal/viewing/moment"
)

func (o *Office) openGrabs() {
	o.Grabs = grab.New(o.d.DB, o.d.Gate, o.d.Viewing)
	o.Moments = moment.New(o.d.DB, o.d.Gate, o.d.Viewing, viewing.Over(o.d.Recordings))
}
