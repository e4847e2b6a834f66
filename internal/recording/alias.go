package recording

import (
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/recording/clear"
	"zhilu.dev/zhilu/internal/recording/intake"
	"zhilu.dev/zhilu/internal/recording/record"
)

// What the parts of the service take and give, under one roof.
type (
	// Catalog shows fsck what the rows say of the vault and of receipts.
	Catalog = record.Catalog
	// State says how much is promised of a file.
	State = record.State
	// Kind is what sort of thing a recording is.
	Kind = record.Kind
	// Flag is a finding on a recording. Besides the ones here, every media.Flag is one.
	Flag = record.Flag
	// Certainty says how surely a recording is somebody's.
	Certainty = record.Certainty
	// NoteKind is what an overlay says.
	NoteKind = record.NoteKind
	// Outcome says how it ended for one file of a card.
	Outcome = record.Outcome
	// UploadState is where an upload stands.
	UploadState = record.UploadState

	// ListedFile is one file as the card's own list names it.
	ListedFile = intake.ListedFile
	// CardListing is what is said of a card before anything is sent.
	CardListing = intake.CardListing
	// FileOutcome is what the dock says became of one file.
	FileOutcome = intake.FileOutcome
	// Card is one docking.
	Card = intake.Card
	// CardFile is one file of a card's list and what became of it.
	CardFile = intake.CardFile
	// Intent is the announcement of one file.
	Intent = intake.Intent
	// UploadInfo is an upload's row.
	UploadInfo = intake.UploadInfo
	// Parts is what a final upload is joined from.
	Parts = intake.Parts
	// Result is what became of a finished upload.
	Result = intake.Result
	// AdoptReport counts what Adopt found.
	AdoptReport = intake.AdoptReport
	// Gap is a hole in a camera's numbering.
	Gap = intake.Gap
	// FollowUpArgs tells the job that looks into a freshly stored file.
	FollowUpArgs = intake.FollowUpArgs

	// ClearFile is one file a clear order names.
	ClearFile = clear.File
	// ClearOrder is a custodian's order to empty a card.
	ClearOrder = clear.Order
	// ClearResult is what the dock says became of one file of an order.
	ClearResult = clear.Result
)

// The words of package record.
const (
	Stored   = record.Stored
	Verified = record.Verified
	Damaged  = record.Damaged

	Pending = record.Pending
	Video   = record.Video
	Audio   = record.Audio
	Picture = record.Picture
	Other   = record.Other

	FlagUnknownDevice  = record.FlagUnknownDevice
	FlagDeviceDoubtful = record.FlagDeviceDoubtful
	FlagNoOfficer      = record.FlagNoOfficer
	FlagDuplicate      = record.FlagDuplicate
	FlagMalware        = record.FlagMalware
	FlagDamaged        = record.FlagDamaged
	FlagUnlike         = record.FlagUnlike

	Nobody   = record.Nobody
	Certain  = record.Certain
	Likely   = record.Likely
	Assigned = record.Assigned

	NoteReturn     = record.NoteReturn
	NoteDesignated = record.NoteDesignated
	NoteAssign     = record.NoteAssign
	NoteReview     = record.NoteReview

	Waiting   = record.Waiting
	Sealed    = record.Sealed
	Duplicate = record.Duplicate
	Failed    = record.Failed
	Left      = record.Left
	Missing   = record.Missing

	UploadOpen      = record.UploadOpen
	UploadSealed    = record.UploadSealed
	UploadDuplicate = record.UploadDuplicate
	UploadFailed    = record.UploadFailed
	UploadDiscarded = record.UploadDiscarded
)

// Tables are the tables whose rows the entries of this concept say.
func Tables() []vouch.Table { return append(record.Tables(), clear.Table()) }
