// Package matter is what a case (案件) consists of, as plain values: what package casefile keeps, what package procedure
// judges, and what pages and packages show.
package matter

import (
	"encoding/json"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/ident"
)

// Procedure is how a case runs.
type Procedure string

// The procedures.
const (
	Ordinary Procedure = "ordinary" // 普通程序
	Summary  Procedure = "summary"  // 简易程序（当场处罚）
)

// Origin is how a case began (第七条).
type Origin string

// The origins.
const (
	ExOfficio   Origin = "ex_officio"  // 依职权
	Application Origin = "application" // 依申请
)

// OnApplication lists the acts that begin with an application.
var OnApplication = []string{"permit", "payment", "confirmation", "registration", "adjudication"}

// State is how a case stands.
type State string

// The states. Only an open or a suspended case changes.
const (
	Open      State = "open"      // 办理中
	Suspended State = "suspended" // 中止
	Withdrawn State = "withdrawn" // 撤回、撤销
	Joined    State = "joined"    // 并入另案
	Closed    State = "closed"    // 结案
	Archived  State = "archived"  // 归档
)

// The stages, in order; their ids are the catalogue's.
const (
	Initiation    = "initiation"
	Investigation = "investigation"
	Decision      = "review-decision"
	Execution     = "service-execution"
	Closing       = "closing-archive"
)

// Stages lists the stages of a case in order.
func Stages() []string { return []string{Initiation, Investigation, Decision, Execution, Closing} }

// StageIndex is a stage's place among the stages, -1 for none of them.
func StageIndex(stage string) int { return slices.Index(Stages(), stage) }

// Case (案件) is one matter of enforcement, from source to archive.
type Case struct {
	ID         ident.CaseID
	No         string // 案号, never used twice
	Title      string // 案由
	Act        string
	Procedure  Procedure
	Origin     Origin
	Department ident.DepartmentID
	Stage      string
	State      State
	Edition    int // the catalogue's edition in force on the day it was opened (R-27-1)
	OpenedAt   time.Time
	OpenedBy   ident.PersonID
	ClosedAt   time.Time
	JoinedInto ident.CaseID
	SplitFrom  ident.CaseID
	Basis      string // why it is suspended or withdrawn
	Entry      ident.EntryID
}

// Live reports whether anything may still be written into the case.
func (c Case) Live() bool { return c.State == Open || c.State == Suspended }

// PartyRole is what somebody is in a case.
type PartyRole string

// The roles.
const (
	PartyMain   PartyRole = "party"       // 当事人、申请人
	ThirdParty  PartyRole = "third_party" // 第三人、利害关系人
	Agent       PartyRole = "agent"       // 代理人
	Complainant PartyRole = "complainant" // 投诉举报人
	Witness     PartyRole = "witness"     // 证人
)

// PartyRoles lists them in order.
func PartyRoles() []PartyRole { return []PartyRole{PartyMain, ThirdParty, Agent, Complainant, Witness} }

// PartyKind is what a party is in law.
type PartyKind string

// The kinds.
const (
	Natural      PartyKind = "person"       // 自然人
	Business     PartyKind = "business"     // 个体工商户
	Organisation PartyKind = "organisation" // 法人或者其他组织
)

// Party (当事人) is somebody the case concerns. There is no field for what is nobody's business.
type Party struct {
	ID       ident.PartyID
	Case     ident.CaseID
	Role     PartyRole
	Kind     PartyKind
	Name     string
	IDNumber string
	LegalRep string
	Address  string
	Phone    string
	For      ident.PartyID // of an agent: whom it acts for
	AddedAt  time.Time
	EndedAt  time.Time // zero while it is one
	Entry    ident.EntryID
}

// Handler (承办人) is an officer on a case.
type Handler struct {
	ID          ident.HandlerID
	Case        ident.CaseID
	Person      ident.PersonID
	Certificate string // 执法证号 on the day it began
	Lead        bool   // 主办
	From, Until time.Time
	Reason      string // why it ended
	Entry       ident.EntryID
}

// PaperState is how a written record stands.
type PaperState string

// The states. Submitted is on its way through approval; fixed is signed by somebody and can change no more; complete has
// every signature it needs.
const (
	Draft     PaperState = "draft"     // 草稿
	Submitted PaperState = "submitted" // 审批中
	Returned  PaperState = "returned"  // 退回
	Fixed     PaperState = "fixed"     // 待签齐
	Complete  PaperState = "complete"  // 已成文
	Void      PaperState = "void"      // 作废
)

