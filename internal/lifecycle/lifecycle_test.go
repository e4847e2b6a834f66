package lifecycle_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/lifecycle"
	"zhilu.dev/zhilu/internal/lifecycle/lifecycletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const grace = 10 * time.Second

var (
	errBroken = errors.New("broken")
	quiet     = lifecycle.Config{Logger: slog.New(slog.DiscardHandler), Grace: grace}
)

// trace is what the components of one test did, in order.
type trace struct {
	mu    sync.Mutex
	lines []string
}

func (tr *trace) add(line string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.lines = append(tr.lines, line)
}

// part is a component whose whole life is given beforehand. Zero durations mean never or at once, as named.
type part struct {
	name      string
	ready     time.Duration // after so long it is ready
	failAfter time.Duration // after so long it returns by itself; 0 is never
	stopAfter time.Duration // so long it takes to stop
	err       error         // what it returns, when it fails or when it stops
	trace     *trace
}

func (p part) Name() string { return p.name }

func (p part) Run(ctx context.Context, ready func()) error {
	p.trace.add("start " + p.name)
	defer p.trace.add("end " + p.name)
	fail, up := make(<-chan time.Time), time.After(p.ready)
	if p.failAfter > 0 {
		fail = time.After(p.failAfter)
	}
	for {
		select {
		case <-up:
			p.trace.add("ready " + p.name)
			ready()
		case <-fail:
			return p.err
		case <-ctx.Done():
			p.trace.add("stop " + p.name)
			time.Sleep(p.stopAfter) // in a bubble: no time passes
			return p.err
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parts []part
		stop  time.Duration // when ctx ends; 0 is never
		want  string
		errs  []error
		text  string // the beginning of the error
	}{
		"in order, and back": {
			parts: []part{{name: "a", ready: time.Second}, {name: "b", ready: time.Second, stopAfter: time.Second}}, stop: time.Minute,
			want: "start a, ready a, start b, ready b, READY, stop b, end b, stop a, end a",
		},
		"nothing to run": {stop: time.Second, want: "READY"},
		"a failure at start stops those before, and starts none after": {
			parts: []part{{name: "a"}, {name: "b", ready: time.Hour, failAfter: time.Second, err: errBroken}, {name: "c"}},
			want:  "start a, ready a, start b, end b, stop a, end a", errs: []error{errBroken}, text: "b: broken",
		},
		"a failure while another starts": {
			parts: []part{{name: "a", failAfter: time.Second, err: errBroken}, {name: "b", ready: time.Hour}, {name: "c"}},
			want:  "start a, ready a, start b, end a, stop b, end b", errs: []error{errBroken}, text: "a: broken",
		},
		"a failure later stops all": {
			parts: []part{{name: "a"}, {name: "b", failAfter: time.Hour, err: errBroken}, {name: "c"}},
			want:  "start a, ready a, start b, ready b, start c, ready c, READY, end b, stop c, end c, stop a, end a",
			errs:  []error{errBroken}, text: "b: broken",
		},
		"to end untold is a failure": {
			parts: []part{{name: "a", failAfter: time.Hour}}, want: "start a, ready a, READY, end a",
			errs: []error{lifecycle.ErrEnded}, text: "a: lifecycle: ended",
		},
		"told to stop while it starts": {
			parts: []part{{name: "a"}, {name: "b", ready: time.Hour}, {name: "c"}}, stop: time.Second,
			want: "start a, ready a, start b, stop b, end b, stop a, end a",
		},
		"an error while stopping is told, and the others stop": {
			parts: []part{{name: "a"}, {name: "b", err: errBroken}}, stop: time.Second,
			want: "start a, ready a, start b, ready b, READY, stop b, end b, stop a, end a",
			errs: []error{errBroken}, text: "b: while stopping: broken",
		},
		"its context's end is no error": {
			parts: []part{{name: "a", err: context.Canceled}}, stop: time.Second,
			want: "start a, ready a, READY, stop a, end a",
		},
		"one that does not stop is left behind": {
			parts: []part{{name: "a"}, {name: "b", stopAfter: time.Hour}}, stop: time.Second,
			want: "start a, ready a, start b, ready b, READY, stop b, stop a, end a, end b",
			errs: []error{lifecycle.ErrSlow}, text: "b: lifecycle: did not stop in time",
		},
		"the first failure comes first": {
			parts: []part{{name: "a", failAfter: time.Hour, err: errBroken}, {name: "b", stopAfter: time.Hour}},
			want:  "start a, ready a, start b, ready b, READY, end a, stop b, end b",
			errs:  []error{errBroken, lifecycle.ErrSlow}, text: "a: broken",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got, err := live(t.Context(), tt.parts, tt.stop)
				if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
					t.Error(diff)
				}
				if (err == nil) != (len(tt.errs) == 0) {
					t.Fatalf("error %v, want %v", err, tt.errs)
				}
				for _, want := range tt.errs {
					if !errors.Is(err, want) {
						t.Errorf("error %v, want %v in it", err, want)
					}
				}
				if err != nil && !strings.HasPrefix(err.Error(), tt.text) {
					t.Errorf("error %q, want it to begin with %q", err, tt.text)
				}
			})
		})
	}
}

// live runs the parts inside a bubble and gives what they did, after the last of them has ended.
func live(ctx context.Context, parts []part, stop time.Duration) ([]string, error) {
	tr := &trace{}
	components := make([]lifecycle.Component, len(parts))
	for i, p := range parts {
		p.trace = tr
		components[i] = p
	}
	cfg := quiet
	cfg.Ready = func() { tr.add("READY") }
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if stop > 0 {
		time.AfterFunc(stop, cancel)
	}
	err := lifecycle.Run(ctx, cfg, components...)
	time.Sleep(24 * time.Hour) // those left behind end too
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.lines, err
}

