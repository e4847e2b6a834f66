package redaction

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/viewing"
)

// Films opens what copies are made of, and makes and keeps them; *derivative.Service is one.
type Films interface {
	Reels(ctx context.Context, rec ident.RecordingID) ([]derivative.Reel, func() error, error)
	Clip(ctx context.Context, c derive.Clip, told derive.Progress) (derivative.Made, error)
	Frame(ctx context.Context, rec ident.RecordingID, at time.Duration, hide func(pix []byte, width, height int)) ([]byte, error)
	Object(ctx context.Context, sha256 string) (vault.Object, error)
}

// Looks tells on what ground somebody may look at a recording; *viewing.Service is one.
type Looks interface {
	Basis(ctx context.Context, actor access.Actor, o viewing.Object) (viewing.Basis, error)
}

// Config is what a Service needs. Origin and Bureau are what statements say of the house; Clock tells when the term of a consent is over.
type Config struct {
	DB         *db.DB
	Gate       *gate.Gate
	Clock      clock.Clock
	Recordings viewing.Recordings
	Looks      Looks
	Offices    viewing.Offices
	Films      Films
	Log        *slog.Logger
	Origin     string
	Bureau     string
	// DepartmentName names a department, "" for none.
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
}

// Service is the one writer of masked copies. It is safe for concurrent use.
type Service struct {
	c Config

	mu      sync.Mutex
	running map[ident.CopyID]float64
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Recordings == nil || c.Looks == nil || c.Offices == nil || c.Films == nil || c.Log == nil || c.DepartmentName == nil {
		return nil, errors.New("redaction: Config is incomplete")
	}
	return &Service{c: c, running: map[ident.CopyID]float64{}}, nil
}

// MakeArgs tells the job that makes an approved copy.
type MakeArgs struct {
	Copy ident.CopyID `json:"copy"`
}

// Kind names the job.
func (MakeArgs) Kind() string { return "redaction.make" }

// InsertOpts puts it into the queue of what takes long.
func (MakeArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueDerive} }

// TakeUpArgs tells the job that makes what a crash left unmade.
type TakeUpArgs struct{}

// Kind names the job.
func (TakeUpArgs) Kind() string { return "redaction.take_up" }

// InsertOpts puts it where nothing else is made at the same time.
func (TakeUpArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueDerive} }

// AddWorkers registers the jobs. The service is asked for when a job runs.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a MakeArgs) error { return service().Make(ctx, a.Copy) })
	job.Add(w, func(ctx context.Context, _ TakeUpArgs) error { return service().TakeUp(ctx) })
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Hour, RunOnStart: true, Make: func() job.Args { return TakeUpArgs{} }}}
}

const (
	maxWords     = 500
	decideWithin = 24 * time.Hour // the regulation sets no term
)

func text(s, field string, needed bool) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n > maxWords || needed && n < 2 {
		return "", fault.New(fault.Invalid, "redaction.words", maxWords).At(field)
	}
	return s, nil
}

// subject is a copy as policies see it: whose recording, who made it, who decides now, who agreed already.
func (c *Copy) subject() access.Subject {
	level := c.Level
	if c.AwaitsSecond() {
		level = c.SecondLevel
	}
	return access.Subject{Kind: "masked_copy", ID: string(c.ID), Department: c.Department, Officer: c.By, Level: level, Owner: string(c.FirstBy)}
}

func (c *Copy) about() custody.Subject {
	return custody.Subject{Kind: "masked_copy", ID: string(c.ID)}
}

func (c *Copy) related() []custody.Subject {
	return []custody.Subject{{Kind: "recording", ID: string(c.Recording)}}
}

// looking finds on what ground the actor may look at a recording within a span; the policies judge it. Who plans a copy sees what it
// shows, so planning is for who may look.
func (s *Service) looking(ctx context.Context, actor access.Actor, rec ident.RecordingID, p plan.Plan) (viewing.Object, string, error) {
	o, err := s.c.Recordings.Object(ctx, rec)
	if err != nil {
		return o, "", err
	}
	b, err := s.c.Looks.Basis(ctx, actor, o)
	if err != nil {
		return o, "", err
	}
	from, to := time.Duration(p.From)*time.Millisecond, time.Duration(p.To)*time.Millisecond
	if b.Ground != "" && (from < b.Item.From || b.Item.To > 0 && (to > b.Item.To || to == 0)) {
		return o, "outside", nil
	}
	return o, string(b.Ground), nil
}

