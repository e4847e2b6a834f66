package localdir

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/objectv1"
)

// stage is an upload in progress. It holds no open file between calls.
type stage struct {
	v  *Vault
	id ident.UploadID

	busy sync.Mutex // held by the one call that may change the stage

	mu     sync.Mutex // guards what follows; short
	cipher *objectv1.Cipher
	state  objectv1.State // what is durable
	gone   bool           // sealed or discarded
	unsure bool           // a write failed midway: what is durable must be read from the disk again
}

func unknownStage(id ident.UploadID) error {
	return fault.New(fault.NotFound, "vault.stage_unknown", string(id))
}

// Begin opens a stage: see vault.Vault.
func (v *Vault) Begin(ctx context.Context, id ident.UploadID, size int64, meta json.RawMessage) (vault.Stage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := v.ReadOnly(); err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	if err := checkMeta(meta); err != nil {
		return nil, err
	}
	if size < vault.SizeUnknown || size > objectv1.MaxSize {
		return nil, fault.New(fault.Invalid, "vault.size_malformed", size)
	}
	if err := v.room(objectv1.StoredSize(max(0, size), len(meta))); err != nil {
		return nil, err
	}
	header, cipher, err := objectv1.New(v.keys)
	if err != nil {
		return nil, err
	}
	now := v.clock.Now()
	s := &stage{v: v, id: id, cipher: cipher, state: objectv1.State{
		Size: size, Begun: now, Touched: now, Node: v.node, Meta: meta, Hash: marshalHash(sha256.New()),
	}}

	// The name is taken first, so that whoever resumes this id meanwhile meets this stage and not a half-made file.
	s.busy.Lock()
	defer s.busy.Unlock()
	v.mu.Lock()
	_, taken := v.stages[id]
	if !taken {
		v.stages[id] = s
	}
	v.mu.Unlock()
	if taken {
		return nil, fault.New(fault.Conflict, "vault.stage_exists", string(id))
	}
	if err := s.create(ctx, header); err != nil {
		s.finish()
		return nil, err
	}
	return s, nil
}

// create makes the files of a new stage.
func (s *stage) create(ctx context.Context, header []byte) error {
	v := s.v
	part, err := v.fsys.Create(v.partPath(s.id), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "vault.stage_exists", string(s.id))
	}
	if err == nil {
		_, err = part.WriteAt(header, 0)
		if err == nil {
			err = part.Sync()
		}
		if closeErr := part.Close(); err == nil {
			err = closeErr
		}
	}
	if err == nil {
		err = durable.WriteFile(v.fsys, v.statePath(s.id), s.cipher.SealState(s.id, s.state), 0o600)
	}
	if err == nil {
		return nil
	}
	// Nobody was told of this stage. What cannot be removed now is removed when the vault is opened again.
	err = v.diskError(ctx, err, objectv1.HeaderSize)
	for _, name := range []string{v.partPath(s.id), v.statePath(s.id)} {
		if rmErr := v.fsys.Remove(name); rmErr != nil && !errors.Is(rmErr, fs.ErrNotExist) {
			v.log.WarnContext(ctx, "an unfinished stage stays behind", slog.String("file", name), slog.Any("error", rmErr))
		}
	}
	return err
}

// Resume finds a stage: see vault.Vault.
func (v *Vault) Resume(ctx context.Context, id ident.UploadID) (vault.Stage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	v.mu.Lock()
	s := v.stages[id]
	if s == nil {
		s = &stage{v: v, id: id, unsure: true}
		v.stages[id] = s // one stage for one id, or two calls could write at once
	}
	v.mu.Unlock()
	if !s.isUnsure() {
		return s, nil
	}
	// What is durable must be read from the disk before an offset is told. A call that is running clears the doubt or
	// has just raised it, and is about to end.
	if err := s.settle(ctx); err != nil {
		if fault.Is(err, fault.NotFound) {
			s.finish()
		}
		return nil, err
	}
	return s, nil
}

