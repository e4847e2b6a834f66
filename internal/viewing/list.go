package viewing

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// View is one of the lists of requests.
type View string

// The views.
const (
	ViewWaiting View = "waiting" // that the actor may decide
	ViewMine    View = "mine"    // that the actor asked for
	ViewInForce View = "inforce" // grants that hold, in scope
	ViewEnded   View = "ended"   // in scope
)

// Views lists them in the order pages show them.
func Views() []View { return []View{ViewWaiting, ViewMine, ViewInForce, ViewEnded} }

// Page is one page of requests, newest first; those that end soonest first where they hold.
type Page struct {
	Rows  []Request
	Next  string // "" at the end
	Count int    // at most MaxCount+1
}

// MaxCount is as far as lists are counted.
const MaxCount = 10_000

// List gives a page of requests. Ended ones and grants of others are shown to who keeps the register of their department.
func (s *Service) List(ctx context.Context, actor access.Actor, v View, after string, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.ViewingList, access.Subject{Kind: "viewing"}); err != nil {
		return Page{}, err
	}
	return pageOf(ctx, s.c.DB.Reader, actor, v, s.c.Clock.Now(), after, clampLimit(limit))
}

// Waiting counts the requests that wait for the actor's decision.
func (s *Service) Waiting(ctx context.Context, actor access.Actor) (int, error) {
	return countView(ctx, s.c.DB.Reader, actor, ViewWaiting, s.c.Clock.Now())
}

// Grants gives the actor's own grants that hold now, the one that ends first in front, at most fifty.
func (s *Service) Grants(ctx context.Context, actor access.Actor) ([]Request, error) {
	if actor.Kind != access.Person || actor.Person == "" {
		return nil, nil
	}
	return grantsOf(ctx, s.c.DB.Reader, actor.Person, s.c.Clock.Now())
}

// Get gives a request to those who may know of it. NotFound "viewing.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.ViewingID) (*Request, error) {
	r, err := requestByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	return r, s.c.Gate.Check(ctx, actor, access.ViewingView, r.subject())
}

// May tells whether the actor may do something about a request, to show or hide a button.
func (s *Service) May(actor access.Actor, action access.Action, r *Request) bool {
	return s.c.Gate.May(actor, action, r.subject())
}

// Own gives the actor's latest request about a recording; nil where there is none.
func (s *Service) Own(ctx context.Context, actor access.Actor, rec ident.RecordingID) (*Request, error) {
	return latestOf(ctx, s.c.DB.Reader, actor.Person, rec)
}

// MayPicture gives those of the recordings whose pictures the actor may see now by a grant or as a handler.
func (s *Service) MayPicture(ctx context.Context, actor access.Actor, recs []ident.RecordingID) (map[ident.RecordingID]bool, error) {
	if actor.Kind != access.Person || len(recs) == 0 {
		return nil, nil
	}
	out, err := grantedAmong(ctx, s.c.DB.Reader, actor.Person, recs, s.c.Clock.Now())
	if err != nil || !actor.Has(access.Officer) {
		return out, err
	}
	cases, err := s.handledAmong(ctx, actor.Person, recs)
	for r := range cases {
		out[r] = true
	}
	return out, err
}

// RegisterFilter narrows the register; empty fields do not.
type RegisterFilter struct {
	From, To    time.Time // of the look's beginning; To is exclusive
	Department  ident.DepartmentID
	Viewer      ident.PersonID
	Recording   ident.RecordingID
	Request     ident.ViewingID
	Unconfirmed bool
}

// RegisterPage is one page of the register, newest first.
type RegisterPage struct {
	Rows  []Look
	Next  string
	Count int
}

// Ledger gives a page of the register (查阅登记簿) in the actor's scope (R-23-3).
func (s *Service) Ledger(ctx context.Context, actor access.Actor, f RegisterFilter, after string, limit int) (RegisterPage, error) {
	if err := s.c.Gate.Check(ctx, actor, access.RegisterList, access.Subject{Kind: "register"}); err != nil {
		return RegisterPage{}, err
	}
	no, err := parseAfter(after)
	if err != nil {
		return RegisterPage{}, err
	}
	limit = clampLimit(limit)
	rows, err := selectLooks(ctx, s.c.DB.Reader, access.ScopeOf(actor), f, no, limit+1)
	if err != nil {
		return RegisterPage{}, err
	}
	p := RegisterPage{Rows: rows}
	if len(rows) > limit {
		p.Rows = rows[:limit]
		p.Next = strconv.FormatInt(rows[limit-1].No, 10)
	}
	p.Count, err = countLooks(ctx, s.c.DB.Reader, access.ScopeOf(actor), f)
	return p, err
}

