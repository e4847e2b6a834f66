package duty_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

const day = 24 * time.Hour

type book struct {
	*gatetest.World
	*duty.Book

	t   *testing.T
	ctx context.Context
}

func newBook(t *testing.T, w *gatetest.World) *book {
	t.Helper()
	b, err := duty.NewBook(duty.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return &book{w, b, t, context.Background()}
}

func (b *book) change(fn func(tx *gate.Tx) error) {
	b.t.Helper()
	if err := b.try(fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) try(fn func(tx *gate.Tx) error) error {
	return b.Gate.Do(b.ctx, access.SystemActor("test"), access.RecordingSeal, access.Subject{Kind: "file", ID: "f"}, func(tx *gate.Tx) error {
		if _, err := tx.Record(gate.Entry{}); err != nil {
			return err
		}
		return fn(tx)
	})
}

func (b *book) open(n duty.New) ident.DutyID {
	b.t.Helper()
	var id ident.DutyID
	b.change(func(tx *gate.Tx) (err error) {
		if n.Kind == "" {
			n.Kind = duty.Store
		}
		if n.Subject.ID == "" {
			n.Subject = about(string(ident.New[ident.RecordingID]()))
		}
		if n.Due.IsZero() {
			n.Due = tx.Now().Add(day)
		}
		id, err = duty.Open(tx, n)
		return err
	})
	return id
}

func (b *book) get(id ident.DutyID) duty.Duty {
	b.t.Helper()
	d, err := b.Get(b.ctx, leader, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func about(id string) custody.Subject { return custody.Subject{Kind: "recording", ID: id} }

func person(p ident.PersonID, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{Kind: access.Person, ID: "acc-" + string(p), Person: p, Roles: roles, Department: d, Departments: []ident.DepartmentID{d}}
}

var (
	leader  = person("boss", "", access.Leader)
	head    = person("head", "d1", access.Head)
	officer = person("p1", "d1", access.Officer)
)

func TestOpenMeet(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		s := about("r1")
		n := duty.New{Kind: duty.Store, Subject: s, Person: "p1", Department: "d1", Device: "dev1", Args: map[string]any{"name": "甲.mp4", "n": 2_000_000}}
		id := b.open(n)
		if again := b.open(n); again != id {
			t.Fatalf("opened twice: %s and %s", id, again)
		}
		d := b.get(id)
		if d.State != duty.StateOpen || d.Person != "p1" || !d.Due.Equal(gatetest.Start.Add(day)) || !d.Since.Equal(gatetest.Start) {
			t.Fatalf("%+v", d)
		}
		if h := w.History(t, "recording", "r1"); len(h) != 1 || h[0].Outcome != custody.Opened || h[0].Article != "19" || h[0].Requirement != "R-19-1" {
			t.Fatalf("R-19-1: the opening must show in the recording's history, under its article: %+v", h)
		}
		if n, err := duty.Unstored(b.ctx, w.DB.Reader, "dev1"); n != 1 || err != nil {
			t.Fatalf("R-19-1: %d unstored files, %v", n, err)
		}
		if owed, err := duty.Owed(b.ctx, w.DB.Reader, s); len(owed) != 1 || err != nil {
			t.Fatal(owed, err)
		}
		w.Clock.Add(time.Hour)
		b.change(func(tx *gate.Tx) error {
			evidence, err := tx.Record(gate.Entry{})
			if err != nil {
				return err
			}
			if err := duty.Meet(tx, duty.ExplainLate, s, evidence); err != nil { // none is open: nothing happens
				return err
			}
			return duty.Meet(tx, duty.Store, s, evidence)
		})
		d = b.get(id)
		if d.State != duty.StateMet || d.Evidence == "" || !d.Closed.Equal(w.Clock.Now()) || d.Standing(w.Clock.Now()) != duty.MetInTime {
			t.Fatalf("%+v", d)
		}
		if again := b.open(n); again != id || b.get(id).State != duty.StateMet {
			t.Fatal("a job that runs again must not open a duty anew that was met")
		}
		b.change(func(tx *gate.Tx) error { return duty.Meet(tx, duty.Store, s, "") })
		if n, _ := duty.Unstored(b.ctx, w.DB.Reader, "dev1"); n != 0 {
			t.Fatal(n)
		}
		if h := w.History(t, "duty", string(id)); len(h) != 2 || h[0].Outcome != custody.Closed {
			t.Fatalf("%+v", h)
		}
	})
}

func TestCancelAndReopen(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		s := about("r1")
		first := b.open(duty.New{Subject: s, Person: "p1"})
		b.change(func(tx *gate.Tx) error { return duty.Cancel(tx, duty.Store, s, "not_ours") })
		second := b.open(duty.New{Subject: s, Person: "p2"})
		if first == second || b.get(first).State != duty.StateCancelled || b.get(first).Reason != "not_ours" {
			t.Fatal("after a cancellation a new duty stands beside the old one")
		}
		err := b.try(func(tx *gate.Tx) error {
			_, err := duty.Open(tx, duty.New{Kind: "dance", Subject: s, Due: tx.Now()})
			return err
		})
		if !fault.HasCode(err, "duty.new") {
			t.Fatal(err)
		}
	})
}

