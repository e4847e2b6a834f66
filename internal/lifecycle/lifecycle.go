// Package lifecycle starts the parts of a program in order and stops them in reverse.
//
// # The contract of a component
//
// Run does the component's work and returns when the work is over. It
//
//   - MUST call ready once others may rely on it (the port is bound, the lock is held), and not before;
//   - MUST return soon after ctx ends: finish what was acknowledged, refuse what is new, leave nothing running;
//   - returns nil (or ctx's error) when it ended because ctx did, and otherwise says what went wrong;
//   - MUST NOT return while one of its goroutines still runs;
//   - is called once.
//
// A component that returns before it was told to has failed, with or without an error. One that panics takes the
// program down: a state nobody understands is not to be tidied up, and everything durable survives a kill.
//
// # The contract of a group
//
// Run starts the components in the order given, each when the one before it is ready. It stops them in reverse, each
// when the one after it has returned or has used up its grace, so that a component can rely on those before it to the
// end. The first failure stops all, as does the end of ctx. What does not stop in time is named in the error and left
// behind; the caller then ends the program.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Component is a part of the program that runs until it is told to stop. See the package's contract.
type Component interface {
	// Name is what logs and errors call it: short, lower case, one of a kind in its group.
	Name() string
	Run(ctx context.Context, ready func()) error
}

// The ways a component can break its contract.
var (
	ErrEnded = errors.New("lifecycle: ended without being told to")
	ErrSlow  = errors.New("lifecycle: did not stop in time")
)

// Config says how a group is run.
type Config struct {
	Logger *slog.Logger
	// Grace is how long each component may take to stop. It must be above zero.
	Grace time.Duration
	// Ready, if not nil, is called once, when the last component is ready.
	Ready func()
}

func (c Config) check(components []Component) error {
	if c.Logger == nil {
		return errors.New("lifecycle: no logger")
	}
	if c.Grace <= 0 {
		return fmt.Errorf("lifecycle: grace is %v, it must be above zero", c.Grace)
	}
	seen := map[string]bool{}
	for _, component := range components {
		if name := component.Name(); name == "" || seen[name] {
			return fmt.Errorf("lifecycle: a component's name %q is empty or taken", name)
		}
		seen[component.Name()] = true
	}
	return nil
}

// Run runs the components until ctx ends or one of them fails, and returns when all have stopped or used up their
// grace. It returns nil when ctx ended and every component stopped cleanly; otherwise every failure, the one that
// stopped the others first, each with its component's name.
func Run(ctx context.Context, cfg Config, components ...Component) error {
	if err := cfg.check(components); err != nil {
		return err
	}
	g := group{cfg: cfg, ended: make(chan *process, len(components))}
	cause := g.start(ctx, components)
	if cause == nil && ctx.Err() == nil {
		if cfg.Ready != nil {
			cfg.Ready()
		}
		select {
		case cause = <-g.ended:
		case <-ctx.Done():
		}
	}
	var errs []error
	if cause != nil {
		errs = append(errs, cause.verdict())
		cfg.Logger.ErrorContext(ctx, "a component failed, stopping all", "component", cause.name, "error", errs[0])
	}
	for _, p := range slices.Backward(g.started) {
		if err := g.stop(ctx, p); err != nil && p != cause {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

type group struct {
	cfg     Config
	started []*process
	ended   chan *process // each process once, when its Run has returned; never blocks
}

// process is one component while it runs.
type process struct {
	name   string
	cancel context.CancelFunc
	ready  chan struct{}
	done   chan struct{} // closed when Run has returned; err and early may be read then
	err    error
	early  bool // it returned before it was told to
}

// start starts the components one after another. It ends early with the process that failed meanwhile, and with nil
// when all are ready or ctx has ended.
func (g *group) start(ctx context.Context, components []Component) *process {
	for _, component := range components {
		if ctx.Err() != nil {
			return nil
		}
		p := g.launch(ctx, component)
		select {
		case <-p.ready:
			g.cfg.Logger.InfoContext(ctx, "component is ready", "component", p.name)
		case failed := <-g.ended:
			return failed
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (g *group) launch(ctx context.Context, component Component) *process {
	// The end of ctx must not reach all components at once: they are stopped one by one.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &process{name: component.Name(), cancel: cancel, ready: make(chan struct{}), done: make(chan struct{})}
	g.started = append(g.started, p)
	go func() {
		p.err = component.Run(own, sync.OnceFunc(func() { close(p.ready) }))
		p.early = own.Err() == nil
		close(p.done)
		g.ended <- p
	}()
	return p
}

func (g *group) stop(ctx context.Context, p *process) error {
	p.cancel()
	timer := time.NewTimer(g.cfg.Grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		g.cfg.Logger.ErrorContext(ctx, "component does not stop and is left behind", "component", p.name)
		return fmt.Errorf("%s: %w (%v)", p.name, ErrSlow, g.cfg.Grace)
	}
	err := p.verdict()
	if err == nil {
		g.cfg.Logger.InfoContext(ctx, "component has stopped", "component", p.name)
	}
	return err
}

// verdict says how the process ended; it must have ended.
func (p *process) verdict() error {
	switch {
	case p.early && p.err == nil:
		return fmt.Errorf("%s: %w", p.name, ErrEnded)
	case p.early:
		return fmt.Errorf("%s: %w", p.name, p.err)
	case p.err == nil || errors.Is(p.err, context.Canceled):
		return nil
	}
	return fmt.Errorf("%s: while stopping: %w", p.name, p.err)
}

// Signals gives a context that ends at SIGINT or SIGTERM. A second signal ends the program at once, as if nobody had
// listened: a person who asks twice means it. stop gives the signals back; call it when the context is not needed any
// more.
func Signals(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
