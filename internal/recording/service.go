package recording

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/vault"
)

// Prober reads the facts of a stored object; *media.Prober is one.
type Prober interface {
	Probe(ctx context.Context, src media.Source) (media.Facts, error)
}

// ReceiptFacts is what a receipt states.
type ReceiptFacts struct {
	ID        ident.ReceiptID
	Kind      State // Stored or Verified
	Recording ident.RecordingID
	File      ident.FileID
	Name      string
	Size      int64
	SHA256    string
	SM3       string // verified only
	Entry     ident.EntryID
	At        time.Time
}

// Receipts signs receipts and clear orders with the bureau's receipt key.
type Receipts interface {
	// Issue signs a receipt inside the transaction that made its entry.
	Issue(ctx context.Context, tx bun.IDB, f ReceiptFacts) ([]byte, error)
	// Prove gives the receipt with a fresh proof that its entry is in the log, or as it is while the log has not
	// signed a checkpoint over it.
	Prove(ctx context.Context, idb bun.IDB, receipt []byte, entry ident.EntryID) ([]byte, error)
	// SignOrder signs a clear order's statement like a receipt.
	SignOrder(statement string) (signature string, err error)
}

// DeviceHints is what a card and a file say of their camera. All of it is hostile text.
type DeviceHints struct {
	Named     string // the dock names the camera outright
	CardLabel string
	NameCode  string // from the file's name
	Serial    string // from the container
	Maker     string
	Model     string
}

// DeviceMatch is the camera that the hints point to. Device is "" if none does; Several says that more than one could.
type DeviceMatch struct {
	Device     ident.DeviceID
	Name       string
	Department ident.DepartmentID
	How        string // which hint decided: "named", "card_label", "name_code", "serial"
	Several    bool
}

// Holder is who had a camera in hand. Person is "" if nobody is known to have; Certain says that it was one person over
// the whole interval.
type Holder struct {
	Person     ident.PersonID
	Name       string
	Department ident.DepartmentID
	Issue      ident.IssueID
	Certain    bool
}

// Devices is the inventory.
type Devices interface {
	Match(ctx context.Context, h DeviceHints) (DeviceMatch, error)
	HolderAt(ctx context.Context, id ident.DeviceID, during clock.Interval) (Holder, error)
	// Offset is how far the camera's clock is known to be behind (positive) or ahead: true time = camera time + offset.
	Offset(ctx context.Context, id ident.DeviceID, at time.Time) (from, to time.Duration, err error)
}

// DutyKind says what is owed.
type DutyKind string

// The duties a recording opens and meets.
const (
	DutyStore          DutyKind = "store"           // hand in what the card listed (R-19-1)
	DutyExplainLate    DutyKind = "explain_late"    // say why it was stored late, or when one returned (R-19-3)
	DutyExplainMissing DutyKind = "explain_missing" // say what became of a missing number (T2)
)

// DutyOpening is a duty to open. Officer is "" where nobody is known: then the custodians of Department owe it.
type DutyOpening struct {
	Kind                   DutyKind
	Key                    string // the same key twice is the same duty
	SubjectKind, SubjectID string
	Officer                ident.PersonID
	Department             ident.DepartmentID
	Article                string
	Due                    time.Time
	Args                   []any // for the duty's words: names, counts
}

// Duties opens and meets duties inside a change.
type Duties interface {
	Open(tx *gate.Tx, d DutyOpening) (ident.DutyID, error)
	Meet(tx *gate.Tx, kind DutyKind, key string, evidence ident.EntryID) error
}

// Config is what a Service needs. Limit is the term of 第十九条 and is 24 hours unless the bureau adopted a shorter one.
type Config struct {
	DB       *db.DB
	Gate     *gate.Gate
	Vault    vault.Vault
	Receipts Receipts
	Devices  Devices
	Duties   Duties
	Prober   Prober
	Clock    clock.Clock
	Log      *slog.Logger
	Node     string // this server's name, as the vault knows it
	Limit    time.Duration
}

// Service is the one writer of everything about recordings. It is safe for concurrent use.
type Service struct {
	c Config
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Vault == nil || c.Receipts == nil || c.Devices == nil || c.Duties == nil ||
		c.Prober == nil || c.Clock == nil || c.Log == nil || c.Node == "" {
		return nil, errors.New("recording: Config needs DB, Gate, Vault, Receipts, Devices, Duties, Prober, Clock, Log and Node")
	}
	if c.Limit == 0 {
		c.Limit = 24 * time.Hour
	}
	return &Service{c: c}, nil
}

// FollowUpArgs tells the job that looks into a freshly stored file.
type FollowUpArgs struct {
	File ident.FileID `json:"file"`
}

// Kind names the job.
func (FollowUpArgs) Kind() string { return "recording.follow_up" }

// VerifyArgs tells the job that reads a stored object back from the disk.
type VerifyArgs struct {
	File ident.FileID `json:"file"`
}

// Kind names the job.
func (VerifyArgs) Kind() string { return "recording.verify" }

// AddWorkers registers the jobs. The service is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a FollowUpArgs) error { return service().FollowUp(ctx, a.File) })
	job.Add(w, func(ctx context.Context, a VerifyArgs) error { return service().VerifyFile(ctx, a.File) })
}

// FollowUp looks into a stored file: facts, flags, camera, officer, verdict, duties. A file that cannot be read stays
// evidence and is flagged. Doing it twice changes nothing.
func (s *Service) FollowUp(ctx context.Context, id ident.FileID) error { panic("not yet") }

// VerifyFile reads the object back from the disk, adds SM3, and issues the receipt that says verified (decision 14).
func (s *Service) VerifyFile(ctx context.Context, id ident.FileID) error { panic("not yet") }
