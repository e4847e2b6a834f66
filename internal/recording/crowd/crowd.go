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

// maxKept bounds how many questions are remembered; beyond it all are forgotten.
const maxKept = 2000

// Memory counts, but what was more than Limit a moment ago not again. Smaller numbers are counted every time: they are
// shown, and people see them change. It is safe for concurrent use.
type Memory struct {
	Clock clock.Clock
	Limit int

	mu    sync.Mutex
	until map[string]time.Time
}

// Count gives how many rows a question matches, Limit+1 for more than Limit. question tells it from every other one, and
// whose it is; count counts.
func (m *Memory) Count(question string, count func() (int, error)) (int, error) {
	now := m.Clock.Now()
	m.mu.Lock()
	many := now.Before(m.until[question])
	m.mu.Unlock()
	if many {
		return m.Limit + 1, nil
	}
	n, err := count()
	if err == nil && n > m.Limit {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.until == nil || len(m.until) >= maxKept {
			m.until = map[string]time.Time{}
		}
		m.until[question] = now.Add(Belief)
	}
	return n, err
}
