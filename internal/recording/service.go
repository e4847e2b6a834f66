package recording

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/crowd"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording/clear"
	"zhilu.dev/zhilu/internal/recording/intake"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/vault"
)

// Prober reads the facts of a stored object; *media.Prober is one.
type Prober interface {
	Probe(ctx context.Context, src media.Source) (media.Facts, error)
}

// People gives a person by id; *org.Service is one.
type People interface {
	Person(ctx context.Context, id ident.PersonID) (org.Person, error)
}

// Settings gives what the bureau adopted; *regulation.Service is one.
type Settings interface {
	Current(ctx context.Context) (regulation.Version, error)
}

// Term is the term of 第十九条: within 24 hours.
const Term = 24 * time.Hour

// Config is what a Service needs.
type Config struct {
	DB       *db.DB
	Gate     *gate.Gate
	Vault    vault.Vault
	Keys     *keyring.Keyring // signs receipts and clear orders
	Devices  intake.Devices
	People   People
	Settings Settings
	Prober   Prober
	Clock    clock.Clock
	Log      *slog.Logger
	Node     string // this server's name, as the vault knows it
	Bureau   string // the bureau's name, as receipts state it
	HandedIn intake.HandedIn
	// IncludeWithin is how soon an entry must stand in the log; receipts state it. 0 means an hour.
	IncludeWithin time.Duration
}

// Service is the one writer of everything about recordings: intake and clear orders are parts of it. It is safe for
// concurrent use.
type Service struct {
	*intake.Service
	*clear.Desk
	c      Config
	crowds crowd.Memory
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Keys == nil || c.People == nil || c.Settings == nil || c.Prober == nil || c.Bureau == "" {
		return nil, errors.New("recording: Config needs Keys, People, Settings, Prober and Bureau")
	}
	if c.IncludeWithin == 0 {
		c.IncludeWithin = time.Hour
	}
	in, err := intake.New(intake.Config{DB: c.DB, Gate: c.Gate, Vault: c.Vault, Devices: c.Devices, Clock: c.Clock, Log: c.Log, Node: c.Node, HandedIn: c.HandedIn})
	if err != nil {
		return nil, err
	}
	desk, err := clear.New(clear.Config{DB: c.DB, Gate: c.Gate, Clock: c.Clock, Keys: c.Keys})
	if err != nil {
		return nil, err
	}
	return &Service{Service: in, Desk: desk, c: c, crowds: crowd.Memory{Clock: c.Clock, Limit: MaxCount}}, nil
}

// VerifyArgs tells the job that reads a stored object back from the disk.
type VerifyArgs struct {
	File ident.FileID `json:"file"`
}

// Kind names the job.
func (VerifyArgs) Kind() string { return "recording.verify" }

// InsertOpts puts it into its queue.
func (VerifyArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueVerify} }

// AdoptArgs tells the job that brings vault and rows together.
type AdoptArgs struct{}

// Kind names the job.
func (AdoptArgs) Kind() string { return "recording.adopt" }

// AddWorkers registers the jobs. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a FollowUpArgs) error { return service().FollowUp(ctx, a.File) })
	job.Add(w, func(ctx context.Context, a VerifyArgs) error { return service().VerifyFile(ctx, a.File) })
	job.Add(w, func(ctx context.Context, a CompareArgs) error { return service().Compare(ctx, a.Device) })
	job.Add(w, func(ctx context.Context, a JoinArgs) error { return service().Join(ctx, a.File) })
	job.Add(w, func(ctx context.Context, _ AdoptArgs) error { _, err := service().Adopt(ctx); return err })
}

// Periodic lists the jobs made by the clock: Adopt at start and every hour.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Hour, RunOnStart: true, Make: func() job.Args { return AdoptArgs{} }}}
}
