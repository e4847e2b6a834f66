package hardship_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// moments are the calls before which the power goes: what came before is written, what follows is not.
var moments = []struct{ words, name, class string }{
	{"an object has its place, the folder is not synced", "fsync", "data/vault/objects/x/y"},
	{"a chunk's checkpoint has its place, the folder is not synced", "fsync", "data/vault/staging/NODE"},
	{"a commit is written, the database is not synced", "fsync", "data/zhilu.db-wal"},
	{"a chunk is written, its file is not synced", "fsync", "data/vault/staging/NODE/ID.part"},
	{"the head of the log has its place, the folder is not synced", "fsync", "keys"},
	{"an object is finished and has no place yet", "renameat2", "data/vault/objects/x/y/DIGEST.zv"},
}

// TestPowerCut is goal G1: uploads are under way, the disk is copied in one moment, and a server on the copy has everything
// that had been acknowledged by then, with its digest. Half of the moments are chance's, half lie between two calls.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	uploads := housetest.Number(t, "G1_UPLOADS", 8, 200)
	cuts := housetest.Number(t, "G1_CUTS", 3, 48)
	most := housetest.Number(t, "G1_BYTES", 4<<20, 64<<20)
	d := housetest.NewDisk(t, housetest.Number(t, "G1_DISK_MIB", 256, 4096))
	h := housetest.New(t, mkdir(t, filepath.Join(d.Dir, "house")))
	s, w := h.StartWired(t)
	p := &power{h: h, d: d, w: w, r: housetest.Rand(seed, "cuts"), acks: housetest.NewAcks()}

	files := housetest.Files(housetest.Rand(seed, "files"), uploads, 1<<10, int64(most))
	g := newGate(0, uploads)
	var work sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		work.Go(func() {
			c := &housetest.Client{House: h, Token: h.Dock, Acks: p.acks, Chunk: 1 << 20}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				<-g.open
				if _, err := c.Send(t.Context(), files[i]); err != nil {
					t.Errorf("%s: %v", files[i].Name, err)
				}
			}
		})
	}
	total := housetest.Verdict{}
	admitted, acked, control, met := 0, 0, 0, 0
	for n := range cuts {
		want := (n + 1) * uploads / cuts
		g.admit(want - admitted)
		admitted = want
		image, list, moment, ok := p.cut(t, n)
		if ok {
			met++
		}
		acked += len(list)
		v, lostControl := p.judge(t, image, list, n)
		if !v.OK() {
			v.Notes = append([]string{fmt.Sprintf("cut %d (%s):", n, moment)}, v.Notes...)
		}
		if lostControl {
			control++
		}
		total.Add(v)
	}
	work.Wait()
	total.Add(h.Check(t, s, p.acks.List(), 5))
	total.Must(t)
	if control == 0 {
		t.Error("a file that was written and not synced survived every cut; these are no power cuts")
	}
	housetest.Tally{
		Goal: "G1", Runs: cuts, Lost: total.Lost, Doubled: total.Doubled, Wrong: total.Wrong, Began: began,
		Note: fmt.Sprintf("%d uploads, %d acknowledged states looked for; %d cuts between two calls; control lost in %d of %d; seed %d",
			uploads, acked, met, control, cuts, seed),
	}.Say(t)
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// power cuts the power and looks at what is left.
type power struct {
	h    *housetest.House
	d    *housetest.Disk
	w    *housetest.Wire
	r    *rand.Rand
	acks *housetest.Acks
}

// cut takes a copy of the disk and what had been acknowledged before. ok: it fell between the two calls that were meant.
func (p *power) cut(t *testing.T, n int) (image string, acked []housetest.Upload, moment string, ok bool) {
	t.Helper()
	control := filepath.Join(p.d.Dir, fmt.Sprintf("control%d", n))
	take := func() {
		if err := os.WriteFile(control, []byte("written and never synced"), 0o600); err != nil {
			t.Error(err)
		}
		acked = p.acks.List() // before the copy: all of this was said
		image = p.d.Cut(t)
	}
	if n%2 == 1 {
		time.Sleep(time.Duration(p.r.Int64N(int64(400 * time.Millisecond)))) // when is the point
		take()
		return image, acked, "at random", false
	}
	m := moments[n/2%len(moments)]
	nth := 1 + p.r.IntN(2)
	if housetest.Full() {
		nth = 1 + p.r.IntN(4)
	}
	held, release := make(chan struct{}), make(chan struct{})
	var seen atomic.Int64
	p.w.Judge(func(c housetest.Call) housetest.Deed {
		if c.Name == m.name && classOf(c.Path) == m.class && seen.Add(1) == int64(nth) {
			close(held)
			<-release
		}
		return housetest.Deed{}
	})
	defer close(release)
	defer p.w.Judge(nil)
	select {
	case <-held:
		ok = true
	case <-time.After(3 * time.Second): // there is too little under way
	}
	take()
	return image, acked, m.words, ok
}

