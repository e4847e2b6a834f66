package viewing

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

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
