package localdir_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

// witness remembers what the vault has promised, and nothing else.
type witness struct {
	offsets map[ident.UploadID]int64
	sealed  map[ident.UploadID]vault.Digest
	begun   map[ident.UploadID][]byte
	late    error // a promise made after a failed fsync
}

var errChecksum = errors.New("checksum")

// story is a client's afternoon: three uploads, the second with the same content as the first, one given up. Errors
// are met as the door meets them: ask for the offset again, once, and go on from there; otherwise give up.
func story(t *testing.T, v vault.Vault, contents [][]byte) *witness {
	t.Helper()
	ctx := t.Context()
	w := &witness{
		offsets: map[ident.UploadID]int64{}, sealed: map[ident.UploadID]vault.Digest{}, begun: map[ident.UploadID][]byte{},
	}
	promise := func() {
		if err := v.ReadOnly(); err != nil && w.late == nil {
			w.late = fmt.Errorf("a promise after %w", err)
		}
	}
	for _, content := range contents {
		id := ident.New[ident.UploadID]()
		s, err := v.Begin(ctx, id, int64(len(content)), []byte(`{"k":1}`))
		if err != nil {
			continue
		}
		promise()
		w.begun[id] = content
		w.offsets[id] = 0
		size := int64(len(content))
		for _, step := range []struct {
			upTo  int64
			check func() error
		}{
			{size / 3, nil},
			{size / 2, func() error { return errChecksum }},
			{size / 2, func() error { return nil }},
			{size, func() error { return errChecksum }},
			{size, nil},
		} {
			for range 2 {
				off := s.Offset()
				from := bytes.NewReader(content[off:max(off, step.upTo)])
				before := w.offsets[id]
				if _, err = s.Append(ctx, from, step.check); err == nil || s.Offset() > before {
					if s.Offset() > before {
						promise()
					}
					w.offsets[id] = s.Offset()
				}
				if err == nil || errors.Is(err, errChecksum) {
					break
				}
				again, resumeErr := v.Resume(ctx, id)
				if resumeErr != nil {
					break
				}
				if s = again; s.Offset() < w.offsets[id] {
					t.Errorf("offset went back from %d to %d", w.offsets[id], s.Offset())
				}
				if s.Offset() > w.offsets[id] {
					promise()
				}
				w.offsets[id] = s.Offset()
			}
		}
		want := vault.Digest(sha256.Sum256(content))
		for range 2 {
			if _, _, err := s.Seal(ctx, &want, []byte(`{"k":2}`)); err == nil {
				promise()
				w.sealed[id] = want
				break
			}
		}
	}
	return w
}

