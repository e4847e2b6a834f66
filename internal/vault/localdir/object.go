package localdir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/objectv1"
)

// ends is what the two ends of an object file say: how to read the middle.
type ends struct {
	header  objectv1.Header
	cipher  *objectv1.Cipher
	trailer objectv1.Trailer
	stored  int64
}

// partError says in which part of an object a reader stumbled.
type partError struct {
	part  vault.Part
	chunk int64
	err   error
}

func (e *partError) Error() string { return e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

func inPart(part vault.Part, err error) error { return &partError{part: part, chunk: -1, err: err} }

// readEnds reads header and trailer of an object file of the given length and checks that they agree with it.
func readEnds(f io.ReaderAt, keys vault.KeyRing, length int64) (ends, error) {
	if length < objectv1.StoredSize(0, 0) {
		return ends{}, inPart(vault.PartLength, fmt.Errorf("%d bytes are too few", length))
	}
	raw := make([]byte, objectv1.HeaderSize)
	if err := readFull(f, raw, 0); err != nil {
		return ends{}, err
	}
	header, cipher, err := objectv1.Open(raw, keys)
	if err != nil {
		return ends{}, inPart(vault.PartHeader, err)
	}
	raw = make([]byte, objectv1.TrailerSize)
	if err := readFull(f, raw, length-objectv1.TrailerSize); err != nil {
		return ends{}, err
	}
	trailer, err := cipher.OpenTrailer(raw)
	if err != nil {
		return ends{}, inPart(vault.PartTrailer, err)
	}
	if want := objectv1.StoredSize(trailer.Size, trailer.Sidecar); want != length {
		return ends{}, inPart(vault.PartLength, fmt.Errorf("%d bytes instead of %d", length, want))
	}
	return ends{header: header, cipher: cipher, trailer: trailer, stored: length}, nil
}

// readSidecar reads and checks the sidecar of an object.
func readSidecar(f io.ReaderAt, e ends) (vault.Sidecar, error) {
	raw := make([]byte, e.trailer.Sidecar+objectv1.Overhead)
	if err := readFull(f, raw, objectv1.SidecarOffset(e.trailer.Size)); err != nil {
		return vault.Sidecar{}, err
	}
	plain, err := e.cipher.OpenSidecar(raw)
	if err != nil {
		return vault.Sidecar{}, inPart(vault.PartSidecar, err)
	}
	s, err := objectv1.DecodeSidecar(plain)
	if err == nil && (s.Digest != e.trailer.Digest || s.Size != e.trailer.Size) {
		err = errors.New("the sidecar speaks of another object")
	}
	if err != nil {
		return vault.Sidecar{}, inPart(vault.PartSidecar, err)
	}
	return s, nil
}

// readFull fills p from off. An end of the file before that is a damage, not an end.
func readFull(f io.ReaderAt, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return inPart(vault.PartLength, io.ErrUnexpectedEOF)
	}
	return err
}

// damage turns a reader's error about an object into what the contract promises.
func (v *Vault) damage(d vault.Digest, err error) error {
	var p *partError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "vault.object_unknown", d.String())
	case fault.HasCode(err, "vault.key_unknown"), !errors.As(err, &p):
		return err
	}
	return (&vault.Damage{
		Digest: d, Path: v.shelf.Name(d), Part: p.part, Chunk: p.chunk, Detail: p.err.Error(),
	}).Fault()
}

// openEnds opens an object's file and reads its ends. The caller closes the file.
func (v *Vault) openEnds(ctx context.Context, d vault.Digest) (Stored, ends, error) {
	if err := ctx.Err(); err != nil {
		return nil, ends{}, err
	}
	f, err := v.shelf.Open(ctx, d)
	if err != nil {
		return nil, ends{}, v.damage(d, err)
	}
	length, err := f.Size()
	var e ends
	if err == nil {
		e, err = readEnds(f, v.keys, length)
	}
	if err == nil && e.trailer.Digest != d {
		err = inPart(vault.PartDigest, errors.New("the object has another digest than its name"))
	}
	if err != nil {
		closeRead(f)
		return nil, ends{}, v.damage(d, err)
	}
	return f, e, nil
}

// Stat describes an object: see vault.Vault.
func (v *Vault) Stat(ctx context.Context, d vault.Digest) (vault.Info, error) {
	info, _, err := v.describe(ctx, d)
	return info, err
}

// Sidecar reads what was sealed with an object: see vault.Vault.
func (v *Vault) Sidecar(ctx context.Context, d vault.Digest) (vault.Sidecar, error) {
	_, s, err := v.describe(ctx, d)
	return s, err
}