// Begin begins a draft. Faults: those of plan.Clean; Invalid "redaction.words" at "why"; Conflict "derivative.not_ready"
// while the viewing copy is not made; Conflict "marking.frozen"; Forbidden without a ground to look.
func (s *Service) Begin(ctx context.Context, actor access.Actor, rec ident.RecordingID, p plan.Plan, why string) (*Copy, error) {
	words, err := text(why, "why", true)
	if err != nil {
		return nil, err
	}
	o, ground, err := s.looking(ctx, actor, rec, p)
	if err != nil {
		return nil, err
	}
	clean, notes, err := s.clean(ctx, o.ID, p)
	if err != nil {
		return nil, err
	}
	c := &Copy{
		ID: ident.New[ident.CopyID](), State: Draft, Recording: o.ID, Department: o.Department, Plan: clean, Notes: notes, Why: words, By: actor.Person,
		ByName: actor.Name, ByDept: s.c.DepartmentName(ctx, actor.Department), Quorum: 1,
	}
	subject := c.subject()
	subject.Ground = ground
	err = s.c.Gate.Do(ctx, actor, access.RedactionPlan, subject, func(tx *gate.Tx) error {
		if err := marking.Refuse(tx.Context(), tx.DB(), c.Recording); err != nil {
			return err
		}
		c.At = tx.Now()
		if err := insert(tx.Context(), tx.DB(), c); err != nil {
			return err
		}
		return s.record(tx, c, "", custody.Opened)
	})
	return c, err
}

// clean checks a plan against the recording's viewing copies.
func (s *Service) clean(ctx context.Context, rec ident.RecordingID, p plan.Plan) (plan.Plan, []string, error) {
	reels, done, err := s.c.Films.Reels(ctx, rec)
	if err != nil {
		return p, nil, err
	}
	defer func() { _ = done() }() // only read
	return plan.Clean(p, reels[len(reels)-1].To)
}

// Change puts another plan into a draft. Conflict "redaction.not_draft".
func (s *Service) Change(ctx context.Context, actor access.Actor, id ident.CopyID, p plan.Plan, why string) (*Copy, error) {
	words, err := text(why, "why", true)
	if err != nil {
		return nil, err
	}
	old, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	_, ground, err := s.looking(ctx, actor, old.Recording, p)
	if err != nil {
		return nil, err
	}
	clean, notes, err := s.clean(ctx, old.Recording, p)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, actor, access.RedactionPlan, id, ground, func(_ *gate.Tx, c *Copy) error {
		if c.State != Draft {
			return fault.New(fault.Conflict, "redaction.not_draft")
		}
		c.Plan, c.Notes, c.Why = clean, notes, words
		return nil
	})
}

// Ask hands a draft to whoever decides: the head of the owning department, two where content is protected. The plan is fixed from then on.
// Conflict "redaction.not_draft", and those of viewing.ChooseApprover.
func (s *Service) Ask(ctx context.Context, actor access.Actor, id ident.CopyID) (*Copy, error) {
	seen, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	head, leaders, err := viewing.Deciders(ctx, s.c.Offices, seen.Department)
	if err != nil {
		return nil, err
	}
	level, approver, err := viewing.ChooseApprover(seen.By, head, leaders, false)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, actor, access.RedactionAsk, id, "", func(tx *gate.Tx, c *Copy) error {
		if c.State != Draft {
			return fault.New(fault.Conflict, "redaction.not_draft")
		}
		marks, err := marking.For(tx.Context(), tx.DB(), c.Recording)
		if err != nil {
			return err
		}
		if marks.Doubles() {
			c.Quorum = 2
			if c.SecondLevel, _, err = viewing.ChooseSecond(c.By, approver, head, leaders); err != nil {
				return err
			}
		}
		c.State, c.AskedAt, c.Level, c.Approver = Asked, tx.Now(), level, approver
		return s.owe(tx, c)
	})
}

func (s *Service) owe(tx *gate.Tx, c *Copy) error {
	_, err := duty.Open(tx, duty.New{
		Kind: duty.DecideMasked, Subject: c.decision(), Person: c.Approver, Department: c.Department, Due: tx.Now().Add(decideWithin),
		Args: map[string]any{"no": c.No, "name": c.ByName},
	})
	return err
}

