package app

import (
	"context"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/custody/audit"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

// logWatch computes the custody log again from time to time and remembers how it stood, so that every page can say it
// at its foot without asking the database.
type logWatch struct {
	h     *House
	every time.Duration

	mu      sync.Mutex
	at      time.Time
	index   int64
	found   int
	checked bool
}

// run audits at start and then every so often until ctx ends.
func (w *logWatch) run(ctx context.Context, ready func()) error {
	ready()
	for {
		w.audit(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(w.every):
		}
	}
}

func (w *logWatch) audit(ctx context.Context) {
	rep, err := audit.Run(ctx, w.h.DB, w.h.Keys)
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
	w.at, w.index, w.found, w.checked = w.h.Clock.Now(), rep.Size, len(rep.Findings), true
}

// state is what the foot of a page says.
func (w *logWatch) state(p locale.Printer) ui.LogState {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := ui.LogState{Index: w.index}
	if !w.checked {
		return s
	}
	s.At = p.Clock(w.at)
	switch {
	case w.found > 0:
		s.State = "broken"
	case w.h.sequencer != nil && w.h.sequencer.Refusal() != nil:
		s.State = "behind"
	default:
		s.State = "sound"
	}
	return s
}
