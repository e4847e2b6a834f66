package fsck_test

import (
	"testing"

	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// A house in which nobody did anything wrong gives no alarm, whatever happened in it.
func TestSound(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		r := h.sound()
		t.Logf("%+v %+v", r, r.Log)
	})
}
