package player

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
)

// maxSpans is how many stretches one beat may tell of.
const maxSpans = 64

// beat is what the player says every two seconds: what it showed. The answer is whether it may go on.
func (a area) beat(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	played, err := spans(p.Value("played"))
	if err != nil {
		return err
	}
	if err := a.Looks.Played(p.Context(), l.ID, played); err != nil {
		return err
	}
	p.W.WriteHeader(http.StatusNoContent)
	return nil
}

// spans reads "0-2000,9000-9500", milliseconds of the recording.
func spans(s string) ([]viewing.Span, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, ",")
	if len(parts) > maxSpans {
		return nil, fault.New(fault.Invalid, "player.beat")
	}
	out := make([]viewing.Span, 0, len(parts))
	for _, part := range parts {
		a, b, _ := strings.Cut(part, "-")
		from, err := strconv.ParseUint(a, 10, 40)
		to, err2 := strconv.ParseUint(b, 10, 40)
		if err != nil || err2 != nil || to < from {
			return nil, fault.New(fault.Invalid, "player.beat")
		}
		out = append(out, viewing.Span{From: int64(from), To: int64(to)})
	}
	return out, nil
}

// mark adds a mark at a moment of the recording.
func (a area) mark(p *site.Page) error {
	id, err := lookID(p)
	if err != nil {
		return err
	}
	at, err := strconv.ParseUint(p.Value("at"), 10, 40)
	if err != nil {
		return fault.New(fault.Invalid, "viewing.moment").At("at")
	}
	m, err := a.Moments.Add(p.Context(), p.Actor, seat(p), id, time.Duration(at)*time.Millisecond, p.Value("words"))
	if err != nil {
		return err
	}
	return sendJSON(p, markFact(p, *m))
}

// strike takes one's own mark off the list.
func (a area) strike(p *site.Page) error {
	id, err := lookID(p)
	if err != nil {
		return err
	}
	mark, err := pathID[ident.MarkID](p, "mark", "viewing.mark_unknown")
	if err != nil {
		return err
	}
	if err := a.Moments.Strike(p.Context(), p.Actor, seat(p), id, mark); err != nil {
		return err
	}
	p.W.WriteHeader(http.StatusNoContent)
	return nil
}
