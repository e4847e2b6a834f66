package derivative

import (
	"container/list"
	"context"
	"sync"
)

// maxCache is how many bytes of marked segments are kept in memory, all viewers together.
const maxCache = 256 << 20

// partKey names a marked segment by the copy's own digest, so that a copy made anew is never mixed with an older one.
type partKey struct {
	sha256 string
	n      int
	mark   string
}

// cache keeps the marked segments that were asked for last. Who asks for one that is being made waits for it.
type cache struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *part, the last used first
	parts map[partKey]*list.Element
	flow  map[partKey]chan struct{} // closed when the maker is done
}

type part struct {
	key partKey
	raw []byte
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, order: list.New(), parts: map[partKey]*list.Element{}, flow: map[partKey]chan struct{}{}}
}

// get gives a part from memory or makes it. An error is not kept: the next one tries again.
func (c *cache) get(ctx context.Context, key partKey, build func() ([]byte, error)) ([]byte, error) {
	for {
		c.mu.Lock()
		if e, is := c.parts[key]; is {
			c.order.MoveToFront(e)
			c.mu.Unlock()
			return e.Value.(*part).raw, nil //nolint:forcetypeassert // the list holds nothing else
		}
		others, busy := c.flow[key]
		if !busy {
			c.flow[key] = make(chan struct{})
			c.mu.Unlock()
			return c.fill(key, build)
		}
		c.mu.Unlock()
		select {
		case <-others:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *cache) fill(key partKey, build func() ([]byte, error)) (raw []byte, err error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.flow[key])
		delete(c.flow, key)
		if err != nil || raw == nil || int64(len(raw)) > c.limit {
			return
		}
		c.parts[key] = c.order.PushFront(&part{key, raw})
		for c.bytes += int64(len(raw)); c.bytes > c.limit; {
			last := c.order.Back()
			old := c.order.Remove(last).(*part) //nolint:forcetypeassert // the list holds nothing else
			delete(c.parts, old.key)
			c.bytes -= int64(len(old.raw))
		}
	}()
	return build()
}
