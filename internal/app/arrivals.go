package app

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// arrivals watches the bytes of evidence that arrive: what is made from recordings waits for them, and so, for a moment,
// does what looks a second time at what is stored already (decision 11).
type arrivals struct {
	mu    sync.Mutex
	last  time.Time // bytes arrived
	begun time.Time // of the span that is being counted
	bytes int64     // in it
	rate  int64     // bytes a span of the one before it

	total atomic.Int64 // since the start
}

const (
	lull    = 3 * time.Second        // nothing has to arrive for so long until it counts as quiet
	span    = 250 * time.Millisecond // over which the rate is taken
	fastest = 8 << 20                // bytes a span from which evidence arrives fast: 32 MiB a second
)

// busy reports whether anything arrived within the lull.
func (a *arrivals) busy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.last) < lull //nolint:forbidigo // time that passes, not the time of an act
}

// fast reports whether evidence arrives as fast as a card is read, so that a processor is wanted for it. A sender on a
// slow line holds nobody up.
func (a *arrivals) fast() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(time.Now()) //nolint:forbidigo // time that passes, not the time of an act
	return max(a.rate, a.bytes) >= fastest
}

// turn ends the span that is being counted when its time is over.
func (a *arrivals) turn(now time.Time) {
	switch gone := now.Sub(a.begun); {
	case gone < span:
	case gone < 2*span:
		a.begun, a.rate, a.bytes = now, a.bytes, 0
	default:
		a.begun, a.rate, a.bytes = now, 0, 0
	}
}

func (a *arrivals) count(n int) {
	a.total.Add(int64(n))
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now() //nolint:forbidigo // time that passes, not the time of an act
	a.turn(now)
	a.last = now
	a.bytes += int64(n)
}

func (a *arrivals) seen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = arriving{r.Body, a}
		}
		next.ServeHTTP(w, r)
	})
}

type arriving struct {
	io.ReadCloser
	a *arrivals
}

func (b arriving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.a.count(n)
	}
	return n, err
}
