// Package bundle makes diagnostics bundles from the host, with a running server or without one.
package bundle

import (
	"bytes"
	"context"
	"log/slog"
	"os"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/app/diagnosis"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
)

// Config says of what house a bundle is made.
type Config struct {
	Place   config.Place
	Version string
	Clock   clock.Clock
	Log     *slog.Logger
}

// Make gives a bundle: the running server's own, with its log and its stacks, or, where none answers, what the data tells. It
// is made even of a house whose database cannot be opened or written; that it has no entry then is the fault Unavailable
// "diagnose.unrecorded", and the bundle comes with it.
func Make(ctx context.Context, c Config) ([]byte, error) {
	if _, err := os.Stat(c.Place.Data); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "app.no_data", c.Place.Data).At("data")
	}
	if b, entered, err := diagnosis.Ask(ctx, c.Place); err == nil {
		if !entered {
			return b, fault.New(fault.Unavailable, "diagnose.unrecorded")
		}
		return b, nil
	}
	place := c.Place
	place.Keys = "" // nothing is signed
	h, err := app.Open(ctx, app.OpenConfig{Place: place, Clock: c.Clock, Log: c.Log, Version: c.Version})
	if err != nil {
		var b bytes.Buffer
		if err := diagnosis.Write(ctx, &b, diagnosis.Sources{Clock: c.Clock, Place: c.Place, Version: c.Version}); err != nil {
			return nil, err
		}
		return b.Bytes(), fault.Wrap(err, fault.Unavailable, "diagnose.unrecorded")
	}
	defer func() { _ = h.Close() }()
	s := h.Diagnosis()
	s.Place = c.Place
	b, unrecorded, err := s.Host(ctx)
	if err == nil && unrecorded != nil {
		err = fault.Wrap(unrecorded, fault.Unavailable, "diagnose.unrecorded")
	}
	return b, err
}
