// Package docket is the list of cases (案件清单): conditions, order, pages by keys, search, and the same list as a ledger.
//
// It gives cases, never people: there is no order and no count by officer, and no list of the cases of a person
// (decisions §4). Searching the names of parties asks for a reason, stays in scope, gives few and is an entry of its own.
package docket

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/crowd"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Order is how the list is sorted.
type Order string

// The orders.
const (
	ByOpened Order = "opened" // the newest first
	ByDue    Order = "due"    // what is due first; only cases in which something is due
)

// Orders lists them.
func Orders() []Order { return []Order{ByOpened, ByDue} }

// States lists how a case may stand, in the order in which it usually comes to stand so.
func States() []matter.State {
	return []matter.State{matter.Open, matter.Suspended, matter.Withdrawn, matter.Joined, matter.Closed, matter.Archived}
}

// Filter narrows the list; empty fields do not.
type Filter struct {
	Query      string // of number and title; Chinese by pairs of characters
	Act        string
	Stage      string
	State      matter.State
	Department ident.DepartmentID
	Handler    ident.PersonID // handles it now
	From, To   time.Time      // of its opening; To is exclusive
	Overdue    bool           // something in it is over its time
	Order      Order          // ByOpened if empty, and always where Query is set
	Ascending  bool           // of ByOpened: the oldest first
}

// Row is a case in the list.
type Row struct {
	matter.Case

	Parties []string         // the names of its parties
	NextDue time.Time        // what is due first in it; zero for nothing
	Lead    ident.PersonID   // 主办
	Others  []ident.PersonID // the other handlers of now
}

// Cursor is where a page begins: after this row. Its text is opaque and safe in an address.
type Cursor string

// Bounds of lists.
const (
	MaxCount = 10_000 // as far as a list is counted: more is shown as "10,000+"
	MaxFound = 20     // cases that a search for a party gives
	perPage  = 50
	maxPage  = 200
	chunk    = 500 // rows of a ledger that are read at once
)

// Page is one page of the list.
type Page struct {
	Rows  []Row
	Next  Cursor // "" at the end
	Count int    // rows that the filter matches in scope, at most MaxCount
	More  bool   // there are more than MaxCount
}

// Config is what a Service needs.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
}

// Service gives the list. It is safe for concurrent use.
type Service struct {
	c      Config
	crowds *crowd.Memory
}

// New makes a service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil {
		return nil, errors.New("docket: Config needs DB, Gate and Clock")
	}
	return &Service{c: c, crowds: &crowd.Memory{Clock: c.Clock, Limit: MaxCount}}, nil
}

// Subject is the list as policies ask about it.
func Subject() access.Subject { return access.Subject{Kind: "case", ID: "list"} }

// LedgerSubject is what is taken out of the house.
func LedgerSubject() access.Subject { return access.Subject{Kind: "ledger", ID: "cases"} }

// place is where a row stands in its order.
type place struct {
	sort int64
	id   ident.CaseID
	seq  int64 // with words
}

func (a ask) cursorOf(r *row) Cursor {
	if a.words() {
		return Cursor("s" + strconv.FormatInt(r.Seq, 36))
	}
	return Cursor(strconv.FormatInt(a.valueOf(r), 36) + "." + string(r.ID))
}

func (a ask) place(c Cursor) (place, error) {
	bad := fault.New(fault.Invalid, "docket.cursor").At("after")
	if c == "" {
		return place{}, nil
	}
	if s, ok := strings.CutPrefix(string(c), "s"); ok {
		seq, err := strconv.ParseInt(s, 36, 64)
		if err != nil || seq <= 0 || !a.words() {
			return place{}, bad
		}
		return place{seq: seq}, nil
	}
	left, right, _ := strings.Cut(string(c), ".")
	at, err := strconv.ParseInt(left, 36, 64)
	id, idErr := ident.Parse[ident.CaseID](right)
	if err != nil || idErr != nil || a.words() {
		return place{}, bad
	}
	return place{sort: at, id: id}, nil
}

