package demo

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/redaction/plan"
)

// mask has the reviewer draw two masked copies of footage: one the head agreed to, which is made while the demo runs, one
// that waits. What it is drawn on, the viewing copy, is made first.
func mask(ctx context.Context, h *app.House, reviewer, head access.Actor, rec ident.RecordingID) error {
	d, err := h.Recordings.Get(ctx, reviewer, rec)
	if err != nil {
		return err
	}
	for _, f := range d.FileList {
		if err := h.Derived.Make(ctx, f.ID); err != nil {
			return err
		}
	}
	x := plan.Plan{
		Regions: []plan.Region{{Kind: plan.Pixelate, Points: []plan.Point{{At: 0, X: 0.55, Y: 0.2, W: 0.2, H: 0.3}, {At: 3000, X: 0.35, Y: 0.25, W: 0.2, H: 0.3}}}},
		Sounds:  []plan.Sound{{Kind: plan.Tone, From: 1000, To: 2500}},
	}
	made, err := h.Giving.Redaction.Begin(ctx, reviewer, rec, x, "附卷复制前遮住无关路人")
	if err != nil {
		return err
	}
	if _, err := h.Giving.Redaction.Ask(ctx, reviewer, made.ID); err != nil {
		return err
	}
	if _, err := h.Giving.Redaction.Decide(ctx, head, made.ID, true, "同意，按画出的区域遮蔽"); err != nil {
		return err
	}
	x.Regions[0].Kind, x.Sounds = plan.Box, nil
	waits, err := h.Giving.Redaction.Begin(ctx, reviewer, rec, x, "给复议机关，遮住举报人")
	if err != nil {
		return err
	}
	_, err = h.Giving.Redaction.Ask(ctx, reviewer, waits.ID)
	return err
}
