package matter

import (
	"slices"
	"strings"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// PartyEdit is what can be said of a party.
type PartyEdit struct {
	Role     PartyRole
	Kind     PartyKind
	Name     string
	IDNumber string
	LegalRep string
	Address  string
	Phone    string
	For      ident.PartyID
}

// maxName bounds names, numbers and addresses, in characters.
const maxName = 200

// CleanLine is a text of one line without what nobody sees; too short or too long a one is fault Invalid "case.length".
func CleanLine(s, field string, least, most int) (string, error) {
	s = strings.Join(strings.Fields(form.Long(s)), " ")
	if n := utf8.RuneCountInString(s); n < least || n > most {
		return "", fault.New(fault.Invalid, "case.length", least, most).At(field)
	}
	return s, nil
}

// Clean checks what was said of a party.
func (e PartyEdit) Clean() (PartyEdit, error) {
	if !slices.Contains(PartyRoles(), e.Role) {
		return e, fault.New(fault.Invalid, "case.party_role").At("role")
	}
	if !slices.Contains([]PartyKind{Natural, Business, Organisation}, e.Kind) {
		return e, fault.New(fault.Invalid, "case.party_kind").At("kind")
	}
	for _, f := range []struct {
		field string
		v     *string
		least int
	}{
		{"name", &e.Name, 1}, {"id_number", &e.IDNumber, 0}, {"legal_rep", &e.LegalRep, 0}, {"address", &e.Address, 0}, {"phone", &e.Phone, 0},
	} {
		var err error
		if *f.v, err = CleanLine(*f.v, f.field, f.least, maxName); err != nil {
			return e, err
		}
	}
	return e, nil
}
