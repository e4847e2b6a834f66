package viewing_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestRenew: a grant is gone on from while it holds or after it ended, by its viewer, for no more than it was, and decided like every
// request; a revoked one is not.
func TestRenew(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		part := viewing.Item{Recording: r.rec, From: time.Minute, To: 3 * time.Minute}
		q := r.ask(r.second, part)
		renewal := viewing.Ask{Items: []viewing.Item{part}, Renews: q.ID, Purpose: viewing.PurposeReview, Words: "还没有看完", Until: w.Clock.Now().Add(72 * time.Hour)}
		_, err := r.svc.Ask(r.ctx, r.second, renewal)
		want(t, err, "viewing.not_renewable") // nobody has consented yet
		r.consent(q)
		plain := renewal
		plain.Renews = ""
		_, err = r.svc.Ask(r.ctx, r.second, plain)
		want(t, err, "viewing.asked")
		_, err = r.svc.Ask(r.ctx, r.officer, renewal)
		want(t, err, "viewing.unknown") // somebody else's
		for name, change := range map[string]func(*viewing.Ask){
			"wider": func(a *viewing.Ask) {
				a.Items = []viewing.Item{{Recording: r.rec, From: time.Minute, To: 4 * time.Minute}}
			},
			"whole":     func(a *viewing.Ask) { a.Items = []viewing.Item{{Recording: r.rec}} },
			"another":   func(a *viewing.Ask) { a.Items = []viewing.Item{{Recording: r.add("d1", "o")}} },
			"to borrow": func(a *viewing.Ask) { a.Manner = viewing.MannerBorrow },
		} {
			a := renewal
			change(&a)
			if _, err := r.svc.Ask(r.ctx, r.second, a); err == nil {
				t.Errorf("%s was renewed", name)
			} else {
				want(t, err, "viewing.not_renewable")
			}
		}
		w.Clock.Add(49 * time.Hour) // over
		if err := r.svc.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		again, err := r.svc.Ask(r.ctx, r.second, renewal)
		if err != nil || again.State != viewing.Asked || again.Renews != q.ID || again.Approver != "h" {
			t.Fatalf("%+v %v", again, err)
		}
		r.consent(again)
		if _, err := r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Play); err != nil {
			t.Fatal(err)
		}
		if err := r.svc.Revoke(r.ctx, r.head, again.ID, "事由不成立"); err != nil {
			t.Fatal(err)
		}
		renewal.Renews = again.ID
		_, err = r.svc.Ask(r.ctx, r.second, renewal)
		want(t, err, "viewing.not_renewable")
		renewal.Renews = ident.New[ident.ViewingID]()
		_, err = r.svc.Ask(r.ctx, r.second, renewal)
		want(t, err, "viewing.unknown")
	})
}
