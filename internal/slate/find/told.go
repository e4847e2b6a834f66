package find

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zhilu.dev/zhilu/internal/slate"
)

// Told is one slate as it is written into a file (docs/formats/slate-v1.md).
type Told struct {
	File     string        `json:"file"`
	Verdict  slate.Verdict `json:"verdict"`
	Activity string        `json:"activity,omitempty"`
	Kind     string        `json:"kind,omitempty"`
	Shown    string        `json:"shown,omitempty"`
	FirstS   float64       `json:"first_s"`
	LastS    float64       `json:"last_s"`
	Offset   *OffsetS      `json:"offset_s,omitempty"`
}

// OffsetS is an offset in seconds.
type OffsetS struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// shows is how long a phone shows one slate before it signs the next.
const shows = 2 * time.Second

// Offset is what the slate says of the clock of a camera whose film began at a time by it; false where it says nothing. The picture that shows
// it first was filmed when it was shown, or later by as long as it stayed.
func (h *Hit) Offset(started time.Time) (slate.Offset, bool) {
	if h.Verdict != slate.Genuine || started.IsZero() {
		return slate.Offset{}, false
	}
	return slate.OffsetOf(h.Slate, started.Add(h.First), h.Last-h.First+shows, time.Millisecond)
}

// Told writes it. Of what is foreign or forged nothing can be known, so nothing is told.
func (h *Hit) Told(file string, started time.Time) Told {
	out := Told{File: file, Verdict: h.Verdict, FirstS: h.First.Seconds(), LastS: h.Last.Seconds()}
	if h.Verdict == slate.Foreign || h.Verdict == slate.Forged {
		return out
	}
	out.Activity, out.Kind, out.Shown = uuid.UUID(h.Slate.Certificate.Activity).String(), h.Slate.Kind.String(), h.Slate.Shown.UTC().Format(time.RFC3339Nano)
	if o, ok := h.Offset(started); ok {
		out.Offset = &OffsetS{o.Min.Seconds(), o.Max.Seconds()}
	}
	return out
}

// OneGenuine ends a search at the first slate that counts.
func OneGenuine(found []Hit) bool {
	return slices.ContainsFunc(found, func(h Hit) bool { return h.Verdict == slate.Genuine })
}
