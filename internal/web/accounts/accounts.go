// Package accounts is the pages of the security administrator (who may sign in, and as what) and of the system
// administrator's tokens for docks and scripts.
package accounts

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Deps are what the pages stand on.
type Deps struct {
	Accounts *account.Service
	Org      *org.Service
	// Pin is the fingerprint of the bureau's CA. It is appended to a token's text ("zlt_….PIN"), so that a dock
	// recognises the server from the first connection on; empty where the certificate is not the bureau's own.
	Pin string
}

// The addresses of this area.
const (
	listPath        = "/accounts"
	newPath         = "/accounts/new"
	rolesPath       = "/accounts/roles"
	appointmentPath = "/appointments"
	tokenPath       = "/tokens"
)

// Routes are the pages of this area. What is done to an account is decided upon whose it is, by its service.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: listPath, Action: access.AccountList, Handle: a.list},
		{Method: http.MethodGet, Path: listPath + "/export", Action: access.AccountList, Handle: a.export},
		{Method: http.MethodGet, Path: newPath, Action: access.AccountCreate, Handle: a.showNew},
		{Method: http.MethodPost, Path: listPath, Action: access.AccountCreate, Handle: a.create},
		{Method: http.MethodPost, Path: rolesPath, Action: access.RoleGrant, Object: true, Handle: a.grant},
		{Method: http.MethodGet, Path: listPath + "/{id}", Action: access.AccountList, Handle: a.show},
		{Method: http.MethodPost, Path: listPath + "/{id}/reset", Action: access.AccountResetPassword, Object: true, Handle: a.reset},
		{Method: http.MethodPost, Path: listPath + "/{id}/unlock", Action: access.AccountUnlock, Object: true, Handle: a.do(d.Accounts.Unlock)},
		{Method: http.MethodPost, Path: listPath + "/{id}/disable", Action: access.AccountDisable, Object: true, Handle: a.do(d.Accounts.Disable)},
		{Method: http.MethodPost, Path: listPath + "/{id}/enable", Action: access.AccountDisable, Object: true, Handle: a.do(d.Accounts.Enable)},
		{Method: http.MethodPost, Path: appointmentPath + "/{id}/end", Action: access.RoleRevoke, Object: true, Handle: a.endAppointment},
		{Method: http.MethodGet, Path: tokenPath, Action: access.TokenList, Handle: a.tokens},
		{Method: http.MethodPost, Path: tokenPath, Action: access.TokenCreate, Handle: a.createToken},
		{Method: http.MethodPost, Path: tokenPath + "/{id}/revoke", Action: access.TokenRevoke, Handle: a.revokeToken},
	}
}

type area struct{ d Deps }

func accountPath[T ~string](id T) string { return listPath + "/" + string(id) }

// account reads the account of the address.
func (a area) account(p *site.Page) (account.Account, error) {
	id, err := ident.Parse[ident.AccountID](p.R.PathValue("id"))
	if err != nil {
		return account.Account{}, fault.New(fault.NotFound, "account.account")
	}
	return a.d.Accounts.Account(p.Context(), id)
}

// subject is an account as the policies see it.
func subject(c account.Account) access.Subject {
	return access.Subject{Kind: "account", ID: string(c.ID), Officer: c.Person, Owner: string(c.ID)}
}

// may reports whether the reader manages accounts at all.
func may(p *site.Page) bool { return p.May(access.AccountCreate, access.Subject{Kind: "account"}) }

func openDepartments(t org.Tree) []org.Department {
	var out []org.Department
	var walk func(parent ident.DepartmentID)
	walk = func(parent ident.DepartmentID) {
		for _, d := range t.Children(parent) {
			out = append(out, d)
			walk(d.ID)
		}
	}
	walk("")
	return out
}

func departmentOptions(t org.Tree, chosen ident.DepartmentID) []ui.Option {
	var out []ui.Option
	for _, d := range openDepartments(t) {
		out = append(out, ui.Option{Value: string(d.ID), Text: strings.Join(t.Path(d.ID), " / "), On: d.ID == chosen})
	}
	return out
}

func departmentName(p locale.Printer, t org.Tree, id ident.DepartmentID) string {
	if id == "" {
		return p.T("account.bureau")
	}
	return strings.Join(t.Path(id), " / ")
}

// roleOptions are the roles a person may be appointed to, the three administrators last.
func roleOptions(p locale.Printer, chosen string) []ui.Option {
	out := make([]ui.Option, 0, 9)
	for _, r := range access.Roles() {
		out = append(out, ui.Option{Value: string(r), Text: p.T("role." + string(r)), On: string(r) == chosen})
	}
	return out
}

// term says from when to when an appointment runs.
func term(p *site.Page, r account.Appointment) string {
	from := p.P.T("account.from_day", p.P.Date(r.From))
	if r.To.IsZero() {
		return p.P.T("account.term", from, p.P.T("account.no_end"))
	}
	return p.P.T("account.term", from, p.P.T("account.to_day", p.P.Date(r.To.Add(-1))))
}

// standing says how an appointment stands.
func standing(p *site.Page, r account.Appointment) (string, string, ui.Tone) {
	switch {
	case !r.EndedAt.IsZero():
		return p.P.T("account.ended", p.P.When(r.EndedAt, p.Now)), "circle-minus", ui.None
	case p.Now.Before(r.From):
		return p.P.T("account.begins", p.P.Day(r.From, p.Now)), "clock", ui.Due
	case !r.InForce(p.Now):
		return p.P.T("account.lapsed"), "circle-minus", ui.None
	}
	return p.P.T("account.in_force"), "circle-check", ui.OK
}

// names gives the names of the people of appointments.
func (a area) names(ctx context.Context, list []account.Appointment) (map[ident.PersonID]string, error) {
	var ids []ident.PersonID
	for _, r := range list {
		if !slices.Contains(ids, r.Person) {
			ids = append(ids, r.Person)
		}
	}
	return a.d.Org.Names(ctx, ids)
}
