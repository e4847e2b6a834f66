// Package account is who may sign in and as what: accounts with passwords, sessions, appointments (roles with dates)
// and the tokens of docks and reading scripts.
//
// The three administrators (三员) exclude each other and every evidence role. The database holds that by declared
// constraints (T13, ADR 0005); this package only says it in words before the database would refuse. Roles are never
// stored as a state: they are computed from the dates of appointments whenever somebody acts, so an appointment that
// ends tomorrow stops by itself.
package account

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
)

// Account lets one person sign in (账号). Its password is not part of it.
type Account struct {
	ID          ident.AccountID
	Person      ident.PersonID
	Username    string // lower case
	MustChange  bool   // the first password, or one that was reset, must be changed before anything else
	LockedUntil time.Time
	DisabledAt  time.Time // zero while usable
	CreatedAt   time.Time
	SignedInAt  time.Time // last time; zero for never
}

// Session is one signed-in browser. Its token is not part of it; only a digest of the token is kept.
type Session struct {
	Account   ident.AccountID
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	IP        string
	Agent     string
	// EndsAt is when the session ends whatever happens; IdleAt when it ends without another click.
	EndsAt time.Time
	IdleAt time.Time

	digest string
}

// Key tells this session from every other one. It is a digest: who reads it cannot take the session over.
func (s Session) Key() string { return s.digest }

// Appointment gives a person a role for a time (任命). Department is set for officers, custodians and heads; a head or
// custodian of a department has what lies below it, too.
type Appointment struct {
	ID          ident.AppointmentID
	Person      ident.PersonID
	Role        access.Role
	Department  ident.DepartmentID
	From        time.Time
	To          time.Time // first instant no longer in force; zero without end
	AppointedBy string    // account id, or the host's command
	CreatedAt   time.Time
	EndedAt     time.Time // when it was taken back, or closed after its end; zero before
	EndedBy     string
}

// InForce reports whether the appointment counts at t.
func (a Appointment) InForce(t time.Time) bool {
	return a.EndedAt.IsZero() && !t.Before(a.From) && (a.To.IsZero() || t.Before(a.To))
}

// overlaps reports whether both could be in force at one moment.
func (a Appointment) overlaps(b Appointment) bool {
	return a.EndedAt.IsZero() && b.EndedAt.IsZero() &&
		(a.To.IsZero() || b.From.Before(a.To)) && (b.To.IsZero() || a.From.Before(b.To))
}

// needsDepartment reports whether a role is held in a department.
func needsDepartment(r access.Role) bool {
	return r == access.Officer || r == access.Custodian || r == access.Head
}

// Token is the key of a dock station or a reading script (采集令牌). Its text is shown once and not kept.
type Token struct {
	ID         ident.TokenID
	Scope      string // access.ScopeDock or access.ScopeRead
	Name       string
	Department ident.DepartmentID // whose cards it hands in; may be empty
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time // to the minute; zero for never
	RevokedAt  time.Time // zero while valid
}

// Usable reports whether the token may be used at t.
func (k Token) Usable(t time.Time) bool { return k.RevokedAt.IsZero() && t.Before(k.ExpiresAt) }
