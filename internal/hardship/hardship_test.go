package hardship_test

import (
	"bytes"
	"sync"
	"testing"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

func TestMain(m *testing.M) { housetest.Main(m) }

// gate lets work begin only as fast as the faults come, so that the faults of a run find work to spoil to the end.
type gate struct {
	open chan struct{}
}

// newGate admits first pieces of work at once.
func newGate(first, all int) *gate {
	g := &gate{open: make(chan struct{}, all+first)}
	g.admit(first)
	return g
}

func (g *gate) admit(n int) {
	for range n {
		select {
		case g.open <- struct{}{}:
		default:
		}
	}
}

// lines collects what a program says while it runs.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
