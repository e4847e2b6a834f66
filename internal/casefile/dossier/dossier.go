// Package dossier puts a whole case together as one package (案卷包) that anybody can check with no help from us: the papers as PDF and
// as data, the receipts of the recordings, what the custody log says of the case with its proofs, an index with page numbers, and
// a manifest whose digest is an entry (docs/formats/case-package-v1.md). Package verify reads it and shares no line with this one.
package dossier

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Case is what a package is made of: a case as it stands, its papers in the order of the file.
type Case struct {
	ID         string
	No         string // 案号
	Title      string
	Act        string
	Procedure  string
	State      string
	OpenedAt   time.Time
	Department ident.DepartmentID
	Parties    []Party
	Handlers   []Handler
	Waivers    []Waiver
	Events     []Event
	Papers     []Paper
	Recordings []Footage

	parties []string
	names   map[string]string // of papers, by id
}

// Party is somebody the case concerns.
type Party struct {
	Role, Kind, Name, IDNumber, LegalRep, Address, Phone string
	From, Until                                          time.Time
	Entry                                                ident.EntryID
}

// Handler is an officer on the case.
type Handler struct {
	Person, Name, Certificate, Reason string
	Lead                              bool
	From, Until                       time.Time
	Entry                             ident.EntryID
}

// Waiver excuses one duty.
type Waiver struct {
	Item, Reason, By string
	At               time.Time
	Entry            ident.EntryID
}

// Event is what happened and no paper shows.
type Event struct {
	Event, Basis, By string
	On, At           time.Time
	Entry            ident.EntryID
}

// Paper is one version of a written record that was fixed by an entry. Content is the text whose SHA-256 is Digest, exactly.
type Paper struct {
	ID         string
	Type       string
	Title      string
	No         string // 文号
	State      string
	Version    int
	FixedAt    time.Time
	FixedBy    string // account
	Content    string
	Digest     string
	Entry      ident.EntryID
	Author     string // 责任者
	Note       string
	Signatures []Signature
	Approvals  []Approval
	Deliveries []Delivery

	document catalogue.Document
	values   form.Values
	reason   string // of a correction
}

// Signature is a signature on a paper, or the note that it was refused.
type Signature struct {
	Role, Mode, Name, Person, Reason, Witness string
	At                                        time.Time
	Entry                                     ident.EntryID
	Image                                     []byte // PNG; empty where nothing was drawn or scanned
}

// Approval is one step on the way to a decision.
type Approval struct {
	Step, Decision, Opinion, By, OnBehalfOf string
	At                                      time.Time
	Entry                                   ident.EntryID
}

// Delivery is one service of a paper.
type Delivery struct {
	Mode, Recipient, Outcome string
	At, Deemed               time.Time
	Entry                    ident.EntryID
}

// Footage is one file of a recording that is linked to the case. The footage itself goes along only where the case leaves whole (More).
type Footage struct {
	Recording ident.RecordingID
	File      ident.FileID
	Name      string
	Size      int64
	SHA256    string
	State     string
}

// PDF is a paper as it is printed.
type PDF struct {
	Bytes []byte
	Pages int
}

// Consent is the granted request on which a package is made (查阅申请).
type Consent struct {
	ID    ident.ViewingID
	No    int64
	Until time.Time
}

// Config is what a Service needs.
type Config struct {
	DB     *db.DB
	Gate   *gate.Gate
	Clock  clock.Clock
	FS     durable.FS
	Origin string // of the log
	Bureau string
	// Print sets a paper; Cover sets the index. Both come out the same for the same input.
	Print func(ctx context.Context, c *Case, p *Paper) (PDF, error)
	Cover func(ctx context.Context, c *Case, x Index) (PDF, error)
	// Receipt gives the newest receipt of a file, fault NotFound where there is none yet.
	Receipt func(ctx context.Context, actor access.Actor, file ident.FileID) ([]byte, error)
	// Consent gives the person's request of this number if it is granted, holds now and covers the case. It is asked again inside the
	// change that makes the package count, through that change's transaction.
	Consent func(ctx context.Context, idb bun.IDB, person ident.PersonID, no int64, caseID string) (Consent, error)
	// Sequence gives waiting entries their place where no server does; nil leaves it to the server.
	Sequence func(ctx context.Context) error
}

// Service makes packages. It is safe for concurrent use; one folder is made by one of them at a time.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.FS == nil || c.Print == nil || c.Cover == nil || c.Receipt == nil || c.Consent == nil || c.Origin == "" {
		return nil, errors.New("dossier: Config is incomplete")
	}
	return &Service{c}, nil
}
