package sheet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Limits bound the helper. The zero value of a field means its default.
type Limits struct {
	Wall     time.Duration // to set one paper; 20 s
	Start    time.Duration // until the helper is ready; 20 s
	Idle     time.Duration // after the last paper the helper is let go; 10 min
	Memory   int64         // that the helper may allocate; 2 GiB, past which it dies
	Resident int64         // above which it is replaced after a paper; 800 MiB
	Input    int64         // bytes of one paper's data; 8 MiB
	Output   int64         // bytes of one PDF; 32 MiB
	Waiting  int           // papers that may wait for their turn; 16
}

func (l Limits) withDefaults() Limits {
	set := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	size := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Wall, 20*time.Second)
	set(&l.Start, 20*time.Second)
	set(&l.Idle, 10*time.Minute)
	size(&l.Memory, 2<<30)
	size(&l.Resident, 800<<20)
	size(&l.Input, 8<<20)
	size(&l.Output, 32<<20)
	if l.Waiting <= 0 {
		l.Waiting = 16
	}
	return l
}

// Config is what a Press needs.
type Config struct {
	Log     *slog.Logger // required
	Modules string       // folder with the helper's node_modules; "" looks beside the program
	Node    string       // path; "" looks it up
	Bwrap   string       // path; "" looks it up
	Fonts   []string     // folders; nil is where systems keep fonts
	Limits  Limits
}

// Press sets papers, one at a time. It is safe for concurrent use.
type Press struct {
	c     Config
	turn  chan struct{} // holds one token
	queue chan struct{} // one place for each that waits or works

	mu     sync.Mutex // guards what follows; the helper is used only by who holds the turn
	found  *tools
	helper *helper
	rest   *time.Timer
	closed bool
}

// New makes a press. It starts nothing and looks for nothing yet.
func New(c Config) *Press {
	c.Limits = c.Limits.withDefaults()
	if c.Fonts == nil {
		c.Fonts = fontFolders
	}
	p := &Press{c: c, turn: make(chan struct{}, 1), queue: make(chan struct{}, c.Limits.Waiting+1)}
	p.turn <- struct{}{}
	return p
}

// Ready says whether papers can be set here: nil, or Unavailable "sheet.missing" naming what is not installed. It looks
// again each time until everything is there, so that nobody has to restart the server after installing it.
func (p *Press) Ready() error {
	_, err := p.tools()
	return err
}

func (p *Press) tools() (tools, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return *p.found, nil
	}
	t, err := look(p.c)
	if err != nil {
		return t, err
	}
	p.found = &t
	return t, nil
}

type request struct {
	Sources  map[string]string `json:"sources"`
	Images   [][]byte          `json:"images,omitempty"`
	Data     any               `json:"data"`
	Standard string            `json:"standard"`
	At       int64             `json:"at"` // seconds
}

type reply struct {
	OK      bool     `json:"ok"`
	Ready   bool     `json:"ready"`
	Bytes   int64    `json:"bytes"`
	Pages   int      `json:"pages"`
	Missing []string `json:"missing"`
	RSS     int64    `json:"rss"`
	Code    string   `json:"code"`
	Message string   `json:"message"`
}

// Set sets a paper. Faults: Unavailable "sheet.missing", "sheet.start" (the sandbox does not work here), "sheet.busy" (too
// many wait), "sheet.timeout" (it took longer than allowed), "sheet.died" (the helper ended, perhaps out of memory);
// TooLarge "sheet.too_large"; Internal "sheet.failed". After any of them the next paper finds a helper again.
func (p *Press) Set(ctx context.Context, paper Paper) (PDF, error) {
	return p.print(ctx, request{Sources: map[string]string{"main.typ": template}, Images: paper.Images, Data: paper, Standard: Standard, At: paper.At.Unix()})
}

func (p *Press) print(ctx context.Context, r request) (PDF, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return PDF{}, fault.Wrap(err, fault.Internal, "sheet.failed")
	}
	if int64(len(body)) > p.c.Limits.Input {
		return PDF{}, fault.New(fault.TooLarge, "sheet.too_large")
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return PDF{}, fault.New(fault.Unavailable, "sheet.busy")
	}
	select {
	case <-p.turn:
		defer func() { p.turn <- struct{}{} }()
	case <-ctx.Done():
		return PDF{}, ctx.Err()
	}
	body = append(body, '\n')
	for {
		h, fresh, err := p.take(ctx)
		if err != nil {
			return PDF{}, err
		}
		pdf, err := p.run(ctx, h, body)
		// One that died since the last paper, or of an earlier one's leavings, is no reason to refuse this paper.
		if fault.HasCode(err, "sheet.died") && !fresh && ctx.Err() == nil {
			continue
		}
		return pdf, err
	}
}

// take gives the running helper, or starts one.
func (p *Press) take(ctx context.Context) (h *helper, fresh bool, err error) {
	t, err := p.tools()
	if err != nil {
		return nil, false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, fault.New(fault.Unavailable, "sheet.busy")
	}
	if p.rest != nil {
		p.rest.Stop()
	}
	if p.helper != nil {
		return p.helper, false, nil
	}
	if p.helper, err = start(ctx, t, p.c.Limits); err != nil {
		p.found = nil // what was found may have been taken away
		return nil, false, err
	}
	return p.helper, true, nil
}

