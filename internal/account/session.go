package account

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// tokenBytes is the length of a session's or token's secret.
const tokenBytes = 32

// touchEvery is how exactly it is known when a session or token was last used.
const touchEvery = time.Minute

// SignInRequest is a try to sign in.
type SignInRequest struct {
	Username string
	Password string
	IP       string
	Agent    string
}

// SignedIn is what a right password gives. Token goes into the cookie; it is not kept here.
type SignedIn struct {
	Token      string
	Account    ident.AccountID
	MustChange bool
}

// SignIn checks a password and begins a session. Every try of an account or name is an entry, right or wrong. Faults:
// RateLimited "account.sign_in_rate"; Unauthorized "account.sign_in" for a wrong name or password alike,
// "account.locked" (args: until when) after five wrong tries, "account.disabled" only to who knows the password.
func (s *Service) SignIn(ctx context.Context, q SignInRequest) (SignedIn, error) {
	now := s.c.Clock.Now()
	name := org.FoldUsername(q.Username)
	if !s.perIP.allow(q.IP, now) || !s.perName.allow(digest(name), now) {
		return SignedIn{}, fault.New(fault.RateLimited, "account.sign_in_rate")
	}
	q.IP, q.Agent = short(q.IP), short(q.Agent)
	r, err := selectAccount(ctx, s.c.DB.Reader, "username", name)
	if fault.Is(err, fault.NotFound) {
		return SignedIn{}, s.refuseUnknown(ctx, q, digest(name), now)
	}
	if err != nil {
		return SignedIn{}, err
	}
	if until := clock.FromMicros(r.LockedUntil); now.Before(until) {
		return SignedIn{}, s.refuse(ctx, q, r, "locked", lockedFault(until))
	}
	right, stale, err := s.hasher.verify(ctx, q.Password, r.PasswordHash)
	switch {
	case err != nil:
		return SignedIn{}, err
	case !right:
		return SignedIn{}, s.refuseWrong(ctx, q, r)
	case r.DisabledAt != 0:
		return SignedIn{}, s.refuse(ctx, q, r, "disabled", fault.New(fault.Unauthorized, "account.disabled"))
	}
	hash := r.PasswordHash
	if stale {
		if hash, err = s.hasher.hash(ctx, q.Password); err != nil {
			return SignedIn{}, err
		}
	}
	return s.begin(ctx, q, r, hash)
}

// begin opens the session, unless the account changed while its password was checked.
func (s *Service) begin(ctx context.Context, q SignInRequest, r accountRow, hash string) (SignedIn, error) {
	token := base64.RawURLEncoding.EncodeToString(randomBytes(tokenBytes))
	accepted := false
	err := s.c.Gate.Do(ctx, access.AnyoneActor(), access.AccountSignIn, accountSubject(r), func(tx *gate.Tx) error {
		entry := gate.Entry{Related: related(r.PersonID), Detail: custody.Detail("ip", q.IP)}
		p, err := org.PersonIn(tx, r.PersonID)
		if err != nil {
			return err
		}
		if p.Active() {
			if accepted, err = acceptPassword(tx.Context(), tx.DB(), r, hash, tx.Now(), tx.Now()); err != nil {
				return err
			}
		}
		if accepted {
			row := sessionRow{
				Digest: digest(token), AccountID: r.ID, CreatedAt: clock.Micros(tx.Now()), SeenAt: clock.Micros(tx.Now()),
				IP: q.IP, Agent: q.Agent,
			}
			err = insertSession(tx.Context(), tx.DB(), &row, tx.Now().Add(-s.c.Absolute))
		} else {
			entry.Outcome, entry.Detail = custody.Failed, custody.Detail("ip", q.IP, "reason", "changed")
		}
		if err != nil {
			return err
		}
		_, err = tx.Record(entry)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if !accepted {
		return SignedIn{}, wrongFault()
	}
	return SignedIn{Token: token, Account: r.ID, MustChange: r.MustChange}, nil
}

// refuse records a try that failed for a reason other than the password.
func (s *Service) refuse(ctx context.Context, q SignInRequest, r accountRow, reason string, answer error) error {
	err := s.c.Gate.Do(ctx, access.AnyoneActor(), access.AccountSignIn, accountSubject(r), func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Outcome: custody.Failed, Related: related(r.PersonID), Detail: custody.Detail("ip", q.IP, "reason", reason)})
		return err
	})
	if err != nil {
		return err
	}
	return answer
}

