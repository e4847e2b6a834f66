package localdir

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// Touched is the last time bytes became durable.
func (s *stage) Touched() time.Time { return s.durable().Touched }

// Open reads back what is durable: see vault.Stage. Neither Append nor Seal ever writes to the frames that a checkpoint
// names, and a file that was removed or renamed stays readable for whoever has it open, so a snapshot of the checkpoint
// is all it takes.
func (s *stage) Open(ctx context.Context) (vault.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.isUnsure() {
		if err := s.settle(ctx); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	gone, cipher, state := s.gone, s.cipher, s.state
	s.mu.Unlock()
	if gone {
		return nil, unknownStage(s.id)
	}
	f, err := s.v.fsys.Open(s.v.partPath(s.id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknownStage(s.id)
	}
	if err != nil {
		return nil, err
	}
	return &object{
		file: f, cipher: cipher, size: state.Offset(), last: -1, tail: state.Tail, cached: -1, damage: s.readDamage,
	}, nil
}

// settle waits for the call that may be under way, and reads from the disk what is durable if that one left doubt.
func (s *stage) settle(ctx context.Context) error {
	s.busy.Lock()
	defer s.busy.Unlock()
	if !s.isUnsure() {
		return nil
	}
	return s.load(ctx)
}

// readDamage turns a reader's error about a stage into what the contract promises.
func (s *stage) readDamage(err error) error {
	var p *partError
	if fault.HasCode(err, "vault.key_unknown") || !errors.As(err, &p) {
		return err
	}
	return (&vault.Damage{Path: s.v.below(s.v.partPath(s.id)), Part: p.part, Chunk: p.chunk, Detail: p.err.Error()}).Fault()
}
