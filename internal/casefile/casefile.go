// Package casefile keeps cases (案件) and their written records (文书): who opened what, on which step it is, what was
// written, signed, approved and served, and what is still owed (第三至十一条). What may be done is judged by package
// procedure from the catalogue that was in force on the day the case was opened; every change goes through the gate and
// says its rows in the log.
package casefile

import (
	"context"
	"errors"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// File is a whole case.
type File = matter.File

// Officer is somebody who can be named in a record; Certificate is the number of the one valid today, "" without one.
type Officer struct {
	ID          ident.PersonID
	Name        string
	Certificate string
}

// People is what casefile asks of the bureau's register.
type People interface {
	Person(ctx context.Context, id ident.PersonID) (org.Person, error)
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
	Certificates(ctx context.Context, people ...ident.PersonID) ([]org.Certificate, error)
	CertificateOn(ctx context.Context, person ident.PersonID, t time.Time) (org.Certificate, error)
}

// Rules is what casefile asks of the regulation.
type Rules interface {
	EditionOn(ctx context.Context, day time.Time) (regulation.Edition, error)
	Edition(ctx context.Context, number int) (regulation.Edition, error)
	Current(ctx context.Context) (regulation.Version, error)
}

// Sealer puts a seal under a paper by the national seal system (国家统一电子印章系统). Without one, seals are put on paper by
// hand and registered.
type Sealer interface {
	// Seal gives the seal's picture (PNG) and the system's number for it. A refusal's fault is shown to the person.
	Seal(ctx context.Context, digest string, agency string) (png []byte, number string, err error)
}

// Config wires a Service. Sealer may be nil.
type Config struct {
	DB     *db.DB
	Gate   *gate.Gate
	Clock  clock.Clock
	People People
	Rules  Rules
	Sealer Sealer
}

// Service keeps cases. It is safe for concurrent use; changes to one case come one after another.
type Service struct{ c Config }

// New makes the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.People == nil || c.Rules == nil {
		return nil, errors.New("casefile: Config needs DB, Gate, Clock, People and Rules")
	}
	return &Service{c}, nil
}

// change is one change of one case, in its transaction.
type change struct {
	s       *Service
	tx      *gate.Tx
	ctx     context.Context
	f       matter.File
	edition regulation.Edition
	entry   ident.EntryID
	said    map[string][]vouch.Columns
	detail  []any
	related []custody.Subject
	subject custody.Subject
	article string
	duty    string // requirement
	quiet   bool   // nothing but a draft has changed
}

// subjectOf is a case as the policies see it: whose it is, and what the actor is to it.
func subjectOf(f matter.File, actor access.Actor) access.Subject {
	s := access.Subject{Kind: "case", ID: string(f.Case.ID), Department: f.Case.Department, Ground: "none"}
	switch {
	case actor.Person == "":
	case f.Handles(actor.Person):
		s.Ground, s.Officer = "handler", actor.Person
	case f.Handled(actor.Person):
		s.Ground, s.Officer = "was_handler", actor.Person
	case presides(f, actor.Person):
		s.Ground = "presider"
	}
	return s
}

// presides reports whether a hearing's notice names a person as its presider or clerk.
func presides(f matter.File, p ident.PersonID) bool {
	for _, n := range f.OfType("hearing-notice", "hearing-record") {
		for _, id := range []string{"presider", "hearing_clerk"} {
			for _, who := range n.Values.People(id) {
				if who.ID == string(p) {
					return true
				}
			}
		}
	}
	return false
}

// change runs one change of a case through the gate: decided on the case as it stands, with the case taken first, so
// that nothing changes under it. fn says the rows it wrote; limits and duties are reckoned afterwards.
func (s *Service) change(ctx context.Context, actor access.Actor, action access.Action, id ident.CaseID, fn func(c *change) error) error {
	row, err := rows.CaseBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	f, err := rows.Load(ctx, s.c.DB.Reader, row)
	if err != nil {
		return err
	}
	edition, err := s.c.Rules.Edition(ctx, f.Case.Edition)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, action, subjectOf(f, actor), func(tx *gate.Tx) error {
		c := &change{
			s: s, tx: tx, ctx: tx.Context(), edition: edition, entry: ident.New[ident.EntryID](), said: map[string][]vouch.Columns{},
			subject: custody.Subject{Kind: "case", ID: string(id)},
		}
		taken, err := rows.Take(c.ctx, tx.DB(), id)
		if err != nil {
			return err
		}
		if c.f, err = rows.Load(c.ctx, tx.DB(), taken); err != nil {
			return err
		}
		if subjectOf(c.f, actor) != subjectOf(f, actor) {
			return fault.New(fault.Conflict, "case.moved") // what the policies decided on has changed meanwhile
		}
		if err := fn(c); err != nil {
			return err
		}
		return c.settle()
	})
}