// List gives a page of the cases in the actor's scope (R-21-1). limit is at most 200, 50 if 0. A cursor that is none of
// ours, or of another order, is Invalid "docket.cursor".
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, after Cursor, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.CaseList, Subject()); err != nil {
		return Page{}, err
	}
	a := ask{scope: access.ScopeOf(actor), f: f, now: s.c.Clock.Now()}
	from, err := a.place(after)
	if err != nil {
		return Page{}, err
	}
	if limit <= 0 {
		limit = perPage
	}
	limit = min(limit, maxPage)
	n, err := s.crowds.Count(a.question(), func() (int, error) { return countUpTo(ctx, s.c.DB.Reader, a) })
	if err != nil {
		return Page{}, err
	}
	rows, err := selectPage(ctx, s.c.DB.Reader, a, from, limit+1)
	if err != nil {
		return Page{}, err
	}
	p := Page{Count: min(n, MaxCount), More: n > MaxCount}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = a.cursorOf(&rows[limit-1])
	}
	p.Rows, err = withHandlers(ctx, s.c.DB.Reader, rows)
	return p, err
}

// Export writes an entry with the filter and the count, and yields every row in scope, for a ledger in Excel.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Row, error], error) {
	a := ask{scope: access.ScopeOf(actor), f: f, now: s.c.Clock.Now()}
	err := s.c.Gate.Do(ctx, actor, access.CaseListExport, LedgerSubject(), func(tx *gate.Tx) error {
		n, err := countUpTo(tx.Context(), tx.DB(), a)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail(
			"count", min(n, MaxCount), "more", n > MaxCount, "query", orNil(f.Query), "act", orNil(f.Act), "stage", orNil(f.Stage), "state", orNil(f.State),
			"department", orNil(f.Department), "handler", orNil(f.Handler), "from_us", clock.Micros(f.From), "to_us", clock.Micros(f.To), "overdue", f.Overdue)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.walk(ctx, a), nil
}

func (s *Service) walk(ctx context.Context, a ask) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var after place
		for {
			rows, err := selectPage(ctx, s.c.DB.Reader, a, after, chunk)
			if err == nil {
				var full []Row
				if full, err = withHandlers(ctx, s.c.DB.Reader, rows); err == nil {
					for _, r := range full {
						if !yield(r, nil) {
							return
						}
					}
				}
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if len(rows) < chunk {
				return
			}
			last := rows[len(rows)-1]
			after = place{sort: a.valueOf(&last), id: last.ID, seq: last.Seq}
		}
	}
}

// The bounds of what a search for a party asks, in characters.
const (
	minName   = 2
	maxName   = 60
	minReason = 4
	maxReason = 200
)

// FindParty gives the cases in scope in which somebody of this name is a party: at most MaxFound, the newest first, and
// whether there are more. It is a look that needs a reason (decisions §4) and is entered with both. Faults: Invalid
// "docket.name" at "name", Invalid "docket.reason" at "reason".
func (s *Service) FindParty(ctx context.Context, actor access.Actor, name, reason string) (found []Row, more bool, err error) {
	name, reason = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " "), strings.TrimSpace(strings.ToValidUTF8(reason, ""))
	a := ask{scope: access.ScopeOf(actor), name: name, now: s.c.Clock.Now()}
	err = s.c.Gate.Do(ctx, actor, access.CaseFindParty, Subject(), func(tx *gate.Tx) error {
		if n := utf8.RuneCountInString(name); n < minName || n > maxName {
			return fault.New(fault.Invalid, "docket.name", minName, maxName).At("name")
		}
		if n := utf8.RuneCountInString(reason); n < minReason || n > maxReason {
			return fault.New(fault.Invalid, "docket.reason", minReason, maxReason).At("reason")
		}
		rows, err := selectPage(tx.Context(), tx.DB(), a, place{}, MaxFound+1)
		if err != nil {
			return err
		}
		if more = len(rows) > MaxFound; more {
			rows = rows[:MaxFound]
		}
		if found, err = withHandlers(tx.Context(), tx.DB(), rows); err != nil {
			return err
		}
		related := make([]custody.Subject, len(found))
		for i, r := range found {
			related[i] = custody.Subject{Kind: "case", ID: string(r.ID)}
		}
		_, err = tx.Record(gate.Entry{
			Subject: custody.Subject{Kind: "ledger", ID: "cases"}, Related: related, Article: "23",
			Detail: custody.Detail("name", name, "reason", reason, "count", len(found), "more", more),
		})
		return err
	})
	return found, more, err
}

func orNil[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}
