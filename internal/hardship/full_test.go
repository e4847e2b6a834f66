package hardship_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

const mib = 1 << 20

// fullDisk is a house on a small disk that somebody else fills too.
type fullDisk struct {
	t       *testing.T
	dir     string
	ballast string
	h       *housetest.House
	s       *housetest.Server
	c       *housetest.Client
	acks    *housetest.Acks
	v       housetest.Verdict
}

func (d *fullDisk) free() int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		d.t.Fatal(err)
	}
	return int64(s.Bavail) * s.Bsize
}

// fill lets something else take the disk until so many bytes are free.
func (d *fullDisk) fill(leave int64) {
	f, err := os.OpenFile(d.ballast, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for {
		n := min(d.free()-leave, mib)
		if n <= 0 {
			break
		}
		if _, err := f.Write(make([]byte, n)); err != nil {
			if errors.Is(err, syscall.ENOSPC) {
				break
			}
			d.t.Fatal(err)
		}
	}
	_ = f.Sync()
}

// makeRoom takes away the ballast and something older.
func (d *fullDisk) makeRoom() {
	for _, name := range []string{d.ballast, d.ballast + ".older"} {
		if err := os.Remove(name); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *fullDisk) wrong(format string, args ...any) {
	d.v.Wrong++
	d.v.Notes = append(d.v.Notes, fmt.Sprintf(format, args...))
}

// refusedForRoom judges a refusal: 507 or 413, in Chinese, with the room that is needed.
func (d *fullDisk) refusedForRoom(what string, a housetest.Answer, err error) {
	if err != nil || a.Status != http.StatusInsufficientStorage && a.Status != http.StatusRequestEntityTooLarge {
		d.wrong("%s: %+v %v", what, a, err)
		return
	}
	if !strings.Contains(a.Detail, "需要") || !strings.ContainsAny(a.Detail, "0123456789") {
		d.wrong("%s: the words do not say how much room is needed: %q", what, a.Detail)
	}
}

// acts signs in at the page, which is an entry, and waits for its place in the log.
func (d *fullDisk) acts(when string) {
	d.t.Helper()
	const signIns = "SELECT count(*) FROM custody_entry e JOIN custody_leaf l ON l.seq = e.seq WHERE e.action = 'account.sign_in' AND e.outcome = 'done'"
	before := d.h.Count(d.t, signIns)
	if _, err := d.h.SignIn(d.t, "system_admin"); err != nil {
		d.wrong("%s: nobody can sign in: %v", when, err)
		return
	}
	for end := time.Now().Add(housetest.Patience); d.h.Count(d.t, signIns) <= before; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			d.wrong("%s: a sign-in has no place in the log", when)
			return
		}
	}
}

// TestDiskFull is goal G4, on a file system of 64 MiB of which 16 are kept.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	rounds := housetest.Number(t, "G4_ROUNDS", 1, 8)
	total := housetest.Verdict{}
	notes := ""
	for round := range rounds {
		v, note := fillDisk(t, housetest.Rand(seed, fmt.Sprint("round", round)))
		total.Add(v)
		notes += note + "; "
	}
	total.Must(t)
	housetest.Tally{
		Goal: "G4", Runs: rounds, Lost: total.Lost, Doubled: total.Doubled, Wrong: total.Wrong, Began: began,
		Note: fmt.Sprintf("64 MiB disk, 16 MiB kept, filled by uploads, then to the last byte by another program: %sseed %d", notes, seed),
	}.Say(t)
}

