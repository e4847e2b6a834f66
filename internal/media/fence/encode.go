package fence

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// Encoder runs ffmpeg behind the same walls as a Fence runs ffprobe: it sees one input, no other file, no network, and
// writes nothing but what comes out of its pipe.
type Encoder struct {
	f    *Fence
	nice string
}

// encoderMemory is the address space of one run: frames of the largest pictures that are taken at all.
const encoderMemory = 3 << 30

// NewEncoder finds ffmpeg and tries its sandbox once on nothing; cfg.FFmpeg is its path. Faults are those of New.
func NewEncoder(ctx context.Context, cfg Config) (*Encoder, error) {
	if cfg.Limits.Memory <= 0 {
		cfg.Limits.Memory = encoderMemory
	}
	f, err := build(ctx, cfg, "ffmpeg", cfg.FFmpeg)
	if err != nil {
		return nil, err
	}
	nice, err := findTool("", "nice")
	if err != nil {
		return nil, err
	}
	return &Encoder{f: f, nice: nice}, nil
}

// Mode names what is in use: Bwrap or Rlimit.
func (e *Encoder) Mode() string { return e.f.Mode() }

// Version is ffmpeg's first line about itself.
func (e *Encoder) Version(ctx context.Context) (string, error) {
	var out bytes.Buffer
	run, err := e.run(ctx, []string{"-version"}, Work{Output: &out})
	line, _, _ := bytes.Cut(out.Bytes(), []byte("\n"))
	if err == nil && (run.End != Done || len(line) == 0) {
		err = fmt.Errorf("ask ffmpeg for its version: %w (%q)", run.Err, run.Complaint)
	}
	return string(line), err
}

// Work is one run of ffmpeg. The zero value of a limit means ten seconds of processor and wall time, and 64 MiB.
type Work struct {
	Input   io.Reader // goes in through a pipe; nil takes Path
	Path    string    // a scratch file, the only one in sight
	Demuxer string    // forced
	Before  []string  // further options of the input
	// Beside is a second input that comes from ourselves, with its options; nil for none. It is small.
	Beside     []byte
	BesideArgs []string
	Args       []string // what to make, with the format and without the output's name
	Output     io.Writer

	CPU, Wall time.Duration
	Size      int64 // bytes of output at which the run is ended
	// Paused reports that the run waits, because its input does: wall time is not counted then. nil is never.
	Paused func() bool
	// Behind lets everything else on the machine go first.
	Behind bool
}

func (w Work) withDefaults() Work {
	if w.CPU <= 0 {
		w.CPU = 10 * time.Second
	}
	if w.Wall <= 0 {
		w.Wall = 10 * time.Second
	}
	if w.Size <= 0 {
		w.Size = 64 << 20
	}
	return w
}

// MaxPixels is the greatest picture that is decoded.
const MaxPixels = 8192 * 8192

// Run has ffmpeg carry out the work. An error means that the input could not be read, the output not be written, or that
// ctx ended; what is wrong with the file is told by the outcome.
func (e *Encoder) Run(ctx context.Context, w Work) (Outcome, error) {
	protocol, input := "file", "file:"+w.Path
	if e.Mode() == Bwrap {
		input = inputName
	}
	if w.Input != nil {
		protocol, input = "pipe", "pipe:0"
	}
	args := []string{
		"-hide_banner", "-nostdin", "-loglevel", "error", "-max_alloc", strconv.Itoa(512 << 20), "-protocol_whitelist", protocol,
		"-max_pixels", strconv.Itoa(MaxPixels), "-f", w.Demuxer,
	}
	if w.Demuxer == "mov" {
		args = append(args, "-enable_drefs", "0", "-use_absolute_path", "0") // no references to other files
	}
	args = append(append(args, w.Before...), "-i", input)
	if w.Beside != nil {
		fd := 3
		if e.f.mode == Bwrap && e.f.filter != nil {
			fd = 4
		}
		args = append(append(args, "-protocol_whitelist", "pipe"), w.BesideArgs...)
		args = append(args, "-i", "pipe:"+strconv.Itoa(fd))
	}
	args = append(append(args, w.Args...), "pipe:1")
	return e.run(ctx, args, w)
}

func (e *Encoder) run(ctx context.Context, args []string, w Work) (Outcome, error) {
	w = w.withDefaults()
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go watch(limited, cancel, w)
	out := &sink{w: w.Output, failed: cancel}
	r := run{sink: out, room: w.Size}
	if w.Behind {
		r.nice = e.nice
	}
	var in *source
	if w.Input != nil {
		in = &source{Reader: w.Input}
		r.input = in
	}
	if w.Beside != nil {
		read, write, err := os.Pipe()
		if err != nil {
			return Outcome{}, fmt.Errorf("pipe for second input: %w", err)
		}
		go func() {
			_, _ = write.Write(w.Beside) // a run that ended does not read it all
			_ = write.Close()
		}()
		defer func() { _ = read.Close() }() // wakes the writer above
		r.beside = read
	}
	if e.f.mode == Bwrap {
		r.filtered, r.args = true, e.f.bwrapArgs(w.Path, args, w.CPU)
	} else {
		r.args = append(append(e.f.limitArgs(w.CPU), e.f.tool), args...)
	}
	outcome := e.f.exec(limited, r)
	if in != nil {
		if broken := in.err.Load(); broken != nil {
			return Outcome{}, fmt.Errorf("read for ffmpeg: %w", *broken)
		}
	}
	if out.err != nil {
		return Outcome{}, fmt.Errorf("take from ffmpeg: %w", out.err)
	}
	if err := ctx.Err(); err != nil {
		return Outcome{}, fmt.Errorf("ffmpeg: %w", err)
	}
	outcome.judge(limited)
	return outcome, nil
}

// watch ends a run whose wall time is used up.
func watch(ctx context.Context, cancel context.CancelCauseFunc, w Work) {
	step := min(250*time.Millisecond, w.Wall)
	tick := time.NewTicker(step)
	defer tick.Stop()
	for spent := time.Duration(0); spent < w.Wall; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if w.Paused == nil || !w.Paused() {
			spent += step
		}
	}
	cancel(errWall)
}

// sink hands output on and ends the run when it is not taken.
type sink struct {
	w      io.Writer
	err    error
	failed context.CancelCauseFunc
}

// Write never fails: a failing writer would look like a failing tool.
func (s *sink) Write(p []byte) (int, error) {
	if s.err == nil {
		if _, s.err = s.w.Write(p); s.err != nil {
			s.failed(s.err)
		}
	}
	return len(p), nil
}