func TestReassignAndReschedule(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		s := about("r1")
		id := b.open(duty.New{Subject: s, Person: "p1", Department: "d1"})
		back := gatetest.Start.Add(5 * time.Hour)
		for range 2 { // R-19-3: the second time nothing changes and nothing is written
			b.change(func(tx *gate.Tx) error {
				if err := duty.Reassign(tx, duty.Store, s, "p2", "d2"); err != nil {
					return err
				}
				return duty.Reschedule(tx, duty.Store, s, back, back.Add(day), "return_time")
			})
		}
		d := b.get(id)
		if d.Person != "p2" || d.Department != "d2" || !d.Due.Equal(back.Add(day)) || !d.Since.Equal(back) {
			t.Fatalf("%+v", d)
		}
		if h := w.History(t, "duty", string(id)); len(h) != 3 {
			t.Fatalf("%d entries", len(h))
		}
		if h := w.History(t, "person", "p1"); len(h) != 2 {
			t.Fatalf("the one who no longer owes it sees that: %d entries", len(h))
		}
	})
}

func TestWaive(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		for _, c := range []struct {
			name   string
			n      duty.New
			actor  access.Actor
			reason string
			code   string
		}{
			{"a head, with a reason", duty.New{Person: "p1", Department: "d1"}, head, "存储卡已毁坏，另有说明", ""},
			{"a leader, anywhere", duty.New{Person: "p9", Department: "d9"}, leader, "设备被洪水冲走", ""},
			{"three characters are none", duty.New{Person: "p1", Department: "d1"}, head, " 已说明 ", "duty.reason"},
			{"an essay is none", duty.New{Person: "p1", Department: "d1"}, head, strings.Repeat("长", 501), "duty.reason"},
			{"another department's head", duty.New{Person: "p1", Department: "d2"}, head, "存储卡已毁坏", "access.ask_head"},
			{"an officer", duty.New{Person: "p2", Department: "d1"}, officer, "存储卡已毁坏", "access.ask_head"},
			{"T7 nobody their own", duty.New{Person: "boss", Department: "d1"}, leader, "存储卡已毁坏", "access.not_own"},
			{
				"T7 nor what their own office owes",
				duty.New{Kind: duty.SettleInbox, Department: "d1"},
				person("both", "d1", access.Head, access.Custodian), "设备已查明", "access.not_own",
			},
			{"a head the custodian's", duty.New{Kind: duty.SettleInbox, Department: "d1"}, head, "设备已查明", ""},
		} {
			id := b.open(c.n)
			err := b.Waive(b.ctx, c.actor, id, c.reason)
			d := b.get(id)
			if c.code != "" {
				if !fault.HasCode(err, c.code) || d.State != duty.StateOpen {
					t.Errorf("%s: %v, state %s", c.name, err, d.State)
				}
				continue
			}
			if err != nil || d.State != duty.StateWaived || d.WaivedBy != c.actor.Person || d.Reason != c.reason {
				t.Errorf("%s: %v %+v", c.name, err, d)
			}
			h := w.History(t, "duty", string(id))
			if len(h) != 2 || h[0].Action != "duty.waive" || h[0].Actor.ID != c.actor.ID || !strings.Contains(string(h[0].Detail), c.reason) {
				t.Errorf("%s: history %+v", c.name, h)
			}
			if err := b.Waive(b.ctx, c.actor, id, c.reason); !fault.HasCode(err, "duty.ended") {
				t.Errorf("%s: waived twice: %v", c.name, err)
			}
		}
		if err := b.Waive(b.ctx, leader, ident.New[ident.DutyID](), "存储卡已毁坏"); !fault.HasCode(err, "duty.unknown") {
			t.Error(err)
		}
	})
}

