// Package scrub is the standing check (巡检): it reads every sealed object back from the disk again and again, within a
// budget, and compares rows, log and receipts once a day, so that what rots or is taken away is known before it is
// needed. It judges with the eyes of fsck and repairs nothing: what is damaged stays where it is and is named, with the
// time when it was last whole.
//
// Where it stands is in the database: it goes on where it was after a restart, and of several servers over one database
// one scrubs at a time. Should two, because a clock lies, an object is read twice and nothing is wrong.
package scrub

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// Config is the house and the plan.
type Config struct {
	DB      *db.DB
	Gate    *gate.Gate
	Keys    *keyring.Keyring
	Vault   vault.Vault
	Catalog fsck.Catalog
	Tables  []vouch.Table
	Clock   clock.Clock
	Log     *slog.Logger
	Bureau  ident.BureauID
	Actor   access.Actor
	Node    string // of the server, for the lease
	Plan    Plan
	// Busy reports that evidence is arriving; nil means never.
	Busy func() bool
	// Linked reports whether a file belongs to a case: those are read first. nil means none does.
	Linked func(fsck.File) bool
	// Time is what passes; the zero value is the real one.
	Time Time
}

// Time is the passing of time as a scrub feels it, so that a test can let thirty days pass at once.
type Time struct {
	Elapsed func() time.Duration                             // since some moment, never going back
	Sleep   func(ctx context.Context, d time.Duration) error // the context's error if it ended first
}

// Service scrubs one house.
type Service struct{ c Config }

