// Package duty keeps who owes what by when under which article of the regulation, and how it ended: met with its
// evidence, waived by a named person with a reason, or cancelled because the facts changed. To-do lists, alerts and the
// badge in the navigation are views of it.
//
// Concepts open and meet duties inside their own change ([Open], [Meet], [Cancel], [Reassign], [Reschedule]); faces
// read them and waive them through a [Book]. Nothing here counts, sorts or compares people: a list is ordered by time
// alone (decisions §4).
package duty

import (
	"encoding/json"
	"errors"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// State says how a duty stands. Overdue is no state: it follows from the due time (see [Duty.Standing]).
type State string

// The states. Only an open duty can change.
const (
	StateOpen      State = "open"      // 待办
	StateMet       State = "met"       // 已办
	StateWaived    State = "waived"    // 免除
	StateCancelled State = "cancelled" // 撤销
)

// Duty is one thing owed (待办).
type Duty struct {
	ID         ident.DutyID
	Kind       Kind
	State      State
	Subject    custody.Subject    // what it is about: a recording, a card, a file …
	Device     ident.DeviceID     // the device it came from; empty where there is none
	Person     ident.PersonID     // who owes it; empty: the department's persons in the kind's role
	Department ident.DepartmentID // whose duty it is; empty: nobody's yet
	Args       json.RawMessage    // JSON object: the arguments of the title, by name
	Since      time.Time          // when the term began to run
	Due        time.Time          // last moment at which it is still in time
	Opened     time.Time
	Closed     time.Time     // zero while open
	Evidence   ident.EntryID // the custody entry that met, waived or cancelled it
	Reason     string        // of a waiver, or the code of a cancellation
	WaivedBy   ident.PersonID
}

// New is what opening a duty says of it. Kind, Subject and Due must be set; Since is the opening's own time if zero.
type New struct {
	Kind       Kind
	Subject    custody.Subject
	Device     ident.DeviceID
	Person     ident.PersonID
	Department ident.DepartmentID
	Since, Due time.Time
	// Args are the title's arguments by name (ids, names, numbers, RFC 3339 times); nil for none.
	Args map[string]any
}

// Filter narrows a list. Empty fields do not narrow. There is no order to choose: open duties come by due time,
// ended ones by the time they ended, latest first.
type Filter struct {
	States     []State // List: open if empty; Done: met, waived and cancelled if empty
	Kinds      []Kind
	Except     []Kind // what is listed elsewhere
	Person     ident.PersonID
	Department ident.DepartmentID
	Device     ident.DeviceID
	Subject    custody.Subject
	Unnamed    bool      // names nobody: owed by whoever holds its role in the department
	Overdue    bool      // due before now
	Soon       bool      // not over yet, and three quarters of its term are used (DueSoon)
	DueFrom    time.Time // due at or after
	DueBefore  time.Time // due before
	After      string    // the Next of the page before
	Limit      int       // rows of a page; 0 means 50, at most 200
}

// Page is one page of a list. Next is empty at the end.
type Page struct {
	Duties []Duty
	Next   string
}

// Counts are the figures of the navigation's badge. A figure stops at CountLimit+1, shown as "10,000+".
type Counts struct{ Open, Overdue int }

// CountLimit is the highest figure that is counted out.
const CountLimit = 10_000

// Group is one part of the workbench: the first duties of a bucket and how many there are in all.
type Group struct {
	Bucket Bucket
	Count  int // stops at CountLimit+1
	Duties []Duty
	Filter Filter // gives the whole bucket to List
}

// Config wires a Book.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
}

// Book reads duties within an actor's scope and waives them. It is safe for concurrent use.
type Book struct{ c Config }

// NewBook makes a book.
func NewBook(c Config) (*Book, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil {
		return nil, errors.New("duty: Config needs DB, Gate and Clock")
	}
	return &Book{c}, nil
}

func listSubject() access.Subject { return access.Subject{Kind: "duty"} }
