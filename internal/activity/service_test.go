package activity_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

func person(id string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: id, Roles: roles, Department: d, Departments: []ident.DepartmentID{d}}
}

// rules are two matters and the shipped calendar.
type rules struct{ cal term.Calendar }

func (r rules) EditionOn(context.Context, time.Time) (regulation.Edition, error) {
	e := regulation.Edition{Calendar: r.cal, Catalogue: catalogue.Catalogue{Matters: []catalogue.Matter{{ID: "AV-01", Requirement: "mandatory"}, {ID: "AV-11", Requirement: "uninterrupted"}}}}
	e.ID = "edition"
	return e, nil
}

func (rules) Current(context.Context) (regulation.Version, error) {
	return regulation.Version{}, fault.New(fault.NotFound, "setting.none")
}

type scene struct {
	t                                                 *testing.T
	w                                                 *gatetest.World
	svc                                               *activity.Service
	officer, mate, keeper, head, leader, other, admin access.Actor
}

func newScene(t *testing.T, w *gatetest.World) *scene {
	t.Helper()
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	name := func(_ context.Context, id string) (string, error) {
		if strings.HasPrefix(id, "no") {
			return "", fault.New(fault.NotFound, "org.person")
		}
		return "名" + id, nil
	}
	svc, err := activity.New(activity.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, Rules: rules{cal},
		Case: func(_ context.Context, _ access.Actor, id ident.CaseID) (string, ident.DepartmentID, error) {
			if id != "case" {
				return "", "", fault.New(fault.NotFound, "case.unknown")
			}
			return "示案〔2026〕1号", "d1", nil
		},
		Person: func(ctx context.Context, id ident.PersonID) (string, error) { return name(ctx, string(id)) },
		Device: func(ctx context.Context, id ident.DeviceID) (string, error) { return name(ctx, string(id)) },
		Notified: func(_ context.Context, _ ident.DepartmentID, id ident.PersonID) (bool, error) {
			return id == "head" || id == "leader", nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &scene{
		t: t, w: w, svc: svc, officer: person("officer", "d1", access.Officer), mate: person("mate", "d1", access.Officer), keeper: person("keeper", "d1", access.Custodian),
		head: person("head", "d1", access.Head), leader: person("leader", "d0", access.Leader), other: person("other", "d9", access.Officer), admin: person("admin", "d0", access.SystemAdmin),
	}
}

func (s *scene) opening() activity.Opening {
	return activity.Opening{
		ID: ident.New[ident.ActivityID](), Kind: activity.Scene, Case: "case", Matters: []string{"AV-11", "AV-01", "AV-01"}, Place: "城关镇人民路", Officers: []ident.PersonID{"mate"},
		Cameras: []activity.Member{{Device: "cam1", Person: "officer"}}, At: s.w.Clock.Now(),
	}
}

func (s *scene) open() *activity.Activity {
	s.t.Helper()
	a, err := s.svc.Open(s.t.Context(), s.officer, s.opening())
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *scene) tell(actor access.Actor, a *activity.Activity, what activity.What, about ident.OccurrenceID, said activity.Said) (*activity.Occurrence, error) {
	return s.svc.Tell(s.t.Context(), actor, activity.Occurrence{ID: ident.New[ident.OccurrenceID](), Activity: a.ID, What: what, At: s.w.Clock.Now(), About: about, Said: said})
}

func (s *scene) must(actor access.Actor, a *activity.Activity, what activity.What, about ident.OccurrenceID, said activity.Said) *activity.Occurrence {
	s.t.Helper()
	o, err := s.tell(actor, a, what, about, said)
	if err != nil {
		s.t.Fatal(what, err)
	}
	return o
}

func (s *scene) owed(id string) []duty.Kind {
	s.t.Helper()
	list, err := duty.Owed(s.t.Context(), s.w.DB.Reader, custody.Subject{Kind: "activity", ID: id})
	if err != nil {
		s.t.Fatal(err)
	}
	var out []duty.Kind
	for _, d := range list {
		out = append(out, d.Kind)
	}
	return out
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Fatalf("%v, want %s", err, code)
	}
}

// TestOpen: declared once however often it is handed in, with what the regulation demands of its matters, by who may (R-13-1a, R-22-4).
func TestOpen(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		s := newScene(t, w)
		n := s.opening()
		for code, change := range map[string]func(*activity.Opening){
			"id.malformed":    func(o *activity.Opening) { o.ID = "1" },
			"activity.kind":   func(o *activity.Opening) { o.Kind = "street" },
			"activity.task":   func(o *activity.Opening) { o.Case, o.Task = "", "" },
			"activity.matter": func(o *activity.Opening) { o.Matters = []string{"AV-99"} },
			"activity.member": func(o *activity.Opening) { o.Officers = []ident.PersonID{"nobody"} },
			"activity.words":  func(o *activity.Opening) { o.Place = strings.Repeat("长", 201) },
			"activity.time":   func(o *activity.Opening) { o.At = time.Time{} },
			"case.unknown":    func(o *activity.Opening) { o.Case = "another" },
		} {
			bad := n
			change(&bad)
			_, err := s.svc.Open(t.Context(), s.officer, bad)
			want(t, err, code)
		}
		for _, a := range []access.Actor{s.other, s.admin, person("lr", "d1", access.LegalReviewer)} {
			if _, err := s.svc.Open(t.Context(), a, n); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s: %v", a.Name, err)
			}
		}
		a, err := s.svc.Open(t.Context(), s.officer, n)
		if err != nil || a.No != 1 || a.Demand != activity.Uninterrupted || len(a.Matters) != 2 || len(a.Officers) != 2 || a.Officers[0].Name != "名officer" || a.CaseNo == "" {
			t.Fatalf("%+v %v", a, err)
		}
		again, err := s.svc.Open(t.Context(), s.officer, n)
		if err != nil || again.No != 1 || again.ID != a.ID {
			t.Fatalf("%+v %v", again, err)
		}
		n.Place = "别处某地"
		_, err = s.svc.Open(t.Context(), s.officer, n)
		want(t, err, "activity.other_contents")
		if got := s.owed(string(a.ID)); !slices.Equal(got, []duty.Kind{duty.CloseActivity}) {
			t.Fatal(got)
		}
		room := s.opening()
		room.Kind, room.Case, room.Task, room.Officers, room.Matters = activity.Premises, "", "询问室一", nil, nil
		p, err := s.svc.Open(t.Context(), s.keeper, room)
		if err != nil || p.Demand != activity.Uninterrupted || len(p.Officers) != 0 { // R-13-2d
			t.Fatalf("%+v %v", p, err)
		}
		s.must(s.officer, a, activity.Arrived, "", activity.Said{})
		vouchtest.EveryColumn(t, w, map[string]string{
			"activity.kind": "'scene'", "activity.demand": "'mandatory'", "activity_occurrence.activity_id": "'" + string(p.ID) + "'",
		}, activity.Tables()...) // T9
	})
}

