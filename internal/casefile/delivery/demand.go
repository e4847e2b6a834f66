package delivery

import (
	"slices"

	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
)

// demand notes what the mode asks for and the record does not show, and gives the article that fixes the day.
func (v *Verdict) demand() (string, error) {
	r := v.Record
	var article string
	switch r.Mode {
	case Direct:
		article = "民事诉讼法 §88¶2"
		v.signed()
		v.servers()
	case Lien:
		article = "民事诉讼法 §89"
		v.lien()
	case Electronic:
		article = "民事诉讼法 §90¶2"
		v.electronic()
	case Post:
		article = "民事诉讼法 §91"
		v.Lacks.Want("return_slip", article, r.Slip)
		v.Owed.Want("direct_difficult", article, r.Difficult)
	case Entrusted:
		article = "民事诉讼法 §87¶2、§91"
		v.Lacks.Want("entrustment_letter", "民事诉讼法 §91", r.Letter)
		v.signed()
		v.Owed.Want("direct_difficult", "民事诉讼法 §91", r.Difficult)
	case Handover:
		article = "民事诉讼法 §94"
		v.handover()
	case Announcement:
		article = "民事诉讼法 §95¶1"
		v.announcement()
	default:
		return "", fault.New(fault.Invalid, "delivery.mode", string(r.Mode)).At("mode")
	}
	v.Lacks.Want("day", article, known(r.Taken))
	return article, nil
}

// signed is §87: nothing is served without a proof of service that somebody entitled has signed with the day.
func (v *Verdict) signed() {
	v.Lacks.Want("receipt_signed", "民事诉讼法 §87", v.Record.Receipt)
	v.Lacks.Want("recipient_entitled", "民事诉讼法 §88", entitled(v.Record))
}

// entitled is §88: who may sign for a person, and who for an organisation.
func entitled(r Record) proof.Answer {
	switch r.Recipient {
	case Nobody:
		return proof.Unanswered
	case Agent, Designee:
		return proof.Yes
	case Addressee, Relative:
		return proof.Of(!r.Organisation)
	case LegalRep, Receiver:
		return proof.Of(r.Organisation)
	case Other:
	}
	return proof.No
}

// servers asks for two officers where officers serve in person (行政处罚法 §42; 制度 §8(1)): the statute on service knows
// of no number, so one server does not undo the service.
func (v *Verdict) servers() {
	a := proof.Of(v.Record.Servers >= 2)
	if v.Record.Servers < 0 {
		a = proof.Unanswered
	}
	v.Owed.Want("two_servers", "行政处罚法 §42；制度 §8(1)", a)
}

// lien is §89: refused by who could have signed, left at the home, and proved by a witness or by pictures. Article 13
// wants the recording in either case.
func (v *Verdict) lien() {
	r := v.Record
	const article = "民事诉讼法 §89"
	v.Lacks.Want("refusal_noted", article, noted(r.Refusal))
	v.Lacks.Want("refused_by_entitled", article, entitled(r))
	v.Lacks.Want("left_at_home", article, r.LeftAtHome)
	v.Lacks.Want("lien_proof", article, proof.Either(r.Witnessed, r.Pictures, r.Filmed))
	serverSigned := proof.Of(r.Servers >= 1)
	if r.Servers < 0 {
		serverSigned = proof.Unanswered
	}
	v.Lacks.Want("server_signed", article, serverSigned)
	v.servers()
	v.Owed.Want("recording", "制度 §13", r.Filmed)
}

// electronic is 行政处罚法 §61¶2 and 民事诉讼法 §90: a confirmation signed beforehand, to that address, and arrived.
func (v *Verdict) electronic() {
	r := v.Record
	const consent = "行政处罚法 §61¶2；民事诉讼法 §90¶1"
	v.Lacks.Want("confirmation_signed", consent, known(r.Consent))
	v.Lacks.Want("electronic_agreed", consent, r.Agreed)
	v.Lacks.Want("confirmed_address", consent, r.SameBox)
	v.Lacks.Want("arrival_shown", "民事诉讼法 §90¶2", r.Arrived)
}

// handover is §92–§94: only for those in a body's charge, and the addressee signs.
func (v *Verdict) handover() {
	r := v.Record
	var a proof.Answer
	article := "民事诉讼法 §92、§93"
	switch r.Ground {
	case NoGround:
	case Soldier:
		a = proof.Yes
	case Imprisoned, Corrective:
		a = proof.Yes
	default:
		a = proof.No
	}
	if r.Organisation {
		a = proof.No // an organisation is in nobody's charge
	}
	v.Lacks.Want("handover_ground", article, a)
	v.Lacks.Want("receipt_signed", "民事诉讼法 §94", r.Receipt)
	signer := proof.Of(r.Recipient == Addressee)
	if r.Recipient == Nobody {
		signer = proof.Unanswered
	}
	v.Lacks.Want("addressee_signed", "民事诉讼法 §94", signer)
}

// announcement is §95: the last resort, with its reason and course in the file; Article 13 wants the recording.
func (v *Verdict) announcement() {
	r := v.Record
	others := slices.DeleteFunc(slices.Clone(r.Tried), func(m Mode) bool { return m == Announcement })
	resort := r.Lost
	if len(others) > 0 {
		resort = proof.Yes
	}
	v.Lacks.Want("last_resort", "民事诉讼法 §95¶1", resort)
	v.Lacks.Want("reason_noted", "民事诉讼法 §95¶2", noted(r.Reason))
	v.Lacks.Want("course_noted", "民事诉讼法 §95¶2", noted(r.Course))
	v.Owed.Want("recording", "制度 §13", r.Filmed)
}

func known(m proof.Moment) proof.Answer {
	if m.Known() {
		return proof.Yes
	}
	return proof.Unanswered
}
