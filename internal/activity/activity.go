// Package activity keeps on-scene activities (现场执法活动, 第十二至十八条): who was where with which cameras, when they arrived and left, when
// filming stopped and why, and what was said of it since. An activity is a row that never changes and a list of occurrences (记载) that is only
// added to; a correction is an occurrence, too. What an activity is now is Fold of both, a pure function. Whether it was filmed is judged by
// package coverage.
package activity

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
)

// Kind is what sort of place it happens at.
type Kind string

// The kinds.
const (
	Scene    Kind = "scene"    // 现场: from arrival to departure
	Premises Kind = "premises" // 执法办案场所: fixed cameras, from when the room is taken to when it is left (R-13-2d)
)

// Kinds lists them as pages offer them.
func Kinds() []Kind { return []Kind{Scene, Premises} }

// Demand is how strictly the regulation wants something filmed. The strictest of an activity's matters holds.
type Demand string

// The demands, strictest first.
const (
	Uninterrupted Demand = "uninterrupted" // 全过程无间断音像记录 (第十三条第二款)
	Mandatory     Demand = "mandatory"     // 应当进行音像记录 (第十三条第一款)
	Encouraged    Demand = "encouraged"    // 鼓励
)

// Strictest gives the strictest of some demands; Mandatory where there is none, because a declared activity is one of enforcement.
func Strictest(list ...Demand) Demand {
	out := Encouraged
	for _, d := range list {
		switch {
		case d == Uninterrupted:
			return d
		case d != Encouraged:
			out = Mandatory
		}
	}
	if len(list) == 0 {
		return Mandatory
	}
	return out
}

// Member is a person or a camera that takes part.
type Member struct {
	Person ident.PersonID // the officer; of a camera: who wears it, "" for a fixed one
	Device ident.DeviceID // "" of an officer
	Name   string
}

// Activity is what was declared when it was opened. It never changes; State says what holds now.
type Activity struct {
	ID         ident.ActivityID
	No         int64 // running number
	Kind       Kind
	Case       ident.CaseID // "" for a task without a case
	CaseNo     string
	Paper      ident.PaperID // the case's paper that this step makes, "" where it is not known yet
	Task       string        // in words, where there is no case
	Department ident.DepartmentID
	Matters    []string // 音像记录事项, by their ids in the edition
	Demand     Demand
	Edition    ident.EditionID // the edition of the regulation whose matters these are
	Place      string
	Officers   []Member
	Cameras    []Member
	OpenedAt   time.Time // by the phone's or the browser's clock
	StoredAt   time.Time // by ours
	OpenedBy   ident.PersonID
	OpenedName string
}

// About is how entries name it.
func (a *Activity) About() custody.Subject {
	return custody.Subject{Kind: "activity", ID: string(a.ID)}
}

// Grounds are what an actor is to an activity, for the policies.
const (
	GroundOfficer = "officer" // takes part
	GroundNone    = "none"
)

// Subject is how policies see it: what the actor is to it stands in the ground.
func (a *Activity) Subject(actor access.Actor, s *State) access.Subject {
	sub := access.Subject{Kind: "activity", ID: string(a.ID), Department: a.Department, Ground: GroundNone}
	if s.takesPart(actor.Person) || actor.Person != "" && a.OpenedBy == actor.Person {
		sub.Ground, sub.Officer = GroundOfficer, actor.Person
	}
	return sub
}

// What says what happened.
type What string

// The occurrences. The set is closed.
const (
	Arrived    What = "arrived"    // 到达 (第十六条)
	Departed   What = "departed"   // 离开 (第十六条)
	Stopped    What = "stopped"    // 记录中止: filming stopped (第十七条)
	Resumed    What = "resumed"    // 恢复记录
	Reported   What = "reported"   // 立即报告科室负责人或者分管局领导
	Received   What = "received"   // 收到报告: by whom it was reported to
	Spoken     What = "spoken"     // 语音说明所在: the moment in a recording where the cause is said
	Written    What = "written"    // 书面说明
	Restricted What = "restricted" // 限制他人拍摄 (第十八条)
	Obstructed What = "obstructed" // 阻碍记录 (第二十六条)
	Ticked     What = "ticked"     // 摄录重点、语音说明所在: an item of Articles 14 and 15 with its moment
	Confirmed  What = "confirmed"  // 复核: whether a ticked item is there
	Signed     What = "signed"     // 签名, on the phone
	Noted      What = "noted"      // 备注
	Joined     What = "joined"     // an officer or a camera that was not declared takes part
	Removed    What = "removed"    // an officer or a camera that was declared does not
	Corrected  What = "corrected"  // 更正: arrival, departure or place, with the reason
)

