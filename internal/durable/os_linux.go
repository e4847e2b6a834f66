package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return lookAndRename(from, to) // NFS and some FUSE file systems
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func syncAll(name string) error {
	d, err := os.Open(name) //nolint:gosec // the owner's own directory
	if err != nil {
		return syncFailure(name, err)
	}
	err = unix.Syncfs(int(d.Fd())) //nolint:gosec // a descriptor fits
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return syncFailure(name, err)
}

func openUncached(name string) (File, Medium, error) {
	f, err := osOpen(name, os.O_RDONLY|unix.O_DIRECT, 0)
	if err == nil && !inMemory(name) {
		return f, Direct, nil
	}
	if err == nil {
		return f, Memory, nil
	}
	if !errors.Is(err, unix.EINVAL) {
		return nil, "", err
	}
	plain, err := os.Open(name) //nolint:gosec // callers derive names from digests only
	if err != nil {
		return nil, "", err
	}
	if err := unix.Fadvise(int(plain.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil || inMemory(name) { //nolint:gosec // a descriptor fits
		return osFile{plain}, Memory, nil
	}
	return osFile{plain}, Dropped, nil
}

// inMemory reports whether the file lies on a file system that has no disk under it. Newer kernels accept O_DIRECT
// there, which must not be mistaken for a read from a disk.
func inMemory(name string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(name, &st); err != nil {
		return true
	}
	kind := int64(st.Type) //nolint:unconvert // int32 on some systems
	return kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC
}
