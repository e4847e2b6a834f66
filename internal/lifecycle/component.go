package lifecycle

import (
	"context"
	"time"
)

type function struct {
	name string
	run  func(ctx context.Context, ready func()) error
}

func (f function) Name() string { return f.name }

func (f function) Run(ctx context.Context, ready func()) error { return f.run(ctx, ready) }

// Func makes a component of a function that keeps Run's contract.
func Func(name string, run func(ctx context.Context, ready func()) error) Component {
	return function{name: name, run: run}
}

// Pair makes a component of something that has a start and a stop of its own, such as a job client. start returns when
// the thing is ready; the context it is given lives as long as the component. stop gets a fresh context that ends
// after grace, which should be a little less than the group's. stop may be nil; it is not called when start failed.
func Pair(name string, start, stop func(ctx context.Context) error, grace time.Duration) Component {
	return Func(name, func(ctx context.Context, ready func()) error {
		alive := context.WithoutCancel(ctx) // start's own goroutines are ended by stop, in its own good order
		if err := start(alive); err != nil {
			return err
		}
		ready()
		<-ctx.Done()
		if stop == nil {
			return nil
		}
		limited, cancel := context.WithTimeout(alive, grace)
		defer cancel()
		return stop(limited)
	})
}
