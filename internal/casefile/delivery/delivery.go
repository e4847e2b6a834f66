// Package delivery judges service of a paper (送达): what each mode demands, on which day the paper counts as served, and
// what in the record contradicts itself. Pure rules over what the record says (行政处罚法 §61 with 民事诉讼法 (2023)
// §87–§95; recordings by Article 13 of the regulation). What cannot be judged is said so, never guessed.
package delivery

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Mode (送达方式) is how a paper is served.
type Mode string

// The modes of 民事诉讼法 §88–§95.
const (
	Direct       Mode = "direct"       // 直接送达
	Lien         Mode = "lien"         // 留置送达
	Electronic   Mode = "electronic"   // 电子送达
	Post         Mode = "post"         // 邮寄送达
	Entrusted    Mode = "entrusted"    // 委托送达
	Handover     Mode = "handover"     // 转交送达
	Announcement Mode = "announcement" // 公告送达
)

// Modes gives all modes in the order of the statute.
func Modes() []Mode {
	return []Mode{Direct, Lien, Electronic, Post, Entrusted, Handover, Announcement}
}

// Recipient (收件人) is who took or refused the paper.
type Recipient string

// The recipients. Relative, for a person, is an adult of the family who lives in; Receiver, of an organisation, is who
// is charged with taking its mail.
const (
	Nobody    Recipient = "" // not recorded
	Addressee Recipient = "addressee"
	Relative  Recipient = "relative"
	LegalRep  Recipient = "legal_rep" // 法定代表人、主要负责人
	Receiver  Recipient = "receiver"
	Agent     Recipient = "agent"
	Designee  Recipient = "designee" // 指定的代收人
	Other     Recipient = "other"
)

// HandoverGround (转交事由) is why a paper goes through a body that has charge of the addressee.
type HandoverGround string

// The grounds of 民事诉讼法 §92 and §93.
const (
	NoGround   HandoverGround = ""
	Soldier    HandoverGround = "soldier"
	Imprisoned HandoverGround = "imprisoned"
	Corrective HandoverGround = "corrective" // 强制性教育措施
)

// Record is what the record says of one service. Each mode asks only for its own fields.
type Record struct {
	Mode         Mode
	Organisation bool         // the addressee is an organisation, not a person
	Fixed        proof.Moment // the paper was signed and sealed: its version became final
	Sent         proof.Moment // it was handed to the post, the entrusted or the charged body, or sent
	// Taken is the mode's own moment: signed for on the receipt, left behind, arrived in the addressee's system, noted on
	// the return slip, or the announcement posted.
	Taken     proof.Moment
	Returned  bool // it came back undelivered, or taking it was refused and it was not left behind
	Recipient Recipient

	Receipt proof.Answer // the proof of service (送达回证) is signed or sealed by the recipient
	Servers int          // how many servers signed; -1 if not recorded

	Refusal    string       // lien: the refusal's reason as noted on the proof of service
	LeftAtHome proof.Answer // lien: left at the residence or domicile
	Witnessed  proof.Answer // lien: a representative of the local body or the employer came and signed
	Pictures   proof.Answer // lien: photographs or a video of the course are in the file
	Filmed     proof.Answer // lien, announcement: a recording in this system is linked

	Consent   proof.Moment // electronic: the address confirmation was signed
	Agreed    proof.Answer // electronic: it agrees to electronic service
	SameBox   proof.Answer // electronic: sent to the confirmed address
	Arrived   proof.Answer // electronic: its arrival is shown, not only its sending
	Slip      proof.Answer // post: the return slip with the date is in the file
	Difficult proof.Answer // post, entrusted: why direct service was difficult is noted
	Letter    proof.Answer // entrusted: the letter of entrustment is in the file
	Ground    HandoverGround

	Lost   proof.Answer // announcement: whereabouts unknown, and that was looked into
	Tried  []Mode       // announcement: other modes tried in vain, each of record
	Reason string       // announcement: the reason as noted in the file
	Course string       // announcement: its course as noted in the file
}

// State is what can be said of a service.
type State string

// The states. Only Served and Running come with a day.
const (
	Served        State = "served"
	Running       State = "running"       // announced, the thirty days have not passed
	NotServed     State = "not_served"    // it came back, or the record denies what the mode demands
	CannotJudge   State = "cannot_judge"  // what the mode demands is not answered
	Contradictory State = "contradictory" // the record contradicts itself
)

// Contradiction is a pair of statements of which one is wrong.
type Contradiction string

