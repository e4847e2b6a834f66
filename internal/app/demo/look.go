package demo

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
)

// ask has the legal reviewer ask to look at footage: one request has the head's consent, another waits for it. So the
// demo shows a player, a decision that is owed, and everybody else locked out.
func ask(ctx context.Context, h *app.House) error {
	reviewer, err := actor(ctx, h, "fenglan")
	if err != nil {
		return err
	}
	head, err := actor(ctx, h, "wujing")
	if err != nil {
		return err
	}
	page, err := h.Recordings.List(ctx, head, recording.Filter{Kind: recording.Video, Department: head.Department}, "", 0)
	if err != nil {
		return err
	}
	now := h.Clock.Now()
	for i, r := range page.Rows[:min(2, len(page.Rows))] {
		a := viewing.Ask{
			Items: []viewing.Item{{Recording: r.ID}}, Purpose: viewing.PurposeReview, Words: "核对笔录第 3 页所记现场情况", Until: now.Add(3 * 24 * time.Hour),
		}
		if i == 1 {
			a.Purpose, a.Words = viewing.PurposeRecord, "核对到场时间"
		}
		q, err := h.Viewing.Ask(ctx, reviewer, a)
		if err != nil {
			return err
		}
		if i == 0 {
			if err := h.Viewing.Decide(ctx, head, q.ID, viewing.Decision{Consent: true, Words: "同意，仅限本次审核"}); err != nil {
				return err
			}
			if err := mask(ctx, h, reviewer, head, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func actor(ctx context.Context, h *app.House, username string) (access.Actor, error) {
	a, err := h.Accounts.AccountNamed(ctx, username)
	if err != nil {
		return access.Actor{}, err
	}
	return h.Accounts.ActorOf(ctx, a.ID)
}
