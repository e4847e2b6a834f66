package viewing

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// AddMark marks a moment of a recording, during a look at it. Faults: those of Watch; Invalid "viewing.words",
// "viewing.moment".
func (s *Service) AddMark(ctx context.Context, actor access.Actor, seat Seat, id ident.LookID, at time.Duration, what string) (*Mark, error) {
	words, err := text(what, "words", true)
	if err != nil {
		return nil, err
	}
	l, _, ground, err := s.ground(ctx, seat, id, at, at+time.Millisecond)
	if err != nil {
		return nil, err
	}
	o, err := s.c.Recordings.Object(ctx, l.Recording)
	if err != nil {
		return nil, err
	}
	if at < 0 || o.Duration > 0 && at > o.Duration {
		return nil, fault.New(fault.Invalid, "viewing.moment").At("at")
	}
	m := &Mark{ID: ident.New[ident.MarkID](), Recording: l.Recording, At: at, Words: words, By: actor.Person, ByName: actor.Name}
	err = s.c.Gate.Do(ctx, actor, access.MarkAdd, l.subject(ground), func(tx *gate.Tx) error {
		m.MadeAt = tx.Now()
		entry := ident.New[ident.EntryID]()
		if err := insertMark(tx.Context(), tx.DB(), m, l.ID, entry); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			ID: entry, Related: append(l.related(), custody.Subject{Kind: "mark", ID: string(m.ID)}),
			Detail: custody.Detail("at_ms", at.Milliseconds(), "words_digest", vouch.Digest(words)),
		})
		return err
	})
	return m, err
}

// StrikeMark takes one's own mark off the list; row and entries stay. NotFound "viewing.mark_unknown".
func (s *Service) StrikeMark(ctx context.Context, actor access.Actor, seat Seat, look ident.LookID, id ident.MarkID) error {
	l, err := s.Watch(ctx, actor, seat, look, 0, 0)
	if err != nil {
		return err
	}
	m, err := markByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	if m.Recording != l.Recording {
		return fault.New(fault.NotFound, "viewing.mark_unknown")
	}
	subject := access.Subject{Kind: "mark", ID: string(id), Officer: m.By, Department: l.Department}
	return s.c.Gate.Do(ctx, actor, access.MarkStrike, subject, func(tx *gate.Tx) error {
		if err := strikeMark(tx.Context(), tx.DB(), id, tx.Now()); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			Subject: custody.Subject{Kind: "recording", ID: string(m.Recording)}, Related: []custody.Subject{{Kind: "mark", ID: string(id)}},
			Detail: custody.Detail("at_ms", m.At.Milliseconds()),
		})
		return err
	})
}

// Marks lists the marks of a look's recording that lie in its span. They are part of the look: ask Watch first.
func (s *Service) Marks(ctx context.Context, l *Look) ([]Mark, error) {
	all, err := marksOf(ctx, s.c.DB.Reader, l.Recording)
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

// Register is the officer's word of what their recording shows (R-22-4). It ends the right to look at it without consent.
// Conflict "viewing.registered".
func (s *Service) Register(ctx context.Context, actor access.Actor, rec ident.RecordingID, what string) error {
	words, err := text(what, "words", true)
	if err != nil {
		return err
	}
	o, err := s.c.Recordings.Object(ctx, rec)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.RecordingRegister, o.subject(), func(tx *gate.Tx) error {
		if _, found, err := registrationOf(tx.Context(), tx.DB(), rec); err != nil || found {
			if err == nil {
				err = fault.New(fault.Conflict, "viewing.registered")
			}
			return err
		}
		r := Registration{Recording: rec, By: actor.Person, ByName: actor.Name, Words: words, At: tx.Now(), Entry: ident.New[ident.EntryID]()}
		id, err := insertRegistration(tx.Context(), tx.DB(), r)
		if err != nil {
			return err
		}
		said, err := sayRegistration(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{ID: r.Entry, Related: []custody.Subject{{Kind: "person", ID: string(actor.Person)}}, Detail: custody.Detail(append(said, "words", words)...)})
		return err
	})
}

// RegistrationOf gives what an officer said of a recording; false where nobody has. It is a fact about the recording, not
// a look: ask whether the actor may know of the recording first.
func (s *Service) RegistrationOf(ctx context.Context, rec ident.RecordingID) (Registration, bool, error) {
	return registrationOf(ctx, s.c.DB.Reader, rec)
}
