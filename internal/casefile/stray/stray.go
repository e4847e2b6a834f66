// Package stray is about recordings that belong to no case (R-22-4): every recording is to be linked to a case within a
// week of its storing, by its user; after that the custodian owes it. It opens and ends the duties, and says to which cases
// a recording may belong, by officer, camera and time. The links themselves are package casefile's.
package stray

import (
	"context"
	"errors"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
)

const (
	// Term is how long a recording may belong to no case: the regulation leaves it open, and a week is what offices use.
	Term = 7 * 24 * time.Hour
	// reach is how far back recordings are looked for. What was stored before cases were kept here is nobody's duty.
	reach = 30 * 24 * time.Hour
	// batch is how many duties are opened or handed on in one transaction.
	batch = 100
	// rounds bounds one sweep: what is left waits for the next.
	rounds = 100
)

// Config is what a Service needs.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
}

// Service watches over recordings without a case. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil {
		return nil, errors.New("stray: Config needs DB, Gate and Clock")
	}
	return &Service{c}, nil
}

// SweepArgs asks for a sweep.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "stray.sweep" }

// AddWorkers adds what this package does in the background.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, _ SweepArgs) error { return service().Sweep(ctx) })
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Hour, Make: func() job.Args { return SweepArgs{} }}}
}

func about(id ident.RecordingID) custody.Subject {
	return custody.Subject{Kind: "recording", ID: string(id)}
}

// Sweep opens the duty to link each recording of the last month that belongs to no case, and hands those whose term is over
// to the custodian. Doing it twice changes nothing.
func (s *Service) Sweep(ctx context.Context) error {
	for range rounds {
		n, err := s.open(ctx)
		if err != nil {
			return err
		}
		if n < batch {
			break
		}
	}
	for range rounds {
		n, err := s.handOn(ctx)
		if err != nil {
			return err
		}
		if n < batch {
			break
		}
	}
	return s.follow(ctx)
}

// follow hands on what was found to be another's recording since: its duty goes with it.
func (s *Service) follow(ctx context.Context) error {
	for range rounds {
		now := s.c.Clock.Now()
		list, err := moved(ctx, s.c.DB.Reader, now, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		err = s.change(ctx, func(tx *gate.Tx) error {
			for _, d := range list {
				person := d.Officer
				if now.After(clock.FromMicros(d.Due)) {
					person = ""
				}
				if err := duty.Reassign(tx, duty.LinkRecording, custody.Subject{Kind: d.Kind, ID: d.ID}, person, d.Department); err != nil {
					return err
				}
			}
			_, err := tx.Record(gate.Entry{Detail: custody.Detail("moved", len(list))})
			return err
		})
		if err != nil || len(list) < batch {
			return err
		}
	}
	return nil
}

func (s *Service) change(ctx context.Context, fn func(tx *gate.Tx) error) error {
	return s.c.Gate.Do(ctx, access.SystemActor("stray"), access.CaseSweep, access.Subject{Kind: "ledger", ID: "cases"}, fn)
}

func (s *Service) open(ctx context.Context) (int, error) {
	now := s.c.Clock.Now()
	list, err := unlinked(ctx, s.c.DB.Reader, now.Add(-reach), batch)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return len(list), s.change(ctx, func(tx *gate.Tx) error {
		for _, r := range list {
			n := duty.New{
				Kind: duty.LinkRecording, Subject: about(r.ID), Device: r.Device, Person: r.Officer, Department: r.Department,
				Since: clock.FromMicros(r.StoredAt), Due: clock.FromMicros(r.StoredAt).Add(Term), Args: map[string]any{"name": r.Name},
			}
			if tx.Now().After(n.Due) {
				n.Person = "" // the custodian's
			}
			if _, err := duty.Open(tx, n); err != nil {
				return err
			}
		}
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("opened", len(list))})
		return err
	})
}

func (s *Service) handOn(ctx context.Context) (int, error) {
	list, err := overdue(ctx, s.c.DB.Reader, s.c.Clock.Now(), batch)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return len(list), s.change(ctx, func(tx *gate.Tx) error {
		for _, d := range list {
			if err := duty.Reassign(tx, duty.LinkRecording, custody.Subject{Kind: d.Kind, ID: d.ID}, "", d.Department); err != nil {
				return err
			}
		}
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("to_custodian", len(list))})
		return err
	})
}

// Linked ends what was owed of a recording, inside the change that linked it; entry is that change's.
func Linked(tx *gate.Tx, id ident.RecordingID, entry ident.EntryID) error {
	if err := duty.Meet(tx, duty.LinkRecording, about(id), entry); err != nil {
		return err
	}
	again, err := duty.OpenAbout(tx.Context(), tx.DB(), string(id)) // opened when an earlier link was taken back
	if err != nil {
		return err
	}
	for _, d := range again {
		if d.Kind == duty.LinkRecording {
			if err := duty.Meet(tx, d.Kind, d.Subject, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// Struck opens the duty anew when the last link of a recording was taken back, inside that change and after its writing.
// One duty of a kind stands about a subject, so this one is about the link that was.
func Struck(tx *gate.Tx, id ident.RecordingID, link ident.LinkID) error {
	r, left, err := afterStriking(tx.Context(), tx.DB(), id)
	if err != nil || left > 0 || r == nil {
		return err
	}
	_, err = duty.Open(tx, duty.New{
		Kind: duty.LinkRecording, Subject: custody.Subject{Kind: "recording", ID: string(id) + "/" + string(link)}, Device: r.Device, Person: r.Officer, Department: r.Department,
		Due: tx.Now().Add(Term), Args: map[string]any{"name": r.Name},
	})
	return err
}
