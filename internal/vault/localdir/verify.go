package localdir

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"unsafe"

	"github.com/emmansun/gmsm/sm3"

	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/objectv1"
)

// Verify reads the object back from the disk: see vault.Vault.
func (v *Vault) Verify(ctx context.Context, d vault.Digest) (vault.Verified, error) {
	return v.readBack(ctx, d, newSideHash(), func(int64) error { return nil })
}

// Reread is Verify without the SM3 digest, at the pace that step sets: it is called after each piece with the bytes read,
// and its error ends the reading.
func (v *Vault) Reread(ctx context.Context, d vault.Digest, step func(bytes int64) error) (vault.Verified, error) {
	return v.readBack(ctx, d, nil, step)
}

// readBack reads an object back. other computes SM3; nil for none.
func (v *Vault) readBack(ctx context.Context, d vault.Digest, other *sideHash, step func(int64) error) (vault.Verified, error) {
	defer other.stop()
	info, err := v.Stat(ctx, d)
	if err != nil {
		return vault.Verified{}, err
	}
	f, medium, err := v.shelf.Reread(ctx, d)
	if err != nil {
		return vault.Verified{}, v.damage(d, err)
	}
	defer closeRead(f)
	result := vault.Verified{Info: info, Medium: medium}
	if err := v.reread(ctx, f, &result, other, step); err != nil {
		return vault.Verified{}, v.damage(d, err)
	}
	result.At = v.clock.Now()
	return result, nil
}

// reread goes through the file once, from the first byte to the last.
func (v *Vault) reread(ctx context.Context, f Stored, result *vault.Verified, other *sideHash, step func(int64) error) error {
	r := newAlignedReader(f, result.Stored)
	raw := make([]byte, objectv1.HeaderSize)
	if err := r.readFull(raw); err != nil {
		return err
	}
	_, cipher, err := objectv1.Open(raw, v.keys)
	if err != nil {
		return inPart(vault.PartHeader, err)
	}

	sum := sha256.New()
	frame := make([]byte, objectv1.FrameSize)
	piece := make([]byte, 0, objectv1.ChunkSize)
	chunks := objectv1.Chunks(result.Size)
	for i := range chunks {
		if err := ctx.Err(); err != nil {
			return err
		}
		frame = frame[:objectv1.ChunkLen(result.Size, i)+objectv1.Overhead]
		if err := r.readFull(frame); err != nil {
			return err
		}
		if other != nil {
			piece = other.buffer()
		}
		plain, err := cipher.OpenChunk(piece, frame, i, i == chunks-1)
		if err != nil {
			return &partError{part: vault.PartChunk, chunk: i, err: err}
		}
		_, _ = sum.Write(plain) // never fails
		if other == nil {
			piece = plain[:0]
		} else {
			other.write(plain)
		}
		if err := step(int64(len(frame))); err != nil {
			return err
		}
	}
	rest := make([]byte, result.Stored-objectv1.SidecarOffset(result.Size))
	if err := r.readFull(rest); err != nil {
		return err
	}
	trailer, err := cipher.OpenTrailer(rest[len(rest)-objectv1.TrailerSize:])
	if err != nil {
		return inPart(vault.PartTrailer, err)
	}
	if _, err := cipher.OpenSidecar(rest[:len(rest)-objectv1.TrailerSize]); err != nil {
		return inPart(vault.PartSidecar, err)
	}
	result.SHA256 = vault.Digest(sum.Sum(nil))
	if other != nil {
		result.SM3 = other.sum()
	}
	if result.SHA256 != result.Digest || trailer.Digest != result.Digest {
		return inPart(vault.PartDigest, errors.New("the content has another digest than the object's name"))
	}
	return nil
}

// sideHash computes SM3 in a goroutine of its own: SM3 has no instruction of its own and takes most of the time. nil
// computes none. Buffers go round between the two sides.
type sideHash struct {
	free, full chan []byte
	done       chan vault.Digest
	stopped    bool
}

func newSideHash() *sideHash {
	const rounds = 4
	h := &sideHash{free: make(chan []byte, rounds), full: make(chan []byte, rounds), done: make(chan vault.Digest, 1)}
	for range rounds {
		h.free <- make([]byte, 0, objectv1.ChunkSize)
	}
	go func() {
		sum := sm3.New()
		for b := range h.full {
			_, _ = sum.Write(b) // never fails
			h.free <- b[:0]
		}
		h.done <- vault.Digest(sum.Sum(nil))
	}()
	return h
}

// buffer is an empty chunk to fill and hand to write.
func (h *sideHash) buffer() []byte { return <-h.free }

func (h *sideHash) write(b []byte) { h.full <- b }

func (h *sideHash) stop() {
	if h != nil && !h.stopped {
		h.stopped = true
		close(h.full)
	}
}

func (h *sideHash) sum() vault.Digest { h.stop(); return <-h.done }

// alignedReader reads a file from its start in large aligned pieces, as direct reads demand.
type alignedReader struct {
	f      Stored
	window []byte // aligned in memory
	have   []byte // the unread part of window
	off    int64
}

const (
	alignment  = 4096
	windowSize = 1 << 20
)

// newAlignedReader reads a file of the given length.
func newAlignedReader(f Stored, length int64) *alignedReader {
	size := int(min(windowSize, (length+alignment-1)/alignment*alignment))
	raw := make([]byte, size+alignment)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % alignment) //nolint:gosec // only the address matters
	return &alignedReader{f: f, window: raw[skip : skip+size]}
}

// readFull fills p with the next bytes. An end of the file before that is a damage.
func (r *alignedReader) readFull(p []byte) error {
	for len(p) > 0 {
		if len(r.have) == 0 {
			n, err := r.f.ReadAt(r.window, r.off)
			if n == 0 {
				if errors.Is(err, io.EOF) {
					return inPart(vault.PartLength, io.ErrUnexpectedEOF)
				}
				return err
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			r.have, r.off = r.window[:n], r.off+int64(n)
		}
		n := copy(p, r.have)
		p, r.have = p[n:], r.have[n:]
	}
	return nil
}
