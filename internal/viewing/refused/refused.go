// Package refused lists the looks that were refused (第二十三条): without a ground, outside its span or term, from another session. They
// are no rows of their own: the gate has said each in the log, and this reads them there.
package refused

import (
	"context"
	"iter"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// Look is one refusal; the same one repeated within a minute is one with a count (decision 10).
type Look struct {
	Seq        int64
	Entry      ident.EntryID
	At         time.Time
	Actor      custody.Actor
	Action     access.Action
	Recording  ident.RecordingID
	Department ident.DepartmentID // of the recording
	Count      int
	Rule       string // the policy that refused; "" where none permitted
}

// Filter narrows the list; empty fields do not.
type Filter struct {
	From, To   time.Time // To is exclusive
	Department ident.DepartmentID
	Recording  ident.RecordingID
}

// Page is one page, newest first; Next is 0 at the end.
type Page struct {
	Rows  []Look
	Next  int64
	Count int // at most viewing.MaxCount+1
}

// Service reads them. It is safe for concurrent use.
type Service struct {
	db   *db.DB
	gate *gate.Gate
}

// New makes a Service.
func New(d *db.DB, g *gate.Gate) *Service { return &Service{d, g} }

// List gives a page of those in the actor's scope, to who keeps or watches the register.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, after int64, limit int) (Page, error) {
	if err := s.gate.Check(ctx, actor, access.RegisterList, access.Subject{Kind: "register"}); err != nil {
		return Page{}, err
	}
	rows, err := selected(ctx, s.db.Reader, access.ScopeOf(actor), f, after, limit+1)
	if err != nil {
		return Page{}, err
	}
	p := Page{Rows: rows}
	if len(rows) > limit {
		p.Rows, p.Next = rows[:limit], rows[limit-1].Seq
	}
	p.Count, err = count(ctx, s.db.Reader, access.ScopeOf(actor), f)
	return p, err
}

// Export writes an entry with the filter and yields every one in scope.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Look, error], error) {
	scope := access.ScopeOf(actor)
	err := s.gate.Do(ctx, actor, access.RegisterExport, access.Subject{Kind: "ledger", ID: "refused"}, func(tx *gate.Tx) error {
		n, err := count(tx.Context(), tx.DB(), scope, f)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", min(n, viewing.MaxCount), "more", n > viewing.MaxCount, "from_us", clock.Micros(f.From), "to_us", clock.Micros(f.To))})
		return err
	})
	if err != nil {
		return nil, err
	}
	return db.Each(500, func(after int64, limit int) ([]Look, error) {
		return selected(ctx, s.db.Reader, scope, f, after, limit)
	}, func(l *Look) int64 { return l.Seq }), nil
}
