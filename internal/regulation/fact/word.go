// Package fact is the closed vocabulary in which the catalogue's conditions are written (decisions §29): facts of a case
// that people answer, and events that documents or people report. Conditions are CEL expressions over the facts, checked
// for their types before an edition is adopted. A fact nobody has answered is unknown, and what depends on it is unknown
// too: never "no".
package fact

import "slices"

// Type is what an answer to a fact is.
type Type string

// The types.
const (
	Bool Type = "bool"
	Enum Type = "enum"
)

// Fact (事实要素) is one thing a case is asked about. A derived fact is known from the case itself and is never asked.
type Fact struct {
	ID      string
	Type    Type
	Derived bool
	Options []string // of an Enum
}

// facts in the order in which a case asks them. Their questions are words "fact.<id>", the options' "fact.<id>.<option>".
var facts = []Fact{
	{ID: "act", Type: Enum, Derived: true, Options: []string{
		"permit", "penalty", "compulsion", "expropriation", "requisition", "payment", "confirmation", "registration", "adjudication", "inspection",
	}},
	{ID: "procedure", Type: Enum, Derived: true, Options: []string{"ordinary", "summary"}},
	{ID: "has_complainant", Type: Bool},
	{ID: "not_filed", Type: Bool},
	{ID: "assigned_by_superior", Type: Bool},
	{ID: "site_visited", Type: Bool},
	{ID: "materials_incomplete", Type: Bool},
	{ID: "accepted_on_spot", Type: Bool},
	{ID: "application_refused", Type: Bool},
	{ID: "summoned_for_inquiry", Type: Bool},
	{ID: "person_questioned", Type: Bool},
	{ID: "site_inspected", Type: Bool},
	{ID: "verified_on_site", Type: Bool},
	{ID: "evidence_demanded", Type: Bool},
	{ID: "evidence_taken", Type: Bool},
	{ID: "edata_taken", Type: Bool},
	{ID: "sampled", Type: Bool},
	{ID: "appraised", Type: Bool},
	{ID: "appraisal_time_excluded", Type: Bool},
	{ID: "evidence_preserved", Type: Bool},
	{ID: "property_seized", Type: Bool},
	{ID: "seizure_extended", Type: Bool},
	{ID: "seals_used", Type: Bool},
	{ID: "kept_by_third_party", Type: Bool},
	{ID: "compelled_in_emergency", Type: Bool},
	{ID: "funds_frozen", Type: Bool},
	{ID: "property_valued", Type: Bool},
	{ID: "rights_told_apart", Type: Bool},
	{ID: "party_spoke", Type: Bool},
	{ID: "party_waived", Type: Bool},
	{ID: "recusal_raised", Type: Bool},
	{ID: "hearing_due", Type: Bool},
	{ID: "hearing_asked", Type: Bool},
	{ID: "hearing_open", Type: Bool},
	{ID: "experts_consulted", Type: Bool},
	{ID: "others_affected", Type: Bool},
	{ID: "help_asked", Type: Bool},
	{ID: "correction_ordered", Type: Bool},
	{ID: "investigation_paused", Type: Bool},
	{ID: "crime_suspected", Type: Bool},
	{ID: "life_or_health", Type: Bool},
	{ID: "decided_on_spot", Type: Bool},
	{ID: "legal_review_due", Type: Bool},
	{ID: "discussion_due", Type: Bool},
	{ID: "outcome", Type: Enum, Options: []string{
		"penalty", "no_penalty", "granted", "refused", "changed", "nothing_found", "correction", "transferred", "other",
	}},
	{ID: "term_extended", Type: Bool},
	{ID: "inspection_needed", Type: Bool},
	{ID: "handled_jointly", Type: Bool},
	{ID: "reviewed_by_superior", Type: Bool},
	{ID: "real_estate", Type: Bool},
	{ID: "compensation_due", Type: Bool},
	{ID: "remedies_untold", Type: Bool},
	{ID: "service_address_confirmed", Type: Bool},
	{ID: "service_refused", Type: Bool},
	{ID: "announced_service", Type: Bool},
	{ID: "money_imposed", Type: Bool},
	{ID: "payment_deferred", Type: Bool},
	{ID: "not_performed", Type: Bool},
	{ID: "surcharge_imposed", Type: Bool},
	{ID: "own_enforcement", Type: Bool},
	{ID: "building_demolished", Type: Bool},
	{ID: "performed_by_substitute", Type: Bool},
	{ID: "court_enforcement", Type: Bool},
	{ID: "enforcement_paused", Type: Bool},
	{ID: "enforcement_agreed", Type: Bool},
	{ID: "goods_disposed", Type: Bool},
	{ID: "decision_public", Type: Bool},
	{ID: "recording_interrupted", Type: Bool},
	{ID: "recording_impossible", Type: Bool},
	{ID: "recording_obstructed", Type: Bool},
	{ID: "filming_restricted", Type: Bool},
	{ID: "stored_late", Type: Bool},
	{ID: "recording_lost", Type: Bool},
	{ID: "recording_expired", Type: Bool},
	{ID: "copied_as_evidence", Type: Bool},
	{ID: "given_outside", Type: Bool},
	{ID: "looked_at", Type: Bool},
	{ID: "secret_or_private", Type: Bool},
	{ID: "accountability_raised", Type: Bool},
}