// audit opens the vault again and holds it to every promise the witness remembers, reading objects with the decoder
// that shares no code with the writer.
func audit(t *testing.T, disk *durabletest.Disk, key vault.Key, w *witness, contents [][]byte) error {
	t.Helper()
	ctx := t.Context()
	v, err := open(t, disk, "/v", clock.NewManual(noon), key)
	if err != nil {
		return fmt.Errorf("does not open again: %w", err)
	}
	byDigest := map[vault.Digest][]byte{}
	for _, c := range contents {
		byDigest[sha256.Sum256(c)] = c
	}
	present := map[vault.Digest]bool{}
	for info, err := range v.Objects(ctx) {
		if err != nil {
			return fmt.Errorf("objects: %w", err)
		}
		present[info.Digest] = true
		content, _, err := vaulttest.Decode(read(t, disk, objectPath("/v", info.Digest)), key, info.Digest)
		if err != nil || !bytes.Equal(content, byDigest[info.Digest]) {
			return fmt.Errorf("object %s: %w", info.Digest, err)
		}
		if _, err := v.Verify(ctx, info.Digest); err != nil {
			return fmt.Errorf("verify after restart: %w", err)
		}
	}
	staged := map[ident.UploadID]int64{}
	for info, err := range v.Stages(ctx) {
		if err != nil {
			return fmt.Errorf("stage %s: %w", info.ID, err)
		}
		staged[info.ID] = info.Offset
	}
	for id, d := range w.sealed {
		if !present[d] {
			return fmt.Errorf("LOST: %s was acknowledged as %s", id, d)
		}
	}
	for id, content := range w.begun {
		if _, ok := w.sealed[id]; ok {
			continue
		}
		s, err := v.Resume(ctx, id)
		if fault.HasCode(err, "vault.stage_unknown") {
			if present[sha256.Sum256(content)] {
				continue // sealed, or given way to an equal object, without anybody being told
			}
			return fmt.Errorf("LOST: stage %s at %d", id, w.offsets[id])
		}
		if err != nil {
			return fmt.Errorf("resume %s: %w", id, err)
		}
		if s.Offset() < w.offsets[id] {
			return fmt.Errorf("LOST: stage %s stands at %d, acknowledged %d", id, s.Offset(), w.offsets[id])
		}
		if _, err := s.Append(ctx, bytes.NewReader(content[s.Offset():]), nil); err != nil {
			return fmt.Errorf("going on with %s: %w", id, err)
		}
		want := vault.Digest(sha256.Sum256(content))
		if _, _, err := s.Seal(ctx, &want, nil); err != nil {
			return fmt.Errorf("sealing %s after all: %w", id, err)
		}
		got, _, err := vaulttest.Decode(read(t, disk, objectPath("/v", want)), key, want)
		if err != nil || !bytes.Equal(got, content) {
			return fmt.Errorf("object %s sealed after all: %w", want, err)
		}
	}
	return errors.Join(leftovers(disk, staged), v.Close())
}

// wentOn holds the vault to going on after a single failure that was no failed fsync: whoever asked twice is served.
func wentOn(t *testing.T, v vault.Vault, w *witness) error {
	t.Helper()
	for id, content := range w.begun {
		if _, err := v.Stat(t.Context(), sha256.Sum256(content)); err != nil {
			return fmt.Errorf("%s was not sealed at the second try: %w", id, err)
		}
	}
	return nil
}

// leftovers reports files in the staging that belong to no stage: orphan bytes. // G2
func leftovers(disk *durabletest.Disk, staged map[ident.UploadID]int64) error {
	entries, err := disk.ReadDir("/v/staging/n1")
	if err != nil {
		return err
	}
	for _, e := range entries {
		id := ident.UploadID(strings.TrimSuffix(strings.TrimSuffix(e.Name, ".part"), ".state"))
		if _, ok := staged[id]; !ok && e.Name != "lock" {
			return fmt.Errorf("%s is left behind", e.Name)
		}
	}
	return nil
}

func stories() [][]byte {
	a := vaulttest.Content(1, 150_000)
	return [][]byte{a, a, vaulttest.Content(2, 65536), {}}
}

