// Package persons keeps what people who were filmed ask and complain of (被记录人, decision 26): requests to learn who looked, to
// have a copy, to have something corrected; complaints; and incidents such as a leak. Each has a number, a clock and a
// reasoned answer. No page gathers a person's matters: they are found by number and by department, never by name (decision 4).
package persons

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Kind is what somebody wants (事项).
type Kind string

// The kinds, in the order pages offer them.
const (
	LookUp     Kind = "look_up"    // 查询: who looked at or received recordings of their case
	CopyWanted Kind = "copy"       // 复制
	Correction Kind = "correction" // 更正
	Complaint  Kind = "complaint"  // 投诉
	Incident   Kind = "incident"   // 泄露等事件, reported by anybody
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{LookUp, CopyWanted, Correction, Complaint, Incident} }

// State is how a matter stands.
type State string

// The states.
const (
	Open     State = "open"     // 办理中
	Answered State = "answered" // 已答复
	Declined State = "declined" // 不予办理, with its reason
)

// States lists them.
func States() []State { return []State{Open, Answered, Declined} }

// days is how many working days an answer may take. The regulation sets none; 15 is what the Regulation on Open Government
// Information (政府信息公开条例 §33) allows for the nearest thing.
const days = 15

// DueAfter is the last minute of the day by which what was received at a moment is answered: the fifteenth working day after it. Where the
// calendar does not reach so far, it is the fifteenth day of any kind, which is never later, and counted is false.
func DueAfter(cal term.Calendar, received time.Time) (due time.Time, counted bool) {
	return term.WorkingDays(cal, received, days)
}

// Matter is one request, complaint or incident.
type Matter struct {
	ID         ident.PersonMatterID
	No         int64
	Kind       Kind
	State      State
	Name       string // of who asks; may be empty for an incident
	Contact    string
	Department ident.DepartmentID // that answers
	Case       ident.CaseID       // which it is about; empty where it is not known
	Where      string             // else: the place, the time, the officers, as told
	Words      string
	ReceivedAt time.Time
	ReceivedBy ident.PersonID
	// ReceivedName is the name of who took it in then.
	ReceivedName string
	Due          time.Time
	EndedAt      time.Time
	EndedBy      ident.PersonID
	EndedName    string
	Answer       string
}

// Overdue reports whether it should have been answered.
func (m *Matter) Overdue(now time.Time) bool { return m.State == Open && now.After(m.Due) }

// Subject is the matter as policies see it.
func (m *Matter) Subject() access.Subject {
	return access.Subject{Kind: "person_matter", ID: string(m.ID), Department: m.Department, Officer: m.ReceivedBy}
}

func (m *Matter) about() custody.Subject {
	return custody.Subject{Kind: "person_matter", ID: string(m.ID)}
}
