package handed

import (
	"context"
	"errors"
	"iter"
	"slices"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// Config is what a Service needs. Case gives the case of a number, of those the actor may know of; fault NotFound else.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
	Case  func(ctx context.Context, actor access.Actor, no string) (ident.CaseID, error)
}

// Service keeps what is handed in. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Case == nil {
		return nil, errors.New("handed: Config is incomplete")
	}
	return &Service{c}, nil
}

// maxWords bounds what a person writes in one field, in characters.
const maxWords = 500

func (e *Edit) check() error {
	for _, f := range []struct {
		name   string
		of     *string
		needed bool
	}{
		{"giver", &e.Giver, true},
		{"contact", &e.Contact, false},
		{"for", &e.For, e.Capacity == Agent},
		{"case", &e.CaseNo, false},
		{"carrier", &e.Carrier, true},
		{"shows", &e.Shows, true},
	} {
		*f.of = locale.Typed(*f.of)
		if n := utf8.RuneCountInString(*f.of); n > maxWords || f.needed && n < 2 {
			return fault.New(fault.Invalid, "handed.words", maxWords).At(f.name)
		}
	}
	if !slices.Contains(Capacities(), e.Capacity) {
		return fault.New(fault.Invalid, "handed.capacity").At("capacity")
	}
	return nil
}

// Open begins to take something in; files that are sent for it by the same account are part of it until it is closed. Faults: Invalid
// "handed.words", "handed.capacity" at the field; Conflict "handed.no_department" for who belongs to none; NotFound "case.unknown".
func (s *Service) Open(ctx context.Context, actor access.Actor, e Edit) (*Handing, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	if actor.Department == "" {
		return nil, fault.New(fault.Conflict, "handed.no_department")
	}
	h := &Handing{
		ID: ident.New[ident.HandedID](), State: Open, Giver: e.Giver, Capacity: e.Capacity, Contact: e.Contact, For: e.For, CaseNo: e.CaseNo, Carrier: e.Carrier,
		Shows: e.Shows, Returned: e.Returned, Department: actor.Department, By: actor.Person, ByName: actor.Name, Account: ident.AccountID(actor.ID),
		Entry: ident.New[ident.EntryID](),
	}
	if e.CaseNo != "" {
		var err error
		if h.Case, err = s.c.Case(ctx, actor, e.CaseNo); err != nil {
			return nil, err
		}
	}
	err := s.c.Gate.Do(ctx, actor, access.HandedOpen, h.subject(), func(tx *gate.Tx) error {
		h.OpenedAt = tx.Now()
		said, err := insert(tx.Context(), tx.DB(), h)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{ID: h.Entry, Related: h.related(), Outcome: custody.Opened, Detail: custody.Detail(append(said, "no", h.No, "capacity", string(h.Capacity))...)})
		return err
	})
	return h, err
}

func (h *Handing) related() []custody.Subject {
	if h.Case == "" {
		return nil
	}
	return []custody.Subject{{Kind: "case", ID: string(h.Case)}}
}

// Arrivals gives the files that were sent for a handing, in the order in which they were begun.
func (s *Service) Arrivals(ctx context.Context, h *Handing) ([]Arrival, error) {
	return arrivals(ctx, s.c.DB.Reader, h)
}

// Close fixes the list of what was handed in. What failed on the way, or was not finished, is not in it and belongs to nothing any
// more. Faults: Conflict "handed.ended", "handed.nothing" (no file arrived), "handed.settling" (one is still being looked into: wait
// a moment).
func (s *Service) Close(ctx context.Context, actor access.Actor, id ident.HandedID) error {
	return s.change(ctx, actor, access.HandedClose, id, func(tx *gate.Tx, h *Handing) ([]any, []custody.Subject, error) {
		list, err := arrivals(tx.Context(), tx.DB(), h)
		if err != nil {
			return nil, nil, err
		}
		list = slices.DeleteFunc(list, func(a Arrival) bool { return !a.Sealed })
		if len(list) == 0 {
			return nil, nil, fault.New(fault.Conflict, "handed.nothing")
		}
		if !Ready(list) {
			return nil, nil, fault.New(fault.Conflict, "handed.settling")
		}
		said, related, err := insertItems(tx.Context(), tx.DB(), h, list)
		if err != nil {
			return nil, nil, err
		}
		h.State = Closed
		return append(said, "files", len(list)), related, nil
	})
}

