package print

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// otherRoles are fields for signatures whose id does not say the role.
var otherRoles = map[string][]string{
	"keeper": {"custodian"}, "agency_seal": {"seal"}, "special_seal": {"seal"}, "appraisal_seal": {"seal"}, "other_party_sign": {"respondent"},
	"superior_ack": {"leader", "superior", "unit-or-leader"}, "unit_sign": {"unit", "unit-or-leader"}, "party_sign": {"party", "party-or-witness", "third-party", "person-asked"},
	"applicant_sign": {"party"}, "recorder_sign": {"recorder", "clerk"}, "witness_sign": {"witness", "party-or-witness"}, "officer_sign": {"officer2", "officer"},
}

// rolesOf are the roles that sign in a field.
func (w *writer) rolesOf(f catalogue.Field) []string {
	if r := otherRoles[f.ID]; r != nil {
		return r
	}
	stem := strings.ReplaceAll(strings.TrimSuffix(f.ID, "_sign"), "_", "-")
	var out []string
	for _, s := range w.in.Document.Signers {
		if strings.TrimRight(s.Role, "0123456789") == stem {
			out = append(out, s.Role)
		}
	}
	return out
}

// signName is the label of a field for signatures. Where the one who signs is not the party, the role says who.
func (w *writer) signName(f catalogue.Field) string {
	if f.ID == "party_sign" {
		for _, s := range w.in.Document.Signers {
			if s.Role != "party" && slices.Contains(otherRoles[f.ID], s.Role) {
				name, _ := label(catalogue.Field{Text: s.Text})
				return w.p.T("print.signs", visible(name))
			}
		}
	}
	return w.name(f)
}

func signatureField(f catalogue.Field) bool {
	return f.Type == "signature" || f.Type == "signature-list"
}

// pair is how many lines a role of several people gets on a form that nobody has signed.
const pair = 2

// signs are the signatures of a field, or lines to sign on.
func (w *writer) signs(f catalogue.Field) []sheet.Sign {
	roles := w.rolesOf(f)
	var out []sheet.Sign
	for _, s := range w.in.Signatures {
		if slices.Contains(roles, s.Role) && !w.printed(f, s.Role) {
			out = append(out, w.sign(s))
		}
	}
	if len(out) == 0 {
		if a, ok := w.approval(strings.TrimSuffix(f.ID, "_sign")); ok {
			out = append(out, sheet.Sign{Name: w.approver(a), Day: w.day(a.At), Note: w.p.T("print.mode.own")})
		}
	}
	lines := 1
	if f.Type == "signature-list" || slices.ContainsFunc(roles, func(r string) bool { return strings.HasSuffix(r, "2") }) {
		lines = pair
	}
	for len(out) < lines {
		out = append(out, sheet.Sign{Day: w.day(time.Time{})})
	}
	for _, r := range roles {
		w.mark(r, f.ID)
	}
	return out
}

// printed reports whether another field has printed the signatures of this role already.
func (w *writer) printed(f catalogue.Field, role string) bool {
	by, ok := w.signed[role]
	return ok && by != f.ID
}

func (w *writer) mark(role, field string) {
	if w.signed == nil {
		w.signed = map[string]string{}
	}
	if _, ok := w.signed[role]; !ok {
		w.signed[role] = field
	}
}

// sign is one signature as it is printed.
func (w *writer) sign(s Signature) sheet.Sign {
	out := sheet.Sign{Day: w.day(s.At), Name: visible(s.Name)}
	switch s.Mode {
	case Refused:
		out.Name = w.p.T("print.refused")
		out.Note = w.p.T("print.mode.refused", visible(s.Name), orNone(w, s.Reason), orNone(w, s.Witness))
	case Drawn, Scan, Seal:
		out.Note = w.p.T("print.mode."+string(s.Mode), visible(s.Name))
		if out.Image = w.image(s.Image); out.Image > 0 {
			out.Name = ""
		} else {
			out.Note += w.p.T("print.image_broken")
		}
	case Own:
		out.Note = w.p.T("print.mode.own")
	}
	return out
}

func orNone(w *writer, s string) string {
	if s = strings.Join(paragraphs(s), " "); s == "" {
		return w.p.T("print.none")
	}
	return s
}

// maxSide bounds the image of a signature: an A4 page scanned at 300 dots.
const maxSide = 4000

// image puts an image among those of the paper and gives its place, 0 for one that is none. It is drawn anew, so that the
// press never sees bytes that a stranger chose.
func (w *writer) image(raw []byte) int {
	if len(raw) == 0 {
		return 0
	}
	c, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide {
		return 0
	}
	src, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return 0
	}
	clean := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(clean, clean.Bounds(), src, src.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, clean); err != nil {
		return 0
	}
	w.out.Images = append(w.out.Images, b.Bytes())
	return len(w.out.Images)
}

// approval is the last decision on a step.
func (w *writer) approval(step string) (Approval, bool) {
	for _, a := range slices.Backward(w.in.Approvals) {
		if a.Step == step {
			return a, true
		}
	}
	return Approval{}, false
}

func (w *writer) approver(a Approval) string {
	if a.OnBehalfOf == "" {
		return visible(a.Name)
	}
	return w.p.T("print.on_behalf", visible(a.Name), visible(a.OnBehalfOf))
}

// opinion is what was decided, for the field of an opinion that was not filled in.
func (w *writer) opinion(a Approval) []string {
	word := "print.agreed"
	if a.Returned {
		word = "print.returned"
	}
	return append([]string{w.p.T(word)}, paragraphs(a.Opinion)...)
}

// seal is the signature that is the bureau's seal. A draft has none.
func (w *writer) seal() (Signature, bool) {
	for _, s := range w.in.Signatures {
		if s.Role == "seal" && !w.in.Draft {
			return s, true
		}
	}
	return Signature{}, false
}

// strip are the places to sign at the foot of every page of a record that is signed page by page: of every 笔录.
func (w *writer) strip() []sheet.Slot {
	if _, ok := w.field("page_signs"); !ok && (w.in.Document.Kind != "on-site-record" || !strings.HasSuffix(called(w.in.Document), "笔录")) {
		return nil
	}
	var out []sheet.Slot
	for _, s := range w.in.Document.Signers {
		name, _ := label(catalogue.Field{Text: s.Text})
		slot := sheet.Slot{Label: w.p.T("print.page_sign", visible(name))}
		for _, done := range w.in.Signatures {
			if done.Role == s.Role {
				slot.Text = w.p.T("print.see_end")
			}
		}
		if s.Required || slot.Text != "" || len(w.in.Languages) > 0 && s.Role == "interpreter" {
			out = append(out, slot)
		}
	}
	return out
}
