// Package lookup issues look-up receipts (查询回执): somebody who was filmed learns which offices looked at or received the recordings of
// their case, for what and when. A leader may have single lines told later, for a lawful ground and until a day: the receipt then says
// how many lines wait, why and until when. What a receipt says is fixed with it and stands word for word in its entry of the log, so
// that the entry's proof proves the receipt.
package lookup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/persons"
)

// Kind is what an office did.
type Kind string

// The kinds.
const (
	Looked   Kind = "looked"   // 查阅
	Borrowed Kind = "borrowed" // 借阅
	Copied   Kind = "copied"   // 复制附卷
	Received Kind = "received" // 对外提供, with the body that received it
	Posted   Kind = "posted"   // 公开发布
)

// Line is one thing that was done with the recordings of a case, by an office and not by a name.
type Line struct {
	Ref     string `json:"ref"`  // of the request, loan, disc or package: what a delay is about
	Day     string `json:"day"`  // 2006-01-02, the first one
	Office  string `json:"who"`  // the department, or the outside body
	Kind    Kind   `json:"kind"` // what it did
	Purpose string `json:"purpose"`
	Times   int    `json:"times"` // how often
}

// Delay is a line that is told later.
type Delay struct {
	ID     string
	Case   ident.CaseID
	Ref    string
	Ground string // the lawful ground, in words
	Until  time.Time
	By     ident.PersonID
	ByName string
	At     time.Time
	Entry  ident.EntryID
}

// Told is what a receipt says of lines that wait.
type Told struct {
	Ground string `json:"ground"`
	Until  string `json:"until"` // day
	Lines  int    `json:"lines"`
}

// Receipt is one that was issued.
type Receipt struct {
	ID         ident.LookupID
	No         int64
	Matter     ident.PersonMatterID
	MatterNo   int64
	Case       ident.CaseID
	CaseNo     string
	Department ident.DepartmentID
	Lines      []Line
	Told       []Told
	IssuedAt   time.Time
	By         ident.PersonID
	ByName     string
	Entry      ident.EntryID
}

// Config is what a Service needs. Done gives what was done with the recordings of a case; CaseNo its number.
type Config struct {
	DB      *db.DB
	Gate    *gate.Gate
	Clock   clock.Clock
	Matters *persons.Service
	Done    func(ctx context.Context, id ident.CaseID) ([]Line, error)
	CaseNo  func(ctx context.Context, id ident.CaseID) (string, error)
}

// Service issues receipts. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Matters == nil || c.Done == nil || c.CaseNo == nil {
		return nil, errors.New("lookup: Config is incomplete")
	}
	return &Service{c}, nil
}

// MaxDelay is the longest a line may be told later, from the day on which that is decided; it can be decided anew.
const MaxDelay = 180 * 24 * time.Hour

// matter gives a matter that asks who looked, with a case. Faults: those of persons.Service.Get; Conflict "lookup.kind", "lookup.no_case".
func (s *Service) matter(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*persons.Matter, error) {
	m, err := s.c.Matters.Get(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Kind != persons.LookUp:
		return nil, fault.New(fault.Conflict, "lookup.kind")
	case m.Case == "":
		return nil, fault.New(fault.Conflict, "lookup.no_case")
	}
	return m, nil
}

// Prepared is what a receipt would say now: lines that are told and, apart, lines that wait. It is shown to who issues it or decides on
// delays, never to who asks.
type Prepared struct {
	Matter *persons.Matter
	CaseNo string
	Lines  []Line
	Held   []Line
	Delays []Delay // in force
}

// Prepare gives what a receipt would say now. Faults: those of matter; access.
func (s *Service) Prepare(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*Prepared, error) {
	m, err := s.matter(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.LookupPrepare, m.Subject()); err != nil {
		return nil, err
	}
	return s.prepare(ctx, m)
}

func (s *Service) prepare(ctx context.Context, m *persons.Matter) (*Prepared, error) {
	all, err := s.c.Done(ctx, m.Case)
	if err != nil {
		return nil, err
	}
	no, err := s.c.CaseNo(ctx, m.Case)
	if err != nil {
		return nil, err
	}
	delays, err := delaysOf(ctx, s.c.DB.Reader, m.Case, s.c.Clock.Now())
	if err != nil {
		return nil, err
	}
	p := &Prepared{Matter: m, CaseNo: no, Delays: delays}
	p.Lines, p.Held = part(all, delays)
	return p, nil
}

// part parts the lines that are told from those that wait, each in the order of their days.
func part(all []Line, delays []Delay) (told, held []Line) {
	slices.SortStableFunc(all, func(a, b Line) int {
		return strings.Compare(a.Day+a.Office+string(a.Kind), b.Day+b.Office+string(b.Kind))
	})
	for _, l := range all {
		if slices.ContainsFunc(delays, func(d Delay) bool { return d.Ref == l.Ref }) {
			held = append(held, l)
		} else {
			told = append(told, l)
		}
	}
	return told, held
}

