package fence

import (
	"encoding/binary"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup gives the child its own process group and kills the whole group when the context ends.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// A classic BPF instruction (struct sock_filter).
type insn struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

const (
	bpfLoad = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfJeq  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfJge  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bpfJset = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	bpfRet  = unix.BPF_RET | unix.BPF_K

	retAllow = 0x7fff0000
	retErrno = 0x00050000
	retKill  = 0x80000000
)

// syscallFilter is a seccomp program that takes from ffprobe what a demuxer never needs: sockets, new processes
// (threads stay), tracing, mounts, namespaces, keys, kernel programs. Nil where the machine's kind is not known;
// the namespaces stand then alone.
func syscallFilter() []byte {
	var arch uint32
	deny := []uint32{
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT,
		unix.SYS_ACCEPT4, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_MOUNT,
		unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_SETNS, unix.SYS_UNSHARE, unix.SYS_KEYCTL,
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
		unix.SYS_IO_URING_SETUP, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_INIT_MODULE,
		unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON,
		unix.SYS_SWAPOFF, unix.SYS_QUOTACTL, unix.SYS_ACCT, unix.SYS_MKNODAT, unix.SYS_KILL, unix.SYS_TKILL,
		unix.SYS_FANOTIFY_INIT, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_FSOPEN, unix.SYS_MOVE_MOUNT,
		unix.SYS_OPEN_TREE,
	}
	switch runtime.GOARCH {
	case "amd64":
		arch = unix.AUDIT_ARCH_X86_64
		deny = append(deny, 57, 58, 133) // fork, vfork, mknod: not in the generic table
	case "arm64":
		arch = unix.AUDIT_ARCH_AARCH64
	case "loong64":
		arch = unix.AUDIT_ARCH_LOONGARCH64
	default:
		return nil
	}
	prog := []insn{
		{bpfLoad, 0, 0, 4}, // seccomp_data.arch
		{bpfJeq, 1, 0, arch},
		{bpfRet, 0, 0, retKill},
		{bpfLoad, 0, 0, 0}, // seccomp_data.nr
	}
	if runtime.GOARCH == "amd64" {
		prog = append(prog, insn{bpfJge, 0, 1, 0x40000000}, insn{bpfRet, 0, 0, retKill}) // the x32 table would go round the list
	}
	for _, nr := range deny {
		prog = append(prog, insn{bpfJeq, 0, 1, nr}, insn{bpfRet, 0, 0, retErrno | uint32(unix.EPERM)})
	}
	// clone3 hides its flags from filters; ENOSYS makes the C library use clone, whose flags can be seen.
	prog = append(prog, insn{bpfJeq, 0, 1, unix.SYS_CLONE3}, insn{bpfRet, 0, 0, retErrno | uint32(unix.ENOSYS)},
		insn{bpfJeq, 0, 3, unix.SYS_CLONE},
		insn{bpfLoad, 0, 0, 16}, // low half of the first argument (these machines are little-endian)
		insn{bpfJset, 1, 0, unix.CLONE_THREAD}, insn{bpfRet, 0, 0, retErrno | uint32(unix.EPERM)},
		insn{bpfRet, 0, 0, retAllow})
	out := make([]byte, 0, 8*len(prog))
	for _, i := range prog {
		out = binary.LittleEndian.AppendUint16(out, i.code)
		out = append(out, i.jt, i.jf)
		out = binary.LittleEndian.AppendUint32(out, i.k)
	}
	return out
}
