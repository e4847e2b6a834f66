// Package durable writes files so that they survive a power cut. It is the only package that replaces, creates or
// removes a file on which a promise rests.
//
// What is promised: when a function here returns nil, the change is on the device as far as fsync(2) can say so: the
// bytes of the file and the names in its directory. Without the second half a renamed file comes back under its
// temporary name after a power cut.
//
// What is not covered: a device or hypervisor that lies about flushing; sectors torn by failing hardware; bits that
// rot later (the vault authenticates and re-reads for that); a parent directory made by somebody else and never
// synced; Windows, where directories cannot be synced and SyncDir and SyncAll do nothing.
//
// A failed fsync is ErrSync. It MUST NOT be retried: Linux marks the pages clean after reporting the error once, so
// a second fsync answers "fine" about bytes that never reached the disk. Whoever meets ErrSync stops acknowledging.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
)

// ErrSync marks every failure to make something durable. What the disk holds afterwards is unknown.
var ErrSync = errors.New("durable: fsync failed")

// ErrLocked means that another process, or another part of this one, holds the lock.
var ErrLocked = errors.New("durable: locked by another process")

// Medium says where the bytes of an uncached read came from.
type Medium string

// The media.
const (
	// Direct reads went past the page cache (O_DIRECT).
	Direct Medium = "direct"
	// Dropped reads came after the file's pages were dropped from the page cache, which the system may decline.
	Dropped Medium = "dropped"
	// Memory means that the file system lives in memory, or that this system cannot go round its cache: the bytes
	// were read, but nothing is known about a disk.
	Memory Medium = "memory"
	// Remote means that a store on another machine gave the bytes anew; nothing is known about its disks and caches.
	Remote Medium = "remote"
)

// Info is what FS.Stat tells of a file.
type Info struct {
	Size int64
	Dir  bool
	Mode fs.FileMode // permission bits only
}

// Entry is one name in a directory.
type Entry struct {
	Name string
	Dir  bool
}

// Space is the room on a file system, in bytes.
type Space struct {
	Free  int64 // what an unprivileged process may still write
	Total int64
}

// FS is every file system call a durable write is made of, so that a test can make each of them fail, or fail
// although it took effect. OS is the real one.
//
// A missing name is fs.ErrNotExist, an occupied one fs.ErrExist. Sync, SyncDir and SyncAll failures match ErrSync.
type FS interface {
	// Create makes a new file for reading and writing and fails with fs.ErrExist if the name is taken.
	Create(name string, perm fs.FileMode) (File, error)
	// Open opens an existing file for reading.
	Open(name string) (File, error)
	// OpenWrite opens an existing file for reading and writing.
	OpenWrite(name string) (File, error)
	// OpenUncached opens an existing file for reading what the disk holds rather than what the page cache remembers,
	// as well as the system allows, and says how well that is. Offset, length and memory address of every ReadAt
	// MUST be multiples of 4096.
	OpenUncached(name string) (File, Medium, error)
	// Stat describes a file. It does not follow symbolic links.
	Stat(name string) (Info, error)
	// ReadDir lists a directory, sorted by name.
	ReadDir(name string) ([]Entry, error)
	// Mkdir makes one directory.
	Mkdir(name string, perm fs.FileMode) error
	// Chmod sets the permission bits of a file.
	Chmod(name string, perm fs.FileMode) error
	// Rename gives a file another name on the same file system; whatever had that name is gone.
	Rename(from, to string) error
	// RenameNew gives a file another name and fails with fs.ErrExist if the name is taken. On Linux (renameat2) this is
	// one step; elsewhere, and on file systems without it, it is a look and a rename, safe only while one process
	// writes there.
	RenameNew(from, to string) error
	// Remove takes away a name.
	Remove(name string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(name string) error
	// SyncAll makes everything on the file system that holds name durable. A process calls it once when it starts, for
	// what a killed predecessor wrote and never synced.
	SyncAll(name string) error
	// Space tells the room on the file system that holds name.
	Space(name string) (Space, error)
	// Lock takes an advisory lock on a file, made if missing, or fails with ErrLocked. The lock ends with Close, or
	// with the process.
	Lock(name string) (io.Closer, error)
}

// File is an open file of an FS.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size is the file's length in bytes.
	Size() (int64, error)
	// Truncate cuts or lengthens the file.
	Truncate(size int64) error
	// StartWrite asks the system to begin writing these bytes to the disk, so that a later Sync waits less. It promises
	// nothing and reports nothing; errors come from Sync.
	StartWrite(off, n int64)
	// Sync makes the file's bytes and length durable, but not its name: see FS.SyncDir.
	Sync() error
}

// WriteFile replaces the file name by data, or makes it. When it returns nil, the new content is durable under that
// name. When it fails, a later reader finds the old content whole or the new content whole, never a mixture; after
// ErrSync it is unknown which of them a power cut would leave. A file named ".<base>.<number>.tmp" may stay behind.
func WriteFile(fsys FS, name string, data []byte, perm fs.FileMode) error {
	temp, err := writeTemp(fsys, name, data, perm)
	if err != nil {
		return err
	}
	if err := fsys.Rename(temp, name); err != nil {
		return errors.Join(err, removeQuietly(fsys, temp))
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// CreateFile makes the file name with data and fails with fs.ErrExist if the name is taken. The name never shows
// partial content. When it returns nil, file and name are durable. After any other error the file may exist.
func CreateFile(fsys FS, name string, data []byte, perm fs.FileMode) error {
	temp, err := writeTemp(fsys, name, data, perm)
	if err != nil {
		return err
	}
	if err := fsys.RenameNew(temp, name); err != nil {
		return errors.Join(err, removeQuietly(fsys, temp))
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// Remove takes away a name for good: when it returns nil, the name does not come back after a power cut. The bytes may
// still lie on the device.
func Remove(fsys FS, name string) error {
	if err := fsys.Remove(name); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// MkdirAll makes a directory and every missing one above it, down from root, which must exist. When it returns nil,
// all of them are durable, also those that a killed predecessor made and did not sync. name MUST lie inside root.
func MkdirAll(fsys FS, root, name string, perm fs.FileMode) error {
	rel, err := filepath.Rel(root, name)
	if err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("durable: %q is not inside %q", name, root)
	}
	if rel == "." {
		return nil
	}
	parent := filepath.Dir(filepath.Join(root, rel))
	if err := MkdirAll(fsys, root, parent, perm); err != nil {
		return err
	}
	if err := fsys.Mkdir(filepath.Join(root, rel), perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return fsys.SyncDir(parent)
}

// TempSuffix ends the name of every unfinished file WriteFile and CreateFile may leave behind. Whoever owns a
// directory removes such files when it starts.
const TempSuffix = ".tmp"

func writeTemp(fsys FS, name string, data []byte, perm fs.FileMode) (string, error) {
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, fmt.Sprintf(".%s.%d%s", base, rand.Uint64(), TempSuffix)) //nolint:gosec // a name, not a secret
	f, err := fsys.Create(temp, perm)
	if err != nil {
		if !errors.Is(err, fs.ErrExist) {
			err = errors.Join(err, removeQuietly(fsys, temp))
		}
		return "", err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return "", errors.Join(err, removeQuietly(fsys, temp))
	}
	return temp, nil
}

// removeQuietly clears away what a failed write left; that there is nothing to clear is no error.
func removeQuietly(fsys FS, name string) error {
	if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
