package job

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// TestGivingWay: looking twice waits while evidence arrives, for a while; nothing else waits at all. // decision 11
func TestGivingWay(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tests := map[string]struct {
		queue string
		made  time.Time
		busy  int // how often the way is found busy, -1 for ever
		asked int // how often it was asked
	}{
		"quiet":                      {QueueVerify, now, 0, 1},
		"arriving, then quiet":       {QueueVerify, now, 2, 3},
		"media too":                  {QueueMedia, now, 1, 2},
		"patience is over":           {QueueVerify, now.Add(-patience), -1, 1},
		"another queue":              {QueueDefault, now, -1, 0},
		"derivatives have their own": {QueueDerive, now, -1, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			w := &way{busy: func() bool { asked++; return tt.busy < 0 || asked <= tt.busy }}
			if err := w.give(t.Context(), &rivertype.JobRow{Queue: tt.queue, CreatedAt: tt.made}); err != nil {
				t.Fatal(err)
			}
			if asked != tt.asked {
				t.Errorf("asked %d times, want %d", asked, tt.asked)
			}
		})
	}
}

// TestGivingWayEnds: a queue that is being stopped does not wait for a sender.
func TestGivingWayEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	w := &way{busy: func() bool { cancel(stopped); return true }}
	if err := w.give(ctx, &rivertype.JobRow{Queue: QueueMedia, CreatedAt: time.Now()}); !errors.Is(err, stopped) {
		t.Errorf("error %v, want the cause", err)
	}
	if err := (&way{}).give(ctx, &rivertype.JobRow{Queue: QueueMedia, CreatedAt: time.Now()}); err != nil {
		t.Errorf("nothing arrives where nobody watches: %v", err)
	}
}
