package coverage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/media/timeline"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

type rules struct{ cal term.Calendar }

func (r rules) EditionOn(context.Context, time.Time) (regulation.Edition, error) {
	return regulation.Edition{Calendar: r.cal, Catalogue: catalogue.Catalogue{Matters: []catalogue.Matter{{ID: "AV-11", Requirement: "uninterrupted"}}}}, nil
}

func (rules) Current(context.Context) (regulation.Version, error) {
	return regulation.Version{}, fault.New(fault.NotFound, "setting.none")
}

type field struct {
	t        testing.TB
	w        *gatetest.World
	ctx      context.Context
	svc      *coverage.Service
	act      *activity.Service
	officer  access.Actor
	camera   ident.DeviceID
	files    int
	activity *activity.Activity
	silent   []derive.Silence
	deaf     error
}

func (f *field) Silences(context.Context, ident.FileID) ([]derive.Silence, error) {
	return f.silent, f.deaf
}

// listen does what the jobs of the last verdict would.
func (f *field) listen() {
	f.t.Helper()
	v, err := f.svc.Look(f.ctx, f.activity.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, p := range v.Pieces {
		if err := f.svc.Hear(f.ctx, coverage.HearArgs{File: p.File, Activity: f.activity.ID}); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := f.svc.Compute(f.ctx, f.activity.ID); err != nil {
		f.t.Fatal(err)
	}
}

// newField is one uninterrupted activity from 09:00 to 10:00, with one camera whose clock was found to be right to within a fifth of a second.
func newField(t testing.TB, w *gatetest.World) *field {
	t.Helper()
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	f := &field{t: t, w: w, ctx: t.Context(), officer: person("officer", access.Officer), camera: ident.New[ident.DeviceID]()}
	if f.svc, err = coverage.New(coverage.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock, Rules: rules{cal}, Ear: f}); err != nil {
		t.Fatal(err)
	}
	if f.act, err = activity.New(activity.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, Rules: rules{cal},
		Case: func(context.Context, access.Actor, ident.CaseID) (string, ident.DepartmentID, error) {
			return "示案1号", "d1", nil
		},
		Person:   func(_ context.Context, id ident.PersonID) (string, error) { return string(id), nil },
		Device:   func(_ context.Context, id ident.DeviceID) (string, error) { return "1号机", nil },
		Notified: func(context.Context, ident.DepartmentID, ident.PersonID) (bool, error) { return true, nil },
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DB.Writer.ExecContext(f.ctx, fmt.Sprintf("INSERT INTO device (id, label, label_key, kind, department_id, state, state_at, created_at, updated_at, version) VALUES ('%s', '1号机', '1', 'body_camera', 'd1', 'in_use', 0, 0, 0, 1)", f.camera)); err != nil {
		t.Fatal(err)
	}
	err = w.Gate.Do(f.ctx, access.SystemActor("test"), access.RecordingProbe, access.Subject{Kind: "device", ID: string(f.camera)}, func(tx *gate.Tx) error {
		if err := device.RecordClock(tx, f.camera, nine, sec(-0.1), sec(0.1), device.FromDock); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f.activity, err = f.act.Open(f.ctx, f.officer, activity.Opening{
		ID: ident.New[ident.ActivityID](), Kind: activity.Scene, Case: "case", Matters: []string{"AV-11"}, Place: "城关镇", Cameras: []activity.Member{{Device: f.camera, Person: "officer"}}, At: nine,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.tell(f.officer, activity.Arrived, at(0), "", activity.Said{})
	f.tell(f.officer, activity.Departed, at(3600), "", activity.Said{})
	return f
}

func person(id string, roles ...access.Role) access.Actor {
	return access.Actor{Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: id, Roles: roles, Department: "d1", Departments: []ident.DepartmentID{"d1"}}
}

func (f *field) tell(actor access.Actor, what activity.What, when time.Time, about ident.OccurrenceID, said activity.Said) *activity.Occurrence {
	f.t.Helper()
	o, err := f.act.Tell(f.ctx, actor, activity.Occurrence{ID: ident.New[ident.OccurrenceID](), Activity: f.activity.ID, What: what, At: when, About: about, Said: said})
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// film puts a file of the camera into the store, as the follow-up of a docked one leaves it.
func (f *field) film(from, length float64, lines ...timeline.Line) ident.RecordingID {
	f.t.Helper()
	f.files++
	if lines == nil {
		lines = []timeline.Line{{Handler: "vide", End: sec(length)}, {Handler: "soun", End: sec(length)}}
	}
	facts, err := json.Marshal(media.Facts{Timeline: &timeline.Timeline{Lines: lines}})
	if err != nil {
		f.t.Fatal(err)
	}
	start := clock.Micros(at(from))
	r := &record.Recording{
		ID: ident.New[ident.RecordingID](), Kind: record.Video, State: record.Stored, Name: fmt.Sprintf("VID_%d.MP4", f.files), Files: 1, StoredAt: clock.Micros(f.w.Clock.Now()), FactsAt: clock.Micros(f.w.Clock.Now()),
		StartAt: start, StartFrom: start, StartTo: start, Duration: sec(length).Microseconds(), SortAt: start, Device: f.camera, Department: "d1", Verdict: "in_time",
	}
	if err := record.Insert(f.ctx, f.w.DB.Writer, r); err != nil {
		f.t.Fatal(err)
	}
	file := &record.File{
		ID: ident.New[ident.FileID](), Recording: r.ID, N: 1, Upload: ident.New[ident.UploadID](), SHA256: fmt.Sprint("sha", f.files), Name: r.Name, State: record.Stored, StoredAt: r.StoredAt, Facts: string(facts), Number: -1,
	}
	if err := record.Insert(f.ctx, f.w.DB.Writer, file); err != nil {
		f.t.Fatal(err)
	}
	return r.ID
}

func (f *field) compute() coverage.Row {
	f.t.Helper()
	if err := f.svc.Sweep(f.ctx); err != nil {
		f.t.Fatal(err)
	}
	p, err := f.svc.List(f.ctx, f.officer, coverage.Filter{}, 0, 10)
	if err != nil || len(p.Rows) != 1 || p.Count != 1 || !p.Rows[0].Known {
		f.t.Fatalf("%+v %v", p, err)
	}
	return p.Rows[0]
}

func (f *field) gaps() []duty.Duty {
	f.t.Helper()
	list, err := duty.OpenAbout(f.ctx, f.w.DB.Reader, string(f.activity.ID))
	if err != nil {
		f.t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(d duty.Duty) bool { return d.Kind != duty.AnswerGap })
}

// TestCompute is R-13-2a, R-16-1, R-17-1 and R-25-1 on rows as docking leaves them: the verdict with its inputs, a duty for each gap that lasts
// until it is explained or filled, and footage that comes later.
func TestCompute(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		f := newField(t, w)
		w.Clock.Set(at(3700))
		if r := f.compute(); r.Kept.Presence != coverage.Pending || len(f.gaps()) != 0 {
			t.Fatalf("%+v", r.Kept)
		}
		w.Clock.Set(at(3600 + 25*3600))
		if r := f.compute(); r.Kept.Presence != coverage.NotDocked || r.Kept.Pieces != 0 {
			t.Fatalf("%+v", r.Kept)
		}
		absent, err := f.svc.List(f.ctx, f.officer, coverage.Filter{Absent: true}, 0, 10)
		if err != nil || len(absent.Rows) != 1 {
			t.Fatal(absent, err)
		}
		f.film(-10, 1210) // to 09:20
		second := f.film(1500, 2200)
		r := f.compute()
		if r.Kept.Presence != coverage.There || r.Kept.Verdict != continuity.Unexplained || len(r.Kept.Gaps) != 1 || r.Kept.Gaps[0].LengthS != 300 {
			t.Fatalf("%+v", r.Kept)
		}
		if v, err := coverage.VerdictOf(f.ctx, w.DB.Reader, second); err != nil || v != continuity.Unexplained {
			t.Fatal(v, err)
		}
		if v, err := coverage.VerdictOf(f.ctx, w.DB.Reader, f.film(9*3600, 60)); err != nil || v != "" { // filmed after they left
			t.Fatal(v, err)
		}
		owed := f.gaps()
		if len(owed) != 1 || owed[0].Person != "officer" {
			t.Fatalf("%+v", owed)
		}
		if err := f.svc.Compute(f.ctx, f.activity.ID); err != nil {
			t.Fatal(err)
		}
		n := len(w.History(t, "activity", string(f.activity.ID)))
		stop := f.tell(f.officer, activity.Stopped, at(1200), "", activity.Said{Cause: activity.Battery, Until: func() *time.Time { u := at(1500); return &u }()})
		f.tell(f.officer, activity.Spoken, at(1502), stop.ID, activity.Said{Recording: second, Position: 2000})
		if err := f.svc.Compute(f.ctx, f.activity.ID); err != nil { // as the job of each telling does
			t.Fatal(err)
		}
		if r = f.compute(); len(f.gaps()) != 0 || r.Kept.All[len(r.Kept.All)-1] == continuity.Unexplained || slices.Contains(r.Kept.All, continuity.Unexplained) {
			t.Fatalf("%+v", r.Kept)
		}
		if got := len(w.History(t, "activity", string(f.activity.ID))); got != n+3 { // two tellings and one other verdict
			t.Fatalf("%d entries, had %d", got, n)
		}
		vouchtest.EveryColumn(t, w, map[string]string{"coverage.verdict": "'continuous'"}, coverage.Tables()[:1]...) // T9
		rows, err := f.svc.Export(f.ctx, f.officer, coverage.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range rows {
			if err != nil || row.No != 1 {
				t.Fatal(row, err)
			}
		}
		if _, err := f.svc.List(f.ctx, access.Actor{Kind: access.Person, Person: "x", Roles: []access.Role{access.AuditAdmin}}, coverage.Filter{}, 0, 10); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err) // T13
		}
		other := person("elsewhere", access.Officer)
		if p, err := f.svc.List(f.ctx, other, coverage.Filter{}, 0, 10); err != nil || len(p.Rows) != 0 || p.Count != 0 {
			t.Fatal(p, err)
		}
	})
}

// TestTracks: what a file lacks inside counts, in its picture and in its sound, and a file whose tables cannot be trusted covers nothing for certain.
func TestTracks(t *testing.T) {
	t.Parallel()
	w := 3620.0
	whole := timeline.Line{Handler: "vide", End: sec(w)}
	for name, c := range map[string]struct {
		lines []timeline.Line
		want  continuity.Verdict
	}{
		"a hole in the picture":      {[]timeline.Line{{Handler: "vide", End: sec(w), Gaps: []timeline.Gap{{At: sec(100), Length: sec(0.04)}}, GapCount: 1}, {Handler: "soun", End: sec(w)}}, continuity.Unexplained},
		"more holes than are listed": {[]timeline.Line{{Handler: "vide", End: sec(w), GapCount: 9}, {Handler: "soun", End: sec(w)}}, continuity.CannotJudge},
		"no sound":                   {[]timeline.Line{whole}, continuity.CannotJudge},
		"sound that begins later":    {[]timeline.Line{whole, {Handler: "soun", Start: sec(60), End: sec(w)}}, continuity.CannotJudge},
		"picture that begins later":  {[]timeline.Line{{Handler: "vide", Start: sec(40), End: sec(w)}, {Handler: "soun", End: sec(w)}}, continuity.LateStart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gatetest.Each(t, func(t *testing.T, wd *gatetest.World) {
				f := newField(t, wd)
				wd.Clock.Set(at(3700))
				f.film(-10, w, c.lines...)
				if r := f.compute(); r.Kept.Verdict != c.want {
					t.Errorf("%+v", r.Kept)
				}
			})
		})
	}
}

// TestSound: a verdict is good only once the sound was listened to and is there throughout (R-13-2a, R-17-1).
func TestSound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		silent []derive.Silence
		deaf   error
		want   continuity.Verdict
	}{
		"heard throughout":       {nil, nil, continuity.Continuous},
		"a microphone that died": {[]derive.Silence{{From: sec(1000), To: sec(3620)}}, nil, continuity.CannotJudge},
		"silent before arrival":  {[]derive.Silence{{From: 0, To: sec(1)}}, nil, continuity.Continuous},
		"cannot be listened to":  {nil, fault.New(fault.Invalid, "derivative.unreadable"), continuity.CannotJudge},
		"frozen":                 {nil, fault.New(fault.Conflict, "marking.frozen"), continuity.CannotJudge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
				f := newField(t, w)
				f.silent, f.deaf = c.silent, c.deaf
				w.Clock.Set(at(3700))
				f.film(-10, 3620)
				if r := f.compute(); r.Kept.Verdict != continuity.CannotJudge {
					t.Fatalf("%+v", r.Kept)
				}
				f.listen()
				if r := f.compute(); r.Kept.Verdict != c.want {
					t.Fatalf("%+v", r.Kept)
				}
				if c.deaf == nil {
					vouchtest.EveryColumn(t, w, map[string]string{"coverage.verdict": "'explained'"}, coverage.Tables()...)
				}
			})
		})
	}
}

