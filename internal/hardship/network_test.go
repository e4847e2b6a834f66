package hardship_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// ailments are the lines of goal G9. both says what each does to both directions.
var ailments = []struct {
	name   string
	toxics []housetest.Toxic
}{
	{"latency", both("latency", 1, "latency", 120, "jitter", 80)},
	{"bandwidth", []housetest.Toxic{{Type: "bandwidth", Stream: "upstream", Attributes: map[string]any{"rate": 2_500}}}}, // KB/s
	{"slicer", both("slicer", 1, "average_size", 1_400, "size_variation", 700, "delay", 20)},                             // µs
	{"limit_data", []housetest.Toxic{{Type: "limit_data", Stream: "upstream", Toxicity: 0.8, Attributes: map[string]any{"bytes": 400_000}}}},
	{"limit_answers", []housetest.Toxic{{Type: "limit_data", Stream: "downstream", Toxicity: 0.6, Attributes: map[string]any{"bytes": 700}}}},
	{"reset_peer", []housetest.Toxic{{Type: "reset_peer", Stream: "upstream", Toxicity: 0.5, Attributes: map[string]any{"timeout": 150}}}},
	{"reset_answers", []housetest.Toxic{{Type: "reset_peer", Stream: "downstream", Toxicity: 0.5, Attributes: map[string]any{"timeout": 150}}}},
	{"timeout", []housetest.Toxic{{Type: "timeout", Stream: "upstream", Toxicity: 0.4, Attributes: map[string]any{"timeout": 400}}}},
	{"slow_close", both("slow_close", 1, "delay", 700)},
	{"everything", []housetest.Toxic{
		{Type: "latency", Stream: "downstream", Attributes: map[string]any{"latency": 40, "jitter": 40}},
		{Type: "slicer", Stream: "upstream", Attributes: map[string]any{"average_size": 4_000, "size_variation": 2_000, "delay": 10}},
		{Type: "reset_peer", Stream: "upstream", Toxicity: 0.3, Attributes: map[string]any{"timeout": 600}},
	}},
}

func both(kind string, toxicity float64, pairs ...any) []housetest.Toxic {
	attributes := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		attributes[pairs[i].(string)] = pairs[i+1]
	}
	return []housetest.Toxic{
		{Type: kind, Stream: "upstream", Toxicity: toxicity, Attributes: attributes},
		{Type: kind, Stream: "downstream", Toxicity: toxicity, Attributes: attributes},
	}
}

// TestBadLines is goal G9: cards of three sizes are docked over every kind of bad line. What arrives is what was sent, once,
// and a line that breaks costs at most one chunk sent again.
func TestBadLines(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	r := housetest.Rand(seed, "lines")
	chunk := int64(housetest.Number(t, "G9_CHUNK", 256<<10, 4<<20))
	sizes := []int64{80_000, 700_000, 2_000_000}
	if housetest.Full() {
		sizes = []int64{300_000, 9_000_000, 70_000_000}
	}
	api := housetest.Toxiproxy(t)
	h := housetest.New(t, t.TempDir())
	s := h.Start(t)
	acks := housetest.NewAcks()
	var mu sync.Mutex
	var sent, drops, most int64
	var worst string
	all := make(chan struct{}, 4) // lines at once: they wait more than they work
	var wg sync.WaitGroup
	for _, ail := range ailments {
		for i, size := range sizes {
			f := &housetest.File{Name: fmt.Sprintf("%s-%d.mp4", ail.name, size), Size: size, Seed: r.Uint64()}
			name := fmt.Sprintf("%s-%d", ail.name, i)
			wg.Go(func() {
				all <- struct{}{}
				defer func() { <-all }()
				line := housetest.NewLine(t, api, name, h.Addr)
				line.Infect(t, ail.toxics...)
				dockOver(t, h, line, acks, name, f, chunk)
				up, _, broken := line.Carried()
				mu.Lock()
				defer mu.Unlock()
				sent, drops = sent+up, drops+broken
				if again := up - size; again > most {
					most, worst = again, name
				}
				if limit := overhead(size, chunk, broken); up > limit {
					t.Errorf("%s: %d bytes of a file of %d went out over a line that broke %d times: more than %d", name, up, size, broken, limit)
				}
			})
		}
	}
	wg.Wait()
	v := h.Check(t, s, acks.List(), 5)
	if want := len(ailments) * len(sizes); acks.Ended() != want {
		v.Lost += want - acks.Ended()
		v.Notes = append(v.Notes, fmt.Sprintf("%d of %d files ended", acks.Ended(), want))
	}
	v.Must(t)
	if drops == 0 {
		t.Error("no line ever broke: nothing was tried")
	}
	housetest.Tally{
		Goal: "G9", Runs: len(ailments) * len(sizes), Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("%d breaks, %d MB sent, most again %d KB (%s); chunk %d KB; seed %d", drops, sent>>20, most>>10, worst, chunk>>10, seed),
	}.Say(t)
}

