// Package loan keeps what is lent of recordings (借阅): the custodian hands a carrier out on a request that was consented to, and takes
// it back. Both are rows of the register (查阅登记簿, 第二十三条) and entries of the log; until it is back, whoever has it owes it.
package loan

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/viewing"
)

// Condition is how a carrier came back.
type Condition string

// The conditions, in the order pages offer them. A missing one did not come back; the loan ends with that being said.
const (
	Intact  Condition = "intact"  // 完好
	Damaged Condition = "damaged" // 损坏
	Missing Condition = "missing" // 遗失
)

// Conditions lists them.
func Conditions() []Condition { return []Condition{Intact, Damaged, Missing} }

// Loan is one carrier that was lent, and one row of the register.
type Loan struct {
	ID           ident.LoanID
	No           int64
	Request      ident.ViewingID
	RequestNo    int64
	Department   ident.DepartmentID
	Borrower     ident.PersonID
	BorrowerName string
	BorrowerDept string
	What         string // the carrier: its kind and number
	LentAt       time.Time
	LentBy       ident.PersonID
	LentName     string
	Due          time.Time
	ReturnedAt   time.Time // zero while it is out
	ReturnedBy   ident.PersonID
	ReturnedName string // the custodian who took it back, or said that it is lost
	Condition    Condition
	Remark       string
}

// Out reports whether it has not come back.
func (l *Loan) Out() bool { return l.ReturnedAt.IsZero() }

// Late reports whether it is out, or came back, after its day.
func (l *Loan) Late(now time.Time) bool {
	if !l.Out() {
		now = l.ReturnedAt
	}
	return now.After(l.Due)
}

func (l *Loan) about() custody.Subject { return custody.Subject{Kind: "loan", ID: string(l.ID)} }

func (l *Loan) subject() access.Subject {
	return access.Subject{Kind: "loan", ID: string(l.ID), Department: l.Department, Officer: l.Borrower}
}

// Config is what a Service needs.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
}

// Service keeps loans. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil {
		return nil, errors.New("loan: Config is incomplete")
	}
	return &Service{c}, nil
}

// maxWords bounds what a person writes, in characters.
const maxWords = 200

func text(s, field string, needed bool) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n > maxWords || needed && n < 2 {
		return "", fault.New(fault.Invalid, "viewing.words", maxWords).At(field)
	}
	return s, nil
}

// Hand hands a carrier out on a request to borrow (R-23-3). Faults: NotFound "viewing.unknown"; Conflict "viewing.not_granted",
// "viewing.other_manner", "marking.frozen"; Invalid "viewing.words", "loan.due" (after the grant's end, or over already).
func (s *Service) Hand(ctx context.Context, actor access.Actor, request ident.ViewingID, what string, due time.Time) (*Loan, error) {
	words, err := text(what, "what", true)
	if err != nil {
		return nil, err
	}
	r, err := viewing.ByID(ctx, s.c.DB.Reader, request)
	if err != nil {
		return nil, err
	}
	l := &Loan{
		ID: ident.New[ident.LoanID](), Request: r.ID, RequestNo: r.No, Department: r.Department, Borrower: r.Viewer, BorrowerName: r.ViewerName,
		BorrowerDept: r.ViewerDept, What: words, LentBy: actor.Person, LentName: actor.Name, Due: due,
	}
	err = s.c.Gate.Do(ctx, actor, access.LoanHand, l.subject(), func(tx *gate.Tx) error {
		ctx, idb := tx.Context(), tx.DB()
		now := tx.Now()
		r, err := viewing.Allowed(ctx, idb, now, l.Borrower, l.RequestNo, viewing.MannerBorrow)
		if err != nil {
			return err
		}
		if !due.After(now) || due.After(r.Until) {
			return fault.New(fault.Invalid, "loan.due").At("due")
		}
		related := []custody.Subject{{Kind: "viewing", ID: string(r.ID)}, {Kind: "person", ID: string(l.Borrower)}}
		for _, i := range r.Items {
			if err := marking.Refuse(ctx, idb, i.Recording); err != nil {
				return err
			}
			related = append(related, custody.Subject{Kind: "recording", ID: string(i.Recording)})
		}
		l.LentAt = now
		said, err := insert(ctx, idb, l)
		if err != nil {
			return err
		}
		if _, err := tx.Record(gate.Entry{Related: related, Outcome: custody.Opened, Detail: custody.Detail(append(said, "no", l.No, "request_no", l.RequestNo)...)}); err != nil {
			return err
		}
		_, err = duty.Open(tx, duty.New{
			Kind: duty.ReturnLoan, Subject: l.about(), Person: l.Borrower, Department: l.Department, Due: l.Due, Args: map[string]any{"no": l.No, "what": l.What},
		})
		return err
	})
	return l, err
}

