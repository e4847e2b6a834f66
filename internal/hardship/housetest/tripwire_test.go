package housetest_test

import (
	"sync"
	"syscall"
	"testing"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// A wire sees the calls of an upload, can make one of them fail, and can kill at one.
func TestWire(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, t.TempDir())
	s, w := h.StartWired(t)
	var mu sync.Mutex
	seen := map[string]int{}
	w.Judge(func(c housetest.Call) housetest.Deed {
		mu.Lock()
		defer mu.Unlock()
		seen[c.Name+" "+c.Path]++
		return housetest.Deed{}
	})
	f := &housetest.File{Name: "a.mp4", Size: 200_000, Seed: 1}
	c := &housetest.Client{House: h, Token: h.Dock}
	if a, err := c.Once(t.Context(), f, ""); err != nil || a.Outcome != "sealed" {
		t.Fatalf("%+v %v\n%s", a, err, s.Log())
	}
	w.Judge(nil)
	mu.Lock()
	for k, n := range seen {
		t.Logf("%4d %s", n, k)
	}
	if seen["fsync data/zhilu.db-wal"]+seen["fdatasync data/zhilu.db-wal"] == 0 {
		t.Error("no commit was seen")
	}
	mu.Unlock()
	w.Judge(func(c housetest.Call) housetest.Deed {
		if c.Name == "renameat2" {
			return housetest.Deed{Errno: syscall.EIO}
		}
		return housetest.Deed{}
	})
	if a, err := c.Once(t.Context(), &housetest.File{Name: "b.mp4", Size: 200_000, Seed: 2}, ""); err == nil || a.Status < 500 {
		t.Errorf("a seal without its rename: %+v %v", a, err)
	}
	w.Judge(func(c housetest.Call) housetest.Deed { return housetest.Deed{Kill: c.Name == "renameat2"} })
	if a, err := c.Once(t.Context(), &housetest.File{Name: "c.mp4", Size: 200_000, Seed: 3}, ""); err == nil {
		t.Errorf("a server that was killed answered: %+v", a)
	}
	<-s.Done()
}