// Facts lists the vocabulary in the order in which a case asks it.
func Facts() []Fact { return slices.Clone(facts) }

// Find gives the fact of this id.
func Find(id string) (Fact, bool) {
	i := slices.IndexFunc(facts, func(f Fact) bool { return f.ID == id })
	if i < 0 {
		return Fact{}, false
	}
	return facts[i], true
}

// Holds reports whether v is an answer to the fact.
func (f Fact) Holds(v string) bool {
	if f.Type == Bool {
		return v == "true" || v == "false"
	}
	return slices.Contains(f.Options, v)
}

// reported are events that no document of ours shows: people report them, with a time and where they know it from.
var reported = []string{
	"violation_ended", "officer_returned", "recording_ended", "recording_stored", "device_checked", "inspectors_named", "sent_up",
	"renewal_applied", "unfrozen", "fine_handed_over", "fine_banked", "decision_changed", "publication_withdrawn", "remedies_over",
	"court_accepted", "court_ruled", "court_ruling_received", "court_objected", "enforcement_resumed", "objection_received", "objection_decided",
	"plan_published", "review_applied", "review_copy_received", "review_answered", "review_decision_received", "suit_filed", "suit_copy_received",
	"suit_answered", "police_filed", "items_handed_over", "handed_to_county_archive", "assessment_done",
}

// shown are events that a document of the case shows.
var shown = []string{
	"source_received", "filed", "not_filed", "inspection_approved", "applied", "materials_received", "correction_told", "accepted",
	"acceptance_refused", "inspected", "preserved", "preservation_settled", "compelled", "compulsion_endorsed", "seized", "seizure_extended",
	"released", "frozen", "freeze_decision_served", "rights_told", "hearing_told", "hearing_requested", "hearing_notice_served", "hearing_planned",
	"hearing_held", "rights_waived", "answered", "answer_reviewed", "investigation_ended", "decided", "penalty_decided", "permit_decided",
	"permit_granted", "permit_expires", "benefit_decided", "registered", "term_extended", "decision_served", "certificate_given", "spot_collected",
	"fine_paid", "payment_deferred", "performed", "benefit_given", "demanded", "surcharge_began", "enforcement_planned", "enforced",
	"substitute_planned", "court_applied", "enforcement_suspended", "announced", "transfer_reported", "transfer_approved", "transferred_to_police",
	"published", "closed", "archived", "recording_stopped", "recording_given_up", "recording_reported", "recording_explained",
}

// Events lists every event; their names are words "event.<id>".
func Events() []string { return slices.Concat(shown, reported) }

// Reported lists the events that people report.
func Reported() []string { return slices.Clone(reported) }

// KnownEvent reports whether an event is in the vocabulary.
func KnownEvent(id string) bool { return slices.Contains(shown, id) || slices.Contains(reported, id) }
