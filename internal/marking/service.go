package marking

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// Object is a recording as far as marking it asks.
type Object struct {
	ID         ident.RecordingID // the whole
	Department ident.DepartmentID
	Officer    ident.PersonID
	Name       string
}

func (o Object) subject() access.Subject {
	return access.Subject{Kind: "recording", ID: string(o.ID), Department: o.Department, Officer: o.Officer}
}

// Config is what a Service needs.
type Config struct {
	DB   *db.DB
	Gate *gate.Gate
	// Object tells of a recording: of the whole, where a part is asked about.
	Object func(ctx context.Context, id ident.RecordingID) (Object, error)
	// Handled tells whether a person handles an open case to which a recording is linked; nil where there are no cases.
	Handled func(ctx context.Context, person ident.PersonID, rec ident.RecordingID) (bool, error)
}

// Service is the one writer of marks. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Object == nil {
		return nil, errors.New("marking: Config is incomplete")
	}
	return &Service{c}, nil
}

// reportWithin is how soon a leader reports a suspected state secret to the competent office; the law says at once.
const reportWithin = 24 * time.Hour

// maxWords bounds what a person writes, in characters.
const maxWords = 500

func text(s, field string) (string, error) { return bounded(s, field, "marking.words", maxWords) }

// bounded is what was typed, of two characters and at most so many; code is the fault for anything else.
func bounded(s, field, code string, most int) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n < 2 || n > most {
		return "", fault.New(fault.Invalid, code, most).At(field)
	}
	return s, nil
}

// asked is a recording as policies see it when this actor would put a mark on it: on the ground of handling its case, where they do.
func (s *Service) asked(ctx context.Context, actor access.Actor, o Object) (access.Subject, error) {
	sub := o.subject()
	if s.c.Handled == nil || actor.Kind != access.Person || actor.Person == "" || !actor.Has(access.Officer) {
		return sub, nil
	}
	handles, err := s.c.Handled(ctx, actor.Person, o.ID)
	if handles {
		sub.Ground = "handler"
	}
	return sub, err
}

// MayPut tells whether the actor could put a mark on a recording, to show or hide a form.
func (s *Service) MayPut(ctx context.Context, actor access.Actor, rec ident.RecordingID) (bool, error) {
	o, err := s.c.Object(ctx, rec)
	if err != nil {
		return false, err
	}
	sub, err := s.asked(ctx, actor, o)
	return err == nil && s.c.Gate.May(actor, access.MarkingPut, sub), err
}

// know refuses whoever may neither know of a recording nor marks it as a handler of its case.
func (s *Service) know(ctx context.Context, actor access.Actor, o Object) error {
	sub, err := s.asked(ctx, actor, o)
	if err != nil || sub.Ground != "" && s.c.Gate.May(actor, access.MarkingPut, sub) {
		return err
	}
	return s.c.Gate.Check(ctx, actor, access.RecordingView, o.subject())
}

// Put says that a recording holds something (R-20-4). A mark for a state secret freezes it in the same change, is a duty of
// the leaders; what runs over it asks Refuse before each piece and ends by itself. Faults: Invalid "marking.mark", "marking.words"; Conflict "marking.stands".
func (s *Service) Put(ctx context.Context, actor access.Actor, rec ident.RecordingID, mark Mark, reason string) (*Marking, error) {
	if !slices.Contains(Marks(), mark) {
		return nil, fault.New(fault.Invalid, "marking.mark").At("mark")
	}
	words, err := text(reason, "words")
	if err != nil {
		return nil, err
	}
	o, err := s.c.Object(ctx, rec)
	if err != nil {
		return nil, err
	}
	sub, err := s.asked(ctx, actor, o)
	if err != nil {
		return nil, err
	}
	m := &Marking{ID: ident.New[ident.MarkingID](), Recording: o.ID, Mark: mark, Words: words, PutBy: actor.Person, PutName: actor.Name}
	err = s.c.Gate.Do(ctx, actor, access.MarkingPut, sub, func(tx *gate.Tx) error {
		stands, err := For(tx.Context(), tx.DB(), o.ID)
		if err != nil {
			return err
		}
		if stands[mark] {
			return fault.New(fault.Conflict, "marking.stands")
		}
		m.PutAt = tx.Now()
		if err := insert(tx.Context(), tx.DB(), m); err != nil {
			return err
		}
		if err := record(tx, m, custody.Opened); err != nil {
			return err
		}
		if mark != StateSecret {
			return nil
		}
		_, err = duty.Open(tx, duty.New{
			Kind: duty.SecretReport, Subject: m.of(), Department: o.Department, Due: tx.Now().Add(reportWithin), Args: map[string]any{"name": o.Name},
		})
		return err
	})
	return m, err
}