// decision names what is owed: each of two consents is a duty of its own.
func (c *Copy) decision() custody.Subject {
	about := c.about()
	if c.FirstBy != "" {
		about.ID += "/2"
	}
	return about
}

// Decide answers. Who decides sees before and after through looks of their own; nobody decides on their own copy, and of two
// nobody is both (T7). Conflict "redaction.not_asked"; Invalid "redaction.words" for a refusal without a reason.
func (s *Service) Decide(ctx context.Context, actor access.Actor, id ident.CopyID, agree bool, why string) (*Copy, error) {
	words, err := text(why, "words", !agree)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, actor, access.RedactionDecide, id, "", func(tx *gate.Tx, c *Copy) error {
		if c.State != Asked {
			return fault.New(fault.Conflict, "redaction.not_asked")
		}
		if agree {
			if err := marking.Refuse(tx.Context(), tx.DB(), c.Recording); err != nil {
				return err
			}
		}
		owed := c.decision()
		if agree && c.Quorum > 1 && c.FirstBy == "" {
			head, leaders, err := viewing.Deciders(ctx, s.c.Offices, c.Department)
			if err != nil {
				return err
			}
			if _, c.Approver, err = viewing.ChooseSecond(c.By, actor.Person, head, leaders); err != nil {
				return err
			}
			c.FirstAt, c.FirstBy, c.FirstName = tx.Now(), actor.Person, actor.Name
			if err := duty.Meet(tx, duty.DecideMasked, owed, ""); err != nil {
				return err
			}
			return s.owe(tx, c)
		}
		c.State, c.DecidedAt, c.DecidedBy, c.DecidedName, c.Words = Refused, tx.Now(), actor.Person, actor.Name, words
		if err := duty.Meet(tx, duty.DecideMasked, owed, ""); err != nil || !agree {
			return err
		}
		c.State = Approved
		return tx.Enqueue(MakeArgs{Copy: c.ID})
	})
}

// Drop gives up a copy that was not decided. Conflict "redaction.decided".
func (s *Service) Drop(ctx context.Context, actor access.Actor, id ident.CopyID) (*Copy, error) {
	return s.change(ctx, actor, access.RedactionDrop, id, "", func(tx *gate.Tx, c *Copy) error {
		if c.State != Draft && c.State != Asked {
			return fault.New(fault.Conflict, "redaction.decided")
		}
		if c.State == Asked {
			if err := duty.Cancel(tx, duty.DecideMasked, c.decision(), "dropped"); err != nil {
				return err
			}
		}
		c.State = Dropped
		return nil
	})
}

// change carries out a change of one copy: row and entry.
func (s *Service) change(ctx context.Context, actor access.Actor, action access.Action, id ident.CopyID, ground string, fn func(*gate.Tx, *Copy) error) (*Copy, error) {
	seen, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	subject := seen.subject()
	subject.Ground = ground
	var out *Copy
	err = s.c.Gate.Do(ctx, actor, action, subject, func(tx *gate.Tx) error {
		c, err := locked(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if err := fn(tx, c); err != nil {
			return err
		}
		if err := update(tx.Context(), tx.DB(), c); err != nil {
			return err
		}
		out = c
		outcome := custody.Done
		if c.State == Failed {
			outcome = custody.Failed
		}
		return s.record(tx, c, c.Entry, outcome)
	})
	return out, err
}

func (s *Service) record(tx *gate.Tx, c *Copy, id ident.EntryID, outcome custody.Outcome) error {
	said, err := say(tx.Context(), tx.DB(), c.ID)
	if err != nil {
		return err
	}
	detail := append(said, "no", c.No, "state", string(c.State), "regions", len(c.Plan.Regions), "sounds", len(c.Plan.Sounds),
		"from_ms", c.Plan.From, "to_ms", c.Plan.To)
	if c.Statement != "" {
		detail = append(detail, "statement_sha256", digest(c.Statement), "media_sha256", c.SHA256, "media_size", c.Size)
	}
	_, err = tx.Record(gate.Entry{ID: id, Subject: c.about(), Related: c.related(), Outcome: outcome, Detail: custody.Detail(detail...)})
	return err
}
