package recording

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// NoteKind is what an overlay says.
type NoteKind string

// The kinds of notes.
const (
	NoteReturn     NoteKind = "return"     // when one returned, and why it could not be stored sooner (R-19-3)
	NoteDesignated NoteKind = "designated" // it lay in the designated storage (指定的存储器)
	NoteAssign     NoteKind = "assign"     // whose recording, which camera
	NoteReview     NoteKind = "review"     // looked at in the inbox
)

// Note is an overlay on a recording: what somebody said later, with a reason. Notes are only ever added; the newest of
// its kind counts.
type Note struct {
	Kind       NoteKind
	At         time.Time // when it was written
	By         ident.PersonID
	ByName     string
	Reason     string // code
	Words      string
	ReturnedAt time.Time // NoteReturn
	StoredAt   time.Time // NoteDesignated
	Where      string    // NoteDesignated
	Device     ident.DeviceID
	Officer    ident.PersonID
	Entry      ident.EntryID
}

// ReturnReasons are the codes a return note may carry: why it could really not be stored within the term (确实无法及时储存).
func ReturnReasons() []string {
	return []string{"remote_area", "continuous_duty", "device_fault", "force_majeure", "other"}
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

// ReceiptRef names a receipt of a file.
type ReceiptRef struct {
	ID   ident.ReceiptID
	File ident.FileID
	Kind State
	At   time.Time
}

// Detail is everything known of a recording short of looking at it.
type Detail struct {
	Recording
	FileList   []File
	Start      media.Start      // chosen start with its candidates and doubts; of the first file
	EndOffset  [2]time.Duration // the camera's clock offset that was applied
	Judgement  storage.Judgement
	Notes      []Note
	Gaps       []Gap // of the same camera, beside this recording's files
	Receipts   []ReceiptRef
	FlagDetail map[Flag]string
}

// Get gives a recording's detail, if the actor may see its facts. NotFound "recording.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.RecordingID) (Detail, error) {
	panic("not yet")
}

// FileRecording gives the recording a file belongs to. NotFound "file.unknown".
func (s *Service) FileRecording(ctx context.Context, id ident.FileID) (ident.RecordingID, error) {
	panic("not yet")
}

// Receipt gives a receipt file: the newest of that receipt's file, with a proof of inclusion where the log has one. For
// who handed the file in, and who may see the recording. NotFound "receipt.unknown".
func (s *Service) Receipt(ctx context.Context, actor access.Actor, id ident.ReceiptID) ([]byte, error) {
	panic("not yet")
}

// FileReceipt gives the newest receipt of a file, under the same rule.
func (s *Service) FileReceipt(ctx context.Context, actor access.Actor, id ident.FileID) ([]byte, error) {
	panic("not yet")
}

// ReturnNote is the custodian's entry of when an officer returned.
type ReturnNote struct {
	ReturnedAt time.Time
	Reason     string // one of ReturnReasons
	Words      string // required with "other"
}

// AddReturn adds a return note and judges anew. Invalid "recording.returned_at" for a time after the storing or in the
// future, "recording.reason" without a reason.
func (s *Service) AddReturn(ctx context.Context, actor access.Actor, id ident.RecordingID, n ReturnNote) error {
	panic("not yet")
}

// Designation is the custodian's entry that the recording lay in the designated storage.
type Designation struct {
	Where    string
	StoredAt time.Time
	Words    string
}

// Designate adds a designation and judges anew.
func (s *Service) Designate(ctx context.Context, actor access.Actor, id ident.RecordingID, d Designation) error {
	panic("not yet")
}

// Assignment says whose recording it is. Empty fields stay as they are.
type Assignment struct {
	Device  ident.DeviceID
	Officer ident.PersonID
	Words   string // the reason; required
}

// Assign lays an assignment over what was found. What was found stays.
func (s *Service) Assign(ctx context.Context, actor access.Actor, id ident.RecordingID, a Assignment) error {
	panic("not yet")
}

// Resolve settles a recording in the inbox: with an assignment where there is one, and marked as looked at.
func (s *Service) Resolve(ctx context.Context, actor access.Actor, id ident.RecordingID, a Assignment) error {
	panic("not yet")
}
