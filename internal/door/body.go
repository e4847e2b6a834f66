package door

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// A refused body is read to its end within these bounds before the refusal is told: a connection that is closed over bytes
// nobody read is reset, and the sender learns of a broken line instead of a full disk.
const (
	hearOutMost = 32 << 20
	hearOutTime = 10 * time.Second
)

// hearOut reads what is left of a body that was refused, unless the line itself is what failed or nobody known sends it.
func (x *exchange) hearOut(err error) {
	switch {
	case x.actor.ID == "", x.r.ContentLength == 0, x.r.ContentLength > hearOutMost, x.r.Header.Get("Expect") != "":
		return // one who waits for leave to send is answered at once, and so is who would send for long
	case fault.HasCode(err, "upload.interrupted"), fault.HasCode(err, "upload.timeout"), fault.HasCode(err, "upload.locked"):
		return
	}
	conn := http.NewResponseController(x.w)
	_ = conn.SetReadDeadline(time.Now().Add(hearOutTime)) //nolint:forbidigo // a socket deadline is wall time
	if _, err := io.Copy(io.Discard, io.LimitReader(x.r.Body, hearOutMost)); err == nil {
		_ = conn.SetReadDeadline(time.Time{})
	}
}

// idleWait is how long a sender may send nothing before its connection is given up.
const idleWait = 60 * time.Second

// body watches the body of a request: it counts and hashes what arrives, ends it when nothing comes any more or when
// somebody else needs the upload, and remembers how it ended.
type body struct {
	r     *http.Request
	conn  *http.ResponseController
	sums  *sums
	limit int64       // bytes it may hold, where the stage does not know; -1 for no limit
	whole bool        // it is kept whole or not at all, even without a checksum
	turns turns       // what was read is worked on in its turn
	holds bool        // a turn
	queue atomic.Bool // it waits for one
	n     atomic.Int64
	ended error // io.EOF once it ended well

	mu   sync.Mutex
	cut  bool
	over bool // nothing is read any more
}

func (x *exchange) newBody() (*body, error) {
	s, err := sumsOf(x.r)
	if err != nil {
		return nil, err
	}
	return &body{r: x.r, conn: http.NewResponseController(x.w), sums: s, limit: -1, turns: x.d.turns}, nil
}

// rest gives the body's turn to others.
func (b *body) rest() {
	if b.holds {
		b.holds = false
		b.turns.give()
	}
}

// work waits for the body's turn.
func (b *body) work() {
	b.queue.Store(true)
	b.turns.take()
	b.queue.Store(false)
	b.holds = true
}

// Read gives bytes with a turn to work on them, which ends with the next Read or with rest.
func (b *body) Read(p []byte) (int, error) {
	b.rest()
	if err := b.await(); err != nil {
		b.ended = err
		return 0, err
	}
	n, err := b.r.Body.Read(p)
	b.work()
	if left := b.limit - b.n.Load(); b.limit >= 0 && int64(n) > left {
		n, err = int(left), fault.New(fault.TooLarge, "vault.over_size", b.limit)
	}
	b.sums.write(p[:n])
	b.n.Add(int64(n))
	if err != nil {
		b.end(err)
	}
	return n, err
}

// end is called when nothing more is read: what follows on this connection has its own time.
func (b *body) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.over = err, true
	if !b.cut {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
}

// await gives the next bytes their time, unless the body was cut off.
func (b *body) await() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cut {
		return os.ErrDeadlineExceeded
	}
	_ = b.conn.SetReadDeadline(time.Now().Add(idleWait)) //nolint:forbidigo // a socket deadline is wall time
	return nil
}

// interrupt ends the body: a Read that waits returns, and no other begins. net/http takes a deadline that passes for the
// end of the connection, so an answer to a body that was cut MUST close it.
func (b *body) interrupt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over || b.cut {
		return
	}
	b.cut = true
	_ = b.conn.SetReadDeadline(time.Unix(1, 0)) // long past
}

// check is called when the body has ended well, before anything of it is kept.
func (b *body) check() error { return b.sums.check(b.r) }

// broken gives what the sender learns if it was the body that failed, and nothing if it was not.
func (b *body) broken() error {
	switch {
	case b.ended == nil, b.ended == io.EOF: //nolint:errorlint // exactly the end, nothing that wraps it
		return nil
	case fault.HasCode(b.ended, "vault.over_size"):
		return b.ended
	case errors.Is(b.ended, os.ErrDeadlineExceeded) && !b.wasCut():
		return fault.New(fault.Invalid, "upload.timeout")
	}
	return fault.New(fault.Invalid, "upload.interrupted")
}

func (b *body) wasCut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cut
}
