package org

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// PersonEdit is what can be said of a person.
type PersonEdit struct {
	Name       string
	Number     string
	Department ident.DepartmentID
}

func (e PersonEdit) clean() (PersonEdit, error) {
	var err error
	if e.Name, err = CleanName(e.Name, "name"); err != nil {
		return e, err
	}
	e.Number, err = cleanNumber(e.Number, "number")
	return e, err
}

// AddPerson adds a person. An account is another matter (package account).
func (s *Service) AddPerson(ctx context.Context, actor access.Actor, e PersonEdit) (Person, error) {
	e, err := e.clean()
	if err != nil {
		return Person{}, err
	}
	p := Person{ID: ident.New[ident.PersonID](), Name: e.Name, Number: e.Number, Department: e.Department}
	err = s.c.Gate.Do(ctx, actor, access.OrgEditPerson, personSubject(p), func(tx *gate.Tx) error {
		p.CreatedAt = tx.Now()
		return addPerson(tx, p)
	})
	return p, err
}

func addPerson(tx *gate.Tx, p Person) error {
	if err := checkDepartment(tx, p.Department); err != nil {
		return err
	}
	if err := insertPerson(tx.Context(), tx.DB(), p); err != nil {
		return err
	}
	_, err := tx.Record(gate.Entry{
		Action: "org.add_person", Subject: entrySubject("person", p.ID),
		Detail: custody.Detail("name", p.Name, "department", nilIfEmpty(p.Department), "number", nilIfEmpty(p.Number)),
	})
	return err
}

// EditPerson changes a serving person's name, number or department. Nothing changed is no change and no entry but
// fault Conflict "org.unchanged".
func (s *Service) EditPerson(ctx context.Context, actor access.Actor, id ident.PersonID, e PersonEdit) error {
	e, err := e.clean()
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.OrgEditPerson, subjectOf("person", id), func(tx *gate.Tx) error {
		p, err := servingPerson(tx, id)
		if err != nil {
			return err
		}
		return editPerson(tx, p, e)
	})
}

func editPerson(tx *gate.Tx, p Person, e PersonEdit) error {
	old := p
	p.Name, p.Number, p.Department = e.Name, e.Number, e.Department
	if p == old {
		return fault.New(fault.Conflict, "org.unchanged")
	}
	if p.Department != old.Department {
		if err := checkDepartment(tx, p.Department); err != nil {
			return err
		}
	}
	if err := updatePerson(tx.Context(), tx.DB(), p); err != nil {
		return err
	}
	_, err := tx.Record(gate.Entry{Subject: entrySubject("person", p.ID), Action: "org.edit_person", Detail: changes(old, p)})
	return err
}

// changes tells what was and what is, of the fields that differ.
func changes(old, p Person) []byte {
	var d []any
	for _, f := range []struct{ key, from, to string }{
		{"name", old.Name, p.Name},
		{"number", old.Number, p.Number},
		{"department", string(old.Department), string(p.Department)},
	} {
		if f.from != f.to {
			d = append(d, f.key+"_from", f.from, f.key+"_to", f.to)
		}
	}
	return custody.Detail(d...)
}

// DeactivatePerson ends a person's service: from now on the person cannot sign in, hold a camera or be chosen. What
// was recorded keeps naming them.
func (s *Service) DeactivatePerson(ctx context.Context, actor access.Actor, id ident.PersonID, reason string) error {
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.OrgEditPerson, subjectOf("person", id), func(tx *gate.Tx) error {
		p, err := servingPerson(tx, id)
		if err != nil {
			return err
		}
		if tx.Actor().Person == id {
			return fault.New(fault.Forbidden, "org.not_self")
		}
		p.DeactivatedAt = tx.Now()
		if err := updatePerson(tx.Context(), tx.DB(), p); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Action: "org.deactivate_person", Detail: custody.Detail("reason", reason)})
		return err
	})
}

// CertificateEdit is what can be said of a certificate.
type CertificateEdit struct {
	Number    string
	Kind      CertificateKind
	ValidFrom time.Time // any moment of the first day
	ValidTo   time.Time // any moment of the last day
}

func (e CertificateEdit) clean() (CertificateEdit, error) {
	var err error
	if e.Number, err = cleanNumber(e.Number, "certificate"); err != nil {
		return e, err
	}
	if e.Number == "" {
		return e, fault.New(fault.Invalid, "org.number", maxNumber).At("certificate")
	}
	switch e.Kind {
	case "":
		e.Kind = Enforcement
	case Enforcement, Supervision:
	default:
		return e, fault.New(fault.Invalid, "org.certificate_kind").At("kind")
	}
	if err := checkValidity(e.ValidFrom, e.ValidTo); err != nil {
		return e, err
	}
	e.ValidFrom, e.ValidTo = DayOf(e.ValidFrom), DayOf(e.ValidTo)
	return e, nil
}

// AddCertificate gives a serving person a certificate. A number that was ever used is fault Conflict
// "org.certificate_taken".
func (s *Service) AddCertificate(ctx context.Context, actor access.Actor, person ident.PersonID, e CertificateEdit) (Certificate, error) {
	e, err := e.clean()
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{ID: ident.New[ident.CertificateID](), Person: person, Number: e.Number, Kind: e.Kind, ValidFrom: e.ValidFrom, ValidTo: e.ValidTo}
	err = s.c.Gate.Do(ctx, actor, access.OrgEditCertificate, subjectOf("certificate", c.ID), func(tx *gate.Tx) error {
		if _, err := servingPerson(tx, person); err != nil {
			return err
		}
		return addCertificate(tx, c)
	})
	return c, err
}

