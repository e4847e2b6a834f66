package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// OS is the machine's file system.
func OS() FS { return osFS{} }

type osFS struct{}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (f osFile) Sync() error { return syncFailure(f.Name(), f.File.Sync()) }

// syncFailure turns a failed fsync into ErrSync.
func syncFailure(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w", ErrSync, name, err)
}

func (osFS) Create(name string, perm fs.FileMode) (File, error) {
	return osOpen(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
}

func (osFS) Open(name string) (File, error) { return osOpen(name, os.O_RDONLY, 0) }

func (osFS) OpenWrite(name string) (File, error) { return osOpen(name, os.O_RDWR, 0) }

func osOpen(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm) //nolint:gosec // callers derive names from ids and digests only
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Stat(name string) (Info, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return Info{}, err
	}
	return Info{Size: fi.Size(), Dir: fi.IsDir(), Mode: fi.Mode().Perm()}, nil
}

func (osFS) ReadDir(name string) ([]Entry, error) {
	list, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(list))
	for i, e := range list {
		entries[i] = Entry{Name: e.Name(), Dir: e.IsDir()}
	}
	return entries, nil
}

func (osFS) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(name, perm) }

func (osFS) Chmod(name string, perm fs.FileMode) error { return os.Chmod(name, perm) }

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }

func (osFS) RenameNew(from, to string) error { return renameNew(from, to) }

func (osFS) Remove(name string) error { return os.Remove(name) }

func (osFS) SyncDir(name string) error { return syncDir(name) }

func (osFS) SyncAll(name string) error { return syncAll(name) }

func (osFS) Space(name string) (Space, error) { return space(name) }

func (osFS) OpenUncached(name string) (File, Medium, error) { return openUncached(name) }

func (osFS) Lock(name string) (io.Closer, error) { return lock(name) }

// lookAndRename is RenameNew where the system cannot do it in one step.
func lookAndRename(from, to string) error {
	_, err := os.Lstat(to)
	if err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
