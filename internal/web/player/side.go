package player

import (
	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
)

// Side is what another area puts beside a player, and over its picture: the editor of masked copies. Words are those that
// its script shows.
type Side struct {
	Title string
	Again string // where the look is begun anew and the side with it
	Panel templ.Component
	Words []string
}

// Stage lets another area stand on a running look. Whatever it sends of the contents goes through Watch first.
type Stage struct{ a area }

// NewStage makes one.
func NewStage(d Deps) Stage { return Stage{area{d}} }

// Watch asks whether the look in the address goes on, and gives it.
func (s Stage) Watch(p *site.Page) (*viewing.Look, error) { return s.a.watch(p) }

// Show shows the page of a look with a side.
func (s Stage) Show(p *site.Page, l *viewing.Look, side Side) error {
	return s.a.compose(p, l, registerView{}, &side)
}

// Ended answers who asks for the page of a look that is over: why, and the way back.
func (s Stage) Ended(p *site.Page, err error) error { return s.a.ended(p, err) }

// Piecewise answers a refusal as a problem document: a script reads it, not a person.
func (s Stage) Piecewise(h func(*site.Page) error) func(*site.Page) error { return s.a.piecewise(h) }

// MarkOf is what is written into the pictures of a look.
func (s Stage) MarkOf(p *site.Page, l *viewing.Look) (string, error) { return s.a.markOf(p, l) }

// SendPicture sends a JPEG of a look: never kept, never taken for anything else.
func (s Stage) SendPicture(p *site.Page, body []byte) error { return send(p, jpegType, body) }

// SendJSON answers a script.
func (s Stage) SendJSON(p *site.Page, v any) error { return sendJSON(p, v) }

// Path is the address of a look.
func Path(l *viewing.Look) string { return path(l.ID) }
