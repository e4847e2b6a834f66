package dossier_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// unload copies a folder of the disk in memory to a real one; false where there is none.
func unload(t *testing.T, disk durable.FS, from, to string) bool {
	t.Helper()
	list, err := disk.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Dir {
			unload(t, disk, from+"/"+e.Name, filepath.Join(to, e.Name))
			continue
		}
		f, err := disk.Open(from + "/" + e.Name)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, size)
		if _, err := f.ReadAt(raw, 0); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(filepath.Join(to, e.Name), raw, 0o600), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

// TestMakeFailsAnywhere lets every call of the file system fail, or fail although it took effect, then ends the process or cuts
// the power: there is a whole package or none, the one that was told of is there, and the next try makes one. // G1, G3
func TestMakeFailsAnywhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), 2)
	count := durabletest.NewFaults(durabletest.NewDisk(16 << 20))
	if _, err := d.on(t, count).Make(t.Context(), d.actor, d.order("/out")); err != nil {
		t.Fatal(err)
	}
	total := len(count.Steps())
	if total < 60 {
		t.Fatalf("only %d steps to try", total)
	}
	step := 7 // every call in turn under make fault; the ways to fail take turns with it
	if os.Getenv("ZHILU_FAULT") == "full" {
		step = 1
	}
	for n := 0; n < total; n += step {
		disk := durabletest.NewDisk(16 << 20)
		faults := durabletest.NewFaults(disk)
		outcome := []durabletest.Outcome{durabletest.Fail, durabletest.FailPersisted, durabletest.FailHalf}[n%3]
		var hit durabletest.Step
		faults.Plan(syscall.EIO, func(s durabletest.Step) durabletest.Outcome {
			if s.N != n {
				return durabletest.Pass
			}
			hit = s
			return outcome
		})
		_, err := d.on(t, faults).Make(t.Context(), d.actor, d.order("/out"))
		if n%2 == 0 {
			disk.Kill()
		} else {
			odd := false
			disk.PowerCut(func() bool { odd = !odd; return odd })
		}
		out := filepath.Join(t.TempDir(), "out")
		there := unload(t, disk, "/out", out)
		if there {
			if r := d.verify(t, out); r.ExitCode() != 0 {
				t.Fatalf("%s (%v): half a package has its name: %+v", hit, err, r.RecordIntact)
			}
		}
		if err == nil && !there {
			t.Fatalf("%s: it was told of and is not there", hit)
		}
		_, err = d.on(t, disk).Make(t.Context(), d.actor, d.order("/out"))
		if there != fault.HasCode(err, "dossier.exists") || !there && err != nil {
			t.Fatalf("%s: the next try: %v", hit, err)
		}
		if !unload(t, disk, "/out", filepath.Join(t.TempDir(), "again")) {
			t.Fatalf("%s: there is still none", hit)
		}
	}
}
