package rows

import (
	"encoding/json"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/ident"
)

// Approval is the row of what somebody said in an approval.
type Approval struct {
	bun.BaseModel `bun:"table:case_approval,alias:t"`

	ID      ident.ApprovalID `bun:"id,pk"`
	Paper   ident.PaperID    `bun:"paper_id"`
	Round   int              `bun:"round"`
	Step    matter.Step      `bun:"step"`
	Agreed  bool             `bun:"agreed"`
	Opinion string           `bun:"opinion"`
	By      ident.PersonID   `bun:"by_id"`
	For     ident.PersonID   `bun:"for_id"`
	Digest  string           `bun:"digest"`
	At      int64            `bun:"at"`
	Entry   ident.EntryID    `bun:"entry_id"`
}

// OfApproval makes the row of what somebody said in an approval.
func OfApproval(v matter.Approval) *Approval {
	return &Approval{
		ID:      v.ID,
		Paper:   v.Paper,
		Round:   v.Round,
		Step:    v.Step,
		Agreed:  v.Agreed,
		Opinion: v.Opinion,
		By:      v.By,
		For:     v.For,
		Digest:  v.Digest,
		At:      clock.Micros(v.At),
		Entry:   v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Approval) Plain() (matter.Approval, error) {
	return matter.Approval{
		ID:      r.ID,
		Paper:   r.Paper,
		Round:   r.Round,
		Step:    r.Step,
		Agreed:  r.Agreed,
		Opinion: r.Opinion,
		By:      r.By,
		For:     r.For,
		Digest:  r.Digest,
		At:      clock.FromMicros(r.At),
		Entry:   r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Approval) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "paper", ID: string(r.Paper)}, Entry: r.Entry,
		Says: vouch.Of(r, "opinion"),
	}
}

// Delivery is the row of a service.
type Delivery struct {
	bun.BaseModel `bun:"table:case_delivery,alias:t"`

	ID        ident.DeliveryID `bun:"id,pk"`
	Case      ident.CaseID     `bun:"case_id"`
	Paper     ident.PaperID    `bun:"paper_id"`
	Mode      string           `bun:"mode"`
	Recipient string           `bun:"recipient"`
	Relation  string           `bun:"relation"`
	Place     string           `bun:"place"`
	Sent      int64            `bun:"sent"`
	Taken     int64            `bun:"taken"`
	Returned  bool             `bun:"returned"`
	Reason    string           `bun:"reason"`
	Course    string           `bun:"course"`
	Witness   string           `bun:"witness"`
	Answers   string           `bun:"answers"`
	State     string           `bun:"state"`
	Deemed    int64            `bun:"deemed"`
	Receipt   ident.PaperID    `bun:"receipt_id"`
	By        ident.PersonID   `bun:"by_id"`
	Entry     ident.EntryID    `bun:"entry_id"`
}

// OfDelivery makes the row of a service.
func OfDelivery(v matter.Delivery) *Delivery {
	return &Delivery{
		ID:        v.ID,
		Case:      v.Case,
		Paper:     v.Paper,
		Mode:      v.Mode,
		Recipient: v.Recipient,
		Relation:  v.Relation,
		Place:     v.Place,
		Sent:      clock.Micros(v.Sent),
		Taken:     clock.Micros(v.Taken),
		Returned:  v.Returned,
		Reason:    v.Reason,
		Course:    v.Course,
		Witness:   v.Witness,
		Answers:   string(v.Answers),
		State:     v.State,
		Deemed:    clock.Micros(v.Deemed),
		Receipt:   v.Receipt,
		By:        v.By,
		Entry:     v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Delivery) Plain() (matter.Delivery, error) {
	return matter.Delivery{
		ID:        r.ID,
		Case:      r.Case,
		Paper:     r.Paper,
		Mode:      r.Mode,
		Recipient: r.Recipient,
		Relation:  r.Relation,
		Place:     r.Place,
		Sent:      clock.FromMicros(r.Sent),
		Taken:     clock.FromMicros(r.Taken),
		Returned:  r.Returned,
		Reason:    r.Reason,
		Course:    r.Course,
		Witness:   r.Witness,
		Answers:   json.RawMessage(r.Answers),
		State:     r.State,
		Deemed:    clock.FromMicros(r.Deemed),
		Receipt:   r.Receipt,
		By:        r.By,
		Entry:     r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Delivery) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "recipient", "relation", "place", "witness", "reason"),
	}
}

