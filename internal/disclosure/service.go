package disclosure

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/locale"
)

// File is one file of a recording, in the vault under its digest.
type File struct {
	ID     ident.FileID
	Name   string
	SHA256 string
	Size   int64
}

// Copy is a masked copy that may leave (脱敏副本).
type Copy struct {
	ID        string
	No        int64
	Recording ident.RecordingID
	From, To  time.Duration // of the original; To 0: to its end
	Masked    bool          // something in it is covered or muted; a mere clip is not masked
	Name      string        // of its file
}

// Taken is a masked copy on its way out: its picture, and behind it what it says of itself, signed (clip-statement-v1), which also goes
// beside it.
type Taken struct {
	io.ReadCloser

	Media     int64 // bytes of the picture, which never change
	Statement []byte
	// Written is the written text of its sound, where one goes with it; WrittenName what it is called.
	Written     []byte
	WrittenName string
}

// Object is a recording as giving out asks about it.
type Object struct {
	ID         ident.RecordingID
	Department ident.DepartmentID
	Name       string
}

// Config is what a Service needs.
type Config struct {
	DB     *db.DB
	Gate   *gate.Gate
	Clock  clock.Clock
	Origin string // of the log
	Bureau string
	// Object tells of a recording, the whole where a part is asked about; Files lists its files, Open opens one in the vault.
	Object func(ctx context.Context, id ident.RecordingID) (Object, error)
	Files  func(ctx context.Context, id ident.RecordingID) ([]File, error)
	Open   func(ctx context.Context, sha256 string) (io.ReadCloser, error)
	// Receipt gives the newest receipt of a file, fault NotFound where there is none yet.
	Receipt func(ctx context.Context, file ident.FileID) ([]byte, error)
	// Copies lists the masked copies of a recording that are ready; OpenCopy opens one. nil where there are none.
	Copies   func(ctx context.Context, id ident.RecordingID) ([]Copy, error)
	OpenCopy func(ctx context.Context, id string) (*Taken, error)
	// Case gives a case as a package holds it; Print sets one of its papers. nil where there are none.
	Case  func(ctx context.Context, id ident.CaseID) (*dossier.Case, error)
	Print func(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error)
}

// Service is the one writer of the register of giving out. It is safe for concurrent use.
type Service struct {
	c        Config
	mu       sync.Mutex
	progress map[ident.DisclosureID]Progress
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Object == nil || c.Files == nil || c.Open == nil || c.Receipt == nil {
		return nil, errors.New("disclosure: Config is incomplete")
	}
	return &Service{c: c, progress: map[ident.DisclosureID]Progress{}}, nil
}

// Progress is how far this server has come with something: papers while it packs, bytes while it sends.
type Progress struct{ Done, Total int64 }

func (s *Service) note(id ident.DisclosureID, done, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done >= total {
		delete(s.progress, id)
		return
	}
	s.progress[id] = Progress{done, total}
}

// Progress tells how far this server has come with a package; false where it is not at it.
func (s *Service) Progress(id ident.DisclosureID) (Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.progress[id]
	return p, ok
}

// PackArgs tells the job that puts a package together.
type PackArgs struct {
	ID ident.DisclosureID `json:"id"`
}

// Kind names the job.
func (PackArgs) Kind() string { return "disclosure.pack" }

// SweepArgs tells the job that stops what no longer has a ground.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "disclosure.sweep" }

// AddWorkers registers the jobs. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a PackArgs) error {
		s := service()
		if s == nil { // a server without keys; another one signs
			return fault.New(fault.Unavailable, "log.proof_waiting")
		}
		return s.Pack(ctx, a.ID)
	})
	job.Add(w, func(ctx context.Context, _ SweepArgs) error {
		if s := service(); s != nil {
			return s.Sweep(ctx)
		}
		return nil
	})
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Minute, RunOnStart: true, Make: func() job.Args { return SweepArgs{} }}}
}

// maxWords bounds what a person writes, in characters.
const maxWords = 500

func text(s, field string, needed bool) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n > maxWords || needed && n < 2 {
		return "", fault.New(fault.Invalid, "disclosure.words", maxWords).At(field)
	}
	return s, nil
}

// actor is the system where it packs and stops by itself.
var actor = access.SystemActor("disclosure")

// codeOf is the code of an error, "internal" for one that has none.
func codeOf(err error) string {
	if f := fault.As(err); f != nil && f.Code != "" {
		return f.Code
	}
	return "internal"
}
