package recording

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
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

// Outcome says how it ended for one file of a card.
type Outcome string

// The outcomes.
const (
	Waiting   Outcome = "waiting" // listed, nothing known yet
	Sealed    Outcome = "sealed"
	Duplicate Outcome = "duplicate" // the bureau already had these bytes; no second object
	Failed    Outcome = "failed"
	Left      Outcome = "left"    // by rule not taken
	Missing   Outcome = "missing" // listed, and never handed in
)

// FileOutcome is what the dock says became of one file.
type FileOutcome struct {
	Path   string
	Size   int64
	Status Outcome
	Code   string
	SHA256 string
}

// Card is one docking (一次采集).
type Card struct {
	ID                    ident.CardID
	Label, Station, Agent string
	Device                ident.DeviceID
	Owner, OwnerName      string // actor that opened it
	FreeBytes, TotalBytes int64
	Files                 int
	Bytes                 int64
	OpenedAt, ClosedAt    time.Time
	Counts                map[Outcome]int
}

// CardFile is one file of a card's list and what became of it.
type CardFile struct {
	Path      string
	Size      int64
	ModTime   time.Time
	Status    Outcome
	Code      string
	File      ident.FileID
	Recording ident.RecordingID
	State     State // of the file, "" if it has none
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
}

// UploadState is where an upload stands.
type UploadState string

// The states of an upload.
const (
	UploadOpen      UploadState = "open"
	UploadSealed    UploadState = "sealed"    // it became a recording
	UploadDuplicate UploadState = "duplicate" // its bytes were already here
	UploadFailed    UploadState = "failed"    // Code says why
	UploadDiscarded UploadState = "discarded"
)

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
	State          UploadState
	Code           string
	SHA256         string
	File           ident.FileID
	Recording      ident.RecordingID
	Receipt        ident.ReceiptID
	Flags          []Flag
	Node           string
	BegunAt, EndAt time.Time
}

// Result is what became of a finished upload. Asking again gives the same result.
type Result struct {
	Status      Outcome // Sealed or Duplicate
	UploadID    ident.UploadID
	RecordingID ident.RecordingID
	FileID      ident.FileID
	ReceiptID   ident.ReceiptID
	SHA256      vault.Digest
	Size        int64
	Flags       []Flag
	StoredAt    time.Time
}

// AdoptReport counts what Adopt found.
type AdoptReport struct {
	Adopted   int // sealed objects that had no row
	Finished  int // complete stages whose seal had been interrupted
	Discarded int // stages untouched for seven days
	Failed    int // uploads whose stage is gone
	Damaged   int // objects or stages that could not be read; each is in the log
}

// OpenCard writes down a docking and the card's own list before anything is sent (T2).
func (s *Service) OpenCard(ctx context.Context, actor access.Actor, l CardListing) (ident.CardID, error) {
	panic("not yet")
}

// CloseCard writes down how it ended. What the card listed and nobody handed in becomes a duty with a name (R-19-1);
// missing numbers become gaps and a duty to explain them (T2).
func (s *Service) CloseCard(ctx context.Context, actor access.Actor, id ident.CardID, outcomes []FileOutcome) error {
	panic("not yet")
}

// Card gives a docking and its files, for who opened it and who may list recordings.
func (s *Service) Card(ctx context.Context, actor access.Actor, id ident.CardID) (Card, []CardFile, error) {
	panic("not yet")
}

// Cards lists the latest dockings of the actor's scope, newest first.
func (s *Service) Cards(ctx context.Context, actor access.Actor, limit int) ([]Card, error) {
	panic("not yet")
}

// Begin commits an intent row and its entry, then opens the vault's stage: whatever arrives has a row (decision 15).
// On an error of the vault the row is marked failed.
func (s *Service) Begin(ctx context.Context, actor access.Actor, in Intent) (ident.UploadID, error) {
	panic("not yet")
}

// Upload gives an upload's row, without asking who wants it: NotFound "upload.unknown".
func (s *Service) Upload(ctx context.Context, id ident.UploadID) (UploadInfo, error) {
	panic("not yet")
}

// AppendCheck refuses whoever did not begin the upload (T20) and uploads that are no longer open (Conflict
// "upload.ended"). The door calls it once a request.
func (s *Service) AppendCheck(ctx context.Context, actor access.Actor, id ident.UploadID) (UploadInfo, error) {
	panic("not yet")
}

// Discard gives an upload up before it is sealed, with an entry.
func (s *Service) Discard(ctx context.Context, actor access.Actor, id ident.UploadID) error {
	panic("not yet")
}

// Seal turns a complete upload into a recording, or finds that its bytes are already here (G11). sender is the digest
// the sender says, nil if it was declared at Begin or not at all. Bytes before row: the object is sealed and durable
// first, then recording, file, entry, receipt and job commit together. Calling it again gives the same Result.
// Conflict "upload.digest_mismatch" keeps the bytes, marks the upload failed and says so in the log; "vault.incomplete"
// leaves the upload open.
func (s *Service) Seal(ctx context.Context, actor access.Actor, id ident.UploadID, sender *vault.Digest) (Result, error) {
	panic("not yet")
}

// Adopt brings vault and rows together after a crash (decision 15): every sealed object without a row gets one from
// its sidecar, complete stages are sealed, stages untouched for seven days are given up with an entry. It is safe to
// call at any time.
func (s *Service) Adopt(ctx context.Context) (AdoptReport, error) {
	panic("not yet")
}
