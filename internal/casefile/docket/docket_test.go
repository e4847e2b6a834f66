package docket_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/casefile/docket/dockettest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

type world struct {
	*accounttest.Bureau
	*docket.Service
	dockettest.Crowd
}

func newWorld(t testing.TB, d *db.DB, n int) world {
	t.Helper()
	b := accounttest.New(t, gatetest.New(t, d))
	s, err := docket.New(docket.Config{DB: b.DB, Gate: b.Gate, Clock: b.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return world{b, s, dockettest.Many(t, d, b.Clock.Now(), b.Departments[0].ID, b.People[access.Officer].ID, n)}
}

// all turns every page of a list.
func (w world) all(t testing.TB, actor access.Actor, f docket.Filter, limit int) []docket.Row {
	t.Helper()
	var out []docket.Row
	var after docket.Cursor
	for {
		p, err := w.List(t.Context(), actor, f, after, limit)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		out = append(out, p.Rows...)
		if after = p.Next; after == "" {
			if len(out) != p.Count {
				t.Errorf("%+v: %d rows, counted %d", f, len(out), p.Count)
			}
			return out
		}
	}
}

// TestList holds every question against the same question asked of the whole list row by row: conditions, order, scope.
func TestList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d, 400)
		leader, now := w.Actor(t, access.Leader), w.Clock.Now()
		whole := w.all(t, leader, docket.Filter{}, 200)
		if len(whole) != 400 {
			t.Fatalf("%d cases", len(whole))
		}
		handles := func(r docket.Row, p ident.PersonID) bool { return r.Lead == p || slices.Contains(r.Others, p) }
		scopes := map[access.Role]func(docket.Row) bool{
			access.Leader: func(docket.Row) bool { return true }, access.Supervisor: func(docket.Row) bool { return true },
			access.Head: func(r docket.Row) bool {
				return r.Department == w.Crowd.Departments[0] || handles(r, w.People[access.Head].ID)
			},
			access.Officer: func(r docket.Row) bool { return handles(r, w.People[access.Officer].ID) },
		}
		live := func(r docket.Row) bool { return r.State == matter.Open || r.State == matter.Suspended }
		mid := now.AddDate(-2, 0, 0)
		filters := []struct {
			f    docket.Filter
			keep func(docket.Row) bool
		}{
			{docket.Filter{}, func(docket.Row) bool { return true }},
			{docket.Filter{Ascending: true}, func(docket.Row) bool { return true }},
			{docket.Filter{Act: "permit"}, func(r docket.Row) bool { return r.Act == "permit" }},
			{docket.Filter{State: matter.Suspended}, func(r docket.Row) bool { return r.State == matter.Suspended }},
			{docket.Filter{State: matter.Archived, Act: "penalty"}, func(r docket.Row) bool { return r.State == matter.Archived && r.Act == "penalty" }},
			{docket.Filter{Stage: matter.Initiation, Act: "penalty"}, func(r docket.Row) bool { return r.Stage == matter.Initiation && r.Act == "penalty" }},
			{docket.Filter{Department: w.Crowd.Departments[0]}, func(r docket.Row) bool { return r.Department == w.Crowd.Departments[0] }},
			{docket.Filter{Department: w.Crowd.Departments[1], State: matter.Open}, func(r docket.Row) bool { return r.Department == w.Crowd.Departments[1] && r.State == matter.Open }},
			{docket.Filter{Handler: w.Officers[20]}, func(r docket.Row) bool { return handles(r, w.Officers[20]) }},
			{docket.Filter{Handler: w.Officers[0], Stage: matter.Closing}, func(r docket.Row) bool { return handles(r, w.Officers[0]) && r.Stage == matter.Closing }},
			{docket.Filter{From: mid, To: now.AddDate(-1, 0, 0)}, func(r docket.Row) bool { return !r.OpenedAt.Before(mid) && r.OpenedAt.Before(now.AddDate(-1, 0, 0)) }},
			{docket.Filter{Overdue: true}, func(r docket.Row) bool { return live(r) && !r.NextDue.IsZero() && r.NextDue.Before(now) }},
			{docket.Filter{Order: docket.ByDue}, func(r docket.Row) bool { return !r.NextDue.IsZero() }},
			{docket.Filter{Order: docket.ByDue, Overdue: true, From: mid}, func(r docket.Row) bool {
				return live(r) && !r.NextDue.IsZero() && r.NextDue.Before(now) && !r.OpenedAt.Before(mid)
			}},
			{docket.Filter{Query: "统一收费"}, func(r docket.Row) bool { return strings.Contains(r.Title, "统一收案收费") }}, // pairs of characters, in any order
			{docket.Filter{Query: "执业许可"}, func(r docket.Row) bool { return strings.Contains(r.Title, "执业许可") }},
			{docket.Filter{Query: "收案收费", State: matter.Open}, func(r docket.Row) bool { return strings.Contains(r.Title, "收案收费") && r.State == matter.Open }},
			{docket.Filter{Query: "399"}, func(r docket.Row) bool { return strings.Contains(r.No+r.Title, "399") }},
			{docket.Filter{Query: "……"}, func(docket.Row) bool { return false }},
		}
		for role, sees := range scopes {
			for _, c := range filters {
				got := w.all(t, w.Actor(t, role), c.f, 37)
				want := 0
				for _, r := range whole {
					if sees(r) && c.keep(r) {
						want++
					}
				}
				seen := map[ident.CaseID]bool{}
				for i, r := range got {
					if !sees(r) || !c.keep(r) || seen[r.ID] {
						t.Errorf("%s %+v: %s does not belong there, or stands twice", role, c.f, r.No)
					}
					seen[r.ID] = true
					if i == 0 {
						continue
					}
					switch prev := got[i-1]; {
					case c.f.Order == docket.ByDue && prev.NextDue.After(r.NextDue), c.f.Ascending && prev.OpenedAt.After(r.OpenedAt), c.f.Order == "" && !c.f.Ascending && prev.OpenedAt.Before(r.OpenedAt):
						t.Errorf("%s %+v: %s stands in the wrong place", role, c.f, r.No)
					}
				}
				if len(got) != want {
					t.Errorf("%s %+v: %d, want %d", role, c.f, len(got), want)
				}
			}
		}
		for _, bad := range []docket.Cursor{"x", "s1", "zz.1", "1.", docket.Cursor(strings.Repeat("9", 40) + "." + string(whole[0].ID))} {
			if _, err := w.List(t.Context(), leader, docket.Filter{}, bad, 0); !fault.HasCode(err, "docket.cursor") {
				t.Errorf("%q: %v", bad, err)
			}
		}
		for _, role := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin} { // T13
			if _, err := w.List(t.Context(), w.Actor(t, role), docket.Filter{}, "", 0); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
}

