package account

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Locking (T28): five wrong passwords lock the account for a quarter of an hour, each further five for twice as long.
const (
	triesBeforeLock = 5
	firstLock       = 15 * time.Minute
	longestLock     = 24 * time.Hour
)

// lockFor is how long an account stays locked that has been locked locks times before without a right password since.
func lockFor(locks int64) time.Duration {
	if locks > 6 {
		return longestLock
	}
	return min(firstLock<<max(locks, 0), longestLock)
}

// Limit is how often something may be tried: Burst at once, then one every Every.
type Limit struct {
	Every time.Duration
	Burst int
}

// recent is a map that forgets: it holds at least its last n keys and at most twice as many.
type recent[V any] struct {
	n          int
	young, old map[string]V
}

func (m *recent[V]) get(key string, make1 func() V) V {
	if v, ok := m.young[key]; ok {
		return v
	}
	v, ok := m.old[key]
	if !ok {
		v = make1()
	}
	if m.young == nil || len(m.young) >= m.n {
		m.old, m.young = m.young, make(map[string]V)
	}
	m.young[key] = v
	return v
}

// limiter holds back whoever tries too often, by any key. What it has forgotten may try anew; the locks in the
// database stay.
type limiter struct {
	mu   sync.Mutex
	l    Limit
	keys recent[*rate.Limiter]
}

func newLimiter(l Limit) *limiter { return &limiter{l: l, keys: recent[*rate.Limiter]{n: 4096}} }

func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.keys.get(key, func() *rate.Limiter { return rate.NewLimiter(rate.Every(l.l.Every), l.l.Burst) }).AllowN(now, 1)
}

// ghosts locks names that have no account exactly as if they had one, so that nobody learns from the answers which
// names exist.
type ghosts struct {
	mu   sync.Mutex
	keys recent[*ghost]
}

type ghost struct {
	failed, locks int64
	until         time.Time
}

func newGhosts() *ghosts { return &ghosts{keys: recent[*ghost]{n: 4096}} }

// locked says until when the name is locked; the zero time or a past one if it is not.
func (g *ghosts) locked(name string) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.keys.get(name, newGhost).until
}

func newGhost() *ghost { return &ghost{} }

// fail counts a wrong try and returns until when the name is locked by it; the zero time if it is not.
func (g *ghosts) fail(name string, now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.keys.get(name, newGhost)
	if s.failed++; s.failed >= triesBeforeLock {
		s.failed, s.until = 0, now.Add(lockFor(s.locks))
		s.locks++
		return s.until
	}
	return time.Time{}
}
