package giving

import "zhilu.dev/zhilu/internal/viewing/grab"

func (o *Office) openGrabs() { o.Grabs = grab.New(o.d.DB, o.d.Gate, o.d.Viewing) }
