package procedure

import (
	"slices"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// stepOf says in which step of an approval a signer's role speaks.
var stepOf = map[string]matter.Step{
	"handler": matter.StepHandler, "handler2": matter.StepHandler, "officer": matter.StepHandler, "officer2": matter.StepHandler, "operator": matter.StepHandler,
	"custodian": matter.StepHandler, "unit": matter.StepUnit, "dept-head": matter.StepUnit, "unit-or-leader": matter.StepUnit,
	"legal": matter.StepLegal, "leader": matter.StepLeader,
}

// Link is one step of the way a paper goes through approval.
type Link struct {
	Step   matter.Step
	Voices int // how many different people have to agree
	Said   []matter.Approval
	Done   bool
}

// Chain is the way of a paper through approval in its present round. It is empty for what needs none: papers that are no
// approval forms, and opinions that one office writes and signs itself (a legal review).
func Chain(f matter.File, d catalogue.Document, p matter.Paper, known fact.Answers) []Link {
	if !Approved(d) {
		return nil
	}
	said := f.Said(p.ID, f.Round(p.ID))
	out := []Link{{Step: matter.StepHandler, Voices: 1}}
	for _, s := range d.Signers {
		step, ok := stepOf[s.Role]
		if !ok || step == matter.StepLegal && !s.Required && known["legal_review_due"] != "true" {
			continue
		}
		if step == matter.StepHandler {
			if s.Role == "handler2" || s.Role == "officer2" {
				out[0].Voices = 2
			}
			continue
		}
		out = append(out, Link{Step: step, Voices: 1})
	}
	for i := range out {
		seen := map[ident.PersonID]bool{}
		for _, a := range said {
			if a.Step == out[i].Step {
				out[i].Said = append(out[i].Said, a)
				if a.Agreed {
					seen[a.By] = true
				}
			}
		}
		out[i].Done = len(seen) >= out[i].Voices
	}
	return out
}

// Approved reports whether a type of document goes through approval at all.
func Approved(d catalogue.Document) bool {
	if !d.IsApprovalForm {
		return false
	}
	steps := map[matter.Step]bool{}
	for _, s := range d.Signers {
		if step, ok := stepOf[s.Role]; ok {
			steps[step] = true
		}
	}
	return steps[matter.StepLeader] || steps[matter.StepHandler] && len(steps) > 1
}

// At is the step a submitted paper waits in; false when all have agreed.
func At(chain []Link) (Link, bool) {
	for _, l := range chain {
		if !l.Done {
			return l, true
		}
	}
	return Link{}, false
}

// Writers says which office writes a type of document: "handler" for most, "unit", "legal" or "presider" for those whose
// makers must be somebody else.
func Writers(d catalogue.Document) string {
	switch d.ID {
	case "hearing-record", "hearing-report":
		return "presider"
	}
	if Approved(d) {
		return "handler"
	}
	for _, s := range d.Signers {
		if d.IsApprovalForm && s.Role == "legal" {
			return "legal"
		}
		if d.IsApprovalForm && (s.Role == "unit" || s.Role == "dept-head") {
			return "unit"
		}
	}
	return "handler"
}

// Wanted is a signature a paper still needs.
type Wanted struct {
	Role     string
	ZH, EN   string
	Required bool
	Count    int  // how many are there
	Need     int  // how many it takes
	House    bool // somebody of ours signs as themselves
	Open     bool // more may be added
}

// pairs are roles that take two people.
var pairs = []string{"officer2", "handler2", "server2", "two-destroyers"}

// houseRoles sign as themselves, with their own account.
var houseRoles = map[string]string{
	"officer": "handler", "officer2": "handler", "handler": "handler", "handler2": "handler", "server2": "handler", "recorder": "handler", "compiler": "handler",
	"operator": "handler", "transferor": "handler", "user": "handler", "maker": "handler", "extractor": "handler", "supervisor": "handler",
	"unit": "unit", "dept-head": "unit", "unit-or-leader": "unit", "checker": "unit", "legal": "legal", "leader": "leader", "chair": "leader", "members": "leader", "presider": "presider",
	"clerk": "presider",
}

// OfHouse says who of the house signs in a role: "handler", "unit", "legal", "leader", "presider"; "" where an outsider does.
func OfHouse(role string) string { return houseRoles[role] }

// Signatures lists what signatures a paper has and needs. Those that its approval gave count as given; without a party
// who could sign (the seal alone) a seal is what makes it.
func Signatures(f matter.File, d catalogue.Document, p matter.Paper) []Wanted {
	have := f.SignedBy(p)
	out := make([]Wanted, 0, len(d.Signers))
	chain := Approved(d)
	for _, s := range d.Signers {
		if _, ok := stepOf[s.Role]; ok && chain {
			continue // they spoke in the approval
		}
		w := Wanted{Role: s.Role, ZH: s.ZH, EN: s.EN, Required: s.Required, Need: 1, House: houseRoles[s.Role] != ""}
		if slices.Contains(pairs, s.Role) {
			w.Need = 2
		}
		people := map[string]bool{}
		for _, x := range have {
			if x.Role == s.Role {
				people[string(x.Person)+"\x00"+x.Name] = true
			}
		}
		w.Count = len(people)
		w.Open = w.Count < w.Need || s.Role == "attendees" || s.Role == "members" || s.Role == "experts"
		out = append(out, w)
	}
	return out
}

// Whole reports whether a fixed paper has every signature it needs.
func Whole(f matter.File, d catalogue.Document, p matter.Paper) bool {
	for _, w := range Signatures(f, d, p) {
		if w.Required && w.Count < w.Need {
			return false
		}
	}
	return true
}
