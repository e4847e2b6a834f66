package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"zhilu.dev/zhilu/internal/custody/stamp/stamptest"
)

// court is a witness that runs beside the script.
type court struct {
	addr   string
	cmd    *exec.Cmd
	waited chan error
}

func (c *court) end() {
	if c == nil || c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	<-c.waited
	c.cmd = nil
}

// witness DIR: starts a witness at $WITNESS.
func cmdWitness(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if neg || len(args) != 1 || w.court != nil && w.court.cmd != nil {
		ts.Fatalf("usage: witness DIR, one at a time")
	}
	if w.court == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		w.court = &court{addr: l.Addr().String()}
		ts.Check(l.Close())
	}
	ts.Setenv("WITNESS", "http://"+w.court.addr)
	c := exec.Command("zhilu", "witness", "serve", "--dir", args[0], "--listen", w.court.addr) // ended by unwitness or the end of the script
	c.Dir, c.Stdout, c.Stderr = w.dir, &w.trace, &w.trace
	c.Env = []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "LANG=en_US.UTF-8"}
	ts.Check(c.Start())
	w.court.cmd, w.court.waited = c, make(chan error, 1)
	go func() { w.court.waited <- c.Wait() }()
	w.until(ts, "the witness to answer", func() bool {
		resp, err := http.Get("http://" + w.court.addr + "/")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// unwitness stops it.
func cmdUnwitness(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).court.end() }

// cosigned: waits until the newest checkpoint has a witness's signature; it is in the file `answer`.
func cmdCosigned(ts *testscript.TestScript, _ bool, _ []string) {
	w := worldOf(ts)
	w.until(ts, "the newest checkpoint to be signed by a witness", func() bool {
		_, newest, err := w.get(http.MethodGet, "/log/checkpoint", "")
		ts.Check(err)
		if strings.Count(string(newest), "\n— ") < 2 {
			return false
		}
		return os.WriteFile(ts.MkAbs("answer"), newest, 0o600) == nil
	})
}

// tsa: a time-stamping authority answers at $TSA; its root is in ca.pem, that of another in stranger.pem.
func cmdTSA(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: tsa")
	}
	var authorities [2]*stamptest.Authority
	for i, name := range []string{"ca.pem", "stranger.pem"} {
		dir := ts.MkAbs(".tsa" + name)
		ts.Check(os.MkdirAll(dir, 0o700))
		var err error
		authorities[i], err = stamptest.New(dir, "stamps")
		ts.Check(err)
		root, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), root, 0o600))
	}
	srv := httptest.NewServer(authorities[0])
	ts.Defer(srv.Close)
	ts.Setenv("TSA", srv.URL)
}