// run has the helper set one paper and lets it go when it can be trusted no longer.
func (p *Press) run(ctx context.Context, h *helper, body []byte) (PDF, error) {
	pdf, rss, err := h.set(ctx, body, p.c.Limits)
	p.mu.Lock()
	defer p.mu.Unlock()
	_, said := errors.AsType[*refusal](err)
	switch {
	case err != nil && !said, rss > p.c.Limits.Resident, p.closed:
		h.end()
		p.helper = nil
	default:
		p.rest = time.AfterFunc(p.c.Limits.Idle, p.letGo)
	}
	if said {
		p.c.Log.WarnContext(ctx, "a paper could not be set", "err", err)
		return PDF{}, fault.Wrap(err, fault.Internal, "sheet.failed")
	}
	return pdf, err
}

// letGo ends a helper that nobody needed for a while.
func (p *Press) letGo() {
	select {
	case <-p.turn:
		defer func() { p.turn <- struct{}{} }()
	default:
		return // it is at work
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.helper != nil {
		p.helper.end()
		p.helper = nil
	}
}

// Close ends the helper. No paper is set afterwards.
func (p *Press) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.rest != nil {
		p.rest.Stop()
	}
	if p.helper != nil {
		p.helper.end()
		p.helper = nil
	}
	return nil
}

// helper is a running process.
type helper struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	once sync.Once
}

// refusal is the helper's own word that it cannot set this paper; it lives on.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return "sheet: " + r.code + ": " + r.message }

func start(ctx context.Context, t tools, l Limits) (*helper, error) {
	//nolint:gosec,noctx // programs found on the host and our own arguments; it outlives the call and is ended by end
	cmd := exec.Command(t.prlimit, t.command(l)...)
	cmd.Dir, cmd.Env = "/", []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	complaint := &tail{limit: 4 << 10}
	cmd.Stderr = complaint
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "sheet.failed")
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "sheet.failed")
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "sheet.start")
	}
	h := &helper{cmd: cmd, in: in, out: bufio.NewReaderSize(out, 64<<10)}
	var first reply
	err = h.within(ctx, l.Start, func() error {
		var err error
		first, err = h.answer()
		return err
	})
	if err == nil && !first.Ready {
		err = errors.New("not ready")
	}
	if err != nil {
		h.end()
		return nil, fault.Wrap(fmt.Errorf("%w (%q)", err, complaint.text()), fault.Unavailable, "sheet.start")
	}
	return h, nil
}

// within runs fn and kills the helper, which ends every read and write of fn, when the time is over or ctx ends.
func (h *helper) within(ctx context.Context, wall time.Duration, fn func() error) error {
	ctx, cancel := context.WithTimeout(ctx, wall)
	defer cancel()
	stop := context.AfterFunc(ctx, h.end)
	err := fn()
	if !stop() {
		return context.Cause(ctx)
	}
	return err
}

func (h *helper) answer() (reply, error) {
	line, err := h.out.ReadSlice('\n')
	if err != nil {
		return reply{}, err
	}
	var r reply
	return r, json.Unmarshal(line, &r)
}

func (h *helper) set(ctx context.Context, body []byte, l Limits) (PDF, int64, error) {
	var r reply
	var pdf []byte
	err := h.within(ctx, l.Wall, func() error {
		if _, err := h.in.Write(body); err != nil {
			return err
		}
		var err error
		if r, err = h.answer(); err != nil {
			return err
		}
		switch {
		case !r.OK:
			return &refusal{r.Code, r.Message}
		case r.Bytes <= 0 || r.Bytes > l.Output:
			return fault.New(fault.TooLarge, "sheet.too_large")
		}
		pdf = make([]byte, r.Bytes)
		_, err = io.ReadFull(h.out, pdf)
		return err
	})
	_, said := errors.AsType[*refusal](err)
	switch {
	case err == nil:
		return PDF{Bytes: pdf, Pages: r.Pages, Missing: r.Missing}, r.RSS, nil
	case said || fault.HasCode(err, "sheet.too_large"):
		return PDF{}, 0, err
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return PDF{}, 0, fault.Wrap(err, fault.Unavailable, "sheet.timeout")
	case ctx.Err() != nil:
		return PDF{}, 0, ctx.Err()
	}
	return PDF{}, 0, fault.Wrap(err, fault.Unavailable, "sheet.died")
}

// end kills the helper and everything it started: its sandbox dies with its parent.
func (h *helper) end() {
	h.once.Do(func() {
		_ = h.cmd.Process.Kill()
		go func() { _ = h.cmd.Wait() }() // it was killed, so this says nothing
	})
}

// tail keeps the last that a helper said.
type tail struct {
	mu    sync.Mutex
	limit int
	buf   []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - t.limit; over > 0 {
		t.buf = t.buf[over:]
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