// Cancel ends one that was begun by mistake, before anything arrived. Faults: Conflict "handed.ended", "handed.arrived"; Invalid
// "handed.words".
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id ident.HandedID, why string) error {
	words := locale.Typed(why)
	if n := utf8.RuneCountInString(words); n > maxWords || n < 2 {
		return fault.New(fault.Invalid, "handed.words", maxWords).At("words")
	}
	return s.change(ctx, actor, access.HandedCancel, id, func(tx *gate.Tx, h *Handing) ([]any, []custody.Subject, error) {
		list, err := arrivals(tx.Context(), tx.DB(), h)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(list, func(a Arrival) bool { return a.Sealed }) {
			return nil, nil, fault.New(fault.Conflict, "handed.arrived")
		}
		h.State, h.Words = Cancelled, words
		return nil, nil, nil
	})
}

func (s *Service) change(ctx context.Context, actor access.Actor, action access.Action, id ident.HandedID, fn func(*gate.Tx, *Handing) ([]any, []custody.Subject, error)) error {
	seen, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, action, seen.subject(), func(tx *gate.Tx) error {
		h, err := lock(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if h.State != Open {
			return fault.New(fault.Conflict, "handed.ended")
		}
		detail, related, err := fn(tx, h)
		if err != nil {
			return err
		}
		h.EndedAt, h.Entry = tx.Now(), ident.New[ident.EntryID]()
		said, err := update(tx.Context(), tx.DB(), h)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			ID: h.Entry, Related: append(h.related(), related...), Outcome: custody.Closed, Detail: custody.Detail(append(append(said, "no", h.No, "state", string(h.State)), detail...)...),
		})
		return err
	})
}

// Get gives one to who may know of it, with its items once it is closed. NotFound "handed.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.HandedID) (*Handing, []Item, error) {
	h, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.HandedView, h.subject()); err != nil {
		return nil, nil, err
	}
	items, err := itemsOf(ctx, s.c.DB.Reader, id)
	return h, items, err
}

// May tells whether the actor may do something about one, to show or hide a button.
func (s *Service) May(actor access.Actor, action access.Action, h *Handing) bool {
	return s.c.Gate.May(actor, action, h.subject())
}

// Receipt is Get for who prints the receipt of a closed one: it leaves the house, so that it is an entry. Conflict "handed.open".
func (s *Service) Receipt(ctx context.Context, actor access.Actor, id ident.HandedID) (*Handing, []Item, error) {
	h, items, err := s.Get(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	if h.State != Closed {
		return nil, nil, fault.New(fault.Conflict, "handed.open")
	}
	err = s.c.Gate.Do(ctx, actor, access.HandedReceipt, h.subject(), func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Related: h.related(), Detail: custody.Detail("no", h.No)})
		return err
	})
	return h, items, err
}

// Filter narrows the list; empty fields do not.
type Filter struct {
	State State
	Case  ident.CaseID
}

// List gives those in the actor's scope below a number (0: from the newest), the newest first, and how many there are in all.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, before int64, limit int) ([]Handing, int, error) {
	if err := s.c.Gate.Check(ctx, actor, access.HandedList, access.Subject{Kind: "handed"}); err != nil {
		return nil, 0, err
	}
	return list(ctx, s.c.DB.Reader, actor, f, before, limit)
}

// Export writes an entry and yields every one in scope.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Handing, error], error) {
	err := s.c.Gate.Do(ctx, actor, access.HandedExport, access.Subject{Kind: "ledger", ID: "handed"}, func(tx *gate.Tx) error {
		_, n, err := list(tx.Context(), tx.DB(), actor, f, 0, 1)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", n)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return db.Each(500, func(after int64, limit int) ([]Handing, error) {
		rows, _, err := list(ctx, s.c.DB.Reader, actor, f, after, limit)
		return rows, err
	}, func(h *Handing) int64 { return h.No }), nil
}

// Of gives the handing that a recording came by, for its page; nil for the bureau's own. Ask whether the reader may know of the
// recording first.
func (s *Service) Of(ctx context.Context, rec ident.RecordingID) (*Handing, error) {
	return ofRecording(ctx, s.c.DB.Reader, rec)
}