func (v *Vault) describe(ctx context.Context, d vault.Digest) (vault.Info, vault.Sidecar, error) {
	f, e, err := v.openEnds(ctx, d)
	if err != nil {
		return vault.Info{}, vault.Sidecar{}, err
	}
	defer closeRead(f)
	s, err := readSidecar(f, e)
	if err != nil {
		return vault.Info{}, vault.Sidecar{}, v.damage(d, err)
	}
	return e.info(s), s, nil
}

func (e ends) info(s vault.Sidecar) vault.Info {
	return vault.Info{
		Digest: s.Digest, Size: s.Size, Stored: e.stored, SealedAt: s.SealedAt, Upload: s.Upload, Key: e.header.Key,
	}
}

// Objects lists all objects: see vault.Vault.
func (v *Vault) Objects(ctx context.Context) iter.Seq2[vault.Info, error] {
	return func(yield func(vault.Info, error) bool) {
		for d, err := range v.shelf.List(ctx) {
			info := vault.Info{Digest: d}
			if err == nil {
				if info, err = v.Stat(ctx, d); err != nil {
					info = vault.Info{Digest: d}
				}
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

func objectName(name string) (vault.Digest, bool) {
	base, ok := strings.CutSuffix(name, objectExt)
	if !ok {
		return vault.Digest{}, false
	}
	d, err := vault.ParseDigest(base)
	return d, err == nil
}

// Open opens an object for reading: see vault.Vault.
func (v *Vault) Open(ctx context.Context, d vault.Digest) (vault.Object, error) {
	f, e, err := v.openEnds(ctx, d)
	if err != nil {
		return nil, err
	}
	return &object{
		file: f, cipher: e.cipher, size: e.trailer.Size, last: objectv1.Chunks(e.trailer.Size) - 1, cached: -1,
		damage: func(err error) error { return v.damage(d, err) },
	}, nil
}

// object reads an object, or what is durable of a stage. It remembers the last chunk it opened in part, for readers that
// go on from there.
type object struct {
	file   Stored
	cipher *objectv1.Cipher
	size   int64  // plain bytes
	last   int64  // the number of the chunk that ends the object; -1 in a stage, whose end is not sealed yet
	tail   []byte // of a stage: the bytes after those in the file
	damage func(error) error

	mu     sync.Mutex
	closed bool
	cached int64 // the chunk in cache, or -1
	cache  []byte
}

// Size is the number of plain bytes.
func (o *object) Size() int64 { return o.size }

// Close frees the file.
func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return os.ErrClosed
	}
	o.closed, o.cache, o.cached = true, nil, -1
	return o.file.Close()
}

// ReadAt reads authenticated plain bytes.
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("localdir: negative offset")
	}
	n := 0
	for n < len(p) {
		if off >= o.size {
			return n, io.EOF
		}
		if filed := o.size - int64(len(o.tail)); off >= filed {
			m := copy(p[n:], o.tail[off-filed:])
			n, off = n+m, off+int64(m)
			continue
		}
		index, skip := off/objectv1.ChunkSize, int(off%objectv1.ChunkSize)
		m, err := o.readChunk(p[n:], index, skip)
		n, off = n+m, off+int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readChunk copies a chunk's bytes from skip on into p. A whole chunk is decrypted right into p.
func (o *object) readChunk(p []byte, index int64, skip int) (int, error) {
	length := objectv1.ChunkLen(o.size, index)
	if skip == 0 && len(p) >= length {
		plain, err := o.openChunk(p[:0:length], index, length)
		return len(plain), err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cached != index {
		if o.cache == nil {
			o.cache = make([]byte, 0, objectv1.ChunkSize)
		}
		o.cached = -1
		plain, err := o.openChunk(o.cache[:0], index, length)
		if err != nil {
			return 0, err
		}
		o.cache, o.cached = plain, index
	}
	return copy(p, o.cache[skip:]), nil
}

func (o *object) openChunk(dst []byte, index int64, length int) ([]byte, error) {
	buffer := frameBuffers.Get().(*[]byte)
	defer frameBuffers.Put(buffer)
	raw := (*buffer)[:length+objectv1.Overhead]
	if err := readFull(o.file, raw, objectv1.FrameOffset(index)); err != nil {
		return nil, o.damage(err)
	}
	plain, err := o.cipher.OpenChunk(dst, raw, index, index == o.last)
	if err != nil {
		return nil, o.damage(&partError{part: vault.PartChunk, chunk: index, err: err})
	}
	return plain, nil
}
