// Package catalogue is the regulation's catalogue as data: document types (文书), time limits (期限), matters to film
// (音像记录事项) and obligations (义务), each with its legal basis. The program carries the drafts it ships with; a
// bureau's own files have the same form (docs/formats/regulation.md) and are read by the same strict reader.
package catalogue

import "slices"

// Text says a thing in Chinese, which binds, and in English.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Unit is what a time limit is counted in.
type Unit string

// The units. None means that the text gives no figure: nothing can be counted.
const (
	Hour       Unit = "hour"
	NaturalDay Unit = "natural-day"
	WorkingDay Unit = "working-day"
	Month      Unit = "month"
	Year       Unit = "year"
	None       Unit = "none"
)

// Direction is how a time limit lies to its event.
type Direction string

// The directions.
const (
	After       Direction = "after"        // due within the length after the event
	Before      Direction = "before"       // due at least the length before the event
	MaxDuration Direction = "max-duration" // a state lasts at most the length
	MinDuration Direction = "min-duration" // a state lasts at least the length
	Constraint  Direction = "constraint"   // no time limit, a condition
)

// Extension (延长) is by how much somebody may lengthen a time limit, once.
type Extension struct {
	Length   int    `json:"length"`
	Unit     Unit   `json:"unit"`
	Approver string `json:"approver"`
	Basis    string `json:"basis"`
}

// Term (期限) is one time limit of the law or the regulation.
type Term struct {
	ID string `json:"id"`
	Text
	FromEvent    Text       `json:"from_event"`
	Length       *int       `json:"length"` // nil: the text gives none
	Unit         Unit       `json:"unit"`
	Direction    Direction  `json:"direction"`
	Obliged      string     `json:"obliged"`
	Basis        string     `json:"basis"`
	Acts         []string   `json:"acts"`
	Extension    *Extension `json:"extension"`
	SeedArticles []string   `json:"seed_articles"`
	Consequence  *Text      `json:"consequence"`
	Note         string     `json:"note"`
	Source       string     `json:"source"`
	Confidence   string     `json:"confidence"`
	Rules        *TermRules `json:"rules,omitempty"`
}

// TermRules say in the closed vocabulary (package fact) what the words of a time limit say: when it runs at all, the event
// that starts it and those of which any meets it. A time limit without them is not counted by the program.
type TermRules struct {
	Start      string   `json:"start,omitempty"`
	Met        []string `json:"met,omitempty"`
	When       string   `json:"when,omitempty"`        // a condition; empty: whenever it starts
	Pausable   bool     `json:"pausable,omitempty"`    // days may be left out, by a written notice
	PauseBasis string   `json:"pause_basis,omitempty"` // by which article; empty: the notice has to name its rule
}

// Signer (签署人) is a role that signs a document.
type Signer struct {
	Role     string `json:"role"`
	Required bool   `json:"required"`
	Text
}

// Field is one field of a document.
type Field struct {
	ID string `json:"id"`
	Text
	Type     string   `json:"type"`
	Required bool     `json:"required"`
	When     string   `json:"when,omitempty"`    // asked only if this holds (fact.CompileField)
	Options  []Option `json:"options,omitempty"` // of an enum
	Columns  []Column `json:"columns,omitempty"` // of an item-list or a table
}

// Option is one answer to an enum.
type Option struct {
	ID string `json:"id"`
	Text
}

// Column is one column of repeated rows.
type Column struct {
	ID string `json:"id"`
	Text
	Type     string `json:"type"`
	Required bool   `json:"required"`
}

// DocumentRules say in the closed vocabulary what the words of a document say.
type DocumentRules struct {
	When       string   `json:"when,omitempty"`        // its condition
	ApprovedBy []string `json:"approved_by,omitempty"` // approval forms of which one has to be passed before it is issued
	Events     []Event  `json:"events,omitempty"`      // what it shows to have happened
	Pauses     []Pause  `json:"pauses,omitempty"`      // time limits that do not run, by this notice
	Extends    []string `json:"extends,omitempty"`     // time limits it lengthens
}

// Event is what a document shows to have happened, and when: a field with its time, or one of the document's own
// moments "signed", "submitted", "approved" and "served". With a Field the event is shown only if that field is Is.
type Event struct {
	ID    string `json:"id"`
	At    string `json:"at"`
	Field string `json:"field,omitempty"`
	Is    string `json:"is,omitempty"`
}

