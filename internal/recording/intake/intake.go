package intake

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// ListedFile is one file as the card's own list names it. Name and path are hostile text.
type ListedFile struct {
	Path    string
	Size    int64
	ModTime time.Time
	Left    string // why it stays on the card ("system_file", "not_regular"); "" if it will be sent
}

// CardListing is what a dock, or the upload page, says of a card before it sends anything.
type CardListing struct {
	Label      string // the volume's name, or the folder's
	Station    string // which dock
	Agent      string
	DeviceHint string // names the camera outright; "" usually
	FreeBytes  int64
	TotalBytes int64
	Files      []ListedFile
}

// FileOutcome is what the dock says became of one file.
type FileOutcome struct {
	Path   string
	Size   int64
	Status record.Outcome
	Code   string
	SHA256 string
}

// Card is one docking (一次采集).
type Card struct {
	ID                    ident.CardID
	Label, Station, Agent string
	Device                ident.DeviceID
	Department            ident.DepartmentID
	Owner, OwnerName      string // actor that opened it
	FreeBytes, TotalBytes int64
	Files                 int
	Bytes                 int64
	OpenedAt, ClosedAt    time.Time
	Counts                map[record.Outcome]int
}

// CardFile is one file of a card's list and what became of it.
type CardFile struct {
	Path      string
	Size      int64
	ModTime   time.Time
	Status    record.Outcome
	Code      string
	File      ident.FileID
	Recording ident.RecordingID
	State     record.State // of the file, "" if it has none
}

// Intent is the announcement of one file.
type Intent struct {
	Card       ident.CardID // "" for a file outside a docking
	Name       string       // opaque hostile text
	RelPath    string
	Size       int64 // vault.SizeUnknown if not told yet
	ModTime    time.Time
	SHA256     *vault.Digest // the sender's digest, if already known
	DeviceHint string
	Metadata   string           // what the sender said of it, word for word; kept to be said again
	Concat     string           // "partial", "final;" and what follows, or ""
	Parts      []ident.UploadID // of a final one, in order; Size is theirs then
}

// UploadInfo is an upload's row. Owner is the actor id that began it: the gate's subject needs it.
type UploadInfo struct {
	ID             ident.UploadID
	Card           ident.CardID
	Owner          string
	OwnerKind      access.Kind
	Name, RelPath  string
	Size           int64
	ModTime        time.Time
	Declared       *vault.Digest
	State          record.UploadState
	Code           string
	SHA256         string
	File           ident.FileID
	Recording      ident.RecordingID
	Receipt        ident.ReceiptID
	Flags          []record.Flag
	Settled        bool // looked into and read back from the disk: the flags are all found, the receipt says verified
	Node           string
	BegunAt, EndAt time.Time
	Metadata       string // as Intent has it
	Concat         string
	Closed         bool // its sender has ended the address; what was sealed stays
}

// Partial reports whether the upload is a piece that becomes evidence only when it is joined.
func (u UploadInfo) Partial() bool { return u.Concat == record.ConcatPartial }

// Final reports whether the upload is joined from partial ones.
func (u UploadInfo) Final() bool { return u.Concat != "" && !u.Partial() }

// Result is what became of a finished upload. Asking again gives the same result.
type Result struct {
	Status      record.Outcome // Sealed or Duplicate
	UploadID    ident.UploadID
	RecordingID ident.RecordingID
	FileID      ident.FileID
	ReceiptID   ident.ReceiptID
	SHA256      vault.Digest
	Size        int64
	Flags       []record.Flag
	StoredAt    time.Time
}

// AdoptReport counts what Adopt found.
type AdoptReport struct {
	Adopted   int // sealed objects that had no row
	Finished  int // complete stages whose seal had been interrupted
	Discarded int // stages untouched for seven days
	Failed    int // uploads whose stage is gone
	Closed    int // dockings that nobody had closed
	Damaged   int // objects or stages that could not be read; fsck names them
}

// Gap is a hole in a camera's numbering (T2).
type Gap struct {
	ID            string
	Device        ident.DeviceID
	Card          ident.CardID
	Kind          media.GapKind
	Series        string
	From, To      int
	Width         int
	Before, After string
	Arrived       bool // the numbers came in later
	FoundAt       time.Time
}
