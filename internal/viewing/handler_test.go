package viewing_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestHandlerLooks is the standing grant of decision 2: handlers of an open case look at its recordings without asking, each look is a
// row that names the case, and it ends with the handling, also under a running player (T6). Nobody else has it, and what two must
// consent to is asked for.
func TestHandlerLooks(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.rec = r.add("d1", "somebody else")
		_, err := r.svc.Open(r.ctx, r.officer, seat(r.officer), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		r.handler, r.cause = r.officer.Person, ident.New[ident.CaseID]()
		l := r.open(r.officer)
		if l.Ground != viewing.ByHandler || l.Case != r.cause || l.Request != "" {
			t.Fatalf("%+v", l)
		}
		if again := r.open(r.officer); again.ID != l.ID {
			t.Fatal("a second row for the same look")
		}
		if got, err := r.svc.Watch(r.ctx, r.officer, seat(r.officer), l.ID, 0, time.Second); err != nil || !got.Until.IsZero() {
			t.Fatalf("%+v %v", got, err)
		}
		if may, err := r.svc.MayPicture(r.ctx, r.officer, []ident.RecordingID{r.rec}); err != nil || !may[r.rec] {
			t.Fatalf("%v %v", may, err)
		}
		for _, a := range []access.Actor{r.second, r.keeper, r.admin, person("q", "别科民警", "d2", access.Officer)} {
			if _, err := r.svc.Open(r.ctx, a, seat(a), r.rec, viewing.Play); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s looked: %v", a.Name, err)
			}
		}
		if entries := w.History(t, "case", string(r.cause)); len(entries) != 1 {
			t.Errorf("the case's history has %d entries of the look", len(entries))
		}
		r.handler = "" // the case was closed, or is somebody else's now
		_, err = r.svc.Watch(r.ctx, r.officer, seat(r.officer), l.ID, 0, time.Second)
		want(t, err, "access.look_expired")
		_, err = r.svc.Open(r.ctx, r.officer, seat(r.officer), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		page, err := r.svc.Ledger(r.ctx, r.keeper, viewing.RegisterFilter{}, "", 0)
		if err != nil || len(page.Rows) != 1 || page.Rows[0].WhyClosed != viewing.ClosedExpired || page.Rows[0].Case != r.cause {
			t.Fatalf("%+v %v", page.Rows, err)
		}

		r.handler = r.officer.Person
		l = r.open(r.officer)
		r.mark("minor")
		_, err = r.svc.Watch(r.ctx, r.officer, seat(r.officer), l.ID, 0, time.Second)
		want(t, err, "access.look_expired")
		_, err = r.svc.Open(r.ctx, r.officer, seat(r.officer), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		if may, err := r.svc.MayPicture(r.ctx, r.officer, []ident.RecordingID{r.rec}); err != nil || may[r.rec] {
			t.Fatalf("%v %v", may, err)
		}
	})
}
