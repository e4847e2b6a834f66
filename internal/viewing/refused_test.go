package viewing_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/refused"
)

// TestRefusedLooksAreListed: R-23-3. Who tried to look without a ground, or beside it, stands in the list of refusals of the recordings'
// department, administrators like everyone.
func TestRefusedLooksAreListed(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		if _, err := w.DB.Writer.NewRaw("UPDATE recording SET department_id = 'd1' WHERE id = ?", r.rec).Exec(r.ctx); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := r.svc.Open(r.ctx, r.admin, seat(r.admin), r.rec, viewing.Play); !fault.Is(err, fault.Forbidden) {
				t.Fatal(err)
			}
		}
		r.consent(r.ask(r.second, viewing.Item{Recording: r.rec, From: time.Minute, To: 2 * time.Minute}))
		l := r.open(r.second)
		_, err := r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, 3*time.Minute, 4*time.Minute)
		want(t, err, "access.look_outside")
		w.Clock.Add(2 * time.Minute)
		if err := w.Gate.Flush(r.ctx, true); err != nil {
			t.Fatal(err)
		}
		svc := refused.New(w.DB, w.Gate)
		page, err := svc.List(r.ctx, r.keeper, refused.Filter{}, 0, 50)
		if err != nil {
			t.Fatal(err)
		}
		times := map[string]int{}
		for _, x := range page.Rows {
			times[x.Actor.ID+" "+string(x.Action)] += x.Count
			if x.Recording != r.rec || x.Department != "d1" || x.Entry == "" {
				t.Errorf("%+v", x)
			}
		}
		if times["a-x look.open"] != 3 || times["a-p look.watch"] != 1 || page.Count != len(page.Rows) {
			t.Fatalf("%v, %d", times, page.Count)
		}
		first, err := svc.List(r.ctx, r.leader, refused.Filter{}, 0, 1)
		if err != nil || len(first.Rows) != 1 || first.Next == 0 {
			t.Fatalf("%+v %v", first, err)
		}
		if rest, err := svc.List(r.ctx, r.leader, refused.Filter{}, first.Next, 50); err != nil || len(rest.Rows) != len(page.Rows)-1 {
			t.Fatalf("%+v %v", rest, err)
		}
		if none, err := svc.List(r.ctx, person("k2", "别科保管", "d2", access.Custodian), refused.Filter{}, 0, 50); err != nil || len(none.Rows) != 0 || none.Count != 0 {
			t.Fatalf("%+v %v", none, err)
		}
		for _, a := range []access.Actor{r.admin, r.officer, r.second} {
			if _, err := svc.List(r.ctx, a, refused.Filter{}, 0, 50); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s reads it: %v", a.Name, err)
			}
		}
		rows, err := svc.Export(r.ctx, r.keeper, refused.Filter{Recording: r.rec})
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
		if n != len(page.Rows) {
			t.Fatalf("%d exported, %d listed", n, len(page.Rows))
		}
	})
}