// TestEveryStepFails lets every single call to the file system fail in every way, kills the process or cuts the power
// afterwards, and audits what is left. // G1 G2 G3
func TestEveryStepFails(t *testing.T) {
	t.Parallel()
	contents := stories()
	key := vault.NewKey()
	setUp := func() (*durabletest.Disk, *durabletest.Faults, *localdir.Vault) {
		disk := durabletest.NewDisk(64 << 20)
		faults := durabletest.NewFaults(disk)
		v, err := open(t, faults, "/v", clock.NewManual(noon), key)
		if err != nil {
			t.Fatal(err)
		}
		faults.Plan(syscall.EIO, nil)
		return disk, faults, v
	}
	_, faults, v := setUp()
	if w := story(t, v, contents); len(w.sealed) != len(contents) || w.late != nil {
		t.Fatalf("without faults %d of %d are sealed", len(w.sealed), len(contents))
	}
	steps := faults.Steps()
	if len(steps) < 100 {
		t.Fatalf("the story has only %d steps", len(steps))
	}
	runs, stride := 0, 1
	if testing.Short() {
		stride = 5
	}
	for _, outcome := range []durabletest.Outcome{durabletest.Fail, durabletest.FailPersisted, durabletest.FailHalf} {
		for _, errno := range []error{syscall.EIO, syscall.ENOSPC} {
			for _, dead := range []bool{false, true} { // everything after it fails too: a killed process
				if errors.Is(errno, syscall.ENOSPC) && dead {
					continue
				}
				for n := 0; n < len(steps); n += stride {
					if outcome == durabletest.FailHalf && steps[n].Op != "write" {
						continue
					}
					end := runs % 3 // over all ways of failing, every step meets every end
					disk, faults, v := setUp()
					var hit durabletest.Step
					faults.Plan(errno, func(s durabletest.Step) durabletest.Outcome {
						switch {
						case s.N == n:
							hit = s
							return outcome
						case dead && s.N > n:
							return durabletest.Fail
						}
						return durabletest.Pass
					})
					w := story(t, v, contents)
					name := fmt.Sprintf("%v outcome %d %v dead %t end %d", hit, outcome, errno, dead, end)
					if w.late != nil {
						t.Errorf("%s: %v", name, w.late)
					}
					synced := strings.HasPrefix(hit.Op, "sync")
					if synced && !errors.Is(v.ReadOnly(), durable.ErrSync) {
						t.Errorf("%s: the vault may still be written", name)
					}
					if !synced && !dead && v.ReadOnly() != nil {
						t.Errorf("%s: read-only without a failed fsync", name)
					}
					if !dead && !synced {
						if err := wentOn(t, v, w); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					}
					switch end {
					case 0:
						disk.Kill()
					case 1:
						disk.PowerCut(nil)
					case 2:
						r := rand.New(rand.NewPCG(uint64(n), uint64(outcome)))
						disk.PowerCut(func() bool { return r.IntN(2) == 0 })
					}
					if err := audit(t, disk, key, w, contents); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if runs++; t.Failed() {
						t.FailNow()
					}
				}
			}
		}
	}
	t.Logf("%d steps, %d runs", len(steps), runs)
}

// TestPowerCutAnywhere cuts the power after a random step of a story, with a random part of the unsynced bytes and names
// on the disk; in half of the stories one step before it failed in a random way. // G1
func TestPowerCutAnywhere(t *testing.T) {
	t.Parallel()
	contents := stories()
	key := vault.NewKey()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		disk := durabletest.NewDisk(64 << 20)
		faults := durabletest.NewFaults(disk)
		stop := r.IntN(260)
		v, err := open(t, faults, "/v", clock.NewManual(noon), key)
		if err != nil {
			t.Fatal(err)
		}
		before, how := r.IntN(2*stop+1), durabletest.Outcome(1+r.IntN(3))
		faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
			switch {
			case s.N > stop:
				return durabletest.Fail
			case s.N == before:
				return how
			}
			return durabletest.Pass
		})
		w := story(t, v, contents)
		odds := r.IntN(5)
		disk.PowerCut(func() bool { return r.IntN(4) < odds })
		if err := audit(t, disk, key, w, contents); err != nil {
			t.Fatalf("seed %d, stopped after step %d, odds %d: %v", seed, stop, odds, err)
		}
	}
}

// TestRecoveryFails lets every step of opening the vault again fail, and opens it once more. // G3
func TestRecoveryFails(t *testing.T) {
	t.Parallel()
	contents := stories()
	key := vault.NewKey()
	for n := 0; ; n++ {
		disk := durabletest.NewDisk(64 << 20)
		faults := durabletest.NewFaults(disk)
		v, err := open(t, faults, "/v", clock.NewManual(noon), key)
		if err != nil {
			t.Fatal(err)
		}
		faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
			if s.N > 60 {
				return durabletest.Fail
			}
			return durabletest.Pass
		})
		w := story(t, v, contents)
		disk.PowerCut(func() bool { return n%2 == 0 })
		failed := false
		faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
			if s.N == n {
				failed = true
				return durabletest.FailPersisted
			}
			return durabletest.Pass
		})
		_, _ = open(t, faults, "/v", clock.NewManual(noon), key) // whether it opens is not the point
		disk.PowerCut(nil)
		if err := audit(t, disk, key, w, contents); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		if !failed {
			return
		}
	}
}

