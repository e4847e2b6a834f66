// Package recording takes in what cameras recorded and keeps what is known of it: intake from the card to the
// receipt, the facts a file tells of itself, whose recording it is, and whether it was stored in time (第十九条).
//
// A recording (音像记录) is one pressing of the button; it has one or more files. Two states are promised apart
// (decision 14): stored — the received digest is the sender's, the bytes are synced, sealed and in the custody log;
// verified — a job read the object back from the disk and added SM3. Bytes go before rows: an object without a row is
// adopted from its sidecar, never collected as garbage (decision 15).
//
// What a camera said is never edited. A return note, a designated storage or another officer is an overlay with a
// reason and a name; the verdict is computed anew from the facts and the overlays and shows its arithmetic.
package recording

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// State says how much is promised of a file.
type State string

// The states.
const (
	Stored   State = "stored"   // received whole, synced, sealed, logged
	Verified State = "verified" // read back from the disk and compared, SM3 added
	Damaged  State = "damaged"  // read back and found to be other than what was sealed
)

// Kind is what sort of thing a recording is.
type Kind string

// The kinds.
const (
	Pending Kind = "pending" // nobody has looked into the file yet
	Video   Kind = "video"   // 录像
	Audio   Kind = "audio"   // 录音
	Picture Kind = "picture" // 照片
	Other   Kind = "other"   // not a recording by its bytes, or unreadable
)

// Flag is a finding on a recording that a person should see. Besides these, every media.Flag is one.
type Flag string

// The flags that come from the house, not from the bytes.
const (
	FlagUnknownDevice  Flag = "unknown_device"  // no camera of the inventory explains it
	FlagDeviceDoubtful Flag = "device_doubtful" // several could, or hints contradict each other
	FlagNoOfficer      Flag = "no_officer"      // the camera is known, but nobody is known to have held it then
	FlagDuplicate      Flag = "duplicate"       // the same bytes were handed in again (T4)
	FlagDamaged        Flag = "damaged"         // what the disk gave back is not what was sealed
)

// InboxFlags are the flags that put a recording into the inbox (待认领) until somebody has settled it.
func InboxFlags() []Flag {
	return []Flag{
		FlagUnknownDevice, FlagDeviceDoubtful, FlagNoOfficer, FlagDamaged, Flag(media.FlagUnreadable), Flag(media.FlagEmpty),
		Flag(media.FlagForeign), Flag(media.FlagTruncated), Flag(media.FlagClockDoubt), Flag(media.FlagNameMismatch),
		Flag(media.FlagTimeMissing), Flag(media.FlagFuture),
	}
}

// Certainty says how surely a recording is somebody's.
type Certainty string

// The certainties.
const (
	Nobody   Certainty = ""         // no officer is known
	Certain  Certainty = "certain"  // the camera was in this officer's hands during the whole recording
	Likely   Certainty = "likely"   // in this officer's hands for part of the possible time
	Assigned Certainty = "assigned" // a custodian said so, with a reason
)

// Recording is a row of the list: facts, verdict and flags, never a look (decision 1).
type Recording struct {
	ID          ident.RecordingID
	Kind        Kind
	State       State  // the least of its files
	Name        string // of its first file, made harmless to show
	Files       int
	Size        int64              // bytes, all files
	Department  ident.DepartmentID // "" while nobody is known to own it
	Device      ident.DeviceID     // "" while unknown
	DeviceName  string             // the inventory's name of it
	DeviceHow   string             // how it was matched: the code of the hint
	Officer     ident.PersonID     // "" while unknown
	OfficerName string
	Certainty   Certainty
	Start       time.Time // by the camera's clock; zero if unknown
	StartFrom   media.Origin
	Duration    time.Duration
	HasDuration bool
	End         clock.Interval // of the last file; zero if unknown
	StoredAt    time.Time
	Verdict     storage.Verdict
	Flags       []Flag
	Reviewed    bool // settled in the inbox
	Card        ident.CardID
}

// File is one file of a recording.
type File struct {
	ID         ident.FileID
	Recording  ident.RecordingID
	Name       string // as on the card, made harmless to show
	Path       string // within the card
	Size       int64
	SHA256     string
	SM3        string // "" until verified
	State      State
	ModTime    time.Time // as the card told it; zero if unknown
	StoredAt   time.Time
	VerifiedAt time.Time // zero until then
	Medium     string    // how surely the disk was read rather than a cache
	Upload     ident.UploadID
	Entry      ident.EntryID // recording.seal
	Facts      *media.Facts  // nil while nobody has looked into it
}
