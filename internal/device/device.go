// Package device keeps the recording devices of the bureau: the inventory, who held which device when, how far its
// clock is off, and the last number it gave a file. From these a recording finds its device, its officer and its true
// time.
//
// What a person does goes through an [Inventory]; what intake does inside its own change or asks of the past are
// functions ([Match], [HolderAt], [OffsetAt], [RecordClock], [LastNumbers], [NoteNumbers]).
package device

import (
	"errors"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Kind says what sort of device it is.
type Kind string

// The kinds.
const (
	BodyCamera Kind = "body_camera" // 执法记录仪
	Camera     Kind = "camera"      // 摄像机、照相机
	Drone      Kind = "drone"       // 无人机
	Fixed      Kind = "fixed"       // 固定设备
	Phone      Kind = "phone"       // 手机
)

// Kinds lists the kinds in the order pages show them.
func Kinds() []Kind { return []Kind{BodyCamera, Camera, Drone, Fixed, Phone} }

// State says whether a device can be used. Only one in use can be issued (R-04-1).
type State string

// The states.
const (
	InUse   State = "in_use"  // 在用
	Repair  State = "repair"  // 维修
	Lost    State = "lost"    // 丢失
	Retired State = "retired" // 停用
)

// States lists the states in the order pages show them.
func States() []State { return []State{InUse, Repair, Lost, Retired} }

// Spec is what a custodian enters of a device. Label, Kind and Department are needed.
type Spec struct {
	Label      string // what is written on it: "Z-07"; no two devices share one
	Kind       Kind
	Maker      string
	Model      string
	Serial     string // the maker's number
	CardLabel  string // volume label of its card
	NameCode   string // code of the device that appears in its file names
	Department ident.DepartmentID
	Note       string
}

// Device is a device as it is kept (设备). Version counts its changes.
type Device struct {
	Spec

	ID        ident.DeviceID
	State     State
	StateNote string
	StateAt   time.Time
	Created   time.Time
	Updated   time.Time
	Version   int64
}

// Condition says how a device came back.
type Condition string

// The conditions.
const (
	Good      Condition = "good"    // 完好
	Damaged   Condition = "damaged" // 损坏
	LostThere Condition = "lost"    // 丢失: set when a device out on issue is marked lost
)

// Issue is one handing out of a device, until it came back (领用记录).
type Issue struct {
	ID         ident.IssueID
	Device     ident.DeviceID
	Department ident.DepartmentID // the device's department then
	Person     ident.PersonID     // who holds it
	Purpose    string
	Issued     time.Time
	IssuedBy   ident.PersonID
	Entered    time.Time // when it was written down; later than Issued for a paper form
	Returned   time.Time // zero while it is out
	ReturnedBy ident.PersonID
	Condition  Condition // empty while it is out
	Note       string
}

// Open reports whether the device is still out.
func (i Issue) Open() bool { return i.Returned.IsZero() }

// Item is a device with the issue it is out on, if any.
type Item struct {
	Device
	Out *Issue
}

// Filter narrows the inventory. Empty fields do not narrow.
type Filter struct {
	Department ident.DepartmentID
	Kinds      []Kind
	States     []State
	Out        *bool          // out on issue, or not
	Holder     ident.PersonID // out with this person
	Query      string         // words that stand in label, maker, model, serial, card label, name code or note
	After      string         // the Next of the page before
	Limit      int            // see org.PageSize
}

// IssueFilter narrows the ledger of issues. Empty fields do not narrow.
type IssueFilter struct {
	Device     ident.DeviceID
	Department ident.DepartmentID
	Person     ident.PersonID
	Open       bool      // only what is out now
	From       time.Time // issued at or after
	Before     time.Time // issued before
	After      string    // the Next of the page before
	Limit      int       // see org.PageSize
}

// Entry is a line of the ledger of issues (交接台账): the issue and its device.
type Entry struct {
	Issue
	Label string
	Kind  Kind
}

// Stock counts one department's devices (R-04-1).
type Stock struct {
	Department                   ident.DepartmentID
	InUse, Repair, Lost, Retired int
	Out                          int // of those in use: out on issue
}

// IssueInput is what handing out a device says. At is now if zero; an earlier time writes down a paper form and must
// lie after the device's last return.
type IssueInput struct {
	Person  ident.PersonID
	Purpose string
	At      time.Time
}

// ReturnInput is what taking a device back says. At is now if zero. Condition is Good if empty.
type ReturnInput struct {
	At        time.Time
	Condition Condition
	Note      string
}

// Config wires an Inventory.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
}

// Inventory is the register of devices. It is safe for concurrent use.
type Inventory struct{ c Config }

// NewInventory makes an inventory.
func NewInventory(c Config) (*Inventory, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil {
		return nil, errors.New("device: Config needs DB, Gate and Clock")
	}
	return &Inventory{c}, nil
}

func subject(d Device, holder ident.PersonID) access.Subject {
	return access.Subject{Kind: "device", ID: string(d.ID), Department: d.Department, Officer: holder}
}
