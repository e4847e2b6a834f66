package viewing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/moment"
)

// room is a department with a head, a custodian, two officers, and a recording of the first.
type room struct {
	*gatetest.World
	t   *testing.T
	ctx context.Context
	svc *viewing.Service

	head, keeper, officer, second, leader, admin access.Actor
	rec                                          ident.RecordingID
	objects                                      map[ident.RecordingID]viewing.Object
	wanted                                       int
	fail                                         error
	held                                         bool
	handler                                      ident.PersonID // of the case cause, to which every recording belongs
	cause                                        ident.CaseID
}

func (r *room) Object(_ context.Context, id ident.RecordingID) (viewing.Object, error) {
	o, ok := r.objects[id]
	if !ok {
		return o, fault.New(fault.NotFound, "recording.unknown")
	}
	return o, nil
}

func (r *room) HeadOf(_ context.Context, d ident.DepartmentID) (ident.PersonID, error) {
	if d == "d1" {
		return r.head.Person, nil
	}
	return "", fault.New(fault.NotFound, "account.no_head")
}

func (r *room) Leaders(context.Context) ([]ident.PersonID, error) {
	return []ident.PersonID{r.leader.Person}, nil
}

func (r *room) Want(*gate.Tx, ident.RecordingID) error { r.wanted++; return r.fail }

func person(id string, name string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: name, Roles: roles, Department: d, Departments: []ident.DepartmentID{d},
	}
}

