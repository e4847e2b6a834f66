package viewing

import (
	"context"
	"errors"
	"log/slog"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
)

// Object is a recording as far as consent asks about it.
type Object struct {
	ID         ident.RecordingID
	Department ident.DepartmentID
	Officer    ident.PersonID
	// Maker is the officer whom the record of issues shows with the camera in hand; empty where a custodian named the officer
	// afterwards. Else naming a friend would be a way round consent.
	Maker    ident.PersonID
	StoredAt time.Time
	Duration time.Duration // -1 unknown
	Name     string
}

func (o Object) subject() access.Subject {
	return access.Subject{Kind: "recording", ID: string(o.ID), Department: o.Department, Officer: o.Officer}
}

// Recordings tells of recordings; see Over.
type Recordings interface {
	Object(ctx context.Context, id ident.RecordingID) (Object, error)
}

// Briefer gives what a list shows of a recording; *recording.Service is one.
type Briefer interface {
	Brief(ctx context.Context, id ident.RecordingID) (recording.Recording, error)
}

// Over makes Recordings of a Briefer.
func Over(b Briefer) Recordings { return objects{b} }

type objects struct{ of Briefer }

func (o objects) Object(ctx context.Context, id ident.RecordingID) (Object, error) {
	r, err := o.of.Brief(ctx, id)
	if err != nil {
		return Object{}, err
	}
	out := Object{ID: r.ID, Department: r.Department, Officer: r.Officer, StoredAt: r.StoredAt, Duration: -1, Name: r.Name}
	if r.Certainty != recording.Assigned {
		out.Maker = r.Officer
	}
	if r.HasDuration {
		out.Duration = r.Duration
	}
	return out, nil
}

// CaseObject is a case as far as consent asks about it.
type CaseObject struct {
	ID         ident.CaseID
	No         string
	Title      string
	Department ident.DepartmentID
}

// Offices tells who holds which office; *account.Service is one.
type Offices interface {
	HeadOf(ctx context.Context, department ident.DepartmentID) (ident.PersonID, error)
	Leaders(ctx context.Context) ([]ident.PersonID, error)
}

// Copies makes what is looked at. It is asked inside the change that grants the first look, so that a grant without a
// copy being made cannot exist.
type Copies interface {
	Want(tx *gate.Tx, rec ident.RecordingID) error
}

// Config is what a Service needs.
type Config struct {
	DB         *db.DB
	Gate       *gate.Gate
	Recordings Recordings
	Offices    Offices
	Copies     Copies
	Clock      clock.Clock
	Log        *slog.Logger
	// Held reports whether a recording is shown to nobody until a custodian has settled what was found in it; nil for none is.
	Held func(ctx context.Context, rec ident.RecordingID) (bool, error)
	// Case tells a person of a case, if they may know of it, and the host of any; nil where there are none.
	Case func(ctx context.Context, actor access.Actor, id ident.CaseID) (CaseObject, error)
	// DepartmentName names a department, "" for none; the register keeps names as they were.
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
	// Ended is called in the change that takes a grant back, for what was lent on it; nil for nothing.
	Ended func(tx *gate.Tx, id ident.ViewingID) error
	// Handled gives, of the recordings, those of an open case that the person handles, where the bureau has chosen that handlers
	// need no request of their own (第二十三条, a setting). Nil: it has not.
	Handled func(ctx context.Context, person ident.PersonID, recs []ident.RecordingID) (map[ident.RecordingID]ident.CaseID, error)
}

// Service is the one writer of requests, grants, looks and the register. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Recordings == nil || c.Offices == nil || c.Copies == nil || c.Clock == nil || c.Log == nil || c.DepartmentName == nil {
		return nil, errors.New("viewing: Config is incomplete")
	}
	return &Service{c}, nil
}

// SweepArgs tells the job that ends what is over: grants whose term has passed, looks that ask for nothing any more.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "viewing.sweep" }

// AddWorkers registers the jobs. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, _ SweepArgs) error { return service().Sweep(ctx) })
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Minute, RunOnStart: true, Make: func() job.Args { return SweepArgs{} }}}
}

// maxWords bounds what a person writes, in characters.
const maxWords = 500

// text checks what a person wrote. Invalid "viewing.words" at the field where it is too long, or missing where needed.
func text(s, field string, needed bool) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n > maxWords || needed && n < 2 {
		return "", fault.New(fault.Invalid, "viewing.words", maxWords).At(field)
	}
	return s, nil
}

func orNil[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}