// TestFindParty: a search for a party needs a reason, stays in scope, gives few, and is an entry (decisions §4).
func TestFindParty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d, 1500)
		leader, officer := w.Actor(t, access.Leader), w.Actor(t, access.Officer)
		name := w.Names[7]
		found, more, err := w.FindParty(t.Context(), leader, " "+name+" ", "核对是否重复立案")
		if err != nil || len(found) == 0 || len(found) > docket.MaxFound || !more {
			t.Fatalf("%d found, more %v: %v", len(found), more, err)
		}
		for _, r := range found {
			if !strings.Contains(strings.Join(r.Parties, ""), name) {
				t.Errorf("%s is a case of %v", r.No, r.Parties)
			}
		}
		mine, _, err := w.FindParty(t.Context(), officer, name, "核对是否重复立案")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range mine {
			if r.Lead != officer.Person && !slices.Contains(r.Others, officer.Person) {
				t.Errorf("%s lies outside the officer's scope", r.No)
			}
		}
		for _, c := range []struct{ name, reason, code string }{
			{"王", "核对是否重复立案", "docket.name"},
			{"", "核对是否重复立案", "docket.name"},
			{strings.Repeat("长", 61), "核对是否重复立案", "docket.name"},
			{name, "", "docket.reason"},
			{name, "查查", "docket.reason"},
			{name, strings.Repeat("因", 201), "docket.reason"},
		} {
			if _, _, err := w.FindParty(t.Context(), leader, c.name, c.reason); !fault.HasCode(err, c.code) {
				t.Errorf("%q %q: %v", c.name, c.reason, err)
			}
		}
		if _, _, err := w.FindParty(t.Context(), w.Actor(t, access.Custodian), name, "核对是否重复立案"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a custodian: %v", err)
		}
		list, err := custody.List(t.Context(), w.DB.Reader, custody.Filter{Action: "case.find_party", Outcome: custody.Done, Limit: 50})
		if err != nil || len(list) != 2 || !strings.Contains(string(list[1].Detail), name) || !strings.Contains(string(list[1].Detail), "核对是否重复立案") {
			t.Errorf("%d entries: %v", len(list), err)
		}
		if h := w.History(t, "case", string(found[0].ID)); len(h) == 0 {
			t.Error("the search does not show in the history of what it found")
		}
		if got, err := w.List(t.Context(), leader, docket.Filter{Query: "古丽巴哈尔"}, "", 0); err != nil || len(got.Rows) != 0 && !strings.Contains(got.Rows[0].Title, "古丽巴哈尔") {
			t.Errorf("the open search finds parties: %v", err)
		}
	})
}

