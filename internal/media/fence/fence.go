// Package fence runs ffprobe, and ffmpeg, on exactly one hostile file: with a forced demuxer, no network, nothing of the
// host in sight and every resource limited (threats T16 to T18, ADR 0002). What comes out is still hostile.
package fence

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// The modes: what stands between the tool and the host.
const (
	Bwrap  = "bwrap"  // own namespaces, no network, no /proc, only the tool and one file in sight, limits, system call filter
	Rlimit = "rlimit" // a plain process under limits, with forced demuxer and protocol list
)

// Limits bound one run of ffprobe. The zero value of a field means its default.
type Limits struct {
	Wall   time.Duration // wall time of one run; 30 s
	CPU    time.Duration // processor time, rounded up to seconds; 20 s
	Memory int64         // address space in bytes; 1 GiB (ffprobe's libraries alone take a quarter of it)
	Output int64         // bytes of output read before the run is ended; 4 MiB
	// List is for Packets, whose output is read as it comes and not kept: 64 MiB, some eight hours of recording.
	List int64
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
	if l.List <= 0 {
		l.List = 64 << 20
	}
	return l
}

// inputName is what every file is called inside the sandbox, whatever its name outside.
const inputName = "/input"

// Config is what a Fence needs.
type Config struct {
	Logger  *slog.Logger // required
	FFprobe string       // path; "" looks it up
	FFmpeg  string       // path, for NewEncoder; "" looks it up
	Bwrap   string       // path; "" looks it up
	// AllowRlimit permits a plain process under limits where bubblewrap does not work. Without it New fails there.
	AllowRlimit bool
	NoBwrap     bool // never use bubblewrap; needs AllowRlimit
	Limits      Limits
}

// Fence runs ffprobe on one file at a time. It is made once; a run shares nothing with the next.
type Fence struct {
	mode    string
	name    string // of the tool, and inside the sandbox its path without the slash
	tool    string // its path on the host
	prlimit string
	bwrap   string
	binds   []string // arguments that bring the tool and its libraries into the sandbox
	filter  []byte   // system call filter for bubblewrap, nil where the architecture has none
	limits  Limits
}

// New finds the tools and tries the sandbox once on nothing, so that a host that forbids namespaces is noticed at start
// and not at the first card. Faults: Unavailable "media.tool_missing" without ffprobe or prlimit, Unavailable
// "media.sandbox_unavailable" where bubblewrap does not work and cfg does not allow less, Invalid "media.config".
func New(ctx context.Context, cfg Config) (*Fence, error) {
	return build(ctx, cfg, "ffprobe", cfg.FFprobe)
}

// build puts the fence around a tool.
func build(ctx context.Context, cfg Config, name, given string) (*Fence, error) {
	f := &Fence{name: name, limits: cfg.Limits.withDefaults(), filter: syscallFilter()}
	var err error
	if f.tool, err = findTool(given, name); err != nil {
		return nil, err
	}
	if f.prlimit, err = findTool("", "prlimit"); err != nil {
		return nil, err
	}
	if !cfg.NoBwrap {
		why := f.tryBwrap(ctx, cfg.Bwrap)
		if why == nil {
			f.mode = Bwrap
			return f, nil
		}
		if !cfg.AllowRlimit {
			return nil, fault.Wrap(why, fault.Unavailable, "media.sandbox_unavailable")
		}
		cfg.Logger.WarnContext(ctx, "bubblewrap does not work here; reading files behind resource limits only", "tool", name, "cause", why)
	} else if !cfg.AllowRlimit {
		return nil, fault.New(fault.Invalid, "media.config", "AllowRlimit")
	}
	f.mode = Rlimit
	return f, nil
}

// Mode names what is in use: Bwrap or Rlimit.
func (f *Fence) Mode() string { return f.mode }

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

func (f *Fence) tryBwrap(ctx context.Context, given string) error {
	var err error
	if f.bwrap, err = findTool(given, "bwrap"); err != nil {
		return err
	}
	if f.binds, err = libraryBinds(ctx, f.tool, f.name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.limits.Wall)
	defer cancel()
	out := f.exec(ctx, run{args: f.bwrapArgs(os.DevNull, []string{"-hide_banner", "-loglevel", "error", "-version"}, f.limits.CPU), filtered: true})
	if out.Err != nil {
		return fmt.Errorf("try bubblewrap: %w (%q)", out.Err, out.Complaint)
	}
	return nil
}

