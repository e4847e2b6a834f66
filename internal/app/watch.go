package app

import (
	"context"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/audit"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

// logWatch computes the custody log again from time to time, audits what is added to it meanwhile, and remembers how it
// stood, so that every page can say it at its foot without asking the database.
type logWatch struct {
	h     *House
	whole time.Duration // between two audits of everything
	look  time.Duration // between two looks for new entries

	mu     sync.Mutex
	size   int64         // of the latest checkpoint seen
	report *audit.Report // the last one; nil before the first
	at     time.Time     // of report
}

// run audits everything at start and then every so often, and what is added every look, until ctx ends. A large log
// takes its time to audit; what is added is not kept waiting for that.
func (w *logWatch) run(ctx context.Context, ready func()) error {
	ready()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		each(ctx, w.whole, w.audit)
	}()
	each(ctx, w.look, w.follow)
	<-ended
	return nil
}

// each does something now and then every so often until ctx ends.
func each(ctx context.Context, every time.Duration, do func(context.Context)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// audit computes the whole log again.
func (w *logWatch) audit(ctx context.Context) {
	rep, err := audit.Run(ctx, w.h.DB, w.h.Keys)
	w.take(ctx, rep, err)
}

// follow audits what was added. Where something was found wrong, or nothing was audited yet, it only counts.
func (w *logWatch) follow(ctx context.Context) {
	last, err := custody.Latest(ctx, w.h.DB.Reader)
	if fault.Is(err, fault.NotFound) {
		return
	}
	if err != nil {
		w.take(ctx, nil, err)
		return
	}
	w.mu.Lock()
	w.size = last.Size
	prev := w.report
	w.mu.Unlock()
	if prev == nil || !prev.OK() || prev.Size == last.Size {
		return
	}
	rep, err := audit.Follow(ctx, w.h.DB, w.h.Keys, prev)
	w.take(ctx, rep, err)
}

func (w *logWatch) take(ctx context.Context, rep *audit.Report, err error) {
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w.h.Log.ErrorContext(ctx, "the custody log could not be checked", "err", err)
		return
	}
	if !rep.OK() {
		w.h.Log.ErrorContext(ctx, "the custody log is not sound", "findings", rep.Findings)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.h.Clock.Now()
	w.size = max(w.size, rep.Size)
	// An audit of everything that took long may know less than what was followed meanwhile from the one before it.
	if rep.OK() && w.report != nil && w.report.OK() && w.report.Size > rep.Size {
		return
	}
	w.report = rep
}

// state is what the foot of a page says.
func (w *logWatch) state(p locale.Printer) ui.LogState {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := ui.LogState{Size: w.size}
	if w.report == nil {
		return s
	}
	s.Checked, s.At = w.report.Size, p.Clock(w.at)
	switch {
	case !w.report.OK():
		s.State = "broken"
	case w.h.signer.Refusal() != nil:
		s.State = "behind"
	default:
		s.State = "sound"
	}
	return s
}
