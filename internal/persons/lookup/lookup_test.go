package lookup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/persons/lookup"
)

func person(id string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: "某 " + id, Roles: roles, Department: d, Departments: []ident.DepartmentID{d}}
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// TestReceipt is what somebody who was filmed may learn (decision 26): offices and not names, with what a leader has told later only
// counted, issued by the custodian of the answering department alone; what it says stands in its entry.
func TestReceipt(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		cause := ident.New[ident.CaseID]()
		matters, err := persons.New(persons.Config{DB: w.DB, Gate: w.Gate, Case: func(context.Context, access.Actor, string) (ident.CaseID, ident.DepartmentID, error) {
			return cause, "d1", nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		lines := []lookup.Line{
			{Ref: "request:2", Day: "2026-11-22", Office: "法制科", Kind: lookup.Looked, Purpose: "法制审核", Times: 3},
			{Ref: "request:1", Day: "2026-11-20", Office: "执法一科", Kind: lookup.Looked, Purpose: "核对笔录", Times: 1},
			{Ref: "given:1", Day: "2026-11-23", Office: "县人民法院", Kind: lookup.Received, Purpose: "答复诉讼", Times: 1},
		}
		svc, err := lookup.New(lookup.Config{
			DB: w.DB, Gate: w.Gate, Clock: w.Clock, Matters: matters,
			Done: func(context.Context, ident.CaseID) ([]lookup.Line, error) {
				return append([]lookup.Line(nil), lines...), nil
			},
			CaseNo: func(context.Context, ident.CaseID) (string, error) { return "云司罚〔2026〕7号", nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		keeper, head, leader, admin := person("k", "d1", access.Custodian), person("h", "d1", access.Head), person("l", "d0", access.Leader), person("x", "d1", access.SystemAdmin)
		other := person("k2", "d2", access.Custodian)
		officer := person("o", "d1", access.Officer)
		take := func(k persons.Kind, no string) *persons.Matter {
			t.Helper()
			m, err := matters.Receive(ctx, officer, persons.Received{Kind: k, Name: "买买提", Contact: "139", CaseNo: no, Words: "谁看过我的录像"})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		_, err = svc.Issue(ctx, keeper, take(persons.Complaint, "7").ID)
		want(t, err, "lookup.kind")
		_, err = svc.Issue(ctx, keeper, take(persons.LookUp, "").ID)
		want(t, err, "lookup.no_case")
		m := take(persons.LookUp, "7")
		for _, a := range []access.Actor{head, leader, admin, other, officer} {
			if _, err := svc.Issue(ctx, a, m.ID); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s issued one: %v", a.Name, err)
			}
		}
		for _, a := range []access.Actor{admin, other, officer} {
			if _, err := svc.Prepare(ctx, a, m.ID); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s sees what it would say: %v", a.Name, err)
			}
		}
		until := w.Clock.Now().Add(30 * 24 * time.Hour)
		for _, a := range []access.Actor{head, keeper, admin} {
			if err := svc.Delay(ctx, a, m.ID, "request:2", "侦查需要", until); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s had a line told later: %v", a.Name, err)
			}
		}
		want(t, svc.Delay(ctx, leader, m.ID, "request:2", " ", until), "lookup.words")
		want(t, svc.Delay(ctx, leader, m.ID, "request:2", "侦查需要", w.Clock.Now()), "lookup.until")
		want(t, svc.Delay(ctx, leader, m.ID, "request:2", "侦查需要", w.Clock.Now().Add(lookup.MaxDelay+time.Hour)), "lookup.until")
		want(t, svc.Delay(ctx, leader, m.ID, "request:9", "侦查需要", until), "lookup.line")
		if err := svc.Delay(ctx, leader, m.ID, "request:2", "侦查需要", until); err != nil {
			t.Fatal(err)
		}
		want(t, svc.Delay(ctx, leader, m.ID, "request:2", "侦查需要", until), "lookup.delayed")
		r, err := svc.Issue(ctx, keeper, m.ID)
		if err != nil || len(r.Lines) != 2 || r.Lines[0].Office != "执法一科" || len(r.Told) != 1 || r.Told[0].Lines != 1 || r.Told[0].Ground != "侦查需要" {
			t.Fatalf("%+v %v", r, err)
		}
		entry, err := custody.Get(ctx, w.DB.Reader, r.Entry)
		if err != nil {
			t.Fatal(err)
		}
		said := string(entry.Detail)
		if !strings.Contains(said, "县人民法院") || !strings.Contains(said, "侦查需要") || strings.Contains(said, "法制科") {
			t.Errorf("the entry says %s", said)
		}
		w.Clock.Add(31 * 24 * time.Hour)
		again, err := svc.Issue(ctx, keeper, m.ID)
		if err != nil || len(again.Lines) != 3 || len(again.Told) != 0 || again.No != r.No+1 {
			t.Fatalf("%+v %v", again, err)
		}
		if err := matters.Answer(ctx, keeper, m.ID, "已经出具查询回执", false); err != nil {
			t.Fatal(err)
		}
		_, err = svc.Issue(ctx, keeper, m.ID)
		want(t, err, "lookup.ended")
		if list, err := svc.Of(ctx, officer, m.ID); err != nil || len(list) != 2 || list[0].No != again.No || len(list[1].Lines) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		if _, err := svc.Get(ctx, other, r.ID); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("another department's: %v", err)
		}
		for _, edit := range []string{"UPDATE lookup_receipt SET lines = '[]'", "DELETE FROM lookup_receipt", "UPDATE lookup_delay SET ground = 'x'", "DELETE FROM lookup_delay"} {
			if _, err := w.DB.Writer.ExecContext(ctx, edit); err == nil {
				t.Errorf("%s was let through", edit)
			}
		}
		vouchtest.EveryColumn(t, w, nil, lookup.Tables()...) // T9
	})
}