var lddPath = regexp.MustCompile(`(?:=>\s+)?(/\S+) \(0x[0-9a-f]+\)`)

// libraryBinds asks the loader once which libraries the tool needs. Only these are in sight inside the sandbox.
// The tool is the host's own trusted program; no evidence is near while this runs.
func libraryBinds(ctx context.Context, tool, name string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", tool).Output() //nolint:gosec // the tool's path comes from the operator's settings
	if err != nil && !bytes.Contains(out, []byte("not a dynamic")) {
		var exit *exec.ExitError // a static build makes ldd fail with its word on stderr
		if !errors.As(err, &exit) || !bytes.Contains(exit.Stderr, []byte("not a dynamic")) {
			return nil, fmt.Errorf("list libraries of %s: %w", name, err)
		}
	}
	real, err := filepath.EvalSymlinks(tool)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", name, err)
	}
	binds := []string{"--ro-bind", real, "/" + name}
	for _, m := range lddPath.FindAllStringSubmatch(string(out), -1) {
		if real, err = filepath.EvalSymlinks(m[1]); err != nil {
			return nil, fmt.Errorf("resolve library: %w", err)
		}
		binds = append(binds, "--ro-bind", real, m[1])
	}
	return binds, nil
}

func (f *Fence) limitArgs(processor time.Duration) []string {
	cpu := int64((processor + time.Second - 1) / time.Second)
	return []string{
		"--cpu=" + strconv.FormatInt(cpu, 10) + ":" + strconv.FormatInt(cpu+1, 10),
		"--as=" + strconv.FormatInt(f.limits.Memory, 10),
		"--fsize=0", "--core=0", "--nofile=64", "--",
	}
}

// bwrapArgs is the command line behind bubblewrap; without a path no file is in sight.
func (f *Fence) bwrapArgs(path string, args []string, processor time.Duration) []string {
	line := append(f.limitArgs(processor), f.bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
		"--clearenv", "--uid", "65534", "--gid", "65534", "--hostname", "probe")
	if f.filter != nil {
		line = append(line, "--seccomp", "3") // the first of ExtraFiles
	}
	line = append(line, f.binds...)
	if path != "" {
		line = append(line, "--ro-bind", path, inputName)
	}
	line = append(line, "--remount-ro", "/", "--chdir", "/", "--", "/"+f.name)
	return append(line, args...)
}

// End says how a run ended.
type End uint8

// The ends.
const (
	Done   End = iota // the tool answered
	Failed            // the tool gave up on the file
	Setup             // the sandbox itself could not be built; the tool never saw the file
	Wall              // the wall time was used up
	CPU               // the processor time was used up
	Output            // more output than allowed
)

// Outcome is what came of one run. Out and Complaint are text made from a hostile file.
type Outcome struct {
	End       End
	Out       []byte
	Complaint []byte // standard error
	Err       error  // why End is not Done
}

var errWall = errors.New("fence: wall time used up")

// Run asks ffprobe for the entries (as for -show_entries) of exactly the file at path, read by exactly this demuxer; the
// answer is JSON. An error means that ctx itself ended.
func (f *Fence) Run(ctx context.Context, path, demuxer, entries string) (Outcome, error) {
	args := []string{"-probesize", strconv.Itoa(16 << 20), "-analyzeduration", "10000000", "-show_entries", entries, "-of", "json=compact=1"}
	return f.ask(ctx, ask{path: path, demuxer: demuxer, args: args, wall: f.limits.Wall, cpu: f.limits.CPU})
}

// ask is one question to ffprobe about one file.
type ask struct {
	path      string    // "" with input
	input     io.Reader // instead of a path
	demuxer   string
	args      []string
	wall, cpu time.Duration
	sink      io.Writer // takes the answer as it comes; nil keeps it
}

