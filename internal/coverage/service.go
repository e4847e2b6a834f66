package coverage

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// MaxCount is the highest figure that is counted out.
const MaxCount = 10_000

// SweepArgs tells the job that looks for verdicts which new footage, a checked clock or time alone may have changed.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "coverage.sweep" }

// Config is what a Service needs.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
	Rules activity.Rules
	Ear   Ear // nil where nothing can be listened to: then the sound of footage stays in doubt
}

// Service is the one writer of verdicts on activities. It is safe for concurrent use.
type Service struct {
	c     Config
	mu    sync.Mutex
	swept time.Time // when the last sweep began
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Rules == nil {
		return nil, errors.New("coverage: Config is incomplete")
	}
	return &Service{c: c}, nil
}

// AddWorkers adds the jobs that keep verdicts up to date.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, a activity.ChangedArgs) error { return service().Compute(ctx, a.Activity) })
	job.Add(w, func(ctx context.Context, a HearArgs) error { return service().Hear(ctx, a) })
	job.Add(w, func(ctx context.Context, _ SweepArgs) error { return service().Sweep(ctx) })
}

// Periodic are the jobs that come by themselves.
func Periodic() []job.Periodic {
	return []job.Periodic{{Every: time.Minute, Make: func() job.Args { return SweepArgs{} }}}
}

// Sweep computes what was never computed, what footage or clocks have changed since the sweep before (of a week, after a start), and
// whether what is not there yet is overdue by now.
func (s *Service) Sweep(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.Clock.Now()
	since := s.swept
	if since.IsZero() {
		since = now.Add(-7 * 24 * time.Hour)
	}
	ids, err := stale(ctx, s.c.DB.Reader, since.Add(-time.Minute), now, 2000) // a change may commit after its own time
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.Compute(ctx, id); err != nil {
			return err
		}
	}
	s.swept = now
	return nil
}

// View is an activity with what is known of its footage.
type View struct {
	Activity *activity.Activity
	State    activity.State
	Pieces   []Piece
	Cameras  []Seen
	Presence Presence
	Verdict  Verdict
}

// Look computes an activity anew from the facts as they are, and keeps nothing.
func (s *Service) Look(ctx context.Context, id ident.ActivityID) (View, error) {
	a, st, _, err := activity.Load(ctx, s.c.DB.Reader, id)
	if err != nil {
		return View{}, err
	}
	return s.Of(ctx, a, st)
}

// Of is Look for an activity that was read already.
func (s *Service) Of(ctx context.Context, a *activity.Activity, st activity.State) (View, error) {
	v := View{Activity: a, State: st}
	f, err := gather(ctx, s.c.DB.Reader, &st, s.c.Clock.Now())
	if err != nil {
		return View{}, err
	}
	set, err := regulation.InForce(ctx, s.c.Rules)
	if err != nil {
		return View{}, err
	}
	tolerance := continuity.DefaultTolerance
	tolerance.Join = time.Duration(set.JoinToleranceSeconds) * time.Second
	v.Pieces, v.Cameras, v.Presence = f.pieces, f.cameras, Present(&st, len(f.pieces), f.cameras, s.c.Clock.Now())
	v.Verdict, err = Judge(&st, f.pieces, tolerance)
	return v, err
}

// Compute judges an activity and keeps the answer, if it is another than before, with its entry; gaps that nobody has explained are owed an
// explanation by whoever opened the activity, where the regulation wants it filmed without interruption (第十七条).
func (s *Service) Compute(ctx context.Context, id ident.ActivityID) error {
	v, err := s.Look(ctx, id)
	if err != nil {
		return err
	}
	r, err := rowOf(&v)
	if err != nil {
		return err
	}
	r.At = clock.Micros(s.c.Clock.Now())
	old, err := kept(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	if was, ok := old[id]; ok && was.same(r) {
		return nil
	}
	set, err := regulation.InForce(ctx, s.c.Rules)
	if err != nil {
		return err
	}
	ed, err := s.c.Rules.EditionOn(ctx, v.Activity.OpenedAt)
	if err != nil {
		return err
	}
	actor := access.SystemActor("coverage")
	return s.c.Gate.Do(ctx, actor, access.ActivityJudge, v.Activity.Subject(actor, &v.State), func(tx *gate.Tx) error {
		said, err := put(tx.Context(), tx.DB(), r)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{Detail: custody.Detail(append(said, "verdict", string(r.Verdict))...)})
		if err != nil {
			return err
		}
		due := func(from time.Time) time.Time {
			d, _ := term.WorkingDays(ed.Calendar, from, set.ExplainWorkingDays)
			return d
		}
		for _, f := range unheard(v.Pieces) {
			if err := tx.Enqueue(HearArgs{File: f, Activity: id}); err != nil {
				return err
			}
		}
		return owe(tx, &v, entry, due)
	})
}

