// Package disc makes evidence discs (第二十四条): what a recording shows leaves for a case file as an image that any court can check
// with no help from us. A disc holds the originals or clips, the written note (文字说明), a manifest whose digest is an entry, receipts,
// proofs, the head and keys of the log, and pages that play and check it (docs/formats/disc-v1.md). Each has a number, copies,
// custodians and places, is read back after burning, and read again every two years.
package disc

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// Form is what a disc is made as.
type Form string

// The forms.
const (
	Image  Form = "image"  // 光盘映像: ISO 9660, Joliet and UDF over the same bytes
	Folder Form = "folder" // 文件夹
	Bag    Form = "bag"    // BagIt (RFC 8493), with the same folder as its payload
)

// State is how far a disc came.
type State string

// The states.
const (
	Making State = "making" // 制作中
	Made   State = "made"   // 已制作
	Failed State = "failed" // 未制成: its number stays used
)

// Consent is the granted request on which a disc is made.
type Consent struct {
	ID         ident.ViewingID
	No         int64
	Case       ident.CaseID
	Department ident.DepartmentID
	Recordings []ident.RecordingID
	Parts      []viewing.Item // of which not the whole was consented to
}

// Piece is one file that goes on a disc.
type Piece struct {
	Recording ident.RecordingID
	File      ident.FileID
	Name      string // as the camera or whoever handed it in called it
	Kind      string // "original" or "clip"
	Size      int64
	SHA256    string // of an original, as it was sealed; "" of a clip, whose statement says it
	Open      func(ctx context.Context) (io.ReadCloser, error)
	Receipt   []byte // newest, with its proof; nil where there is none yet
	Statement []byte // of a clip
	// Written is the written text of a clip's sound, where one goes with it; WrittenName what it is called.
	Written     []byte
	WrittenName string
	// View gives a copy that every browser plays, beside an original that not every one does; nil where there is no need.
	View func(ctx context.Context, w io.Writer) error
	// ViewSize is about how long it is.
	ViewSize int64
}

// Case is the case that a disc belongs to.
type Case struct {
	ID    ident.CaseID
	No    string // 案号
	Title string
}

// Sheets sets the papers of a disc as PDF.
type Sheets interface {
	Ready() error
	Note(ctx context.Context, d Disc, n Note) ([]byte, error)
	Label(ctx context.Context, d Disc, copies []Copy, fingerprint string) ([]byte, error)
}

// Config is what a Service needs.
type Config struct {
	DB     *db.DB
	Gate   *gate.Gate
	Clock  clock.Clock
	Origin string // of the log
	Bureau string
	Sheets Sheets
	// Consent gives the person's request of this number if it is a grant in force that lets something be copied. It is asked again
	// before every file and inside the change that makes the disc count.
	Consent func(ctx context.Context, idb bun.IDB, person ident.PersonID, no int64) (Consent, error)
	// Pieces gives the files of a recording that may leave: originals, or the copy that its marks demand. What may not leave is refused.
	Pieces func(ctx context.Context, actor access.Actor, c Consent, rec ident.RecordingID) ([]Piece, error)
	// Refuse says why a recording may not leave now, asked inside the change.
	Refuse func(ctx context.Context, idb bun.IDB, rec ident.RecordingID) error
	// CaseOf tells of a case.
	CaseOf func(ctx context.Context, id ident.CaseID) (Case, error)
	// Linked reports whether a recording is linked to a case.
	Linked func(ctx context.Context, idb bun.IDB, id ident.CaseID) ([]ident.RecordingID, error)
	// Free tells how many bytes may still be written in a folder.
	Free func(dir string) (int64, error)
	// Reread is how often a disc is read again.
	Reread func(ctx context.Context) time.Duration
	// Programs is a folder with the programs that go on every disc; "" for none.
	Programs string
	// Sequence gives waiting entries their place where no server does; nil leaves it to the server.
	Sequence func(ctx context.Context) error
	// Folder is where a server keeps images until they were burned and read back; "" where it makes none.
	Folder string
	// Actor gives an account as it may act now: a disc that was asked for on a page is made by a job in its name.
	Actor func(ctx context.Context, account ident.AccountID) (access.Actor, error)
	// Tool is genisoimage's path; "" looks it up.
	Tool string
}

// Service makes discs and keeps their register. It is safe for concurrent use.
type Service struct {
	c Config

	mu      sync.Mutex
	running map[ident.DiscID]Progress
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Sheets == nil || c.Consent == nil || c.Pieces == nil || c.Refuse == nil || c.CaseOf == nil ||
		c.Linked == nil || c.Free == nil || c.Reread == nil || c.Origin == "" {
		return nil, errors.New("disc: Config is incomplete")
	}
	return &Service{c: c, running: map[ident.DiscID]Progress{}}, nil
}

// Disc is a row of the register of discs (证据光盘登记簿).
type Disc struct {
	ID             ident.DiscID
	Year           int
	Seq            int64
	Number         string // 〔2026〕光盘1号
	State          State
	Form           Form
	Request        ident.ViewingID
	RequestNo      int64
	Case           ident.CaseID // "" for none
	CaseNo         string
	CaseTitle      string
	Department     ident.DepartmentID
	By             ident.PersonID
	ByName         string
	Account        string
	Note           Note
	Picked         []ident.RecordingID // of the request's; empty for all
	Recordings     int
	Files          int
	Bytes          int64 // of the files
	ManifestSHA256 string
	ImageSHA256    string // of an image
	ImageBytes     int64
	LogSize        int64 // of the checkpoint on it
	LogRoot        string
	BegunAt        time.Time
	MadeAt         time.Time
	CheckedAt      time.Time // last read that found it whole
	RereadDue      time.Time
	Reason         string // of a failure: its fault's code
}

// Copy is one physical copy of a disc (正本, 副本).
type Copy struct {
	ID        ident.DiscCopyID
	Disc      ident.DiscID
	N         int    // from 1; the first is the original (正本)
	Medium    string // "disc", "drive" …: words
	Custodian string // 保管人
	Place     string // 存放位置
	At        time.Time
	ByName    string
}

// Check is one read of a disc (回读, 复检).
type Check struct {
	ID     ident.DiscCheckID
	Disc   ident.DiscID
	Copy   int // 0 for the image before it was burned
	Whole  bool
	Source string // "image", "folder", "drive"
	Found  string // what was wrong, one a line
	At     time.Time
	ByName string
}
