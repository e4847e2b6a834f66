package fsck_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/recording"
)

// A house in which nobody did anything wrong gives no alarm, whatever happened in it.
func TestSound(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		r := h.sound()
		if r.Objects != 8 || r.Files != 8 || r.Stages != 1 || r.Receipts < 12 || r.Log.Pending != 1 || r.Waiting != 0 {
			t.Errorf("%+v %+v", r, r.Log)
		}
		for _, table := range h.config().Tables { // or a table might be sound because there is nothing in it
			if n := h.one("SELECT CAST(COUNT(*) AS TEXT) FROM " + table.Name); n == "0" {
				t.Errorf("nothing was tried with %s", table.Name)
			}
		}
	})
}

// What a crash left sealed and not entered, with its intent open, is no alarm: it waits to be adopted (decision 15). Once
// it is, nothing waits.
func TestWaiting(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		id := h.send(recording.Intent{Name: h.name(time.Hour, 1)}, []byte("sealed"), 6)
		stage := must(h.disk.Resume(h.ctx, id))(t)
		if _, _, err := stage.Seal(h.ctx, nil, nil); err != nil {
			t.Fatal(err)
		}
		if r := h.sound(); r.Waiting != 1 || r.Objects != 1 || r.Files != 0 {
			t.Errorf("%+v", r)
		}
		must(h.svc.Adopt(h.ctx))(t)
		if r := h.sound(); r.Waiting != 0 || r.Files != 1 {
			t.Errorf("%+v", r)
		}
	})
}
