package stray_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

const day = 24 * time.Hour

type world struct {
	*accounttest.Bureau
	*stray.Service

	book *duty.Book
	t    *testing.T
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{Bureau: accounttest.New(t, gatetest.New(t, d)), t: t}
	var err error
	if w.Service, err = stray.New(stray.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	if w.book, err = duty.NewBook(duty.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) run(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.DB.Writer.NewRaw(statement, args...).Exec(w.t.Context()); err != nil {
		w.t.Fatalf("%.120s: %v", statement, err)
	}
}

// recording writes the row of one that was stored so long ago and made an hour before.
func (w *world) recording(name string, officer ident.PersonID, device string, age time.Duration) ident.RecordingID {
	w.t.Helper()
	id := ident.New[ident.RecordingID]()
	stored := clock.Micros(w.Clock.Now().Add(-age))
	start := stored - time.Hour.Microseconds()
	w.run("INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, start_at, start_from, start_to, start_source, duration_us, end_from, end_to, sort_at, device_id, officer_id, certainty, department_id, verdict) "+
		"VALUES (?, 'video', 'verified', ?, 1, 1, '', ?, ?, ?, ?, 'container_local', ?, ?, ?, ?, ?, ?, 'whole', ?, 'in_time')",
		id, name, stored, start, start, start, 10*time.Minute.Microseconds(), start, start, start, device, officer, w.Departments[0].ID)
	return id
}

// casefile writes the row of a case with a handler.
func (w *world) casefile(no string, state string, handler ident.PersonID) ident.CaseID {
	w.t.Helper()
	id := ident.New[ident.CaseID]()
	opened := clock.Micros(w.Clock.Now().Add(-60 * day))
	w.run("INSERT INTO casefile (id, no, title, act, procedure, origin, department_id, stage, state, edition, opened_at, opened_by, closed_at, joined_into, split_from, basis, entry_id, revision, next_due, parties) "+
		"VALUES (?, ?, ?, 'penalty', 'ordinary', 'ex_officio', ?, 'investigation', ?, 0, ?, '', 0, '', '', '', '', 1, 0, '[]')", id, no, no+"案", w.Departments[0].ID, state, opened)
	w.run("INSERT INTO case_handler (id, case_id, person_id, certificate, lead, from_at, until_at, reason, entry_id) VALUES (?, ?, ?, '', ?, ?, 0, '', '')", ident.New[ident.HandlerID](), id, handler, true, opened)
	return id
}

func (w *world) link(c ident.CaseID, r ident.RecordingID) ident.LinkID {
	w.t.Helper()
	id := ident.New[ident.LinkID]()
	w.run("INSERT INTO case_link (id, case_id, paper_id, recording_id, matter, from_at, to_at, note, by_id, at, struck, entry_id) VALUES (?, ?, '', ?, '', 0, 0, '', '', 1, 0, '')", id, c, r)
	return id
}

func (w *world) owed() map[string]duty.Duty {
	w.t.Helper()
	p, err := w.book.List(w.t.Context(), w.Actor(w.t, access.Leader), duty.Filter{Kinds: []duty.Kind{duty.LinkRecording}, Limit: 200})
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]duty.Duty{}
	for _, d := range p.Duties {
		out[d.Subject.ID] = d
	}
	return out
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) change(fn func(tx *gate.Tx, entry ident.EntryID) error) {
	w.t.Helper()
	err := w.Gate.Do(w.t.Context(), access.SystemActor("test"), access.RecordingSeal, access.Subject{Kind: "file", ID: "f"}, func(tx *gate.Tx) error {
		e, err := tx.Record(gate.Entry{})
		if err != nil {
			return err
		}
		return fn(tx, e)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestSweep: each recording of the last month without a case is owed by its user for a week, then by the custodian; what is
// linked, old, or swept already is left alone (R-22-4).
func TestSweep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d)
		officer := w.People[access.Officer].ID
		fresh, late, nobodys := w.recording("FRESH.mp4", officer, "dev", time.Hour), w.recording("LATE.mp4", officer, "dev", 9*day), w.recording("NOBODY.mp4", "", "", day)
		old, linked := w.recording("OLD.mp4", officer, "dev", 40*day), w.recording("LINKED.mp4", officer, "dev", day)
		w.link(w.casefile("云司罚〔2026〕1 号", "open", officer), linked)
		w.sweep()
		w.sweep()
		got := w.owed()
		if len(got) != 3 || got[string(fresh)].Person != officer || got[string(late)].Person != "" || got[string(nobodys)].Person != "" || got[string(old)].ID != "" || got[string(linked)].ID != "" {
			t.Fatalf("%+v", got)
		}
		if d := got[string(fresh)]; d.Due.Sub(d.Since) != stray.Term || !d.Since.Equal(w.Clock.Now().Add(-time.Hour)) {
			t.Errorf("%s to %s", d.Since, d.Due)
		}
		w.Clock.Add(8 * day)
		w.sweep()
		if d := w.owed()[string(fresh)]; d.Person != "" || d.Department != w.Departments[0].ID {
			t.Errorf("a week later it is %s's", d.Person)
		}
		w.run("UPDATE recording SET officer_id = ?, department_id = ? WHERE id = ?", w.Other.ID, w.Departments[1].ID, late)
		claimed := w.recording("CLAIMED.mp4", "", "", time.Hour)
		w.sweep()
		w.run("UPDATE recording SET officer_id = ?, department_id = ? WHERE id = ?", w.Other.ID, w.Departments[1].ID, claimed)
		w.sweep()
		w.sweep()
		if a, b := w.owed()[string(late)], w.owed()[string(claimed)]; a.Department != w.Departments[1].ID || a.Person != "" || b.Department != w.Departments[1].ID || b.Person != w.Other.ID {
			t.Errorf("what is another's since does not go with its recording: %+v %+v", a, b)
		}
		for i := range 230 { // more than one transaction holds
			w.recording(fmt.Sprintf("MANY%03d.mp4", i), officer, "dev", time.Hour)
		}
		w.sweep()
		open, err := w.book.Count(t.Context(), w.Actor(t, access.Leader), duty.Filter{Kinds: []duty.Kind{duty.LinkRecording}})
		if err != nil || open != 234 {
			t.Errorf("%d owed, want 234: %v", open, err)
		}
	})
}