func addCertificate(tx *gate.Tx, c Certificate) error {
	if err := insertCertificate(tx.Context(), tx.DB(), c, tx.Now()); err != nil {
		return err
	}
	_, err := tx.Record(certificateEntry("org.add_certificate", c, custody.Detail(
		"number", c.Number, "kind", c.Kind, "valid_from", dayText(c.ValidFrom), "valid_to", dayText(c.ValidTo))))
	return err
}

// EditCertificate mends a certificate that is not revoked.
func (s *Service) EditCertificate(ctx context.Context, actor access.Actor, id ident.CertificateID, e CertificateEdit) error {
	e, err := e.clean()
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.OrgEditCertificate, subjectOf("certificate", id), func(tx *gate.Tx) error {
		c, err := currentCertificate(tx, id)
		if err != nil {
			return err
		}
		return editCertificate(tx, c, e)
	})
}

func editCertificate(tx *gate.Tx, c Certificate, e CertificateEdit) error {
	old := c
	c.Number, c.Kind, c.ValidFrom, c.ValidTo = e.Number, e.Kind, e.ValidFrom, e.ValidTo
	if c == old {
		return fault.New(fault.Conflict, "org.unchanged")
	}
	if err := updateCertificate(tx.Context(), tx.DB(), c); err != nil {
		return err
	}
	var d []any
	for _, f := range []struct{ key, from, to string }{
		{"number", old.Number, c.Number},
		{"kind", string(old.Kind), string(c.Kind)},
		{"valid_from", dayText(old.ValidFrom), dayText(c.ValidFrom)},
		{"valid_to", dayText(old.ValidTo), dayText(c.ValidTo)},
	} {
		if f.from != f.to {
			d = append(d, f.key+"_from", f.from, f.key+"_to", f.to)
		}
	}
	_, err := tx.Record(certificateEntry("org.edit_certificate", c, custody.Detail(d...)))
	return err
}

// RevokeCertificate ends a certificate from today on, with a reason.
func (s *Service) RevokeCertificate(ctx context.Context, actor access.Actor, id ident.CertificateID, reason string) error {
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.OrgEditCertificate, subjectOf("certificate", id), func(tx *gate.Tx) error {
		c, err := currentCertificate(tx, id)
		if err != nil {
			return err
		}
		c.RevokedAt, c.RevokeReason = tx.Now(), reason
		if err := updateCertificate(tx.Context(), tx.DB(), c); err != nil {
			return err
		}
		_, err = tx.Record(certificateEntry("org.revoke_certificate", c, custody.Detail("reason", reason)))
		return err
	})
}

// Certificates gives the certificates of people, revoked and old ones included, by person and end. It is for the
// program itself and for pages that have listed the people.
func (s *Service) Certificates(ctx context.Context, people ...ident.PersonID) ([]Certificate, error) {
	if len(people) == 0 {
		return nil, nil
	}
	return selectCertificates(ctx, s.c.DB.Reader, people)
}

// CertificateOn gives the certificate that lets a person enforce on the day of t (R-08-01), the one valid longest if
// there are several; fault NotFound "org.no_certificate" if none does.
func (s *Service) CertificateOn(ctx context.Context, person ident.PersonID, t time.Time) (Certificate, error) {
	list, err := s.Certificates(ctx, person)
	if err != nil {
		return Certificate{}, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Kind == Enforcement && list[i].ValidOn(t) {
			return list[i], nil
		}
	}
	return Certificate{}, fault.New(fault.NotFound, "org.no_certificate", t).Under("8")
}

func servingPerson(tx *gate.Tx, id ident.PersonID) (Person, error) {
	p, err := selectPerson(tx.Context(), tx.DB(), id)
	if err != nil {
		return p, err
	}
	if !p.Active() {
		return p, fault.New(fault.Conflict, "org.person_inactive")
	}
	return p, nil
}

func currentCertificate(tx *gate.Tx, id ident.CertificateID) (Certificate, error) {
	c, err := selectCertificate(tx.Context(), tx.DB(), id)
	if err != nil {
		return c, err
	}
	if !c.RevokedAt.IsZero() {
		return c, fault.New(fault.Conflict, "org.certificate_revoked")
	}
	return c, nil
}

// checkDepartment refuses a department that does not exist or is closed. The bureau itself ("") is always there.
func checkDepartment(tx *gate.Tx, id ident.DepartmentID) error {
	if id == "" {
		return nil
	}
	t, err := lockedTree(tx)
	if err != nil {
		return err
	}
	d, ok := t.Find(id)
	if !ok {
		return fault.New(fault.NotFound, "org.department").At("department")
	}
	if !d.ClosedAt.IsZero() {
		return fault.New(fault.Conflict, "org.department_closed", d.Name).At("department")
	}
	return nil
}

func cleanReason(s string) (string, error) {
	s = plain(s)
	if n := len([]rune(s)); n == 0 || n > maxReason {
		return "", fault.New(fault.Invalid, "org.reason", maxReason).At("reason")
	}
	return s, nil
}

func certificateEntry(action access.Action, c Certificate, detail []byte) gate.Entry {
	return gate.Entry{
		Action: action, Subject: entrySubject("certificate", c.ID), Related: []custody.Subject{entrySubject("person", c.Person)},
		Article: "8", Requirement: "R-08-01", Detail: detail,
	}
}

func entrySubject[T ~string](kind string, id T) custody.Subject {
	return custody.Subject{Kind: kind, ID: string(id)}
}

func personSubject(p Person) access.Subject {
	return access.Subject{Kind: "person", ID: string(p.ID), Department: p.Department}
}

func dayText(t time.Time) string { return t.In(clock.Shanghai).Format(time.DateOnly) }
