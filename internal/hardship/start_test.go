package hardship_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// TestEveryStartFails is goal G3 for what the server does at start, when it makes durable and settles what a crash left: an
// object without its row, a file that is here and not sealed, half a file. Each call fails or is the last one; the next start
// finds everything.
func TestEveryStartFails(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	crashed, acks, half := crashedHouse(t, seed)
	points := callsOfAStart(t, crashed)
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
	housetest.Rand(seed, "starts").Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
	runs = runs[:min(len(runs), housetest.Number(t, "G3_STARTS", 3, len(runs)))]
	var mu sync.Mutex
	total := housetest.Verdict{}
	refused := 0
	t.Run("points", func(t *testing.T) {
		for _, run := range runs {
			t.Run(callFaults[run.fault].name+" "+run.p.String(), func(t *testing.T) {
				t.Parallel()
				v, ended := tryStart(t, crashed, run.p, callFaults[run.fault].deed, acks, half)
				mu.Lock()
				defer mu.Unlock()
				total.Add(v)
				if ended {
					refused++
				}
			})
		}
	})
	housetest.Tally{
		Goal: "G3 start", Runs: len(runs), Lost: total.Lost, Doubled: total.Doubled, Wrong: total.Wrong, Began: began,
		Note: fmt.Sprintf("%d points between start and readiness; %d starts ended or were killed; seed %d", len(points), refused, seed),
	}.Say(t)
}

// crashedHouse is a bureau whose server was killed with work under way.
func crashedHouse(t *testing.T, seed uint64) (h *housetest.House, acks *housetest.Acks, half *housetest.File) {
	t.Helper()
	h = housetest.New(t, t.TempDir())
	acks = housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Chunk: 80_000, Acks: acks}
	half = &housetest.File{Name: "half.mp4", Size: 200_000, Seed: seed + 1}
	s, w := h.StartWired(t)
	a, err := c.Create(t.Context(), half)
	if err == nil {
		a, err = c.Patch(t.Context(), half, a.Address, 0, 80_000)
	}
	if err != nil || a.Status != http.StatusNoContent {
		t.Fatalf("%+v %v", a, err)
	}
	// One file is killed before it is sealed, the other before its row.
	for i, at := range []point{{name: "renameat2", class: "data/vault/objects/x/y/DIGEST.zv"}, {name: "fsync", class: "data/vault/objects/x/y"}} {
		w.Judge(func(call housetest.Call) housetest.Deed {
			return housetest.Deed{Kill: call.Name == at.name && classOf(call.Path) == at.class}
		})
		f := &housetest.File{Name: fmt.Sprintf("all%d.mp4", i), Size: 100_000, Seed: seed + 2 + uint64(i)}
		if a, err := c.Once(t.Context(), f, ""); err == nil {
			t.Fatalf("a killed server answered %+v", a)
		}
		<-s.Done()
		if i == 0 {
			s, w = h.LaunchWired(t, nil)
			if !s.Await(http.StatusOK) {
				t.Fatal(s.Log())
			}
		}
	}
	return h, acks, half
}

// callsOfAStart writes down what a start does until the server is ready.
func callsOfAStart(t *testing.T, crashed *housetest.House) []point {
	t.Helper()
	h := copyHouse(t, crashed)
	k := &counter{seen: map[point]int{}}
	s, w := h.LaunchWired(t, func(c housetest.Call) housetest.Deed { k.next(c); return housetest.Deed{} })
	if !s.Await(http.StatusOK) {
		t.Fatal(s.Log())
	}
	w.Judge(nil)
	s.Kill()
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []point
	for _, p := range k.all {
		if last := k.seen[point{name: p.name, class: p.class}]; p.nth <= 2 || p.nth == last || p.nth == (last+2)/2 {
			list = append(list, p)
		}
	}
	return list
}

func tryStart(t *testing.T, crashed *housetest.House, p point, deed housetest.Deed, acks *housetest.Acks, half *housetest.File) (v housetest.Verdict, ended bool) {
	h := copyHouse(t, crashed)
	k := &counter{seen: map[point]int{}}
	s, w := h.LaunchWired(t, func(c housetest.Call) housetest.Deed {
		if k.next(c) == p {
			return deed
		}
		return housetest.Deed{}
	})
	for end := time.Now().Add(housetest.Patience); !s.Ended() && s.Readyz() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("the server neither answers nor ends\n%s", s.Log())
			break
		}
	}
	if ended = s.Ended(); ended && deed.Errno != 0 && !strings.Contains(s.Log(), "zhilu: ") {
		t.Errorf("a start that failed says nothing:\n%s", s.Log())
	}
	if deed.Errno == syscall.EIO && isSync(p) && !ended && s.Readyz() == http.StatusOK {
		t.Errorf("the server is ready after a failed %v\n%s", p, s.Log())
	}
	w.Judge(nil)
	s.Kill()
	s = h.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), housetest.Patience)
	defer cancel()
	v = h.CheckOnline(t, acks.List(), 0)
	here := housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Acks: here}
	for _, u := range acks.List() {
		if u.File != half {
			continue
		}
		if a, err := c.Once(ctx, half, u.Address); err != nil || a.Outcome == "" {
			v.Lost++
			v.Notes = append(v.Notes, fmt.Sprintf("half a file does not go on: %+v %v", a, err))
		}
	}
	v.Add(h.Check(t, s, here.List(), -1))
	if n := h.Count(t, "SELECT count(*) FROM recording_file"); n != 3 {
		v.Lost++
		v.Notes = append(v.Notes, fmt.Sprintf("%d files of 3", n))
	}
	v.Must(t)
	return v, ended
}
