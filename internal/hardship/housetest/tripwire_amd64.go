package housetest

import "golang.org/x/sys/unix"

// wiredCalls are the calls by which a program changes or reads files. Go makes those that end in "at"; SQLite's C, turned
// into Go, makes the older ones too.
var wiredCalls = map[int]wired{
	unix.SYS_OPENAT: {"openat", 1}, unix.SYS_OPEN: {"open", 0}, unix.SYS_CLOSE: {"close", -1},
	unix.SYS_WRITE: {"write", -1}, unix.SYS_PWRITE64: {"pwrite64", -1}, unix.SYS_PWRITEV: {"pwritev", -1}, unix.SYS_PREAD64: {"pread64", -1},
	unix.SYS_FSYNC: {"fsync", -1}, unix.SYS_FDATASYNC: {"fdatasync", -1}, unix.SYS_SYNCFS: {"syncfs", -1},
	unix.SYS_SYNC_FILE_RANGE: {"sync_file_range", -1},
	unix.SYS_FTRUNCATE:       {"ftruncate", -1}, unix.SYS_TRUNCATE: {"truncate", 0}, unix.SYS_FALLOCATE: {"fallocate", -1},
	unix.SYS_RENAME: {"rename", 1}, unix.SYS_RENAMEAT: {"renameat", 3}, unix.SYS_RENAMEAT2: {"renameat2", 3},
	unix.SYS_LINK: {"link", 1}, unix.SYS_LINKAT: {"linkat", 3}, unix.SYS_UNLINK: {"unlink", 0}, unix.SYS_UNLINKAT: {"unlinkat", 1},
	unix.SYS_MKDIR: {"mkdir", 0}, unix.SYS_MKDIRAT: {"mkdirat", 1},
	unix.SYS_FCHMOD: {"fchmod", -1}, unix.SYS_CHMOD: {"chmod", 0}, unix.SYS_FCHMODAT: {"fchmodat", 1},
}
