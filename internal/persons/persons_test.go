package persons_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func person(id string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: id, Roles: roles, Department: d, Departments: []ident.DepartmentID{d},
	}
}

// TestMatters is decision 26: taken in with a clock, answered with reasons by the owning department, fixed afterwards, known to nobody else, and
// found by number, never by name (decision 4).
func TestMatters(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		svc, err := persons.New(persons.Config{DB: w.DB, Gate: w.Gate, Case: func(_ context.Context, _ access.Actor, no string) (ident.CaseID, ident.DepartmentID, error) {
			if no != "示案〔2026〕1号" {
				return "", "", fault.New(fault.Invalid, "persons.case_unknown").At("case_no")
			}
			return "c1", "d2", nil
		}, Calendar: func(context.Context) (term.Calendar, error) { return term.ReadCalendar(catalogue.ShippedCalendar()) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		officer, keeper, other, leader, admin := person("o", "d1", access.Officer), person("k", "d2", access.Custodian), person("k9", "d9", access.Custodian), person("l", "d0", access.Leader), person("x", "d0", access.SystemAdmin)
		in := persons.Received{Kind: persons.LookUp, Name: "阿依努尔·买买提依明", Contact: "139", CaseNo: "示案〔2026〕1号", Words: "谁看过我的录像"}
		for code, change := range map[string]func(*persons.Received){
			"persons.kind":         func(r *persons.Received) { r.Kind = "ethnicity" },
			"persons.words":        func(r *persons.Received) { r.Words = strings.Repeat("长", 2001) },
			"persons.case_unknown": func(r *persons.Received) { r.CaseNo = "别的" },
		} {
			bad := in
			change(&bad)
			if _, err := svc.Receive(ctx, officer, bad); !fault.HasCode(err, code) {
				t.Errorf("%s: %v", code, err)
			}
		}
		if _, err := svc.Receive(ctx, admin, in); !fault.Is(err, fault.Forbidden) { // T13
			t.Fatal(err)
		}
		nameless := in
		nameless.Name = ""
		if _, err := svc.Receive(ctx, officer, nameless); !fault.HasCode(err, "persons.words") {
			t.Fatal(err)
		}
		nameless.Kind, nameless.Contact, nameless.CaseNo = persons.Incident, "", ""
		leak, err := svc.Receive(ctx, officer, nameless)
		if err != nil || leak.Department != "d1" {
			t.Fatalf("%+v %v", leak, err)
		}
		m, err := svc.Receive(ctx, officer, in)
		cal, bad := term.ReadCalendar(catalogue.ShippedCalendar())
		if bad != nil {
			t.Fatal(bad)
		}
		if due, _ := persons.DueAfter(cal, m.ReceivedAt); err != nil || m.Department != "d2" || m.No != leak.No+1 || !m.Due.Equal(due) {
			t.Fatalf("%+v %v", m, err)
		}
		if _, err := svc.Get(ctx, other, m.ID); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("another department read it: %v", err)
		}
		for who, want := range map[*access.Actor]int{&officer: 2, &keeper: 1, &other: 0, &leader: 2} {
			if rows, n, err := svc.List(ctx, *who, persons.Filter{}, 0, 10); err != nil || n != want || len(rows) != want {
				t.Errorf("%s sees %d of %d: %v", who.ID, len(rows), n, err)
			}
		}
		if rows, n, err := svc.List(ctx, leader, persons.Filter{Kind: persons.Incident}, m.No, 10); err != nil || n != 1 || len(rows) != 1 || rows[0].ID != leak.ID {
			t.Errorf("%+v %d %v", rows, n, err)
		}
		open := func() int {
			n, err := w.DB.Reader.NewSelect().Table("duty").Where("kind = 'person_matter' AND state = 'open'").Count(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
		if open() != 2 {
			t.Fatalf("%d duties", open())
		}
		later := in
		w.Clock.Add(48 * time.Hour)
		last, err := svc.Receive(ctx, keeper, later)
		if err != nil {
			t.Fatal(err)
		}
		soonest := persons.Filter{ByDue: true}
		if rows, n, err := svc.List(ctx, leader, soonest, 0, 1); err != nil || n != 3 || len(rows) != 1 || rows[0].ID != leak.ID {
			t.Errorf("the soonest first: %+v %d %v", rows, n, err)
		}
		if rows, _, err := svc.List(ctx, leader, soonest, leak.No, 5); err != nil || len(rows) != 2 || rows[0].ID != m.ID || rows[1].ID != last.ID { // two may be due at one moment
			t.Errorf("and on from it: %+v %v", rows, err)
		}
		if rows, _, err := svc.List(ctx, leader, persons.Filter{}, 0, 5); err != nil || len(rows) != 3 || rows[0].ID != last.ID {
			t.Errorf("the newest first: %+v %v", rows, err)
		}
		if err := svc.Answer(ctx, keeper, last.ID, "已答复", false); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(m.Due.Sub(w.Clock.Now()) + time.Minute)
		if got, err := svc.Get(ctx, keeper, m.ID); err != nil || !got.Overdue(w.Clock.Now()) {
			t.Fatalf("%+v %v", got, err)
		}
		if err := svc.Answer(ctx, officer, m.ID, "我来答复", false); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		if err := svc.Answer(ctx, keeper, m.ID, " ", true); !fault.HasCode(err, "persons.words") { // a refusal needs its reason
			t.Fatal(err)
		}
		if err := svc.Answer(ctx, keeper, m.ID, "查阅情况见回执", false); err != nil {
			t.Fatal(err)
		}
		if err := svc.Answer(ctx, keeper, m.ID, "再答复", false); !fault.HasCode(err, "persons.ended") {
			t.Fatal(err)
		}
		if got, err := svc.Get(ctx, officer, m.ID); err != nil || got.State != persons.Answered || open() != 1 {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := w.DB.Writer.NewRaw("UPDATE person_matter SET answer = 'x' WHERE id = ?", m.ID).Exec(ctx); err == nil {
			t.Fatal("an answer was edited")
		}
		vouchtest.EveryColumn(t, w, bounded, persons.Tables()...) // T9
	})
}

// TestDueAfter: the clock counts working days where the calendar knows them, and never gives longer than it may where it does not.
func TestDueAfter(t *testing.T) {
	t.Parallel()
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, received, due string
		cal                 term.Calendar
		counted             bool
	}{
		{"three weeks without a holiday", "2026-11-06T10:00:00+08:00", "2026-11-27T23:59:00+08:00", cal, true},
		{"late in the evening it is still that day in Beijing", "2026-11-06T23:30:00+08:00", "2026-11-27T23:59:00+08:00", cal, true},
		{"the year's holidays are not known", "2026-12-28T10:00:00+08:00", "2027-01-12T23:59:00+08:00", cal, false},
		{"no calendar", "2026-11-06T10:00:00+08:00", "2026-11-21T23:59:00+08:00", term.Calendar{}, false},
	} {
		at, err := time.Parse(time.RFC3339, c.received)
		if err != nil {
			t.Fatal(err)
		}
		if due, counted := persons.DueAfter(c.cal, at); due.Format(time.RFC3339) != c.due || counted != c.counted {
			t.Errorf("%s: %s counted %t", c.name, due.Format(time.RFC3339), counted)
		}
	}
	at := time.Date(2026, 9, 28, 10, 0, 0, 0, time.UTC) // the holiday of October lies in it: rest days do not count, made-up ones do
	due, counted := persons.DueAfter(cal, at)
	if plain := at.AddDate(0, 0, 21); !counted || !due.After(plain) {
		t.Errorf("over a holiday: %s", due)
	}
}

// bounded is what the database holds a column to.
var bounded = map[string]string{"person_matter.kind": "'incident'", "person_matter.state": "'declined'"}
