package hardship_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// TestNobodyIsToldTooEarly: while one upload's object has its name and the name is not durable yet, the same content
// arrives from another sender. That one must wait too: a power cut could still take the name away (found by G3, G11).
func TestNobodyIsToldTooEarly(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, t.TempDir())
	s, w := h.StartWired(t)
	acks := housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Acks: acks}
	f := &housetest.File{Name: "a.mp4", Size: 100_000, Seed: 3}
	again := &housetest.File{Name: "b.mp4", Size: f.Size, Seed: f.Seed}

	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.Judge(func(c housetest.Call) housetest.Deed {
		if c.Name == "fsync" && strings.HasPrefix(c.Path, "data/vault/objects/") && strings.Count(c.Path, "/") == 4 && hasObject(h) {
			once.Do(func() { close(held); <-release })
		}
		return housetest.Deed{}
	})
	var all sync.WaitGroup
	all.Go(func() {
		if a, err := c.Once(t.Context(), f, ""); err != nil || a.Outcome != "sealed" {
			t.Errorf("the first: %+v %v", a, err)
		}
	})
	<-held
	told := make(chan struct{})
	all.Go(func() {
		if a, err := c.Once(t.Context(), again, ""); err != nil || a.Outcome != "duplicate" {
			t.Errorf("the second: %+v %v", a, err)
		}
		close(told)
	})
	select {
	case <-told:
		t.Error("the second sender was told while the object's name was not durable")
	case <-time.After(3 * time.Second): // it would take some 50 ms
	}
	close(release)
	all.Wait()
	v := h.Check(t, s, acks.List(), -1)
	v.Must(t)
}

// hasObject reports whether an object has its place.
func hasObject(h *housetest.House) bool { return len(h.Objects()) > 0 }

// TestCheckpointFails: the fsync that fails is that of the database itself, when the write-ahead log is moved into it. SQLite
// would tell nobody.
func TestCheckpointFails(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, t.TempDir())
	s, w := h.StartWired(t)
	acks := housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Acks: acks}
	admin, err := h.SignIn(t, "system_admin")
	if err != nil {
		t.Fatal(err)
	}
	var fired atomic.Bool
	w.Judge(func(c housetest.Call) housetest.Deed {
		if c.Name == "fsync" && c.Path == "data/zhilu.db" && fired.CompareAndSwap(false, true) {
			return housetest.Deed{Errno: syscall.EIO}
		}
		return housetest.Deed{}
	})
	for i := 0; !fired.Load(); i++ {
		if i == 100 {
			t.Fatal("no checkpoint in 100 uploads")
		}
		if _, err := c.Once(t.Context(), &housetest.File{Name: "c.mp4", Size: 1000, Seed: uint64(i)}, ""); err != nil && !fired.Load() {
			t.Fatal(err)
		}
	}
	(&callCase{seed: 1000}).mustBeReadOnly(t, h, s, c, housetest.Answer{})
	page, err := admin.Get("/health")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(page.Body)
	_ = page.Body.Close()
	if err != nil || page.StatusCode != http.StatusOK || !strings.Contains(string(body), "只读") {
		t.Errorf("the page of health does not say it: %d %v\n%.2000s", page.StatusCode, err, body)
	}
	s.Kill()
	s = h.Start(t)
	v := h.Check(t, s, acks.List(), 1)
	v.Must(t)
}
