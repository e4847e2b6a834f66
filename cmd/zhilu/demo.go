package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app/demo"
)

type demoCmd struct {
	Listen string `help:"Address and port to listen on." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Data   string `help:"Folder for the demo; a fresh temporary one when empty. One that holds a demo is served again." placeholder:"DIR"`
	Once   bool   `help:"Make the demo and stop, without serving."`
}

// Run makes a small bureau, docks real footage and serves.
func (c demoCmd) Run(e *env) error {
	return demo.Run(e.ctx, demo.Config{
		Listen: c.Listen, Dir: c.Data, Once: c.Once, Clock: e.clock, Log: e.log, Words: e.words,
		Say: func(s string) { _, _ = fmt.Fprintln(e.out, s) },
	})
}
