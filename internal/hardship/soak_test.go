package hardship_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// TestSoak is goal G18: a house at steady work — uploads, dockings, pages, checks, backups — for an hour. What it takes of
// the machine does not grow with time: goroutines, descriptors and memory of the last quarter are those of the second, and
// the database's journal stays small although somebody always reads.
func TestSoak(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	lasts := time.Duration(housetest.Number(t, "G18_SECONDS", 12, 3600)) * time.Second
	h := housetest.New(t, t.TempDir())
	h.Flags = []string{"--backup-to", filepath.Join(h.Dir, "nightly"), "--backup-every", "15m", "--scrub-every", "1h"}
	for _, role := range []string{"leader", "custodian"} {
		h.AddUser(t, role)
	}
	s := h.Start(t)
	acks := housetest.NewAcks()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()

	var visitor housetest.Visitor
	var work sync.WaitGroup
	for role, pages := range map[string][]string{
		"leader": {"/", "/recordings", "/recordings/export"}, "custodian": {"/", "/recordings", "/inbox", "/cards"},
		"system_admin": {"/health", "/health/scrub", "/people"}, "audit_admin": {"/custody"},
	} {
		b, err := h.SignIn(t, role)
		if err != nil {
			t.Fatal(err)
		}
		work.Go(func() { visitor.Visit(ctx, b, time.Second, pages...) })
	}
	for n := range 2 {
		work.Go(func() { soakUploads(ctx, t, h, acks, seed, n) })
	}
	work.Go(func() { soakCards(ctx, t, h, acks, seed) })

	var samples []sample
	for end := time.Now().Add(lasts); len(samples) < 8 || time.Now().Before(end); time.Sleep(max(lasts/400, 250*time.Millisecond)) {
		samples = append(samples, sample{s.Usage(t), journal(h)})
	}
	stop()
	work.Wait()

	var v housetest.Verdict
	pages, p95, refused := visitor.Said()
	for _, w := range refused {
		v.Wrong++
		v.Notes = append(v.Notes, "a page: "+w)
	}
	v.Add(h.Check(t, s, acks.List(), 3))
	v.Must(t)
	settled, last := samples[len(samples)/4:len(samples)/2], samples[len(samples)*3/4:]
	note := fmt.Sprintf("%s; %d files; %d pages p95 %d ms; WAL at most %d MB", lasts, acks.Ended(), pages, p95.Milliseconds(), largest(samples)>>20)
	for _, m := range measures {
		before, after := middle(settled, m.of), middle(last, m.of)
		note += fmt.Sprintf("; %s %d → %d%s", m.name, before/m.unit, after/m.unit, m.suffix)
		if housetest.Full() && float64(after) > float64(before)*1.05+float64(m.slack) {
			t.Errorf("%s grew from %d to %d", m.name, before, after)
		}
	}
	if wal := largest(samples); wal > 64<<20 {
		t.Errorf("the database's journal grew to %d bytes", wal)
	}
	housetest.Tally{Goal: "G18", Runs: 1, Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began, Note: note + fmt.Sprintf("; seed %d", seed)}.Say(t)
}

// sample is what the server took in one moment.
type sample struct {
	housetest.Usage
	wal int64
}

// measures are what must not grow: by more than 5 in 100, and a little that is noise.
var measures = []struct {
	name   string
	of     func(sample) int64
	unit   int64
	suffix string
	slack  int64
}{
	{"goroutines", func(s sample) int64 { return int64(s.Goroutines) }, 1, "", 5},
	{"descriptors", func(s sample) int64 { return int64(s.Files) }, 1, "", 5},
	{"RSS", func(s sample) int64 { return s.RSS }, 1 << 20, " MB", 8 << 20},
}

func middle(list []sample, of func(sample) int64) int64 {
	values := make([]int64, len(list))
	for i, s := range list {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func largest(list []sample) int64 {
	return slices.MaxFunc(list, func(a, b sample) int { return int(a.wal - b.wal) }).wal
}

// journal is the size of the database's write-ahead log.
func journal(h *housetest.House) int64 {
	list, _ := filepath.Glob(filepath.Join(h.Data, "*-wal")) // the pattern is sound
	var n int64
	for _, name := range list {
		if st, err := os.Stat(name); err == nil {
			n += st.Size()
		}
	}
	return n
}

// soakUploads hands in small files, about two a second.
func soakUploads(ctx context.Context, t *testing.T, h *housetest.House, acks *housetest.Acks, seed uint64, n int) {
	r := housetest.Rand(seed, fmt.Sprint("soak", n))
	c := &housetest.Client{House: h, Token: h.Dock, Acks: acks, Chunk: 256 << 10}
	for i := 0; ctx.Err() == nil; i++ {
		f := housetest.Files(r, 1, 1<<10, 1<<20)[0]
		f.Name = fmt.Sprintf("S%d-%06d.mp4", n, i)
		if a, err := c.Send(context.WithoutCancel(ctx), f); err != nil {
			t.Errorf("%s: %v %+v", f.Name, err, a)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// soakCards docks a card of three files every few seconds, and has the house checked now and then while it works.
func soakCards(ctx context.Context, t *testing.T, h *housetest.House, acks *housetest.Acks, seed uint64) {
	r := housetest.Rand(seed, "cards")
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("soak%05d", i)
		dir := filepath.Join(h.Dir, name)
		card := housetest.Card(t, dir, housetest.Files(r, 3, 1<<10, 1<<20))
		c := h.Agent(t, card, "soak-state")
		var out, errs bytes.Buffer
		c.Stdout, c.Stderr = &out, &errs
		if err := c.Run(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, errs.String())
			return
		}
		acks.Docked(name, h.Dock, housetest.DockedLines(out.Bytes()))
		_ = os.RemoveAll(dir)
		if i%40 == 1 {
			if rep := h.Fsck(t, true); rep.Code != 0 {
				t.Errorf("fsck beside the server: %s", rep.Text)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(4 * time.Second):
		}
	}
}

// TestToldToStop: a server that is told to stop while it is still starting ends well, at whatever point that is.
func TestToldToStop(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, t.TempDir())
	r := housetest.Rand(housetest.Seed(t), "stop")
	for range housetest.Number(t, "STOPS", 12, 200) {
		after := time.Duration(r.Int64N(int64(400 * time.Millisecond)))
		c := h.Command("serve", "--data", h.Data, "--keys", h.Keys, "--listen", h.Addr, "--reserve", "64MiB")
		var said bytes.Buffer
		c.Stdout, c.Stderr = &said, &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		_ = c.Process.Signal(syscall.SIGTERM)
		err := c.Wait()
		status, _ := c.ProcessState.Sys().(syscall.WaitStatus)
		if err != nil && (!status.Signaled() || said.Len() > 0) { // before it listens to signals the kernel ends it
			t.Errorf("told to stop after %s: %v\n%s", after, err, said.String())
		}
	}
}
