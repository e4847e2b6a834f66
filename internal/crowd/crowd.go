// Package crowd remembers which questions to a list match more rows than are counted.
package crowd

import (
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// Belief is how long "more than the limit" is believed of a question without counting again. Recordings are not deleted, so
// such a number sinks only as they are settled or assigned, and slowly; counting that far for every page of a long list
// costs more than the page.
const Belief = time.Minute

// Some is a number beyond which nobody sees the last figure change while they turn pages; such a one is believed for Glance.
const (
	Some   = 1000
	Glance = 10 * time.Second
)

// maxKept bounds how many questions are remembered; beyond it all are forgotten.
const maxKept = 2000

// Memory counts, but what was more than Limit, or more than Some, a moment ago not again. Smaller numbers are counted every
// time: people see them change. It is safe for concurrent use.
type Memory struct {
	Clock clock.Clock
	Limit int

	mu   sync.Mutex
	seen map[string]seen
}

type seen struct {
	n     int
	until time.Time
}

// Count gives how many rows a question matches, Limit+1 for more than Limit. question tells it from every other one, and
// whose it is; count counts.
func (m *Memory) Count(question string, count func() (int, error)) (int, error) {
	now := m.Clock.Now()
	m.mu.Lock()
	last := m.seen[question]
	m.mu.Unlock()
	if now.Before(last.until) {
		return last.n, nil
	}
	n, err := count()
	if err != nil || n <= min(Some, m.Limit) {
		return n, err
	}
	last = seen{n, now.Add(Glance)}
	if n > m.Limit {
		last = seen{m.Limit + 1, now.Add(Belief)}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || len(m.seen) >= maxKept {
		m.seen = map[string]seen{}
	}
	m.seen[question] = last
	return last.n, nil
}