func fillDisk(t *testing.T, r *rand.Rand) (housetest.Verdict, string) {
	t.Helper()
	dir := housetest.Small(t, 64)
	d := &fullDisk{t: t, dir: dir, ballast: filepath.Join(dir, "ballast"), acks: housetest.NewAcks()}
	if err := os.WriteFile(d.ballast+".older", make([]byte, 12*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	d.h = housetest.New(t, mkdir(t, filepath.Join(dir, "house")))
	d.h.Reserve = "16MiB"
	d.s = d.h.Start(t)
	d.c = &housetest.Client{House: d.h, Token: d.h.Dock, Acks: d.acks, Chunk: mib}
	reserve := int64(16 * mib)

	// Half of a file is here when the room ends.
	half := &housetest.File{Name: "half.mp4", Size: int64(4+r.IntN(5)) * mib, Seed: r.Uint64()}
	sent := int64(1+r.IntN(3)) * mib
	a, err := d.c.Create(t.Context(), half)
	if err != nil || a.Status != http.StatusCreated {
		t.Fatalf("%+v %v", a, err)
	}
	address := a.Address
	for off := int64(0); off < sent; off += mib {
		if a, err = d.c.Patch(t.Context(), half, address, off, mib); err != nil || a.Status != http.StatusNoContent {
			t.Fatalf("%+v %v", a, err)
		}
	}
	// A file that cannot fit is refused before its first byte; one that fits no disk of this size, too.
	a, err = d.c.Create(t.Context(), &housetest.File{Name: "big.mp4", Size: 40 * mib, Seed: 2})
	d.refusedForRoom("a file that does not fit", a, err)
	a, err = d.c.Create(t.Context(), &housetest.File{Name: "huge.mp4", Size: 400 * mib, Seed: 3})
	d.refusedForRoom("a file that no such disk holds", a, err)

	// Uploads fill the disk to the reserve and not beyond.
	taken, size := 0, int64(1+r.IntN(3))*mib
	for ; taken < 100; taken++ {
		a, err := d.c.Once(t.Context(), &housetest.File{Name: fmt.Sprintf("n%d.mp4", taken), Size: size, Seed: r.Uint64()}, "")
		if refused, ok := errors.AsType[*housetest.Refused](err); ok {
			d.refusedForRoom("one more file", refused.Answer, nil)
			break
		}
		if err != nil || a.Outcome != "sealed" {
			t.Fatalf("%+v %v\n%s", a, err, d.s.Log())
		}
	}
	if taken < 3 || taken == 100 {
		t.Fatalf("%d files of %d bytes fit on the disk", taken, size)
	}
	least := d.free()
	if least < reserve-5*mib { // the rows and their log grow into it, which is what it is for
		d.wrong("%d bytes are free, %d were to be kept", least, reserve)
	}
	d.acts("at the reserve")

	// Somebody else takes what is left above the reserve: what is on its way pauses.
	d.fill(reserve - 6*mib)
	a, err = d.c.Patch(t.Context(), half, address, sent, mib)
	d.refusedForRoom("the next chunk", a, err)
	if a, err = d.c.Head(t.Context(), address); err != nil || a.Offset != sent {
		d.wrong("a paused upload: %+v %v", a, err)
	}
	d.acts("below the reserve")

	// An agent meets the full disk and waits.
	card := []*housetest.File{{Name: "card.mp4", Size: 3 * mib, Seed: r.Uint64()}}
	agent := d.h.Agent(t, housetest.Card(t, filepath.Join(t.TempDir(), "card"), card), "state-of-agent", "--state", t.TempDir())
	var out, errs bytes.Buffer
	agent.Stdout, agent.Stderr = &out, &errs
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	d.fill(0) // nothing at all is left: not a byte for rows or log
	a, err = d.c.Patch(t.Context(), half, address, sent, mib)
	d.refusedForRoom("a chunk where nothing is left", a, err)
	a, err = d.c.Create(t.Context(), &housetest.File{Name: "none.mp4", Size: mib, Seed: 4})
	d.refusedForRoom("a file where nothing is left", a, err)
	if d.s.Ended() {
		t.Fatalf("the server ended\n%s", d.s.Log())
	}

	// There is room again, and nobody starts anything anew.
	d.makeRoom()
	if a, err = d.c.Once(t.Context(), half, address); err != nil || a.Outcome != "sealed" {
		d.wrong("a paused upload does not go on: %+v %v", a, err)
	}
	if err := agent.Wait(); err != nil {
		d.wrong("the agent: %v\n%s", err, errs.String())
	}
	d.acks.Docked("agent", "", housetest.DockedLines(out.Bytes()))
	d.acts("with room again")
	if !d.s.Await(http.StatusOK) {
		d.wrong("readyz is %d with room again\n%s", d.s.Readyz(), d.s.Log())
	}
	if n := d.acks.Ended(); n != taken+2 {
		d.wrong("%d files ended, want %d", n, taken+2)
	}
	d.v.Add(d.h.Check(t, d.s, d.acks.List(), 5))
	return d.v, fmt.Sprintf("%d × %d MiB, %.1f MiB left free", taken, size/mib, float64(least)/mib)
}
