// Package moment keeps moments of recordings with words (标记). They say what the picture shows: only who may look may make or
// see one, and only during a look.
package moment

import (
	"context"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/viewing"
)

// Mark is a moment of a recording with words.
type Mark struct {
	ID        ident.MarkID
	Recording ident.RecordingID
	At        time.Duration // from the beginning
	Words     string
	By        ident.PersonID
	ByName    string
	MadeAt    time.Time
}

// Looks judges whether a look goes on; *viewing.Service is one.
type Looks interface {
	Watch(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID, from, to time.Duration) (*viewing.Look, error)
}

// Service keeps them.
type Service struct {
	db    *db.DB
	gate  *gate.Gate
	looks Looks
	of    viewing.Recordings
}

// New makes a Service.
func New(d *db.DB, g *gate.Gate, looks Looks, of viewing.Recordings) *Service {
	return &Service{d, g, looks, of}
}

// maxWords bounds what a mark says, in characters.
const maxWords = 500

// Add marks a moment of a recording, during a look at it. Faults: those of viewing.Service.Watch; Invalid "viewing.words",
// "viewing.moment".
func (s *Service) Add(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID, at time.Duration, what string) (*Mark, error) {
	words := locale.Typed(what)
	if n := utf8.RuneCountInString(words); n > maxWords || n < 2 {
		return nil, fault.New(fault.Invalid, "viewing.words", maxWords).At("words")
	}
	l, err := s.looks.Watch(ctx, actor, seat, id, at, at+time.Millisecond)
	if err != nil {
		return nil, err
	}
	o, err := s.of.Object(ctx, l.Recording)
	if err != nil {
		return nil, err
	}
	if at < 0 || o.Duration > 0 && at > o.Duration {
		return nil, fault.New(fault.Invalid, "viewing.moment").At("at")
	}
	m := &Mark{ID: ident.New[ident.MarkID](), Recording: l.Recording, At: at, Words: words, By: actor.Person, ByName: actor.Name}
	err = s.gate.Do(ctx, actor, access.MarkAdd, l.Subject(), func(tx *gate.Tx) error {
		m.MadeAt = tx.Now()
		entry := ident.New[ident.EntryID]()
		if err := insert(tx.Context(), tx.DB(), m, l.ID, entry); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			ID: entry, Related: append(l.Related(), custody.Subject{Kind: "mark", ID: string(m.ID)}),
			Detail: custody.Detail("at_ms", at.Milliseconds(), "words_digest", vouch.Digest(words)),
		})
		return err
	})
	return m, err
}

// Strike takes one's own mark off the list; row and entries stay. NotFound "viewing.mark_unknown".
func (s *Service) Strike(ctx context.Context, actor access.Actor, seat viewing.Seat, look ident.LookID, id ident.MarkID) error {
	l, err := s.looks.Watch(ctx, actor, seat, look, 0, 0)
	if err != nil {
		return err
	}
	m, err := byID(ctx, s.db.Reader, id)
	if err != nil {
		return err
	}
	if m.Recording != l.Recording {
		return fault.New(fault.NotFound, "viewing.mark_unknown")
	}
	subject := access.Subject{Kind: "mark", ID: string(id), Officer: m.By, Department: l.Department}
	return s.gate.Do(ctx, actor, access.MarkStrike, subject, func(tx *gate.Tx) error {
		if err := strike(tx.Context(), tx.DB(), id, tx.Now()); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			Subject: custody.Subject{Kind: "recording", ID: string(m.Recording)}, Related: []custody.Subject{{Kind: "mark", ID: string(id)}},
			Detail: custody.Detail("at_ms", m.At.Milliseconds()),
		})
		return err
	})
}

// Within lists the marks of a look's recording that lie in its span. They are part of the look: ask Watch first.
func (s *Service) Within(ctx context.Context, l *viewing.Look) ([]Mark, error) {
	all, err := of(ctx, s.db.Reader, l.Recording)
	if err != nil {
		return nil, err
	}
	out := make([]Mark, 0, len(all))
	for _, m := range all {
		if m.At >= l.From && (l.To == 0 || m.At <= l.To) {
			out = append(out, m)
		}
	}
	return out, nil
}
