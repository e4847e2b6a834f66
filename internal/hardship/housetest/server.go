package housetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience bounds every wait. It is generous: a busy machine is slow, not wrong.
const Patience = 3 * time.Minute

// Server is a running server of a house.
type Server struct {
	h     *House
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of the process, once ended
	out   buffer
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Launch starts the server and does not wait for it. wrap is a program to start it under, such as strace with its
// arguments; nil for none. What still runs when the test ends is killed.
func (h *House) Launch(t testing.TB, wrap ...string) *Server {
	t.Helper()
	return h.launch(t, wrap, func(*exec.Cmd) {})
}

func (h *House) launch(t testing.TB, wrap []string, prepare func(*exec.Cmd)) *Server {
	t.Helper()
	args := append(wrap, h.program, "serve", "--data", h.Data, "--keys", h.Keys, "--listen", h.Addr, "--reserve", h.Reserve, "--log-level", "warn")
	args = append(args, h.Flags...)
	s := &Server{h: h, cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = h.Dir, h.env(), &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	prepare(s.cmd)
	s.cmd.WaitDelay = 5 * time.Second // a program it started may hold its output open for a moment longer
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.Kill)
	return s
}

// Start starts the server and waits until it is ready.
func (h *House) Start(t testing.TB, wrap ...string) *Server {
	t.Helper()
	s := h.Launch(t, wrap...)
	if !s.Await(http.StatusOK) {
		t.Fatalf("the server did not become ready (ended: %v)\n%s", s.Ended(), s.Log())
	}
	return s
}

// Await polls /readyz until it answers status. It gives up when the server ends or patience does.
func (s *Server) Await(status int) bool {
	for end := time.Now().Add(Patience); time.Now().Before(end) && !s.Ended(); {
		if s.Readyz() == status {
			return true
		}
		select {
		case <-s.ended:
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false
}

// Readyz is the status of /readyz, 0 while nobody answers. Before the server said that it listens, it is somebody else who
// answers.
func (s *Server) Readyz() int {
	if !strings.Contains(s.Log(), s.h.URL()) {
		return 0
	}
	status, _, err := s.h.Get("/readyz", "")
	if err != nil {
		return 0
	}
	return status
}

// Log is what the server printed so far.
func (s *Server) Log() string { return s.out.String() }

// Ended reports whether the process is gone.
func (s *Server) Ended() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// Done is closed when the process is gone.
func (s *Server) Done() <-chan struct{} { return s.ended }

// Kill kills the server, and whatever it runs under or started, as a power cut would. One that is gone is left alone.
func (s *Server) Kill() {
	if !s.Ended() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.ended
	}
}

// Stop tells the server to end, and fails the test unless it ends well.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := syscall.Kill(s.Pid(t), syscall.SIGTERM); err != nil {
		t.Fatalf("%v\n%s", err, s.Log())
	}
	select {
	case <-s.ended:
	case <-time.After(Patience):
		t.Fatalf("the server does not end\n%s", s.Log())
	}
	if s.err != nil {
		t.Errorf("the server ended with %v\n%s", s.err, s.Log())
	}
}

// Pid is the process of the program itself, also where it runs under another.
func (s *Server) Pid(t testing.TB) int {
	t.Helper()
	pid := s.cmd.Process.Pid
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && exe == s.h.program {
		return pid
	}
	for end := time.Now().Add(Patience); time.Now().Before(end) && !s.Ended(); time.Sleep(10 * time.Millisecond) {
		raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		for child := range strings.FieldsSeq(string(raw)) {
			if exe, err := os.Readlink("/proc/" + child + "/exe"); err == nil && exe == s.h.program {
				n, _ := strconv.Atoi(child)
				return n
			}
		}
	}
	t.Fatalf("the server under %s was not found\n%s", s.cmd.Path, s.Log())
	return 0
}

// Usage is what the server takes of the machine.
type Usage struct {
	RSS, Peak  int64 // bytes of memory, now and at most
	Files      int   // open descriptors
	Goroutines int   // as /metrics says
	CPU        time.Duration
}

// Usage reads the figures of the running server.
func (s *Server) Usage(t testing.TB) Usage {
	t.Helper()
	var u Usage
	proc := fmt.Sprintf("/proc/%d/", s.Pid(t))
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 1 && f[0] == "VmRSS:":
			u.RSS = number(f[1]) << 10
		case len(f) > 1 && f[0] == "VmHWM:":
			u.Peak = number(f[1]) << 10
		}
	}
	list, err := filepath.Glob(proc + "fd/*")
	if err != nil {
		t.Fatal(err)
	}
	u.Files = len(list)
	_, body, err := s.h.Get("/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == "go_goroutines":
			u.Goroutines = int(number(f[1]))
		case len(f) == 2 && f[0] == "process_cpu_seconds_total":
			v, _ := strconv.ParseFloat(f[1], 64)
			u.CPU = time.Duration(v * float64(time.Second))
		}
	}
	return u
}

func number(s string) int64 {
	v, _ := strconv.ParseFloat(s, 64)
	return int64(v)
}

// Get asks the server. token is a whole token, or empty.
func (h *House) Get(path, token string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL()+path, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+secret(token))
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// secret is the part of a token that is sent.
func secret(token string) string {
	s, _, _ := strings.Cut(token, ".")
	return s
}