// Stages lists this node's unfinished stages: see vault.Vault.
func (v *Vault) Stages(ctx context.Context) iter.Seq2[vault.StageInfo, error] {
	return func(yield func(vault.StageInfo, error) bool) {
		entries, err := v.fsys.ReadDir(v.staging)
		if err != nil {
			yield(vault.StageInfo{}, err)
			return
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				yield(vault.StageInfo{}, err)
				return
			}
			name, ok := strings.CutSuffix(e.Name, partExt)
			id := ident.UploadID(name)
			if !ok || checkID(id) != nil {
				continue
			}
			info, err := v.stageInfo(id)
			if fault.Is(err, fault.NotFound) {
				continue // finished while we were listing
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

func (v *Vault) stageInfo(id ident.UploadID) (vault.StageInfo, error) {
	v.mu.Lock()
	s := v.stages[id]
	v.mu.Unlock()
	var state objectv1.State
	if s != nil && !s.isUnsure() {
		state = s.durable()
	} else {
		var err error
		if _, state, err = v.peek(id); err != nil {
			return vault.StageInfo{ID: id, Node: v.node}, err
		}
	}
	return vault.StageInfo{
		ID: id, Node: state.Node, Offset: state.Offset(), Size: state.Size,
		Begun: state.Begun, Touched: state.Touched, Meta: state.Meta,
	}, nil
}

// peek reads a stage's cipher and checkpoint without changing anything.
func (v *Vault) peek(id ident.UploadID) (*objectv1.Cipher, objectv1.State, error) {
	header, err := v.readAll(v.partPath(id), objectv1.HeaderSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, objectv1.State{}, unknownStage(id)
	}
	if err != nil {
		return nil, objectv1.State{}, err
	}
	_, cipher, err := objectv1.Open(header, v.keys)
	if err != nil {
		return nil, objectv1.State{}, v.partDamage(id, vault.PartHeader, err)
	}
	sealed, err := v.readAll(v.statePath(id), objectv1.MaxState)
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := v.fsys.Stat(v.partPath(id)); errors.Is(statErr, fs.ErrNotExist) {
			return nil, objectv1.State{}, unknownStage(id) // sealed between the two reads
		}
		return nil, objectv1.State{}, v.partDamage(id, vault.PartState, errors.New("the checkpoint is missing"))
	}
	if err != nil {
		return nil, objectv1.State{}, err
	}
	state, err := cipher.OpenState(id, sealed)
	if err != nil {
		return nil, objectv1.State{}, v.partDamage(id, vault.PartState, err)
	}
	return cipher, state, nil
}

// load reads what is durable from the disk and cuts the part file to it. The names were made durable when the vault was
// opened or are made so here, before anybody is told an offset.
func (s *stage) load(ctx context.Context) error {
	v := s.v
	cipher, state, err := v.peek(s.id)
	if err != nil {
		return err
	}
	if _, err := unmarshalHash(state.Hash); err != nil {
		return v.partDamage(s.id, vault.PartState, err)
	}
	info, err := v.fsys.Stat(v.partPath(s.id))
	if err != nil {
		return err
	}
	want := objectv1.FrameOffset(state.Frames)
	if info.Size < want {
		return v.partDamage(s.id, vault.PartLength, fmt.Errorf("%d bytes instead of %d", info.Size, want))
	}
	if err := v.ReadOnly(); err != nil {
		return err // what a failed fsync left cannot be told from what is durable
	}
	if info.Mode != 0o600 { // a Seal that failed after taking away the right to write
		if err := v.fsys.Chmod(v.partPath(s.id), 0o600); err != nil {
			return err
		}
	}
	if info.Size > want {
		f, err := v.fsys.OpenWrite(v.partPath(s.id))
		if err != nil {
			return err
		}
		err = f.Truncate(want)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return v.diskError(ctx, err, 0)
		}
	}
	if err := v.fsys.SyncDir(v.staging); err != nil {
		return v.diskError(ctx, err, 0)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cipher, s.state, s.unsure = cipher, state, false
	return nil
}

func (v *Vault) partDamage(id ident.UploadID, part vault.Part, err error) error {
	if fault.HasCode(err, "vault.key_unknown") {
		return err
	}
	name := v.partPath(id)
	if part == vault.PartState {
		name = v.statePath(id)
	}
	return (&vault.Damage{Path: v.below(name), Part: part, Chunk: -1, Detail: err.Error()}).Fault()
}

// readAll reads the first limit bytes of a file, or all of a shorter one.
func (v *Vault) readAll(name string, limit int64) ([]byte, error) {
	f, err := v.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer closeRead(f)
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, limit))
	if err := readFull(f, b, 0); err != nil {
		return nil, err
	}
	return b, nil
}

