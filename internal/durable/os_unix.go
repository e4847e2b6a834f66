//go:build unix

package durable

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

func syncDir(name string) error {
	d, err := os.Open(name) //nolint:gosec // callers derive names from ids and digests only
	if err != nil {
		// The names are written but cannot be made durable: the same to the caller as a failed fsync.
		return syncFailure(name, err)
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return syncFailure(name, err)
}

func space(name string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(name, &st); err != nil {
		return Space{}, fmt.Errorf("durable: statfs %s: %w", name, err)
	}
	block := int64(st.Bsize)                                                           // int32 on some systems
	return Space{Free: int64(st.Bavail) * block, Total: int64(st.Blocks) * block}, nil //nolint:gosec // exabytes fit
}

func lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // callers derive names from ids only
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return locked{f}, nil
}

// locked is a file with a lock on it.
type locked struct{ f *os.File }

// Close gives the lock back and then the file: to close it alone would leave the lock with a program that another part of
// this one is just starting, until that has begun to run.
func (l locked) Close() error {
	return errors.Join(unix.Flock(int(l.f.Fd()), unix.LOCK_UN), l.f.Close())
}