// BenchmarkDay is a bureau's day computed anew from its rows, as after a restore: 500 activities on SQLite, each with a camera of 20 files of
// three minutes and gaps between them, so that every verdict and its entry are written.
func BenchmarkDay(b *testing.B) {
	w := gatetest.New(b, dbtest.SQLite(b))
	f := newField(b, w)
	w.Clock.Set(at(3700))
	for i := range 20 {
		f.film(float64(i)*180-10, 175)
	}
	ids := []ident.ActivityID{f.activity.ID}
	for range 499 {
		a, err := f.act.Open(f.ctx, f.officer, activity.Opening{
			ID: ident.New[ident.ActivityID](), Kind: activity.Scene, Case: "case", Matters: []string{"AV-11"}, Place: "城关镇", Cameras: []activity.Member{{Device: f.camera, Person: "officer"}}, At: nine,
		})
		if err != nil {
			b.Fatal(err)
		}
		f.activity = a
		f.tell(f.officer, activity.Arrived, at(0), "", activity.Said{})
		f.tell(f.officer, activity.Departed, at(3600), "", activity.Said{})
		ids = append(ids, a.ID)
	}
	for b.Loop() {
		w.Clock.Add(time.Second)
		f.film(3590, 1) // something new of each
		for _, id := range ids {
			if err := f.svc.Compute(f.ctx, id); err != nil {
				b.Fatal(err)
			}
		}
	}
}