// enter begins a call that changes the stage; the caller MUST release it.
func (s *stage) enter(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !s.busy.TryLock() {
		return nil, fault.New(fault.Conflict, "vault.stage_busy", string(s.id))
	}
	s.mu.Lock()
	gone := s.gone
	s.mu.Unlock()
	if gone {
		err = unknownStage(s.id)
	} else if err = s.v.ReadOnly(); err == nil && s.isUnsure() {
		err = s.load(ctx)
	}
	if err != nil {
		s.busy.Unlock()
		return nil, err
	}
	return s.busy.Unlock, nil
}

func (s *stage) isUnsure() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsure
}

// doubt marks that a write failed midway, so that only the disk knows what is durable.
func (s *stage) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsure = true
}

// finish marks the stage as one that is no more: sealed, discarded, or never there.
func (s *stage) finish() {
	s.mu.Lock()
	s.gone, s.unsure = true, false
	s.mu.Unlock()
	s.v.mu.Lock()
	if s.v.stages[s.id] == s {
		delete(s.v.stages, s.id)
	}
	s.v.mu.Unlock()
}

func (s *stage) durable() objectv1.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// ID is the upload the stage belongs to.
func (s *stage) ID() ident.UploadID { return s.id }

// Offset is how many bytes are durable.
func (s *stage) Offset() int64 { st := s.durable(); return st.Offset() }

// Size is the announced length or vault.SizeUnknown.
func (s *stage) Size() int64 { return s.durable().Size }

// SHA256 is the digest of all bytes, once all are durable.
func (s *stage) SHA256() (vault.Digest, bool) {
	st := s.durable()
	if st.Size != st.Offset() {
		return vault.Digest{}, false
	}
	h, err := unmarshalHash(st.Hash)
	if err != nil {
		return vault.Digest{}, false // load refused such a checkpoint
	}
	return vault.Digest(h.Sum(nil)), true
}

// DeclareSize sets a length that was unknown: see vault.Stage.
func (s *stage) DeclareSize(ctx context.Context, size int64) error {
	release, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer release()
	state := s.durable()
	switch {
	case size < 0 || size > objectv1.MaxSize:
		return fault.New(fault.Invalid, "vault.size_malformed", size)
	case state.Size == size:
		return nil
	case state.Size != vault.SizeUnknown:
		return fault.New(fault.Conflict, "vault.size_declared", state.Size, size)
	case size < state.Offset():
		return fault.New(fault.Conflict, "vault.size_declared", state.Offset(), size)
	}
	if err := s.v.room(size - state.Offset()); err != nil {
		return err
	}
	state.Size = size
	return s.checkpoint(ctx, state)
}

// checkpoint makes state the durable one. The bytes it names MUST have been synced.
func (s *stage) checkpoint(ctx context.Context, state objectv1.State) error {
	state.Touched = s.v.clock.Now()
	sealed := s.cipher.SealState(s.id, state)
	if err := durable.WriteFile(s.v.fsys, s.v.statePath(s.id), sealed, 0o600); err != nil {
		s.doubt()
		return s.v.diskError(ctx, err, int64(len(sealed)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	return nil
}

// Discard gives up the stage: see vault.Stage.
func (s *stage) Discard(ctx context.Context) error {
	release, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.remove(ctx)
}

// remove takes away the stage's files, the checkpoint last: a checkpoint alone is cleared away when the vault is opened,
// a part alone would look like damage.
func (s *stage) remove(ctx context.Context) error {
	v := s.v
	if err := durable.Remove(v.fsys, v.partPath(s.id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.doubt()
		return v.diskError(ctx, err, 0)
	}
	s.finish()
	s.removeState(ctx)
	return nil
}

// removeState takes away the checkpoint of a stage that has no part any more. That it fails harms nobody.
func (s *stage) removeState(ctx context.Context) {
	name := s.v.statePath(s.id)
	if err := s.v.fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.v.log.WarnContext(ctx, "a finished stage's checkpoint stays until the vault is opened again",
			slog.String("file", filepath.Base(name)), slog.Any("error", err))
	}
}

func marshalHash(h hash.Hash) []byte {
	b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("localdir: crypto/sha256 cannot tell its state: " + err.Error()) // it always could
	}
	return b
}

func unmarshalHash(b []byte) (hash.Hash, error) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("the hash state: %w", err)
	}
	return h, nil
}