// Answer is the row of an answer to a fact.
type Answer struct {
	bun.BaseModel `bun:"table:case_answer,alias:t"`

	ID     ident.AnswerID `bun:"id,pk"`
	Case   ident.CaseID   `bun:"case_id"`
	Fact   string         `bun:"fact"`
	Value  string         `bun:"value"`
	Reason string         `bun:"reason"`
	By     ident.PersonID `bun:"by_id"`
	At     int64          `bun:"at"`
	Entry  ident.EntryID  `bun:"entry_id"`
}

// OfAnswer makes the row of an answer to a fact.
func OfAnswer(v matter.Answer) *Answer {
	return &Answer{
		ID:     v.ID,
		Case:   v.Case,
		Fact:   v.Fact,
		Value:  v.Value,
		Reason: v.Reason,
		By:     v.By,
		At:     clock.Micros(v.At),
		Entry:  v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Answer) Plain() (matter.Answer, error) {
	return matter.Answer{
		ID:     r.ID,
		Case:   r.Case,
		Fact:   r.Fact,
		Value:  r.Value,
		Reason: r.Reason,
		By:     r.By,
		At:     clock.FromMicros(r.At),
		Entry:  r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Answer) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "reason"),
	}
}

// Waiver is the row of a waiver.
type Waiver struct {
	bun.BaseModel `bun:"table:case_waiver,alias:t"`

	ID     ident.WaiverID `bun:"id,pk"`
	Case   ident.CaseID   `bun:"case_id"`
	Item   string         `bun:"item"`
	Reason string         `bun:"reason"`
	By     ident.PersonID `bun:"by_id"`
	At     int64          `bun:"at"`
	Entry  ident.EntryID  `bun:"entry_id"`
}

// OfWaiver makes the row of a waiver.
func OfWaiver(v matter.Waiver) *Waiver {
	return &Waiver{
		ID:     v.ID,
		Case:   v.Case,
		Item:   v.Item,
		Reason: v.Reason,
		By:     v.By,
		At:     clock.Micros(v.At),
		Entry:  v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Waiver) Plain() (matter.Waiver, error) {
	return matter.Waiver{
		ID:     r.ID,
		Case:   r.Case,
		Item:   r.Item,
		Reason: r.Reason,
		By:     r.By,
		At:     clock.FromMicros(r.At),
		Entry:  r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Waiver) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "reason"),
	}
}