// LooksAt gives the looks at a recording, newest first: part of its history, shown to who may know of the recording.
func (s *Service) LooksAt(ctx context.Context, rec ident.RecordingID, limit int) ([]Look, error) {
	return selectLooks(ctx, s.c.DB.Reader, access.Scope{All: true}, RegisterFilter{Recording: rec}, 0, clampLimit(limit))
}

// Export writes an entry with the filter and yields every row of the register in scope, for Excel.
func (s *Service) Export(ctx context.Context, actor access.Actor, f RegisterFilter) (iter.Seq2[Look, error], error) {
	scope := access.ScopeOf(actor)
	err := s.c.Gate.Do(ctx, actor, access.RegisterExport, access.Subject{Kind: "ledger", ID: "register"}, func(tx *gate.Tx) error {
		n, err := countLooks(tx.Context(), tx.DB(), scope, f)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", min(n, MaxCount), "more", n > MaxCount, "from_us", clock.Micros(f.From), "to_us", clock.Micros(f.To),
			"department", orNil(f.Department), "viewer", orNil(f.Viewer), "recording", orNil(f.Recording), "unconfirmed", f.Unconfirmed)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return every(ctx, s.c.DB.Reader, scope, f), nil
}

func every(ctx context.Context, idb bun.IDB, scope access.Scope, f RegisterFilter) iter.Seq2[Look, error] {
	return db.Each(500, func(after int64, limit int) ([]Look, error) {
		return selectLooks(ctx, idb, scope, f, after, limit)
	}, func(l *Look) int64 { return l.No })
}

// Confirm is the custodian's word that a row of the register is right (R-23-3), with a remark where there is one. Nobody
// confirms their own look. Faults: NotFound "viewing.look_unknown"; Conflict "viewing.look_open", "viewing.confirmed".
func (s *Service) Confirm(ctx context.Context, actor access.Actor, id ident.LookID, remark string) error {
	words, err := text(remark, "remark", false)
	if err != nil {
		return err
	}
	seen, err := lookByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	subject := access.Subject{Kind: "look", ID: string(id), Department: seen.Department, Officer: seen.Viewer}
	return s.c.Gate.Do(ctx, actor, access.RegisterConfirm, subject, func(tx *gate.Tx) error {
		l, err := lockLook(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		switch {
		case l.ClosedAt.IsZero():
			return fault.New(fault.Conflict, "viewing.look_open")
		case !l.ConfirmedAt.IsZero():
			return fault.New(fault.Conflict, "viewing.confirmed")
		}
		l.ConfirmedAt, l.ConfirmedBy, l.ConfirmedName, l.Remark = tx.Now(), actor.Person, actor.Name, words
		if err := updateLook(tx.Context(), tx.DB(), l); err != nil {
			return err
		}
		said, err := sayLook(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{
			Related: []custody.Subject{{Kind: "recording", ID: string(l.Recording)}, {Kind: "person", ID: string(l.Viewer)}},
			Detail:  custody.Detail(append(said, "no", l.No, "remark", orNil(words))...),
		})
		if err != nil {
			return err
		}
		return duty.Meet(tx, duty.ConfirmLook, custody.Subject{Kind: "look", ID: string(id)}, entry)
	})
}

// MayConfirm tells whether the actor could confirm a row, to show or hide a button.
func (s *Service) MayConfirm(actor access.Actor, l *Look) bool {
	return !l.ClosedAt.IsZero() && l.ConfirmedAt.IsZero() && s.c.Gate.May(actor, access.RegisterConfirm,
		access.Subject{Kind: "look", ID: string(l.ID), Department: l.Department, Officer: l.Viewer})
}

func clampLimit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, 500)
}

func parseAfter(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.Invalid, "recording.cursor").At("after")
	}
	return n, nil
}

// Requests gives requests by their ids, for the program itself: what the rows of the register rest on.
func (s *Service) Requests(ctx context.Context, ids []ident.ViewingID) (map[ident.ViewingID]Request, error) {
	out := map[ident.ViewingID]Request{}
	if len(ids) == 0 {
		return out, nil
	}
	list, err := requestsByID(ctx, s.c.DB.Reader, ids)
	for _, r := range list {
		out[r.ID] = r
	}
	return out, err
}