func (f *Fence) ask(ctx context.Context, a ask) (Outcome, error) {
	limited, cancel := context.WithTimeoutCause(ctx, a.wall, errWall)
	defer cancel()
	out := f.probe(limited, a)
	if err := ctx.Err(); err != nil {
		return Outcome{}, fmt.Errorf("probe: %w", err)
	}
	out.judge(limited)
	return out, nil
}

// judge tells how a run ended that was bounded by limited.
func (out *Outcome) judge(limited context.Context) {
	_, exited := errors.AsType[*exec.ExitError](out.Err)
	switch {
	case out.End == Output || out.Err == nil:
	case errors.Is(context.Cause(limited), errWall):
		out.End = Wall
	case bytes.HasPrefix(out.Complaint, []byte("bwrap: ")) || !exited:
		out.End = Setup
	case cpuUsedUp(out.Err):
		out.End = CPU
	default:
		out.End = Failed
	}
}

// cpuUsedUp reports whether the processor limit's signals (SIGXCPU, then SIGKILL) ended the run. Through bubblewrap a
// signal shows as 128 + its number.
func cpuUsedUp(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	signal := exit.ExitCode() - 128
	if status, is := exit.Sys().(syscall.WaitStatus); is && status.Signaled() {
		signal = int(status.Signal())
	}
	return signal == 9 || signal == 24
}

func (f *Fence) probe(ctx context.Context, a ask) Outcome {
	protocol, inside, outside := "file", inputName, "file:"+a.path
	if a.input != nil {
		protocol, inside, outside = "pipe", "pipe:0", "pipe:0"
	}
	args := []string{
		"-hide_banner", "-loglevel", "error", "-max_alloc", strconv.Itoa(256 << 20), "-protocol_whitelist", protocol, "-f", a.demuxer,
	}
	if a.demuxer == "mov" {
		args = append(args, "-enable_drefs", "0", "-use_absolute_path", "0") // no references to other files
	}
	args = append(append(args, a.args...), "-i")
	if f.mode == Bwrap {
		return f.exec(ctx, run{args: f.bwrapArgs(a.path, append(args, inside), a.cpu), filtered: true, input: a.input, sink: a.sink})
	}
	line := append(f.limitArgs(a.cpu), f.tool)
	return f.exec(ctx, run{args: append(append(line, args...), outside), input: a.input, sink: a.sink})
}

// run is one start of a program.
type run struct {
	args     []string
	filtered bool // by system call
	input    io.Reader
	sink     io.Writer
	room     int64    // bytes for sink; 0 is Limits.List
	beside   *os.File // becomes the descriptor after the filter's; nil for none
	nice     string   // path of nice, "" for none
}

// exec starts prlimit with the arguments and reads what comes out, up to the limits. The process group dies with ctx.
func (f *Fence) exec(ctx context.Context, r run) Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	program, args := f.prlimit, r.args
	if r.nice != "" {
		program, args = r.nice, append([]string{"-n", "15", f.prlimit}, args...)
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the program is fixed; the path is an argument, never a shell word
	cmd.Stdin = r.input
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.WaitDelay = 2 * time.Second
	ownGroup(cmd)
	stdout := &capped{limit: f.limits.Output, full: cancel}
	if r.sink != nil {
		stdout.limit, stdout.sink = cmp.Or(r.room, f.limits.List), r.sink
	}
	stderr := &capped{limit: 64 << 10}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if r.filtered && f.filter != nil {
		filter, w, err := os.Pipe()
		if err != nil {
			return Outcome{Err: fmt.Errorf("pipe for system call filter: %w", err)}
		}
		// The filter is far smaller than a pipe's buffer, so this cannot block.
		_, werr := w.Write(f.filter)
		if cerr := w.Close(); werr == nil {
			werr = cerr
		}
		defer func() { _ = filter.Close() }() // only the child reads it
		if werr != nil {
			return Outcome{Err: fmt.Errorf("write system call filter: %w", werr)}
		}
		cmd.ExtraFiles = []*os.File{filter}
	}
	if r.beside != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, r.beside)
	}
	err := cmd.Run()
	out := Outcome{Out: stdout.buf.Bytes(), Complaint: stderr.buf.Bytes(), Err: err}
	if stdout.over {
		out.End = Output
	}
	return out
}
