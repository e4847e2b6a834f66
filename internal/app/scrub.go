package app

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
)

// scrubber wires the standing check over a vault.
func (h *House) scrubber(v vault.Vault, actor access.Actor, plan scrub.Plan) *scrub.Service {
	return scrub.New(scrub.Config{
		DB: h.DB, Gate: h.Gate, Keys: h.Keys, Vault: v, Catalog: recording.Catalog{}, Tables: vouched(), Clock: h.Clock, Log: h.Log,
		Bureau: h.Bureau.ID, Actor: actor, Node: nodeOf(h.Place), Plan: plan, Busy: h.arrivals.busy,
	})
}

// scrubPlan is what the settings of the server say.
func (h *House) scrubPlan() scrub.Plan {
	plan := scrub.DefaultPlan()
	if h.server != nil && h.server.ScrubPercent > 0 {
		plan.Share, plan.Every = float64(h.server.ScrubPercent)/100, h.server.ScrubEvery
	}
	return plan
}

// scrub is the server's own.
func (h *House) scrub() *scrub.Service {
	return h.scrubber(h.Vault, access.SystemActor("scrub"), h.scrubPlan())
}

// Scrub reads every object and compares everything once, from the host, beside a running server or without one.
func Scrub(ctx context.Context, c OpenConfig, share float64) (_ *scrub.State, err error) {
	h, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	v, err := h.readVault("")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	plan := scrub.DefaultPlan()
	plan.Share = share
	return h.scrubber(v, access.HostActor("scrub"), plan).Whole(ctx)
}
