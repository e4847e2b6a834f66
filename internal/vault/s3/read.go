package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// A reader asks for more than it needs, so that reading on is not one request a chunk: it begins with firstWindow, which
// is all of a small object, and doubles while the reader goes on from where it was. Some windows are kept, for readers
// that go to and fro between an index at the end and the frames it names.
const (
	firstWindow = 128 << 10
	maxWindow   = 4 << 20
	windowsKept = 4
)

// get asks for a range of the sealed version. total is the length of the whole object.
func (s *shelf) get(ctx context.Context, d vault.Digest, version, span string) (body io.ReadCloser, total int64, err error) {
	opts := minio.GetObjectOptions{VersionID: version}
	if span != "" {
		opts.Set("Range", span)
	}
	body, info, header, err := s.api.GetObject(ctx, s.where.Name, s.key(d), opts)
	if err != nil {
		if said, ok := errors.AsType[minio.ErrorResponse](err); ok && said.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			return nil, 0, io.EOF // an object of no bytes at all, which none of ours is
		}
		if err = told(err); errors.Is(err, fs.ErrNotExist) {
			s.first.forget(d)
		}
		return nil, 0, err
	}
	total = info.Size
	if span != "" {
		_, after, ok := strings.Cut(header.Get("Content-Range"), "/")
		if total, err = strconv.ParseInt(after, 10, 64); !ok || err != nil {
			_ = body.Close()
			return nil, 0, fmt.Errorf("s3: the store does not answer ranges: Content-Range %q", header.Get("Content-Range"))
		}
	}
	return body, total, nil
}

// Open opens an object for reading anywhere.
func (s *shelf) Open(ctx context.Context, d vault.Digest) (localdir.Stored, error) {
	version, err := s.sealed(ctx, d)
	if err != nil {
		return nil, told(err)
	}
	r := &ranged{s: s, d: d, version: version, next: firstWindow}
	r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	first, err := r.fetch(ctx, 0, firstWindow)
	if err != nil && !errors.Is(err, io.EOF) {
		r.cancel()
		return nil, err
	}
	r.windows = []window{first}
	return r, nil
}

type window struct {
	off  int64
	data []byte
}

func (w window) end() int64 { return w.off + int64(len(w.data)) }

// ranged reads an object by ranges.
type ranged struct {
	s       *shelf
	d       vault.Digest
	version string
	ctx     context.Context // of the reader, which outlives the call that opened it
	cancel  context.CancelFunc

	mu      sync.Mutex
	size    int64
	next    int64    // how much to ask for when reading goes on
	windows []window // the latest first
}

// Size is the object's length, as the store said it when the object was opened.
func (r *ranged) Size() (int64, error) { return r.size, nil }

// Close ends the reader.
func (r *ranged) Close() error {
	if r.ctx.Err() != nil {
		return os.ErrClosed
	}
	r.cancel()
	return nil
}

// ReadAt reads from the windows, and fetches the one it lacks.
func (r *ranged) ReadAt(p []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, os.ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		w, err := r.window(off, len(p)-n)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], w.data[off-w.off:])
		n, off = n+m, off+int64(m)
	}
	return n, nil
}

func (r *ranged) window(off int64, want int) (window, error) {
	goesOn := false
	for i, w := range r.windows {
		if off >= w.off && off < w.end() {
			copy(r.windows[1:i+1], r.windows[:i])
			r.windows[0] = w
			return w, nil
		}
		goesOn = goesOn || off == w.end()
	}
	if goesOn {
		r.next = min(2*r.next, maxWindow)
	} else {
		r.next = firstWindow
	}
	length := max(r.next, int64(want))
	from := off
	if off+length > r.size { // the end is asked for: then what stands before it, too
		from = max(0, min(off, r.size-r.next))
	}
	w, err := r.fetch(r.ctx, from, min(length+off-from, r.size-from))
	if err != nil {
		return window{}, err
	}
	if off >= w.end() {
		return window{}, io.ErrUnexpectedEOF
	}
	r.windows = append([]window{w}, r.windows[:min(len(r.windows), windowsKept-1)]...)
	return w, nil
}

// fetch reads one window. A store that breaks off is asked again from there.
func (r *ranged) fetch(ctx context.Context, off, length int64) (window, error) {
	w := window{off: off, data: make([]byte, 0, length)}
	var lastErr error
	for range 3 {
		from := w.end()
		body, total, err := r.s.get(ctx, r.d, r.version, fmt.Sprintf("bytes=%d-%d", from, off+length-1))
		if err != nil {
			return window{}, err
		}
		if r.windows == nil {
			r.size = total
			length = min(length, total)
		}
		n, err := io.ReadFull(body, w.data[len(w.data):length])
		_ = body.Close()
		w.data = w.data[:len(w.data)+n]
		if int64(len(w.data)) == length {
			return w, nil
		}
		if lastErr = err; ctx.Err() != nil {
			break
		}
	}
	return window{}, told(lastErr)
}

// Reread opens an object for one pass, in one request that no cache of ours answers.
func (s *shelf) Reread(ctx context.Context, d vault.Digest) (localdir.Stored, durable.Medium, error) {
	version, err := s.sealed(ctx, d)
	if err != nil {
		return nil, "", told(err)
	}
	st := &stream{s: s, d: d, version: version, ctx: ctx}
	if err := st.open(0); err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	return st, durable.Remote, nil
}

// stream reads an object from its start to its end. Where the store breaks off it asks again for the rest.
type stream struct {
	s       *shelf
	d       vault.Digest
	version string
	ctx     context.Context // of the one call that reads
	body    io.ReadCloser
	off     int64
	size    int64
}

func (t *stream) open(off int64) error {
	if t.body != nil {
		_ = t.body.Close()
		t.body = nil
	}
	body, total, err := t.s.get(t.ctx, t.d, t.version, fmt.Sprintf("bytes=%d-", off))
	if err != nil {
		return err
	}
	t.body, t.off, t.size = body, off, total
	return nil
}

// Size is the object's length.
func (t *stream) Size() (int64, error) { return t.size, nil }

// Close ends the pass.
func (t *stream) Close() error {
	if t.body == nil {
		return nil
	}
	return t.body.Close()
}

// ReadAt reads the next bytes.
func (t *stream) ReadAt(p []byte, off int64) (int, error) {
	if off >= t.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), t.size-off)]
	n := 0
	for try := 0; ; try++ {
		if t.body == nil || t.off != off+int64(n) {
			if err := t.open(off + int64(n)); err != nil {
				return n, err
			}
		}
		m, err := io.ReadFull(t.body, want[n:])
		n, t.off = n+m, t.off+int64(m)
		if n == len(want) {
			break
		}
		_ = t.body.Close()
		if t.body = nil; try == 2 || t.ctx.Err() != nil {
			return n, told(err)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
