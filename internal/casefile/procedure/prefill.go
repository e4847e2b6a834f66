package procedure

import (
	"encoding/json"
	"slices"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// carried are fields that a later paper takes over from an earlier one of the case, so that a decision says what its
// approval said and nobody types it twice.
var carried = []string{
	"facts", "evidence", "basis", "discretion_rule", "proposal", "reasons", "remedy_review", "remedy_suit", "agency", "applied_item", "inspection_items",
	"fine_amount", "penalty_kinds", "preserved_items", "seized_items", "filed_on",
}

// Prefill is what a case knows of a paper that is begun: its cause, its party, its officers, and what papers before it say.
func Prefill(f matter.File, d catalogue.Document, officers []form.Person) form.Values {
	v := form.Values{}
	set := func(f catalogue.Field, x any) {
		raw, err := json.Marshal(x)
		if err != nil {
			return
		}
		if clean, p := form.Clean(f, raw); p == nil && clean != nil {
			v[f.ID] = clean
		}
	}
	main := party(f)
	for _, x := range d.Fields {
		switch x.ID {
		case "cause":
			set(x, f.Case.Title)
		case "party", "applicant":
			set(x, form.Person{Kind: string(main.Kind), Name: main.Name, IDNumber: main.IDNumber, LegalRep: main.LegalRep, Address: main.Address, Phone: main.Phone})
		case "party_name":
			set(x, main.Name)
		case "party_id":
			set(x, main.IDNumber)
		case "legal_rep":
			set(x, form.Person{Name: main.LegalRep})
		case "address":
			set(x, main.Address)
		case "phone":
			set(x, main.Phone)
		case "officers", "handlers", "handled_by", "on_site_officers":
			set(x, officers)
		case "recorder", "received_by":
			if len(officers) > 1 {
				set(x, officers[1])
			}
		}
	}
	for _, p := range slices.Backward(f.Papers) {
		if p.State == matter.Void {
			continue
		}
		for _, x := range d.Fields {
			if slices.Contains(carried, x.ID) && v.Empty(x.ID) && !p.Values.Empty(x.ID) {
				v[x.ID] = p.Values[x.ID]
			}
		}
	}
	return v
}

// party is the first party of a case.
func party(f matter.File) matter.Party {
	for _, p := range f.Parties {
		if p.Role == matter.PartyMain && p.EndedAt.IsZero() {
			return p
		}
	}
	return matter.Party{}
}
