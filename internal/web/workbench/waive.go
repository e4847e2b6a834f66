package workbench

import (
	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// askWaive asks for the reason before a duty is waived.
func (a area) askWaive(p *site.Page, text string) error {
	d, err := a.duty(p, text)
	if err != nil {
		return err
	}
	return a.waivePage(p, d, "", refusal.Fault{})
}

func (a area) duty(p *site.Page, text string) (duty.Duty, error) {
	id, err := ident.Parse[ident.DutyID](text)
	if err != nil {
		return duty.Duty{}, fault.New(fault.NotFound, "duty.unknown")
	}
	return a.d.Duties.Get(p.Context(), p.Actor, id)
}

func (a area) waivePage(p *site.Page, d duty.Duty, reason string, bad refusal.Fault) error {
	row := rowOf(p, d)
	v := waiveView{
		ID: string(d.ID), Row: row, May: d.State == duty.StateOpen,
		Reason: bad.Mark(ui.Field{Name: "reason", Label: p.P.T("duty.waive_reason"), Hint: p.P.T("duty.waive_hint"), Value: reason, Max: 500, Rows: 4}), Bad: bad,
	}
	if d.Person != "" {
		names, err := a.d.Org.Names(p.Context(), []ident.PersonID{d.Person})
		if err != nil {
			return err
		}
		v.Row.Facts = append(v.Row.Facts, names[d.Person])
	}
	if !p.May(access.DutyWaive, access.Subject{Kind: "duty", ID: string(d.ID), Department: d.Department, Officer: d.Person}) {
		v.May = false
	}
	title := p.P.T("duty.waive_title")
	if bad.What != "" {
		return p.Refused(title, waivePage(p.P, v))
	}
	return p.Render(title, waivePage(p.P, v))
}

// waive excuses a duty: a decision with a name and a reason.
func (a area) waive(p *site.Page) error {
	d, err := a.duty(p, p.R.PathValue("id"))
	if err != nil {
		return err
	}
	reason := p.Value("reason")
	err = a.d.Duties.Waive(p.Context(), p.Actor, d.ID, reason)
	if bad, ok := refusal.Of(p.P, err); ok {
		if now, again := a.duty(p, p.R.PathValue("id")); again == nil {
			d = now
		}
		return a.waivePage(p, d, reason, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(site.HomePath)
}
