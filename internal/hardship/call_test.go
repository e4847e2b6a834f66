package hardship_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// point is one call of the way from POST to a sealed file in the log: the nth of its name on this sort of file.
type point struct {
	name, class string
	nth         int
}

func (p point) String() string { return fmt.Sprintf("%s %s #%d", p.name, p.class, p.nth) }

var ownNames = []struct{ find, put string }{
	{`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}`, "ID"},
	{`objects/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}`, "objects/x/y/DIGEST"},
	{`objects/[0-9a-f]{2}/[0-9a-f]{2}$`, "objects/x/y"},
	{`objects/[0-9a-f]{2}$`, "objects/x"},
	{`staging/[^/]+`, "staging/NODE"},
	{`\.[0-9]+\.tmp$`, ".N.tmp"},
}

// classOf takes out of a path what differs from one upload to the next.
func classOf(path string) string {
	for _, n := range ownNames {
		path = regexp.MustCompile(n.find).ReplaceAllString(path, n.put)
	}
	return path
}

// counter numbers calls by name and class.
type counter struct {
	mu   sync.Mutex
	seen map[point]int
	all  []point
}

func (k *counter) next(c housetest.Call) point {
	p := point{name: c.Name, class: classOf(c.Path)}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen[p]++
	p.nth = k.seen[p]
	k.all = append(k.all, p)
	return p
}

var callFaults = []struct {
	name string
	deed housetest.Deed
}{
	{"EIO", housetest.Deed{Errno: syscall.EIO}},
	{"ENOSPC", housetest.Deed{Errno: syscall.ENOSPC}},
	{"SIGKILL", housetest.Deed{Kill: true}},
}

// TestEveryCallFails is goal G3: each file system call between POST and the entry's place in the log fails, runs out of
// room, or is the last thing the server does. The house is sound each time, nothing acknowledged is lost, and after a
// failed fsync the server acknowledges nothing more and says so.
func TestEveryCallFails(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	r := housetest.Rand(seed, "points")
	whole := housetest.New(t, t.TempDir())
	s := whole.Start(t)
	first := &housetest.File{Name: "first.mp4", Size: 10_000, Seed: seed}
	acks := housetest.NewAcks()
	if _, err := (&housetest.Client{House: whole, Token: whole.Dock, Acks: acks}).Once(t.Context(), first, ""); err != nil {
		t.Fatal(err)
	}
	v := whole.Check(t, s, acks.List(), 1)
	v.Must(t)

	points := callsOfAnUpload(t, whole, seed)
	t.Logf("%d points", len(points))
	type run struct {
		p     point
		fault int
	}
	var runs []run
	for _, p := range points {
		for f := range callFaults {
			runs = append(runs, run{p, f})
		}
	}
	r.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
	// The short cut always has an fsync of each sort that fails.
	slices.SortStableFunc(runs, func(a, b run) int { return rank(a.p, a.fault) - rank(b.p, b.fault) })
	runs = runs[:min(len(runs), housetest.Number(t, "G3_RUNS", 6, len(runs)))]

	var mu sync.Mutex
	total := housetest.Verdict{}
	missed, readOnly := 0, 0
	t.Run("points", func(t *testing.T) {
		for _, run := range runs {
			t.Run(callFaults[run.fault].name+" "+run.p.String(), func(t *testing.T) {
				t.Parallel()
				c := &callCase{point: run.p, deed: callFaults[run.fault].deed, seed: seed, acks: acks.List()}
				c.try(t, whole)
				mu.Lock()
				defer mu.Unlock()
				total.Add(c.v)
				if !c.fired {
					missed++
				}
				if c.readOnly {
					readOnly++
				}
			})
		}
	})
	if missed > len(runs)/4 {
		t.Errorf("%d of %d points were not reached", missed, len(runs))
	}
	housetest.Tally{
		Goal: "G3", Runs: len(runs), Lost: total.Lost, Doubled: total.Doubled, Wrong: total.Wrong, Began: began,
		Note: fmt.Sprintf("%d points; %d runs ended read-only; %d points were not met in their run; seed %d", len(points), readOnly, missed, seed),
	}.Say(t)
}

// rank puts what the short cut must have in front.
func rank(p point, fault int) int {
	if callFaults[fault].name == "EIO" && p.name == "fsync" && p.nth == 1 &&
		(strings.HasSuffix(p.class, ".part") || strings.HasSuffix(p.class, "zhilu.db-wal") || strings.HasSuffix(p.class, "objects/x/y")) {
		return 0
	}
	return 1
}

