package hardship_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// TestCrowd is goal G10: many docks come at once, each with a connection of its own, hand in 4 MB, and then trickle a second
// file over a slow line, while people look at pages. Nobody is refused, nobody waits for all the others, and the server
// stays small.
func TestCrowd(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	r := housetest.Rand(seed, "crowd")
	docks := housetest.Number(t, "G10_DOCKS", 40, 500)
	tokens := housetest.Number(t, "G10_TOKENS", 4, 500)
	trickle := time.Duration(housetest.Number(t, "G10_TRICKLE", 3, 600)) * time.Second
	h := housetest.New(t, t.TempDir())
	names := make([]string, tokens)
	for i := range names {
		names[i] = h.Token(t, "dock")
	}
	for _, role := range []string{"leader", "custodian"} {
		h.AddUser(t, role)
	}
	s := h.Start(t)
	acks := housetest.NewAcks()

	looking, stop := context.WithCancel(t.Context())
	var visitor housetest.Visitor
	var visits sync.WaitGroup
	for role, pages := range map[string][]string{
		"leader": {"/", "/recordings"}, "custodian": {"/", "/recordings", "/inbox"}, "system_admin": {"/health", "/people"},
	} {
		b, err := h.SignIn(t, role)
		if err != nil {
			t.Fatal(err)
		}
		visits.Go(func() { visitor.Visit(looking, b, 300*time.Millisecond, pages...) })
	}

	crowd := make([]*dockOfMany, docks)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range crowd {
		d := &dockOfMany{c: &housetest.Client{House: h, Token: names[i%tokens], Acks: acks, HTTP: &http.Transport{MaxConnsPerHost: 1}}}
		d.first = &housetest.File{Name: fmt.Sprintf("A%04d.mp4", i), Size: 4_000_000, Seed: r.Uint64()}
		d.second = &housetest.File{Name: fmt.Sprintf("B%04d.mp4", i), Size: int64(trickle/trickleEvery) * trickleBytes, Seed: r.Uint64()}
		d.first.SHA256() // not on the clock
		d.second.SHA256()
		crowd[i] = d
		all.Go(func() {
			<-start
			d.work(t.Context())
		})
	}
	close(start)
	all.Wait()
	u := s.Usage(t)
	stop()
	visits.Wait()

	var v housetest.Verdict
	var acknowledged, whole []time.Duration
	for i, d := range crowd {
		if d.err != nil {
			v.Wrong++
			v.Notes = append(v.Notes, fmt.Sprintf("dock %d: %v", i, d.err))
			continue
		}
		acknowledged, whole = append(acknowledged, d.patches...), append(whole, d.took)
	}
	pages, p95, refused := visitor.Said()
	for _, w := range refused {
		v.Wrong++
		v.Notes = append(v.Notes, "a page: "+w)
	}
	v.Add(h.Check(t, s, acks.List(), 3))
	v.Must(t)
	fair := float64(housetest.Quantile(whole, 1)) / float64(housetest.Quantile(whole, 0))
	p99 := housetest.Quantile(acknowledged, 0.99)
	if u.Peak > 1<<30 {
		t.Errorf("the server took %d MiB of memory", u.Peak>>20)
	}
	if housetest.Full() { // the short cut shares the machine with other tests, and speed is not what it is for
		if fair > 3 {
			t.Errorf("the slowest dock took %.1f times as long as the fastest", fair)
		}
		if p95 > 500*time.Millisecond {
			t.Errorf("95 of 100 pages took up to %s", p95)
		}
		if p99 > 5*time.Second {
			t.Errorf("99 of 100 chunks were acknowledged within %s", p99)
		}
	}
	housetest.Tally{
		Goal: "G10", Runs: docks, Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("4 MB each within %.1f s, slowest/fastest %.2f; chunk acknowledged p99 %d ms; %d pages p95 %d ms; RSS at most %d MiB, %d descriptors; then %s of trickle",
			housetest.Quantile(whole, 1).Seconds(), fair, p99.Milliseconds(), pages, p95.Milliseconds(), u.Peak>>20, u.Files, trickle),
	}.Say(t)
}

// A trickling dock sends this much, this often.
const (
	trickleBytes = 2 << 10
	trickleEvery = 250 * time.Millisecond
)

// dockOfMany is one of a crowd.
type dockOfMany struct {
	c             *housetest.Client
	first, second *housetest.File
	patches       []time.Duration // how long each chunk of the first file took to be acknowledged
	took          time.Duration   // the first file, whole
	err           error
}

// work hands in both files; nothing is tried twice, for nothing may fail.
func (d *dockOfMany) work(ctx context.Context) {
	began := time.Now()
	a, err := d.c.Create(ctx, d.first)
	for at := int64(0); err == nil && at < d.first.Size; at = a.Offset {
		address := a.Address
		sent := time.Now()
		a, err = d.c.Patch(ctx, d.first, address, at, 512<<10)
		a.Address = address
		d.patches = append(d.patches, time.Since(sent))
		if err == nil && a.Status != http.StatusNoContent {
			err = &housetest.Refused{Answer: a}
		}
	}
	d.took = time.Since(began)
	if err != nil {
		d.err = fmt.Errorf("%s: %w", d.first.Name, err)
		return
	}
	if a, err = d.c.Create(ctx, d.second); err == nil {
		err = d.trickle(ctx, a.Address)
	}
	if err != nil {
		d.err = fmt.Errorf("%s: %w", d.second.Name, err)
	}
}

// trickle sends the second file in one request whose body takes its time.
func (d *dockOfMany) trickle(ctx context.Context, address string) error {
	whole, err := io.ReadAll(d.second.Reader(0))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(whole)
	a, err := d.c.Do(ctx, http.MethodPatch, address, map[string]string{
		"Content-Type": "application/offset+octet-stream", "Upload-Offset": strconv.Itoa(0),
		"Upload-Checksum": "sha256 " + base64.StdEncoding.EncodeToString(sum[:]), "Zhilu-Content-SHA256": d.second.SHA256(),
	}, &trickler{left: whole})
	if err != nil {
		return err
	}
	if a.Status != http.StatusNoContent || a.Outcome != "sealed" {
		return &housetest.Refused{Answer: a}
	}
	return nil
}

// trickler gives its bytes slowly.
type trickler struct{ left []byte }

// Len is what is still to come.
func (r *trickler) Len() int { return len(r.left) }

func (r *trickler) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		return 0, io.EOF
	}
	time.Sleep(trickleEvery)
	n := copy(p, r.left[:min(len(r.left), trickleBytes)])
	r.left = r.left[n:]
	return n, nil
}