// refuseWrong answers a wrong password.
func (s *Service) refuseWrong(ctx context.Context, q SignInRequest, r accountRow) error {
	until, err := s.countWrong(ctx, access.AnyoneActor(), access.AccountSignIn, r, "ip", q.IP)
	switch {
	case err != nil:
		return err
	case !until.IsZero():
		return lockedFault(until)
	}
	return wrongFault()
}

// countWrong counts a wrong password and locks the account at the fifth, wherever it was typed. It returns until when
// the account is locked by it; the zero time if it is not.
func (s *Service) countWrong(ctx context.Context, actor access.Actor, action access.Action, r accountRow, detail ...any) (until time.Time, err error) {
	err = s.c.Gate.Do(ctx, actor, action, accountSubject(r), func(tx *gate.Tx) error {
		failed, locks, err := countFailure(tx.Context(), tx.DB(), r.ID)
		if err != nil {
			return err
		}
		entries := []gate.Entry{{
			Outcome: custody.Failed, Related: related(r.PersonID),
			Detail: custody.Detail(append(detail, "reason", "wrong_password", "failed", failed)...),
		}}
		if failed >= triesBeforeLock {
			until = tx.Now().Add(lockFor(locks))
			if err := lockAccount(tx.Context(), tx.DB(), r.ID, until); err != nil {
				return err
			}
			entries = append(entries, gate.Entry{
				Action: "account.lock", Related: related(r.PersonID), Detail: custody.Detail("until_us", clock.Micros(until)),
			})
		}
		_, err = tx.Record(entries...)
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	return until, nil
}

// refuseUnknown answers for a name without account as if it had one: as slow, and locked as soon. What was typed is
// not recorded, since people type passwords into the wrong field.
func (s *Service) refuseUnknown(ctx context.Context, q SignInRequest, key string, now time.Time) error {
	reason, answer := "locked", error(nil)
	if until := s.ghosts.locked(key); now.Before(until) {
		answer = lockedFault(until)
	} else {
		if _, _, err := s.hasher.verify(ctx, q.Password, s.hasher.decoy()); err != nil {
			return err
		}
		reason, answer = "unknown", wrongFault()
		if until := s.ghosts.fail(key, now); !until.IsZero() {
			answer = lockedFault(until)
		}
	}
	err := s.c.Gate.Do(ctx, access.AnyoneActor(), access.AccountSignIn, access.Subject{Kind: "account", ID: "unknown"}, func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Outcome: custody.Failed, Detail: custody.Detail("ip", q.IP, "reason", reason)})
		return err
	})
	if err != nil {
		return err
	}
	return answer
}

func wrongFault() error { return fault.New(fault.Unauthorized, "account.sign_in").At("password") }

func lockedFault(until time.Time) error {
	return fault.New(fault.Unauthorized, "account.locked", until).At("password")
}

// Authenticate gives the actor behind a session's token, with the roles in force now. It reads twice and writes at
// most once a minute. Whatever is wrong is fault Unauthorized "account.session": unknown, ended, idle too long, too
// old, account disabled, person no longer serving.
func (s *Service) Authenticate(ctx context.Context, token string) (access.Actor, Session, error) {
	ended := func() (access.Actor, Session, error) {
		return access.Actor{}, Session{}, fault.New(fault.Unauthorized, "account.session")
	}
	if token == "" || len(token) > 100 {
		return ended()
	}
	r, err := selectSession(ctx, s.c.DB.Reader, digest(token))
	if errors.Is(err, sql.ErrNoRows) {
		return ended()
	}
	if err != nil {
		return access.Actor{}, Session{}, fail(err, "read session")
	}
	now := s.c.Clock.Now()
	created, seen := clock.FromMicros(r.CreatedAt), clock.FromMicros(r.SeenAt)
	if now.Sub(seen) >= s.c.Idle || now.Sub(created) >= s.c.Absolute {
		return ended()
	}
	roles, err := selectRoles(ctx, s.c.DB.Reader, r.PersonID, now)
	if err != nil {
		return access.Actor{}, Session{}, err
	}
	if now.Sub(seen) >= touchEvery {
		s.touch(ctx, "session", "digest", "seen_at", r.Digest, now)
		seen = now
	}
	session := Session{
		Account: r.AccountID, CreatedAt: created, SeenAt: seen, IP: r.IP, Agent: r.Agent,
		EndsAt: created.Add(s.c.Absolute), IdleAt: seen.Add(s.c.Idle), digest: r.Digest,
	}
	return actorOf(r, roles), session, nil
}