// tell says of the lines that wait how many they are, by ground and day: nothing of what they are.
func tell(held []Line, delays []Delay) []Told {
	var out []Told
	for _, l := range held {
		d := delays[slices.IndexFunc(delays, func(d Delay) bool { return d.Ref == l.Ref })]
		until := d.Until.In(clock.Shanghai).Format(time.DateOnly)
		i := slices.IndexFunc(out, func(t Told) bool { return t.Ground == d.Ground && t.Until == until })
		if i < 0 {
			out = append(out, Told{Ground: d.Ground, Until: until})
			i = len(out) - 1
		}
		out[i].Lines++
	}
	return out
}

// Delay has one line told later. Leaders alone decide it, with a ground, for MaxDelay at most (依法暂缓告知). Faults: Invalid
// "lookup.words", "lookup.until"; NotFound "lookup.line"; Conflict "lookup.delayed".
func (s *Service) Delay(ctx context.Context, actor access.Actor, id ident.PersonMatterID, ref, ground string, until time.Time) error {
	words := locale.Typed(ground)
	if n := utf8.RuneCountInString(words); n < 2 || n > 500 {
		return fault.New(fault.Invalid, "lookup.words", 500).At("ground")
	}
	now := s.c.Clock.Now()
	if !until.After(now) || until.After(now.Add(MaxDelay)) {
		return fault.New(fault.Invalid, "lookup.until", int(MaxDelay/(24*time.Hour))).At("until")
	}
	m, err := s.matter(ctx, actor, id)
	if err != nil {
		return err
	}
	p, err := s.prepare(ctx, m)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Held, func(l Line) bool { return l.Ref == ref }) {
		return fault.New(fault.Conflict, "lookup.delayed")
	}
	if !slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Ref == ref }) {
		return fault.New(fault.NotFound, "lookup.line").At("ref")
	}
	d := Delay{ID: string(ident.New[ident.EntryID]()), Case: m.Case, Ref: ref, Ground: words, Until: until, By: actor.Person, ByName: actor.Name, Entry: ident.New[ident.EntryID]()}
	return s.c.Gate.Do(ctx, actor, access.LookupDelay, m.Subject(), func(tx *gate.Tx) error {
		d.At = tx.Now()
		said, err := insertDelay(tx.Context(), tx.DB(), &d)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			ID: d.Entry, Related: []custody.Subject{{Kind: "case", ID: string(m.Case)}}, Detail: custody.Detail(append(said, "ref", ref, "until_us", clock.Micros(until))...),
		})
		return err
	})
}

// Issue writes a receipt of what may be told now. The custodian of the answering department does it. Faults: those of Prepare; Conflict "lookup.ended" for a matter that was answered.
func (s *Service) Issue(ctx context.Context, actor access.Actor, id ident.PersonMatterID) (*Receipt, error) {
	m, err := s.matter(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if m.State != persons.Open {
		return nil, fault.New(fault.Conflict, "lookup.ended")
	}
	p, err := s.prepare(ctx, m)
	if err != nil {
		return nil, err
	}
	r := &Receipt{
		ID: ident.New[ident.LookupID](), Matter: m.ID, MatterNo: m.No, Case: m.Case, CaseNo: p.CaseNo, Department: m.Department, Lines: p.Lines, Told: tell(p.Held, p.Delays),
		By: actor.Person, ByName: actor.Name, Entry: ident.New[ident.EntryID](),
	}
	err = s.c.Gate.Do(ctx, actor, access.LookupIssue, m.Subject(), func(tx *gate.Tx) error {
		r.IssuedAt = tx.Now()
		said, err := insertReceipt(tx.Context(), tx.DB(), r)
		if err != nil {
			return err
		}
		lines := r.Lines
		if lines == nil {
			lines = []Line{}
		}
		_, err = tx.Record(gate.Entry{
			ID: r.Entry, Related: []custody.Subject{{Kind: "case", ID: string(m.Case)}, {Kind: "lookup", ID: string(r.ID)}},
			Detail: custody.Detail(append(said, "no", r.No, "matter_no", m.No, "case_no", r.CaseNo, "lines", lines, "delayed", r.Told)...),
		})
		return err
	})
	return r, err
}

// Of gives the receipts of a matter, the newest first: to who may know of the matter.
func (s *Service) Of(ctx context.Context, actor access.Actor, id ident.PersonMatterID) ([]Receipt, error) {
	if _, err := s.c.Matters.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	return receiptsOf(ctx, s.c.DB.Reader, id)
}

// Get gives a receipt to who may know of its matter. NotFound "lookup.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.LookupID) (*Receipt, error) {
	r, err := receiptByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	_, err = s.c.Matters.Get(ctx, actor, r.Matter)
	return r, err
}

// May tells whether the actor may do something, to show or hide a button.
func (s *Service) May(actor access.Actor, action access.Action, m *persons.Matter) bool {
	return s.c.Gate.May(actor, action, m.Subject())
}
