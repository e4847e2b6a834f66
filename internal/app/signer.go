package app

import (
	"context"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
)

// signer is this server's part in signing the log. One server of a bureau signs at a time; the others serve everything
// else, keep up with the checkpoint, and one of them takes over as soon as the signer's lock is free.
type signer struct {
	mu  sync.Mutex
	now *custody.Sequencer // nil while another server signs
	bad error              // why this one could not stand by
}

const (
	standby     = 500 * time.Millisecond // between two tries to take over
	keepUpEvery = 10                     // of which every so many notes the checkpoint here
)

func (s *signer) set(now *custody.Sequencer, bad error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.bad = now, bad
}

func (s *signer) get() (*custody.Sequencer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.bad
}

// Wake tells the signer of entries, if it is here. The one of another server looks for itself.
func (s *signer) Wake() {
	if now, _ := s.get(); now != nil {
		now.Wake()
	}
}

// Refusal says why the log is not signed, as far as this server knows.
func (s *signer) Refusal() error {
	now, bad := s.get()
	if now != nil {
		return now.Refusal()
	}
	return bad
}

// Here reports whether this server signs.
func (s *signer) Here() bool {
	now, _ := s.get()
	return now != nil
}

// begin takes the lock, or finds that another server has it, which only PostgreSQL allows.
func (h *House) beginSigning(ctx context.Context) error {
	s, err := h.newSequencer(ctx, h.Bureau.Name)
	if fault.HasCode(err, "log.locked") && h.DB.Engine == db.Postgres {
		h.Log.InfoContext(ctx, "another server signs the log; this one stands by")
		return nil
	}
	if err != nil {
		return err
	}
	h.signer.set(s, nil)
	return nil
}

// sign signs, or stands by and takes over, until ctx ends.
func (h *House) sign(ctx context.Context, ready func()) error {
	ready()
	for tries := 0; ctx.Err() == nil; tries++ {
		if now, _ := h.signer.get(); now != nil {
			err := now.Run(ctx)
			if ctx.Err() != nil {
				return nil
			}
			// Another server became the signer: this one had lost its lock without knowing.
			h.Log.WarnContext(ctx, "this server does not sign the log any more", "err", err)
			_ = now.Close()
			h.signer.set(nil, nil)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(standby):
		}
		s, err := h.newSequencer(ctx, h.Bureau.Name)
		switch {
		case err == nil:
			h.Log.InfoContext(ctx, "this server signs the log now")
			h.signer.set(s, nil)
			continue
		case fault.HasCode(err, "log.locked"):
			err = nil
			if tries%keepUpEvery == 0 {
				err = custody.KeepUp(ctx, h.DB, h.Keys, countersign.Outside)
			} else if _, bad := h.signer.get(); bad != nil {
				continue // until it was looked at again
			}
		}
		if _, bad := h.signer.get(); err != nil && ctx.Err() == nil && (bad == nil || bad.Error() != err.Error()) {
			h.Log.ErrorContext(ctx, "this server cannot stand by to sign the log", "err", err)
		}
		h.signer.set(nil, err)
	}
	return nil
}

// endSigning gives the lock back.
func (h *House) endSigning() {
	if now, _ := h.signer.get(); now != nil {
		_ = now.Close()
	}
}
