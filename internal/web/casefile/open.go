package casefile

import (
	"slices"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// newView is the form that opens a case.
type newView struct {
	Fields, Party []ui.Field
	Bad           refusal.Fault
	None          bool // the reader belongs to no department
}

func (a area) showNew(p *site.Page) error { return a.newPage(p, refusal.Fault{}) }

func (a area) newPage(p *site.Page, bad refusal.Fault) error {
	v := newView{Bad: bad, None: len(p.Actor.Departments) == 0}
	edition, err := a.d.Rules.EditionOn(p.Context(), p.Now)
	if err != nil {
		return err
	}
	tree, err := a.d.Tree(p.Context())
	if err != nil {
		return err
	}
	t := p.P.T
	var acts []ui.Option
	for _, id := range actOrder {
		if act, ok := edition.Catalogue.Acts[id]; ok && act.EnabledByDefault {
			acts = append(acts, ui.Option{Value: id, Text: t("fact.act." + id), On: p.Value("act") == id || p.Value("act") == "" && len(acts) == 0})
		}
	}
	var departments []ui.Option
	for _, id := range p.Actor.Departments {
		d, _ := tree.Find(id)
		departments = append(departments, ui.Option{Value: string(id), Text: d.Name, On: p.Value("department") == string(id)})
	}
	var department ident.DepartmentID
	if !v.None {
		department = p.Actor.Departments[0]
	}
	if err := a.d.Cases.MayOpen(p.Context(), p.Actor, department); err != nil {
		return err
	}
	people, err := a.d.Officers(p.Context(), department)
	if err != nil {
		return err
	}
	v.Fields = []ui.Field{
		bad.Mark(ui.Field{Name: "act", Label: t("case.act"), Options: acts}),
		bad.Mark(ui.Field{Name: "procedure", Label: t("case.procedure"), Hint: t("case.procedure_hint"), Inline: true, Options: []ui.Option{
			{Value: "ordinary", Text: t("fact.procedure.ordinary"), On: p.Value("procedure") != "summary"},
			{Value: "summary", Text: t("fact.procedure.summary"), On: p.Value("procedure") == "summary"},
		}}),
		bad.Mark(ui.Field{Name: "title", Label: t("case.title"), Hint: t("case.title_hint"), Value: p.Value("title"), Max: 200, Auto: "off"}),
		bad.Mark(ui.Field{Name: "department", Label: t("case.department"), Options: departments}),
		bad.Mark(ui.Field{Name: "lead", Label: t("case.lead"), Options: personOptions(people, p.Value("lead"), p.Actor.Person)}, "officers"),
		bad.Mark(ui.Field{Name: "others", Label: t("case.others"), Hint: t("case.others_hint"), Multiple: true, Options: others(people, p.Values("others"))}),
	}
	v.Party = partyFields(p, bad, "", matter.PartyMain)
	if bad.What != "" {
		return p.Refused(t("case.new_title"), newPage(p.P, v))
	}
	return p.Render(t("case.new_title"), newPage(p.P, v))
}

var actOrder = []string{"penalty", "inspection", "permit", "payment", "compulsion", "confirmation", "registration", "adjudication", "expropriation", "requisition"}

func personOptions(people []casefile.Officer, chosen string, first ident.PersonID) []ui.Option {
	var out []ui.Option
	for _, x := range people {
		if x.Certificate == "" {
			continue
		}
		out = append(out, ui.Option{Value: string(x.ID), Text: x.Name, On: chosen == string(x.ID) || chosen == "" && x.ID == first})
	}
	return out
}

func others(people []casefile.Officer, chosen []string) []ui.Option {
	var out []ui.Option
	for _, x := range people {
		if x.Certificate == "" {
			continue
		}
		out = append(out, ui.Option{Value: string(x.ID), Text: x.Name, On: slices.Contains(chosen, string(x.ID))})
	}
	return out
}

// partyFields are the questions about a party.
func partyFields(p *site.Page, bad refusal.Fault, prefix string, role matter.PartyRole) []ui.Field {
	t := p.P.T
	text := func(name string, optional bool) ui.Field {
		return bad.Mark(ui.Field{ID: prefix + name, Name: name, Label: t("paper.person." + name), Value: p.Value(name), Optional: optional, Max: 200, Auto: "off"})
	}
	return []ui.Field{
		bad.Mark(ui.Field{ID: prefix + "role", Name: "role", Label: t("case.party_role"), Options: roles(p.P, p.Value("role"), role)}),
		bad.Mark(ui.Field{ID: prefix + "kind", Name: "kind", Label: t("paper.person.kind"), Options: kinds(p.P, p.Value("kind"))}),
		text("name", false), text("id_number", true), text("legal_rep", true), text("address", true), text("phone", true),
	}
}

func roles(p locale.Printer, chosen string, first matter.PartyRole) []ui.Option {
	var out []ui.Option
	for _, r := range matter.PartyRoles() {
		out = append(out, ui.Option{Value: string(r), Text: p.T("case.role." + string(r)), On: chosen == string(r) || chosen == "" && r == first})
	}
	return out
}

func kinds(p locale.Printer, chosen string) []ui.Option {
	var out []ui.Option
	for _, k := range []matter.PartyKind{matter.Organisation, matter.Natural, matter.Business} {
		out = append(out, ui.Option{Value: string(k), Text: p.T("case.party_kind." + string(k)), On: chosen == string(k) || chosen == "" && k == matter.Organisation})
	}
	return out
}

func (a area) open(p *site.Page) error {
	n := casefile.Opening{
		Title: p.Value("title"), Act: p.Value("act"), Procedure: matter.Procedure(p.Value("procedure")), Department: ident.DepartmentID(p.Value("department")),
		Lead: ident.PersonID(p.Value("lead")),
	}
	for _, o := range p.Values("others") {
		n.Others = append(n.Others, ident.PersonID(o))
	}
	if p.Value("name") != "" {
		n.Parties = append(n.Parties, partyOf(p))
	}
	c, err := a.d.Cases.Open(p.Context(), p.Actor, n)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.newPage(p, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect("/cases/" + string(c.ID))
}