// Link is the row of a link to a recording.
type Link struct {
	bun.BaseModel `bun:"table:case_link,alias:t"`

	ID        ident.LinkID      `bun:"id,pk"`
	Case      ident.CaseID      `bun:"case_id"`
	Paper     ident.PaperID     `bun:"paper_id"`
	Recording ident.RecordingID `bun:"recording_id"`
	Matter    string            `bun:"matter"`
	From      int64             `bun:"from_at"`
	To        int64             `bun:"to_at"`
	Note      string            `bun:"note"`
	By        ident.PersonID    `bun:"by_id"`
	At        int64             `bun:"at"`
	Struck    int64             `bun:"struck"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

// OfLink makes the row of a link to a recording.
func OfLink(v matter.Link) *Link {
	return &Link{
		ID:        v.ID,
		Case:      v.Case,
		Paper:     v.Paper,
		Recording: v.Recording,
		Matter:    v.Matter,
		From:      clock.Micros(v.From),
		To:        clock.Micros(v.To),
		Note:      v.Note,
		By:        v.By,
		At:        clock.Micros(v.At),
		Struck:    clock.Micros(v.Struck),
		Entry:     v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Link) Plain() (matter.Link, error) {
	return matter.Link{
		ID:        r.ID,
		Case:      r.Case,
		Paper:     r.Paper,
		Recording: r.Recording,
		Matter:    r.Matter,
		From:      clock.FromMicros(r.From),
		To:        clock.FromMicros(r.To),
		Note:      r.Note,
		By:        r.By,
		At:        clock.FromMicros(r.At),
		Struck:    clock.FromMicros(r.Struck),
		Entry:     r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Link) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "note"),
	}
}

// Report is the row of a reported event.
type Report struct {
	bun.BaseModel `bun:"table:case_report,alias:t"`

	ID    ident.ReportID `bun:"id,pk"`
	Case  ident.CaseID   `bun:"case_id"`
	Event string         `bun:"event"`
	On    int64          `bun:"on_at"`
	Timed bool           `bun:"timed"`
	Basis string         `bun:"basis"`
	By    ident.PersonID `bun:"by_id"`
	At    int64          `bun:"at"`
	Entry ident.EntryID  `bun:"entry_id"`
}

// OfReport makes the row of a reported event.
func OfReport(v matter.Report) *Report {
	return &Report{
		ID:    v.ID,
		Case:  v.Case,
		Event: v.Event,
		On:    clock.Micros(v.On),
		Timed: v.Timed,
		Basis: v.Basis,
		By:    v.By,
		At:    clock.Micros(v.At),
		Entry: v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Report) Plain() (matter.Report, error) {
	return matter.Report{
		ID:    r.ID,
		Case:  r.Case,
		Event: r.Event,
		On:    clock.FromMicros(r.On),
		Timed: r.Timed,
		Basis: r.Basis,
		By:    r.By,
		At:    clock.FromMicros(r.At),
		Entry: r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Report) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "basis"),
	}
}

// Limit is the row of a time limit.
type Limit struct {
	bun.BaseModel `bun:"table:case_limit,alias:t"`

	ID      ident.LimitID `bun:"id,pk"`
	Case    ident.CaseID  `bun:"case_id"`
	Term    string        `bun:"term"`
	Start   string        `bun:"start_event"`
	Source  string        `bun:"source"`
	From    int64         `bun:"from_at"`
	Due     int64         `bun:"due"`
	Doubt   string        `bun:"doubt"`
	Duty    bool          `bun:"duty"`
	Met     int64         `bun:"met"`
	Gone    bool          `bun:"gone"`
	Result  string        `bun:"result"`
	Edition int           `bun:"edition"`
}

// OfLimit makes the row of a time limit.
func OfLimit(v matter.Limit) *Limit {
	return &Limit{
		ID:      v.ID,
		Case:    v.Case,
		Term:    v.Term,
		Start:   v.Start,
		Source:  v.Source,
		From:    clock.Micros(v.From),
		Due:     clock.Micros(v.Due),
		Doubt:   v.Doubt,
		Duty:    v.Duty,
		Met:     clock.Micros(v.Met),
		Gone:    v.Gone,
		Result:  string(v.Result),
		Edition: v.Edition,
	}
}

// Plain is the row as a plain value.
func (r *Limit) Plain() (matter.Limit, error) {
	return matter.Limit{
		ID:      r.ID,
		Case:    r.Case,
		Term:    r.Term,
		Start:   r.Start,
		Source:  r.Source,
		From:    clock.FromMicros(r.From),
		Due:     clock.FromMicros(r.Due),
		Doubt:   r.Doubt,
		Duty:    r.Duty,
		Met:     clock.FromMicros(r.Met),
		Gone:    r.Gone,
		Result:  json.RawMessage(r.Result),
		Edition: r.Edition,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Limit) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)},
		Says: vouch.Of(r),
	}
}
