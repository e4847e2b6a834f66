package org

import (
	"context"
	"errors"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Config wires the service.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
}

// Service is the bureau's register. Its writing methods go through the gate, one transaction and one or more entries
// each; a policy's refusal comes back as fault Forbidden with its article. It is safe for concurrent use.
type Service struct{ c Config }

// New makes the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil {
		return nil, errors.New("org: Config needs DB, Gate and Clock")
	}
	return &Service{c}, nil
}

// CreateBureau writes down which bureau this is; once, by the host, at init. A second time is fault Conflict
// "org.bureau_exists".
func (s *Service) CreateBureau(ctx context.Context, actor access.Actor, name string) (Bureau, error) {
	name, err := CleanName(name, "name")
	if err != nil {
		return Bureau{}, err
	}
	b := Bureau{ID: ident.New[ident.BureauID](), Name: name}
	err = s.c.Gate.Do(ctx, actor, access.SystemInit, subjectOf("bureau", b.ID), func(tx *gate.Tx) error {
		b.CreatedAt = tx.Now()
		if err := insertBureau(tx.Context(), tx.DB(), b); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("name", b.Name)})
		return err
	})
	return b, err
}

// Bureau gives the bureau, or fault NotFound "org.bureau" before init.
func (s *Service) Bureau(ctx context.Context) (Bureau, error) {
	return selectBureau(ctx, s.c.DB.Reader)
}

// Tree gives all departments. It is for the program itself; what a person may see is decided by the lists.
func (s *Service) Tree(ctx context.Context) (Tree, error) { return selectTree(ctx, s.c.DB.Reader) }

// Descendants gives a department and everything below it.
func (s *Service) Descendants(ctx context.Context, id ident.DepartmentID) ([]ident.DepartmentID, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return t.Descendants(id), nil
}

// AddDepartment opens a department under parent, or directly under the bureau where parent is empty. Names are unique
// among open departments, since imports name departments by them.
func (s *Service) AddDepartment(ctx context.Context, actor access.Actor, parent ident.DepartmentID, name string) (Department, error) {
	name, err := CleanName(name, "name")
	if err != nil {
		return Department{}, err
	}
	d := Department{ID: ident.New[ident.DepartmentID](), Parent: parent, Name: name}
	err = s.c.Gate.Do(ctx, actor, access.OrgEditDepartment, departmentSubject(d.ID), func(tx *gate.Tx) error {
		t, err := lockedTree(tx)
		if err != nil {
			return err
		}
		if err := checkMove(t, d.ID, parent); err != nil {
			return err
		}
		d.Sort = len(t.Children(parent))
		if err := insertDepartment(tx.Context(), tx.DB(), d, tx.Now()); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Action: "org.add_department", Detail: custody.Detail("name", d.Name, "parent", nilIfEmpty(parent))})
		return err
	})
	return d, err
}

// RenameDepartment gives a department another name.
func (s *Service) RenameDepartment(ctx context.Context, actor access.Actor, id ident.DepartmentID, name string) error {
	name, err := CleanName(name, "name")
	if err != nil {
		return err
	}
	return s.changeDepartment(ctx, actor, id, func(_ Tree, d *Department) (gate.Entry, error) {
		old := d.Name
		d.Name = name
		return gate.Entry{Action: "org.rename_department", Detail: custody.Detail("from", old, "to", name)}, nil
	})
}

// MoveDepartment puts a department, with all below it, under another parent ("" for the bureau). Below itself is
// fault Invalid "org.department_cycle".
func (s *Service) MoveDepartment(ctx context.Context, actor access.Actor, id, parent ident.DepartmentID) error {
	return s.changeDepartment(ctx, actor, id, func(t Tree, d *Department) (gate.Entry, error) {
		if err := checkMove(t, id, parent); err != nil {
			return gate.Entry{}, err
		}
		old := d.Parent
		d.Parent = parent
		return gate.Entry{Action: "org.move_department", Detail: custody.Detail("from", nilIfEmpty(old), "to", nilIfEmpty(parent))}, nil
	})
}

// CloseDepartment closes an empty department. While people serve in it or open departments stand below it, it is
// fault Conflict "org.department_in_use" (args: people, departments). Its recordings stay its own.
func (s *Service) CloseDepartment(ctx context.Context, actor access.Actor, id ident.DepartmentID) error {
	return s.c.Gate.Do(ctx, actor, access.OrgEditDepartment, departmentSubject(id), func(tx *gate.Tx) error {
		return editDepartment(tx, id, func(_ Tree, d *Department) (gate.Entry, error) {
			people, departments, err := countIn(tx.Context(), tx.DB(), id)
			if err != nil {
				return gate.Entry{}, err
			}
			if people+departments > 0 {
				return gate.Entry{}, fault.New(fault.Conflict, "org.department_in_use", people, departments)
			}
			d.ClosedAt = tx.Now()
			return gate.Entry{Action: "org.close_department"}, nil
		})
	})
}

