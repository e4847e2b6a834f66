package marking

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// maxShort bounds an office and a number, in characters.
const maxShort = 100

func short(s, field string) (string, error) { return bounded(s, field, "marking.short", maxShort) }

// check cleans what was typed; day is today in Shanghai.
func (i *Instruction) check(day string) (err error) {
	if i.Office, err = short(i.Office, "office"); err != nil {
		return err
	}
	if i.Number, err = short(i.Number, "number"); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, i.Dated); err != nil || i.Dated > day {
		return fault.New(fault.Invalid, "marking.dated").At("dated")
	}
	if !slices.Contains(Orders(), i.Orders) {
		return fault.New(fault.Invalid, "marking.orders").At("orders")
	}
	if i.Words = locale.Typed(i.Words); utf8.RuneCountInString(i.Words) > maxWords {
		return fault.New(fault.Invalid, "marking.words", maxWords).At("words")
	}
	return nil
}

// Instruct records what the competent office wrote about a suspected state secret: the office, the number and day of its paper and what it
// orders (decision 21). It meets the leaders' duty to report, since the office has answered. The freeze stays whatever is ordered. Faults:
// NotFound "marking.unknown"; Invalid "marking.short", "marking.dated", "marking.orders", "marking.words" at the field; Conflict
// "marking.lifted", "marking.no_secret", "marking.instructed" (this paper is recorded already).
func (s *Service) Instruct(ctx context.Context, actor access.Actor, id ident.MarkingID, in Instruction) (*Instruction, error) {
	m, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	o, err := s.c.Object(ctx, m.Recording)
	if err != nil {
		return nil, err
	}
	in.ID, in.Marking, in.By, in.ByName, in.Entry = ident.New[ident.InstructionID](), m.ID, actor.Person, actor.Name, ident.New[ident.EntryID]()
	err = s.c.Gate.Do(ctx, actor, access.MarkingInstruct, o.subject(), func(tx *gate.Tx) error {
		in.At = tx.Now()
		if err := in.check(in.At.In(clock.Shanghai).Format(time.DateOnly)); err != nil {
			return err
		}
		if err := secret(tx, id); err != nil {
			return err
		}
		said, err := insertInstruction(tx.Context(), tx.DB(), &in)
		if err != nil {
			return err
		}
		if _, err := tx.Record(gate.Entry{
			ID: in.Entry, Related: beside(m.ID), Detail: custody.Detail(append(said, "orders", string(in.Orders), "dated", in.Dated)...),
		}); err != nil {
			return err
		}
		return duty.Meet(tx, duty.SecretReport, m.of(), in.Entry)
	})
	return &in, err
}

// secret locks a mark and is Conflict where it is none for a state secret, or does not stand any more.
func secret(tx *gate.Tx, id ident.MarkingID) error {
	m, err := locked(tx.Context(), tx.DB(), id)
	switch {
	case err != nil:
		return err
	case m.Mark != StateSecret:
		return fault.New(fault.Conflict, "marking.no_secret")
	case !m.Stands():
		return fault.New(fault.Conflict, "marking.lifted")
	}
	return nil
}

// Execute records that what an instruction orders was carried out: at which places, when, and how (decision 21). It counts once
// somebody else has witnessed it. Nothing is cleared by this: what is recorded is what people did. Faults: NotFound
// "marking.no_instruction"; Conflict "marking.nothing_ordered" (it orders to keep), "marking.lifted"; Invalid "marking.places",
// "marking.done", "marking.words" at the field.
func (s *Service) Execute(ctx context.Context, actor access.Actor, id ident.InstructionID, places []Place, done time.Time, how string) (*Execution, error) {
	in, o, err := s.instruction(ctx, id)
	if err != nil {
		return nil, err
	}
	e := &Execution{
		ID: ident.New[ident.ExecutionID](), Instruction: in.ID, Marking: in.Marking, DoneAt: done, By: actor.Person, ByName: actor.Name, Entry: ident.New[ident.EntryID](),
	}
	for _, p := range Places() {
		if slices.Contains(places, p) {
			e.Places = append(e.Places, p)
		}
	}
	err = s.c.Gate.Do(ctx, actor, access.MarkingExecute, o.subject(), func(tx *gate.Tx) error {
		e.At = tx.Now()
		if err := secret(tx, in.Marking); err != nil {
			return err
		}
		if !in.Carried() {
			return fault.New(fault.Conflict, "marking.nothing_ordered")
		}
		if len(e.Places) == 0 || len(e.Places) != len(places) {
			return fault.New(fault.Invalid, "marking.places").At("places")
		}
		if day := done.In(clock.Shanghai).Format(time.DateOnly); done.After(e.At) || day < in.Dated {
			return fault.New(fault.Invalid, "marking.done").At("done")
		}
		var err error
		if e.Words, err = text(how, "words"); err != nil {
			return err
		}
		said, err := insertExecution(tx.Context(), tx.DB(), e)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			ID: e.Entry, Outcome: custody.Opened, Related: beside(in.Marking), Detail: custody.Detail(append(said, "orders", string(in.Orders), "places", e.places())...),
		})
		return err
	})
	return e, err
}

// Witness records that a second person saw it carried out. Faults: NotFound "marking.no_execution"; Conflict "marking.witnessed",
// "marking.lifted"; Invalid "marking.words"; Forbidden for whoever carried it out.
func (s *Service) Witness(ctx context.Context, actor access.Actor, id ident.ExecutionID, words string) error {
	seen, err := executionByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	_, o, err := s.instruction(ctx, seen.Instruction)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.MarkingWitness, o.witnessed(seen), func(tx *gate.Tx) error {
		if err := secret(tx, seen.Marking); err != nil {
			return err
		}
		e, err := executionByID(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if !e.WitnessAt.IsZero() {
			return fault.New(fault.Conflict, "marking.witnessed")
		}
		if e.WitnessWords, err = text(words, "words"); err != nil {
			return err
		}
		e.WitnessAt, e.Witness, e.WitnessName, e.Entry = tx.Now(), actor.Person, actor.Name, ident.New[ident.EntryID]()
		said, err := witness(tx.Context(), tx.DB(), e)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{ID: e.Entry, Outcome: custody.Closed, Related: beside(e.Marking), Detail: custody.Detail(append(said, "places", e.places())...)})
		return err
	})
}

func (s *Service) instruction(ctx context.Context, id ident.InstructionID) (*Instruction, Object, error) {
	in, err := instructionByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, Object{}, err
	}
	m, err := byID(ctx, s.c.DB.Reader, in.Marking)
	if err != nil {
		return nil, Object{}, err
	}
	o, err := s.c.Object(ctx, m.Recording)
	return in, o, err
}

// Instructions lists what the competent office wrote about a recording and what was done on it, the newest first, to who may know of the
// recording.
func (s *Service) Instructions(ctx context.Context, actor access.Actor, rec ident.RecordingID) ([]Instruction, error) {
	o, err := s.c.Object(ctx, rec)
	if err != nil {
		return nil, err
	}
	if err := s.know(ctx, actor, o); err != nil {
		return nil, err
	}
	return instructionsOf(ctx, s.c.DB.Reader, o.ID)
}

// MayWitness tells whether the actor could witness an execution at a recording, to show or hide a button.
func (s *Service) MayWitness(ctx context.Context, actor access.Actor, rec ident.RecordingID, e *Execution) bool {
	o, err := s.c.Object(ctx, rec)
	return err == nil && e.WitnessAt.IsZero() && s.c.Gate.May(actor, access.MarkingWitness, o.witnessed(e))
}
