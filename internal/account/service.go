package account

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// Config wires the service. The zero values of the rest are replaced by defaults.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
	Log   *slog.Logger

	Idle     time.Duration // a session ends after this time without a click; 30 minutes
	Absolute time.Duration // and after this time whatever happens; 12 hours
	Hash     HashParams    // DefaultHash
	PerIP    Limit         // sign-ins from one address: 30, then one every 3 seconds
	PerName  Limit         // sign-ins under one name: 10, then one every 20 seconds
}

// Service keeps accounts, sessions, appointments and tokens. Its writing methods go through the gate. It is safe for
// concurrent use.
type Service struct {
	c       Config
	hasher  *hasher
	perIP   *limiter
	perName *limiter
	ghosts  *ghosts
}

// New makes the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("account: Config needs DB, Gate, Clock and Log")
	}
	if c.Idle == 0 {
		c.Idle = 30 * time.Minute
	}
	if c.Absolute == 0 {
		c.Absolute = 12 * time.Hour
	}
	if c.Hash == (HashParams{}) {
		c.Hash = DefaultHash
	}
	if c.PerIP == (Limit{}) {
		c.PerIP = Limit{Every: 3 * time.Second, Burst: 30}
	}
	if c.PerName == (Limit{}) {
		c.PerName = Limit{Every: 20 * time.Second, Burst: 10}
	}
	if c.Idle < 0 || c.Absolute < 0 || c.Hash.Passes == 0 || c.Hash.Threads == 0 || c.PerIP.Burst < 1 || c.PerName.Burst < 1 {
		return nil, errors.New("account: Config holds a span, cost or limit that cannot work")
	}
	return &Service{c: c, hasher: newHasher(c.Hash), perIP: newLimiter(c.PerIP), perName: newLimiter(c.PerName), ghosts: newGhosts()}, nil
}

// Created is a new account and its first password, which is shown once and must be changed at the first sign-in.
type Created struct {
	Account  Account
	Password string
}

// Create gives a serving person an account. A person who has one, or a name that is taken, is fault Conflict
// "account.exists".
func (s *Service) Create(ctx context.Context, actor access.Actor, person ident.PersonID, username string) (Created, error) {
	username, err := org.CleanUsername(username)
	if err != nil {
		return Created{}, err
	}
	password, hash, err := s.firstPassword(ctx)
	if err != nil {
		return Created{}, err
	}
	r := accountRow{ID: ident.New[ident.AccountID](), PersonID: person, Username: username, PasswordHash: hash, MustChange: true}
	err = s.c.Gate.Do(ctx, actor, access.AccountCreate, accountSubject(r), func(tx *gate.Tx) error {
		return create(tx, &r)
	})
	if err != nil {
		return Created{}, err
	}
	return Created{Account: r.value(), Password: password}, nil
}

func (s *Service) firstPassword(ctx context.Context) (password, hash string, err error) {
	password = oneTimePassword()
	hash, err = s.hasher.hash(ctx, password)
	return password, hash, err
}

func create(tx *gate.Tx, r *accountRow) error {
	if err := serving(tx, r.PersonID); err != nil {
		return err
	}
	r.CreatedAt, r.PasswordAt = clock.Micros(tx.Now()), clock.Micros(tx.Now())
	if err := insertAccount(tx.Context(), tx.DB(), r); err != nil {
		return err
	}
	_, err := tx.Record(gate.Entry{
		Action: access.AccountCreate, Subject: entrySubject("account", r.ID), Related: related(r.PersonID),
		Detail: custody.Detail("username", r.Username),
	})
	return err
}

func serving(tx *gate.Tx, id ident.PersonID) error {
	p, err := org.PersonIn(tx, id)
	if err != nil {
		return err
	}
	if !p.Active() {
		return fault.New(fault.Conflict, "org.person_inactive")
	}
	return nil
}

