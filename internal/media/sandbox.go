package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// The fences a probe can run behind, as reported in Facts.Sandbox.
const (
	SandboxBwrap  = "bwrap"  // own namespaces, no network, no /proc, only ffprobe and one file in sight, limits, system call filter
	SandboxRlimit = "rlimit" // a plain process under limits, with forced demuxer and protocol list
	SandboxNone   = "none"   // nothing was run: the bytes are no kind that ffprobe is given
)

// Limits bound one run of ffprobe. The zero value of a field means its default.
type Limits struct {
	Wall   time.Duration // wall time of one run; 30 s
	CPU    time.Duration // processor time, rounded up to seconds; 20 s
	Memory int64         // address space in bytes; 1 GiB (ffprobe's libraries alone take a quarter of it)
	Output int64         // bytes of output read before the run is ended; 4 MiB
}

func (l Limits) withDefaults() Limits {
	if l.Wall <= 0 {
		l.Wall = 30 * time.Second
	}
	if l.CPU <= 0 {
		l.CPU = 20 * time.Second
	}
	if l.Memory <= 0 {
		l.Memory = 1 << 30
	}
	if l.Output <= 0 {
		l.Output = 4 << 20
	}
	return l
}

// inputName is what every file is called inside the sandbox, whatever its name outside.
const inputName = "/input"

// fence runs ffprobe on one file. It is made once; a run shares nothing with the next.
type fence struct {
	mode    string
	ffprobe string
	prlimit string
	bwrap   string
	binds   []string // arguments that bring ffprobe and its libraries into the sandbox
	filter  []byte   // system call filter for bubblewrap, nil where the architecture has none
	limits  Limits
}

// newFence finds the tools and tries the sandbox once on nothing, so that a host that forbids namespaces is noticed
// at start and not at the first card.
func newFence(ctx context.Context, cfg Config) (*fence, error) {
	f := &fence{limits: cfg.Limits.withDefaults(), filter: syscallFilter()}
	var err error
	if f.ffprobe, err = findTool(cfg.FFprobe, "ffprobe"); err != nil {
		return nil, err
	}
	if f.prlimit, err = findTool("", "prlimit"); err != nil {
		return nil, err
	}
	if !cfg.NoBwrap {
		why := f.tryBwrap(ctx, cfg.Bwrap)
		if why == nil {
			f.mode = SandboxBwrap
			return f, nil
		}
		if !cfg.AllowRlimit {
			return nil, fault.Wrap(why, fault.Unavailable, "media.sandbox_unavailable")
		}
		cfg.Logger.WarnContext(ctx, "bubblewrap does not work here; probing files behind resource limits only", "cause", why)
	} else if !cfg.AllowRlimit {
		return nil, fault.New(fault.Invalid, "media.config", "AllowRlimit")
	}
	f.mode = SandboxRlimit
	return f, nil
}

func findTool(given, name string) (string, error) {
	if given == "" {
		given = name
	}
	path, err := exec.LookPath(given)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "media.tool_missing", name)
	}
	return path, nil
}

func (f *fence) tryBwrap(ctx context.Context, given string) error {
	var err error
	if f.bwrap, err = findTool(given, "bwrap"); err != nil {
		return err
	}
	if f.binds, err = libraryBinds(ctx, f.ffprobe); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.limits.Wall)
	defer cancel()
	out := f.exec(ctx, f.bwrapArgs(os.DevNull, []string{"-hide_banner", "-loglevel", "error", "-version"}), true)
	if out.err != nil {
		return fmt.Errorf("try bubblewrap: %w (%s)", out.err, out.firstLine())
	}
	return nil
}

var lddPath = regexp.MustCompile(`(?:=>\s+)?(/\S+) \(0x[0-9a-f]+\)`)

// libraryBinds asks the loader once which libraries ffprobe needs. Only these are in sight inside the sandbox.
// ffprobe is the host's own trusted program; no evidence is near while this runs.
func libraryBinds(ctx context.Context, ffprobe string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", ffprobe).Output() //nolint:gosec // ffprobe's path comes from the operator's settings
	if err != nil && !bytes.Contains(out, []byte("not a dynamic")) {
		var exit *exec.ExitError // a static build makes ldd fail with its word on stderr
		if !errors.As(err, &exit) || !bytes.Contains(exit.Stderr, []byte("not a dynamic")) {
			return nil, fmt.Errorf("list libraries of ffprobe: %w", err)
		}
	}
	real, err := filepath.EvalSymlinks(ffprobe)
	if err != nil {
		return nil, fmt.Errorf("resolve ffprobe: %w", err)
	}
	binds := []string{"--ro-bind", real, "/ffprobe"}
	for _, m := range lddPath.FindAllStringSubmatch(string(out), -1) {
		if real, err = filepath.EvalSymlinks(m[1]); err != nil {
			return nil, fmt.Errorf("resolve library: %w", err)
		}
		binds = append(binds, "--ro-bind", real, m[1])
	}
	return binds, nil
}