// Lift takes a mark off, with a reason. Whoever put a mark for an informant or a state secret never lifts it, and a state
// secret is lifted only on the written answer of the competent office, which basis names with its number (decision
// 21). Faults: NotFound "marking.unknown"; Conflict "marking.lifted", "marking.own"; Invalid "marking.words" at words or basis.
func (s *Service) Lift(ctx context.Context, actor access.Actor, id ident.MarkingID, reason, basis string) error {
	words, err := text(reason, "words")
	if err != nil {
		return err
	}
	m, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	if m.Mark == StateSecret {
		if basis, err = text(basis, "basis"); err != nil {
			return err
		}
	} else {
		basis = ""
	}
	o, err := s.c.Object(ctx, m.Recording)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.MarkingLift, o.subject(), func(tx *gate.Tx) error {
		m, err := byID(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if !m.Stands() {
			return fault.New(fault.Conflict, "marking.lifted")
		}
		if m.PutBy == actor.Person && (m.Mark == Informant || m.Mark == StateSecret) {
			return fault.New(fault.Conflict, "marking.own")
		}
		m.LiftedAt, m.LiftedBy, m.LiftedName, m.LiftedWords, m.Basis = tx.Now(), actor.Person, actor.Name, words, basis
		if err := lift(tx.Context(), tx.DB(), m); err != nil {
			return err
		}
		if err := record(tx, m, custody.Closed); err != nil || m.Mark != StateSecret {
			return err
		}
		return duty.Meet(tx, duty.SecretReport, m.of(), "") // the written answer came
	})
}

func record(tx *gate.Tx, m *Marking, outcome custody.Outcome) error {
	said, err := say(tx.Context(), tx.DB(), m.ID)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Outcome: outcome, Related: []custody.Subject{m.about()},
		Detail: custody.Detail(append(said, "mark", string(m.Mark), "words_digest", vouch.Digest(m.Words))...),
	})
	return err
}

// of names the recording, at which whoever owes a report begins.
func (m *Marking) of() custody.Subject {
	return custody.Subject{Kind: "recording", ID: string(m.Recording)}
}

func (m *Marking) about() custody.Subject {
	return custody.Subject{Kind: "marking", ID: string(m.ID)}
}

// Of lists the marks of a recording, standing and lifted. Who may know of the recording, or handles its case, sees them, but a mark for an
// informant only its custodians, heads and leaders who could put one.
func (s *Service) Of(ctx context.Context, actor access.Actor, rec ident.RecordingID) ([]Marking, error) {
	o, err := s.c.Object(ctx, rec)
	if err != nil {
		return nil, err
	}
	if err := s.know(ctx, actor, o); err != nil {
		return nil, err
	}
	all, err := of(ctx, s.c.DB.Reader, o.ID)
	if err != nil || actor.Has(access.Custodian, access.Head, access.Leader) && s.c.Gate.May(actor, access.MarkingPut, o.subject()) {
		return all, err
	}
	return slices.DeleteFunc(all, func(m Marking) bool { return m.Mark == Informant }), nil
}
