package diagnosis

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Disk is the file system under a folder.
type Disk struct {
	Kind      string   `json:"kind"`
	Options   []string `json:"options"`
	Total     uint64   `json:"total_bytes"`
	Free      uint64   `json:"free_bytes"`
	Files     uint64   `json:"files"`
	FilesFree uint64   `json:"files_free"`
	Mode      string   `json:"mode"` // of the folder itself
}

// options of a mount that are told. Others may hold addresses, names and passwords of shares.
var options = []string{
	"rw", "ro", "sync", "dirsync", "noatime", "relatime", "nosuid", "nodev", "noexec", "discard", "barrier", "nobarrier", "data=ordered",
	"data=journal", "data=writeback", "errors=remount-ro", "errors=continue", "nodatacow", "compress", "soft", "hard", "noac",
}

// kinds of file systems that are told by name.
var kinds = []string{"ext4", "ext3", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "nfs", "nfs4", "cifs", "smb3", "fuseblk", "vfat", "exfat", "f2fs", "9p", "virtiofs"}

// DiskOf looks at the file system under a folder.
func DiskOf(dir string) (*Disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return nil, err
	}
	size := uint64(max(s.Bsize, 0))
	d := &Disk{Kind: "other", Options: []string{}, Total: s.Blocks * size, Free: s.Bavail * size, Files: s.Files, FilesFree: s.Ffree}
	if info, err := os.Stat(dir); err == nil {
		d.Mode = info.Mode().String()
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return d, nil //nolint:nilerr // the rest is known
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	raw, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return d, nil //nolint:nilerr // the rest is known
	}
	best := -1
	for line := range strings.Lines(string(raw)) {
		left, right, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(left), strings.Fields(right)
		if !ok || len(f) < 6 || len(g) < 3 || len(f[4]) < best || abs != f[4] && !strings.HasPrefix(abs, strings.TrimSuffix(f[4], "/")+"/") {
			continue
		}
		best, d.Options, d.Kind = len(f[4]), []string{}, "other"
		if slices.Contains(kinds, g[0]) {
			d.Kind = g[0]
		}
		for o := range strings.SplitSeq(f[5]+","+g[2], ",") {
			if slices.Contains(options, o) && !slices.Contains(d.Options, o) {
				d.Options = append(d.Options, o)
			}
		}
	}
	return d, nil
}

// kernel is the system's name and version.
func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
