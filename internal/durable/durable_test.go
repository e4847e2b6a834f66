package durable_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/durable/durabletest"
)

func read(t *testing.T, fsys durable.FS, name string) (string, bool) {
	t.Helper()
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return string(b), true
}

// TestWriteFileSteps makes every step of a replacement fail in every way and cuts the power: what is there afterwards
// is the old content or the new one, and the new one if success was told. // G1 G3
func TestWriteFileSteps(t *testing.T) {
	t.Parallel()
	const name = "/f"
	before, after := strings.Repeat("old", 3000), strings.Repeat("newer", 3000)
	for _, outcome := range []durabletest.Outcome{
		durabletest.Pass, durabletest.Fail, durabletest.FailPersisted, durabletest.FailHalf,
	} {
		for n := range 8 {
			for ends := range 3 {
				disk := durabletest.NewDisk(1 << 20)
				if err := durable.CreateFile(disk, name, []byte(before), 0o600); err != nil {
					t.Fatal(err)
				}
				faults := durabletest.NewFaults(disk)
				faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
					if s.N == n {
						return outcome
					}
					return durabletest.Pass
				})
				err := durable.WriteFile(faults, name, []byte(after), 0o600)
				switch ends {
				case 0:
					disk.Kill()
				case 1:
					disk.PowerCut(nil)
				case 2:
					odd := false
					disk.PowerCut(func() bool { odd = !odd; return odd })
				}
				got, _ := read(t, disk, name)
				if got != after && (err == nil || got != before) {
					t.Errorf("outcome %d at step %d, end %d: error %v, %d bytes of neither content", outcome, n, ends, err, len(got))
				}
				steps := faults.Steps()
				if hit := len(steps) > n && strings.HasPrefix(steps[n].Op, "sync"); hit && outcome != durabletest.Pass &&
					!errors.Is(err, durable.ErrSync) {
					t.Errorf("a failed fsync came back as %v", err)
				}
				syncs := 0
				for _, s := range steps {
					if s.Op == "sync" {
						syncs++
					}
				}
				if syncs > 1 {
					t.Errorf("fsync was retried")
				}
			}
		}
	}
}

func TestCreateFile(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]durable.FS{"memory": durabletest.NewDisk(1 << 20), "machine": durable.OS()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := "/"
			if name == "machine" {
				dir = t.TempDir()
			}
			if err := durable.MkdirAll(fsys, dir, filepath.Join(dir, "a", "b"), 0o700); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "a", "b", "f")
			if err := durable.CreateFile(fsys, file, []byte("one"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := durable.CreateFile(fsys, file, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
				t.Fatalf("got %v, want ErrExist", err)
			}
			if got, _ := read(t, fsys, file); got != "one" {
				t.Fatalf("the file became %q", got)
			}
			if err := durable.WriteFile(fsys, file, []byte("three"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, _ := read(t, fsys, file); got != "three" {
				t.Fatalf("the file is %q", got)
			}
			list, err := fsys.ReadDir(filepath.Dir(file))
			if err != nil || len(list) != 1 {
				t.Fatalf("left behind: %v %v", list, err)
			}
			if err := durable.Remove(fsys, file); err != nil {
				t.Fatal(err)
			}
			if err := durable.Remove(fsys, file); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("got %v, want ErrNotExist", err)
			}
			if err := durable.MkdirAll(fsys, filepath.Join(dir, "a"), filepath.Join(dir, "c"), 0o700); err == nil {
				t.Fatal("a directory outside the root was made")
			}
			if err := fsys.SyncAll(dir); err != nil {
				t.Fatal(err)
			}
			if s, err := fsys.Space(dir); err != nil || s.Free <= 0 || s.Total < s.Free {
				t.Fatalf("space %+v %v", s, err)
			}
			l, err := fsys.Lock(filepath.Join(dir, "lock"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fsys.Lock(filepath.Join(dir, "lock")); !errors.Is(err, durable.ErrLocked) {
				t.Fatalf("got %v, want ErrLocked", err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestUncached: the last piece of a file whose length is no multiple of the block comes back whole.
func TestUncached(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "f")
	want := bytes.Repeat([]byte("0123456789"), 1000)
	if err := durable.WriteFile(durable.OS(), name, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, medium, err := durable.OS().OpenUncached(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("medium %q", medium)
	buf := make([]byte, 4096*8)
	// A slice this large is aligned to a page by the allocator.
	n, err := f.ReadAt(buf, 0)
	if !errors.Is(err, io.EOF) || !bytes.Equal(buf[:n], want) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if n, err := f.ReadAt(buf, 8192); !errors.Is(err, io.EOF) || !bytes.Equal(buf[:n], want[8192:]) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := durable.OS().OpenUncached(name + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want ErrNotExist", err)
	}
}
