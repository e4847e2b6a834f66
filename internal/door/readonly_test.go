package door_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"zhilu.dev/zhilu/internal/door"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
)

// Once a disk has failed nothing is acknowledged any more, neither what comes then nor what was being received.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		words, err := locale.Load()
		need(t, words, err)
		var asked, after atomic.Int64
		after.Store(1 << 40)
		w.door, err = door.New(door.Config{
			Intake: w.intake, Vault: w.vault, Gate: w.Gate, Words: words, Clock: w.Clock, Log: w.Log, MaxSize: maxSize, Actor: actor,
			ReadOnly: func() error {
				if asked.Add(1) > after.Load() {
					return fault.New(fault.Unavailable, "db.read_only")
				}
				return nil
			},
		})
		need(t, w.door, err)
		mux := http.NewServeMux()
		mux.Handle("/upload", w.door)
		mux.Handle("/upload/", w.door)
		w.srv = httptest.NewServer(mux)
		t.Cleanup(w.srv.Close)
		url := w.open()
		for _, more := range []int64{0, 1} { // it fails before the request, or while it is answered
			for _, c := range []call{
				{method: "PATCH", url: url, h: chunk(2), body: "l"},
				{method: "POST", url: "/upload", h: headers{"Upload-Length": "5"}},
			} {
				after.Store(asked.Load() + more)
				if a := w.do(c); a.status != http.StatusServiceUnavailable {
					t.Errorf("%s, %d asked: %+v", c.method, more, a)
				}
				after.Store(1 << 40)
			}
			url = w.open()
		}
	})
}
