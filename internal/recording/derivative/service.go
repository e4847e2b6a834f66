package derivative

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Config is what a Service needs.
type Config struct {
	DB        *db.DB
	Gate      *gate.Gate
	Originals vault.Vault   // only read
	Derived   vault.Vault   // its own place, never that of evidence
	Maker     *derive.Maker // nil where there is no ffmpeg: then nothing is made and nothing plays
	// Frozen refuses a recording of which nothing may be made now, with the reason; nil where none is.
	Frozen func(ctx context.Context, rec ident.RecordingID) error
	Clock  clock.Clock
	Log    *slog.Logger
}

// Service is the one writer of derivatives. It is safe for concurrent use.
type Service struct {
	c     Config
	parts *cache
	slots chan struct{} // how many segments are marked at a time

	mu      sync.Mutex
	running map[ident.FileID]running
}

// running is what this server is making.
type running struct {
	kind Kind
	done float64
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Originals == nil || c.Derived == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("derivative: Config needs DB, Gate, Originals, Derived, Clock and Log")
	}
	return &Service{c: c, parts: newCache(maxCache), slots: make(chan struct{}, 2), running: map[ident.FileID]running{}}, nil
}

// MakeArgs tells the job that makes what is wanted of a file.
type MakeArgs struct {
	File ident.FileID `json:"file"`
}

// Kind names the job.
func (MakeArgs) Kind() string { return "derivative.make" }

// InsertOpts puts it into the queue of what takes long, so that the facts of a card never wait for a film.
func (MakeArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueDerive} }

// TakeUpArgs tells the job that makes what was left wanted.
type TakeUpArgs struct{}

// Kind names the job.
func (TakeUpArgs) Kind() string { return "derivative.take_up" }

// InsertOpts puts it where nothing else is made at the same time.
func (TakeUpArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueDerive} }

// AddWorkers registers the jobs. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a MakeArgs) error { return service().Make(ctx, a.File) })
	job.Add(w, func(ctx context.Context, _ TakeUpArgs) error { return service().TakeUp(ctx) })
}

// Periodic lists the jobs made by the clock: what was given up is tried again each hour.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Hour, RunOnStart: true, Make: func() job.Args { return TakeUpArgs{} }}}
}

// Of lists the derivatives of a recording, file by file, with how far they are. It is no look: nothing of what they show
// is in it.
func (s *Service) Of(ctx context.Context, rec ident.RecordingID) ([]Derivative, error) {
	rows, err := ofRecording(ctx, s.c.DB.Reader, rec)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Derivative, len(rows))
	for i := range rows {
		out[i] = rows[i].derivative()
		if at, is := s.running[out[i].File]; is && at.kind == out[i].Kind && out[i].State == Wanted {
			out[i].State, out[i].Progress = Making, at.done
		}
	}
	return out, nil
}

// Want asks for kinds of every file of a recording, in the caller's change: rows, what entries say of them, and the jobs. What is there
// already stays as it is, also what failed (see Retry). The viewing copy is always wanted with the rest.
func (s *Service) Want(tx *gate.Tx, rec ident.RecordingID, kinds ...Kind) error {
	for _, k := range kinds {
		if !slices.Contains(Kinds(), k) {
			return fault.New(fault.Invalid, "derivative.kind_unknown")
		}
	}
	files, err := filesOf(tx.Context(), tx.DB(), rec)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fault.New(fault.NotFound, "recording.unknown")
	}
	var fresh []row
	var jobs []job.Args
	for _, f := range files {
		have, err := rowsOf(tx.Context(), tx.DB(), f.ID)
		if err != nil {
			return err
		}
		before := len(fresh)
		for _, k := range Kinds() {
			if k != Copy && !slices.Contains(kinds, k) || slices.ContainsFunc(have, func(r row) bool { return r.Kind == k }) {
				continue
			}
			fresh = append(fresh, row{
				ID: ident.New[ident.DerivativeID](), File: f.ID, Kind: k, State: Wanted, Source: f.SHA256, WantedAt: clock.Micros(tx.Now()),
			})
		}
		if len(fresh) > before {
			jobs = append(jobs, MakeArgs{File: f.ID})
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := record.Insert(tx.Context(), tx.DB(), &fresh); err != nil {
		return err
	}
	if err := s.record(tx, access.DerivativeWant, custody.Intent, rec, fresh); err != nil {
		return err
	}
	return tx.Enqueue(jobs...)
}

// perEntry is how many rows one entry says: with their files they stay below what an entry may be related to.
const perEntry = 30

// record writes the entries about rows that were written, of one recording.
func (s *Service) record(tx *gate.Tx, action access.Action, o custody.Outcome, rec ident.RecordingID, rows []row) error {
	for part := range slices.Chunk(rows, perEntry) {
		if err := s.recordPart(tx, action, o, rec, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) recordPart(tx *gate.Tx, action access.Action, o custody.Outcome, rec ident.RecordingID, rows []row) error {
	said := make([]vouch.Columns, len(rows))
	kinds, related := []string{}, []custody.Subject{}
	for i := range rows {
		said[i] = vouched(&rows[i]).Says
		if file := (custody.Subject{Kind: "file", ID: string(rows[i].File)}); !slices.Contains(related, file) {
			related = append(related, file)
		}
		related = append(related, about(&rows[i]))
		if k := string(rows[i].Kind); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	_, err := tx.Record(gate.Entry{
		Action: action, Outcome: o, Subject: custody.Subject{Kind: "recording", ID: string(rec)}, Related: related,
		Detail: custody.Detail("kinds", kinds, vouch.Key(table), said),
	})
	return err
}

// Retry asks again for what failed of a recording, by a person's wish. Conflict "derivative.nothing_failed".
func (s *Service) Retry(ctx context.Context, actor access.Actor, rec ident.RecordingID) error {
	of, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", rec)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.DerivativeRetry, of.Subject(), func(tx *gate.Tx) error {
		files, err := filesOf(tx.Context(), tx.DB(), rec)
		if err != nil {
			return err
		}
		var again []row
		var jobs []job.Args
		for _, f := range files {
			n := len(again)
			rows, err := rowsOf(tx.Context(), tx.DB(), f.ID)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if r.State == Failed {
					again = append(again, r)
				}
			}
			if len(again) > n {
				jobs = append(jobs, MakeArgs{File: f.ID})
			}
		}
		if len(again) == 0 {
			return fault.New(fault.Conflict, "derivative.nothing_failed")
		}
		for i := range again {
			if err := s.wish(tx, &again[i]); err != nil {
				return err
			}
		}
		if err := s.record(tx, access.DerivativeRetry, custody.Intent, rec, again); err != nil {
			return err
		}
		return tx.Enqueue(jobs...)
	})
}

// wish makes a row wanted anew.
func (s *Service) wish(tx *gate.Tx, r *row) error {
	locked, err := vouch.Locked[row](tx.Context(), tx.DB(), string(r.ID))
	if err != nil {
		return err
	}
	*r = row{ID: locked.ID, File: locked.File, Kind: locked.Kind, Source: locked.Source, State: Wanted, WantedAt: clock.Micros(tx.Now())}
	_, err = set(tx.Context(), tx.DB(), r)
	return err
}
