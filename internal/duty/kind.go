package duty

import (
	"bytes"
	"encoding/json"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/locale"
)

// Kind says what is owed. The set is closed: a new kind is a new line in the table below and two new words.
type Kind string

// The kinds.
const (
	Store          Kind = "store"           // 入库: store the recording on the platform or the designated storage
	ExplainLate    Kind = "explain_late"    // 说明逾期原因: say why it was stored late and when the officer was back
	SettleInbox    Kind = "settle_inbox"    // 处理收件箱: unknown device, unreadable, empty or foreign file
	ExplainMissing Kind = "explain_missing" // 说明缺号: numbers are missing in the camera's sequence
	DecideViewing  Kind = "decide_viewing"  // 决定查阅申请: consent to a look, or refuse it with a reason
	SecondConsent  Kind = "second_consent"  // 第二人同意: protected content needs two who consent
	DecideMasked   Kind = "decide_masked"   // 决定遮蔽件: agree to a masked copy, or refuse it with a reason
	ReturnLoan     Kind = "return_loan"     // 归还借阅: bring back what was lent
	ConfirmLook    Kind = "confirm_look"    // 核对查阅登记: the custodian confirms rows of the register
	LinkRecording  Kind = "link_recording"  // 关联录音录像: say to which case a recording belongs; the custodian's once its person was too late

	PersonMatter Kind = "person_matter" // 被记录人事项: answer what somebody who was filmed asks
	SecretReport Kind = "secret_report" // 涉密报告: a recording is said to hold a state secret; tell the competent office

	CaseTerm          Kind = "case_term"           // 办案期限: a time limit of a case
	CasePaper         Kind = "case_paper"          // 应有文书: a paper the case's stage demands
	CaseFilm          Kind = "case_film"           // 应有音像: a recording a paper's step demands
	AgreePaper        Kind = "agree_paper"         // 承办人意见: the second handler's word on a paper
	SignPaper         Kind = "sign_paper"          // 签名: an officer's signature under a fixed paper
	DecidePaper       Kind = "decide_paper"        // 承办机构审核
	DecidePaperLegal  Kind = "decide_paper_legal"  // 法制审核
	DecidePaperLeader Kind = "decide_paper_leader" // 负责人审批

	DisclosureReceipt Kind = "disclosure_receipt" // 回执: the recipient's receipt for what was given out
	CaseForReview     Kind = "case_for_review"    // 复议调卷: the file within 10 working days
	CaseForCourt      Kind = "case_for_court"     // 诉讼调卷: the file within 15 days

	CloseActivity Kind = "close_activity" // 结束现场活动: say when they left
	ReportStop    Kind = "report_stop"    // 报告记录中止: filming stopped and was not resumed; tell the head or the leader
	ReceiveReport Kind = "receive_report" // 确认收到中止报告
	WriteStop     Kind = "write_stop"     // 书面说明记录中止
	AnswerGap     Kind = "answer_gap"     // 说明记录间断: footage shows a gap that nobody has explained

	DiscReadback Kind = "disc_readback" // 光盘回读: read a disc that was burned and write down what was found
	DiscReread   Kind = "disc_reread"   // 光盘复检: read it again when its time has come
)

// Rule is what the regulation says of a kind: under which article it is owed, and by whom if no person is named.
type Rule struct {
	Kind        Kind
	Article     string // "19"
	Requirement string // "R-19-1"
	Owes        access.Role
	Args        []string // the named arguments of its title
}

var rules = []Rule{
	{Store, "19", "R-19-1", access.Officer, []string{"name", "device"}},
	{ExplainLate, "19", "R-19-3", access.Officer, []string{"name"}},
	{SettleInbox, "21", "R-21-2", access.Custodian, []string{"name"}},
	{ExplainMissing, "25", "R-25-1", access.Officer, []string{"device", "numbers"}},
	{DecideViewing, "23", "R-23-2", access.Head, []string{"name", "no"}},
	{SecondConsent, "20", "R-20-4", access.Leader, []string{"name", "no"}},
	{DecideMasked, "20", "R-20-2", access.Head, []string{"name", "no"}},
	{ReturnLoan, "23", "R-23-3", access.Officer, []string{"no", "what"}},
	{ConfirmLook, "23", "R-23-3", access.Custodian, []string{"name"}},
	{LinkRecording, "22", "R-22-4", access.Custodian, []string{"name"}},
	{PersonMatter, "20", "R-20-4", access.Custodian, []string{"no"}},
	{SecretReport, "20", "R-20-4", access.Leader, []string{"name"}},
	{DisclosureReceipt, "20", "R-20-2", access.Custodian, []string{"no", "to"}},
	{CaseForReview, "24", "R-24-2", access.Officer, []string{"no", "body"}},
	{CaseForCourt, "24", "R-24-2", access.Officer, []string{"no", "body"}},
	{CaseTerm, "9", "R-09-05", access.Officer, []string{"name", "no"}},
	{CasePaper, "5", "R-05-1", access.Officer, []string{"name", "no"}},
	{CaseFilm, "13", "R-13-1a", access.Officer, []string{"name", "no"}},
	{AgreePaper, "9", "R-09-01", access.Officer, []string{"name", "no"}},
	{SignPaper, "5", "R-05-1", access.Officer, []string{"name", "no"}},
	{DecidePaper, "9", "R-09-02", access.Head, []string{"name", "no"}},
	{DecidePaperLegal, "9", "R-09-03", access.LegalReviewer, []string{"name", "no"}},
	{DecidePaperLeader, "9", "R-09-05", access.Leader, []string{"name", "no"}},
	{CloseActivity, "16", "R-16-2", access.Officer, []string{"no", "place"}},
	{ReportStop, "17", "R-17-2", access.Officer, []string{"no", "at"}},
	{ReceiveReport, "17", "R-17-2", access.Head, []string{"no", "at"}},
	{WriteStop, "17", "R-17-3", access.Officer, []string{"no", "at"}},
	{AnswerGap, "17", "R-17-1", access.Officer, []string{"no", "at", "length"}},
	{DiscReadback, "24", "R-24-4", access.Custodian, []string{"no"}},
	{DiscReread, "24", "R-24-4", access.Custodian, []string{"no"}},
}

// Rules lists every kind in the order pages show them.
func Rules() []Rule { return slices.Clone(rules) }

// Rule gives the kind's rule; false for an unknown kind.
func (k Kind) Rule() (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Kind == k })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// NameKey is the catalogue key of the kind's short name.
func (k Kind) NameKey() string { return "duty.kind." + string(k) }

// TitleKey is the catalogue key of a duty's title; see [Duty.TitleArgs].
func (k Kind) TitleKey() string { return "duty.title." + string(k) }

// TitleArgs are the named arguments of the title, for locale.Printer.T. An argument that the opener did not know is
// shown as a dash.
func (d Duty) TitleArgs() []any {
	r, _ := d.Kind.Rule()
	var have map[string]any
	dec := json.NewDecoder(bytes.NewReader(d.Args))
	dec.UseNumber() // a number must not become 1e+06
	if err := dec.Decode(&have); err != nil {
		have = nil // an empty or erased object has no arguments
	}
	out := make([]any, 0, len(r.Args))
	for _, name := range r.Args {
		v := have[name]
		switch n := v.(type) {
		case nil:
			v = "—"
		case string:
			if n == "" {
				v = "—"
			}
		case json.Number:
			if i, err := n.Int64(); err == nil {
				v = i
			}
		}
		out = append(out, locale.Named(name, v))
	}
	return out
}
