package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
)

type initCmd struct {
	config.Place `embed:""`

	Bureau string `help:"The bureau's name." required:"" placeholder:"NAME"`
	JSON   bool   `help:"For machines: {\"bureau\", \"people\": [{\"role\", \"username\", \"password\"}]}."`
}

// Run makes the bureau and prints the one-time passwords.
func (c initCmd) Run(e *env) error {
	logins, err := app.Init(e.ctx, app.InitConfig{Place: c.Place, Bureau: c.Bureau, Clock: e.clock, Log: e.log})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, map[string]any{"bureau": c.Bureau, "people": logins})
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.init.done", c.Bureau, c.Data, c.Keys))
	e.logins(logins)
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.init.next", c.Data, c.Keys))
	return nil
}

func (e *env) logins(list []app.Login) {
	for _, l := range list {
		_, _ = fmt.Fprintf(e.out, "  %s\t%s\t%s\n", l.Username, l.Password, e.words.T("role."+string(l.Role)))
	}
}