// live refuses changes of what has ended.
func (c *change) live() error {
	if !c.f.Case.Live() {
		return fault.New(fault.Conflict, "case.ended")
	}
	return nil
}

// unfiled refuses changes of what is filed away or went elsewhere: what a closed case still owes can be answered and excused.
func (c *change) unfiled() error {
	if c.f.Case.State == matter.Closed {
		return nil
	}
	return c.live()
}

func (c *change) now() time.Time { return c.tx.Now() }

func (c *change) actor() access.Actor { return c.tx.Actor() }

func (c *change) doc(id string) (catalogue.Document, error) {
	d, ok := c.edition.Catalogue.Document(id)
	if !ok {
		return d, fault.New(fault.Invalid, "paper.no_type", id)
	}
	return d, nil
}

type vouchable interface{ Vouched() vouch.Row }

// add writes a new row and has the entry say it.
func (c *change) add(table string, row vouchable) error {
	if err := rows.Insert(c.ctx, c.tx.DB(), row); err != nil {
		return err
	}
	c.said[table] = append(c.said[table], row.Vouched().Says)
	return nil
}

// set writes a changed row and has the entry say it.
func (c *change) set(table string, row vouchable) error {
	if err := rows.Update(c.ctx, c.tx.DB(), row); err != nil {
		return err
	}
	c.said[table] = append(c.said[table], row.Vouched().Says)
	return nil
}

// tell adds to what the entry says.
func (c *change) tell(kv ...any) { c.detail = append(c.detail, kv...) }

// under names the article and obligation the change carries out, where it is not the policy's.
func (c *change) under(article, requirement string) { c.article, c.duty = article, requirement }

// about makes the entry a paper's; the case is related to it.
func (c *change) about(p ident.PaperID) {
	c.related = append(c.related, c.subject)
	c.subject = custody.Subject{Kind: "paper", ID: string(p)}
}

// settle reckons limits, writes the case's row and the words it is found by, its entry and its duties. A quiet change, such
// as the saving of a draft, has only its entry.
func (c *change) settle() error {
	if !c.quiet {
		if err := c.reckon(); err != nil {
			return err
		}
		row := rows.OfCase(c.f.Case)
		row.NextDue, row.Parties = clock.Micros(c.nextDue()), partyNames(c.f)
		if err := rows.UpdateCase(c.ctx, c.tx.DB(), row); err != nil {
			return err
		}
		if err := docket.Put(c.ctx, c.tx.DB(), docket.WordsOf(c.f)); err != nil {
			return err
		}
	}
	detail := append([]any{"no", c.f.Case.No, "act", c.f.Case.Act, "stage", c.f.Case.Stage, "state", string(c.f.Case.State)}, c.detail...)
	tables := make([]string, 0, len(c.said))
	for t := range c.said {
		tables = append(tables, t)
	}
	slices.Sort(tables)
	for _, t := range tables {
		detail = append(detail, vouch.Key(t), c.said[t])
	}
	if _, err := c.tx.Record(gate.Entry{
		ID: c.entry, Subject: c.subject, Related: c.related, Article: c.article, Requirement: c.duty, Detail: custody.Detail(detail...),
	}); err != nil {
		return err
	}
	if c.quiet {
		return nil
	}
	return c.duties()
}

func partyNames(f matter.File) string {
	var out []string
	for _, p := range f.Parties {
		if p.Role == matter.PartyMain && p.EndedAt.IsZero() {
			out = append(out, p.Name)
		}
	}
	return rows.JSON(out)
}
