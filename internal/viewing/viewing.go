// Package viewing carries out 第二十三条: nobody looks at a recording without a ground, every look is bound to one person,
// one session and one span, and every look writes its own row of the register (查阅登记簿).
//
// The grounds are few (decision 2): consent, asked for with a reason and given by the head of the department that owns
// the recording, or by the leader in charge where the head would decide about themselves; handling the open case that the
// recording belongs to, where the bureau has chosen so; and one's own recording, until it is registered and for seven days
// at most. Each is a policy with its article; what is not granted is refused and the
// refusal is an entry. A grant can be revoked at any moment, also under a running player: each piece of picture is asked
// for on its own, and each asking is judged anew.
package viewing

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
)

// State says how a request stands. Only asked and granted ones can change.
type State string

// The states.
const (
	Asked     State = "asked"     // 等待同意
	Granted   State = "granted"   // 已同意
	Refused   State = "refused"   // 不同意
	Withdrawn State = "withdrawn" // 已撤回
	Revoked   State = "revoked"   // 已收回
	Expired   State = "expired"   // 已到期
)

// Purpose is why somebody wants to look (事由). Words say the rest.
type Purpose string

// The purposes, in the order pages offer them.
const (
	PurposeRecord   Purpose = "record"   // 核对笔录与现场情况
	PurposeReview   Purpose = "review"   // 法制审核
	PurposeReply    Purpose = "reply"    // 复议、诉讼答复
	PurposePetition Purpose = "petition" // 处理投诉、信访
	PurposeCheck    Purpose = "check"    // 执法监督检查
	PurposeTraining Purpose = "training" // 业务培训
	PurposeOther    Purpose = "other"    // 其他
)

// Purposes lists them.
func Purposes() []Purpose {
	return []Purpose{PurposeRecord, PurposeReview, PurposeReply, PurposePetition, PurposeCheck, PurposeTraining, PurposeOther}
}

// Manner is how what was asked for is to be had (方式).
type Manner string

// The manners, in the order pages offer them.
const (
	MannerView    Manner = "view"    // 查阅: looked at here
	MannerBorrow  Manner = "borrow"  // 借阅: a copy is lent and comes back
	MannerCopy    Manner = "copy"    // 复制: a copy for a file, such as an evidence disc (第二十四条) or a case's package
	MannerProvide Manner = "provide" // 对外提供: given to an outside body
	MannerPublish Manner = "publish" // 公开发布
)

// Manners lists them.
func Manners() []Manner {
	return []Manner{MannerView, MannerBorrow, MannerCopy, MannerProvide, MannerPublish}
}

// Outside reports whether the manner lets something leave the bureau, which a leader decides (第二十条第一款).
func (m Manner) Outside() bool { return m == MannerProvide || m == MannerPublish }

// Recipient is the outside body that a request is for. Its person names who represents it; whoever asks accompanies them.
type Recipient struct {
	Body    string
	Person  string
	Contact string
	Basis   string // 依据: the law or the letter, with its number
}

// Ground is what a look rests on.
type Ground string

// The grounds; none is the empty one.
const (
	ByConsent Ground = "consent" // 经同意
	ByOwn     Ground = "own"     // 本人登记
	ByHandler Ground = "handler" // 承办本案: standing, while the case is open
)

// Why a look that rested on something no longer does, or never did. Each is a policy of its own, so that the refusal
// says which it was.
const (
	groundExpired = "expired" // the grant's term is over
	groundRevoked = "revoked" // it was taken back
	groundForeign = "foreign" // the address belongs to another session
	groundClosed  = "closed"  // the look has ended
	groundOutside = "outside" // outside the span that was consented to
)

// Limits of what may be asked.
const (
	MaxItems  = 20                  // recordings in one request to look
	MaxCopies = 200                 // recordings in one request for copies
	MaxTerm   = 30 * 24 * time.Hour // how long a grant may last
	OwnTerm   = 7 * 24 * time.Hour  // how long one's own recording is open after it was stored (decision 2)
	WarnAhead = 24 * time.Hour      // how long before its end a grant counts as ending soon
)

