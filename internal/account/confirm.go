package account

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
)

// ConfirmPassword checks once more that whoever sits before a signed-in browser knows its owner's password, for acts that
// must not be open to whoever finds the chair empty. Every try is an entry, right or wrong; a wrong one counts towards the
// lock like a wrong sign-in, a right one forgives those before. Faults, all at the field "password": Invalid
// "account.password_wrong"; RateLimited "account.locked" (args: until when) and "account.sign_in_rate"; Conflict
// "account.changed_meanwhile" without a field.
func (s *Service) ConfirmPassword(ctx context.Context, actor access.Actor, password string) error {
	subject := selfSubject(actor)
	if err := s.c.Gate.Check(ctx, actor, access.AccountConfirmPassword, subject); err != nil {
		return err
	}
	r, err := s.know(ctx, actor, access.AccountConfirmPassword, password, "password")
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.AccountConfirmPassword, subject, func(tx *gate.Tx) error {
		ok, err := acceptPassword(tx.Context(), tx.DB(), r, r.PasswordHash, clock.FromMicros(r.SignedInAt), tx.Now())
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Conflict, "account.changed_meanwhile")
		}
		_, err = tx.Record(gate.Entry{Related: related(r.PersonID)})
		return err
	})
}

// know gives the actor's account if the password is its own. A wrong one is counted and written down under the action;
// the field is where the page asked for it.
func (s *Service) know(ctx context.Context, actor access.Actor, action access.Action, password, field string) (accountRow, error) {
	r, err := selectAccount(ctx, s.c.DB.Reader, "id", actor.ID)
	if err != nil {
		return r, err
	}
	now := s.c.Clock.Now()
	if !s.perName.allow(digest(r.Username), now) {
		return r, fault.New(fault.RateLimited, "account.sign_in_rate").At(field)
	}
	// Not Unauthorized as at a sign-in: the reader is signed in, and stays so.
	if until := clock.FromMicros(r.LockedUntil); now.Before(until) {
		err := s.c.Gate.Do(ctx, actor, action, accountSubject(r), func(tx *gate.Tx) error {
			_, err := tx.Record(gate.Entry{Outcome: custody.Failed, Related: related(r.PersonID), Detail: custody.Detail("reason", "locked")})
			return err
		})
		if err != nil {
			return r, err
		}
		return r, fault.New(fault.RateLimited, "account.locked", until).At(field)
	}
	right, _, err := s.hasher.verify(ctx, password, r.PasswordHash)
	if err != nil || right {
		return r, err
	}
	until, err := s.countWrong(ctx, actor, action, r)
	switch {
	case err != nil:
		return r, err
	case !until.IsZero():
		return r, fault.New(fault.RateLimited, "account.locked", until).At(field)
	}
	return r, fault.New(fault.Invalid, "account.password_wrong").At(field)
}
