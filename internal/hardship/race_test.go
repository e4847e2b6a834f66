package hardship_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// TestRaces is goal G11: the same bytes come from several senders at once, under other names, and end in the same moment.
// One of them is the evidence, every other one is in the log as its duplicate.
func TestRaces(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	races := housetest.Number(t, "G11_RACES", 8, 200)
	r := housetest.Rand(seed, "races")
	h := housetest.New(t, t.TempDir())
	s := h.Start(t)
	docks := []string{h.Dock}
	for range 4 { // as many docks as there may be senders
		docks = append(docks, h.Token(t, "dock"))
	}
	acks := housetest.NewAcks()
	var v housetest.Verdict
	arrivals := 0
	for i := range races {
		f := housetest.Files(r, 1, 1, 2<<20)[0]
		senders := 2 + r.IntN(4)
		arrivals += senders
		var sealed int
		if i%10 == 5 {
			sealed = raceAgents(t, h, acks, f, i, docks[:senders])
		} else {
			sealed = raceClients(t, h, acks, f, docks[:senders])
		}
		if sealed != 1 {
			v.Doubled++
			v.Notes = append(v.Notes, fmt.Sprintf("race %d of %d senders: %d were told that theirs is the evidence", i, senders, sealed))
		}
	}
	v.Add(h.Check(t, s, acks.List(), 10))
	files := h.Count(t, "SELECT count(*) FROM recording_file")
	twice := h.Count(t, `SELECT count(*) FROM custody_entry WHERE action IN ('recording.seal', 'recording.adopt') AND detail LIKE '%"duplicate_of"%'`)
	if files != races || twice != arrivals-races {
		v.Wrong++
		v.Notes = append(v.Notes, fmt.Sprintf("%d races of %d arrivals: %d files, %d entries of a duplicate", races, arrivals, files, twice))
	}
	v.Must(t)
	housetest.Tally{
		Goal: "G11", Runs: races, Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("%d arrivals, %d logged as duplicates; seed %d", arrivals, twice, seed),
	}.Say(t)
}

// raceClients lets every sender come to the last byte and then sends all the last bytes at once. It gives how many were
// told that they brought the evidence.
func raceClients(t *testing.T, h *housetest.House, acks *housetest.Acks, f *housetest.File, docks []string) int {
	t.Helper()
	var all sync.WaitGroup
	start := make(chan struct{})
	said := make([]housetest.Answer, len(docks))
	for n, dock := range docks {
		mine := &housetest.File{Name: fmt.Sprintf("%d-%s", n, f.Name), Size: f.Size, Seed: f.Seed}
		c := &housetest.Client{House: h, Token: dock, Acks: acks}
		a, err := c.Create(t.Context(), mine)
		if err == nil && a.Status == http.StatusCreated && f.Size > 1 {
			_, err = c.Patch(t.Context(), mine, a.Address, 0, int(f.Size-1))
		}
		if err != nil || a.Status != http.StatusCreated {
			t.Fatalf("%+v %v", a, err)
		}
		all.Go(func() {
			<-start
			end, err := c.Patch(t.Context(), mine, a.Address, f.Size-1, 1)
			if err != nil || end.Status != http.StatusNoContent {
				t.Errorf("the last byte: %+v %v", end, err)
			}
			said[n] = end
		})
	}
	close(start)
	all.Wait()
	sealed := 0
	for _, a := range said {
		if a.Outcome == "sealed" {
			sealed++
		}
		if a.File != said[0].File {
			t.Errorf("two files of one content: %s and %s", a.File, said[0].File)
		}
	}
	return sealed
}

// raceAgents docks one card from several stations at once.
func raceAgents(t *testing.T, h *housetest.House, acks *housetest.Acks, f *housetest.File, race int, docks []string) int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	sealed := 0
	card := housetest.Card(t, filepath.Join(h.Dir, fmt.Sprintf("race%d", race)), []*housetest.File{f})
	for n, dock := range docks {
		name := fmt.Sprintf("race%d-%d", race, n)
		c := h.AgentAs(t, dock, card, name)
		all.Go(func() {
			var out, errs bytes.Buffer
			c.Stdout, c.Stderr = &out, &errs
			if err := c.Run(); err != nil && context.Cause(t.Context()) == nil {
				t.Errorf("%s: %v\n%s", name, err, errs.String())
			}
			lines := housetest.DockedLines(out.Bytes())
			acks.Docked(name, dock, lines)
			mu.Lock()
			defer mu.Unlock()
			for _, d := range lines {
				if d.Status == "sealed" {
					sealed++
				}
			}
		})
	}
	all.Wait()
	return sealed
}