// ResetPassword gives an account a new first password, returned once, ends its sessions and lifts a lock. Nobody
// resets their own (T13).
func (s *Service) ResetPassword(ctx context.Context, actor access.Actor, id ident.AccountID) (string, error) {
	r, err := selectAccount(ctx, s.c.DB.Reader, "id", id)
	if err != nil {
		return "", err
	}
	password, hash, err := s.firstPassword(ctx)
	if err != nil {
		return "", err
	}
	err = s.c.Gate.Do(ctx, actor, access.AccountResetPassword, accountSubject(r), func(tx *gate.Tx) error {
		if _, err := setPassword(tx.Context(), tx.DB(), id, hash, "", true, tx.Now()); err != nil {
			return err
		}
		n, err := deleteSessions(tx.Context(), tx.DB(), r.PersonID, "")
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Related: related(r.PersonID), Detail: custody.Detail("sessions_ended", n)})
		return err
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// Unlock lifts the lock that wrong passwords brought on.
func (s *Service) Unlock(ctx context.Context, actor access.Actor, id ident.AccountID) error {
	return s.change(ctx, actor, access.AccountUnlock, id, func(tx *gate.Tx, r accountRow) (gate.Entry, error) {
		return gate.Entry{}, unlockAccount(tx.Context(), tx.DB(), id)
	})
}

// Disable stops an account and ends its sessions; Enable lets it be used again.
func (s *Service) Disable(ctx context.Context, actor access.Actor, id ident.AccountID) error {
	return s.change(ctx, actor, access.AccountDisable, id, func(tx *gate.Tx, r accountRow) (gate.Entry, error) {
		if ok, err := setDisabled(tx.Context(), tx.DB(), id, tx.Now()); err != nil || !ok {
			return gate.Entry{}, orUnchanged(err)
		}
		n, err := deleteSessions(tx.Context(), tx.DB(), r.PersonID, "")
		return gate.Entry{Detail: custody.Detail("sessions_ended", n)}, err
	})
}

// Enable lets a disabled account be used again.
func (s *Service) Enable(ctx context.Context, actor access.Actor, id ident.AccountID) error {
	return s.change(ctx, actor, access.AccountDisable, id, func(tx *gate.Tx, r accountRow) (gate.Entry, error) {
		ok, err := setDisabled(tx.Context(), tx.DB(), id, time.Time{})
		if err != nil || !ok {
			return gate.Entry{}, orUnchanged(err)
		}
		return gate.Entry{Action: "account.enable"}, serving(tx, r.PersonID)
	})
}

func orUnchanged(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "org.unchanged")
}

func (s *Service) change(ctx context.Context, actor access.Actor, action access.Action, id ident.AccountID, fn func(*gate.Tx, accountRow) (gate.Entry, error)) error {
	r, err := selectAccount(ctx, s.c.DB.Reader, "id", id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, action, accountSubject(r), func(tx *gate.Tx) error {
		entry, err := fn(tx, r)
		if err != nil {
			return err
		}
		entry.Related = related(r.PersonID)
		_, err = tx.Record(entry)
		return err
	})
}

// State narrows a list of accounts.
type State string

// The states of an account.
const (
	StateAny      State = ""
	StateUsable   State = "usable"
	StateLocked   State = "locked"
	StateDisabled State = "disabled"
)

// Filter narrows a list of accounts. Query finds a part of the sign-in name, person's name or staff number.
type Filter struct {
	Query       string
	State       State
	Role        access.Role // who holds it now
	Departments []ident.DepartmentID
	After       string
	Limit       int
}

// Listed is an account in a list, with whose it is.
type Listed struct {
	Account
	Name         string
	Department   ident.DepartmentID
	Serving      bool          // the person has not been deactivated
	Appointments []Appointment // those not ended, by their beginning
}

// Accounts lists accounts by sign-in name.
func (s *Service) Accounts(ctx context.Context, actor access.Actor, f Filter) (org.Page[Listed], error) {
	if err := s.c.Gate.Check(ctx, actor, access.AccountList, access.Subject{Kind: "account"}); err != nil {
		return org.Page[Listed]{}, err
	}
	after, err := org.ReadCursor(f.After, 1)
	if err != nil {
		return org.Page[Listed]{}, err
	}
	n := org.PageSize(f.Limit)
	rows, err := selectAccounts(ctx, s.c.DB.Reader, f, after, s.c.Clock.Now(), n+1)
	if err != nil {
		return org.Page[Listed]{}, err
	}
	list, people := make([]Listed, len(rows)), make([]ident.PersonID, len(rows))
	for i, r := range rows {
		list[i] = Listed{Account: r.value(), Name: r.PersonName, Department: r.Department, Serving: r.Serving}
		people[i] = r.PersonID
	}
	if len(people) > 0 {
		open, err := selectOpen(ctx, s.c.DB.Reader, people...)
		if err != nil {
			return org.Page[Listed]{}, err
		}
		for i := range list {
			for _, a := range open {
				if a.Person == list[i].Person {
					list[i].Appointments = append(list[i].Appointments, a)
				}
			}
		}
	}
	return org.Cut(list, n, func(l Listed) []string { return []string{l.Username} }), nil
}

// Account gives an account, or fault NotFound "account.account". It is for the program itself.
func (s *Service) Account(ctx context.Context, id ident.AccountID) (Account, error) {
	r, err := selectAccount(ctx, s.c.DB.Reader, "id", id)
	return r.value(), err
}

// AccountNamed finds an account by its sign-in name, or fault NotFound "account.account". It is for commands on the
// host and for the program itself.
func (s *Service) AccountNamed(ctx context.Context, username string) (Account, error) {
	r, err := selectAccount(ctx, s.c.DB.Reader, "username", org.FoldUsername(username))
	return r.value(), err
}

// accountSubject is the account as policies see it: it concerns its person and belongs to itself.
func accountSubject(r accountRow) access.Subject {
	return access.Subject{Kind: "account", ID: string(r.ID), Officer: r.PersonID, Owner: string(r.ID)}
}

func entrySubject[T ~string](kind string, id T) custody.Subject {
	return custody.Subject{Kind: kind, ID: string(id)}
}

func related(id ident.PersonID) []custody.Subject {
	return []custody.Subject{entrySubject("person", id)}
}
