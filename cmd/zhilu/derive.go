package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
)

type deriveCmd struct {
	config.Place `embed:""`
}

// Run asks again for what is gone. The server must not be running; it makes them once it does.
func (c deriveCmd) Run(e *env) error {
	n, err := app.Rebuild(e.ctx, app.OpenConfig{Place: c.Place, Clock: e.clock, Log: e.log})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.derive.wanted", n))
	return nil
}
