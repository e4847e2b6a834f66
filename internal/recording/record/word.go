// Package record is what package recording and its parts keep: the rows of intake and recordings, their closed words, and
// every statement on them. It decides nothing.
package record

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
	FlagMalware        Flag = "malware"         // the scanner found a harmful program in it (T24)
	FlagParty          Flag = "party"           // 当事人提交: handed in by a party or somebody of the public, not made by the bureau
	FlagUnlike         Flag = "unlike_camera"   // its form is not that of its camera's files (T1)
)

// Certainty says how surely a recording is somebody's.
type Certainty string

// The certainties.
const (
	Nobody   Certainty = ""         // no officer is known
	Certain  Certainty = "certain"  // the camera was in this officer's hands during the whole recording
	Likely   Certainty = "likely"   // in this officer's hands for part of the possible time
	Assigned Certainty = "assigned" // a custodian said so, with a reason
)

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

// NoteKind is what an overlay says.
type NoteKind string

// The kinds of notes.
const (
	NoteReturn     NoteKind = "return"     // when one returned, and why it could not be stored sooner (R-19-3)
	NoteDesignated NoteKind = "designated" // it lay in the designated storage (指定的存储器)
	NoteAssign     NoteKind = "assign"     // whose recording, which camera
	NoteReview     NoteKind = "review"     // looked at in the inbox
)
