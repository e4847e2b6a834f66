// Package handed takes in what parties and the public hand in (当事人、群众提交的材料): footage or any other file, through the same door as
// everything, marked as not made by the bureau, with who handed it in, on what carrier and what it is said to show, and a receipt
// (接收回执). Nothing is refused because it is odd.
package handed

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
)

// State is how a handing in stands.
type State string

// The states.
const (
	Open      State = "open"      // 接收中: files may arrive
	Closed    State = "closed"    // 已接收: the list is fixed and the receipt can be printed
	Cancelled State = "cancelled" // 作废: begun by mistake, nothing had arrived
)

// Capacity is in what capacity somebody hands in.
type Capacity string

// The capacities, in the order pages offer them.
const (
	Party   Capacity = "party"   // 当事人
	Agent   Capacity = "agent"   // 代理人
	Witness Capacity = "witness" // 证人
	Public  Capacity = "public"  // 群众
	Unit    Capacity = "unit"    // 其他单位
)

// Capacities lists them.
func Capacities() []Capacity { return []Capacity{Party, Agent, Witness, Public, Unit} }

// Edit is what is written down when somebody hands something in.
type Edit struct {
	Giver    string // who hands in
	Capacity Capacity
	Contact  string
	For      string // whom an agent acts for
	CaseNo   string // of a case the receiver may know of; empty where none is known
	Carrier  string // 载体: what it came on, with its number
	Shows    string // what it is said to show
	Returned bool   // the carrier was given back
}

// Handing is one occasion on which somebody handed something in.
type Handing struct {
	ID         ident.HandedID
	No         int64
	State      State
	Giver      string
	Capacity   Capacity
	Contact    string
	For        string
	Case       ident.CaseID
	CaseNo     string // as it was then
	Carrier    string
	Shows      string
	Returned   bool
	Department ident.DepartmentID // that receives it
	By         ident.PersonID
	ByName     string
	Account    ident.AccountID // that sends the files; nobody else's files belong to it
	OpenedAt   time.Time
	EndedAt    time.Time
	Words      string // of a cancellation
	Entry      ident.EntryID
}

func (h *Handing) about() custody.Subject { return custody.Subject{Kind: "handed", ID: string(h.ID)} }

func (h *Handing) subject() access.Subject {
	return access.Subject{Kind: "handed", ID: string(h.ID), Department: h.Department, Officer: h.By}
}

// Item is one file of it.
type Item struct {
	ID        string
	N         int
	File      ident.FileID
	Recording ident.RecordingID
	Name      string
	Size      int64
	SHA256    string
	Known     bool // the bureau had these bytes already: no second object was made, and it keeps its own marks
	StoredAt  time.Time
}

// Arrival is a file on its way, as its upload stands.
type Arrival struct {
	Item
	Sealed  bool
	Settled bool   // looked into and read back
	Code    string // why it failed
}

// Ready reports whether everything that was begun has ended and was looked into.
func Ready(list []Arrival) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(a Arrival) bool { return a.Code == "" && !a.Settled })
}