func (s *Service) changeDepartment(ctx context.Context, actor access.Actor, id ident.DepartmentID, change func(Tree, *Department) (gate.Entry, error)) error {
	return s.c.Gate.Do(ctx, actor, access.OrgEditDepartment, departmentSubject(id), func(tx *gate.Tx) error {
		return editDepartment(tx, id, change)
	})
}

func editDepartment(tx *gate.Tx, id ident.DepartmentID, change func(Tree, *Department) (gate.Entry, error)) error {
	t, err := lockedTree(tx)
	if err != nil {
		return err
	}
	d, ok := t.Find(id)
	if !ok {
		return fault.New(fault.NotFound, "org.department")
	}
	if !d.ClosedAt.IsZero() {
		return fault.New(fault.Conflict, "org.department_closed", d.Name)
	}
	entry, err := change(t, &d)
	if err != nil {
		return err
	}
	if err := updateDepartment(tx.Context(), tx.DB(), d); err != nil {
		return err
	}
	_, err = tx.Record(entry)
	return err
}

// Names gives the names of people, for lists that hold their ids; unknown ids are missing from the map.
func (s *Service) Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error) {
	people, err := selectPeopleByID(ctx, s.c.DB.Reader, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[ident.PersonID]string, len(people))
	for _, p := range people {
		out[p.ID] = p.Name
	}
	return out, nil
}

// Person gives a person, or fault NotFound "org.person". It is for the program itself.
func (s *Service) Person(ctx context.Context, id ident.PersonID) (Person, error) {
	return selectPerson(ctx, s.c.DB.Reader, id)
}

// PeopleFilter narrows a list of people. Query finds a part of the name, staff number or certificate number.
type PeopleFilter struct {
	Query       string
	Departments []ident.DepartmentID
	Inactive    bool // those who no longer serve, too
	After       string
	Limit       int
}

// People lists the people the actor may know of, by name: administrators, leaders, reviewers and supervisors all of
// them, custodians and heads their departments', officers themselves.
func (s *Service) People(ctx context.Context, actor access.Actor, f PeopleFilter) (Page[Person], error) {
	if err := s.c.Gate.Check(ctx, actor, access.OrgView, access.Subject{Kind: "person"}); err != nil {
		return Page[Person]{}, err
	}
	after, err := ReadCursor(f.After, 2)
	if err != nil {
		return Page[Person]{}, err
	}
	n := PageSize(f.Limit)
	rows, err := selectPeople(ctx, s.c.DB.Reader, ScopeOf(actor), f, after, n+1)
	if err != nil {
		return Page[Person]{}, err
	}
	return Cut(rows, n, func(p Person) []string { return []string{p.Name, string(p.ID)} }), nil
}

// ScopeOf gives the people an actor may know of. The three administrators look after people, never after evidence, so
// unlike in access.ScopeOf they see all.
func ScopeOf(actor access.Actor) access.Scope {
	if actor.Kind == access.Person && !actor.Limited && actor.Has(access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin) {
		return access.Scope{All: true}
	}
	return access.ScopeOf(actor)
}

// Expiring gives the certificates of people the actor may know of that end within the span from now or have ended,
// and are not followed by a later one; soonest first.
func (s *Service) Expiring(ctx context.Context, actor access.Actor, within time.Duration) ([]Certificate, error) {
	if err := s.c.Gate.Check(ctx, actor, access.OrgView, access.Subject{Kind: "certificate"}); err != nil {
		return nil, err
	}
	scope := ScopeOf(actor)
	if scope.None() {
		return nil, nil
	}
	return selectExpiring(ctx, s.c.DB.Reader, scope, DayOf(s.c.Clock.Now().Add(within)))
}

func subjectOf[T ~string](kind string, id T) access.Subject {
	return access.Subject{Kind: kind, ID: string(id)}
}

func departmentSubject(id ident.DepartmentID) access.Subject {
	return access.Subject{Kind: "department", ID: string(id), Department: id}
}

func nilIfEmpty[T ~string](v T) any {
	if v == "" {
		return nil
	}
	return v
}

// lockedTree reads the tree for a change that must hold until it commits.
func lockedTree(tx *gate.Tx) (Tree, error) {
	if err := lockTree(tx.Context(), tx.DB()); err != nil {
		return nil, err
	}
	return selectTree(tx.Context(), tx.DB())
}

// ReadTree reads the departments, for packages that have no Service at hand.
func ReadTree(ctx context.Context, d *db.DB) (Tree, error) { return selectTree(ctx, d.Reader) }
