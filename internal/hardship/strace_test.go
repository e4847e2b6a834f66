package hardship_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// straced are the calls that strace lets fail: those that TestEveryCallFails meets between POST and the log.
var straced = []string{
	"openat", "pwrite64", "pread64", "fsync", "ftruncate", "renameat", "renameat2", "unlinkat", "mkdirat", "fchmodat", "close",
}

// straceFaults are the same faults in strace's words.
var straceFaults = []struct{ name, inject string }{{"EIO", "error=EIO"}, {"ENOSPC", "error=ENOSPC"}, {"SIGKILL", "signal=KILL"}}

// TestStrace is goal G3 once more, by the tool that everybody has: strace lets a call fail from some point on, in each thread
// of the running server, for as long as an upload takes. What it hits is up to chance (pages, sockets and programs
// that the server starts too); what must hold afterwards is not.
func TestStrace(t *testing.T) {
	t.Parallel()
	tool := housetest.Tool(t, "strace")
	began := time.Now()
	seed := housetest.Seed(t)
	r := housetest.Rand(seed, "strace")
	rounds := housetest.Number(t, "G3_STRACE_ROUNDS", 1, 3)
	type run struct{ call, fault, inject, when string }
	var runs []run
	for range rounds {
		for _, call := range straced {
			for _, f := range straceFaults {
				runs = append(runs, run{call, f.name, f.inject, fmt.Sprintf("%d+%d", 1+r.IntN(4), 1+r.IntN(4))})
			}
		}
	}
	r.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
	runs = runs[:min(len(runs), housetest.Number(t, "G3_STRACE_RUNS", 3, len(runs)))]
	whole := housetest.New(t, t.TempDir())
	total := housetest.Verdict{}
	hits := 0
	for i, run := range runs {
		name := fmt.Sprintf("%s %s when=%s", run.fault, run.call, run.when)
		h := copyHouse(t, whole)
		s := h.Start(t)
		acks := housetest.NewAcks()
		c := &housetest.Client{House: h, Token: h.Dock, Chunk: 80_000, Acks: acks}
		f := &housetest.File{Name: "s.mp4", Size: 200_000, Seed: seed + uint64(i)}
		trace := filepath.Join(t.TempDir(), "trace")
		end := attach(t, tool, s, trace, "-e", "trace="+run.call, "-e", "inject="+run.call+":"+run.inject+":when="+run.when)
		_, err := c.Once(t.Context(), f, "")
		if _, refused := errors.AsType[*housetest.Refused](err); err != nil && !refused && !s.Ended() {
			t.Logf("%s: the line broke: %v", name, err)
		}
		end()
		raw, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(raw, []byte("(INJECTED)")) + bytes.Count(raw, []byte("killed by SIGKILL"))
		hits += min(n, 1)
		if run.call == "fsync" && run.fault != "SIGKILL" && bytes.Contains(raw, []byte("(INJECTED)")) && !s.Ended() {
			onlyReads(t, h, s, acks, seed)
		}
		s.Kill()
		s = h.Start(t)
		ctx, cancel := context.WithTimeout(t.Context(), housetest.Patience)
		v := h.CheckOnline(t, acks.List(), 0)
		if a, err := c.Send(ctx, f); err != nil || a.Outcome == "" {
			v.Wrong++
			v.Notes = append(v.Notes, fmt.Sprintf("after a new start: %+v %v", a, err))
		}
		cancel()
		v.Add(h.Check(t, s, acks.List(), -1))
		if !v.OK() {
			v.Notes = append([]string{name + ":"}, v.Notes...)
		}
		total.Add(v)
	}
	total.Must(t)
	if len(runs) > 10 && hits < len(runs)/2 {
		t.Errorf("strace hit something in %d of %d runs", hits, len(runs))
	}
	housetest.Tally{
		Goal: "G3 strace", Runs: len(runs), Lost: total.Lost, Doubled: total.Doubled, Wrong: total.Wrong, Began: began,
		Note: fmt.Sprintf("%d calls × EIO, ENOSPC, SIGKILL; %d runs were hit; seed %d", len(straced), hits, seed),
	}.Say(t)
}

// attach lets strace have the running server; end takes it away again.
func attach(t *testing.T, tool string, s *housetest.Server, trace string, args ...string) (end func()) {
	t.Helper()
	args = append([]string{"-f", "-o", trace, "-p", fmt.Sprint(s.Pid(t))}, args...)
	c := exec.Command(tool, args...)
	said := &lines{}
	c.Stderr = said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = c.Wait(); close(gone) }()
	for stop := time.Now().Add(housetest.Patience); !strings.Contains(said.String(), "attached"); time.Sleep(5 * time.Millisecond) {
		select {
		case <-gone:
			if strings.Contains(said.String(), "not permitted") {
				housetest.Missing(t, "strace may not trace here")
			}
			t.Fatalf("strace: %s", said.String())
		default:
		}
		if time.Now().After(stop) {
			t.Fatal("strace does not attach")
		}
	}
	return func() {
		_ = c.Process.Signal(syscall.SIGINT)
		select {
		case <-gone:
		case <-time.After(10 * time.Second): // it waits for a thread that it killed itself; the kernel lets go of the rest
			_ = c.Process.Kill()
			<-gone
		}
	}
}

// onlyReads: after a failed fsync of the store nothing is acknowledged. strace may have met another fsync (the log's head),
// after which things may go on; then the server says that it is ready.
func onlyReads(t *testing.T, h *housetest.House, s *housetest.Server, acks *housetest.Acks, seed uint64) {
	t.Helper()
	if !strings.Contains(s.Log(), "read-only until restarted") {
		return
	}
	if !s.Await(http.StatusServiceUnavailable) {
		t.Errorf("readyz is %d after a failed fsync\n%s", s.Readyz(), s.Log())
	}
	later := &housetest.File{Name: "later.mp4", Size: 100_000, Seed: seed + 99_999}
	c := &housetest.Client{House: h, Token: h.Dock, Chunk: 80_000, Acks: acks}
	if a, err := c.Once(t.Context(), later, ""); err == nil || a.Status < 500 {
		t.Errorf("an upload after a failed fsync: %+v %v", a, err)
	}
}