// TestAnyLife: whatever the components do, they start in order, one when the last is ready, are told to stop in
// reverse, and the error tells whether all went well.
func TestAnyLife(t *testing.T) {
	t.Parallel()
	seconds := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.IntRange(0, 8).Draw(t, "s")) * time.Second })
	rapid.Check(t, func(rt *rapid.T) {
		parts := make([]part, rapid.IntRange(0, 5).Draw(rt, "parts"))
		for i := range parts {
			parts[i] = part{
				name: strconv.Itoa(i), ready: seconds.Draw(rt, "ready"),
				stopAfter: seconds.Draw(rt, "stop")*2 + time.Second, // odd, so never exactly the grace
			}
			if rapid.IntRange(0, 3).Draw(rt, "fails") == 0 {
				parts[i].failAfter = seconds.Draw(rt, "fail") + 500*time.Millisecond
			}
			if rapid.IntRange(0, 3).Draw(rt, "errs") == 0 {
				parts[i].err = errBroken
			}
		}
		stop := seconds.Draw(rt, "cancel")*3 + 250*time.Millisecond
		var got []string
		var err error
		synctest.Test(t, func(t *testing.T) { got, err = live(t.Context(), parts, stop) })
		checkLife(rt, parts, got, err)
	})
}

func checkLife(t *rapid.T, parts []part, got []string, err error) {
	var starts, stops []int
	ready := map[int]bool{}
	wrong := false
	for _, line := range got {
		what, name, _ := strings.Cut(line, " ")
		i, _ := strconv.Atoi(name)
		switch what {
		case "start":
			if i > 0 && !ready[i-1] {
				t.Errorf("%d started before %d was ready: %v", i, i-1, got)
			}
			if len(stops) > 0 {
				t.Errorf("%d started after stopping began: %v", i, got)
			}
			starts = append(starts, i)
		case "ready":
			ready[i] = true
		case "stop":
			stops = append(stops, i)
			wrong = wrong || parts[i].err != nil || parts[i].stopAfter > grace
		}
	}
	wrong = wrong || len(stops) < len(starts) // one ended untold
	if !slices.IsSorted(starts) || !slices.IsSortedFunc(stops, func(a, b int) int { return b - a }) {
		t.Errorf("starts %v, stops %v", starts, stops)
	}
	for _, i := range starts {
		if !slices.Contains(got, "end "+strconv.Itoa(i)) {
			t.Errorf("%d never ended: %v", i, got)
		}
	}
	if (err != nil) != wrong {
		t.Errorf("error %v, but wrong = %v: %v", err, wrong, got)
	}
}

// TestStress runs groups in real time, with failures and cancellations that race, for the race detector and goleak.
func TestStress(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for seed := range 40 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			components := make([]lifecycle.Component, 8)
			for i := range components {
				components[i] = lifecycle.Func(strconv.Itoa(i), func(ctx context.Context, ready func()) error {
					ready()
					ready() // a second call does no harm
					if i == seed%16 {
						return errBroken
					}
					<-ctx.Done()
					return ctx.Err()
				})
			}
			fails := seed%16 < len(components)
			if !fails || seed%3 == 0 {
				go cancel() // races with the start, and with the failure
			}
			err := lifecycle.Run(ctx, quiet, components...)
			if err != nil && !errors.Is(err, errBroken) || err != nil && !fails || err == nil && fails && seed%3 != 0 {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	wg.Wait()
}

func TestPair(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context) error { return nil }
	lifecycletest.Suite(t, func(*testing.T) lifecycle.Component {
		return lifecycle.Pair("pair", nothing, nothing, grace)
	})
	lifecycletest.Suite(t, func(*testing.T) lifecycle.Component {
		return lifecycle.Pair("start only", nothing, nil, grace)
	})
	t.Run("a failing start is not stopped", func(t *testing.T) {
		t.Parallel()
		c := lifecycle.Pair("pair", func(context.Context) error { return errBroken },
			func(context.Context) error { t.Error("stopped"); return nil }, grace)
		if err := lifecycle.Run(t.Context(), quiet, c); !errors.Is(err, errBroken) {
			t.Error(err)
		}
	})
	t.Run("stop has a living context that ends after grace", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := lifecycle.Pair("pair", func(context.Context) error { cancel(); return nil }, func(ctx context.Context) error {
				if ctx.Err() != nil {
					t.Error("stop's context has ended already")
				}
				<-ctx.Done()
				return ctx.Err()
			}, grace/2)
			if err := lifecycle.Run(ctx, quiet, c); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	a := part{name: "a", trace: &trace{}}
	for name, err := range map[string]error{
		"no logger":    lifecycle.Run(t.Context(), lifecycle.Config{Grace: grace}),
		"no grace":     lifecycle.Run(t.Context(), lifecycle.Config{Logger: quiet.Logger}),
		"no name":      lifecycle.Run(t.Context(), quiet, part{trace: a.trace}),
		"a name twice": lifecycle.Run(t.Context(), quiet, a, a),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if len(a.trace.lines) > 0 {
		t.Errorf("something ran: %v", a.trace.lines)
	}
}

// TestSignals is not parallel: the signal goes to the whole process.
func TestSignals(t *testing.T) {
	ctx, stop := lifecycle.Signals(t.Context())
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	err = lifecycle.Run(ctx, quiet, lifecycle.Func("a", func(ctx context.Context, ready func()) error {
		ready()
		if err := self.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}))
	if err != nil || ctx.Err() == nil {
		t.Errorf("error %v, context %v", err, ctx.Err())
	}
}
