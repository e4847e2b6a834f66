package door_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestTurns: more senders than may work at a time stand still in the middle of their chunks. That takes nobody's turn, and
// whoever comes gets through. // G10
func TestTurns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, all := w.door.Turns()
		for range all + 4 {
			u := w.create(1000)
			w.dial(u, 0, 1000, "x")
			w.arrived(u, 1)
		}
		for range 3 {
			u := w.create(5)
			if a := w.do(call{method: "PATCH", url: u, h: chunk(0), body: "hello"}); a.status != http.StatusNoContent {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
		if u := w.done(); !strings.Contains(u, "/upload/") {
			t.Error(u)
		}
	})
}