func rowOf(v *View) (*row, error) {
	gaps, err := json.Marshal(continuity.OutputOf(v.Verdict.Strict, continuity.Judgement{Gaps: v.Verdict.Gaps}).Gaps)
	if err != nil {
		return nil, fail(err)
	}
	r := &row{
		ID: v.Activity.ID, Verdict: v.Verdict.Headline, Presence: v.Presence, Gaps: string(gaps), Pieces: len(v.Pieces), Strict: v.Verdict.Strict.Digest(), Generous: v.Verdict.Generous.Digest(),
	}
	for _, a := range v.Verdict.All {
		r.Verdicts = strings.TrimSpace(r.Verdicts + " " + string(a))
	}
	for _, d := range v.Verdict.Doubts {
		r.Doubts = strings.TrimSpace(r.Doubts + " " + string(d))
	}
	return r, nil
}

// owe opens a duty for each certain gap that is not explained, and ends those whose gap is explained or gone. A gap is known by the second in
// which it begins. While filming may still arrive nothing is owed, and what is owed as a report or in writing stands under its stop.
func owe(tx *gate.Tx, v *View, entry ident.EntryID, due func(time.Time) time.Time) error {
	open := map[string]continuity.Gap{}
	if v.Activity.Demand == activity.Uninterrupted && v.Presence != Pending && !v.State.Open() {
		for _, g := range v.Verdict.Gaps {
			if g.Certain && !g.Explained && !answering(&v.State, g) {
				open[string(v.Activity.ID)+"/gap-"+strconv.FormatInt(g.Start.Unix(), 10)] = g
			}
		}
	}
	list, err := duty.OpenAbout(tx.Context(), tx.DB(), string(v.Activity.ID))
	if err != nil {
		return err
	}
	for _, d := range list {
		if _, still := open[d.Subject.ID]; still || d.Kind != duty.AnswerGap {
			continue
		}
		if err := duty.Meet(tx, duty.AnswerGap, d.Subject, entry); err != nil {
			return err
		}
	}
	for id, g := range open {
		person := v.Activity.OpenedBy
		if len(v.Activity.Officers) > 0 {
			person = v.Activity.Officers[0].Person
		}
		_, err := duty.Open(tx, duty.New{
			Kind: duty.AnswerGap, Subject: custody.Subject{Kind: "activity", ID: id}, Person: person, Department: v.Activity.Department, Since: tx.Now(), Due: due(tx.Now()),
			Args: map[string]any{"no": v.Activity.No, "at": g.Start.In(clock.Shanghai).Format(time.DateTime), "length": g.Length.Round(10 * time.Millisecond).String()},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// answering reports whether a gap lies in a stop that was reported and whose written explanation is owed already.
func answering(st *activity.State, g continuity.Gap) bool {
	for _, n := range st.Interruptions {
		if !n.ReportedAt.IsZero() && n.WrittenAt.IsZero() && n.Start.Before(g.End) && (n.End.IsZero() || n.End.After(g.Start)) {
			return true
		}
	}
	return false
}

// Row is an activity in the list.
type Row struct {
	activity.Activity
	State activity.State
	Kept  Kept
	Known bool // a verdict was computed
}

// Page is one page of activities, newest first; Next is 0 at the end.
type Page struct {
	Rows  []Row
	Next  int64
	Count int // at most MaxCount+1
}

// List gives a page of the activities in the actor's scope with their verdicts.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, before int64, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.ActivityList, access.Subject{Kind: "activities"}); err != nil {
		return Page{}, err
	}
	scope := access.ScopeOf(actor)
	rows, err := s.rows(ctx, scope, f, before, limit+1)
	if err != nil {
		return Page{}, err
	}
	p := Page{Rows: rows}
	if len(rows) > limit {
		p.Rows, p.Next = rows[:limit], rows[limit-1].No
	}
	p.Count, err = count(ctx, s.c.DB.Reader, scope, f)
	return p, err
}

func (s *Service) rows(ctx context.Context, scope access.Scope, f Filter, before int64, limit int) ([]Row, error) {
	ids, err := listed(ctx, s.c.DB.Reader, scope, f, before, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	list, err := activity.Select(ctx, s.c.DB.Reader, access.Scope{All: true}, activity.Filter{IDs: ids}, 0, limit)
	if err != nil {
		return nil, err
	}
	said, err := activity.Occurrences(ctx, s.c.DB.Reader, ids...)
	if err != nil {
		return nil, err
	}
	verdicts, err := kept(ctx, s.c.DB.Reader, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(list))
	for i := range list {
		out[i] = Row{Activity: list[i], State: activity.Fold(&list[i], said[list[i].ID])}
		if r, ok := verdicts[list[i].ID]; ok {
			out[i].Known = true
			if out[i].Kept, err = r.kept(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Export writes an entry with the filter and yields every activity in scope, newest first.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Row, error], error) {
	scope := access.ScopeOf(actor)
	err := s.c.Gate.Do(ctx, actor, access.ActivityExport, access.Subject{Kind: "ledger", ID: "activities"}, func(tx *gate.Tx) error {
		n, err := count(tx.Context(), tx.DB(), scope, f)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", min(n, MaxCount), "more", n > MaxCount, "from_us", clock.Micros(f.From), "to_us", clock.Micros(f.To),
			"verdict", string(f.Verdict), "presence", string(f.Presence))})
		return err
	})
	if err != nil {
		return nil, err
	}
	return db.Each(500, func(before int64, limit int) ([]Row, error) {
		return s.rows(ctx, scope, f, before, limit)
	}, func(r *Row) int64 { return r.No }), nil
}
