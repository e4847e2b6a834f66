package app

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
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

// scrubHealth says how far the scrub is and whether it found anything.
func (h *House) scrubHealth(ctx context.Context, p locale.Printer) house.Health {
	st, err := h.scrub().State(ctx)
	out := house.Health{Label: p.T("health.scrub"), Tone: ui.OK, Icon: "circle-check", Href: "/health/scrub", HrefText: p.T("scrub.more")}
	now := h.Clock.Now()
	switch {
	case err != nil:
		out.Value, out.Tone, out.Icon = p.T("health.unknown"), ui.Late, "alert-triangle"
	case len(st.Findings) > 0:
		out.Value, out.Tone, out.Icon, out.Do = p.T("health.scrub_found", len(st.Findings)), ui.Late, "alert-triangle", p.T("scrub.do_page")
	case st.Late:
		out.Value, out.Tone, out.Icon, out.Do = p.T("health.scrub_late"), ui.Late, "alert-triangle", p.T("scrub.late_do")
	case st.Cycle == 0:
		out.Value, out.Tone, out.Icon = p.T("health.scrub_none"), ui.Moot, "clock"
	case st.Ended.IsZero():
		out.Value = p.T("health.scrub_running", st.Cycle, st.Done, st.Objects)
	default:
		out.Value = p.T("health.scrub_ended", st.Cycle, p.When(st.Ended, now))
	}
	return out
}
