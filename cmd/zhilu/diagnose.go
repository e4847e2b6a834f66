package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app/bundle"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/durable"
)

type diagnoseCmd struct {
	house `embed:""`

	Keys string `help:"Folder of the keys, to tell of its disk; no key is read." placeholder:"DIR"`
	Out  string `help:"File to write." default:"zhilu-diagnose.zip" placeholder:"FILE"`
}

// Run writes the bundle, of a house that is ill too. 1 with a file: it could not be entered into the log.
func (c diagnoseCmd) Run(e *env) error {
	b, unrecorded := bundle.Make(e.ctx, bundle.Config{
		Place: config.Place{Data: c.Data, Database: c.Database, Keys: c.Keys}, Version: version, Clock: e.clock, Log: e.log,
	})
	if b == nil {
		return unrecorded
	}
	if err := durable.WriteFile(durable.OS(), c.Out, b, 0o600); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.diagnose.done", c.Out, e.words.Size(int64(len(b)))))
	return unrecorded
}
