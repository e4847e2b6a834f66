package durabletest

import (
	"io"
	"io/fs"
	"slices"
	"syscall"
)

// file is an open file of a Disk. A file opened before Kill or PowerCut is dead afterwards.
type file struct {
	disk   *Disk
	node   *node
	name   string
	write  bool
	synced bool // read what has been synced
	boot   int
	closed bool
}

func (f *file) enter(op string, write bool) error {
	f.disk.mu.Lock()
	if f.closed || f.boot != f.disk.boots || (write && !f.write) {
		f.disk.mu.Unlock()
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrClosed}
	}
	return nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.enter("read", false); err != nil {
		return 0, err
	}
	defer f.disk.mu.Unlock()
	data := f.node.data
	if f.synced {
		data = f.node.syncedData
	}
	if off >= int64(len(data)) {
		return 0, io.EOF
	}
	n := copy(p, data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.enter("write", true); err != nil {
		return 0, err
	}
	defer f.disk.mu.Unlock()
	n := f.node
	if grow := off + int64(len(p)) - int64(len(n.data)); grow > 0 {
		free := f.disk.total - used(f.disk.root)
		if grow > free { // a full disk takes what still fits
			p = p[:max(0, int64(len(p))-(grow-free))]
			f.grow(off + int64(len(p)))
			return copy(n.data[min(off, int64(len(n.data))):], p), &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
		}
		f.grow(off + int64(len(p)))
	}
	return copy(n.data[off:], p), nil
}

func (f *file) grow(size int64) {
	if more := size - int64(len(f.node.data)); more > 0 {
		f.node.data = append(f.node.data, make([]byte, more)...)
	}
}

func (f *file) Size() (int64, error) {
	if err := f.enter("stat", false); err != nil {
		return 0, err
	}
	defer f.disk.mu.Unlock()
	return int64(len(f.node.data)), nil
}

func (f *file) Truncate(size int64) error {
	if err := f.enter("truncate", true); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	f.node.data = f.node.data[:min(size, int64(len(f.node.data)))]
	f.grow(size)
	return nil
}

func (f *file) StartWrite(int64, int64) {}

func (f *file) Sync() error {
	if err := f.enter("sync", false); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	f.node.syncedData = slices.Clone(f.node.data)
	return nil
}

func (f *file) Close() error {
	if err := f.enter("close", false); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	f.closed = true
	return nil
}
