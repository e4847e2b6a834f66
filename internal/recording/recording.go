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
	Reviewed    bool  // settled in the inbox
	Waiting     bool  // stands in the inbox
	Unexplained bool  // and a custodian must settle it there; else only the reason of a late storing is owed
	Seq         int64 // running number, in the order of storing
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