// TestExport: the ledger holds what the list holds, after an entry.
func TestExport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d, 1200)
		for _, f := range []docket.Filter{{}, {Act: "penalty"}, {Query: "执业许可"}, {Order: docket.ByDue}} {
			rows, err := w.Export(t.Context(), w.Actor(t, access.Head), f)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, err := range rows {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if want := len(w.all(t, w.Actor(t, access.Head), f, 200)); n != want {
				t.Errorf("%+v: %d rows, the list has %d", f, n, want)
			}
		}
		if _, err := w.Export(t.Context(), w.Actor(t, access.AuditAdmin), docket.Filter{}); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		list, err := custody.List(t.Context(), w.DB.Reader, custody.Filter{Action: "case.list_export", Outcome: custody.Done, Limit: 50})
		if err != nil || len(list) != 4 {
			t.Errorf("%d entries: %v", len(list), err)
		}
	})
}

// TestPut: new words take the place of the old ones.
func TestPut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d, 3)
		leader := w.Actor(t, access.Leader)
		id := w.all(t, leader, docket.Filter{}, 0)[0].ID
		for _, title := range []string{"砚田法律服务所乱收费案", "䶮山镇𬱖姓代理案", "䶮山镇𬱖姓代理案"} {
			if err := docket.Put(t.Context(), w.DB.Writer, docket.Words{Case: id, No: "云司罚〔2026〕14 号", Title: title, Names: []string{"司马𬱖"}}); err != nil {
				t.Fatal(err)
			}
		}
		for query, want := range map[string]int{"砚田": 0, "𬱖姓": 1, "䶮山镇": 1, "云司罚 14": 1, "司马": 0} {
			if got := w.all(t, leader, docket.Filter{Query: query}, 0); len(got) != want {
				t.Errorf("%q finds %d, want %d", query, len(got), want)
			}
		}
		if found, _, err := w.FindParty(t.Context(), leader, "司马𬱖", "核对身份"); err != nil || len(found) != 1 {
			t.Errorf("%d: %v", len(found), err)
		}
	})
}

// BenchmarkList asks the list of ZHILU_BENCH_ROWS cases (the target: 100,000) page after page, in every way the page
// offers. Without the variable it has too few rows to say anything and keeps the benchmark itself right.
func BenchmarkList(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("ZHILU_BENCH_ROWS"))
	if err != nil {
		n = 2000
	}
	for _, engine := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(engine.name, func(b *testing.B) { measure(b, newWorld(b, engine.open(b), n)) })
	}
}

func measure(b *testing.B, w world) {
	b.Helper()
	now := w.Clock.Now()
	var asks []struct {
		role access.Role
		f    docket.Filter
	}
	for _, role := range []access.Role{access.Leader, access.Head, access.Officer} {
		for _, f := range []docket.Filter{
			{},
			{Ascending: true},
			{Order: docket.ByDue},
			{Overdue: true},
			{Overdue: true, Order: docket.ByDue},
			{Act: "permit"},
			{Act: "payment", Stage: matter.Initiation},
			{State: matter.Suspended},
			{State: matter.Archived},
			{State: matter.Suspended, Act: "permit", Order: docket.ByDue},
			{State: matter.Archived, Act: "payment"},
			{Stage: matter.Decision},
			{State: matter.Withdrawn},
			{Department: w.Crowd.Departments[0]},
			{Department: w.Crowd.Departments[0], State: matter.Withdrawn},
			{Handler: w.Officers[20]},
			{Handler: w.Officers[0], State: matter.Open},
			{From: now.AddDate(-2, 0, 0), To: now.AddDate(-1, 0, 0)},
			{From: now.AddDate(-2, 0, 0), To: now.AddDate(-1, 0, 0), State: matter.Withdrawn},
			{From: now.AddDate(-4, 0, 0), To: now.AddDate(-3, 0, 0), Order: docket.ByDue},
			{Query: "执业许可"},
			{Query: "收案收费", State: matter.Suspended},
			{Query: "2024 54321"},
			{Query: "没有这个词"},
			{Query: "法律服务所"},
		} {
			asks = append(asks, struct {
				role access.Role
				f    docket.Filter
			}{role, f})
		}
	}
	var took []time.Duration
	for _, a := range asks {
		actor := w.Actor(b, a.role)
		var after docket.Cursor
		var slow time.Duration
		for range 6 { // pages on, and from the beginning again
			w.Clock.Add(2 * time.Minute) // nothing counted is believed any more
			at := time.Now()
			p, err := w.List(b.Context(), actor, a.f, after, 0)
			if err != nil {
				b.Fatal(err)
			}
			d := time.Since(at)
			took, slow, after = append(took, d), max(slow, d), p.Next
		}
		if slow > 40*time.Millisecond {
			b.Logf("%4d ms %-8s %s", slow.Milliseconds(), a.role, fmt.Sprintf("%+v", a.f)[:60])
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(0, "ns/op")
}
