package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

type userCmd struct {
	Add   userAddCmd   `cmd:"" help:"Add a person with an account and roles."`
	Reset userResetCmd `cmd:"" help:"Give an account a new one-time password."`
}

type userAddCmd struct {
	house `embed:""`

	Name        string   `help:"The person's name." required:"" placeholder:"NAME"`
	Username    string   `help:"Sign-in name." required:"" placeholder:"NAME"`
	Role        []string `help:"Roles, as in the list of roles." enum:"officer,custodian,head,leader,legal_reviewer,supervisor,system_admin,security_admin,audit_admin" required:""`
	Department  string   `help:"Id or name of the department; made if there is none of this name." placeholder:"DEPARTMENT"`
	Certificate string   `help:"Number of the enforcement certificate; valid from today for five years." placeholder:"NO"`
	JSON        bool     `help:"For machines."`
}

// Run adds the person and prints the one-time password.
func (c userAddCmd) Run(e *env) error {
	h, err := c.open(e)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	host := access.HostActor("user add")
	u := app.NewUser{Name: c.Name, Username: c.Username}
	for _, r := range c.Role {
		u.Roles = append(u.Roles, access.Role(r))
	}
	if c.Department != "" {
		if u.Department, err = h.Org.EnsureDepartment(e.ctx, host, c.Department); err != nil {
			return err
		}
	}
	if c.Certificate != "" {
		today := org.DayOf(e.clock.Now())
		u.Certificate = &org.CertificateEdit{Number: c.Certificate, Kind: org.Enforcement, ValidFrom: today, ValidTo: today.AddDate(5, 0, -1)}
	}
	l, err := h.AddUser(e.ctx, host, u)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, l)
	}
	e.logins([]app.Login{l})
	return nil
}

type userResetCmd struct {
	house `embed:""`

	Username string `arg:"" help:"Sign-in name."`
	JSON     bool   `help:"For machines."`
}

// Run prints the new one-time password.
func (c userResetCmd) Run(e *env) error {
	h, err := c.open(e)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	a, err := h.Accounts.AccountNamed(e.ctx, c.Username)
	if err != nil {
		return err
	}
	password, err := h.Accounts.ResetPassword(e.ctx, access.HostActor("user reset"), ident.AccountID(a.ID))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, map[string]string{"username": a.Username, "password": password})
	}
	_, err = fmt.Fprintf(e.out, "  %s\t%s\n", a.Username, password)
	return err
}
