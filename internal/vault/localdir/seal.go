package localdir

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/trace"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/objectv1"
)

// Seal makes the stage an object: see vault.Stage.
func (s *stage) Seal(ctx context.Context, want *vault.Digest, meta json.RawMessage) (vault.Info, bool, error) {
	ctx, span := trace.Start(ctx, "vault.seal")
	info, existed, err := s.seal(ctx, want, meta)
	span.End(err)
	return info, existed, err
}

func (s *stage) seal(ctx context.Context, want *vault.Digest, meta json.RawMessage) (vault.Info, bool, error) {
	if err := checkMeta(meta); err != nil {
		return vault.Info{}, false, err
	}
	release, err := s.enter(ctx)
	if err != nil {
		return vault.Info{}, false, err
	}
	defer release()
	state := s.durable()
	digest, ok := s.SHA256()
	if !ok {
		return vault.Info{}, false, fault.New(fault.Conflict, "vault.incomplete", state.Offset(), state.Size)
	}
	if want != nil && *want != digest {
		return vault.Info{}, false, fault.New(fault.Conflict, "vault.digest_mismatch", want.String(), digest.String())
	}
	info, existed, err := s.yield(ctx, digest, state.Size)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return info, existed, err
	}
	if meta == nil {
		meta = state.Meta
	}
	sidecar := vault.Sidecar{
		Digest: digest, Size: state.Size, SealedAt: s.v.clock.Now(), Upload: s.id, Node: state.Node, Meta: meta,
	}
	info, err = s.promote(ctx, state, sidecar)
	if errors.Is(err, fs.ErrExist) { // somebody sealed the same content meanwhile
		s.doubt()
		return s.yield(ctx, digest, state.Size)
	}
	return info, false, err
}

// yield gives way to an object of the same content that is there already, if it is intact as far as its ends show and
// of the same size. NotFound "vault.object_unknown" means that there is none. existed is false where the object is this
// very stage's, put there by an earlier Seal that did not hear of it.
func (s *stage) yield(ctx context.Context, digest vault.Digest, size int64) (info vault.Info, existed bool, err error) {
	v := s.v
	info, err = v.Stat(ctx, digest)
	if err != nil {
		return vault.Info{}, false, err
	}
	if info.Size != size {
		return vault.Info{}, false, (&vault.Damage{
			Digest: digest, Path: v.shelf.Name(digest), Part: vault.PartLength, Chunk: -1,
			Detail: "the object has another size than equal content",
		}).Fault()
	}
	// Whoever sealed it may not have synced its name yet, and this upload is about to be acknowledged on its strength.
	if err := v.shelf.Settle(ctx, digest); err != nil {
		return vault.Info{}, false, v.diskError(ctx, err, 0)
	}
	if err := s.remove(ctx); err != nil {
		return vault.Info{}, false, err
	}
	return info, info.Upload != s.id, nil
}

// promote finishes the staging file and gives it its place among the objects; fs.ErrExist if the place is taken.
func (s *stage) promote(ctx context.Context, state objectv1.State, sidecar vault.Sidecar) (vault.Info, error) {
	v := s.v
	plain, err := objectv1.EncodeSidecar(sidecar)
	if err != nil {
		return vault.Info{}, err
	}
	if len(plain) > objectv1.MaxSidecar {
		return vault.Info{}, fault.New(fault.TooLarge, "vault.meta_too_large", int64(vault.MaxMeta))
	}
	stored := objectv1.StoredSize(state.Size, len(plain))
	need := int64(len(state.Tail) + len(plain))
	header, err := s.finishFile(state, sidecar.Digest, plain, stored)
	if err != nil {
		s.doubt()
		return vault.Info{}, v.diskError(ctx, err, need)
	}
	moved, err := v.shelf.Put(ctx, sidecar.Digest, v.partPath(s.id))
	switch {
	case errors.Is(err, fs.ErrExist):
		s.doubt()
		return vault.Info{}, err
	case err != nil && !moved:
		s.doubt()
		return vault.Info{}, v.diskError(ctx, err, need)
	case err != nil: // the object is sealed, and only its name may still be lost
		s.finish()
		return vault.Info{}, v.diskError(ctx, err, 0)
	case !moved: // a copy of it is sealed elsewhere
		if err := s.remove(ctx); err != nil {
			return vault.Info{}, err
		}
	default:
		s.finish()
		s.removeState(ctx)
	}
	return vault.Info{
		Digest: sidecar.Digest, Size: state.Size, Stored: stored, SealedAt: sidecar.SealedAt, Upload: s.id, Key: header.Key,
	}, nil
}

// finishFile writes what follows the full chunks and makes the whole file durable. Until the rename a crash changes
// nothing: the checkpoint still names the bytes before, and load cuts off the rest.
func (s *stage) finishFile(state objectv1.State, digest vault.Digest, sidecar []byte, stored int64) (objectv1.Header, error) {
	name := s.v.partPath(s.id)
	f, err := s.v.fsys.OpenWrite(name)
	if err != nil {
		return objectv1.Header{}, err
	}
	defer closeRead(f) // synced below
	raw := make([]byte, objectv1.HeaderSize)
	if err := readFull(f, raw, 0); err != nil {
		return objectv1.Header{}, err
	}
	header, err := objectv1.ParseHeader(raw)
	if err != nil {
		return objectv1.Header{}, s.v.partDamage(s.id, vault.PartHeader, err)
	}
	end := s.cipher.SealChunk(nil, state.Tail, state.Frames, true)
	end = s.cipher.SealTail(end, state.Size, digest, sidecar)
	if _, err := f.WriteAt(end, objectv1.FrameOffset(state.Frames)); err != nil {
		return objectv1.Header{}, err
	}
	if err := f.Truncate(stored); err != nil { // refused bytes of an earlier Append may lie beyond
		return objectv1.Header{}, err
	}
	if err := s.v.fsys.Chmod(name, 0o400); err != nil {
		return objectv1.Header{}, err
	}
	return header, f.Sync()
}