// Pause names the time limits a notice stops and the fields with the first and last day.
type Pause struct {
	Terms []string `json:"terms"`
	From  string   `json:"from"`
	To    string   `json:"to"`
}

// Document (文书) is one type of written record.
type Document struct {
	ID string `json:"id"`
	Text
	Stage            string         `json:"stage"`
	Acts             []string       `json:"acts"`
	Kind             string         `json:"kind"`
	Requirement      string         `json:"requirement"`
	Condition        *Text          `json:"condition"`
	IsApprovalForm   bool           `json:"is_approval_form"`
	ServedOnParty    bool           `json:"served_on_party"`
	Signers          []Signer       `json:"signers"`
	Fields           []Field        `json:"fields"`
	MayBeEmbeddedIn  []string       `json:"may_be_embedded_in"`
	SeedArticles     []string       `json:"seed_articles"`
	LegalBasis       []string       `json:"legal_basis"`
	Deadlines        []string       `json:"deadlines"`
	RecordingMatters []string       `json:"recording_matters"`
	Source           []string       `json:"source"`
	Confidence       string         `json:"confidence"`
	Rules            *DocumentRules `json:"rules,omitempty"`
}

// RulesOf gives the document's rules, empty ones where it has none.
func (d Document) RulesOf() DocumentRules {
	if d.Rules == nil {
		return DocumentRules{}
	}
	return *d.Rules
}

// Field gives a field by its id.
func (d Document) Field(id string) (Field, bool) {
	for _, f := range d.Fields {
		if f.ID == id {
			return f, true
		}
	}
	return Field{}, false
}

// For reports whether the document belongs to an act.
func (d Document) For(act string) bool { return slices.Contains(d.Acts, act) }

// Filmed is one thing a recording of a matter must show.
type Filmed struct {
	Item string `json:"item"`
	Text
	Article string `json:"article"`
}

// Retention is how long a recording of a matter is kept by default.
type Retention struct {
	Code           string `json:"code"`
	Term           string `json:"term"`
	Basis          Text   `json:"basis"`
	IfUsedEvidence string `json:"if_used_as_evidence"`
}

// Matter (音像记录事项) is something that is filmed.
type Matter struct {
	ID string `json:"id"`
	Text
	Acts             []string  `json:"acts"`
	Stage            string    `json:"stage"`
	Requirement      string    `json:"requirement"`
	Article          []string  `json:"article"`
	Trigger          Text      `json:"trigger"`
	StartRule        Text      `json:"start_rule"`
	EndRule          Text      `json:"end_rule"`
	MustFilm         []Filmed  `json:"must_film"`
	VoiceStatement   []string  `json:"voice_statement"`
	DefaultRetention Retention `json:"default_retention"`
	Documents        []string  `json:"documents"`
	EnabledByDefault bool      `json:"enabled_by_default"`
	EnableCondition  *string   `json:"enable_condition"`
	Note             *string   `json:"note"`
	Source           []string  `json:"source"`
	Confidence       string    `json:"confidence"`
}

// Obligation (义务) is one requirement the regulation makes.
type Obligation struct {
	ID             string   `json:"id"`
	Article        string   `json:"article"`
	Obligation     Text     `json:"obligation"`
	Obliged        Text     `json:"obliged"`
	Mechanism      string   `json:"mechanism"`
	NotEnforceable *string  `json:"not_enforceable"`
	Level          string   `json:"level"`
	SeedArticles   []string `json:"seed_articles"`
	Documents      []string `json:"documents"`
	Deadlines      []string `json:"deadlines"`
}

// Act (执法行为) is one of the ten kinds of act of Article 3.
type Act struct {
	Text
	EnabledByDefault bool `json:"enabled_by_default"`
}

// Catalogue is everything that was read.
type Catalogue struct {
	Acts        map[string]Act
	Stages      map[string]Text
	Documents   []Document
	Terms       []Term
	Matters     []Matter
	Obligations []Obligation
}

// Document gives the document type of this id.
func (c Catalogue) Document(id string) (Document, bool) {
	for _, d := range c.Documents {
		if d.ID == id {
			return d, true
		}
	}
	return Document{}, false
}

// Term gives the time limit of this id.
func (c Catalogue) Term(id string) (Term, bool) {
	for _, t := range c.Terms {
		if t.ID == id {
			return t, true
		}
	}
	return Term{}, false
}
