package activity

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// ChangedArgs tells the job that judges an activity anew.
type ChangedArgs struct {
	Activity ident.ActivityID `json:"activity"`
}

// Kind names the job.
func (ChangedArgs) Kind() string { return "activity.changed" }

// InsertOpts keeps it out of the way of what reads footage.
func (ChangedArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueDefault} }

// Rules is what is asked of the regulation.
type Rules interface {
	EditionOn(ctx context.Context, day time.Time) (regulation.Edition, error)
	Current(ctx context.Context) (regulation.Version, error)
}

// Config is what a Service needs.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
	Rules Rules
	// Case tells number and department of a case that the actor may know of; fault NotFound else.
	Case func(ctx context.Context, actor access.Actor, id ident.CaseID) (no string, d ident.DepartmentID, err error)
	// Person and Device name those who take part; fault NotFound for unknown ones.
	Person func(ctx context.Context, id ident.PersonID) (string, error)
	Device func(ctx context.Context, id ident.DeviceID) (string, error)
	// Notified says who may be reported to: heads and leaders of a department.
	Notified func(ctx context.Context, d ident.DepartmentID, id ident.PersonID) (bool, error)
}

// Service is the one writer of activities. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Rules == nil || c.Case == nil || c.Person == nil || c.Device == nil || c.Notified == nil {
		return nil, errors.New("activity: Config is incomplete")
	}
	return &Service{c}, nil
}

// Opening is what is declared of an activity. ID is made where it is declared, so that declaring it twice is once.
type Opening struct {
	ID       ident.ActivityID
	Kind     Kind
	Case     ident.CaseID
	Paper    ident.PaperID
	Task     string
	Matters  []string
	Place    string
	Officers []ident.PersonID // the actor always takes part, unless a custodian writes a paper form in
	Cameras  []Member         // device and who wears it
	At       time.Time
}

// Open declares an activity (第十二、十三、十六条). Handing in what was handed in already gives the row that is there. Faults: Invalid
// "activity.kind", "activity.task" (neither case nor task), "activity.matter", "activity.member", "activity.words", "activity.time",
// "id.malformed"; NotFound "case.unknown"; Conflict "activity.other_contents".
func (s *Service) Open(ctx context.Context, actor access.Actor, n Opening) (*Activity, error) {
	a, err := s.declared(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	if seen, err := ByID(ctx, s.c.DB.Reader, n.ID); err == nil {
		return s.same(seen, a)
	} else if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	sub := a.Subject(actor, &State{Officers: a.Officers})
	err = s.c.Gate.Do(ctx, actor, access.ActivityOpen, sub, func(tx *gate.Tx) error {
		a.StoredAt = tx.Now()
		said, err := insert(tx.Context(), tx.DB(), a)
		if err != nil {
			return err
		}
		related := make([]custody.Subject, 0, 1+len(a.Cameras))
		if a.Case != "" {
			related = append(related, custody.Subject{Kind: "case", ID: string(a.Case)})
		}
		for _, c := range a.Cameras {
			related = append(related, custody.Subject{Kind: "device", ID: string(c.Device)})
		}
		if _, err := tx.Record(gate.Entry{Related: related, Outcome: custody.Opened, Detail: custody.Detail(append(said, "no", a.No)...)}); err != nil {
			return err
		}
		if a.Kind == Scene {
			_, err = duty.Open(tx, duty.New{
				Kind: duty.CloseActivity, Subject: a.About(), Person: a.OpenedBy, Department: a.Department, Due: latest(a.OpenedAt, tx.Now()).Add(24 * time.Hour),
				Args: map[string]any{"no": a.No, "place": a.Place},
			})
		}
		return err
	})
	if err != nil {
		if seen, e := ByID(ctx, s.c.DB.Reader, n.ID); e == nil { // handed in twice at once
			return s.same(seen, a)
		}
	}
	return a, err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// same gives what is there if it says the same.
func (s *Service) same(seen, a *Activity) (*Activity, error) {
	b := *a
	b.No, b.StoredAt, b.OpenedName, b.CaseNo, b.Edition = seen.No, seen.StoredAt, seen.OpenedName, seen.CaseNo, seen.Edition
	b.Officers, b.Cameras, b.Demand = seen.Officers, seen.Cameras, seen.Demand // names may have been changed since
	if *rowOf(seen) != *rowOf(&b) {
		return nil, fault.New(fault.Conflict, "activity.other_contents")
	}
	return seen, nil
}

func (s *Service) declared(ctx context.Context, actor access.Actor, n Opening) (*Activity, error) {
	a := &Activity{
		ID: n.ID, Kind: n.Kind, Case: n.Case, Paper: n.Paper, Department: actor.Department, Matters: slices.Clone(n.Matters), OpenedAt: n.At.UTC().Truncate(time.Microsecond),
		OpenedBy: actor.Person, OpenedName: actor.Name,
	}
	if err := parsed(n.ID); err != nil {
		return nil, err
	}
	if !slices.Contains(Kinds(), n.Kind) {
		return nil, fault.New(fault.Invalid, "activity.kind").At("kind")
	}
	if !plausible(n.At) {
		return nil, fault.New(fault.Invalid, "activity.time").At("at")
	}
	var err error
	if a.Place, err = words(n.Place, "place", true, maxPlace); err != nil {
		return nil, err
	}
	if a.Task, err = words(n.Task, "task", n.Case == "", maxPlace); err != nil {
		return nil, fault.New(fault.Invalid, "activity.task").At("task")
	}
	if n.Case != "" {
		if a.CaseNo, a.Department, err = s.c.Case(ctx, actor, n.Case); err != nil {
			return nil, err
		}
	}
	if err := s.matters(ctx, a); err != nil {
		return nil, err
	}
	return a, s.members(ctx, actor, n, a)
}

// matters looks the matters up in the edition of the day and finds what they demand.
func (s *Service) matters(ctx context.Context, a *Activity) error {
	ed, err := s.c.Rules.EditionOn(ctx, a.OpenedAt)
	if err != nil {
		return err
	}
	a.Edition = ed.ID
	slices.Sort(a.Matters)
	a.Matters = slices.Compact(a.Matters)
	if len(a.Matters) > maxMatters {
		return fault.New(fault.Invalid, "activity.matter").At("matters")
	}
	var demands []Demand
	for _, id := range a.Matters {
		i := slices.IndexFunc(ed.Catalogue.Matters, func(m catalogue.Matter) bool { return m.ID == id })
		if i < 0 {
			return fault.New(fault.Invalid, "activity.matter").At("matters")
		}
		demands = append(demands, Demand(ed.Catalogue.Matters[i].Requirement))
	}
	if a.Demand = Strictest(demands...); a.Kind == Premises {
		a.Demand = Uninterrupted // 执法办案场所 (第十三条第二款)
	}
	return nil
}

// members names who takes part: whoever opens it first, unless they are the custodian who writes a paper form in.
func (s *Service) members(ctx context.Context, actor access.Actor, n Opening, a *Activity) error {
	people := n.Officers
	if actor.Has(access.Officer) {
		people = append([]ident.PersonID{actor.Person}, people...)
	}
	for _, id := range people {
		if slices.ContainsFunc(a.Officers, func(m Member) bool { return m.Person == id }) {
			continue
		}
		name, err := s.c.Person(ctx, id)
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "activity.member").At("officers")
		}
		a.Officers = append(a.Officers, Member{Person: id, Name: name})
	}
	for _, c := range n.Cameras {
		if slices.ContainsFunc(a.Cameras, func(m Member) bool { return m.Device == c.Device }) {
			continue
		}
		name, err := s.c.Device(ctx, c.Device)
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "activity.member").At("cameras")
		}
		a.Cameras = append(a.Cameras, Member{Device: c.Device, Person: c.Person, Name: name})
	}
	if len(a.Officers) > maxMembers || len(a.Cameras) > maxMembers || len(a.Officers) == 0 && a.Kind == Scene {
		return fault.New(fault.Invalid, "activity.member").At("officers")
	}
	return nil
}

