package people

import (
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// personForm is the form of a person.
type personForm struct {
	Name, Number string
	Department   ident.DepartmentID
	Bad          refusal.Fault
	On           bool // it was sent and comes back
}

func readPerson(p *site.Page) personForm {
	return personForm{Name: p.Value("name"), Number: p.Value("number"), Department: ident.DepartmentID(p.Value("department")), On: true}
}

func (f personForm) edit() org.PersonEdit {
	return org.PersonEdit{Name: f.Name, Number: f.Number, Department: f.Department}
}

func (f personForm) fields(p *site.Page, tree org.Tree) []ui.Field {
	t := p.P.T
	departments := append([]ui.Option{{Text: t("people.bureau_itself"), On: f.Department == ""}}, departmentOptions(p.P, tree, f.Department, "")...)
	return []ui.Field{
		f.Bad.Mark(ui.Field{Name: "name", Label: t("people.name"), Hint: t("people.name_hint"), Value: f.Name, Max: 60, Auto: "off"}),
		f.Bad.Mark(ui.Field{Name: "number", Label: t("people.number"), Value: f.Number, Max: 40, Optional: true, Auto: "off"}),
		f.Bad.Mark(ui.Field{Name: "department", Label: t("people.department"), Options: departments}),
	}
}

func (a area) showNew(p *site.Page) error { return a.newPage(p, personForm{}) }

func (a area) newPage(p *site.Page, f personForm) error {
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	body := newPerson(p.P, f.fields(p, tree), f.Bad)
	if f.On {
		return p.Refused(p.P.T("people.add_title"), body)
	}
	return p.Render(p.P.T("people.add_title"), body)
}

func (a area) add(p *site.Page) error {
	f := readPerson(p)
	who, err := a.d.Org.AddPerson(p.Context(), p.Actor, f.edit())
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.newPage(p, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(personPath(who.ID))
}

func (a area) edit(p *site.Page) error {
	who, err := a.person(p)
	if err != nil {
		return err
	}
	f := readPerson(p)
	err = a.d.Org.EditPerson(p.Context(), p.Actor, who.ID, f.edit())
	if fault.HasCode(err, "org.unchanged") {
		err = nil // saving what is there already is done
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.render(p, who, personForms{Person: f})
	}
	if err != nil {
		return err
	}
	return p.Redirect(personPath(who.ID))
}

func (a area) deactivate(p *site.Page) error {
	who, err := a.person(p)
	if err != nil {
		return err
	}
	err = a.d.Org.DeactivatePerson(p.Context(), p.Actor, who.ID, p.Value("reason"))
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.render(p, who, personForms{Note: bad})
	}
	if err != nil {
		return err
	}
	return p.Redirect(personPath(who.ID))
}

// personForms are the forms of a person's page as they were sent; Note is a fault that belongs to none of them.
type personForms struct {
	Person      personForm
	Certificate certificateForm
	Note        refusal.Fault
}

func (f personForms) bad() bool {
	return f.Person.On || f.Certificate.Bad.What != "" || f.Note.What != ""
}

func (a area) show(p *site.Page) error {
	who, err := a.person(p)
	if err != nil {
		return err
	}
	return a.render(p, who, personForms{})
}

func (a area) render(p *site.Page, who org.Person, f personForms) error {
	known, err := a.facts(p.Context(), []org.Person{who})
	if err != nil {
		return err
	}
	v := personView{
		ID: string(who.ID), Name: who.Name, Active: who.Active(), Note: f.Note,
		MayEdit:        who.Active() && p.May(access.OrgEditPerson, access.Subject{Kind: "person", ID: string(who.ID), Department: who.Department}),
		MayCertificate: p.May(access.OrgEditCertificate, access.Subject{Kind: "certificate"}),
		MayAccount:     who.Active() && p.May(access.AccountCreate, access.Subject{Kind: "person", ID: string(who.ID)}),
		Facts: []ui.Fact{
			ui.FactText(p.P.T("people.department"), pathOf(p.P, known.tree, who.Department), ""),
			ui.FactText(p.P.T("people.number"), orNone(p.P, who.Number), ""),
			ui.FactText(p.P.T("people.since"), p.P.Date(who.CreatedAt), ""),
		},
		MayDevices: p.May(access.DeviceList, access.Subject{Kind: "device"}),
	}
	if !who.Active() {
		v.Facts = append(v.Facts, ui.FactText(p.P.T("people.left"), p.P.Date(who.DeactivatedAt), ""))
	}
	for _, r := range known.roles[who.ID] {
		v.Roles = append(v.Roles, ui.FactText(p.P.T("role."+string(r.Role)), term(p, known.tree, r), ""))
	}
	if f.Person.On {
		v.Form, v.Bad = f.Person.fields(p, known.tree), f.Person.Bad
	} else {
		v.Form = personForm{Name: who.Name, Number: who.Number, Department: who.Department}.fields(p, known.tree)
	}
	list := known.certificates[who.ID]
	slices.Reverse(list) // the newest first
	for _, c := range list {
		v.Certificates = append(v.Certificates, certificateViewOf(p, c, f.Certificate))
	}
	v.NewCertificate = certificateForm{Kind: string(org.Enforcement)}
	if f.Certificate.ID == "" && f.Certificate.Bad.What != "" {
		v.NewCertificate = f.Certificate
	}
	if f.bad() {
		return p.Refused(who.Name, personPage(p.P, v))
	}
	return p.Render(who.Name, personPage(p.P, v))
}

// term says where and from when to when somebody is appointed.
func term(p *site.Page, tree org.Tree, r account.Appointment) string {
	to := p.P.T("people.no_end")
	if !r.To.IsZero() {
		to = p.P.T("people.until", p.P.Date(r.To.Add(-1)))
	}
	when := p.P.T("people.from", p.P.Date(r.From))
	if r.Department == "" {
		return p.P.T("people.term", p.P.T("people.bureau"), when, to)
	}
	return p.P.T("people.term", pathOf(p.P, tree, r.Department), when, to)
}

func certificateViewOf(p *site.Page, c org.Certificate, sent certificateForm) certificateView {
	words, icon, tone := mark(p.P, c, p.Now)
	v := certificateView{
		ID: string(c.ID), Number: c.Number, Kind: p.P.T("people.cert.kind." + string(c.Kind)), Words: words, Icon: icon, Tone: tone,
		Days: p.P.T("people.cert.days", p.P.Date(c.ValidFrom), p.P.Date(c.ValidTo)), Reason: c.RevokeReason, Revoked: !c.RevokedAt.IsZero(),
		Form: certificateForm{ID: string(c.ID), Number: c.Number, Kind: string(c.Kind), From: dayValue(c.ValidFrom), To: dayValue(c.ValidTo)},
	}
	if sent.ID == string(c.ID) {
		v.Form, v.Open = sent, true
	}
	return v
}
