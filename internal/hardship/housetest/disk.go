package housetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is an ext4 file system (ZHILU_FAULT_FS=xfs: an XFS) in an image, of which a copy can be taken in one moment, as a power cut leaves it: what
// reached the block layer is in the copy, what is in memory only is not. The image lies in an XFS file system, which can
// share a file's blocks (FICLONE) while nobody writes to it; a copy that takes its time would show no state that ever was.
// Disks that lie about their cache are not shown.
type Disk struct {
	Dir string // where it is mounted

	image string
	mount []string
	cuts  int
}

// NewDisk makes and mounts a disk of some MiB in memory. It needs root, loop devices and mkfs.xfs; see Mounting.
func NewDisk(t testing.TB, mib int) *Disk {
	t.Helper()
	Mounting(t)
	Tool(t, "mkfs.xfs")
	Tool(t, "mkfs.ext4")
	root := t.TempDir()
	room, shelf := filepath.Join(root, "room"), filepath.Join(root, "shelf")
	d := &Disk{Dir: filepath.Join(root, "disk"), image: filepath.Join(shelf, "disk.img")}
	mount(t, room, "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", 3*mib+1024), "tmpfs")
	outer := filepath.Join(room, "outer.img")
	sparse(t, outer, int64(4*mib+1024)<<20)
	system(t, "mkfs.xfs", "-q", "-m", "reflink=1", outer)
	mount(t, shelf, "-o", "loop", outer)
	sparse(t, d.image, int64(mib)<<20)
	d.mount = []string{"-o", "loop"}
	if os.Getenv("ZHILU_FAULT_FS") == "xfs" {
		system(t, "mkfs.xfs", "-q", d.image)
		d.mount = []string{"-o", "loop,nouuid"} // a copy has the name of its original
	} else {
		system(t, "mkfs.ext4", "-q", "-F", d.image)
	}
	mount(t, d.Dir, append(slices.Clone(d.mount), d.image)...)
	return d
}

// Cut takes a copy in this moment. Mount it with Open.
func (d *Disk) Cut(t testing.TB) string {
	t.Helper()
	d.cuts++
	name := filepath.Join(filepath.Dir(d.image), fmt.Sprintf("cut%d.img", d.cuts))
	from, err := os.Open(d.image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	if err := unix.IoctlFileClone(int(to.Fd()), int(from.Fd())); err != nil {
		t.Fatalf("clone: %v", err)
	}
	return name
}

// Open mounts a copy, as the machine does when the power is back; done takes it away again.
func (d *Disk) Open(t testing.TB, cut string) (dir string, done func()) {
	t.Helper()
	dir = cut + ".d"
	umount := mount(t, dir, append(slices.Clone(d.mount), cut)...)
	return dir, func() {
		umount()
		_ = os.Remove(cut)
		_ = os.Remove(dir)
	}
}

// Mounting skips the test where file systems cannot be mounted. With ZHILU_REQUIRE_MOUNT=1, as `make fault` sets it, the
// test fails instead.
func Mounting(t testing.TB) {
	t.Helper()
	why := ""
	if os.Geteuid() != 0 {
		why = "mounting needs root"
	} else if err := exec.Command("losetup", "-f").Run(); err != nil {
		why = "there are no loop devices here"
	} else if dir := t.TempDir(); unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m") != nil { // a container, as a rule
		why = "mounting is not permitted"
	} else if err := unix.Unmount(dir, 0); err != nil {
		t.Fatal(err)
	}
	switch {
	case why == "":
	case os.Getenv("ZHILU_REQUIRE_MOUNT") == "1":
		t.Fatalf("%s, and ZHILU_REQUIRE_MOUNT=1", why)
	default:
		t.Skip("optional: " + why)
	}
}

// Small mounts an ext4 file system of some MiB and gives its folder.
func Small(t testing.TB, mib int) string {
	t.Helper()
	Mounting(t)
	Tool(t, "mkfs.ext4")
	root := t.TempDir()
	image, dir := filepath.Join(root, "small.img"), filepath.Join(root, "small")
	sparse(t, image, int64(mib)<<20)
	system(t, "mkfs.ext4", "-q", "-F", "-m", "0", image)
	mount(t, dir, "-o", "loop", image)
	return dir
}

func sparse(t testing.TB, name string, size int64) {
	t.Helper()
	f, err := os.Create(name)
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func system(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// mount makes the folder and mounts something there; it is taken away when the test ends, or by umount before.
func mount(t testing.TB, dir string, args ...string) (umount func()) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	system(t, "mount", append(args, dir)...)
	gone := false
	umount = func() {
		if gone {
			return
		}
		gone = true
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil { // somebody may still look; then it goes with them
			_ = exec.Command("umount", "-l", dir).Run()
			t.Logf("umount %s: %v %s", dir, err, out)
		}
	}
	t.Cleanup(umount)
	return umount
}
