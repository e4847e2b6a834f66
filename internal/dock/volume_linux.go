package dock

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// volumeLabel finds the label of the file system mounted at dir through /dev/disk/by-label.
func volumeLabel(dir string) string {
	var here unix.Stat_t
	if unix.Stat(dir, &here) != nil {
		return ""
	}
	links, err := os.ReadDir("/dev/disk/by-label")
	if err != nil {
		return ""
	}
	var parent unix.Stat_t
	if unix.Stat(filepath.Dir(dir), &parent) != nil || parent.Dev == here.Dev {
		return "" // dir is no mount point, so the label would be that of another volume
	}
	for _, l := range links {
		var dev unix.Stat_t
		if unix.Stat(filepath.Join("/dev/disk/by-label", l.Name()), &dev) == nil && dev.Rdev == here.Dev {
			return strings.ReplaceAll(l.Name(), `\x20`, " ")
		}
	}
	return ""
}

// space gives the volume's free and total bytes, zero where it cannot be told.
func space(dir string) (free, total int64) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, 0
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize //nolint:gosec // a volume is smaller than 8 EiB
}

// cardID tells one inserted card from the next: the device it is mounted from and its root's inode and age.
func cardID(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return strings.Join([]string{dir, uitoa(st.Dev), uitoa(st.Ino)}, ":")
}
