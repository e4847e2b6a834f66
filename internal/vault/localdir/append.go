package localdir

import (
	"context"
	"hash"
	"io"
	"log/slog"
	"sync"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/trace"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/objectv1"
)

const (
	batchChunks     = 4 // chunks collected before they are encrypted and written at once
	batchSize       = batchChunks * objectv1.ChunkSize
	checkpointEvery = 32 << 20 // bytes of an unchecked stream that may have to be sent again
	startWriteEvery = 4 << 20  // stored bytes after which the disk may begin, while we go on encrypting
)

// Many docks send slowly at the same time (G10), so the buffer for encrypted bytes is taken only for the moment of
// writing.
var (
	plainBuffers = sync.Pool{New: func() any { return new([batchSize]byte) }}
	frameBuffers = sync.Pool{New: func() any { b := make([]byte, 0, batchChunks*objectv1.FrameSize); return &b }}
)

// writer is one Append under way: what has been taken in beyond the durable state.
type writer struct {
	s       *stage
	file    durable.File
	hash    hash.Hash
	frames  int64
	buffer  *[batchSize]byte
	filled  int   // plain bytes in buffer, not yet in the file
	since   int64 // bytes taken in since the last checkpoint
	pushed  int64 // position in the file up to which the disk was asked to begin writing
	written bool  // the file holds bytes beyond the durable state
}

// Append adds what r yields: see vault.Stage.
func (s *stage) Append(ctx context.Context, r io.Reader, check func() error) (n int64, err error) {
	release, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	start := s.durable()
	w := &writer{
		s: s, frames: start.Frames, pushed: objectv1.FrameOffset(start.Frames), buffer: plainBuffers.Get().(*[batchSize]byte),
	}
	defer plainBuffers.Put(w.buffer)
	w.filled = copy(w.buffer[:], start.Tail)
	if w.hash, err = unmarshalHash(start.Hash); err != nil {
		return 0, err
	}
	if w.file, err = s.v.fsys.OpenWrite(s.v.partPath(s.id)); err != nil {
		return 0, s.v.diskError(ctx, err, 0)
	}
	defer closeRead(w.file) // synced before anything is acknowledged
	// Room is asked for now and written to later, once the sender has sent: many at once must not count on the same.
	s.v.claimed.Add(batchSize)
	defer s.v.claimed.Add(-batchSize)

	err = w.run(ctx, r, check)
	return s.Offset() - start.Offset(), err
}

func (w *writer) run(ctx context.Context, r io.Reader, check func() error) error {
	readErr, err := w.take(ctx, r, check == nil)
	if err != nil {
		return err
	}
	if check != nil {
		if readErr == nil {
			readErr = check()
		}
		if readErr != nil {
			w.forget(ctx)
			return readErr
		}
	}
	if w.since > 0 {
		if err := w.checkpoint(ctx); err != nil {
			return err
		}
	}
	return readErr
}

// take reads r to its end. readErr is what ended the stream too early, with everything before it taken in; err means
// that nothing since the last checkpoint is kept.
func (w *writer) take(ctx context.Context, r io.Reader, piecewise bool) (readErr, err error) {
	size := w.s.durable().Size
	if err := w.s.v.roomBeside(objectv1.ChunkSize, batchSize); err != nil {
		return nil, err
	}
	for idle := 0; ; {
		if ctx.Err() != nil {
			return context.Cause(ctx), nil
		}
		if w.filled == len(w.buffer) {
			if err := w.flush(ctx); err != nil {
				return nil, err
			}
			if err := w.s.v.roomBeside(batchSize, batchSize); err != nil {
				return err, nil
			}
		}
		n, err := r.Read(w.buffer[w.filled:])
		if n > 0 {
			_, _ = w.hash.Write(w.buffer[w.filled : w.filled+n]) // never fails
			w.filled += n
			w.since += int64(n)
			idle = 0
		} else if idle++; idle > 100 {
			return io.ErrNoProgress, nil
		}
		if size != vault.SizeUnknown && w.offset() > size {
			w.forget(ctx)
			return nil, fault.New(fault.TooLarge, "vault.over_size", size)
		}
		if err == io.EOF { // an error that merely wraps io.EOF is a broken stream, not its end
			return nil, nil
		}
		if err != nil {
			return err, nil
		}
		if piecewise && w.since >= checkpointEvery {
			if err := w.checkpoint(ctx); err != nil {
				return nil, err
			}
		}
	}
}

func (w *writer) offset() int64 { return w.frames*objectv1.ChunkSize + int64(w.filled) }

// flush encrypts and writes all chunks that cannot be the last one.
func (w *writer) flush(ctx context.Context) error {
	chunks := (w.filled - 1) / objectv1.ChunkSize
	if chunks <= 0 {
		return nil
	}
	frames := frameBuffers.Get().(*[]byte)
	defer frameBuffers.Put(frames)
	out := (*frames)[:0]
	for i := range chunks {
		out = w.s.cipher.SealChunk(out, w.buffer[i*objectv1.ChunkSize:(i+1)*objectv1.ChunkSize], w.frames+int64(i), false)
	}
	w.written = true
	if _, err := w.file.WriteAt(out, objectv1.FrameOffset(w.frames)); err != nil {
		w.forget(ctx)
		return w.s.v.diskError(ctx, err, int64(len(out)))
	}
	if end := objectv1.FrameOffset(w.frames + int64(chunks)); end-w.pushed >= startWriteEvery {
		w.file.StartWrite(w.pushed, end-w.pushed)
		w.pushed = end
	}
	w.frames += int64(chunks)
	w.filled = copy(w.buffer[:], w.buffer[chunks*objectv1.ChunkSize:w.filled])
	return nil
}

// checkpoint makes everything taken in durable, and only then acknowledges it.
func (w *writer) checkpoint(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	if w.written {
		_, span := trace.Start(ctx, "vault.sync")
		err := w.file.Sync()
		span.End(err)
		if err != nil {
			w.s.doubt()
			return w.s.v.diskError(ctx, err, 0)
		}
	}
	state := w.s.durable()
	state.Frames, state.Hash = w.frames, marshalHash(w.hash)
	state.Tail = append([]byte(nil), w.buffer[:w.filled]...)
	_, span := trace.Start(ctx, "vault.state")
	err := w.s.checkpoint(ctx, state)
	span.End(err)
	if err != nil {
		return err
	}
	w.since, w.written = 0, false
	return nil
}

// forget drops what was taken in since the last checkpoint and gives back its room. What cannot be cut off now is
// overwritten by the next bytes, or cut off by Seal.
func (w *writer) forget(ctx context.Context) {
	if !w.written {
		return
	}
	state := w.s.durable()
	if err := w.file.Truncate(objectv1.FrameOffset(state.Frames)); err != nil {
		w.s.v.log.WarnContext(ctx, "refused bytes stay in the staging file for now",
			slog.String("upload", string(w.s.id)), slog.Any("error", err))
	}
}
