package account

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// GrantRequest asks to appoint a person. Department is needed for officers, custodians and heads and ignored for
// roles of the whole bureau. A zero From means now; it may lie in the future, never before today. A zero To means
// without end; else it is the first instant no longer in force.
type GrantRequest struct {
	Person     ident.PersonID
	Role       access.Role
	Department ident.DepartmentID
	From, To   time.Time
}

// Grant appoints a person to a role and ends the person's sessions, so that the next one has it. Faults: Invalid
// "account.role", "account.role_department", "account.appointment_days", "account.mixed_departments"; Conflict
// "account.class" (one of the three administrators and something else, T13) and "account.already_appointed".
func (s *Service) Grant(ctx context.Context, actor access.Actor, q GrantRequest) (Appointment, error) {
	a := Appointment{ID: ident.New[ident.AppointmentID](), Person: q.Person, Role: q.Role, Department: q.Department, From: q.From, To: q.To}
	err := s.c.Gate.Do(ctx, actor, access.RoleGrant, appointmentSubject(a), func(tx *gate.Tx) error {
		return grant(tx, &a)
	})
	return a, err
}

func grant(tx *gate.Tx, a *Appointment) error {
	if !needsDepartment(a.Role) {
		a.Department = ""
	}
	if a.From.IsZero() {
		a.From = tx.Now()
	}
	a.AppointedBy, a.CreatedAt = tx.Actor().ID, tx.Now()
	if err := checkGrant(*a, tx.Now()); err != nil {
		return err
	}
	if err := serving(tx, a.Person); err != nil {
		return err
	}
	if err := org.CheckDepartmentIn(tx, a.Department); err != nil {
		return err
	}
	open, err := selectOpen(tx.Context(), tx.DB(), a.Person)
	if err != nil {
		return err
	}
	if open, err = closeLapsed(tx, open); err != nil {
		return err
	}
	if err := checkBeside(*a, open); err != nil {
		return err
	}
	if err := setClass(tx.Context(), tx.DB(), a.Person, a.Role.Class()); err != nil {
		return err
	}
	if err := insertAppointment(tx.Context(), tx.DB(), *a); err != nil {
		return err
	}
	if _, err := deleteSessions(tx.Context(), tx.DB(), a.Person, ""); err != nil {
		return err
	}
	var to any
	if !a.To.IsZero() {
		to = clock.Micros(a.To)
	}
	return recordAppointment(tx, access.RoleGrant, *a, "role", a.Role, "department", nilIfEmpty(a.Department), "from_us", clock.Micros(a.From), "to_us", to)
}

// checkGrant judges an appointment by itself.
func checkGrant(a Appointment, now time.Time) error {
	switch {
	case a.Role.Class() == "":
		return fault.New(fault.Invalid, "account.role").At("role")
	case needsDepartment(a.Role) && a.Department == "":
		return fault.New(fault.Invalid, "account.role_department").At("department")
	case a.From.Before(org.DayOf(now)):
		return fault.New(fault.Invalid, "account.appointment_days").At("from")
	case !a.To.IsZero() && (!a.To.After(a.From) || !a.To.After(now)):
		return fault.New(fault.Invalid, "account.appointment_days").At("to")
	}
	return nil
}

// checkBeside judges an appointment beside those the person has.
func checkBeside(a Appointment, open []Appointment) error {
	for _, b := range open {
		if b.Role.Class() != a.Role.Class() {
			return fault.New(fault.Conflict, "account.class").At("role")
		}
		if b.Role == a.Role && b.Department == a.Department && b.overlaps(a) {
			return fault.New(fault.Conflict, "account.already_appointed").At("role")
		}
		// An actor has one set of departments. A head of one and custodian of another would have both roles in both.
		if reaches(a.Role) && reaches(b.Role) && a.Role != b.Role && a.Department != b.Department && b.overlaps(a) {
			return fault.New(fault.Invalid, "account.mixed_departments").At("department")
		}
	}
	return nil
}

func reaches(r access.Role) bool { return r == access.Head || r == access.Custodian }

