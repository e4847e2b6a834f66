// Package marking keeps what people have said a recording holds that the law protects more than the rest: commercial and
// state secrets, private life, minors, homes, the sick, whoever informed (第二十条第三款, decisions 21 and 26). A mark is put by
// a person with a reason and is never guessed; it tightens every later step, and a mark for a state secret freezes the
// recording: nobody looks, nothing is copied, nothing leaves.
package marking

import (
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// Mark is one thing that a recording is said to hold (标记).
type Mark string

// The marks.
const (
	CommercialSecret Mark = "commercial_secret" // 商业秘密
	Privacy          Mark = "privacy"           // 个人隐私
	Minor            Mark = "minor"             // 未成年人
	Home             Mark = "home"              // 住宅内
	Medical          Mark = "medical"           // 就医
	Informant        Mark = "informant"         // 举报人
	StateSecret      Mark = "state_secret"      // 涉嫌国家秘密
)

// Marks lists them in the order pages offer them.
func Marks() []Mark {
	return []Mark{CommercialSecret, Privacy, Minor, Home, Medical, Informant, StateSecret}
}

// Set is the marks that stand on a recording.
type Set map[Mark]bool

// Has reports whether one of the marks stands.
func (s Set) Has(marks ...Mark) bool {
	for _, m := range marks {
		if s[m] {
			return true
		}
	}
	return false
}

// Doubles reports whether a look, a copy or giving out needs two who consent.
func (s Set) Doubles() bool {
	return s.Has(CommercialSecret, Privacy, Minor, Home, Medical, Informant)
}

// Masked reports whether what leaves the house must be a masked copy, unless a leader agreed in words that the recipient's
// lawful basis covers the original.
func (s Set) Masked() bool { return s.Has(Privacy, Minor, Home, Medical, Informant) }

// Withheld reports whether the recording is in no package and on no disc, masked or not: it would show who informed.
func (s Set) Withheld() bool { return s.Has(Informant) }

// Frozen reports whether nobody may look at, copy or derive from the recording.
func (s Set) Frozen() bool { return s.Has(StateSecret) }

// Refuse is Conflict "marking.frozen" where it is frozen.
func (s Set) Refuse() error {
	if !s.Frozen() {
		return nil
	}
	return fault.New(fault.Conflict, "marking.frozen").Under("20")
}

// List gives the marks that stand, in the order of Marks.
func (s Set) List() []Mark {
	var out []Mark
	for _, m := range Marks() {
		if s[m] {
			out = append(out, m)
		}
	}
	return out
}

// Marking is one mark put on one recording, standing or lifted. Its row is never removed.
type Marking struct {
	ID        ident.MarkingID
	Recording ident.RecordingID // the whole, where files were joined
	Mark      Mark
	Words     string // why
	PutAt     time.Time
	PutBy     ident.PersonID
	PutName   string
	LiftedAt  time.Time // zero while it stands
	LiftedBy  ident.PersonID
	// LiftedName is the name then.
	LiftedName  string
	LiftedWords string
	Basis       string // of a lifted state secret: the competent office's written instruction, with its number
}

// Stands reports whether the mark holds.
func (m *Marking) Stands() bool { return m.LiftedAt.IsZero() }
