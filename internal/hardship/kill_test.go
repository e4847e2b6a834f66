package hardship_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// TestKilled is goal G2: server and dock agents are killed at random while files come in, and are started again. In the end
// every file is there once, with one leaf in the log, and no object is without its row.
func TestKilled(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	kills := housetest.Number(t, "G2_KILLS", 10, 1000)
	uploads := housetest.Number(t, "G2_UPLOADS", 12, 500)
	most := int64(housetest.Number(t, "G2_BYTES", 4<<20, 16<<20))
	files := housetest.Files(housetest.Rand(seed, "files"), uploads, 1<<10, most)

	h := housetest.New(t, t.TempDir())
	k := &killing{t: t, h: h, r: housetest.Rand(seed, "kills"), acks: housetest.NewAcks()}
	k.server = h.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(kills)*5*time.Second+5*time.Minute)
	defer cancel()

	// One file in five comes by an agent from a card, the others by our own client, six at a time.
	agents := max(1, uploads/50)
	cards := make([][]*housetest.File, agents)
	var singles []*housetest.File
	for i, f := range files {
		if i%5 == 0 {
			n := i / 5 % agents
			cards[n] = append(cards[n], f)
		} else {
			singles = append(singles, f)
		}
	}
	g := newGate(4, len(singles)+agents)
	var work sync.WaitGroup
	var next atomic.Int64
	for range 6 {
		work.Go(func() {
			c := &housetest.Client{House: h, Token: h.Dock, Acks: k.acks, Chunk: 1 << 20}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(singles) || ctx.Err() != nil {
					return
				}
				<-g.open
				if _, err := c.Send(ctx, singles[i]); err != nil {
					t.Errorf("%s: %v", singles[i].Name, err)
				}
			}
		})
	}
	work.Go(func() { // one agent after the other
		for i, list := range cards {
			<-g.open
			k.dock(ctx, fmt.Sprintf("agent%d", i), housetest.Card(t, filepath.Join(h.Dir, fmt.Sprintf("card%d", i)), list))
		}
	})
	done := make(chan struct{})
	go func() { work.Wait(); close(done) }()
	admitted := 0
	for n := range kills {
		k.one()
		want := (n + 1) * (len(singles) + agents) / kills
		g.admit(want - admitted)
		admitted = want
	}
	g.admit(len(singles) + agents)
	<-done
	if !k.server.Await(200) {
		t.Fatalf("the server did not become ready\n%s", k.server.Log())
	}
	if n := k.acks.Ended(); n != uploads {
		t.Errorf("%d of %d files were acknowledged", n, uploads)
	}
	papers := housetest.Number(t, "G2_PAPERS", 5, 100)
	v := h.Check(t, k.server, k.acks.List(), papers)
	if n := h.Count(t, "SELECT count(*) FROM recording_file"); n != uploads {
		v.Wrong++
		v.Notes = append(v.Notes, fmt.Sprintf("%d recordings of %d files", n, uploads))
	}
	stages, err := filepath.Glob(filepath.Join(h.Data, "vault", "staging", "*", "*.part"))
	if err != nil {
		t.Fatal(err)
	}
	open := h.Count(t, "SELECT count(*) FROM upload WHERE state = 'open'")
	if len(stages) > open {
		v.Wrong++
		v.Notes = append(v.Notes, fmt.Sprintf("%d stages for %d open uploads", len(stages), open))
	}
	v.Must(t)
	housetest.Tally{
		Goal: "G2", Runs: kills, Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("%d uploads; killed: server %d (%d while starting), agent %d; seed %d; %d begun uploads whose address was never told wait to go stale",
			uploads, k.ofServer, k.starting, k.ofAgent, seed, open),
	}.Say(t)
}

// killing kills servers and agents.
type killing struct {
	t      *testing.T
	h      *housetest.House
	r      *rand.Rand
	acks   *housetest.Acks
	server *housetest.Server

	mu    sync.Mutex
	agent *os.Process // the one that runs, or nil

	ofServer, starting, ofAgent int
}

// one kills something, at a moment that chance names, and starts the server again.
func (k *killing) one() {
	early := k.r.IntN(5) == 0
	wait := time.Duration(k.r.Int64N(int64(300 * time.Millisecond)))
	atAgent := k.r.IntN(4) == 0
	if !early && !k.server.Await(200) {
		k.t.Fatalf("the server did not become ready\n%s", k.server.Log())
	}
	time.Sleep(wait) // when is the point
	if atAgent && k.killAgent() {
		k.ofAgent++
		return
	}
	if early && k.server.Readyz() != 200 {
		k.starting++
	}
	k.server.Kill()
	k.ofServer++
	k.server = k.h.Launch(k.t)
}

func (k *killing) killAgent() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.agent == nil {
		return false
	}
	return k.agent.Kill() == nil
}

// dock docks a card until an agent says that everything is safe.
func (k *killing) dock(ctx context.Context, name, card string) {
	for ctx.Err() == nil {
		c := k.h.Agent(k.t, card, name, "--chunk-size", "1048576")
		var out, errs bytes.Buffer
		c.Stdout, c.Stderr = &out, &errs
		k.mu.Lock()
		err := c.Start()
		k.agent = c.Process
		k.mu.Unlock()
		if err == nil {
			err = c.Wait()
		}
		k.mu.Lock()
		k.agent = nil
		k.mu.Unlock()
		k.acks.Docked(name, "", housetest.DockedLines(out.Bytes()))
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			k.t.Errorf("%s: %v\n%s", name, err, errs.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