// Whats lists them.
func Whats() []What {
	return []What{
		Arrived, Departed, Stopped, Resumed, Reported, Received, Spoken, Written, Restricted, Obstructed, Ticked, Confirmed, Signed, Noted, Joined, Removed, Corrected,
	}
}

// Cause is why filming stopped (第十七条). The list is closed.
type Cause string

// The causes.
const (
	Fault       Cause = "fault"       // 设备故障
	Damage      Cause = "damage"      // 设备损坏
	Battery     Cause = "battery"     // 电量耗尽
	StorageFull Cause = "storage"     // 存储空间不足
	Weather     Cause = "weather"     // 天气原因
	Obstruction Cause = "obstruction" // 人为阻碍
	Other       Cause = "other"       // 其他, with words
)

// Causes lists them as pages offer them.
func Causes() []Cause {
	return []Cause{Fault, Damage, Battery, StorageFull, Weather, Obstruction, Other}
}

// Restriction is why others' filming was restricted. There are two grounds and no third (第十八条).
type Restriction string

// The grounds.
const (
	Secret   Restriction = "state_secret" // 涉及国家秘密
	Hindered Restriction = "obstruction"  // 妨碍执法
)

// Restrictions lists them.
func Restrictions() []Restriction { return []Restriction{Secret, Hindered} }

// Item is something Articles 14 and 15 want filmed or said.
type Item string

// The six focuses (第十四条) and the six spoken items (第十五条).
const (
	FocusScene    Item = "focus_scene"    // 执法现场环境
	FocusPeople   Item = "focus_people"   // 有关人员的体貌特征和言行举止
	FocusObjects  Item = "focus_objects"  // 重要涉案物品及其主要特征
	FocusMeasures Item = "focus_measures" // 对人员、财物采取措施的情况
	FocusPapers   Item = "focus_papers"   // 现场制作、送达法律文书的情况
	FocusOther    Item = "focus_other"    // 其他重要内容
	SaidTime      Item = "said_time"      // 时间
	SaidPlace     Item = "said_place"     // 地点
	SaidOfficers  Item = "said_officers"  // 执法人员
	SaidAct       Item = "said_act"       // 执法行为
	SaidFocus     Item = "said_focus"     // 摄录重点
	SaidNotice    Item = "said_notice"    // 告知正在音像记录
)

// Focuses and Statements list the items in the order of the regulation.
func Focuses() []Item {
	return []Item{FocusScene, FocusPeople, FocusObjects, FocusMeasures, FocusPapers, FocusOther}
}

// Statements lists what has to be said.
func Statements() []Item {
	return []Item{SaidTime, SaidPlace, SaidOfficers, SaidAct, SaidFocus, SaidNotice}
}

// Occurrence is one thing that happened or was said of an activity. It is never changed.
type Occurrence struct {
	ID       ident.OccurrenceID // made where it happened, so that handing it in twice is once
	Activity ident.ActivityID
	Seq      int64 // order of arrival here
	What     What
	At       time.Time          // when it happened, by the clock of whoever wrote it down
	Doubt    time.Duration      // how far that clock may be off; 0 where nobody measured it
	About    ident.OccurrenceID // the interruption, report or tick it is about
	By       ident.PersonID
	ByName   string
	StoredAt time.Time // by our clock
	Said     Said
}

// Said is what an occurrence says. Which fields it has depends on what happened.
type Said struct {
	Cause     Cause             `json:"cause,omitempty"`
	Words     string            `json:"words,omitempty"`
	To        ident.PersonID    `json:"to,omitempty"` // to whom it was reported
	ToName    string            `json:"to_name,omitempty"`
	How       string            `json:"how,omitempty"` // of a report: "phone", "in_person", "system"
	Until     *time.Time        `json:"until,omitempty"`
	Ground    Restriction       `json:"ground,omitempty"`
	Violence  bool              `json:"violence,omitempty"` // 暴力、威胁 (第二十六条)
	Recording ident.RecordingID `json:"recording,omitempty"`
	Position  int64             `json:"position_ms,omitempty"` // within the recording
	Item      Item              `json:"item,omitempty"`
	There     bool              `json:"there,omitempty"` // of a confirmation
	Person    ident.PersonID    `json:"person,omitempty"`
	Device    ident.DeviceID    `json:"device,omitempty"`
	Name      string            `json:"name,omitempty"`
	Field     Field             `json:"field,omitempty"`
	Time      *time.Time        `json:"time,omitempty"`
	Place     string            `json:"place,omitempty"`
	Strokes   string            `json:"strokes,omitempty"` // of a signature: SVG path data, digits and commands only
}

// Field is what can be corrected.
type Field string

// The fields.
const (
	FieldArrived  Field = "arrived"
	FieldDeparted Field = "departed"
	FieldPlace    Field = "place"
)

// Fields lists them.
func Fields() []Field { return []Field{FieldArrived, FieldDeparted, FieldPlace} }
