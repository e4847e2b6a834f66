package gate

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
)

// refusalKey is what makes two refusals the same one repeated.
type refusalKey struct {
	actor   string
	action  access.Action
	subject string
}

// refusal counts repetitions of one refusal since its last entry.
type refusal struct {
	actor   access.Actor
	action  access.Action
	subject access.Subject
	rule    access.Rule
	first   time.Time // of the uncounted ones
	entryAt time.Time // when the last entry was written
	count   int       // not yet in an entry
}

// refusalWindow is how long repetitions are gathered (decision 10: one entry a minute).
const refusalWindow = time.Minute

// refuse records the refusal and returns its fault. The first of its kind is written at once; repetitions within a
// minute are counted and written as one entry by the next refusal after that minute or by Flush.
func (g *Gate) refuse(ctx context.Context, actor access.Actor, action access.Action, s access.Subject, d access.Decision) error {
	now := g.c.Clock.Now()
	key := refusalKey{string(actor.Kind) + actor.ID, action, s.Kind + ":" + s.ID}
	g.mu.Lock()
	r := g.refusals[key]
	if r == nil {
		r = &refusal{actor: actor, action: action, subject: s, rule: d.Rule}
		g.refusals[key] = r
	}
	if r.count == 0 {
		r.first = now
	}
	r.count++
	due := r.entryAt.IsZero() || now.Sub(r.entryAt) >= refusalWindow
	var write refusal
	if due {
		write = *r
		r.entryAt, r.count = now, 0
	}
	g.mu.Unlock()
	if due {
		if err := g.writeRefusals(context.WithoutCancel(ctx), write); err != nil {
			return err // an unrecorded refusal is a failure of the house, not an answer
		}
	}
	return d.Refusal()
}

// Flush writes the counted repetitions whose minute has passed, or all of them when all is true (at stop).
func (g *Gate) Flush(ctx context.Context, all bool) error {
	now := g.c.Clock.Now()
	var due []refusal
	g.mu.Lock()
	for key, r := range g.refusals {
		if !all && now.Sub(r.entryAt) < refusalWindow {
			continue
		}
		if r.count > 0 {
			due = append(due, *r)
		}
		delete(g.refusals, key)
	}
	g.mu.Unlock()
	if len(due) == 0 {
		return nil
	}
	return g.writeRefusals(ctx, due...)
}

func (g *Gate) writeRefusals(ctx context.Context, list ...refusal) error {
	entries := make([]custody.Entry, len(list))
	for i, r := range list {
		s := r.subject
		if s.ID == "" {
			s.ID = "none"
		}
		entries[i] = custody.Entry{
			At: g.c.Clock.Now(), Actor: logActor(r.actor), Outcome: custody.Refused,
			Detail: custody.Detail("count", r.count, "since_us", clock.Micros(r.first), "rule", r.rule.ID),
		}
		fill(&entries[i], r.action, s, r.rule)
	}
	err := g.c.DB.Write(ctx, func(tx bun.Tx) error { return custody.Append(ctx, tx, entries...) })
	if err == nil {
		g.c.Wake()
	}
	return err
}