// Text is a paper whose exact text was put before those who approve.
type Text struct {
	Paper  ident.PaperID `json:"paper_id"`
	Digest string        `json:"digest"`
}

// Paper (文书) is one written record of a case. Values are those of its newest version, of the draft while it is one.
type Paper struct {
	ID        ident.PaperID
	Case      ident.CaseID
	Type      string // document id of the catalogue
	No        string // 文号
	State     PaperState
	Version   int // 0 while it never was fixed
	Values    form.Values
	Digest    string // of Values, see form.Digest
	Revision  int    // of the draft
	Texts     []Text // of an approval form: what is approved with it
	MadeBy    ident.PersonID
	MadeAt    time.Time
	ChangedAt time.Time
	ChangedBy ident.PersonID
	FixedAt   time.Time
	DoneAt    time.Time // complete since
	Reason    string    // of a correction or of its being void
	Entry     ident.EntryID
}

// Editable reports whether its text may still be changed.
func (p Paper) Editable() bool { return p.State == Draft || p.State == Returned }

// Version is a text as it was signed.
type Version struct {
	ID     ident.VersionID
	Paper  ident.PaperID
	Number int
	Values form.Values
	Digest string
	At     time.Time
	By     ident.PersonID
	Reason string // why there is a new one, "" for the first
	Entry  ident.EntryID
}

// SignMode is how somebody signed. None of them is a reliable electronic signature in the sense of 电子签名法 §13.
type SignMode string

// The modes.
const (
	Own     SignMode = "own"     // signed in as themselves
	Drawn   SignMode = "drawn"   // 手写签名图样
	Scan    SignMode = "scan"    // 纸质签名扫描件
	Sealed  SignMode = "seal"    // 用印登记
	Refused SignMode = "refused" // 拒绝（不能）签名
)

// Signature (签名) is one signature under one version.
type Signature struct {
	ID      ident.SignatureID
	Paper   ident.PaperID
	Version int
	Role    string // of the catalogue's signers
	Mode    SignMode
	Person  ident.PersonID // of ours
	Name    string
	Reason  string // of a refusal
	Witness string // of a refusal
	Image   []byte // PNG of a drawn signature or a seal
	File    ident.AttachmentID
	At      time.Time
	Entry   ident.EntryID
}

// Step is one step of an approval.
type Step string

// The steps in order (第九条).
const (
	StepHandler Step = "handler" // 承办人意见
	StepUnit    Step = "unit"    // 承办机构审核
	StepLegal   Step = "legal"   // 法制审核
	StepLeader  Step = "leader"  // 负责人审批
)

// Approval is what one person said in one step.
type Approval struct {
	ID      ident.ApprovalID
	Paper   ident.PaperID
	Round   int // 1 for the first submission
	Step    Step
	Agreed  bool
	Opinion string
	By      ident.PersonID
	For     ident.PersonID // whose delegate By was
	Digest  string         // the text it was said of
	At      time.Time
	Entry   ident.EntryID
}

// Delivery (送达) is one service of one paper, as it was recorded; package delivery judges it.
type Delivery struct {
	ID        ident.DeliveryID
	Case      ident.CaseID
	Paper     ident.PaperID
	Mode      string // package delivery's modes, the options of service_mode
	Recipient string // who took or refused it
	Relation  string // package delivery's recipients
	Place     string
	Sent      time.Time // handed to the post, sent; zero where the mode has none
	Taken     time.Time // signed for, left behind, arrived, published; zero while it is not known
	Returned  bool
	Reason    string          // of a refusal or an announcement
	Course    string          // of an announcement: its course
	Witness   string          // of a service left behind
	Answers   json.RawMessage // what the record says to the mode's demands: by code "yes" or "no"
	State     string          // package delivery's verdict on the day it was last reckoned
	Deemed    time.Time       // the day on which the paper counts as served; zero where it does not
	Receipt   ident.PaperID   // the proof of service among the papers
	By        ident.PersonID
	Entry     ident.EntryID
}

// When is the moment a service is told by: when the paper was taken, or sent where nobody took it yet.
func (d Delivery) When() time.Time {
	if d.Taken.IsZero() {
		return d.Sent
	}
	return d.Taken
}

// Refused reports whether the recipient would not take the paper.
func (d Delivery) Refused() bool { return d.Mode == "lien" || d.Returned }

// Answer says how a fact of the vocabulary stands in the case.
type Answer struct {
	ID     ident.AnswerID
	Case   ident.CaseID
	Fact   string
	Value  string
	Reason string
	By     ident.PersonID
	At     time.Time
	Entry  ident.EntryID
}