// Item is one recording of a request, whole or one span of it.
type Item struct {
	Recording ident.RecordingID
	From, To  time.Duration // from the recording's beginning; To 0: to its end
}

// Whole reports whether the item is the whole recording.
func (i Item) Whole() bool { return i.From == 0 && i.To == 0 }

// Request is a request to look and, once consented to, the grant.
type Request struct {
	ID         ident.ViewingID
	No         int64
	State      State
	Viewer     ident.PersonID
	ViewerName string
	ViewerDept string
	Department ident.DepartmentID // whose recordings they are
	Purpose    Purpose
	Words      string
	Items      []Item
	Case       ident.CaseID // the case that copies are of; without items its package may be taken away, none of its footage
	Manner     Manner
	To         Recipient       // of what is given out, or who looks beside the viewer
	Renews     ident.ViewingID // the request that this one goes on from
	Quorum     int             // how many must consent: 1, or 2 where content is protected
	AskedAt    time.Time
	AskedUntil time.Time
	Level      access.Role // who decides: access.Head or access.Leader
	// SecondLevel is who decides second, where two must; empty else. Approver is whose turn it is.
	SecondLevel access.Role
	FirstAt     time.Time // of the first of two consents
	FirstBy     ident.PersonID
	FirstName   string
	FirstWords  string
	Approver    ident.PersonID
	DecidedAt   time.Time
	DecidedBy   ident.PersonID
	// DecidedName is the name the decider had then.
	DecidedName  string
	DecidedWords string
	Until        time.Time // of the grant
	EndedAt      time.Time
	EndedBy      ident.PersonID
	EndedName    string
	EndedWords   string
}

// AwaitsSecond reports whether one of two has consented.
func (r *Request) AwaitsSecond() bool { return r.State == Asked && r.Quorum > 1 && r.FirstBy != "" }

// InForce reports whether the request is a grant that holds at now.
func (r *Request) InForce(now time.Time) bool { return r.State == Granted && now.Before(r.Until) }

// EndsSoon reports whether the grant holds and its end is near.
func (r *Request) EndsSoon(now time.Time) bool {
	return r.InForce(now) && r.Until.Sub(now) <= WarnAhead
}

// Kind says what was looked at.
type Kind string

// The kinds of look.
const (
	Play    Kind = "play"    // the viewing copy was played
	Picture Kind = "picture" // only its small picture in a list was seen: one row a session, which ends as it begins
)

// Look is one look and one row of the register.
type Look struct {
	ID          ident.LookID
	No          int64
	Kind        Kind
	Ground      Ground
	Request     ident.ViewingID // "" without one
	Case        ident.CaseID    // that the viewer handles; "" on other grounds
	Recording   ident.RecordingID
	Department  ident.DepartmentID
	Viewer      ident.PersonID
	ViewerName  string
	ViewerDept  string
	Account     ident.AccountID
	Session     string // a digest that tells sessions apart and opens nothing
	IP          string
	From, To    time.Duration // what may be seen; To 0: to the end
	OpenedAt    time.Time
	ClosedAt    time.Time // zero while it lasts
	WhyClosed   string    // code
	Watched     []Span
	WatchedFor  time.Duration // together, each moment once
	ConfirmedAt time.Time
	ConfirmedBy ident.PersonID
	// ConfirmedName is the custodian's name then.
	ConfirmedName string
	Remark        string

	Until time.Time // when its ground ends, zero where no day is set; set by Watch
}

// Why a look ended.
const (
	ClosedByViewer = "viewer"  // the page was closed
	ClosedIdle     = "idle"    // nothing was asked for any more
	ClosedRevoked  = "revoked" // the grant was taken back
	ClosedExpired  = "expired"
	ClosedAtOnce   = "at_once" // a picture in a list
)

// IdleAfter is how long a look that asks for nothing counts as going on.
const IdleAfter = 90 * time.Second

// Registration is the officer's word of what their recording shows; it ends the ground ByOwn.
type Registration struct {
	Recording ident.RecordingID
	By        ident.PersonID
	ByName    string
	Words     string
	At        time.Time
	Entry     ident.EntryID
}
