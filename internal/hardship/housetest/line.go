package housetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Toxic is one ailment of a line, in toxiproxy's own words.
type Toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`   // latency, bandwidth, slicer, limit_data, reset_peer, timeout, slow_close
	Stream     string         `json:"stream"` // upstream: from the client to the server; downstream: back
	Toxicity   float64        `json:"toxicity"`
	Attributes map[string]any `json:"attributes"`
}

// Line is a way to a server that can be made ill: clients speak to Addr, every byte is counted there, and toxiproxy does the
// harm between that place and the server.
type Line struct {
	Addr string // host:port

	api, name string
	listener  net.Listener
	up        atomic.Int64 // bytes that clients sent
	opened    atomic.Int64
	broken    atomic.Int64 // lines that ended from the far side
}

// Toxiproxy starts the program for a test and gives the address of its API.
func Toxiproxy(t testing.TB) string {
	t.Helper()
	addr := address(t)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(Tool(t, "toxiproxy-server"), "-host", host, "-port", port, "-seed", "1")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	for end := time.Now().Add(Patience); ; time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get("http://" + addr + "/version")
		if err == nil {
			_ = resp.Body.Close()
			return "http://" + addr
		}
		if time.Now().After(end) {
			t.Fatalf("toxiproxy does not answer: %v\n%s", err, said.String())
		}
	}
}

// NewLine lays a line through toxiproxy to a server.
func NewLine(t testing.TB, api, name, server string) *Line {
	t.Helper()
	l := &Line{api: api, name: name}
	var made struct{ Listen string }
	l.call(t, http.MethodPost, "/proxies", map[string]any{"name": name, "listen": "127.0.0.1:0", "upstream": server, "enabled": true}, &made)
	var err error
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	l.Addr = l.listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.listener.Accept()
			if err != nil {
				return
			}
			l.opened.Add(1)
			all.Go(func() { l.relay(ctx, c, made.Listen) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.listener.Close()
		all.Wait()
	})
	return l
}

// relay passes the bytes of one connection on. Whoever ends first is noted, and takes the other with it.
func (l *Line) relay(ctx context.Context, client net.Conn, to string) {
	defer func() { _ = client.Close() }()
	far, err := net.Dial("tcp", to)
	if err != nil {
		l.broken.Add(1)
		return
	}
	defer func() { _ = far.Close() }()
	ended := make(chan bool, 2) // from the far side?
	go func() {
		w := countingWriter{w: far, n: &l.up}
		_, _ = io.Copy(&w, client)
		ended <- w.failed
	}()
	go func() {
		_, _ = io.Copy(client, far)
		ended <- true
	}()
	select {
	case fromFar := <-ended:
		if fromFar {
			l.broken.Add(1)
		}
	case <-ctx.Done():
	}
}

type countingWriter struct {
	w      io.Writer
	n      *atomic.Int64
	failed bool
}

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	n, err := c.w.Write(p)
	c.failed = err != nil
	return n, err
}

// Infect adds ailments.
func (l *Line) Infect(t testing.TB, toxics ...Toxic) {
	t.Helper()
	for i, x := range toxics {
		if x.Toxicity == 0 {
			x.Toxicity = 1
		}
		x.Name = fmt.Sprintf("%s-%s-%d", x.Type, x.Stream, i)
		l.call(t, http.MethodPost, "/proxies/"+l.name+"/toxics", x, nil)
	}
}

// Cut takes the line away, or gives it back. What is under way ends.
func (l *Line) Cut(t testing.TB, away bool) {
	t.Helper()
	l.call(t, http.MethodPost, "/proxies/"+l.name, map[string]any{"enabled": !away}, nil)
}

// Carried is what clients sent up to now, in bytes, headers and all, over how many connections, of which how many were ended
// by the line or the server.
func (l *Line) Carried() (bytes, opened, broken int64) {
	return l.up.Load(), l.opened.Load(), l.broken.Load()
}

func (l *Line) call(t testing.TB, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, l.api+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("toxiproxy: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("toxiproxy: %s %s: %d %s %v", method, path, resp.StatusCode, raw, err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatal(err)
		}
	}
}