func newRoom(t *testing.T, w *gatetest.World) *room {
	t.Helper()
	r := &room{World: w, t: t, ctx: context.Background(), objects: map[ident.RecordingID]viewing.Object{}}
	r.head, r.keeper = person("h", "王科长", "d1", access.Head), person("k", "李保管", "d1", access.Custodian)
	r.officer, r.second = person("o", "阿依古丽·买买提", "d1", access.Officer), person("p", "赵法制", "d9", access.LegalReviewer)
	r.leader, r.admin = person("l", "陈局长", "d0", access.Leader), person("x", "三员甲", "d0", access.SystemAdmin)
	r.rec = r.add("d1", "o")
	var err error
	r.svc, err = viewing.New(viewing.Config{
		DB: w.DB, Gate: w.Gate, Recordings: r, Offices: r, Copies: r, Clock: w.Clock, Log: w.Log,
		DepartmentName: func(_ context.Context, d ident.DepartmentID) string { return "科室 " + string(d) },
		Held:           func(context.Context, ident.RecordingID) (bool, error) { return r.held, nil },
		Handled: func(_ context.Context, p ident.PersonID, recs []ident.RecordingID) (map[ident.RecordingID]ident.CaseID, error) {
			out := map[ident.RecordingID]ident.CaseID{}
			if p != "" && p == r.handler {
				for _, rec := range recs {
					out[rec] = r.cause
				}
			}
			return out, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// add puts a recording of ten minutes into the database, stored now.
func (r *room) add(d ident.DepartmentID, officer ident.PersonID) ident.RecordingID {
	r.t.Helper()
	id := ident.New[ident.RecordingID]()
	at := r.Clock.Now()
	if _, err := r.DB.Writer.NewRaw(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict)
		VALUES (?, 'video', 'verified', 'a.mp4', 1, 1, '', ?, ?, 'in_time')`, id, clock.Micros(at), clock.Micros(at)).Exec(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	r.objects[id] = viewing.Object{ID: id, Department: d, Officer: officer, Maker: officer, StoredAt: at, Duration: 10 * time.Minute}
	return id
}

func (r *room) ask(actor access.Actor, items ...viewing.Item) *viewing.Request {
	r.t.Helper()
	if len(items) == 0 {
		items = []viewing.Item{{Recording: r.rec}}
	}
	q, err := r.svc.Ask(r.ctx, actor, viewing.Ask{Items: items, Purpose: viewing.PurposeReview, Words: "核对笔录第 3 页", Until: r.Clock.Now().Add(48 * time.Hour)})
	if err != nil {
		r.t.Fatal(err)
	}
	return q
}

func (r *room) consent(q *viewing.Request) {
	r.t.Helper()
	if err := r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true}); err != nil {
		r.t.Fatal(err)
	}
}

func seat(a access.Actor) viewing.Seat {
	return viewing.Seat{Account: ident.AccountID(a.ID), Session: "s-" + a.ID, IP: "127.0.0.1"}
}

func (r *room) open(actor access.Actor) *viewing.Look {
	r.t.Helper()
	l, err := r.svc.Open(r.ctx, actor, seat(actor), r.rec, viewing.Play)
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// TestConsent walks R-23-1 to R-23-3: request, consent, look, register.
func TestConsent(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		_, err := r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		q := r.ask(r.second)
		if q.No != 1 || q.Level != access.Head || q.Approver != "h" {
			t.Fatalf("request %+v", q)
		}
		if owed, err := duty.Owed(r.ctx, w.DB.Reader, custody.Subject{Kind: "viewing", ID: string(q.ID)}); err != nil || len(owed) != 1 || owed[0].Person != "h" {
			t.Fatalf("the head owes a decision: %v %v", owed, err)
		}
		_, err = r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		for _, a := range []access.Actor{r.second, r.keeper, r.leader, r.admin, r.officer} {
			if err := r.svc.Decide(r.ctx, a, q.ID, viewing.Decision{Consent: true}); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s decided: %v", a.Name, err)
			}
		}
		want(t, r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true, Until: q.AskedUntil.Add(time.Second)}), "viewing.until_longer")
		r.consent(q)
		want(t, r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Words: "不必"}), "viewing.decided")
		if r.wanted != 1 {
			t.Fatalf("%d copies wanted", r.wanted)
		}
		l := r.open(r.second)
		if again := r.open(r.second); again.ID != l.ID {
			t.Fatal("the same session has two looks")
		}
		for i := range 3 {
			from := time.Duration(i) * 4 * time.Second
			if _, err := r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, from, from+4*time.Second); err != nil {
				t.Fatal(err)
			}
			if err := r.svc.Sent(r.ctx, l.ID, from, from+4*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.svc.Played(r.ctx, l.ID, []viewing.Span{{0, 7000}, {5000, 500000}}); err != nil { // more than was sent
			t.Fatal(err)
		}
		if err := r.svc.Close(r.ctx, r.second, seat(r.second), l.ID); err != nil {
			t.Fatal(err)
		}
		page, err := r.svc.Ledger(r.ctx, r.keeper, viewing.RegisterFilter{}, "", 0)
		if err != nil || len(page.Rows) != 1 || page.Count != 1 {
			t.Fatalf("register %+v %v", page, err)
		}
		row := page.Rows[0]
		if row.No != 1 || row.ViewerName != "赵法制" || row.WatchedFor != 12*time.Second || row.WhyClosed != viewing.ClosedByViewer {
			t.Fatalf("row %+v", row)
		}
		if !fault.Is(r.svc.Confirm(r.ctx, r.head, l.ID, ""), fault.Forbidden) {
			t.Fatal("the head confirmed")
		}
		if err := r.svc.Confirm(r.ctx, r.keeper, l.ID, "属实"); err != nil {
			t.Fatal(err)
		}
		want(t, r.svc.Confirm(r.ctx, r.keeper, l.ID, ""), "viewing.confirmed")
		if owed, err := duty.Owed(r.ctx, w.DB.Reader, custody.Subject{Kind: "look", ID: string(l.ID)}); err != nil || len(owed) != 0 {
			t.Fatalf("still owed: %v %v", owed, err)
		}
		said := map[string]int{}
		for _, h := range w.History(t, "look", string(l.ID)) {
			said[h.Action+" "+string(h.Outcome)]++
		}
		for _, act := range []string{"look.open opened", "look.close closed", "register.confirm done"} {
			if said[act] != 1 {
				t.Fatalf("entries about the look: %v", said)
			}
		}
	})
}

// TestRoundConsent tries every way round it: T6, T7, T13.
func TestRoundConsent(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		q := r.ask(r.second, viewing.Item{Recording: r.rec, From: time.Minute, To: 2 * time.Minute})
		r.consent(q)
		l := r.open(r.second)
		mine := seat(r.second)
		watch := func(a access.Actor, s viewing.Seat, from, to time.Duration) error {
			_, err := r.svc.Watch(r.ctx, a, s, l.ID, from, to)
			return err
		}
		if err := watch(r.second, mine, time.Minute, 64*time.Second); err != nil {
			t.Fatal(err)
		}
		other := mine
		other.Session = "another"
		want(t, watch(r.second, other, time.Minute, 64*time.Second), "access.look_foreign")
		want(t, watch(r.keeper, seat(r.keeper), time.Minute, 64*time.Second), "access.look_foreign")
		want(t, watch(r.second, mine, 0, 4*time.Second), "access.look_outside")
		want(t, watch(r.second, mine, 118*time.Second, 122*time.Second), "access.look_outside")
		want(t, r.svc.Close(r.ctx, r.keeper, seat(r.keeper), l.ID), "access.look_foreign")
		for _, a := range []access.Actor{r.admin, r.head, r.keeper, r.leader} { // no role opens what was granted to another
			if _, err := r.svc.Open(r.ctx, a, seat(a), r.rec, viewing.Play); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s looked: %v", a.Name, err)
			}
		}
		if err := r.svc.Revoke(r.ctx, r.head, q.ID, "不再需要"); err != nil {
			t.Fatal(err)
		}
		want(t, watch(r.second, mine, time.Minute, 64*time.Second), "access.look_revoked")
		_, err := r.svc.Open(r.ctx, r.second, mine, r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		refusals := 0
		for _, h := range w.History(t, "recording", string(r.rec)) {
			if h.Outcome == custody.Refused {
				refusals++
			}
		}
		if refusals < 5 {
			t.Fatalf("%d refusals in the log", refusals)
		}
	})
}

// TestExpiry: a grant ends by the clock; its look with it; the sweep says so in the log.
func TestExpiry(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		q := r.ask(r.second)
		r.consent(q)
		l := r.open(r.second)
		w.Clock.Add(48*time.Hour - time.Second)
		if _, err := r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, 0, time.Second); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Second)
		_, err := r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, 0, time.Second)
		want(t, err, "access.look_expired")
		if err := r.svc.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		got, err := r.svc.Get(r.ctx, r.head, q.ID)
		if err != nil || got.State != viewing.Expired {
			t.Fatalf("%+v %v", got, err)
		}
		page, err := r.svc.Ledger(r.ctx, r.keeper, viewing.RegisterFilter{}, "", 0)
		if err != nil || page.Rows[0].WhyClosed != viewing.ClosedExpired {
			t.Fatalf("%+v %v", page, err)
		}
		r.ask(r.second) // and may be asked for again
	})
}

// TestIdle: a look nobody hears of any more ended when it was last heard of; a killed server loses no look.
func TestIdle(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.consent(r.ask(r.second))
		l := r.open(r.second)
		w.Clock.Add(time.Minute)
		last := w.Clock.Now()
		if err := errors.Join(r.svc.Sent(r.ctx, l.ID, 0, 8*time.Second), r.svc.Played(r.ctx, l.ID, []viewing.Span{{0, 5000}})); err != nil {
			t.Fatal(err)
		}
		if err := r.svc.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(10 * time.Minute)
		if err := r.svc.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		page, err := r.svc.Ledger(r.ctx, r.keeper, viewing.RegisterFilter{}, "", 0)
		if err != nil || page.Rows[0].WhyClosed != viewing.ClosedIdle || !page.Rows[0].ClosedAt.Equal(last) || page.Rows[0].WatchedFor != 5*time.Second {
			t.Fatalf("%+v %v", page.Rows, err)
		}
		_, err = r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, 0, time.Second)
		want(t, err, "access.look_closed")
	})
}

// TestOwnRecording: decision 2. The officer looks to register, and no longer once that is done.
func TestOwnRecording(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		named := r.add("d1", "o") // by a custodian, afterwards
		o := r.objects[named]
		o.Maker = ""
		r.objects[named] = o
		if _, err := r.svc.Open(r.ctx, r.officer, seat(r.officer), named, viewing.Play); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("naming the officer is a way round consent: %v", err)
		}
		l := r.open(r.officer)
		if l.Ground != viewing.ByOwn || r.wanted != 1 {
			t.Fatalf("%+v, %d copies", l, r.wanted)
		}
		if !fault.Is(r.svc.Register(r.ctx, r.second, r.rec, "不是我的"), fault.Forbidden) {
			t.Fatal("somebody else registered it")
		}
		if _, err := moment.New(w.DB, w.Gate, r.svc, r).Add(r.ctx, r.officer, seat(r.officer), l.ID, 5*time.Second, "出示执法证"); err != nil {
			t.Fatal(err)
		}
		if err := r.svc.Register(r.ctx, r.officer, r.rec, "云溪县清河路检查"); err != nil {
			t.Fatal(err)
		}
		want(t, r.svc.Register(r.ctx, r.officer, r.rec, "再写一次"), "viewing.registered")
		_, err := r.svc.Watch(r.ctx, r.officer, seat(r.officer), l.ID, 0, time.Second)
		want(t, err, "access.look_expired")
		_, err = r.svc.Open(r.ctx, r.officer, seat(r.officer), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
	})
}

// TestPictures: decision 1. A picture in a list is a look: under a grant, with a row of its own, one a session.
func TestPictures(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		_, err := r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Picture)
		want(t, err, "access.ask_to_look")
		if may, err := r.svc.MayPicture(r.ctx, r.second, []ident.RecordingID{r.rec}); err != nil || len(may) != 0 {
			t.Fatalf("%v %v", may, err)
		}
		q := r.ask(r.second)
		r.consent(q)
		if may, err := r.svc.MayPicture(r.ctx, r.second, []ident.RecordingID{r.rec}); err != nil || !may[r.rec] {
			t.Fatalf("%v %v", may, err)
		}
		for range 3 {
			if _, err := r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Picture); err != nil {
				t.Fatal(err)
			}
		}
		page, err := r.svc.Ledger(r.ctx, r.keeper, viewing.RegisterFilter{}, "", 0)
		if err != nil || len(page.Rows) != 1 || page.Rows[0].Kind != viewing.Picture || page.Rows[0].ClosedAt.IsZero() {
			t.Fatalf("%+v %v", page.Rows, err)
		}
		if err := r.svc.Revoke(r.ctx, r.head, q.ID, "收回"); err != nil {
			t.Fatal(err)
		}
		_, err = r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Picture)
		want(t, err, "access.ask_to_look")
	})
}

// TestAsk: what is asked badly is refused with words, and nothing is kept.
func TestAsk(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		foreign, nobodys := r.add("d2", "z"), r.add("", "")
		good := viewing.Ask{Items: []viewing.Item{{Recording: r.rec}}, Purpose: viewing.PurposeReview, Words: "核对", Until: w.Clock.Now().Add(time.Hour)}
		for name, c := range map[string]struct {
			edit func(*viewing.Ask)
			code string
		}{
			"nothing":       {func(a *viewing.Ask) { a.Items = nil }, "viewing.items"},
			"twice":         {func(a *viewing.Ask) { a.Items = append(a.Items, a.Items[0]) }, "viewing.items"},
			"two heads":     {func(a *viewing.Ask) { a.Items = append(a.Items, viewing.Item{Recording: foreign}) }, "viewing.mixed"},
			"nobody's":      {func(a *viewing.Ask) { a.Items[0].Recording = nobodys }, "viewing.no_department"},
			"unknown":       {func(a *viewing.Ask) { a.Items[0].Recording = "none" }, "recording.unknown"},
			"no reason":     {func(a *viewing.Ask) { a.Words = " " }, "viewing.words"},
			"no purpose":    {func(a *viewing.Ask) { a.Purpose = "fun" }, "viewing.purpose"},
			"over":          {func(a *viewing.Ask) { a.Until = w.Clock.Now() }, "viewing.until"},
			"for ever":      {func(a *viewing.Ask) { a.Until = w.Clock.Now().Add(viewing.MaxTerm + time.Second) }, "viewing.until"},
			"backwards":     {func(a *viewing.Ask) { a.Items[0].From, a.Items[0].To = time.Minute, time.Second }, "viewing.span"},
			"behind it all": {func(a *viewing.Ask) { a.Items[0].From, a.Items[0].To = time.Hour, 2*time.Hour }, "viewing.span"},
		} {
			a := good
			a.Items = append([]viewing.Item(nil), good.Items...)
			c.edit(&a)
			if _, err := r.svc.Ask(r.ctx, r.second, a); !fault.HasCode(err, c.code) {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		r.ask(r.second)
		_, err := r.svc.Ask(r.ctx, r.second, good)
		want(t, err, "viewing.asked")
		q := r.ask(r.head) // the head's own goes to the leader
		if q.Level != access.Leader || !fault.Is(r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true}), fault.Forbidden) {
			t.Fatalf("%+v", q)
		}
		if err := r.svc.Decide(r.ctx, r.leader, q.ID, viewing.Decision{Words: "本人拍摄的不必再看"}); err != nil {
			t.Fatal(err)
		}
		third := r.ask(r.keeper)
		if err := r.svc.Withdraw(r.ctx, r.keeper, third.ID); err != nil {
			t.Fatal(err)
		}
		r.fail = errors.New("no room for the copy")
		fourth := r.ask(r.keeper)
		if err := r.svc.Decide(r.ctx, r.head, fourth.ID, viewing.Decision{Consent: true}); !errors.Is(err, r.fail) {
			t.Fatalf("a grant without a copy: %v", err)
		}
		if got, err := r.svc.Get(r.ctx, r.keeper, fourth.ID); err != nil || got.State != viewing.Asked || got.No != 4 {
			t.Fatalf("%+v %v", got, err)
		}
		if n, err := r.svc.Waiting(r.ctx, r.head); err != nil || n != 2 { // the reviewer's and the keeper's
			t.Fatalf("%d wait for the head: %v", n, err)
		}
	})
}

// TestHeld: what a scanner found harmful is shown to nobody until it is settled, not even where a look is under way. // T24
func TestHeld(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		l := r.open(r.officer)
		r.held = true
		if _, err := r.svc.Open(r.ctx, r.officer, seat(r.officer), r.rec, viewing.Play); !fault.HasCode(err, "viewing.held") {
			t.Errorf("open: %v", err)
		}
		if _, err := r.svc.Watch(r.ctx, r.officer, seat(r.officer), l.ID, 0, time.Second); !fault.HasCode(err, "viewing.held") {
			t.Errorf("watch: %v", err)
		}
		r.held = false
		if _, err := r.svc.Watch(r.ctx, r.officer, seat(r.officer), l.ID, 0, time.Second); err != nil {
			t.Errorf("settled: %v", err)
		}
	})
}