// The contradictions.
const (
	TakenBeforeFixed  Contradiction = "taken_before_fixed" // served before it was signed
	SentBeforeFixed   Contradiction = "sent_before_fixed"
	TakenBeforeSent   Contradiction = "taken_before_sent"   // receipt before dispatch
	SentBeforeConsent Contradiction = "sent_before_consent" // the confirmation of the address came afterwards
	RefusedAndSigned  Contradiction = "refused_and_signed"  // left behind, and signed for by the recipient
	TakenAndReturned  Contradiction = "taken_and_returned"
	InFuture          Contradiction = "in_future"
)

// Verdict is what is said of a service, with what it was said from.
type Verdict struct {
	State    State
	On       string         // the day on which the paper counts as served, "" unless Served or Running
	Unrolled string         // that day before it moved off a day of rest
	Warnings []term.Warning // of counting
	Article  string         // which makes that day the day
	// Lacks bar the service; Owed do not, but the record owes them (Article 13 asks for a recording beside the statute's
	// proof).
	Lacks          proof.Lacks
	Owed           proof.Lacks
	Contradictions []Contradiction
	Record         Record
	AsOf           time.Time
}

// Rules is the law a service is judged by.
type Rules = proof.Rules

// publicService is the catalogue's term of 民事诉讼法 §95.
const publicService = "public-service-30d"

// Judge judges one service by the rules as they stand on a moment. An error is a mode that does not exist or a catalogue
// without the term of announcements; everything that is only missing is in the verdict.
func Judge(rules Rules, r Record, asOf time.Time) (Verdict, error) {
	v := Verdict{Record: r, AsOf: asOf}
	article, err := v.demand()
	if err != nil {
		return Verdict{}, err
	}
	v.Contradictions = contradictions(r, asOf)
	if r.Returned && len(v.Contradictions) == 0 {
		v.State = NotServed
		return v, nil
	}
	switch {
	case len(v.Contradictions) > 0:
		v.State = Contradictory
		return v, nil
	case v.Lacks.Denied():
		v.State = NotServed
		return v, nil
	case len(v.Lacks) > 0:
		v.State = CannotJudge
		return v, nil
	}
	v.State, v.Article, v.On = Served, article, r.Taken.Day().Format(time.DateOnly)
	if r.Mode != Announcement {
		return v, nil
	}
	due, err := rules.Count(publicService, r.Taken.Day())
	if err != nil {
		return Verdict{}, err
	}
	if due.Doubt != "" {
		v.State, v.Article, v.On = CannotJudge, "", ""
		v.Lacks.Want("announcement_term", due.Basis, proof.Unanswered)
		return v, nil
	}
	v.On, v.Unrolled, v.Warnings = due.Due, due.Unrolled, due.Warnings
	if term.DayOf(asOf).Format(time.DateOnly) < due.Due {
		v.State = Running
	}
	return v, nil
}

// Demands gives what a mode asks for, in the order of the statute: all that bars a service first, then what the record
// owes beside.
func Demands(m Mode, organisation bool) (bars, owed proof.Lacks, err error) {
	v := Verdict{Record: Record{Mode: m, Organisation: organisation, Servers: -1}}
	if _, err := v.demand(); err != nil {
		return nil, nil, err
	}
	return v.Lacks, v.Owed, nil
}

// Earliest gives the service that counts where a paper was served more than once: the first day on which it was. A
// second service moves no term.
func Earliest(verdicts []Verdict) (Verdict, bool) {
	var first Verdict
	found := false
	for _, v := range verdicts {
		if v.State == Served && (!found || v.On < first.On) {
			first, found = v, true
		}
	}
	return first, found
}

func contradictions(r Record, asOf time.Time) (out []Contradiction) {
	for _, c := range []struct {
		is   bool
		what Contradiction
	}{
		{r.Taken.Before(r.Fixed), TakenBeforeFixed},
		{r.Sent.Before(r.Fixed), SentBeforeFixed},
		{r.Taken.Before(r.Sent), TakenBeforeSent},
		{r.Mode == Electronic && sentOrArrived(r).Before(r.Consent), SentBeforeConsent},
		{r.Mode == Lien && r.Receipt == proof.Yes, RefusedAndSigned},
		{r.Returned && proof.Either(r.Receipt, r.Arrived) == proof.Yes, TakenAndReturned},
		{proof.At(asOf).Before(r.Taken) || proof.At(asOf).Before(r.Sent), InFuture},
	} {
		if c.is {
			out = append(out, c.what)
		}
	}
	return out
}

// sentOrArrived is the earlier trace of an electronic service.
func sentOrArrived(r Record) proof.Moment {
	if r.Sent.Known() {
		return r.Sent
	}
	return r.Taken
}

func noted(s string) proof.Answer {
	if strings.TrimSpace(s) == "" {
		return proof.Unanswered
	}
	return proof.Yes
}
