package marking

import (
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
)

// Order is what the competent office orders about a suspected state secret (处理要求).
type Order string

// The orders. That it is none is no order: the mark is lifted on that answer.
const (
	KeepFrozen Order = "keep_frozen" // 继续冻结
	HandOver   Order = "hand_over"   // 移交
	Remove     Order = "remove"      // 清除
)

// Orders lists them in the order pages offer them.
func Orders() []Order { return []Order{KeepFrozen, HandOver, Remove} }

// Place is a kind of place where the bytes of a recording come to be (载体所在).
type Place string

// The places.
const (
	Original Place = "original" // 封存原件
	Derived  Place = "derived"  // 查看副本、遮蔽件、截图
	Outside  Place = "outside"  // 交出的副本、光盘、案卷包
	Card     Place = "card"     // 记录设备和存储卡
	Station  Place = "station"  // 采集站、办公电脑
	Backup   Place = "backup"   // 备份
)

// Places lists them in the order pages offer them.
func Places() []Place { return []Place{Original, Derived, Outside, Card, Station, Backup} }

// madeBy tells by which actions bytes come to be in a place.
var madeBy = map[access.Action]Place{
	access.RecordingSeal: Original, access.RecordingAdopt: Original,
	access.DerivativeMake: Derived, access.LookGrab: Derived, access.RedactionMake: Derived,
	access.RedactionTake: Outside, access.CaseExport: Outside, access.DisclosureMake: Outside, access.DisclosureSend: Outside, access.DiscMake: Outside, access.DiscFetch: Outside,
}

// Known gives the places of which the log tells that the bytes were there, by the actions it holds. What was filmed was on a card and
// went through a station, and what was sealed is in every backup made since: no entry has to say so.
func Known(actions []string) []Place {
	found := map[Place]bool{Original: true, Card: true, Station: true, Backup: true}
	for _, a := range actions {
		if p, ok := madeBy[access.Action(a)]; ok {
			found[p] = true
		}
	}
	return slices.DeleteFunc(Places(), func(p Place) bool { return !found[p] })
}

// Uncleared gives the known places of which no witnessed execution says that they were cleared.
func Uncleared(known []Place, done []Execution) []Place {
	return slices.DeleteFunc(slices.Clone(known), func(p Place) bool {
		return slices.ContainsFunc(done, func(e Execution) bool { return !e.WitnessAt.IsZero() && slices.Contains(e.Places, p) })
	})
}

// Instruction is what the competent office wrote about a suspected state secret (主管部门的书面意见). Only its number is here: the paper may be
// secret itself and never enters this system. Its row is never edited.
type Instruction struct {
	ID      ident.InstructionID
	Marking ident.MarkingID
	Office  string
	Number  string // 文号
	Dated   string // the day it bears, as YYYY-MM-DD
	Orders  Order
	Words   string // what else may be said of it here
	At      time.Time
	By      ident.PersonID
	ByName  string
	Entry   ident.EntryID
	Done    []Execution // the newest first
}

// Execution is that what an instruction ordered was carried out, wholly or for some places, before a second person. This program
// clears nothing itself: it keeps who says so.
type Execution struct {
	ID           ident.ExecutionID
	Instruction  ident.InstructionID
	Marking      ident.MarkingID
	Places       []Place
	Words        string // how, by whom besides, and to whom it was handed
	DoneAt       time.Time
	At           time.Time
	By           ident.PersonID
	ByName       string
	WitnessAt    time.Time // zero until somebody else confirmed it
	Witness      ident.PersonID
	WitnessName  string
	WitnessWords string
	Entry        ident.EntryID
}

// Carried reports whether the instruction is one that has to be carried out.
func (i *Instruction) Carried() bool { return i.Orders == HandOver || i.Orders == Remove }

func (e *Execution) places() string {
	out := make([]string, len(e.Places))
	for i, p := range e.Places {
		out[i] = string(p)
	}
	return strings.Join(out, " ")
}

// witnessed is the recording as policies see it when an execution is witnessed: the one it concerns is who carried it out.
func (o Object) witnessed(e *Execution) access.Subject {
	s := o.subject()
	s.Officer = e.By
	return s
}

// Beside is what an entry about it is also about.
func beside(m ident.MarkingID) []custody.Subject {
	return []custody.Subject{{Kind: "marking", ID: string(m)}}
}