// closeLapsed closes appointments whose end has passed, so that they no longer hold the person's class, and gives the
// others.
func closeLapsed(tx *gate.Tx, open []Appointment) ([]Appointment, error) {
	var left []Appointment
	for _, a := range open {
		if a.To.IsZero() || tx.Now().Before(a.To) {
			left = append(left, a)
			continue
		}
		if _, err := endAppointment(tx.Context(), tx.DB(), a.ID, a.To, "lapse"); err != nil {
			return nil, err
		}
		if err := recordAppointment(tx, "role.lapse", a, "role", a.Role); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// Revoke takes an appointment back, at once, and ends the person's sessions. One that has ended is fault Conflict
// "account.appointment_ended".
func (s *Service) Revoke(ctx context.Context, actor access.Actor, id ident.AppointmentID) error {
	a, err := selectAppointment(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.RoleRevoke, appointmentSubject(a), func(tx *gate.Tx) error {
		ok, err := endAppointment(tx.Context(), tx.DB(), id, tx.Now(), tx.Actor().ID)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Conflict, "account.appointment_ended")
		}
		if _, err := deleteSessions(tx.Context(), tx.DB(), a.Person, ""); err != nil {
			return err
		}
		return recordAppointment(tx, access.RoleRevoke, a, "role", a.Role, "department", nilIfEmpty(a.Department))
	})
}

// SettleProposal carries out what an import asked for (see org.Proposal): the account, if the person has none, and the
// roles in the person's department. It is the security administrator's act; Password is empty if no account was made.
func (s *Service) SettleProposal(ctx context.Context, actor access.Actor, person ident.PersonID) (Created, error) {
	subject := access.Subject{Kind: "person", ID: string(person), Officer: person}
	if err := s.c.Gate.Check(ctx, actor, access.RoleGrant, subject); err != nil {
		return Created{}, err
	}
	password, hash, err := s.firstPassword(ctx)
	if err != nil {
		return Created{}, err
	}
	var r accountRow
	err = s.c.Gate.Do(ctx, actor, access.AccountCreate, subject, func(tx *gate.Tx) error {
		p, err := org.TakeProposal(tx, person)
		if err != nil {
			return err
		}
		r, err = selectAccount(tx.Context(), tx.DB(), "person_id", person)
		switch {
		case fault.Is(err, fault.NotFound) && p.Username != "":
			r = accountRow{ID: ident.New[ident.AccountID](), PersonID: person, Username: p.Username, PasswordHash: hash, MustChange: true}
			if err := create(tx, &r); err != nil {
				return err
			}
		case err != nil && !fault.Is(err, fault.NotFound):
			return err
		default:
			password = "" // there is an account already, or none is asked for
		}
		if err := grantProposed(tx, p); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Action: "account.settle_proposal"})
		return err
	})
	if err != nil {
		return Created{}, err
	}
	return Created{Account: r.value(), Password: password}, nil
}

func grantProposed(tx *gate.Tx, p org.Proposal) error {
	person, err := org.PersonIn(tx, p.Person)
	if err != nil {
		return err
	}
	for _, role := range p.Roles {
		a := Appointment{ID: ident.New[ident.AppointmentID](), Person: p.Person, Role: role, Department: person.Department}
		if err := grant(tx, &a); err != nil && !fault.HasCode(err, "account.already_appointed") {
			return err
		}
	}
	return nil
}

// AppointmentFilter narrows a list of appointments. Past shows ended and lapsed ones, too.
type AppointmentFilter struct {
	Query      string // part of the person's name or staff number
	Person     ident.PersonID
	Role       access.Role
	Department ident.DepartmentID
	Past       bool
	After      string
	Limit      int
}

// Appointments lists appointments, newest first.
func (s *Service) Appointments(ctx context.Context, actor access.Actor, f AppointmentFilter) (org.Page[Appointment], error) {
	if err := s.c.Gate.Check(ctx, actor, access.AccountList, access.Subject{Kind: "appointment"}); err != nil {
		return org.Page[Appointment]{}, err
	}
	after, err := org.ReadCursor(f.After, 1)
	if err != nil {
		return org.Page[Appointment]{}, err
	}
	n := org.PageSize(f.Limit)
	rows, err := selectAppointments(ctx, s.c.DB.Reader, f, after, s.c.Clock.Now(), n+1)
	if err != nil {
		return org.Page[Appointment]{}, err
	}
	return org.Cut(rows, n, func(a Appointment) []string { return []string{string(a.ID)} }), nil
}

