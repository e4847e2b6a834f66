package outlook

import (
	"context"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/node"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Nodes says which servers of the bureau live, where there can be several.
func Nodes(ctx context.Context, p locale.Printer, reg *node.Registry, signs bool) []house.Health {
	if reg == nil {
		return nil
	}
	nodes, err := reg.Nodes(ctx)
	if err != nil {
		return nil
	}
	var out []house.Health
	for _, n := range nodes {
		line := house.Health{Label: p.T("health.nodes"), Value: n.Name, Tone: ui.OK, Icon: "circle-check"}
		switch {
		case n.Name == reg.Name() && signs:
			line.Value = p.T("health.nodes_signer", n.Name)
		case n.Name == reg.Name():
			line.Value = p.T("health.nodes_here", n.Name)
		case n.Lives():
		case n.Ended:
			continue
		default:
			line.Value, line.Tone, line.Icon, line.Do = p.T("health.nodes_away", n.Name), ui.Late, "alert-triangle", p.T("health.nodes_do")
		}
		out = append(out, line)
	}
	return out
}