// TestKilledThenPowerCut kills the process at every step, opens the vault again, takes what it tells then for a promise,
// and only afterwards cuts the power: what a killed process left in the page cache must not be told as durable. // G1 G2
func TestKilledThenPowerCut(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	contents := stories()
	key := vault.NewKey()
	for n := 0; ; n++ {
		disk := durabletest.NewDisk(64 << 20)
		faults := durabletest.NewFaults(disk)
		v, err := open(t, faults, "/v", clock.NewManual(noon), key)
		if err != nil {
			t.Fatal(err)
		}
		killed := false
		faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
			if s.N >= n {
				killed = true
				return durabletest.Fail
			}
			return durabletest.Pass
		})
		w := story(t, v, contents)
		disk.Kill()
		faults.Plan(nil, nil)
		if v, err = open(t, faults, "/v", clock.NewManual(noon), key); err != nil {
			t.Fatal(err)
		}
		for info, err := range v.Objects(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			w.sealed[info.Upload] = info.Digest // adopted
		}
		for info, err := range v.Stages(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			s, err := v.Resume(ctx, info.ID)
			if err != nil {
				t.Fatal(err)
			}
			w.offsets[info.ID] = s.Offset()
		}
		disk.PowerCut(nil)
		if err := audit(t, disk, key, w, contents); err != nil {
			t.Fatalf("killed at step %d: %v", n, err)
		}
		if !killed {
			return
		}
	}
}

// TestRefusedBytesThatStay: refused bytes that could not be cut off at once do not get into the object.
func TestRefusedBytesThatStay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	disk := durabletest.NewDisk(64 << 20)
	faults := durabletest.NewFaults(disk)
	v, err := open(t, faults, "/v", clock.NewManual(noon), vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.Begin(ctx, ident.New[ident.UploadID](), vault.SizeUnknown, nil)
	if err != nil {
		t.Fatal(err)
	}
	faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
		if s.Op == "truncate" {
			return durabletest.Fail
		}
		return durabletest.Pass
	})
	garbage := bytes.NewReader(vaulttest.Content(9, 1<<20))
	if n, err := s.Append(ctx, garbage, func() error { return errChecksum }); n != 0 || !errors.Is(err, errChecksum) {
		t.Fatalf("kept %d, %v", n, err)
	}
	faults.Plan(nil, nil)
	if _, err := s.Append(ctx, strings.NewReader("abc"), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.DeclareSize(ctx, 3); err != nil {
		t.Fatal(err)
	}
	info, _, err := s.Seal(ctx, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(ctx, info.Digest); err != nil {
		t.Fatal(err)
	}
}

// TestCheckpointSaidToFail: a checkpoint that reached the disk although its rename failed counts, and refused bytes
// that come afterwards do not cut off what it names.
func TestCheckpointSaidToFail(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	key, content := vault.NewKey(), vaulttest.Content(1, 1<<20)
	disk := durabletest.NewDisk(64 << 20)
	faults := durabletest.NewFaults(disk)
	v, err := open(t, faults, "/v", clock.NewManual(noon), key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
	if err != nil {
		t.Fatal(err)
	}
	faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
		if s.Op == "rename" {
			return durabletest.FailPersisted
		}
		return durabletest.Pass
	})
	if n, err := s.Append(ctx, bytes.NewReader(content[:100_000]), nil); n != 0 || err == nil {
		t.Fatalf("kept %d, %v", n, err)
	}
	faults.Plan(nil, nil)
	garbage := bytes.NewReader(vaulttest.Content(9, 600_000))
	if n, err := s.Append(ctx, garbage, func() error { return errChecksum }); n != 0 || !errors.Is(err, errChecksum) {
		t.Fatalf("kept %d, %v", n, err)
	}
	disk.PowerCut(nil)
	w := &witness{
		offsets: map[ident.UploadID]int64{s.ID(): 100_000}, begun: map[ident.UploadID][]byte{s.ID(): content},
	}
	if err := audit(t, disk, key, w, [][]byte{content}); err != nil {
		t.Fatal(err)
	}
}