// New makes the service.
func New(c Config) *Service {
	if c.Busy == nil {
		c.Busy = func() bool { return false }
	}
	if c.Linked == nil {
		c.Linked = func(fsck.File) bool { return false }
	}
	if c.Time.Elapsed == nil {
		begun := time.Now()                                                     //nolint:forbidigo // only its monotonic part is used
		c.Time = Time{func() time.Duration { return time.Since(begun) }, sleep} //nolint:forbidigo // monotonic
	}
	return &Service{c}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

const (
	rowsEvery = 24 * time.Hour   // between two comparisons of rows and log
	leaseFor  = 10 * time.Minute // another server takes over when this one was not heard of so long
	idle      = 30 * time.Second // between two looks whether there is something to do
	batch     = 64               // objects between two renewals of the lease
	batchTime = time.Minute      // and at most so long, if they are large
)

// Run scrubs until ctx ends.
func (s *Service) Run(ctx context.Context, ready func()) error {
	ready()
	defer func() { _ = release(context.WithoutCancel(ctx), s.c.DB, s.c.Node) }() // else it runs out by itself
	for ctx.Err() == nil {
		more, err := s.turn(ctx)
		if err != nil && ctx.Err() == nil {
			s.c.Log.ErrorContext(ctx, "the scrub did not get on", "err", err)
		}
		if err != nil || !more {
			_ = s.c.Time.Sleep(ctx, idle) // ends with ctx, as the loop does
		}
	}
	return nil
}

// turn does the next piece of work and reports whether there was one.
func (s *Service) turn(ctx context.Context) (more bool, err error) {
	now := s.c.Clock.Now()
	held, err := lease(ctx, s.c.DB, s.c.Node, now, now.Add(leaseFor))
	if err != nil || !held {
		return false, err
	}
	st, err := loadState(ctx, s.c.DB.Reader)
	if err != nil {
		return false, err
	}
	if at := clock.FromMicros(st.RowsAt); st.RowsAt == 0 || now.Sub(at) >= rowsEvery || at.After(now) {
		return true, s.rows(ctx)
	}
	last, err := lastCycle(ctx, s.c.DB.Reader)
	if err != nil {
		return false, err
	}
	if last == nil || last.Ended != 0 {
		if last != nil && !s.c.Plan.Due(clock.FromMicros(last.Began), now) {
			return false, nil
		}
		next := &cycleRow{Number: 1, Began: clock.Micros(now)}
		if last != nil {
			next.Number = last.Number + 1
		}
		return true, insertCycle(ctx, s.c.DB, next)
	}
	return true, s.objects(ctx, last)
}

// Whole does one whole round at once: rows and log, and every object, at the pace of the plan. It gives what is wrong in
// the end.
func (s *Service) Whole(ctx context.Context) (*State, error) {
	now := s.c.Clock.Now()
	held, err := lease(ctx, s.c.DB, s.c.Node, now, now.Add(leaseFor))
	if err != nil {
		return nil, err
	}
	if !held {
		s.c.Log.WarnContext(ctx, "a server is scrubbing too; some objects are read twice")
	} else {
		defer func() { _ = release(context.WithoutCancel(ctx), s.c.DB, s.c.Node) }() // else it runs out by itself
	}
	if err := s.rows(ctx); err != nil {
		return nil, err
	}
	last, err := lastCycle(ctx, s.c.DB.Reader)
	if err != nil {
		return nil, err
	}
	c := &cycleRow{Number: 1, Began: clock.Micros(now)}
	if last != nil {
		c.Number = last.Number + 1
		if last.Ended == 0 { // this round reads what that one had left
			if err := endCycle(ctx, s.c.DB.Writer, last.Number, clock.Micros(now)); err != nil {
				return nil, err
			}
		}
	}
	if err := insertCycle(ctx, s.c.DB, c); err != nil {
		return nil, err
	}
	for c.Ended == 0 {
		if err := s.objects(ctx, c); err != nil {
			return nil, err
		}
	}
	return s.State(ctx)
}

// rows compares rows, log, receipts and the names in the vault, and takes up what came into it since.
func (s *Service) rows(ctx context.Context) error {
	rep, err := fsck.Run(ctx, fsck.Config{
		DB: s.c.DB, Keys: s.c.Keys, Vault: s.c.Vault, Catalog: s.c.Catalog, Tables: s.c.Tables, Clock: s.c.Clock, Online: true, ListOnly: true,
	})
	if err != nil {
		return err
	}
	known := 0
	var page []objectRow
	for f, err := range s.c.Catalog.Files(ctx, s.c.DB.Reader) {
		if db.IsDamaged(err) {
			break // it is among the findings
		}
		if err != nil {
			return err
		}
		known++
		row := objectRow{SHA256: f.SHA256, File: f.ID, Recording: f.Recording, Size: f.Size}
		if s.c.Linked(f) {
			row.Linked = 1
		}
		if !f.Good.IsZero() {
			row.LastGood = clock.Micros(f.Good)
		}
		if page = append(page, row); len(page) == 500 {
			if err := takeUp(ctx, s.c.DB, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if err := takeUp(ctx, s.c.DB, page); err != nil {
		return err
	}
	if err := readAgain(ctx, s.c.DB); err != nil {
		return err
	}
	if err := s.judgeRows(ctx, rep); err != nil {
		return err
	}
	s.c.Log.InfoContext(ctx, "rows and log were compared", "files", known, "findings", len(rep.Findings))
	return nil
}

// objects reads the next objects of a cycle, or ends it when there is none left.
func (s *Service) objects(ctx context.Context, c *cycleRow) error {
	list, err := nextObjects(ctx, s.c.DB.Reader, c.Number, batch)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return s.endOf(ctx, c)
	}
	begun := s.c.Time.Elapsed()
	p := &pacer{plan: s.c.Plan, time: s.c.Time, busy: s.c.Busy, since: begun}
	for i := range list {
		if err := p.wait(ctx); err != nil {
			return err
		}
		o := &list[i]
		p.since = s.c.Time.Elapsed()
		found, err := fsck.Object(ctx, s.c.Vault, fsck.File{ID: o.File, Recording: o.Recording, SHA256: o.SHA256, Size: o.Size}, func(n int64) error { return p.step(ctx, n) })
		if err != nil {
			return fmt.Errorf("scrub: %s: %w", o.SHA256, err)
		}
		if err := s.judge(ctx, c, o, found, p); err != nil {
			return err
		}
		if s.c.Time.Elapsed()-begun > batchTime {
			break
		}
	}
	return nil
}