func (f *fence) limitArgs() []string {
	cpu := int64((f.limits.CPU + time.Second - 1) / time.Second)
	return []string{
		"--cpu=" + strconv.FormatInt(cpu, 10) + ":" + strconv.FormatInt(cpu+1, 10),
		"--as=" + strconv.FormatInt(f.limits.Memory, 10),
		"--fsize=0", "--core=0", "--nofile=64", "--",
	}
}

func (f *fence) bwrapArgs(path string, args []string) []string {
	line := append(f.limitArgs(), f.bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
		"--clearenv", "--uid", "65534", "--gid", "65534", "--hostname", "probe")
	if f.filter != nil {
		line = append(line, "--seccomp", "3") // the first of ExtraFiles
	}
	line = append(line, f.binds...)
	line = append(line, "--ro-bind", path, inputName, "--remount-ro", "/", "--chdir", "/", "--", "/ffprobe")
	return append(line, args...)
}

// outcome is what came of one run.
type outcome struct {
	stdout, stderr []byte
	overflow       bool // more output than allowed; the run was ended
	err            error
}

func (o outcome) firstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(o.stderr)), "\n")
	return clean(line)
}

// setupFailed reports that bubblewrap itself gave up, before ffprobe saw the file.
func (o outcome) setupFailed() bool {
	return o.err != nil && bytes.HasPrefix(o.stderr, []byte("bwrap: "))
}

// run runs ffprobe with a forced demuxer on exactly the file at path.
func (f *fence) run(ctx context.Context, path, demuxer string) outcome {
	args := []string{
		"-hide_banner", "-loglevel", "error", "-max_alloc", strconv.Itoa(256 << 20), "-protocol_whitelist", "file",
		"-probesize", strconv.Itoa(16 << 20), "-analyzeduration", "10000000", "-f", demuxer,
	}
	if demuxer == "mov" {
		args = append(args, "-enable_drefs", "0", "-use_absolute_path", "0") // no references to other files
	}
	args = append(args, "-show_entries", probeEntries, "-of", "json=compact=1", "-i")
	if f.mode == SandboxBwrap {
		return f.exec(ctx, f.bwrapArgs(path, append(args, inputName)), true)
	}
	line := append(f.limitArgs(), f.ffprobe)
	return f.exec(ctx, append(append(line, args...), "file:"+path), false)
}

// exec starts prlimit with the arguments and reads what comes out, up to the limits. The process group dies with ctx.
func (f *fence) exec(ctx context.Context, args []string, filtered bool) outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.prlimit, args...) //nolint:gosec // the program is fixed; the path is an argument, never a shell word
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.WaitDelay = 2 * time.Second
	ownGroup(cmd)
	stdout := &capped{limit: f.limits.Output, full: cancel}
	stderr := &capped{limit: 64 << 10}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if filtered && f.filter != nil {
		r, w, err := os.Pipe()
		if err != nil {
			return outcome{err: fmt.Errorf("pipe for system call filter: %w", err)}
		}
		// The filter is far smaller than a pipe's buffer, so this cannot block.
		_, werr := w.Write(f.filter)
		if cerr := w.Close(); werr == nil {
			werr = cerr
		}
		defer func() { _ = r.Close() }() // only the child reads it
		if werr != nil {
			return outcome{err: fmt.Errorf("write system call filter: %w", werr)}
		}
		cmd.ExtraFiles = []*os.File{r}
	}
	err := cmd.Run()
	return outcome{stdout: stdout.buf.Bytes(), stderr: stderr.buf.Bytes(), overflow: stdout.over, err: err}
}

// capped keeps the first limit bytes and drops the rest; full, if set, is called at the first byte too many.
type capped struct {
	buf   bytes.Buffer
	limit int64
	over  bool
	full  func()
}

// Write never fails: a failing writer would look like a failing tool.
func (c *capped) Write(p []byte) (int, error) {
	room := c.limit - int64(c.buf.Len())
	if int64(len(p)) > room {
		c.buf.Write(p[:max(room, 0)])
		if !c.over && c.full != nil {
			c.full()
		}
		c.over = true
		return len(p), nil
	}
	return c.buf.Write(p)
}
