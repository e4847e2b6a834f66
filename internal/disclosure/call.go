package disclosure

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// CallKind says who calls for the file of a case.
type CallKind string

// The kinds.
const (
	ForReview CallKind = "review" // 行政复议: within 10 working days (行政复议法 第四十八条)
	ForCourt  CallKind = "court"  // 行政诉讼: within 15 days (行政诉讼法 第六十七条)
)

func (k CallKind) duty() duty.Kind {
	if k == ForCourt {
		return duty.CaseForCourt
	}
	return duty.CaseForReview
}

// Call is one call for the file of a case (调卷).
type Call struct {
	ID         ident.CallID
	Case       ident.CaseID
	Kind       CallKind
	Body       string
	Letter     string // number of the letter
	ReceivedOn string // day, 2006-01-02
	Due        time.Time
	At         time.Time
	By         ident.PersonID
	ByName     string
	MetAt      time.Time
	MetBy      ident.EntryID // the package that answered it
}

// CaseFacts is a case as a call asks about it.
type CaseFacts struct {
	No         string
	Department ident.DepartmentID
	Lead       ident.PersonID // of the handlers
	Calendar   term.Calendar
}

func (c *Call) about() custody.Subject { return custody.Subject{Kind: "case_call", ID: string(c.ID)} }

// last is the last moment of the term. It begins on the day after the letter came; a day of rest at the end of fifteen days moves it on.
// Days beyond the published calendar count as working days from Monday to Friday.
func (k CallKind) last(cal term.Calendar, received time.Time) time.Time {
	works := func(d time.Time) bool {
		switch cal.Of(time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)) {
		case term.Working, term.Makeup:
			return true
		case term.Weekend, term.Holiday, term.Paused:
			return false
		case term.Unknown:
		}
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
	}
	d := received
	if k == ForCourt {
		for d = d.AddDate(0, 0, 15); !works(d); {
			d = d.AddDate(0, 0, 1)
		}
	} else {
		for n := 0; n < 10; {
			if d = d.AddDate(0, 0, 1); works(d) {
				n++
			}
		}
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 23, 59, 59, 0, clock.Shanghai)
}

// Call enters that somebody called for the file of a case, which opens the duty to hand it in. Faults: Invalid "disclosure.call_kind",
// "disclosure.words", "disclosure.call_day".
func (s *Service) Call(ctx context.Context, by access.Actor, id ident.CaseID, f CaseFacts, c Call) (*Call, error) {
	var err error
	if !slices.Contains([]CallKind{ForReview, ForCourt}, c.Kind) {
		return nil, fault.New(fault.Invalid, "disclosure.call_kind").At("kind")
	}
	if c.Body, err = text(c.Body, "body", true); err != nil {
		return nil, err
	}
	if c.Letter, err = text(c.Letter, "letter", true); err != nil {
		return nil, err
	}
	on, err := time.ParseInLocation(time.DateOnly, c.ReceivedOn, clock.Shanghai)
	if err != nil || on.After(s.c.Clock.Now()) || on.Before(s.c.Clock.Now().AddDate(-1, 0, 0)) {
		return nil, fault.Wrap(err, fault.Invalid, "disclosure.call_day").At("on")
	}
	c.ID, c.Case, c.Due, c.By, c.ByName = ident.New[ident.CallID](), id, c.Kind.last(f.Calendar, on), by.Person, by.Name
	subject := access.Subject{Kind: "case", ID: string(id), Department: f.Department, Officer: f.Lead}
	err = s.c.Gate.Do(ctx, by, access.CaseCall, subject, func(tx *gate.Tx) error {
		c.At = tx.Now()
		if err := insertCall(tx.Context(), tx.DB(), &c); err != nil {
			return err
		}
		if err := recordCall(tx, &c, custody.Opened); err != nil {
			return err
		}
		_, err := duty.Open(tx, duty.New{
			Kind: c.Kind.duty(), Subject: c.about(), Person: f.Lead, Department: f.Department, Due: c.Due, Args: map[string]any{"no": f.No, "body": c.Body},
		})
		return err
	})
	return &c, err
}

