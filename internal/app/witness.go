package app

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// witnesses are the outside witnesses that the settings name.
func (h *House) witnesses(s *config.Server) (*countersign.Service, error) {
	c := countersign.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock, Log: h.Log, Every: s.WitnessEvery}
	for _, text := range s.Witness {
		p, err := countersign.ParsePeer(text)
		if err != nil {
			return nil, err
		}
		c.Peers = append(c.Peers, p)
	}
	return countersign.New(c), nil
}

// witnessHealth says how each witness stands.
func (h *House) witnessHealth(ctx context.Context, p locale.Printer) []house.Health {
	states, err := countersign.States(ctx, h.DB.Reader)
	if err != nil {
		return []house.Health{{Label: p.T("health.witness"), Value: p.T("health.unknown"), Tone: ui.Late, Icon: "alert-triangle"}}
	}
	if len(states) == 0 {
		return []house.Health{{Label: p.T("health.witness"), Value: p.T("health.witness_none"), Tone: ui.Moot, Icon: "clock", Do: p.T("health.witness_none_do")}}
	}
	var out []house.Health
	for _, s := range states {
		line := house.Health{Label: p.T("health.witness"), Value: p.T("health.witness_value", s.Name, h.witnessText(p, s)), Tone: ui.OK, Icon: "circle-check"}
		if s.Problem != "" {
			line.Tone, line.Icon, line.Do = ui.Late, "alert-triangle", p.T("health.witness_do."+s.Problem)
		}
		out = append(out, line)
	}
	return out
}

// witnessText says what a witness signed last, or why it did not.
func (h *House) witnessText(p locale.Printer, s countersign.State) string {
	if s.Problem != "" {
		return p.T("log.witness."+s.Problem, s.Size)
	}
	if s.Size == 0 {
		return p.T("log.witness.waiting")
	}
	return p.T("log.witness.signed", s.Size, p.When(s.Signed, h.Clock.Now()))
}

// outside is what the page of the log says of those who look at it from outside.
func (h *House) outside(ctx context.Context, p locale.Printer) ([]ui.Fact, error) {
	states, err := countersign.States(ctx, h.DB.Reader)
	if err != nil {
		return nil, err
	}
	var out []ui.Fact
	for _, s := range states {
		out = append(out, ui.FactText(p.T("log.witness", s.Name), h.witnessText(p, s), ""))
	}
	last, err := stamp.Newest(ctx, h.DB.Reader)
	if err != nil {
		return nil, err
	}
	if last != nil {
		out = append(out, ui.FactText(p.T("log.stamp", last.TSA), p.T("log.stamp.at", last.Size, p.WhenSec(last.At, h.Clock.Now())), ""))
	}
	return out, nil
}

// openStamps wires the time-stamping authority that the settings name, if they do.
func (h *House) openStamps() (*stamp.Service, error) {
	c := stamp.Config{DB: h.DB, Clock: h.Clock, Log: h.Log}
	if h.server != nil && h.server.TSA != "" {
		var err error
		if c.Roots, err = stamp.ReadRoots(h.server.TSACA); err != nil {
			return nil, err
		}
		c.URL = h.server.TSA
	}
	return stamp.New(c), nil
}

// stampHealth says when the log was last stamped.
func (h *House) stampHealth(ctx context.Context, p locale.Printer) []house.Health {
	last, err := stamp.Newest(ctx, h.DB.Reader)
	line := house.Health{Label: p.T("health.stamp"), Tone: ui.OK, Icon: "circle-check"}
	configured := h.server != nil && h.server.TSA != ""
	late := func(value string) {
		line.Value, line.Tone, line.Icon, line.Do = value, ui.Late, "alert-triangle", p.T("health.stamp_do")
	}
	switch {
	case err != nil:
		late(p.T("health.unknown"))
	case last == nil && !configured:
		line.Value, line.Tone, line.Icon = p.T("health.stamp_none"), ui.Moot, "clock"
	case last == nil:
		late(p.T("health.backup_never"))
	case configured && h.Clock.Now().Sub(last.At) > 2*h.server.TSAEvery+time.Hour:
		late(p.T("log.stamp.at", last.Size, p.When(last.At, h.Clock.Now())))
	default:
		line.Value = p.T("log.stamp.at", last.Size, p.When(last.At, h.Clock.Now()))
	}
	return []house.Health{line}
}
