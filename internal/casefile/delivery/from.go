package delivery

import (
	"encoding/json"
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/proof"
)

// From is a service of a paper as the case has it, in the form in which it is judged.
func From(f matter.File, p matter.Paper, v matter.Delivery) Record {
	var said map[string]proof.Answer
	if json.Unmarshal(v.Answers, &said) != nil {
		said = nil
	}
	r := Record{
		Mode: Mode(v.Mode), Fixed: moment(p.FixedAt), Sent: moment(v.Sent), Taken: moment(v.Taken), Returned: v.Returned,
		Recipient: Recipient(v.Relation), Receipt: said["receipt"], Servers: -1, Refusal: v.Reason, LeftAtHome: said["left_at_home"],
		Pictures: said["pictures"], Agreed: said["agreed"], SameBox: said["same_box"], Arrived: said["arrived"], Slip: said["slip"],
		Difficult: said["difficult"], Letter: said["letter"], Lost: said["lost"], Reason: v.Reason, Course: v.Course, Ground: HandoverGround(said["ground"]),
	}
	for _, x := range f.Parties {
		if x.Role == matter.PartyMain {
			r.Organisation = x.Kind == matter.Organisation
			break
		}
	}
	if v.Witness != "" {
		r.Witnessed = proof.Yes
	}
	for _, a := range f.Done("service-address-confirmation") {
		if t, ok := a.Values.Time("told_at"); ok {
			r.Consent = proof.At(t)
		}
		if is, ok := a.Values.Bool("e_service_ok"); ok && r.Agreed == proof.Unanswered {
			r.Agreed = proof.Of(is)
		}
	}
	for _, l := range f.Links {
		if l.Struck.IsZero() && (l.Paper == p.ID || l.Paper == v.Receipt && v.Receipt != "") {
			r.Filmed = proof.Yes
		}
	}
	for _, x := range f.Deliveries {
		if x.Paper == p.ID && x.ID != v.ID && (x.Returned || x.State == string(NotServed)) {
			r.Tried = append(r.Tried, Mode(x.Mode))
		}
	}
	if rc, ok := f.Paper(v.Receipt); ok && rc.State == matter.Complete {
		r.Receipt = proof.Either(r.Receipt, proof.Yes)
		n := 0
		for _, sg := range f.SignedBy(rc) {
			if sg.Role == "server2" {
				n++
			}
		}
		r.Servers = n
	}
	return r
}

func moment(t time.Time) proof.Moment {
	if t.IsZero() {
		return proof.Moment{}
	}
	return proof.At(t)
}
