// Package redaction keeps masked copies (遮蔽件) of recordings: what leaves the house in place of an original (第二十条). A copy
// is planned by somebody who may look, with regions that people drew; it is approved by somebody else, by two where content
// is protected; a job makes it of the viewing copies in the fence; and it carries, inside and beside it, a statement of what
// it is of, what was hidden, why, by whom, approved by whom, whose digest an entry of the log holds.
package redaction

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/redaction/plan"
)

// State is how far a copy is.
type State string

// The states.
const (
	Draft    State = "draft"    // 编辑中
	Asked    State = "asked"    // 等待同意
	Refused  State = "refused"  // 不同意
	Approved State = "approved" // 已同意，等待制作
	Ready    State = "ready"    // 已制成
	Failed   State = "failed"   // 未能制成; Reason says why
	Dropped  State = "dropped"  // 已放弃
)

// Copy is one masked copy of one recording.
type Copy struct {
	ID         ident.CopyID
	No         int64
	State      State
	Recording  ident.RecordingID
	Department ident.DepartmentID // whose recording it is
	Plan       plan.Plan
	Notes      []string // codes of what Clean changed
	Why        string   // 事由
	By         ident.PersonID
	ByName     string
	ByDept     string
	At         time.Time
	AskedAt    time.Time
	Quorum     int
	Level      access.Role
	Approver   ident.PersonID // whose turn it is
	// SecondLevel is who decides second where two must.
	SecondLevel access.Role
	FirstAt     time.Time
	FirstBy     ident.PersonID
	FirstName   string
	DecidedAt   time.Time
	DecidedBy   ident.PersonID
	DecidedName string
	Words       string // of the decision
	MadeAt      time.Time
	SHA256      string // of the media part
	Size        int64
	Length      time.Duration
	Reason      string
	Statement   string
	Entry       ident.EntryID // of the making
	Progress    float64       // while it is made here
	// Transcript is the written text of its sound, nil where there is none.
	Transcript *Transcript
}

// Transcript (录音文字) is the written text of a copy's sound as a document that goes with it.
type Transcript struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// AwaitsSecond reports whether one of two has agreed.
func (c *Copy) AwaitsSecond() bool { return c.State == Asked && c.Quorum > 1 && c.FirstBy != "" }

// Masked reports whether something in it is hidden or silenced; else it is a mere clip.
func (c *Copy) Masked() bool { return len(c.Plan.Regions)+len(c.Plan.Sounds) > 0 }