// overhead is how much may go out for a file: itself, one chunk a break, and what requests say beside it.
func overhead(size, chunk, broken int64) int64 {
	return size + broken*chunk + 64<<10 + (broken+size/(64<<10))*4<<10
}

// dockOver docks a card with one file over a line and notes what was acknowledged.
func dockOver(t *testing.T, h *housetest.House, line *housetest.Line, acks *housetest.Acks, name string, f *housetest.File, chunk int64) {
	t.Helper()
	card := housetest.Card(t, filepath.Join(h.Dir, "card-"+name), []*housetest.File{f})
	token := filepath.Join(h.Dir, name+".token")
	if err := os.WriteFile(token, []byte(h.Dock), 0o600); err != nil {
		t.Error(err)
		return
	}
	c := h.Command("dock", "--card", card, "--server", "http://"+line.Addr, "--token-file", token, "--json",
		"--state", filepath.Join(h.Dir, "state-"+name), "--chunk-size", strconv.FormatInt(chunk, 10))
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", name, err, out.String(), errs.String())
	}
	lines := housetest.DockedLines(out.Bytes())
	if len(lines) != 1 || lines[0].SHA256 != f.SHA256() {
		t.Errorf("%s: %+v is not %s", name, lines, f.SHA256())
	}
	acks.Docked(name, h.Dock, lines)
}

// TestOutage is the other half of G9: the line is gone for half an hour (some seconds in the short cut) in the middle of a
// file, and the docking goes on by itself where it was.
func TestOutage(t *testing.T) {
	t.Parallel()
	began := time.Now()
	away := time.Duration(housetest.Number(t, "G9_OUTAGE", 3, 1800)) * time.Second
	const chunk = 256 << 10
	h := housetest.New(t, t.TempDir())
	s := h.Start(t)
	acks := housetest.NewAcks()
	line := housetest.NewLine(t, housetest.Toxiproxy(t), "outage", h.Addr)
	line.Infect(t, housetest.Toxic{Type: "bandwidth", Stream: "upstream", Attributes: map[string]any{"rate": 1_000}})
	f := &housetest.File{Name: "outage.mp4", Size: 3_000_000, Seed: uint64(began.UnixNano())}
	done := make(chan struct{})
	go func() {
		defer close(done)
		dockOver(t, h, line, acks, "outage", f, chunk)
	}()
	for end := time.Now().Add(housetest.Patience); ; time.Sleep(10 * time.Millisecond) {
		if up, _, _ := line.Carried(); up > f.Size/3 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing is sent")
		}
	}
	line.Cut(t, true)
	select {
	case <-done:
		t.Error("the docking ended while the line was away")
	case <-time.After(away):
	}
	line.Cut(t, false)
	<-done
	v := h.Check(t, s, acks.List(), 1)
	v.Must(t)
	up, _, broken := line.Carried()
	if limit := overhead(f.Size, chunk, 3); up > limit { // what tries to connect sends nothing: only the one upload broke off
		t.Errorf("%d bytes of a file of %d went out: more than %d", up, f.Size, limit)
	}
	housetest.Tally{
		Goal: "G9-outage", Runs: 1, Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("away for %s, tried %d times meanwhile, %d KB sent for %d", away, broken, up>>10, f.Size>>10),
	}.Say(t)
}