// Waiver excuses one item of the list by a named person's decision.
type Waiver struct {
	ID     ident.WaiverID
	Case   ident.CaseID
	Item   string
	Reason string
	By     ident.PersonID
	At     time.Time
	Entry  ident.EntryID
}

// Link joins a recording to a case, and to the paper whose step it shows.
type Link struct {
	ID        ident.LinkID
	Case      ident.CaseID
	Paper     ident.PaperID // "" for the case as a whole
	Recording ident.RecordingID
	Matter    string // of the list of what is filmed, "" where it is none
	From, To  time.Time
	Note      string
	By        ident.PersonID
	At        time.Time
	Struck    time.Time // zero while it holds
	Entry     ident.EntryID
}

// Report says that something happened which no document of ours shows.
type Report struct {
	ID    ident.ReportID
	Case  ident.CaseID
	Event string
	On    time.Time
	Timed bool   // On is a moment, not a day
	Basis string // where it is known from
	By    ident.PersonID
	At    time.Time
	Entry ident.EntryID
}

// Limit (期限) is one time limit of the case as it was last reckoned.
type Limit struct {
	ID      ident.LimitID
	Case    ident.CaseID
	Term    string
	Start   string // the event, and what shows it
	Source  string // id of the paper or report
	From    time.Time
	Due     time.Time // zero where it cannot be judged
	Doubt   string
	Duty    bool // somebody of ours owes it
	Met     time.Time
	Gone    bool            // what started it is no more
	Result  json.RawMessage // term.Result
	Edition int
}

// File is a whole case.
type File struct {
	Case       Case
	Parties    []Party
	Handlers   []Handler
	Papers     []Paper
	Signatures []Signature
	Approvals  []Approval
	Deliveries []Delivery
	Answers    []Answer
	Waivers    []Waiver
	Links      []Link
	Reports    []Report
	Limits     []Limit
}

// Handles reports whether a person is a handler now.
func (f File) Handles(p ident.PersonID) bool {
	return slices.ContainsFunc(f.Handlers, func(h Handler) bool { return h.Person == p && h.Until.IsZero() })
}

// Handled reports whether a person is or ever was a handler.
func (f File) Handled(p ident.PersonID) bool {
	return slices.ContainsFunc(f.Handlers, func(h Handler) bool { return h.Person == p })
}

// Current lists the handlers of now, the lead first.
func (f File) Current() []Handler {
	var out []Handler
	for _, h := range f.Handlers {
		if h.Until.IsZero() {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b Handler) int {
		switch {
		case a.Lead == b.Lead:
			return 0
		case a.Lead:
			return -1
		}
		return 1
	})
	return out
}

// Paper gives a paper by its id.
func (f File) Paper(id ident.PaperID) (Paper, bool) {
	i := slices.IndexFunc(f.Papers, func(p Paper) bool { return p.ID == id })
	if i < 0 {
		return Paper{}, false
	}
	return f.Papers[i], true
}

// OfType lists the papers of a type that are not void, oldest first.
func (f File) OfType(docs ...string) []Paper {
	var out []Paper
	for _, p := range f.Papers {
		if p.State != Void && slices.Contains(docs, p.Type) {
			out = append(out, p)
		}
	}
	return out
}

// Done lists the complete papers of a type.
func (f File) Done(docs ...string) []Paper {
	return slices.DeleteFunc(f.OfType(docs...), func(p Paper) bool { return p.State != Complete })
}

// Served gives when a paper counts as served: the earliest deemed day of its services.
func (f File) Served(id ident.PaperID) (time.Time, bool) {
	var at time.Time
	for _, d := range f.Deliveries {
		if d.Paper == id && !d.Deemed.IsZero() && (at.IsZero() || d.Deemed.Before(at)) {
			at = d.Deemed
		}
	}
	return at, !at.IsZero()
}

// SignedBy lists the signatures under the newest version of a paper.
func (f File) SignedBy(p Paper) []Signature {
	var out []Signature
	for _, s := range f.Signatures {
		if s.Paper == p.ID && s.Version == p.Version {
			out = append(out, s)
		}
	}
	return out
}

// Round is the round of approval a paper is in: 1 for its first submission, 0 before.
func (f File) Round(id ident.PaperID) int {
	n := 0
	for _, a := range f.Approvals {
		if a.Paper == id {
			n = max(n, a.Round)
		}
	}
	return n
}

// Said lists what was said of a paper in a round.
func (f File) Said(id ident.PaperID, round int) []Approval {
	var out []Approval
	for _, a := range f.Approvals {
		if a.Paper == id && a.Round == round {
			out = append(out, a)
		}
	}
	return out
}
