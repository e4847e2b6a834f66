package door

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// locks lets one request at a time change an upload. A sender whose line broke without our noticing must not keep
// itself out: a holder from whom nothing arrives any more is cut off when somebody asks, and what had arrived is kept.
type locks struct {
	wait     time.Duration // how long a request waits for its turn
	poll     time.Duration // how often a waiting one looks
	patience int           // after how many looks without a byte the holder counts as gone

	mu   sync.Mutex
	held map[ident.UploadID]*hold
}

func newLocks() *locks {
	return &locks{wait: 15 * time.Second, poll: 50 * time.Millisecond, patience: 20, held: map[ident.UploadID]*hold{}}
}

// hold is one request at work on an upload.
type hold struct {
	done chan struct{}
	body atomic.Pointer[body] // what it reads; nil while it only works
}

// progress is how many bytes have arrived, -1 while nothing is read.
func (h *hold) progress() int64 {
	if b := h.body.Load(); b != nil && !b.queue.Load() {
		return b.n.Load()
	}
	return -1
}

func (h *hold) interrupt() {
	if b := h.body.Load(); b != nil {
		b.interrupt()
	}
}

// take gives the upload to one request. With force the one that has it is cut off at once. Conflict "upload.locked" if it
// is not given back in time.
func (l *locks) take(ctx context.Context, id ident.UploadID, force bool) (*hold, error) {
	own := &hold{done: make(chan struct{})}
	over := time.NewTimer(l.wait)
	defer over.Stop()
	for {
		other := l.claim(id, own)
		if other == own {
			return own, nil
		}
		if force {
			other.interrupt()
		}
		if !l.await(ctx, other, over.C, false) {
			return nil, fault.New(fault.Conflict, "upload.locked")
		}
	}
}

// settle waits until nobody stands still in the middle of the upload, so that its offset can be told. It reports whether
// nobody is at work on it; one who is and makes progress is left alone.
func (l *locks) settle(ctx context.Context, id ident.UploadID) bool {
	l.mu.Lock()
	other := l.held[id]
	l.mu.Unlock()
	if other == nil {
		return true
	}
	over := time.NewTimer(l.wait)
	defer over.Stop()
	return l.await(ctx, other, over.C, true)
}

// claim puts own in the upload's place if that is free, and gives whoever has it.
func (l *locks) claim(id ident.UploadID, own *hold) *hold {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other := l.held[id]; other != nil {
		return other
	}
	l.held[id] = own
	return own
}

func (l *locks) release(id ident.UploadID, own *hold) {
	l.mu.Lock()
	delete(l.held, id)
	l.mu.Unlock()
	close(own.done)
}

// await reports whether a hold ended in time; with glance it gives up as soon as bytes are seen to arrive.
func (l *locks) await(ctx context.Context, h *hold, over <-chan time.Time, glance bool) bool {
	tick := time.NewTicker(l.poll)
	defer tick.Stop()
	last, still := h.progress(), 0
	for {
		select {
		case <-h.done:
			return true
		case <-ctx.Done():
			return false
		case <-over:
			return false
		case <-tick.C:
		}
		now := h.progress()
		switch {
		case now != last:
			if glance && now > last && last >= 0 {
				return false
			}
			last, still = now, 0
		case now >= 0:
			if still++; still >= l.patience {
				h.interrupt()
			}
		}
	}
}