func TestScope(t *testing.T) { // R-21-1
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		own := b.open(duty.New{Person: "p1", Department: "d1"})
		colleague := b.open(duty.New{Person: "p2", Department: "d1"})
		office := b.open(duty.New{Kind: duty.SettleInbox, Department: "d1"})
		other := b.open(duty.New{Person: "p3", Department: "d2"})
		nobody := b.open(duty.New{})
		all := []ident.DutyID{own, colleague, office, other, nobody}
		for _, c := range []struct {
			name  string
			actor access.Actor
			want  []ident.DutyID
		}{
			{"an officer", officer, all[:1]},
			{"a custodian", person("k", "d1", access.Custodian), all[:3]},
			{"a head who owes something elsewhere", person("p3", "d1", access.Head), all[:4]},
			{"a leader", leader, all},
			{"a supervisor", person("s", "", access.Supervisor), all},
			{"T13 an administrator", person("p1", "d1", access.SystemAdmin), nil},
			{"T13 an auditor", person("p1", "d1", access.AuditAdmin), nil},
		} {
			p, err := b.List(b.ctx, c.actor, duty.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			var got []ident.DutyID
			for _, d := range p.Duties {
				got = append(got, d.ID)
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got)\n%s", c.name, d)
			}
			if n, err := b.Counts(b.ctx, c.actor); err != nil || n.Open != len(want) {
				t.Errorf("%s: counts %+v %v", c.name, n, err)
			}
			for _, id := range all {
				if _, err := b.Get(b.ctx, c.actor, id); (err == nil) != slices.Contains(want, id) {
					t.Errorf("%s: get: %v", c.name, err)
				}
			}
		}
		if _, err := b.List(b.ctx, access.AnyoneActor(), duty.Filter{}); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
	})
}

