// Package gate is the one way in: every change goes through Do, which decides by policy, opens the transaction, runs
// the change, writes its custody entries, enqueues its jobs and commits — all of it or none. A refusal is an entry
// too. Nothing else in the product opens a writing transaction, except the log's own sequencer.
package gate

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/trace"
)

// Config wires a gate. Wake is called after each commit that wrote entries, so the sequencer need not poll; it must
// not block.
type Config struct {
	DB     *db.DB
	Access *access.Authorizer
	Jobs   *job.Queue
	Clock  clock.Clock
	Log    *slog.Logger
	Wake   func()
}

// Gate decides, changes and records. It is safe for concurrent use.
type Gate struct {
	c        Config
	mu       sync.Mutex
	refusals map[refusalKey]*refusal
}

// New makes a gate.
func New(c Config) (*Gate, error) {
	if c.DB == nil || c.Access == nil || c.Jobs == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("gate: Config needs DB, Access, Jobs, Clock and Log")
	}
	if c.Wake == nil {
		c.Wake = func() {}
	}
	return &Gate{c: c, refusals: map[refusalKey]*refusal{}}, nil
}

// Tx is an open change. Everything read inside it is read through DB, never through another handle.
type Tx struct {
	ctx      context.Context
	bun      bun.Tx
	gate     *Gate
	actor    access.Actor
	action   access.Action
	subject  access.Subject
	rule     access.Rule
	now      time.Time
	recorded int
}

// Entry is what a change says of itself. Empty fields are filled from the call: action, subject, and the article and
// requirement of the rule that permitted it; an empty Outcome is custody.Done.
type Entry struct {
	ID          ident.EntryID
	Action      access.Action
	Subject     custody.Subject
	Related     []custody.Subject
	Article     string
	Requirement string
	Outcome     custody.Outcome
	Detail      json.RawMessage // made by custody.Detail
}

// DB is the transaction, for stores.
func (tx *Tx) DB() bun.IDB { return tx.bun }

// Context is the call's context.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Actor is who acts.
func (tx *Tx) Actor() access.Actor { return tx.actor }

// Subject is what is acted upon.
func (tx *Tx) Subject() access.Subject { return tx.subject }

// Now is the time of the change: one instant for all it writes.
func (tx *Tx) Now() time.Time { return tx.now }

// Record writes custody entries in the change's transaction and returns the first one's id.
func (tx *Tx) Record(entries ...Entry) (ident.EntryID, error) {
	out := make([]custody.Entry, len(entries))
	for i, e := range entries {
		if e.ID == "" {
			e.ID = ident.New[ident.EntryID]()
		}
		out[i] = custody.Entry{
			ID: e.ID, At: tx.now, Actor: logActor(tx.actor), Action: string(e.Action), Subject: e.Subject, Related: e.Related,
			Article: e.Article, Requirement: e.Requirement, Outcome: e.Outcome, Detail: e.Detail,
		}
		fill(&out[i], tx.action, tx.subject, tx.rule)
	}
	if err := custody.Append(tx.ctx, tx.bun, out...); err != nil {
		return "", err
	}
	tx.recorded += len(entries)
	if len(out) == 0 {
		return "", nil
	}
	return out[0].ID, nil
}

func fill(e *custody.Entry, action access.Action, s access.Subject, r access.Rule) {
	if e.Action == "" {
		e.Action = string(action)
	}
	if e.Subject.Kind == "" {
		e.Subject = custody.Subject{Kind: s.Kind, ID: s.ID}
	}
	if e.Article == "" && e.Requirement == "" {
		e.Article, e.Requirement = r.Article, r.Requirement
	}
	if e.Outcome == "" {
		e.Outcome = custody.Done
	}
}

// Enqueue adds jobs that exist exactly if the change commits.
func (tx *Tx) Enqueue(jobs ...job.Args) error {
	return tx.gate.c.Jobs.Enqueue(tx.ctx, tx.bun, jobs...)
}

// Do carries out one change. fn must call Record at least once, or the change is rolled back (fault Internal
// "gate.no_entry"). When the policies refuse, fn is not called, the refusal is recorded and its fault returned. The
// commit is durable when Do returns nil.
func (g *Gate) Do(ctx context.Context, actor access.Actor, action access.Action, s access.Subject, fn func(tx *Tx) error) error {
	d := g.c.Access.Decide(actor, action, s)
	if !d.Allowed {
		return g.refuse(ctx, actor, action, s, d)
	}
	ctx, span := trace.Start(ctx, "gate.do", trace.Text("action", string(action)))
	err := g.c.DB.Write(ctx, func(b bun.Tx) error {
		tx := &Tx{ctx: ctx, bun: b, gate: g, actor: actor, action: action, subject: s, rule: d.Rule, now: g.c.Clock.Now()}
		if err := fn(tx); err != nil {
			return err
		}
		if tx.recorded == 0 {
			return fault.New(fault.Internal, "gate.no_entry", string(action))
		}
		return nil
	})
	span.End(err)
	if err == nil {
		g.c.Wake()
	}
	return err
}

// Check answers whether the actor may do something that changes nothing, such as opening a page. A refusal is
// recorded like any other. Looking at evidence does not go this way.
func (g *Gate) Check(ctx context.Context, actor access.Actor, action access.Action, s access.Subject) error {
	if d := g.c.Access.Decide(actor, action, s); !d.Allowed {
		return g.refuse(ctx, actor, action, s, d)
	}
	return nil
}

// May answers without recording anything: for showing or hiding a button.
func (g *Gate) May(actor access.Actor, action access.Action, s access.Subject) bool {
	return g.c.Access.Decide(actor, action, s).Allowed
}

func logActor(a access.Actor) custody.Actor {
	kind := custody.ActorKind(a.Kind)
	if a.Kind == access.Token && a.TokenScope == access.ScopeDock {
		kind = custody.Dock
	}
	return custody.Actor{Kind: kind, ID: a.ID, Role: a.RoleText()}
}