// Get gives an activity with what was said of it, to whoever may know of it.
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.ActivityID) (*Activity, State, []Occurrence, error) {
	a, st, list, err := Load(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, State{}, nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.ActivityView, a.Subject(actor, &st)); err != nil {
		return nil, State{}, nil, err
	}
	return a, st, list, nil
}

// May tells whether the actor may do something to an activity, to show or hide a button.
func (s *Service) May(actor access.Actor, action access.Action, a *Activity, st *State) bool {
	return s.c.Gate.May(actor, action, a.Subject(actor, st))
}

// MayOpen asks whether the actor may declare activities of their department at all, before a form is shown.
func (s *Service) MayOpen(ctx context.Context, actor access.Actor) error {
	return s.c.Gate.Check(ctx, actor, access.ActivityOpen, access.Subject{Kind: "activity", Department: actor.Department})
}

// Edition gives the matters that are in force on a day.
func (s *Service) Edition(ctx context.Context, day time.Time) (regulation.Edition, error) {
	return s.c.Rules.EditionOn(ctx, day)
}

// Mine gives the actor's activities that are not ended, and those of the last day, newest first.
func (s *Service) Mine(ctx context.Context, actor access.Actor) ([]Activity, error) {
	open, err := Select(ctx, s.c.DB.Reader, access.Scope{Officer: actor.Person}, Filter{Open: true}, 0, 50)
	if err != nil {
		return nil, err
	}
	late, err := Select(ctx, s.c.DB.Reader, access.Scope{Officer: actor.Person}, Filter{From: s.c.Clock.Now().Add(-24 * time.Hour)}, 0, 50)
	for _, a := range late {
		if !slices.ContainsFunc(open, func(o Activity) bool { return o.ID == a.ID }) {
			open = append(open, a)
		}
	}
	return open, err
}

// Load gives an activity for the program itself.
func Load(ctx context.Context, idb bun.IDB, id ident.ActivityID) (*Activity, State, []Occurrence, error) {
	a, err := ByID(ctx, idb, id)
	if err != nil {
		return nil, State{}, nil, err
	}
	list, err := Occurrences(ctx, idb, id)
	if err != nil {
		return nil, State{}, nil, err
	}
	return a, Fold(a, list[id]), list[id], nil
}

// terms gives how soon a stop is reported, and by when it is explained in writing (第十七条).
func (s *Service) terms(ctx context.Context, from time.Time) (report, write time.Time, err error) {
	set, err := regulation.InForce(ctx, s.c.Rules)
	if err != nil {
		return report, write, err
	}
	ed, err := s.c.Rules.EditionOn(ctx, from)
	if err != nil {
		return report, write, err
	}
	write, _ = term.WorkingDays(ed.Calendar, from, set.ExplainWorkingDays)
	return from.Add(time.Duration(set.ReportAfterMinutes) * time.Minute), write, nil
}