// Package is one package that was made of a case, or given out of it, by whose entry a call may be answered.
type Package struct {
	Entry ident.EntryID
	At    time.Time
	By    string // account
	No    string // of a giving out; "" of the case's own package
	To    string
}

// Packages lists what a call for a case may be answered by, the newest first: packages of the case, and what was given out of it.
func (s *Service) Packages(ctx context.Context, id ident.CaseID) ([]Package, error) {
	list, err := custody.List(ctx, s.c.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "case", ID: string(id)}, Action: string(access.CaseExport), Outcome: custody.Done})
	if err != nil {
		return nil, err
	}
	var out []Package
	for i := range list {
		out = append(out, Package{Entry: list[i].ID, At: list[i].At, By: list[i].Actor.ID})
	}
	given, err := OfCase(ctx, s.c.DB.Reader, id)
	for i := range given {
		if d := &given[i]; d.State == Given {
			out = append(out, Package{Entry: d.Entry, At: d.PackedAt, By: d.ByAccount, No: d.Number(), To: d.To.Body})
		}
	}
	slices.SortStableFunc(out, func(a, b Package) int { return b.At.Compare(a.At) })
	return out, err
}

// Answered enters by which package a call was answered, which meets its duty; after its last day it is met late, and shows so. Faults:
// NotFound "case.unknown"; Conflict "disclosure.call_met"; Invalid "disclosure.call_package" (none of this case, or made before the call came).
func (s *Service) Answered(ctx context.Context, by access.Actor, id ident.CaseID, f CaseFacts, call ident.CallID, entry ident.EntryID) error {
	packages, err := s.Packages(ctx, id)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(packages, func(p Package) bool { return p.Entry == entry })
	subject := access.Subject{Kind: "case", ID: string(id), Department: f.Department, Officer: f.Lead}
	return s.c.Gate.Do(ctx, by, access.CaseCall, subject, func(tx *gate.Tx) error {
		calls, err := CallsOf(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(calls, func(c Call) bool { return c.ID == call })
		switch {
		case i < 0:
			return fault.New(fault.NotFound, "case.unknown")
		case !calls[i].MetAt.IsZero():
			return fault.New(fault.Conflict, "disclosure.call_met")
		case n < 0 || packages[n].At.Before(calls[i].received()):
			return fault.New(fault.Invalid, "disclosure.call_package").At("package")
		}
		c := &calls[i]
		c.MetAt, c.MetBy = tx.Now(), entry
		if err := meetCall(tx.Context(), tx.DB(), c); err != nil {
			return err
		}
		if err := recordCall(tx, c, custody.Closed); err != nil {
			return err
		}
		return duty.Meet(tx, c.Kind.duty(), c.about(), entry)
	})
}

// received is the beginning of the day on which the call came.
func (c *Call) received() time.Time {
	on, _ := time.ParseInLocation(time.DateOnly, c.ReceivedOn, clock.Shanghai) // it was checked when it was entered
	return on
}

// Late reports whether the call is, or was, answered after its last day.
func (c *Call) Late(now time.Time) bool {
	if !c.MetAt.IsZero() {
		now = c.MetAt
	}
	return now.After(c.Due)
}

func recordCall(tx *gate.Tx, c *Call, outcome custody.Outcome) error {
	r, err := vouch.Locked[callRow](tx.Context(), tx.DB(), string(c.ID))
	if err != nil {
		return fail(err)
	}
	_, err = tx.Record(gate.Entry{
		Action: access.CaseCall, Outcome: outcome, Related: []custody.Subject{c.about()},
		Detail: custody.Detail(vouch.Key("case_call"), r.vouched().Says, "kind", string(c.Kind), "due_us", clock.Micros(c.Due)),
	})
	return err
}
