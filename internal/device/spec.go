package device

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/fault"
)

// The longest texts, in characters.
const (
	maxLabel = 40
	maxField = 60
	maxText  = 500
	minNote  = 4
	minWhy   = 2
)

// clean brings a spec into the form it is kept in. Faults, each at its field: Invalid "device.label",
// "device.too_long", "device.kind", "device.department".
func (s Spec) clean() (Spec, error) {
	for _, f := range []struct {
		text  *string
		field string
		limit int
	}{
		{&s.Label, "label", maxLabel},
		{&s.Maker, "maker", maxField},
		{&s.Model, "model", maxField},
		{&s.Serial, "serial", maxField},
		{&s.CardLabel, "card_label", maxField},
		{&s.NameCode, "name_code", maxField},
		{&s.Note, "note", maxText},
	} {
		*f.text = plain(*f.text)
		if utf8.RuneCountInString(*f.text) > f.limit {
			return s, fault.New(fault.Invalid, "device.too_long", f.limit).At(f.field)
		}
	}
	switch {
	case fold(s.Label) == "":
		return s, fault.New(fault.Invalid, "device.label").At("label")
	case !slices.Contains(Kinds(), s.Kind):
		return s, fault.New(fault.Invalid, "device.kind").At("kind")
	case s.Department == "":
		return s, fault.New(fault.Invalid, "device.department").At("department")
	}
	return s, nil
}

// plain drops what cannot be seen and makes every space one space.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// changed lists the fields in which two specs differ, as "field", from and to in turn, for the custody log.
func changed(old, now Spec) []any {
	var out []any
	for _, f := range []struct{ field, from, to string }{
		{"label", old.Label, now.Label},
		{"kind", string(old.Kind), string(now.Kind)},
		{"maker", old.Maker, now.Maker},
		{"model", old.Model, now.Model},
		{"serial", old.Serial, now.Serial},
		{"card_label", old.CardLabel, now.CardLabel},
		{"name_code", old.NameCode, now.NameCode},
		{"department", string(old.Department), string(now.Department)},
		{"note", old.Note, now.Note},
	} {
		if f.from != f.to {
			out = append(out, f.field, map[string]string{"from": f.from, "to": f.to})
		}
	}
	return out
}

// checkState refuses a change of state that makes no sense. A device that is out can only be lost; anything else waits
// for its return, so that the ledger says where it is.
func checkState(from, to State, out bool, note string) error {
	n := utf8.RuneCountInString(note)
	switch {
	case !slices.Contains(States(), to):
		return fault.New(fault.Invalid, "device.state").At("state")
	case from == to:
		return fault.New(fault.Conflict, "device.same_state").At("state")
	case out && to != Lost:
		return fault.New(fault.Conflict, "device.still_out").Under("21")
	case n < minNote || n > maxText:
		return fault.New(fault.Invalid, "device.note", minNote, maxText).At("note")
	}
	return nil
}

// issueFacts is what decides whether a device may be handed out.
type issueFacts struct {
	state      State
	out        bool
	unstored   int
	serving    bool
	purpose    string
	at, now    time.Time
	lastReturn time.Time // zero if it never came back
}

// checkIssue refuses to hand out a device that is not in use (R-04-1), that is out already, or that still holds files
// the platform has not got (R-19-1); nobody can set that aside here. A purpose is needed: devices are for work only
// (R-22-4).
func checkIssue(f issueFacts) error {
	n := utf8.RuneCountInString(f.purpose)
	switch {
	case f.state != InUse:
		return fault.New(fault.Conflict, "device.not_in_use").Under("4")
	case f.out:
		return fault.New(fault.Conflict, "device.already_issued").Under("21")
	case f.unstored > 0:
		return fault.New(fault.Conflict, "device.unstored", f.unstored).Under("19")
	case !f.serving:
		return fault.New(fault.Conflict, "device.person_inactive").At("person")
	case n < minWhy || n > maxText:
		return fault.New(fault.Invalid, "device.purpose", minWhy, maxText).At("purpose").Under("22")
	case f.at.After(f.now):
		return fault.New(fault.Invalid, "device.future").At("at")
	case f.at.Before(f.lastReturn):
		return fault.New(fault.Invalid, "device.before_return", f.lastReturn).At("at")
	}
	return nil
}

// checkReturn refuses a return that cannot have happened so.
func checkReturn(i Issue, at, now time.Time, c Condition, note string) error {
	switch {
	case c != Good && c != Damaged:
		return fault.New(fault.Invalid, "device.condition").At("condition")
	case at.After(now):
		return fault.New(fault.Invalid, "device.future").At("at")
	case at.Before(i.Issued):
		return fault.New(fault.Invalid, "device.before_issue", i.Issued).At("at")
	case c == Damaged && utf8.RuneCountInString(note) < minNote:
		return fault.New(fault.Invalid, "device.note", minNote, maxText).At("note")
	case utf8.RuneCountInString(note) > maxText:
		return fault.New(fault.Invalid, "device.note", minNote, maxText).At("note")
	}
	return nil
}
