package accord

import (
	"slices"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Of gives the times that a record states of what happened in front of a camera, and the recordings it stands with: those it
// refers to, and those that are linked to it.
func Of(d catalogue.Document, p matter.Paper, links []matter.Link) (said []Said, recordings []ident.RecordingID) {
	add := func(id ident.RecordingID) {
		if id != "" && !slices.Contains(recordings, id) {
			recordings = append(recordings, id)
		}
	}
	for _, f := range d.Fields {
		switch f.Type {
		case "datetime":
			if at, ok := p.Values.Time(f.ID); ok && OnCamera(f.ID) {
				said = append(said, Said{Field: f.ID, At: at})
			}
		case "recording-ref-list":
			for _, r := range p.Values.Recordings(f.ID) {
				add(ident.RecordingID(r.Recording))
				if at, ok := form.ParseTime(r.At); ok {
					said = append(said, Said{Field: f.ID, At: at, Recording: ident.RecordingID(r.Recording)})
				}
			}
		}
	}
	for _, l := range links {
		if l.Struck.IsZero() && l.Paper == p.ID {
			add(l.Recording)
		}
	}
	return said, recordings
}
