package fsck

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/ident"
)

// The kinds of a Line. They are part of a format others read: docs/formats/fsck-json.md.
const (
	KindMissing = "missing" // something is named and not there
	KindChanged = "changed" // it is there and not what it was
	KindAdded   = "added"   // it is there and nothing names it
	KindLog     = "log"     // the custody log does not agree with itself or with its checkpoint
)

// Line is a finding as `zhilu fsck --json` prints it, one a line. The first three fields are always there and never change
// their meaning; others may be added.
type Line struct {
	Kind      string            `json:"kind"`
	Subject   string            `json:"subject"`
	LastGood  *time.Time        `json:"last_good"` // null: not known
	Code      string            `json:"code"`
	What      string            `json:"what,omitempty"`
	File      ident.FileID      `json:"file_id,omitempty"`
	Recording ident.RecordingID `json:"recording_id,omitempty"`
}

// Line says the finding in the stable form.
func (f Finding) Line() Line {
	return Line{Kind: f.kind(), Subject: f.ID, LastGood: f.LastGood, Code: f.Code, What: f.What, File: f.File, Recording: f.Recording}
}

func (f Finding) kind() string {
	if strings.HasPrefix(f.Code, "log.") {
		return KindLog
	}
	switch f.Code {
	case "object.missing", "row.missing":
		return KindMissing
	case "object.added", "vault.foreign", "row.added", "row.double", "stage.orphan":
		return KindAdded
	}
	return KindChanged
}