// TestLinkedAndStruck: a link ends the duty, taking the last one back opens it anew, and linking again ends that one too.
func TestLinkedAndStruck(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d)
		officer := w.People[access.Officer].ID
		r := w.recording("A.mp4", officer, "dev", day)
		w.sweep()
		c := w.casefile("云司罚〔2026〕1 号", "open", officer)
		first, second := w.link(c, r), w.link(c, r)
		w.change(func(tx *gate.Tx, e ident.EntryID) error { return stray.Linked(tx, r, e) })
		if n := len(w.owed()); n != 0 {
			t.Fatalf("%d owed after linking", n)
		}
		strike := func(l ident.LinkID) {
			t.Helper()
			w.run("UPDATE case_link SET struck = 5 WHERE id = ?", l)
			w.change(func(tx *gate.Tx, _ ident.EntryID) error { return stray.Struck(tx, r, l) })
		}
		strike(first)
		if n := len(w.owed()); n != 0 {
			t.Errorf("%d owed while another link holds", n)
		}
		strike(second)
		got := w.owed()
		if len(got) != 1 || got[string(r)+"/"+string(second)].Person != officer {
			t.Fatalf("%+v", got)
		}
		w.sweep()
		if n := len(w.owed()); n != 1 {
			t.Errorf("the sweep opened a second duty: %d", n)
		}
		w.link(c, r)
		w.change(func(tx *gate.Tx, e ident.EntryID) error { return stray.Linked(tx, r, e) })
		if n := len(w.owed()); n != 0 {
			t.Errorf("%d owed after linking again", n)
		}
	})
}

// TestSuggest: a record of that time and place comes before a neighbour, that before a case the officer handles; what has
// ended or lies outside the reader's scope is not suggested.
func TestSuggest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		w := newWorld(t, d)
		officer := w.People[access.Officer].ID
		r, near := w.recording("A.mp4", officer, "Z-07", day), w.recording("B.mp4", "", "Z-07", day+20*time.Minute)
		spot, neighbour, _ := w.casefile("现场", "open", officer), w.casefile("相邻", "suspended", w.People[access.Custodian].ID), w.casefile("承办", "open", officer)
		w.casefile("已结", "closed", officer)
		w.casefile("别人的", "open", w.Other.ID)
		w.link(neighbour, near)
		paper := ident.New[ident.PaperID]()
		at := clock.Micros(w.Clock.Now().Add(-day - time.Hour))
		w.run("INSERT INTO case_paper (id, case_id, type, no, state, version, filled, digest, revision, texts, made_by, made_at, changed_at, changed_by, fixed_at, done_at, reason, entry_id, marks) VALUES (?, ?, 'onsite-inspection-record', '', 'draft', 0, '{}', '', 1, '[]', '', 0, 0, '', 0, 0, '', '', '{}')", paper, spot)
		w.run("INSERT INTO case_presence (id, paper_id, person_id, from_at, to_at) VALUES ('x', ?, ?, ?, ?)", paper, officer, at, at+time.Hour.Microseconds())
		say := func(role access.Role, id ident.RecordingID, limit int) string {
			t.Helper()
			list, err := w.Suggest(t.Context(), w.Actor(t, role), id, limit)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, s := range list {
				out = append(out, s.No+" "+string(s.Why))
			}
			return strings.Join(out, ", ")
		}
		if got, want := say(access.Leader, r, 10), "现场 on_the_spot, 相邻 neighbour, 承办 handles"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got, want := say(access.Officer, r, 10), "现场 on_the_spot, 承办 handles"; got != want { // R-21-1
			t.Errorf("%q, want %q", got, want)
		}
		if got := say(access.Leader, r, 1); got != "现场 on_the_spot" {
			t.Errorf("%q", got)
		}
		if got := say(access.SystemAdmin, r, 10); got != "" { // T13
			t.Errorf("an administrator is told %q", got)
		}
		if got := say(access.Leader, ident.New[ident.RecordingID](), 10); got != "" {
			t.Errorf("of nothing: %q", got)
		}
		w.run("UPDATE case_paper SET state = 'void'")
		if got := say(access.Officer, r, 1); got != "现场 handles" && got != "承办 handles" {
			t.Errorf("a void record still suggests: %q", got)
		}
	})
}
