package workbench

import (
	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// administrator is the front page of who owes nothing: what they can do, what waits for them, and what they cannot see.
func (a area) administrator(p *site.Page) error {
	v := adminView{Sub: p.P.Long(p.Now)}
	for _, r := range p.Actor.Roles {
		v.Roles = append(v.Roles, p.P.T("role."+string(r)))
	}
	place := func(key, href string, action access.Action) {
		if p.May(action, access.Subject{Kind: "page", ID: href}) {
			v.Places = append(v.Places, ui.Alert{Title: ui.Link{Text: p.P.T("nav." + key), Href: href}, Facts: []string{p.P.T("workbench.place." + key)}, Used: -1})
		}
	}
	place("people", "/people", access.OrgEditPerson)
	place("accounts", "/accounts", access.AccountList)
	place("tokens", "/tokens", access.TokenList)
	place("log", "/custody", access.LogView)
	place("settings", "/settings", access.SettingView)
	place("health", "/health", access.HealthView)
	var err error
	if v.Waiting, err = a.waiting(p); err != nil {
		return err
	}
	if p.Actor.Has(access.SystemAdmin, access.SecurityAdmin) {
		if v.Alerts, err = a.alerts(p); err != nil {
			return err
		}
	}
	if len(p.Actor.Roles) == 0 {
		v.NoRole = true
	}
	return p.Render(p.P.T("workbench.title"), administratorPage(p.P, v))
}

// waiting is what waits for an administrator: proposals of imports, for the security administrator.
func (a area) waiting(p *site.Page) (*ui.Next, error) {
	if !p.May(access.AccountCreate, access.Subject{Kind: "account"}) {
		return nil, nil
	}
	list, err := a.d.Org.Proposals(p.Context())
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &ui.Next{
		Eyebrow: p.P.T("workbench.waiting"), Title: p.P.T("workbench.proposals", len(list)), Text: p.P.T("workbench.proposals_text"),
		Action: ui.Action{Text: p.P.T("workbench.proposals_do"), Href: "/accounts?view=proposals", Primary: true, Large: true},
	}, nil
}
