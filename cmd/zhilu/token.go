package main

import (
	"fmt"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token; its text is shown this once."`
	Revoke tokenRevokeCmd `cmd:"" help:"Stop a token at once."`
}

// house is what commands need that only touch rows: no keys, no vault.
type house struct {
	Data     string `help:"Folder of the evidence and rows." required:"" placeholder:"DIR"`
	Database string `help:"postgres:// URL; empty means SQLite inside --data." placeholder:"URL"`
}

func (c house) open(e *env) (*app.House, error) {
	return app.Open(e.ctx, app.OpenConfig{Place: config.Place{Data: c.Data, Database: c.Database}, Clock: e.clock, Log: e.log})
}

type tokenCreateCmd struct {
	house `embed:""`

	Scope      string `help:"dock: hands in cards and can read nothing. read: reads facts and verdicts, never footage." enum:"dock,read" required:""`
	Name       string `help:"Where it is used." required:"" placeholder:"NAME"`
	Department string `help:"Id or name of the department whose cards it hands in." placeholder:"DEPARTMENT"`
	JSON       bool   `help:"For machines: {\"token\"}."`
}

// Run makes the token. A dock's token carries the pin of the bureau's CA.
func (c tokenCreateCmd) Run(e *env) error {
	h, err := c.open(e)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	q := account.TokenRequest{Scope: c.Scope, Name: c.Name}
	if c.Department != "" {
		if q.Department, err = h.Org.FindDepartment(e.ctx, c.Department); err != nil {
			return err
		}
	}
	k, text, err := h.Accounts.CreateToken(e.ctx, access.HostActor("token create"), q)
	if err != nil {
		return err
	}
	if pin := h.PublicPin(); pin != "" {
		text += "." + pin
	}
	if c.JSON {
		return printJSON(e.out, map[string]any{"token": text, "id": k.ID, "scope": k.Scope, "name": k.Name, "expires_at": k.ExpiresAt})
	}
	_, err = fmt.Fprintln(e.out, text)
	return err
}

type tokenRevokeCmd struct {
	house `embed:""`

	ID string `arg:"" help:"The token's id."`
}

// Run stops the token.
func (c tokenRevokeCmd) Run(e *env) error {
	id, err := ident.Parse[ident.TokenID](strings.TrimSpace(c.ID))
	if err != nil {
		return fault.New(fault.Invalid, "id.malformed")
	}
	h, err := c.open(e)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	return h.Accounts.RevokeToken(e.ctx, access.HostActor("token revoke"), id)
}
