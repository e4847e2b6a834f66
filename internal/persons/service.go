package persons

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Config is what a Service needs.
type Config struct {
	DB   *db.DB
	Gate *gate.Gate
	// Case tells the department of the case that a number names, of those the actor may know of; fault NotFound else.
	Case func(ctx context.Context, actor access.Actor, no string) (ident.CaseID, ident.DepartmentID, error)
	// Calendar gives the working days that are in force today; where it is nil every day counts.
	Calendar func(ctx context.Context) (term.Calendar, error)
}

// Service is the one writer of the register of people who were filmed. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Case == nil {
		return nil, errors.New("persons: Config is incomplete")
	}
	return &Service{c}, nil
}

// Received is what is written down when somebody asks.
type Received struct {
	Kind    Kind
	Name    string
	Contact string
	CaseNo  string // where it is known
	Where   string
	Words   string
}

// Bounds of what is written, in characters.
const (
	maxName  = 60
	maxWords = 2000
)

func text(s, field string, least, most int) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n < least || n > most {
		return "", fault.New(fault.Invalid, "persons.words", least, most).At(field)
	}
	return s, nil
}

// Receive takes a matter in and starts its clock, a duty of the custodians of the department: that of the case, or the receiver's own
// where no case is known. Faults: Invalid "persons.kind", "persons.words" at the field; NotFound "case.unknown" at the number.
func (s *Service) Receive(ctx context.Context, actor access.Actor, r Received) (*Matter, error) {
	if !slices.Contains(Kinds(), r.Kind) {
		return nil, fault.New(fault.Invalid, "persons.kind").At("kind")
	}
	least := 2
	if r.Kind == Incident {
		least = 0 // whoever reports a leak need not say who they are
	}
	m := &Matter{ID: ident.New[ident.PersonMatterID](), Kind: r.Kind, State: Open, Department: actor.Department, ReceivedBy: actor.Person, ReceivedName: actor.Name}
	var err error
	for _, f := range []struct {
		to          *string
		from, field string
		least, most int
	}{
		{&m.Name, r.Name, "name", least, maxName}, {&m.Contact, r.Contact, "contact", least, 200}, {&m.Where, r.Where, "place", 0, 500}, {&m.Words, r.Words, "words", 2, maxWords},
	} {
		if *f.to, err = text(f.from, f.field, f.least, f.most); err != nil {
			return nil, err
		}
	}
	if no := strings.TrimSpace(r.CaseNo); no != "" {
		if m.Case, m.Department, err = s.c.Case(ctx, actor, no); err != nil {
			return nil, err
		}
	}
	if m.Department == "" {
		return nil, fault.New(fault.Invalid, "persons.department").At("case_no")
	}
	var cal term.Calendar
	if s.c.Calendar != nil {
		if cal, err = s.c.Calendar(ctx); err != nil {
			return nil, err
		}
	}
	return m, s.c.Gate.Do(ctx, actor, access.PersonReceive, m.Subject(), func(tx *gate.Tx) error {
		m.ReceivedAt = tx.Now()
		m.Due, _ = DueAfter(cal, m.ReceivedAt)
		if err := insert(tx.Context(), tx.DB(), m); err != nil {
			return err
		}
		if err := record(tx, m, custody.Opened); err != nil {
			return err
		}
		_, err := duty.Open(tx, duty.New{
			Kind: duty.PersonMatter, Subject: m.about(), Department: m.Department, Due: m.Due, Args: map[string]any{"no": m.No},
		})
		return err
	})
}

// Answer ends a matter with a reasoned answer; declined says that what was asked is not done, for the reason given. Nobody answers a
// complaint they took in about themselves: that is for people to see. Conflict "persons.ended".
func (s *Service) Answer(ctx context.Context, actor access.Actor, id ident.PersonMatterID, answer string, declined bool) error {
	words, err := text(answer, "answer", 2, maxWords)
	if err != nil {
		return err
	}
	seen, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.PersonAnswer, seen.Subject(), func(tx *gate.Tx) error {
		m, err := byID(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if m.State != Open {
			return fault.New(fault.Conflict, "persons.ended")
		}
		if m.State = Answered; declined {
			m.State = Declined
		}
		m.EndedAt, m.EndedBy, m.EndedName, m.Answer = tx.Now(), actor.Person, actor.Name, words
		if err := end(tx.Context(), tx.DB(), m); err != nil {
			return err
		}
		if err := record(tx, m, custody.Closed); err != nil {
			return err
		}
		return duty.Meet(tx, duty.PersonMatter, m.about(), "")
	})
}

func record(tx *gate.Tx, m *Matter, outcome custody.Outcome) error {
	said, err := say(tx.Context(), tx.DB(), m.ID)
	if err != nil {
		return err
	}
	var related []custody.Subject
	if m.Case != "" {
		related = append(related, custody.Subject{Kind: "case", ID: string(m.Case)})
	}
	_, err = tx.Record(gate.Entry{
		Subject: m.about(), Related: related, Outcome: outcome,
		Detail: custody.Detail(append(said, "no", m.No, "kind", string(m.Kind), "state", string(m.State), "due_us", clock.Micros(m.Due))...),
	})
	return err
}

// Get reads a matter for whoever may know of it.
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*Matter, error) {
	m, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	return m, s.c.Gate.Check(ctx, actor, access.PersonView, m.Subject())
}

// Filter narrows a list.
type Filter struct {
	Kind  Kind
	State State
	// ByDue puts what is to be answered soonest first; else the newest is.
	ByDue bool
}

// Clean drops conditions that are none.
func (f Filter) Clean() Filter {
	if !slices.Contains(Kinds(), f.Kind) {
		f.Kind = ""
	}
	if !slices.Contains(States(), f.State) {
		f.State = ""
	}
	return f
}

// List gives the matters in the actor's scope in the filter's order, and how many there are; before continues after the matter of a number.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, before int64, limit int) ([]Matter, int, error) {
	if err := s.c.Gate.Check(ctx, actor, access.PersonList, access.Subject{Kind: "person_matter", ID: "list"}); err != nil {
		return nil, 0, err
	}
	return list(ctx, s.c.DB.Reader, access.ScopeOf(actor), f, before, min(max(limit, 1), 200))
}

// May reports whether the actor may do something with a matter.
func (s *Service) May(actor access.Actor, action access.Action, m *Matter) bool {
	return s.c.Gate.May(actor, action, m.Subject())
}
