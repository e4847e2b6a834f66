package recording

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
)

// crowdFor is how long "more than MaxCount" is believed of a question without counting again. Recordings are not deleted, so
// such a number sinks only as they are settled or assigned, and slowly; counting to MaxCount for every page of a long
// list costs more than the page.
const crowdFor = time.Minute

// maxCrowds bounds how many questions are remembered; beyond it all are forgotten.
const maxCrowds = 2000

// crowds remembers which questions matched more than MaxCount rows. Smaller numbers are counted every time: they are shown,
// and people see them change.
type crowds struct {
	clock clock.Clock
	mu    sync.Mutex
	until map[string]time.Time
}

func (c *crowds) count(ctx context.Context, idb bun.IDB, a ask) (int, error) {
	f := a.f
	f.Order, f.Ascending = "", false // the order changes no number
	key := fmt.Sprintf("%+v %+v %v", a.scope, f, a.inbox)
	now := c.clock.Now()
	c.mu.Lock()
	many := now.Before(c.until[key])
	c.mu.Unlock()
	if many {
		return MaxCount + 1, nil
	}
	n, err := countUpTo(ctx, idb, a)
	if err == nil && n > MaxCount {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.until == nil || len(c.until) >= maxCrowds {
			c.until = map[string]time.Time{}
		}
		c.until[key] = now.Add(crowdFor)
	}
	return n, err
}