// RolesOf gives the appointments in force now of some people. It is for the program itself.
func (s *Service) RolesOf(ctx context.Context, people ...ident.PersonID) (map[ident.PersonID][]Appointment, error) {
	out := map[ident.PersonID][]Appointment{}
	if len(people) == 0 {
		return out, nil
	}
	open, err := selectOpen(ctx, s.c.DB.Reader, people...)
	now := s.c.Clock.Now()
	for _, a := range open {
		if a.InForce(now) {
			out[a.Person] = append(out[a.Person], a)
		}
	}
	return out, err
}

// HeadOf gives the head of a department now: its own, or of the nearest department above that has one. Nobody is
// fault NotFound "account.no_head".
func (s *Service) HeadOf(ctx context.Context, department ident.DepartmentID) (ident.PersonID, error) {
	list, err := s.nearest(ctx, access.Head, department)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fault.New(fault.NotFound, "account.no_head")
	}
	return list[0], nil
}

// CustodiansOf gives the custodians who look after a department now: its own, or those of the nearest department above
// that has any. None is an empty list (R-21-2).
func (s *Service) CustodiansOf(ctx context.Context, department ident.DepartmentID) ([]ident.PersonID, error) {
	return s.nearest(ctx, access.Custodian, department)
}

// Leaders gives the leaders of the bureau now, longest in office first.
func (s *Service) Leaders(ctx context.Context) ([]ident.PersonID, error) {
	return s.Holders(ctx, access.Leader)
}

// Holders gives the people who hold a role now, each once.
func (s *Service) Holders(ctx context.Context, role access.Role) ([]ident.PersonID, error) {
	list, err := selectHolders(ctx, s.c.DB.Reader, role, s.c.Clock.Now())
	return people(list), err
}

func (s *Service) nearest(ctx context.Context, role access.Role, department ident.DepartmentID) ([]ident.PersonID, error) {
	t, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	list, err := selectHolders(ctx, s.c.DB.Reader, role, s.c.Clock.Now())
	if err != nil {
		return nil, err
	}
	return nearest(t, list, department), nil
}

// nearest gives who is appointed to the department or, failing that, to the nearest one above.
func nearest(t org.Tree, list []Appointment, department ident.DepartmentID) []ident.PersonID {
	for _, d := range t.Ancestors(department) {
		var here []Appointment
		for _, a := range list {
			if a.Department == d {
				here = append(here, a)
			}
		}
		if len(here) > 0 {
			return people(here)
		}
	}
	return nil
}

// WithoutCustodian gives the open departments that nobody looks after now (R-21-2): intake goes on, and the leader is
// told.
func (s *Service) WithoutCustodian(ctx context.Context) ([]org.Department, error) {
	t, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	list, err := selectHolders(ctx, s.c.DB.Reader, access.Custodian, s.c.Clock.Now())
	if err != nil {
		return nil, err
	}
	var out []org.Department
	for _, d := range t {
		if d.ClosedAt.IsZero() && len(nearest(t, list, d.ID)) == 0 {
			out = append(out, d)
		}
	}
	return out, nil
}

func (s *Service) tree(ctx context.Context) (org.Tree, error) { return org.ReadTree(ctx, s.c.DB) }

func people(list []Appointment) []ident.PersonID {
	var out []ident.PersonID
	for _, a := range list {
		if !slices.Contains(out, a.Person) {
			out = append(out, a.Person)
		}
	}
	return out
}

func appointmentSubject(a Appointment) access.Subject {
	return access.Subject{Kind: "appointment", ID: string(a.ID), Department: a.Department, Officer: a.Person}
}

// recordAppointment records what was done to an appointment, after it was.
func recordAppointment(tx *gate.Tx, action access.Action, a Appointment, detail ...any) error {
	said, err := sayAppointment(tx.Context(), tx.DB(), a.ID)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Action: action, Subject: entrySubject("appointment", a.ID), Related: related(a.Person),
		Article: "21", Requirement: "R-21-2", Detail: custody.Detail(append(said, detail...)...),
	})
	return err
}

func nilIfEmpty[T ~string](v T) any {
	if v == "" {
		return nil
	}
	return v
}
