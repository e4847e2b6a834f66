package devices

import (
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// forms are the forms of a device's page as they were sent.
type forms struct {
	Issue struct {
		Person, Purpose, At string
		Bad                 refusal.Fault
	}
	Return struct {
		At, Condition, Note string
		Bad                 refusal.Fault
	}
	Clock struct {
		Face string
		Bad  refusal.Fault
	}
}

func (f forms) bad() bool {
	return f.Issue.Bad.What != "" || f.Return.Bad.What != "" || f.Clock.Bad.What != ""
}

func (a area) issue(p *site.Page) error {
	it, err := a.item(p)
	if err != nil {
		return err
	}
	var f forms
	f.Issue.Person, f.Issue.Purpose, f.Issue.At = p.Value("person"), p.Value("purpose"), p.Value("at")
	at, err := p.Moment("at")
	if err == nil && f.Issue.Person == "" {
		err = fault.New(fault.Invalid, "device.nobody_chosen").At("person")
	}
	if err == nil {
		_, err = a.d.Devices.Issue(p.Context(), p.Actor, it.ID, device.IssueInput{Person: ident.PersonID(f.Issue.Person), Purpose: f.Issue.Purpose, At: at})
	}
	var ok bool
	if f.Issue.Bad, ok = refusal.Of(p.P, err); ok {
		return a.page(p, it, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(devicePath(it.ID))
}

// issueFields are the form of handing out. To be chosen are the officers of the device's department and those below
// it; where nobody is appointed yet, everybody who serves there.
func (a area) issueFields(p *site.Page, it device.Item, tree org.Tree, f forms) ([]ui.Field, error) {
	people, err := a.d.Org.People(p.Context(), p.Actor, org.PeopleFilter{Departments: tree.Descendants(it.Department), Limit: org.MaxPage})
	if err != nil {
		return nil, err
	}
	ids := make([]ident.PersonID, len(people.Items))
	for i, q := range people.Items {
		ids[i] = q.ID
	}
	roles, err := a.d.Accounts.RolesOf(p.Context(), ids...)
	if err != nil {
		return nil, err
	}
	certificates, err := a.d.Org.Certificates(p.Context(), ids...)
	if err != nil {
		return nil, err
	}
	var all, officers []ui.Option
	for _, q := range people.Items {
		o := ui.Option{Value: string(q.ID), Text: q.Name, On: string(q.ID) == f.Issue.Person}
		if !slices.ContainsFunc(certificates, func(c org.Certificate) bool { return c.Person == q.ID && c.Kind == org.Enforcement && c.ValidOn(p.Now) }) {
			o.Text = p.P.T("device.no_certificate", q.Name)
		}
		all = append(all, o)
		if slices.ContainsFunc(roles[q.ID], func(r account.Appointment) bool { return r.Role == access.Officer }) {
			officers = append(officers, o)
		}
	}
	if len(officers) == 0 {
		officers = all
	}
	return []ui.Field{
		f.Issue.Bad.Mark(ui.Field{Name: "person", Label: p.P.T("device.user"), Options: officers}),
		f.Issue.Bad.Mark(ui.Field{Name: "purpose", Label: p.P.T("device.purpose"), Hint: p.P.T("device.purpose_hint"), Value: f.Issue.Purpose, Max: 500, Auto: "off"}),
		f.Issue.Bad.Mark(ui.Field{ID: "issue-at", Name: "at", Label: p.P.T("device.issue_at"), Hint: p.P.T("device.at_hint"), Type: "datetime-local", Value: f.Issue.At, Optional: true}),
	}, nil
}

func (a area) takeBack(p *site.Page) error {
	it, err := a.item(p)
	if err != nil {
		return err
	}
	var f forms
	f.Return.At, f.Return.Condition, f.Return.Note = p.Value("at"), p.Value("condition"), p.Value("note")
	at, err := p.Moment("at")
	if err == nil {
		err = a.d.Devices.Return(p.Context(), p.Actor, it.ID, device.ReturnInput{At: at, Condition: device.Condition(f.Return.Condition), Note: f.Return.Note})
	}
	var ok bool
	if f.Return.Bad, ok = refusal.Of(p.P, err); ok {
		return a.page(p, it, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(devicePath(it.ID))
}

func (f forms) returnFields(p locale.Printer) []ui.Field {
	chosen := f.Return.Condition
	if chosen == "" {
		chosen = string(device.Good)
	}
	conditions := []string{string(device.Good), string(device.Damaged)}
	return []ui.Field{
		f.Return.Bad.Mark(ui.Field{Name: "condition", Label: p.T("device.condition"), Inline: true, Options: listing.Choice(p, false, chosen, conditions, func(c string) string { return p.T("device.condition." + c) })}),
		f.Return.Bad.Mark(ui.Field{ID: "return-note", Name: "note", Label: p.T("device.return_note"), Hint: p.T("device.return_note_hint"), Value: f.Return.Note, Max: 500, Optional: true, Auto: "off"}),
		f.Return.Bad.Mark(ui.Field{ID: "return-at", Name: "at", Label: p.T("device.return_at"), Hint: p.T("device.at_hint"), Type: "datetime-local", Value: f.Return.At, Optional: true}),
	}
}