// Take takes a carrier back, or says that it is lost (R-23-3). Words are needed unless it is intact. Faults: NotFound "loan.unknown";
// Conflict "loan.returned"; Invalid "loan.condition", "viewing.words".
func (s *Service) Take(ctx context.Context, actor access.Actor, id ident.LoanID, c Condition, remark string) error {
	if !slices.Contains(Conditions(), c) {
		return fault.New(fault.Invalid, "loan.condition").At("condition")
	}
	words, err := text(remark, "remark", c != Intact)
	if err != nil {
		return err
	}
	seen, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.LoanTake, seen.subject(), func(tx *gate.Tx) error {
		l, err := lock(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if !l.Out() {
			return fault.New(fault.Conflict, "loan.returned")
		}
		l.ReturnedAt, l.ReturnedBy, l.ReturnedName, l.Condition, l.Remark = tx.Now(), actor.Person, actor.Name, c, words
		said, err := update(tx.Context(), tx.DB(), l)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{
			Related: []custody.Subject{{Kind: "viewing", ID: string(l.Request)}, {Kind: "person", ID: string(l.Borrower)}}, Outcome: custody.Closed,
			Detail: custody.Detail(append(said, "no", l.No, "condition", string(c), "late", l.Late(l.ReturnedAt))...),
		})
		if err != nil {
			return err
		}
		return duty.Meet(tx, duty.ReturnLoan, l.about(), entry)
	})
}

// Recall is what the end of a grant does to what is out on it: it is due at once. viewing.Config.Ended is set to it.
func Recall(tx *gate.Tx, request ident.ViewingID) error {
	out, err := outOn(tx.Context(), tx.DB(), request)
	if err != nil {
		return err
	}
	for i := range out {
		if l := &out[i]; l.Due.After(tx.Now()) {
			if err := duty.Reschedule(tx, duty.ReturnLoan, l.about(), l.LentAt, tx.Now(), "revoked"); err != nil {
				return err
			}
		}
	}
	return nil
}

// Filter narrows the list; empty fields do not.
type Filter struct {
	Request    ident.ViewingID
	Department ident.DepartmentID
	From, To   time.Time // of the handing out; To is exclusive
	Out        bool      // not back yet
	Late       bool      // not back yet and over its day
}

// Page is one page of loans, newest first; Next is 0 at the end.
type Page struct {
	Rows  []Loan
	Next  int64
	Count int // at most viewing.MaxCount+1
}

// List gives a page of the register of loans in the actor's scope.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, after int64, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.RegisterList, access.Subject{Kind: "register"}); err != nil {
		return Page{}, err
	}
	scope, now := access.ScopeOf(actor), s.c.Clock.Now()
	rows, err := selected(ctx, s.c.DB.Reader, scope, f, now, after, limit+1)
	if err != nil {
		return Page{}, err
	}
	p := Page{Rows: rows}
	if len(rows) > limit {
		p.Rows, p.Next = rows[:limit], rows[limit-1].No
	}
	p.Count, err = count(ctx, s.c.DB.Reader, scope, f, now)
	return p, err
}

// Get gives a loan for the program itself: whoever shows it asks whether the reader may know of its request. NotFound "loan.unknown".
func (s *Service) Get(ctx context.Context, id ident.LoanID) (*Loan, error) {
	return byID(ctx, s.c.DB.Reader, id)
}

// Of gives the loans on a request, for its page: ask whether the reader may know of the request first.
func (s *Service) Of(ctx context.Context, request ident.ViewingID) ([]Loan, error) {
	return selected(ctx, s.c.DB.Reader, access.Scope{All: true}, Filter{Request: request}, s.c.Clock.Now(), 0, 50)
}

// Export writes an entry with the filter and yields every loan in scope.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Loan, error], error) {
	scope, now := access.ScopeOf(actor), s.c.Clock.Now()
	err := s.c.Gate.Do(ctx, actor, access.RegisterExport, access.Subject{Kind: "ledger", ID: "loans"}, func(tx *gate.Tx) error {
		n, err := count(tx.Context(), tx.DB(), scope, f, now)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", min(n, viewing.MaxCount), "more", n > viewing.MaxCount, "from_us", clock.Micros(f.From), "to_us", clock.Micros(f.To),
			"out", f.Out, "late", f.Late)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return db.Each(500, func(after int64, limit int) ([]Loan, error) {
		return selected(ctx, s.c.DB.Reader, scope, f, now, after, limit)
	}, func(l *Loan) int64 { return l.No }), nil
}

// May tells whether the actor may do something about a loan, to show or hide a button. Hand is asked about a loan to be.
func (s *Service) May(actor access.Actor, action access.Action, l *Loan) bool {
	return s.c.Gate.May(actor, action, l.subject())
}
