package app

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/app/diagnosis"
	"zhilu.dev/zhilu/internal/app/outlook"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// health reads how the machine stands.
func (h *House) health(watch *logWatch) func(ctx context.Context, p locale.Printer) []house.Health {
	return func(ctx context.Context, p locale.Printer) []house.Health {
		good := func(label, value string) house.Health {
			return house.Health{Label: p.T(label), Value: value, Tone: ui.OK, Icon: "circle-check"}
		}
		bad := func(label, value, do string) house.Health {
			return house.Health{Label: p.T(label), Value: value, Tone: ui.Late, Icon: "alert-triangle", Do: do}
		}
		out := []house.Health{good("health.database", p.T("health.engine."+string(h.DB.Engine)))}
		if h.DB.ReadOnly() != nil {
			out = []house.Health{bad("health.database", p.T("health.read_only"), p.T("health.read_only_do"))}
		}
		if h.Vault.ReadOnly() != nil {
			out = append(out, bad("health.vault", p.T("health.read_only"), p.T("health.read_only_do")))
		} else {
			out = append(out, good("health.vault", p.T("health.ok")))
		}
		switch trial := h.lock.tried.Load(); {
		case trial == nil:
			out = append(out, good("health.lock", p.T("health.lock_local")))
		case trial.err != nil:
			out = append(out, bad("health.lock", p.T("health.lock_bad"), p.T("health.lock_do")))
		default:
			out = append(out, good("health.lock", p.T("health.lock_ok", p.When(trial.at, h.Clock.Now()))))
		}
		look := h.outlook()
		if s, err := h.Vault.Free(ctx); err == nil {
			out = append(out, look.Space(ctx, p, s)...)
		}
		out = append(out, outlook.Nodes(ctx, p, h.nodes, h.signer.Here())...)
		if h.signer.Refusal() != nil {
			out = append(out, bad("health.log", p.T("health.refusing"), p.T("health.refusing_do")))
		} else {
			out = append(out, good("health.log", p.T("health.ok")))
		}
		if n, err := custody.Pending(ctx, h.DB.Reader); err == nil {
			out = append(out, good("health.pending", p.Num(n)))
		}
		switch st := watch.state(p); {
		case st.At == "":
			out = append(out, house.Health{Label: p.T("health.checked"), Value: p.T("health.not_checked"), Tone: ui.Moot, Icon: "clock"})
		case st.State == "broken":
			out = append(out, bad("health.checked", p.T("shell.log_broken"), p.T("health.broken_do")))
		default:
			out = append(out, good("health.checked", p.T("health.checked_value", st.At, st.Checked, st.Size)))
		}
		out = append(out, outlook.Scrub(ctx, p, h.scrub(), h.Clock.Now()))
		out = append(out, look.Health(ctx, p)...)
		out = append(out, look.Jobs(ctx, p, h.Jobs), look.Malware(ctx, p, h.Malware), look.Steps(ctx, p))
		out = append(out, look.Certificates(p, h.certificates())...)
		return append(out, good("health.probe", p.T("health.sandbox."+h.Prober.Sandbox())))
	}
}

// readOnly is nil while evidence may be taken in, or why not: after a failed fsync, of the vault or of the database,
// nothing more is acknowledged.
func (h *House) readOnly() error { return errors.Join(h.Vault.ReadOnly(), h.DB.ReadOnly()) }

// Diagnosis makes diagnostics bundles of this house.
func (h *House) Diagnosis() *diagnosis.Service {
	return &diagnosis.Service{
		Sources: diagnosis.Sources{
			Clock: h.Clock, Place: h.Place, Server: h.server, Version: h.version, DB: h.DB, Vault: h.Vault, Scrub: h.scrub().State, Recent: h.recent,
			Metrics: h.figures, Refusal: h.signer.Refusal,
		},
		Gate: h.Gate, Bureau: h.Bureau.ID, Log: h.Log,
	}
}