// ActorOf gives what an account's person acts as now, without a session: for a command on the host that acts as a named
// person. A disabled account or one whose person no longer serves is fault Conflict "account.unusable".
func (s *Service) ActorOf(ctx context.Context, id ident.AccountID) (access.Actor, error) {
	r, err := selectUsable(ctx, s.c.DB.Reader, id)
	if err != nil {
		return access.Actor{}, err
	}
	roles, err := selectRoles(ctx, s.c.DB.Reader, r.PersonID, s.c.Clock.Now())
	if err != nil {
		return access.Actor{}, err
	}
	return actorOf(r, roles), nil
}

// actorOf computes what a person acts as. Departments are those of the head's and custodian's appointments, with all
// below; for others it is the own one.
func actorOf(r signedIn, roles []roleRow) access.Actor {
	a := access.Actor{
		Kind: access.Person, ID: string(r.AccountID), Person: r.PersonID, Name: r.Name,
		Department: r.Department, Limited: r.MustChange,
	}
	for _, role := range access.Roles() {
		if slices.ContainsFunc(roles, func(x roleRow) bool { return x.Role == role }) {
			a.Roles = append(a.Roles, role)
		}
	}
	for _, x := range roles {
		if (x.Role == access.Head || x.Role == access.Custodian) && !slices.Contains(a.Departments, x.Department) {
			a.Departments = append(a.Departments, x.Department)
		}
	}
	if len(a.Departments) == 0 && r.Department != "" {
		a.Departments = []ident.DepartmentID{r.Department}
	}
	return a
}

// touch must not keep anybody out: a failure is logged, and the next request tries again.
func (s *Service) touch(ctx context.Context, table, key, column, value string, now time.Time) {
	if err := touch(ctx, s.c.DB.Writer, table, key, column, value, now); err != nil {
		s.c.Log.WarnContext(ctx, "last use not written", "table", table, "err", err)
	}
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, actor access.Actor, session Session) error {
	return s.c.Gate.Do(ctx, actor, access.AccountSignOut, selfSubject(actor), func(tx *gate.Tx) error {
		if err := deleteSession(tx.Context(), tx.DB(), session.digest); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Related: related(actor.Person)})
		return err
	})
}

// ChangePassword gives the actor's account a new password and ends its other sessions. Faults: those of
// CheckPassword; those of ConfirmPassword for the current one (field "current"); Invalid "account.password_same".
func (s *Service) ChangePassword(ctx context.Context, actor access.Actor, session Session, current, next string) error {
	subject := selfSubject(actor)
	if err := s.c.Gate.Check(ctx, actor, access.AccountChangePassword, subject); err != nil {
		return err
	}
	r, err := s.know(ctx, actor, access.AccountChangePassword, current, "current")
	if err != nil {
		return err
	}
	if err := CheckPassword(next, r.Username, actor.Name); err != nil {
		return err
	}
	if same, _, err := s.hasher.verify(ctx, next, r.PasswordHash); err != nil || same {
		if err != nil {
			return err
		}
		return fault.New(fault.Invalid, "account.password_same").At("password")
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.AccountChangePassword, subject, func(tx *gate.Tx) error {
		ok, err := setPassword(tx.Context(), tx.DB(), r.ID, hash, r.PasswordHash, false, tx.Now())
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Conflict, "account.changed_meanwhile")
		}
		n, err := deleteSessions(tx.Context(), tx.DB(), r.PersonID, session.digest)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Related: related(actor.Person), Detail: custody.Detail("sessions_ended", n)})
		return err
	})
}

func selfSubject(actor access.Actor) access.Subject {
	return access.Subject{Kind: "account", ID: actor.ID, Officer: actor.Person, Owner: actor.ID}
}

// digest is how secrets and names are kept where only sameness matters.
func digest(s string) string {
	d := sha256.Sum256([]byte(s))
	return hex.EncodeToString(d[:])
}

// short bounds what a client says of itself.
func short(s string) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return s
}
