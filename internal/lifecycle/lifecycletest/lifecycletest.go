// Package lifecycletest is the one suite for everything that claims to keep lifecycle's contract of a component.
package lifecycletest

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/lifecycle"
)

// patience is far more than an honest component takes; it only keeps a broken one from blocking the suite.
const patience = 30 * time.Second

// Suite tries a component's contract. fresh makes a new component for each use, in a world of its own, and may ask t
// to clean up. Run it under -race and with goleak in the package's TestMain.
func Suite(t *testing.T, fresh func(t *testing.T) lifecycle.Component) {
	t.Helper()
	t.Run("ready, then stops when told", func(t *testing.T) {
		t.Parallel()
		c := fresh(t)
		if c.Name() == "" {
			t.Error("it has no name")
		}
		ctx, cancel := context.WithCancel(t.Context())
		ready, done := run(ctx, c)
		select {
		case <-ready:
		case err := <-done:
			t.Fatalf("returned before it was ready: %v", err)
		case <-time.After(patience):
			t.Fatal("never ready")
		}
		cancel()
		ends(t, done)
	})
	t.Run("told to stop before it starts", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, done := run(ctx, fresh(t))
		ends(t, done)
	})
	t.Run("told to stop while it starts", func(t *testing.T) {
		t.Parallel()
		for turn := range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			_, done := run(ctx, fresh(t))
			for range turn {
				runtime.Gosched() // a little later each time
			}
			cancel()
			ends(t, done)
		}
	})
}

func run(ctx context.Context, c lifecycle.Component) (ready <-chan struct{}, done <-chan error) {
	r, d := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		d <- c.Run(ctx, func() {
			select {
			case r <- struct{}{}:
			default:
			}
		})
	}()
	return r, d
}

func ends(t *testing.T, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("told to stop, it returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("told to stop, it goes on")
	}
}
