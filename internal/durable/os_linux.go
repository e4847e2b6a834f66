package durable

import (
	"errors"
	"io"
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
	err = unix.Syncfs(int(d.Fd()))
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return syncFailure(name, err)
}

func openUncached(name string) (File, Medium, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_DIRECT, 0) //nolint:gosec // callers derive names from digests only
	if err == nil && !inMemory(name) {
		return directFile{osFile{f}}, Direct, nil
	}
	if err == nil {
		return directFile{osFile{f}}, Memory, nil
	}
	if !errors.Is(err, unix.EINVAL) {
		return nil, "", err
	}
	plain, err := os.Open(name) //nolint:gosec // callers derive names from digests only
	if err != nil {
		return nil, "", err
	}
	if err := unix.Fadvise(int(plain.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil || inMemory(name) {
		return osFile{plain}, Memory, nil
	}
	return osFile{plain}, Dropped, nil
}

// StartWrite begins writing without waiting. It looks at no error and so takes none away from the fsync that follows.
func (f osFile) StartWrite(off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE) // only a hint
}

// directFile reads with O_DIRECT. os.File.ReadAt would go on after the short read at the end of the file, at an offset
// that the kernel refuses.
type directFile struct{ osFile }

func (f directFile) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		m, err := unix.Pread(int(f.Fd()), p[n:], off+int64(n))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return n, &os.PathError{Op: "read", Path: f.Name(), Err: err}
		}
		n += m
		if m == 0 || n%directAlign != 0 {
			break
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// directAlign is what every disk in use accepts as the unit of a direct read.
const directAlign = 4096

// inMemory reports whether the file lies on a file system that has no disk under it. Newer kernels accept O_DIRECT
// there, which must not be mistaken for a read from a disk.
func inMemory(name string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(name, &st); err != nil {
		return true
	}
	kind := int64(st.Type) // int32 on some systems
	return kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC
}