// TestTell is Article 17 with its clocks: a stop is reported at once or filming goes on; the report is received by whom it was made to; the
// explanation is written. Each is told once, by who takes part, and nobody answers their own (T7).
func TestTell(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		s := newScene(t, w)
		a := s.open()
		for _, who := range []access.Actor{s.other, s.head, s.leader, s.admin} {
			if _, err := s.tell(who, a, activity.Arrived, "", activity.Said{}); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s: %v", who.Name, err)
			}
		}
		for code, o := range map[string]activity.Occurrence{
			"activity.what":    {What: "scored"},
			"activity.cause":   {What: activity.Stopped, Said: activity.Said{Cause: "bored"}},
			"activity.ground":  {What: activity.Restricted, Said: activity.Said{Ground: "image_rights", Words: "不让拍"}}, // R-18-2
			"activity.item":    {What: activity.Ticked, Said: activity.Said{Item: "face", Recording: "r"}},
			"activity.moment":  {What: activity.Ticked, Said: activity.Said{Item: activity.FocusScene, Recording: "r", Position: -1}},
			"activity.field":   {What: activity.Corrected, Said: activity.Said{Field: "officers", Words: "改人"}},
			"activity.about":   {What: activity.Written, Said: activity.Said{Words: "说明"}},
			"activity.words":   {What: activity.Stopped, Said: activity.Said{Cause: activity.Other}},
			"activity.strokes": {What: activity.Signed, Said: activity.Said{Strokes: "M0 0\"/><script>", Name: "阿依努尔"}},
			"activity.to":      {What: activity.Reported, About: "x", Said: activity.Said{To: "mate", How: "phone"}},
			"activity.member":  {What: activity.Joined},
		} {
			o.ID, o.Activity, o.At = ident.New[ident.OccurrenceID](), a.ID, w.Clock.Now()
			_, err := s.svc.Tell(t.Context(), s.officer, o)
			want(t, err, code)
		}
		s.must(s.officer, a, activity.Arrived, "", activity.Said{})
		stop := s.must(s.mate, a, activity.Stopped, "", activity.Said{Cause: activity.Battery})
		part := string(a.ID) + "/" + string(stop.ID)
		if got := s.owed(part); !slices.Equal(got, []duty.Kind{duty.ReportStop}) {
			t.Fatal(got)
		}
		again, err := s.svc.Tell(t.Context(), s.mate, *stop)
		if err != nil || again.Seq != stop.Seq {
			t.Fatal(again, err)
		}
		changed := *stop
		changed.Said.Cause = activity.Weather
		_, err = s.svc.Tell(t.Context(), s.mate, changed)
		want(t, err, "activity.other_contents")

		second := s.must(s.mate, a, activity.Stopped, "", activity.Said{Cause: activity.StorageFull})
		w.Clock.Add(2 * time.Minute)
		s.must(s.mate, a, activity.Resumed, second.ID, activity.Said{})
		if got := s.owed(string(a.ID) + "/" + string(second.ID)); len(got) != 0 {
			t.Fatal(got)
		}

		report := s.must(s.officer, a, activity.Reported, stop.ID, activity.Said{To: "head", How: "system"})
		if report.Said.ToName != "名head" {
			t.Fatal(report.Said)
		}
		if got := s.owed(part); !slices.Equal(got, []duty.Kind{duty.WriteStop}) {
			t.Fatal(got)
		}
		if _, err := s.svc.Tell(t.Context(), s.officer, *report); err != nil {
			t.Fatal(err) // a phone that did not hear the answer
		}
		_, err = s.tell(s.leader, a, activity.Received, report.ID, activity.Said{})
		want(t, err, "activity.not_addressed")
		if _, err = s.tell(s.officer, a, activity.Received, report.ID, activity.Said{}); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		s.must(s.head, a, activity.Received, report.ID, activity.Said{})
		s.must(s.officer, a, activity.Written, stop.ID, activity.Said{Words: "电池用尽，备用机未带"})
		if got := s.owed(part); len(got) != 0 {
			t.Fatal(got)
		}
		tick := s.must(s.officer, a, activity.Ticked, "", activity.Said{Item: activity.SaidNotice, Recording: "rec", Position: 3000})
		if _, err = s.tell(s.mate, a, activity.Confirmed, tick.ID, activity.Said{There: true}); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		s.must(s.keeper, a, activity.Confirmed, tick.ID, activity.Said{There: true})
		s.must(s.officer, a, activity.Departed, "", activity.Said{})
		if got := s.owed(string(a.ID)); len(got) != 0 {
			t.Fatal(got)
		}
		_, st, list, err := s.svc.Get(t.Context(), s.mate, a.ID)
		if err != nil || len(list) != 10 || len(st.Interruptions) != 2 || !st.Ticks[0].There {
			t.Fatalf("%d %+v %v", len(list), st, err)
		}
		if _, _, _, err = s.svc.Get(t.Context(), s.other, a.ID); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		mine, err := s.svc.Mine(t.Context(), s.mate)
		if err != nil || len(mine) != 1 {
			t.Fatal(mine, err)
		}
	})
}
