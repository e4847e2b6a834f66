package app

import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// tlsRecord is the first byte of a TLS handshake; no HTTP request begins with it.
const tlsRecord = 0x16

// dualListener accepts TLS and plain HTTP on one address. It is used on loopback only, where a script may speak plain
// HTTP and a browser TLS; off loopback only TLS is served (decision 22).
type dualListener struct {
	net.Listener
	tls   *tls.Config
	ready chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// handshakeWait bounds the wait for a connection's first byte, so a silent one holds nothing up.
const handshakeWait = 10 * time.Second

func newDualListener(inner net.Listener, cfg *tls.Config) *dualListener {
	l := &dualListener{Listener: inner, tls: cfg, ready: make(chan net.Conn), done: make(chan struct{})}
	go l.run()
	return l
}

func (l *dualListener) run() {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			_ = l.Close()
			return
		}
		go l.sort(c)
	}
}

func (l *dualListener) sort(c net.Conn) {
	r := bufio.NewReaderSize(c, 1)
	if err := c.SetReadDeadline(time.Now().Add(handshakeWait)); err != nil { //nolint:forbidigo // a socket deadline is wall time
		_ = c.Close()
		return
	}
	first, err := r.Peek(1)
	if err != nil {
		_ = c.Close()
		return
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		_ = c.Close()
		return
	}
	var out net.Conn = &peeked{Conn: c, r: r}
	if first[0] == tlsRecord {
		out = tls.Server(out, l.tls)
	}
	select {
	case l.ready <- out:
	case <-l.done:
		_ = c.Close()
	}
}

// Accept gives the next connection, already known to be one or the other.
func (l *dualListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close stops accepting.
func (l *dualListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// peeked is a connection whose first byte was looked at.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.r.Read(b) }
