package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// proxy stands between agent and server and can hold the line after so many bytes, so that a crash happens at a
// place that does not depend on how fast the machine is.
type proxy struct {
	l      net.Listener
	to     string
	passed atomic.Int64 // bytes from the agent to the server

	mu    sync.Mutex
	cond  *sync.Cond
	limit int64 // -1: none
	held  bool
	conns map[net.Conn]bool
}

func newProxy(to string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{l: l, to: to, limit: -1, conns: map[net.Conn]bool{}}
	p.cond = sync.NewCond(&p.mu)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return p, nil
}

func (p *proxy) addr() string { return p.l.Addr().String() }

func (p *proxy) close() {
	_ = p.l.Close()
	p.release()
}

func (p *proxy) carry(in net.Conn) {
	defer func() { _ = in.Close() }()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	p.mu.Lock()
	p.conns[in], p.conns[out] = true, true
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(in, out)
		_ = in.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if n > 0 && p.pass(int64(n)) {
			if _, err := out.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits while the line is held.
func (p *proxy) pass(n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.limit >= 0 && p.passed.Load() >= p.limit {
		p.held = true
		p.cond.Wait()
	}
	p.passed.Add(n)
	return true
}

func (p *proxy) hold(limit int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed.Store(0)
	p.limit, p.held = limit, false
}

func (p *proxy) isHeld() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// release breaks every connection and lets new ones through; counting begins anew.
func (p *proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
	p.limit, p.held = -1, false
	p.passed.Store(0)
	p.cond.Broadcast()
}

// hold BYTES: the proxy lets so many bytes through and then stands still.
func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	worldOf(ts).proxy.hold(n)
}

// held waits until the line stands still.
func cmdHeld(ts *testscript.TestScript, _ bool, _ []string) {
	w := worldOf(ts)
	w.until(ts, "the line to be held", w.proxy.isHeld)
}

func cmdRelease(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).proxy.release() }

// passed BYTES: at most so many bytes went to the server since the line was released.
func cmdPassed(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	if got := worldOf(ts).proxy.passed.Load(); got > n || got == 0 {
		ts.Fatalf("%d bytes were sent, want 1 to %d", got, n)
	}
}

// decoy speaks TLS with a certificate of its own and counts what it is told.
type decoy struct {
	l           net.Listener
	heard, came atomic.Int64
}

func newDecoy() (*decoy, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	})
	if err != nil {
		return nil, err
	}
	d := &decoy{l: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.came.Add(1)
			go func() {
				defer func() { _ = c.Close() }()
				if t, ok := c.(*tls.Conn); ok && t.HandshakeContext(context.Background()) == nil {
					n, _ := io.Copy(io.Discard, c)
					d.heard.Add(n)
				}
			}()
		}
	}()
	return d, nil
}

func (d *decoy) addr() string { return d.l.Addr().String() }
func (d *decoy) close()       { _ = d.l.Close() }

// untouched: the decoy was called and was told nothing, no token, no list, no byte.
func cmdUntouched(ts *testscript.TestScript, _ bool, _ []string) {
	d := worldOf(ts).decoy
	if d.came.Load() == 0 || d.heard.Load() != 0 {
		ts.Fatalf("the decoy was called %d times and heard %d bytes", d.came.Load(), d.heard.Load())
	}
}

// opaque: the server answers nothing that is asked in the open.
func cmdOpaque(ts *testscript.TestScript, _ bool, _ []string) {
	c, err := net.Dial("tcp", worldOf(ts).addr)
	ts.Check(err)
	defer func() { _ = c.Close() }()
	_, err = io.WriteString(c, "GET /readyz HTTP/1.0\r\n\r\n")
	ts.Check(err)
	answer, _ := io.ReadAll(c) // a reset is an answer too
	if strings.Contains(string(answer), "ready") || strings.Contains(string(answer), " 200 ") {
		ts.Fatalf("answered in the open: %s", answer)
	}
}
