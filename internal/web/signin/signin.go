// Package signin is how a person comes in and goes: the sign-in page, the first password, and how pages look.
package signin

import (
	"net/http"

	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Routes are the pages of this area.
func Routes(accounts *account.Service) []site.Route {
	a := area{accounts}
	return []site.Route{
		{Method: http.MethodGet, Path: site.SignInPath, Public: true, Handle: a.show},
		{Method: http.MethodPost, Path: site.SignInPath, Public: true, Handle: a.signIn},
		{Method: http.MethodPost, Path: site.SignOutPath, Handle: a.signOut},
		{Method: http.MethodGet, Path: site.PasswordPath, Handle: a.showPassword},
		{Method: http.MethodPost, Path: site.PasswordPath, Handle: a.changePassword},
		{Method: http.MethodPost, Path: site.PreferPath, Public: true, Handle: prefer},
	}
}

type area struct{ accounts *account.Service }

func (a area) show(p *site.Page) error {
	return p.Bare(http.StatusOK, p.P.T("signin.title"), signInForm(p.P, form{Next: p.Value("next")}))
}

// form is the sign-in form as it is shown: what was typed, except the password, and what was wrong.
type form struct {
	Username, Next string
	Problem        *locale.FaultText
}

func (a area) signIn(p *site.Page) error {
	f := form{Username: p.Value("username"), Next: p.Value("next")}
	in, err := a.accounts.SignIn(p.Context(), account.SignInRequest{
		Username: f.Username, Password: p.Secret("password"), IP: p.IP(), Agent: p.R.UserAgent(),
	})
	if fault.Is(err, fault.Unauthorized) || fault.Is(err, fault.RateLimited) || fault.Is(err, fault.Invalid) {
		t := p.P.Fault(err)
		f.Problem = &t
		return p.Bare(problem.Status(err), p.P.T("signin.title"), signInForm(p.P, f))
	}
	if err != nil {
		return err
	}
	p.SetSession(in.Token)
	if in.MustChange {
		return p.Redirect(site.PasswordPath)
	}
	if f.Next == "" {
		f.Next = site.HomePath
	}
	return p.Redirect(f.Next)
}

func (a area) signOut(p *site.Page) error {
	if err := a.accounts.SignOut(p.Context(), p.Actor, p.Session); err != nil {
		return err
	}
	p.SetSession("")
	return p.Redirect(site.SignInPath)
}

// password is the form of a new password.
type password struct {
	First                         bool // the one given by an administrator must be changed
	Done                          bool
	Current, Next, Again, Summary string // what is wrong with each field
}

func (a area) showPassword(p *site.Page) error {
	return a.password(p, http.StatusOK, password{First: p.Actor.Limited, Done: p.Value("done") == "1"})
}

func (a area) password(p *site.Page, status int, v password) error {
	title := p.P.T("password.title")
	if v.First {
		return p.Bare(status, title, passwordForm(p.P, v, p.Actor.Name))
	}
	if status != http.StatusOK {
		return p.Refused(title, passwordPage(p.P, v, p.Actor.Name))
	}
	return p.Render(title, passwordPage(p.P, v, p.Actor.Name))
}

func (a area) changePassword(p *site.Page) error {
	v := password{First: p.Actor.Limited}
	next := p.Secret("next")
	if next != p.Secret("again") {
		v.Again = p.P.T("password.differ")
		return a.password(p, http.StatusUnprocessableEntity, v)
	}
	err := a.accounts.ChangePassword(p.Context(), p.Actor, p.Session, p.Secret("current"), next)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.RateLimited) {
		t := p.P.Fault(err)
		switch t.Field {
		case "current":
			v.Current = t.What
		case "next", "password":
			v.Next = t.What
		default:
			v.Summary = t.What
		}
		return a.password(p, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	if v.First {
		return p.Redirect(site.HomePath)
	}
	return p.Redirect(site.PasswordPath + "?done=1")
}

// prefer keeps a choice of theme, size or language and leads back.
func prefer(p *site.Page) error {
	if v := p.Value("theme"); v == string(ui.Light) || v == string(ui.Dark) {
		p.SetPreference("theme", v)
	}
	if v := p.Value("size"); v == string(ui.Normal) || v == string(ui.Large) {
		p.SetPreference("size", v)
	}
	if v := p.Value("lang"); v == string(locale.Chinese) || v == string(locale.English) {
		p.SetPreference("lang", v)
	}
	return p.Redirect(p.Value("back"))
}