func TestFiltersAndPages(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		for i := range 7 {
			b.open(duty.New{
				Subject: about(fmt.Sprint("r", i)), Person: ident.PersonID(fmt.Sprint("p", i%2)), Department: "d1",
				Due: gatetest.Start.Add(time.Duration(i/2-1) * day), // pairs with the same due time
			})
		}
		b.open(duty.New{Kind: duty.ExplainMissing, Subject: about("r0"), Device: "dev1", Department: "d2"})
		read := func(f duty.Filter, next func(context.Context, access.Actor, duty.Filter) (duty.Page, error)) (out []string) {
			t.Helper()
			for {
				p, err := next(b.ctx, leader, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range p.Duties {
					out = append(out, d.Subject.ID)
				}
				if f.After = p.Next; p.Next == "" {
					return out
				}
			}
		}
		for _, c := range []struct {
			name string
			f    duty.Filter
			want int
		}{
			{"all, page by page", duty.Filter{Limit: 2}, 8},
			{"overdue", duty.Filter{Overdue: true}, 2},
			{"but one kind", duty.Filter{Except: []duty.Kind{duty.Store, duty.LinkRecording}}, 1},
			{"names nobody", duty.Filter{Unnamed: true}, 1},
			{"due before", duty.Filter{DueBefore: gatetest.Start.Add(time.Minute)}, 4},
			{"due from", duty.Filter{DueFrom: gatetest.Start.Add(time.Minute), Kinds: []duty.Kind{duty.Store}}, 3},
			{"person", duty.Filter{Person: "p1"}, 3},
			{"department", duty.Filter{Department: "d2"}, 1},
			{"device", duty.Filter{Device: "dev1"}, 1},
			{"subject", duty.Filter{Subject: about("r0")}, 2},
			{"kind", duty.Filter{Kinds: []duty.Kind{duty.ExplainMissing, duty.SettleInbox}}, 1},
		} {
			got := read(c.f, b.List)
			if len(got) != c.want {
				t.Errorf("%s: %v, want %d", c.name, got, c.want)
			}
		}
		if got := read(duty.Filter{Limit: 2, Kinds: []duty.Kind{duty.Store}}, b.List); !slices.IsSorted(got) || len(slices.Compact(got)) != 7 {
			t.Errorf("by due time, each once: %v", got)
		}
		for i := range 4 {
			w.Clock.Add(time.Minute)
			b.change(func(tx *gate.Tx) error { return duty.Meet(tx, duty.Store, about(fmt.Sprint("r", i)), "") })
		}
		if d := cmp.Diff([]string{"r3", "r2", "r1", "r0"}, read(duty.Filter{Limit: 3}, b.Done)); d != "" {
			t.Errorf("done, latest first\n%s", d)
		}
		if got := read(duty.Filter{States: []duty.State{duty.StateWaived}}, b.Done); len(got) != 0 {
			t.Error(got)
		}
		for _, bad := range []string{"x", "1_", "_x", "1_zzz", strings.Repeat("9", 30) + "_" + string(ident.New[ident.DutyID]())} {
			if _, err := b.List(b.ctx, leader, duty.Filter{After: bad}); !fault.HasCode(err, "duty.page") {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

// TestSoon: what the database calls soon is what a duty says of itself, to the second (预警).
func TestSoon(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		for i, used := range []time.Duration{0, 74, 75, 76, 99, 100, 101, 140} { // percent of terms of different lengths
			term := time.Duration(i*i+1) * 37 * time.Hour
			since := gatetest.Start.Add(-term * used / 100)
			b.open(duty.New{Subject: about(fmt.Sprint("r", int(used))), Person: "p1", Department: "d1", Since: since, Due: since.Add(term)})
		}
		p, err := b.List(b.ctx, leader, duty.Filter{Soon: true})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, d := range p.Duties {
			got[d.Subject.ID] = true
			if d.Standing(w.Clock.Now()) != duty.DueSoon {
				t.Errorf("%s stands as %s", d.Subject.ID, d.Standing(w.Clock.Now()))
			}
		}
		if len(got) != 4 || !got["r75"] || !got["r76"] || !got["r99"] || !got["r100"] {
			t.Errorf("soon: %v", got)
		}
		for _, c := range []struct {
			f    duty.Filter
			want int
		}{{duty.Filter{}, 8}, {duty.Filter{Soon: true}, 4}, {duty.Filter{Overdue: true}, 2}, {duty.Filter{States: []duty.State{duty.StateMet}}, 0}} {
			if n, err := b.Count(b.ctx, leader, c.f); err != nil || n != c.want {
				t.Errorf("%+v: %d, want %d (%v)", c.f, n, c.want, err)
			}
		}
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) { // Tuesday 2026-11-24, 09:00 in Shanghai
		b := newBook(t, w)
		for i, due := range []time.Duration{-time.Hour, 0, 14*time.Hour + 59*time.Minute, 15 * time.Hour, 5*day + 14*time.Hour, 5*day + 15*time.Hour, 30 * day} {
			b.open(duty.New{Subject: about(fmt.Sprint("r", i)), Due: gatetest.Start.Add(due)})
		}
		groups, err := b.Groups(b.ctx, leader, duty.Filter{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := map[duty.Bucket]int{}
		for _, g := range groups {
			got[g.Bucket] = g.Count
			p, err := b.List(b.ctx, leader, g.Filter)
			if err != nil || len(p.Duties) != g.Count || len(g.Duties) > 1 {
				t.Errorf("%s: %d shown, %d listed, %d counted: %v", g.Bucket, len(g.Duties), len(p.Duties), g.Count, err)
			}
		}
		want := map[duty.Bucket]int{duty.BucketOverdue: 1, duty.BucketToday: 2, duty.BucketWeek: 2, duty.BucketLater: 2}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if n, err := b.Counts(b.ctx, leader); err != nil || n != (duty.Counts{Open: 7, Overdue: 1}) {
			t.Errorf("%+v %v", n, err)
		}
	})
}

// TestRaces: jobs of two docks open and meet the same duty at once; there is one, and it ends once.
func TestRaces(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		s := about("r1")
		ids := make([]ident.DutyID, 8)
		all := func(fn func(i int, tx *gate.Tx) error) {
			t.Helper()
			var wg sync.WaitGroup
			for i := range ids {
				wg.Go(func() {
					if err := b.try(func(tx *gate.Tx) error { return fn(i, tx) }); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		all(func(i int, tx *gate.Tx) (err error) {
			ids[i], err = duty.Open(tx, duty.New{Kind: duty.Store, Subject: s, Due: tx.Now()})
			return err
		})
		if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1 {
			t.Fatal(ids)
		}
		all(func(_ int, tx *gate.Tx) error { return duty.Meet(tx, duty.Store, s, "") })
		if h := w.History(t, "duty", string(ids[0])); len(h) != 2 {
			t.Fatalf("%d entries, want one opening and one end", len(h))
		}
	})
}

// TestDatabaseHoldsTheForm: what no method does, SQL cannot do either.
func TestDatabaseHoldsTheForm(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBook(t, w)
		id := b.open(duty.New{})
		for _, set := range []string{"state = 'waived', closed_at = 5", "state = 'met'", "closed_at = 7", "state = 'late'", "subject_id = ''"} {
			if _, err := w.DB.Writer.ExecContext(b.ctx, "UPDATE duty SET "+set+" WHERE id = '"+string(id)+"'"); err == nil {
				t.Errorf("the database took %q", set)
			}
		}
	})
}

// TestNoRanking is decision 4: no list can be ordered, grouped or counted by person.
func TestNoRanking(t *testing.T) {
	t.Parallel()
	for f := range reflect.TypeFor[duty.Filter]().Fields() {
		if n := strings.ToLower(f.Name); strings.Contains(n, "sort") || strings.Contains(n, "order") || strings.Contains(n, "group") {
			t.Errorf("Filter.%s lets a list be ordered", f.Name)
		}
	}
	if c := reflect.TypeFor[duty.Counts](); c.NumField() != 2 {
		t.Error("Counts holds more than open and overdue")
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, r := range duty.Rules() {
		got, ok := r.Kind.Rule()
		if !ok || !reflect.DeepEqual(got, r) || !strings.HasPrefix(r.Requirement, "R-"+strings.Repeat("0", max(0, 2-len(r.Article)))+r.Article) || r.Owes.Class() != access.ClassEvidence || len(r.Args) == 0 {
			t.Errorf("%+v", r)
		}
		d := duty.Duty{Kind: r.Kind, Args: json.RawMessage(`{"name":"","numbers":1234567}`)}
		if n := len(d.TitleArgs()); n != len(r.Args) {
			t.Errorf("%s: %d arguments", r.Kind, n)
		}
	}
	if _, ok := duty.Kind("dance").Rule(); ok {
		t.Error("an unknown kind has a rule")
	}
}