// copyHouse copies the whole bureau, so that no fault meets what another left.
func copyHouse(t *testing.T, h *housetest.House) *housetest.House {
	t.Helper()
	dir := t.TempDir()
	_ = os.Remove(filepath.Join(h.Data, "tmp", "diagnose.sock")) // a killed server leaves it, and it is no file to copy
	if err := os.CopyFS(dir, os.DirFS(h.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"log.key", "receipt.key", "storage.key", "ca.key"} { // CopyFS widens modes
		if err := os.Chmod(filepath.Join(dir, "keys", key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h.Copy(t, dir)
}

func callFile(seed uint64) *housetest.File {
	return &housetest.File{Name: "call.mp4", Size: 200_000, Seed: seed + 1}
}

// callsOfAnUpload lets one upload pass and writes down its calls: of each sort the first three, one in the middle and the
// last.
func callsOfAnUpload(t *testing.T, whole *housetest.House, seed uint64) []point {
	t.Helper()
	h := copyHouse(t, whole)
	s, w := h.StartWired(t)
	k := &counter{seen: map[point]int{}}
	w.Judge(func(c housetest.Call) housetest.Deed { k.next(c); return housetest.Deed{} })
	c := &housetest.Client{House: h, Token: h.Dock, Chunk: 80_000}
	if a, err := c.Once(t.Context(), callFile(seed), ""); err != nil || a.Outcome != "sealed" {
		t.Fatalf("%+v %v", a, err)
	}
	v := h.Settle(t)
	v.Must(t)
	w.Judge(nil)
	s.Kill()
	var list []point
	for _, p := range k.all {
		last := k.seen[point{name: p.name, class: p.class}]
		if p.nth <= 3 || p.nth == last || p.nth == (last+3)/2 {
			list = append(list, p)
		}
	}
	return list
}

// callCase is one fault at one point.
type callCase struct {
	point point
	deed  housetest.Deed
	seed  uint64
	acks  []housetest.Upload

	fired, readOnly bool
	v               housetest.Verdict
}

func (c *callCase) try(t *testing.T, whole *housetest.House) {
	h := copyHouse(t, whole)
	s, w := h.StartWired(t)
	k := &counter{seen: map[point]int{}}
	fired := make(chan struct{})
	w.Judge(func(call housetest.Call) housetest.Deed {
		if k.next(call) != c.point {
			return housetest.Deed{}
		}
		close(fired)
		return c.deed
	})
	acks := housetest.NewAcks()
	cl := &housetest.Client{House: h, Token: h.Dock, Chunk: 80_000, Acks: acks}
	f := callFile(c.seed)
	a, err := cl.Once(t.Context(), f, "")
	refused, isRefusal := errors.AsType[*housetest.Refused](err)
	if err != nil && !isRefusal && !c.deed.Kill && !s.Ended() {
		t.Logf("the line broke: %v", err)
	}
	if isRefusal && c.deed.Errno == syscall.ENOSPC && c.point.name == "pwrite64" && refused.Status != http.StatusInsufficientStorage {
		t.Errorf("a full disk is not told as one: %+v", refused.Answer)
	}
	select {
	case <-fired:
		c.fired = true
	case <-time.After(3 * time.Second): // it may belong to what follows the answer
	}
	w.Judge(nil)
	if c.fired && c.deed.Errno != 0 && isSync(c.point) {
		c.mustBeReadOnly(t, h, s, cl, a)
	}
	if c.deed.Kill && c.fired {
		<-s.Done()
	}
	if c.deed.Errno != 0 && (c.seed+uint64(len(c.point.String())))%2 == 0 && !s.Ended() {
		s.Stop(t) // else killed
	}
	s.Kill()

	s = h.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), housetest.Patience)
	defer cancel()
	c.v = h.CheckOnline(t, append(acks.List(), c.acks...), 0)
	if end, err := cl.Send(ctx, f); err != nil || end.Outcome == "" {
		c.v.Wrong++
		c.v.Notes = append(c.v.Notes, fmt.Sprintf("after a new start: %+v %v", end, err))
	}
	c.v.Add(h.Check(t, s, append(acks.List(), c.acks...), -1))
	c.v.Must(t)
}

// isSync: the calls whose failure leaves it unknown what the disk holds. The head of the log in the keys folder is apart: it
// is written anew until that succeeds, and the server is not ready meanwhile.
func isSync(p point) bool {
	return (p.name == "fsync" || p.name == "fdatasync" || p.name == "syncfs") && strings.HasPrefix(p.class, "data/")
}

// mustBeReadOnly: after a failed fsync nothing more is acknowledged, and whoever looks is told.
func (c *callCase) mustBeReadOnly(t *testing.T, h *housetest.House, s *housetest.Server, cl *housetest.Client, a housetest.Answer) {
	if !s.Await(http.StatusServiceUnavailable) {
		t.Errorf("readyz is %d after a failed fsync (ended: %v)\n%s", s.Readyz(), s.Ended(), s.Log())
		return
	}
	c.readOnly = true
	other := &housetest.File{Name: "later.mp4", Size: 100_000, Seed: c.seed + 2}
	later := &housetest.Client{House: h, Token: h.Dock, Chunk: 80_000, Acks: cl.Acks}
	if b, err := later.Once(t.Context(), other, ""); err == nil || b.Status < 500 {
		t.Errorf("a new upload after a failed fsync: %+v %v", b, err)
	}
	if u, ok := acked(cl.Acks, other); ok && u.Offset > 0 {
		t.Errorf("%d bytes were acknowledged after a failed fsync", u.Offset)
	}
	if a.Address != "" && a.Outcome == "" {
		if b, err := cl.Once(t.Context(), callFile(c.seed), a.Address); err == nil && b.Status < 400 {
			t.Errorf("the same upload went on after a failed fsync: %+v", b)
		}
	}
	if !strings.Contains(s.Log(), "read-only") {
		t.Errorf("the log says nothing of it\n%s", s.Log())
	}
}

func acked(k *housetest.Acks, f *housetest.File) (housetest.Upload, bool) {
	for _, u := range k.List() {
		if u.File == f {
			return u, true
		}
	}
	return housetest.Upload{}, false
}
