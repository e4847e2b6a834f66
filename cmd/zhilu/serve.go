package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/trace"
)

type serveCmd struct {
	config.Server `embed:""`
}

// Run serves until it is told to stop, which is no failure while it is still starting either.
func (c serveCmd) Run(e *env) error {
	e.setLog(c.LogLevel, c.LogFormat)
	err := c.serve(e)
	if err != nil && e.ctx.Err() != nil && (errors.Is(err, context.Canceled) || db.IsInterrupted(err)) {
		e.log.Info("told to stop while starting")
		return nil
	}
	return err
}

func (c serveCmd) serve(e *env) error {
	stop, err := e.trace(c.OTLP, "zhilu")
	if err != nil {
		return err
	}
	defer stop()
	h, err := app.Open(e.ctx, app.OpenConfig{Place: c.Place, Server: &c.Server, Clock: e.clock, Log: e.log, Serving: true, Version: version})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	return h.Serve(e.ctx, &c.Server, func(url string) {
		_, _ = fmt.Fprintln(e.out, e.words.T("cli.serve.ready", h.Bureau.Name, url))
	})
}

// trace hands spans to a collector, if there is one, until stop.
func (e *env) trace(url, service string) (stop func(), err error) {
	if url == "" {
		return func() {}, nil
	}
	end, err := trace.Export(e.ctx, trace.Config{URL: url, Service: service, Version: version, Log: e.log})
	if err != nil {
		return nil, err
	}
	return func() { end(e.ctx) }, nil
}

func (e *env) setLog(level slog.Level, format string) {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		e.log = slog.New(slog.NewJSONHandler(e.errOut, o))
		return
	}
	e.log = slog.New(slog.NewTextHandler(e.errOut, o))
}
