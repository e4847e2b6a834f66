package disc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/riverqueue/river"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/disclosure/disc/optical"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/viewing/leaving"
)

// viaPage says that a disc was asked for on a page: a job makes it, in the folder of the server.
const viaPage = "page"

// imageKept is how long a server keeps an image that nobody read back.
const imageKept = 7 * 24 * time.Hour

// Progress is how far a disc is that this server makes.
type Progress struct{ Done, Total int64 }

// MakeArgs tells the job that makes a disc.
type MakeArgs struct {
	Disc ident.DiscID `json:"disc"`
}

// Kind names the job.
func (MakeArgs) Kind() string { return "disc.make" }

// InsertOpts has it wait behind other work that takes long.
func (MakeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: job.QueueDerive, MaxAttempts: 3}
}

// SweepArgs tells the job that removes images whose time is over.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "disc.sweep" }

// AddWorkers registers the jobs. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a MakeArgs) error { return service().Continue(ctx, a.Disc) })
	job.Add(w, func(ctx context.Context, _ SweepArgs) error { return service().Sweep(ctx) })
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Hour, RunOnStart: true, Make: func() job.Args { return SweepArgs{} }}}
}

// ImagePath is where the server keeps the image of a disc.
func (s *Service) ImagePath(id ident.DiscID) string {
	return filepath.Join(s.c.Folder, string(id)+".iso")
}

// Start gives a disc its number and has a job make its image in the server's folder. What may not be made, or has no room, is refused now.
func (s *Service) Start(ctx context.Context, actor access.Actor, o Order) (*Disc, error) {
	if s.c.Folder == "" || s.c.Actor == nil {
		return nil, fault.New(fault.Unavailable, "disc.tool", "genisoimage")
	}
	if err := optical.Ready(s.c.Tool); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.c.Folder, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "disc.out", filepath.Base(s.c.Folder))
	}
	o.Form, o.Via, o.Out = Image, viaPage, filepath.Join(s.c.Folder, "new.iso")
	m, err := s.prepare(ctx, actor, o)
	if err != nil {
		return nil, err
	}
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	return &m.d, nil
}

// Continue makes a disc that was started on a page. One that was settled already is left alone; what an earlier try left is removed.
func (s *Service) Continue(ctx context.Context, id ident.DiscID) error {
	d, err := discBy(ctx, s.c.DB.Reader, id)
	if err != nil || d.State != Making {
		return err
	}
	actor, err := s.c.Actor(ctx, ident.AccountID(d.Account))
	if err != nil {
		return err
	}
	note := d.Note
	note.Extractor, note.ExtractedAt = "", ""
	o := Order{Request: d.RequestNo, Case: d.Case, Recordings: d.Picked, Note: note, Form: d.Form, Via: viaPage, Out: s.ImagePath(id)}
	o.Progress = func(done, total int64) { s.tell(id, Progress{done, total}) }
	defer s.forget(id)
	m, err := s.prepare(ctx, actor, o)
	if m == nil {
		m = &making{s: s, actor: actor, o: o, consent: Consent{ID: d.Request, No: d.RequestNo, Department: d.Department}, subject: d.subject()}
	}
	m.d, m.subject.ID = *d, string(id)
	m.d.Recordings = d.Recordings
	if err == nil {
		if err = os.RemoveAll(filepath.Join(s.c.Folder, "."+string(id)+".iso.partial")); err == nil {
			m.st, err = begin(o.Out)
		}
	}
	if err != nil {
		return m.failed(ctx, err)
	}
	if _, err = m.carryOut(ctx); fault.Is(err, fault.Internal) {
		return err
	}
	return nil // the register says why
}

func (s *Service) tell(id ident.DiscID, p Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[id] = p
}

func (s *Service) forget(id ident.DiscID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// Progress tells how far a disc is that this server makes; false where it makes none of that id.
func (s *Service) Progress(id ident.DiscID) (Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.running[id]
	return p, ok
}

// HasImage reports whether this server still keeps the image of a disc.
func (s *Service) HasImage(id ident.DiscID) bool {
	_, err := os.Stat(s.ImagePath(id))
	return s.c.Folder != "" && err == nil
}

// Fetched is an image on its way out.
type Fetched struct {
	*leaving.Reader
	f *os.File
}

// Seek moves to where the browser goes on.
func (f *Fetched) Seek(offset int64, whence int) (int64, error) { return f.f.Seek(offset, whence) }

// Close closes the image.
func (f *Fetched) Close() error { return f.f.Close() }

// leaves reports why the image of a disc may not leave now.
func (s *Service) leaves(ctx context.Context, idb bun.IDB, d *Disc) error {
	consent, err := s.c.Consent(ctx, idb, d.By, d.RequestNo)
	if err != nil {
		return err
	}
	recs := d.Picked
	if len(recs) == 0 {
		recs = consent.Recordings
	}
	for _, rec := range recs {
		if err := s.c.Refuse(ctx, idb, rec); err != nil {
			return err
		}
	}
	return nil
}

// Fetch opens the image of a disc for who burns it, while the consent on which it was made holds; it is asked for again and again while
// the image is sent. It is an entry, before the first byte.
func (s *Service) Fetch(ctx context.Context, actor access.Actor, id ident.DiscID) (*Disc, *Fetched, error) {
	d, err := discBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.DiscFetch, d.subject()); err != nil {
		return nil, nil, err
	}
	f, err := os.Open(s.ImagePath(id))
	if s.c.Folder == "" || errors.Is(err, os.ErrNotExist) {
		return nil, nil, fault.New(fault.NotFound, "disc.no_image")
	}
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "disc.no_image")
	}
	err = s.c.Gate.Do(ctx, actor, access.DiscFetch, d.subject(), func(tx *gate.Tx) error {
		if d.State != Made {
			return fault.New(fault.Conflict, "disc.not_made")
		}
		if err := s.leaves(tx.Context(), tx.DB(), d); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Related: []custody.Subject{{Kind: "viewing", ID: string(d.Request)}}, Detail: custody.Detail("number", d.Number, "image_sha256", d.ImageSHA256)})
		return err
	})
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return d, &Fetched{leaving.NewReader(f, leaving.Every, func() error { return s.leaves(ctx, s.c.DB.Reader, d) }), f}, nil
}

// Sweep removes images that were read back, or that nobody fetched in a week: discs hold them, and a server keeps no evidence in the open.
func (s *Service) Sweep(ctx context.Context) error {
	if s.c.Folder == "" {
		return nil
	}
	list, err := os.ReadDir(s.c.Folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "disc.out", filepath.Base(s.c.Folder))
	}
	var errs []error
	for _, e := range list {
		id, err := ident.Parse[ident.DiscID](e.Name()[:max(0, len(e.Name())-len(filepath.Ext(e.Name())))])
		if err != nil {
			continue
		}
		d, err := discBy(ctx, s.c.DB.Reader, id)
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			errs = append(errs, err)
			continue
		case d.State == Making || d.State == Made && d.CheckedAt.IsZero() && s.c.Clock.Now().Before(d.MadeAt.Add(imageKept)):
			continue
		}
		errs = append(errs, os.RemoveAll(filepath.Join(s.c.Folder, e.Name())))
	}
	return errors.Join(errs...)
}
