package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
)

type logCmd struct {
	NewEpoch newEpochCmd `cmd:"" help:"Declare, after an older backup was restored, that the log goes on from there. The log states it for ever."`
	Rotate   rotateCmd   `cmd:"" help:"Put a new key in the place of the log's or the receipts' key."`
}

type newEpochCmd struct {
	config.Place `embed:""`

	As     string `help:"Who declares it." required:"" placeholder:"NAME"`
	Reason string `help:"Why." required:"" placeholder:"WORDS"`
}

// Run declares the new epoch.
func (c newEpochCmd) Run(e *env) error {
	return app.NewEpoch(e.ctx, app.OpenConfig{Place: c.Place, Clock: e.clock, Log: e.log}, c.As, c.Reason)
}

type rotateCmd struct {
	config.Place `embed:""`

	Key string `arg:"" help:"log or receipt." enum:"log,receipt"`
	As  string `help:"Who does it." required:"" placeholder:"NAME"`
}

// Run rotates the key and prints the new trust file's fingerprint.
func (c rotateCmd) Run(e *env) error {
	print, err := app.RotateKey(e.ctx, app.OpenConfig{Place: c.Place, Clock: e.clock, Log: e.log}, c.Key, c.As)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, print)
	return err
}
