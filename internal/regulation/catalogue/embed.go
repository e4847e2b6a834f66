package catalogue

import (
	_ "embed" // the drafts the program ships with
	"fmt"
	"maps"
	"sync"
)

var (
	//go:embed data/documents.json
	documentsJSON []byte
	//go:embed data/deadlines.json
	deadlinesJSON []byte
	//go:embed data/recording-matters.json
	mattersJSON []byte
	//go:embed data/requirements.json
	requirementsJSON []byte
	//go:embed data/calendar.json
	calendarJSON []byte
	//go:embed data/calendar-xinjiang.json
	regionCalendarJSON []byte
)

// Shipped gives the catalogue the program ships with: drafts, which a bureau's lawyers confirm before use.
var Shipped = sync.OnceValues(func() (Catalogue, error) {
	c := Catalogue{Acts: map[string]Act{}, Stages: map[string]Text{}}
	var files []File
	for _, in := range []struct {
		name string
		raw  []byte
	}{
		{"documents.json", documentsJSON},
		{"deadlines.json", deadlinesJSON},
		{"recording-matters.json", mattersJSON},
		{"requirements.json", requirementsJSON},
	} {
		f, problems := Read(in.name, in.raw)
		if len(problems) > 0 {
			return Catalogue{}, fmt.Errorf("regulation: shipped catalogue: %+v", problems[0])
		}
		maps.Copy(c.Acts, f.Acts)
		maps.Copy(c.Stages, f.Stages)
		c.Documents = append(c.Documents, f.Documents...)
		c.Terms = append(c.Terms, f.Terms...)
		c.Matters = append(c.Matters, f.Matters...)
		c.Obligations = append(c.Obligations, f.Obligations...)
		files = append(files, f)
	}
	if problems := Check(files, Catalogue{}); len(problems) > 0 {
		return Catalogue{}, fmt.Errorf("regulation: shipped catalogue: %+v", problems[0])
	}
	return c, nil
})

// ShippedCalendar is the working-day calendar the program ships with (docs/formats/regulation.md).
func ShippedCalendar() []byte { return calendarJSON }

// ShippedFiles gives the files of the catalogue the program ships with, as they are written, by the name of each
// ("documents", "deadlines", "recording-matters", "requirements").
func ShippedFiles() map[string][]byte {
	return map[string][]byte{
		"documents": documentsJSON, "deadlines": deadlinesJSON, "recording-matters": mattersJSON, "requirements": requirementsJSON,
	}
}

// RegionCalendar is the calendar of the autonomous region, with the holidays its yearly notice adds for all who live
// there (docs/formats/regulation.md). A bureau of the region adopts it in place of the shipped one.
func RegionCalendar() []byte { return regionCalendarJSON }
