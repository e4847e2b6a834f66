// Package shelf keeps how people like to see the list of recordings: views (视图), which are conditions under a name, their
// own or shared with their department, and the columns and density each chose. A view holds conditions and no rows: whoever
// opens it sees what is in their own scope.
package shelf

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Bounds of what is kept.
const (
	MaxViews = 20  // of one person; a row of tabs holds no more
	MaxName  = 20  // characters
	maxQuery = 600 // bytes
)

// View is a list's conditions under a name.
type View struct {
	ID         ident.ViewID
	Person     ident.PersonID
	Department ident.DepartmentID // it is shared with; "" is the person's alone
	Name       string
	Query      string // as the address holds it, without a leading "?"
	At         time.Time
}

// Layout is what a person chose for the list. The zero value is the usual one.
type Layout struct {
	Columns []string
	Dense   bool
}

// Config is what a Service needs.
type Config struct {
	DB   *db.DB
	Gate *gate.Gate
}

// Service keeps views and layouts. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil {
		return nil, errors.New("shelf: Config needs DB and Gate")
	}
	return &Service{c}, nil
}

// Views gives a person's own views, then those that their departments share, each by name.
func (s *Service) Views(ctx context.Context, actor access.Actor) ([]View, error) {
	departments := actor.Departments
	if actor.Department != "" && !slices.Contains(departments, actor.Department) {
		departments = append(slices.Clone(departments), actor.Department)
	}
	rows, err := viewsOf(ctx, s.c.DB.Reader, actor.Person, departments)
	if err != nil {
		return nil, err
	}
	out := make([]View, len(rows))
	for i, r := range rows {
		out[i] = r.view()
	}
	return out, nil
}

// Save keeps conditions under a name; a view of that name that the person has already is replaced. share makes it the
// department's, which is a head's and a custodian's to do. Faults at "name": Invalid "shelf.name" for an empty or long one,
// Conflict "shelf.full" beyond MaxViews. Invalid "shelf.query" for what cannot be conditions.
func (s *Service) Save(ctx context.Context, actor access.Actor, name, query string, share bool) (ident.ViewID, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return "", fault.New(fault.Invalid, "shelf.name", MaxName).At("name")
	}
	if query == "" || len(query) > maxQuery || strings.ContainsAny(query, "\n\r#?") {
		return "", fault.New(fault.Invalid, "shelf.query")
	}
	subject := access.Subject{Kind: "view", Owner: actor.ID}
	if share {
		subject.Department = actor.Department
	}
	row := viewRow{ID: ident.New[ident.ViewID](), Person: actor.Person, Department: subject.Department, Name: name, Query: query}
	subject.ID = string(row.ID)
	err := s.c.Gate.Do(ctx, actor, access.RecordingSaveView, subject, func(tx *gate.Tx) error {
		row.At = clock.Micros(tx.Now())
		if err := keepView(tx.Context(), tx.DB(), &row); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			Subject: custody.Subject{Kind: "view", ID: string(row.ID)},
			Detail:  custody.Detail("label", name, "query", query, "shared", share),
		})
		return err
	})
	return row.ID, err
}

// Remove takes a view away; it is for who made it. NotFound "shelf.unknown".
func (s *Service) Remove(ctx context.Context, actor access.Actor, id ident.ViewID) error {
	row, err := oneView(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	if row.Person != actor.Person {
		return fault.New(fault.NotFound, "shelf.unknown")
	}
	subject := access.Subject{Kind: "view", ID: string(id), Owner: actor.ID}
	return s.c.Gate.Do(ctx, actor, access.RecordingRemoveView, subject, func(tx *gate.Tx) error {
		if err := dropView(tx.Context(), tx.DB(), id); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("label", row.Name)})
		return err
	})
}

// Layout gives what a person chose.
func (s *Service) Layout(ctx context.Context, actor access.Actor) (Layout, error) {
	row, found, err := layoutOf(ctx, s.c.DB.Reader, actor.Person)
	if err != nil || !found {
		return Layout{}, err
	}
	return Layout{Columns: strings.Fields(row.Columns), Dense: row.Dense == 1}, nil
}

// SetLayout keeps what a person chose. The same again changes nothing and writes nothing.
func (s *Service) SetLayout(ctx context.Context, actor access.Actor, l Layout) error {
	now, err := s.Layout(ctx, actor)
	if err != nil {
		return err
	}
	if slices.Equal(now.Columns, l.Columns) && now.Dense == l.Dense {
		return nil
	}
	columns := strings.Join(l.Columns, " ")
	if len(columns) > maxQuery {
		return fault.New(fault.Invalid, "shelf.query")
	}
	row := layoutRow{Person: actor.Person, Columns: columns}
	if l.Dense {
		row.Dense = 1
	}
	subject := access.Subject{Kind: "view", ID: string(actor.Person), Owner: actor.ID}
	return s.c.Gate.Do(ctx, actor, access.RecordingSetLayout, subject, func(tx *gate.Tx) error {
		row.At = clock.Micros(tx.Now())
		if err := keepLayout(tx.Context(), tx.DB(), &row); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("columns", columns, "dense", l.Dense)})
		return err
	})
}
