package fsck_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// Beside a server that docks, judges, assigns and signs all the while, fsck gives no false alarm, however often it looks;
// and when all is done, nothing is left to find (decision 17, T9).
func TestOnline(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		beside := must(localdir.Inspect(h.place(), true))(t)
		c := h.config()
		c.Vault, c.Online = beside, true
		work, stop := context.WithCancel(h.ctx)
		defer stop()
		errs := make(chan error, 3)
		var wg sync.WaitGroup
		for n := range 2 { // two cards at once
			wg.Go(func() { errs <- h.docking(work, n) })
		}
		wg.Go(func() { errs <- h.signing(work) })
		looks, files := 0, 0
		for looks < 10 || files < 30 { // until much has come in while we looked
			r, err := fsck.Run(h.ctx, c)
			if err != nil || !r.OK() {
				t.Errorf("look %d: %+v %v", looks, r, err)
				break
			}
			looks++
			files = r.Files
		}
		stop()
		wg.Wait()
		for range 3 {
			h.must(<-errs)
		}
		h.sequence()
		t.Logf("%d looks, %d files", looks, files)
		h.sound()
	})
}

// docking brings cards in until it is told to stop; the last one is brought to its end.
func (h *house) docking(ctx context.Context, station int) error {
	for n := 0; ctx.Err() == nil; n++ {
		name := h.name(time.Duration(station+2)*time.Hour, 100+n)
		card, err := h.svc.OpenCard(h.ctx, h.dock, recording.CardListing{Label: "Z07", Files: []recording.ListedFile{{Path: name, Size: 5}}})
		if err != nil {
			return err
		}
		r, err := h.try(recording.Intent{Card: card, Name: name}, fmt.Appendf(nil, "%d of %d", n, station))
		if err != nil {
			return err
		}
		if n%3 == 0 { // the same bytes again
			if _, err := h.try(recording.Intent{Name: "again.mp4"}, fmt.Appendf(nil, "%d of %d", n, station)); err != nil {
				return err
			}
		}
		if n%4 == 0 {
			if err := h.svc.Assign(h.ctx, h.keeper, r.RecordingID, recording.Assignment{Officer: h.second, Words: "换人"}); err != nil {
				return err
			}
		}
		if err := h.svc.CloseCard(h.ctx, h.dock, card, nil); err != nil {
			return err
		}
	}
	return nil
}

// signing gives entries their places all the while.
func (h *house) signing(ctx context.Context) error {
	for ctx.Err() == nil {
		if _, err := h.seq.Sequence(ctx); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}
