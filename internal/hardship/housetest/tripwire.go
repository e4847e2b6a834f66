package housetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Call is a file system call that the server is about to make on something inside its house.
type Call struct {
	Name string // "fsync"
	Path string // below the house's folder
}

// Deed is what becomes of a call.
type Deed struct {
	Errno syscall.Errno // the call is not made and fails with this
	Kill  bool          // the server is killed before the call
}

// Wire stands before every file system call of a server. It stops the thread that makes the call, and only it, until the
// call was judged: so a fault falls on exactly the call that was meant, however many threads the server has, which strace
// (it counts calls by thread) cannot do. A seccomp filter tells of the calls; programs the server starts have it too, but
// only the server's calls are judged.
type Wire struct {
	dir  string
	pid  int
	mu   sync.Mutex
	rule func(Call) Deed
}

// Judge sets what becomes of calls from now on; nil lets all pass. It is asked from several goroutines at once, and a call
// waits until it returns.
func (w *Wire) Judge(rule func(Call) Deed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rule = rule
}

// LaunchWired starts the server behind a wire and does not wait for it. rule judges from the first call on; it may be nil.
func (h *House) LaunchWired(t testing.TB, rule func(Call) Deed) (*Server, *Wire) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "wire")
	defer func() { _ = theirs.Close(); _ = unix.Close(pair[0]) }()
	s := h.launch(t, []string{self}, func(c *exec.Cmd) {
		c.ExtraFiles = []*os.File{theirs}
		c.Env = append(c.Env, wiredEnv+"=1")
	})
	_ = theirs.Close() // or a process that dies early would never be noticed
	listener, err := receiveFile(pair[0])
	if err != nil {
		s.Kill()
		Missing(t, fmt.Sprintf("no seccomp listener here: %v %s", err, s.Log()))
	}
	w := &Wire{dir: h.Dir, pid: s.cmd.Process.Pid, rule: rule}
	go w.listen(listener)
	if _, err := unix.Write(pair[0], []byte{1}); err != nil {
		t.Fatal(err)
	}
	return s, w
}

// StartWired starts the server behind a wire that lets all pass, and waits until it is ready.
func (h *House) StartWired(t testing.TB) (*Server, *Wire) {
	t.Helper()
	s, w := h.LaunchWired(t, nil)
	if !s.Await(200) {
		t.Fatalf("the server did not become ready (ended: %v)\n%s", s.Ended(), s.Log())
	}
	return s, w
}

const wiredEnv = "ZHILU_HARDSHIP_WIRED"

func receiveFile(socket int) (int, error) {
	buf, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, buf, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, err
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return 0, err
	}
	if len(msgs) != 1 {
		return 0, errors.New("the process ended before it told of a listener")
	}
	files, err := unix.ParseUnixRights(&msgs[0])
	if err != nil {
		return 0, err
	}
	return files[0], nil
}

// becomeWired puts the filter before this process, hands the listener to whoever started it, and becomes the program named
// by the arguments. It returns only where that failed.
func becomeWired() error {
	runtime.LockOSThread() // the filter is this thread's, and exec leaves no other
	const socket = 3
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for nr := range wiredCalls {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 0, Jf: 1, K: uint32(nr)},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if os.Geteuid() != 0 {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	env := os.Environ()
	for i, kv := range env {
		if strings.HasPrefix(kv, wiredEnv+"=") {
			env = append(env[:i], env[i+1:]...)
			break
		}
	}
	const waitKillable = 1 << 5 // signals of Go's scheduler must not begin a call anew that was judged
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|waitKillable, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(int(fd)), nil, 0); err != nil {
		return err
	}
	if _, _, err := unix.Recvfrom(socket, make([]byte, 1), 0); err != nil { // now somebody listens
		return err
	}
	_ = unix.Close(int(fd))
	_ = unix.Close(socket)
	return syscall.Exec(os.Args[1], os.Args[1:], env)
}

// notice is struct seccomp_notif.
type notice struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

// reply is struct seccomp_notif_resp.
type reply struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

func (w *Wire) listen(fd int) {
	defer func() { _ = unix.Close(fd) }()
	for {
		// The kernel wants to be waited for by poll: a listener whose last process has ended must be noticed.
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if p[0].Revents&unix.POLLIN == 0 {
			if p[0].Revents != 0 {
				return
			}
			continue
		}
		n := &notice{}
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(n)))
		if errno == unix.ENOENT || errno == unix.EINTR { // whoever made the call is gone
			continue
		}
		if errno != 0 {
			return
		}
		w.mu.Lock()
		rule := w.rule
		w.mu.Unlock()
		if rule == nil {
			w.answer(fd, n, Deed{})
			continue
		}
		if call, ok := w.describe(n); ok {
			go func() { w.answer(fd, n, rule(call)) }()
		} else {
			w.answer(fd, n, Deed{})
		}
	}
}

func (w *Wire) answer(fd int, n *notice, d Deed) {
	if d.Kill {
		_ = syscall.Kill(w.pid, syscall.SIGKILL)
		return // nobody waits for an answer
	}
	r := &reply{id: n.id, errno: -int32(d.Errno)}
	if d.Errno == 0 {
		r.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
	}
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(r)))
}

// describe tells what a call is about; ok only for calls of the server itself on something inside the house.
func (w *Wire) describe(n *notice) (Call, bool) {
	kind := wiredCalls[int(n.nr)]
	c := Call{Name: kind.name}
	proc := "/proc/" + strconv.Itoa(int(n.pid))
	var path string
	var err error
	if kind.path < 0 {
		path, err = os.Readlink(proc + "/fd/" + strconv.Itoa(int(int32(n.args[0]))))
	} else {
		path, err = readString(proc+"/mem", int64(n.args[kind.path]))
		if err == nil && !filepath.IsAbs(path) {
			path = filepath.Join(w.dir, path)
		}
	}
	rel, ok := strings.CutPrefix(path, w.dir+"/")
	if err != nil || !ok || !w.isServer(proc) {
		return c, false
	}
	c.Path = rel
	return c, true
}

func (w *Wire) isServer(proc string) bool {
	raw, err := os.ReadFile(proc + "/status")
	return err == nil && strings.Contains(string(raw), "\nTgid:\t"+strconv.Itoa(w.pid)+"\n")
}

func readString(mem string, at int64) (string, error) {
	f, err := os.Open(mem)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	buf := make([]byte, 4096-at%4096, 8192) // not beyond the page, which may be the last
	for {
		n, err := f.ReadAt(buf, at)
		if end := strings.IndexByte(string(buf[:n]), 0); end >= 0 {
			return string(buf[:end]), nil
		}
		if err != nil || len(buf) >= 8192 {
			return "", errors.Join(err, errors.New("no end of the path"))
		}
		buf = buf[:cap(buf)]
	}
}

// wired is a call that stops at the wire.
type wired struct {
	name string
	path int // the argument that points to a path; -1 where the first one is a descriptor
}
