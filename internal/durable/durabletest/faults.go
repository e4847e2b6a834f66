package durabletest

import (
	"fmt"
	"io"
	"io/fs"
	"sync"
	"syscall"

	"zhilu.dev/zhilu/internal/durable"
)

// Step is one call of a file system.
type Step struct {
	N    int    // from 0
	Op   string // "create", "open", "openwrite", "openuncached", "stat", "readdir", "mkdir", "chmod", "rename", "renamenew", "remove", "syncdir", "syncall", "space", "lock", "read", "write", "size", "truncate", "sync", "close"
	Name string
}

// String describes the step in a failing test.
func (s Step) String() string { return fmt.Sprintf("step %d: %s %s", s.N, s.Op, s.Name) }

// Outcome is what a plan decides about a step.
type Outcome uint8

// The outcomes.
const (
	Pass          Outcome = iota
	Fail                  // nothing happens, and an error comes back
	FailPersisted         // it happens, and an error comes back all the same
	FailHalf              // a write writes half; every other step fails
)

// Faults is a file system of which every call can be made to fail. It is safe for concurrent use.
type Faults struct {
	under durable.FS
	mu    sync.Mutex
	plan  func(Step) Outcome
	errno error
	steps []Step
}

// NewFaults wraps a file system. Until Plan is called everything passes.
func NewFaults(under durable.FS) *Faults { return &Faults{under: under, errno: syscall.EIO} }

// Plan sets what decides about each step, which counts from 0 again, and the error of failing steps. A nil plan lets
// everything pass.
func (f *Faults) Plan(errno error, plan func(Step) Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan, f.errno, f.steps = plan, errno, nil
}

// Steps are the calls made since Plan.
func (f *Faults) Steps() []Step {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Step(nil), f.steps...)
}

func (f *Faults) decide(op, name string) (Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Step{N: len(f.steps), Op: op, Name: name}
	f.steps = append(f.steps, s)
	if f.plan == nil {
		return Pass, nil
	}
	out := f.plan(s)
	if out == Pass {
		return Pass, nil
	}
	err := error(&fs.PathError{Op: op, Path: name, Err: f.errno})
	if op == "sync" || op == "syncdir" || op == "syncall" {
		err = fmt.Errorf("%w: %w", durable.ErrSync, err)
	}
	return out, err
}

func (f *Faults) do(op, name string, act func() error) error {
	out, err := f.decide(op, name)
	switch out {
	case Pass:
		return act()
	case FailPersisted:
		_ = act() // the point is that nobody hears how it went
	case Fail, FailHalf:
	}
	return err
}

func get[T any](f *Faults, op, name string, act func() (T, error)) (T, error) {
	var got T
	err := f.do(op, name, func() (err error) { got, err = act(); return err })
	if err != nil {
		var none T
		return none, err
	}
	return got, nil
}

func (f *Faults) file(op, name string, act func() (durable.File, error)) (durable.File, error) {
	inner, err := get(f, op, name, act)
	if err != nil {
		return nil, err
	}
	return &faultFile{f: f, name: name, inner: inner}, nil
}

// Create makes a file.
func (f *Faults) Create(name string, perm fs.FileMode) (durable.File, error) {
	return f.file("create", name, func() (durable.File, error) { return f.under.Create(name, perm) })
}

// Open opens a file for reading.
func (f *Faults) Open(name string) (durable.File, error) {
	return f.file("open", name, func() (durable.File, error) { return f.under.Open(name) })
}

// OpenWrite opens a file for writing.
func (f *Faults) OpenWrite(name string) (durable.File, error) {
	return f.file("openwrite", name, func() (durable.File, error) { return f.under.OpenWrite(name) })
}

// OpenUncached opens a file for reading past the cache.
func (f *Faults) OpenUncached(name string) (durable.File, durable.Medium, error) {
	var medium durable.Medium
	file, err := f.file("openuncached", name, func() (inner durable.File, err error) {
		inner, medium, err = f.under.OpenUncached(name)
		return inner, err
	})
	return file, medium, err
}

// Stat describes a file.
func (f *Faults) Stat(name string) (durable.Info, error) {
	return get(f, "stat", name, func() (durable.Info, error) { return f.under.Stat(name) })
}

// ReadDir lists a directory.
func (f *Faults) ReadDir(name string) ([]durable.Entry, error) {
	return get(f, "readdir", name, func() ([]durable.Entry, error) { return f.under.ReadDir(name) })
}

// Mkdir makes a directory.
func (f *Faults) Mkdir(name string, perm fs.FileMode) error {
	return f.do("mkdir", name, func() error { return f.under.Mkdir(name, perm) })
}

// Chmod sets permission bits.
func (f *Faults) Chmod(name string, perm fs.FileMode) error {
	return f.do("chmod", name, func() error { return f.under.Chmod(name, perm) })
}

// Rename moves a name.
func (f *Faults) Rename(from, to string) error {
	return f.do("rename", to, func() error { return f.under.Rename(from, to) })
}

// RenameNew moves a name to a free one.
func (f *Faults) RenameNew(from, to string) error {
	return f.do("renamenew", to, func() error { return f.under.RenameNew(from, to) })
}

// Remove takes away a name.
func (f *Faults) Remove(name string) error {
	return f.do("remove", name, func() error { return f.under.Remove(name) })
}

// SyncDir makes names durable.
func (f *Faults) SyncDir(name string) error {
	return f.do("syncdir", name, func() error { return f.under.SyncDir(name) })
}

// SyncAll makes everything durable.
func (f *Faults) SyncAll(name string) error {
	return f.do("syncall", name, func() error { return f.under.SyncAll(name) })
}

// Space tells the room left.
func (f *Faults) Space(name string) (durable.Space, error) {
	return get(f, "space", name, func() (durable.Space, error) { return f.under.Space(name) })
}

// Lock takes a lock.
func (f *Faults) Lock(name string) (io.Closer, error) {
	return get(f, "lock", name, func() (io.Closer, error) { return f.under.Lock(name) })
}

type faultFile struct {
	f     *Faults
	name  string
	inner durable.File
}

func (x *faultFile) ReadAt(p []byte, off int64) (n int, err error) {
	err = x.f.do("read", x.name, func() error { n, err = x.inner.ReadAt(p, off); return err })
	return n, err
}

func (x *faultFile) WriteAt(p []byte, off int64) (int, error) {
	out, err := x.f.decide("write", x.name)
	switch out {
	case Pass:
		return x.inner.WriteAt(p, off)
	case FailPersisted:
		n, _ := x.inner.WriteAt(p, off)
		return n, err
	case FailHalf:
		n, _ := x.inner.WriteAt(p[:len(p)/2], off)
		return n, err
	case Fail:
	}
	return 0, err
}

func (x *faultFile) Size() (int64, error) { return get(x.f, "size", x.name, x.inner.Size) }

func (x *faultFile) Truncate(size int64) error {
	return x.f.do("truncate", x.name, func() error { return x.inner.Truncate(size) })
}

func (x *faultFile) StartWrite(off, n int64) { x.inner.StartWrite(off, n) } // cannot fail

func (x *faultFile) Sync() error { return x.f.do("sync", x.name, x.inner.Sync) }

func (x *faultFile) Close() error { return x.f.do("close", x.name, x.inner.Close) }