// judge starts a server on the copy and compares. Uploads that were under way go on there to their end.
func (p *power) judge(t *testing.T, image string, acked []housetest.Upload, n int) (v housetest.Verdict, lostControl bool) {
	t.Helper()
	dir, done := p.d.Open(t, image)
	defer done()
	if raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("control%d", n))); err != nil || len(raw) == 0 {
		lostControl = true
	}
	h := p.h.Copy(t, filepath.Join(dir, "house"))
	s := h.Launch(t)
	defer s.Kill()
	if !s.Await(http.StatusOK) {
		v.Wrong++
		v.Notes = append(v.Notes, "the server on the copy did not become ready: "+s.Log())
		return v, lostControl
	}
	v.Add(h.CheckOnline(t, acked, 3))
	ctx, cancel := context.WithTimeout(t.Context(), housetest.Patience)
	defer cancel()
	c := &housetest.Client{House: h, Token: h.Dock}
	for _, u := range acked {
		if u.Outcome != "" {
			continue
		}
		if a, err := c.Once(ctx, u.File, u.Address); err != nil || a.Outcome == "" {
			v.Lost++
			v.Notes = append(v.Notes, fmt.Sprintf("an upload of which %d bytes were acknowledged does not go on: %+v %v", u.Offset, a, err))
		}
	}
	v.Add(h.Check(t, s, nil, 0))
	return v, lostControl
}

// TestCommits is goal G5: each acknowledged commit is in the database after a power cut, 100 of 100. Beside it lies a
// database that was written as is usual (synchronous=NORMAL), to see that the cut is one.
func TestCommits(t *testing.T) {
	t.Parallel()
	began := time.Now()
	commits := housetest.Number(t, "G5_COMMITS", 100, 100)
	rounds := housetest.Number(t, "G5_ROUNDS", 1, 10)
	d := housetest.NewDisk(t, 256)
	h := housetest.New(t, mkdir(t, filepath.Join(d.Dir, "house")))
	s := h.Start(t)
	usual, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir, "usual.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = usual.Close() }()
	if _, err := usual.ExecContext(t.Context(), "CREATE TABLE t (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	lost, usualThere, all := 0, 0, 0
	acks := housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Acks: acks}
	for round := range rounds {
		for i := range commits {
			if _, err := usual.ExecContext(t.Context(), "INSERT INTO t VALUES (?)", round*commits+i); err != nil {
				t.Fatal(err)
			}
			f := &housetest.File{Name: fmt.Sprintf("c%d.mp4", round*commits+i), Size: 1000, Seed: uint64(round*commits + i)}
			if a, err := c.Create(t.Context(), f); err != nil || a.Status != http.StatusCreated {
				t.Fatalf("%+v %v", a, err)
			}
			all++
		}
		image := d.Cut(t) // right after the last answer
		func() {
			dir, done := d.Open(t, image)
			defer done()
			copied := h.Copy(t, filepath.Join(dir, "house"))
			there := copied.Count(t, "SELECT count(*) FROM upload WHERE state = 'open'")
			if there != all {
				lost += all - there
				t.Errorf("round %d: %d of %d commits are there", round, there, all)
			}
			usualThere += countUsual(t, filepath.Join(dir, "usual.db"), round*commits)
		}()
	}
	if usualThere == all {
		t.Error("the database that is not synced has everything; this is no power cut")
	}
	v := h.Check(t, s, acks.List(), 0)
	v.Must(t)
	housetest.Tally{
		Goal: "G5", Runs: all, Lost: lost + v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("%d of %d commits there after %d cuts; synchronous=NORMAL beside it: %d of the %d since the cut before", all-lost, all, rounds, usualThere, all),
	}.Say(t)
}

// countUsual counts the rows of one round, which begin at first.
func countUsual(t *testing.T, name string, first int) int {
	t.Helper()
	d, err := sql.Open("sqlite", "file:"+name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	n := 0
	if err := d.QueryRowContext(t.Context(), "SELECT count(*) FROM t WHERE n >= ?", first).Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0 // the table itself was lost
	}
	return n
}
