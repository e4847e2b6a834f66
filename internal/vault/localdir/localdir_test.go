package localdir_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

var noon = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

func open(t *testing.T, fsys durable.FS, dir string, c clock.Clock, keys ...vault.Key) (*localdir.Vault, error) {
	t.Helper()
	ring, err := vault.NewRing(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return localdir.New(t.Context(), localdir.Config{
		Dir: dir, Keys: ring, Node: "n1", Reserve: 1 << 20, Clock: c, Log: slog.New(slog.DiscardHandler), FS: fsys,
	})
}

func objectPath(dir string, d vault.Digest) string {
	name := d.String()
	return filepath.Join(dir, "objects", name[:2], name[2:4], name+".zv")
}

// TestMemory runs the suite on a disk in memory, on which every call can be made to fail.
func TestMemory(t *testing.T) {
	t.Parallel()
	vaulttest.Run(t, func(t *testing.T) *vaulttest.World {
		disk := durabletest.NewDisk(256 << 20)
		faults := durabletest.NewFaults(disk)
		w := &vaulttest.World{Key: vault.NewKey(), Clock: clock.NewManual(noon)}
		v, err := open(t, faults, "/v", w.Clock, w.Key)
		if err != nil {
			t.Fatal(err)
		}
		w.Vault = v
		w.Reopen = func(t *testing.T, keys ...vault.Key) (vault.Vault, error) {
			disk.PowerCut(nil) // the unkindest restart
			if len(keys) == 0 {
				keys = []vault.Key{w.Key}
			}
			return open(t, faults, "/v", w.Clock, keys...)
		}
		w.Raw = func(t *testing.T, d vault.Digest) []byte { return read(t, disk, objectPath("/v", d)) }
		w.SetRaw = func(t *testing.T, d vault.Digest, raw []byte) { write(t, disk, "/v", objectPath("/v", d), raw) }
		w.FailSync = func() {
			var done atomic.Bool
			faults.Plan(errors.New("EIO"), func(s durabletest.Step) durabletest.Outcome {
				if s.Op == "sync" && done.CompareAndSwap(false, true) {
					return durabletest.Fail
				}
				return durabletest.Pass
			})
		}
		w.SetFree = func(free int64) {
			s, _ := disk.Space("/")
			disk.SetTotal(s.Total - s.Free + 1<<20 + free)
		}
		return w
	})
}

// TestDisk runs the suite on the machine's disk.
func TestDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short")
	}
	vaulttest.Run(t, func(t *testing.T) *vaulttest.World {
		dir := filepath.Join(t.TempDir(), "v")
		w := &vaulttest.World{Key: vault.NewKey(), Clock: clock.NewManual(noon)}
		v, err := open(t, nil, dir, w.Clock, w.Key)
		if err != nil {
			t.Fatal(err)
		}
		w.Vault = v
		w.Reopen = func(t *testing.T, keys ...vault.Key) (vault.Vault, error) {
			if err := v.Close(); err != nil { // as the system does when a process ends
				t.Fatal(err)
			}
			if len(keys) == 0 {
				keys = []vault.Key{w.Key}
			}
			var err error
			v, err = open(t, nil, dir, w.Clock, keys...)
			return v, err
		}
		w.Raw = func(t *testing.T, d vault.Digest) []byte { return read(t, durable.OS(), objectPath(dir, d)) }
		w.SetRaw = func(t *testing.T, d vault.Digest, raw []byte) {
			write(t, durable.OS(), dir, objectPath(dir, d), raw)
		}
		t.Cleanup(func() { _ = v.Close() })
		return w
	})
}

func read(t *testing.T, fsys durable.FS, name string) []byte {
	t.Helper()
	f, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && size > 0 {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, fsys durable.FS, dir, name string, b []byte) {
	t.Helper()
	if err := durable.MkdirAll(fsys, dir, filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, name, b, 0o400); err != nil {
		t.Fatal(err)
	}
}

// TestModes: originals cannot be written by accident, and nobody else can look. // G15
func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "v")
	v, err := open(t, nil, dir, clock.NewManual(noon), vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	info := vaulttest.Put(t, v, []byte("abc"), nil)
	err = filepath.Walk(dir, func(name string, fi os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		switch {
		case fi.IsDir():
			want = 0o700
		case name == objectPath(dir, info.Digest):
			want = 0o400
		}
		if fi.Mode().Perm() != want {
			t.Errorf("%s: mode %o, want %o", name, fi.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := v.Verify(t.Context(), info.Digest)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("verified from medium %q", seen.Medium)
}

// TestOneProcess: the second process of a node is refused, another node is not.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "v")
	key := vault.NewKey()
	v, err := open(t, nil, dir, clock.NewManual(noon), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, nil, dir, clock.NewManual(noon), key); !errors.Is(err, durable.ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, nil, dir, clock.NewManual(noon), key); err != nil {
		t.Fatal(err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	ring, err := vault.NewRing(vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	good := localdir.Config{
		Dir: "/v", Keys: ring, Node: "n1", Clock: clock.NewManual(noon), Log: slog.New(slog.DiscardHandler),
		FS: durabletest.NewDisk(1 << 30),
	}
	for name, spoil := range map[string]func(*localdir.Config){
		"dir": func(c *localdir.Config) { c.Dir = "" }, "keys": func(c *localdir.Config) { c.Keys = nil },
		"node": func(c *localdir.Config) { c.Node = "../x" }, "clock": func(c *localdir.Config) { c.Clock = nil },
		"log": func(c *localdir.Config) { c.Log = nil },
	} {
		bad := good
		spoil(&bad)
		if _, err := localdir.New(t.Context(), bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := localdir.New(t.Context(), good); err != nil {
		t.Fatal(err)
	}
}
