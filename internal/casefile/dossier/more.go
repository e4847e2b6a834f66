package dossier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
)

// More is what goes along with a case's papers where it leaves whole: its footage, its registers (package disclosure/whole).
type More interface {
	// Shows is the digest of what it puts in, as it stood when it was asked for.
	Shows() string
	// About are the subjects whose entries go along with those about the case.
	About() []custody.Subject
	// Put writes its files. It asks again and again whether its ground still holds, so that nothing is copied on a grant that was taken back.
	Put(ctx context.Context, w Writer, papers Index) error
	// Holds is asked inside the change that makes the package count.
	Holds(ctx context.Context, idb bun.IDB, now time.Time) error
}

// Writer takes the files of a package.
type Writer interface {
	// Put writes a small file.
	Put(name string, data []byte) error
	// Copy writes a file as it comes: what it is by size and digest, as read from its source.
	Copy(ctx context.Context, name string, from io.Reader) (size int64, sha256 string, err error)
	// Sum gives the digest of a file that was written, "" for none.
	Sum(name string) string
	// Leave lists a file that is not copied now: whoever sends the package streams it from where it lies (Stream).
	Leave(name string, size int64, sha256 string, open func(context.Context) (io.ReadCloser, error)) error
}

// Piece is a file of a package that was not copied into its folder.
type Piece struct {
	Name   string
	Size   int64
	SHA256 string
	Open   func(context.Context) (io.ReadCloser, error)
}

// writer is Writer over the work.
type writer struct{ w *work }

func (w writer) Put(name string, data []byte) error { return w.w.put(name, data) }

func (w writer) Sum(name string) string { return w.w.files[name].SHA256 }

func (w writer) Leave(name string, size int64, sum string, open func(context.Context) (io.ReadCloser, error)) error {
	w.w.files[name] = listed{name, size, sum}
	w.w.apart = append(w.w.apart, Piece{name, size, sum, open})
	return nil
}

// copyStep is how much is read and written at once: little enough to stay in the processor's cache. startEvery is how much is handed to the
// disk at once, so that making all of it durable at the end waits for little.
const (
	copyStep   = 256 << 10
	startEvery = 32 << 20
)

func (w writer) Copy(ctx context.Context, name string, from io.Reader) (n int64, sum string, err error) {
	where := w.w.path(name)
	if err := w.w.fs.Remove(where); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, "", err
	}
	f, err := w.w.fs.Create(where, privateOf)
	if err != nil {
		return 0, "", err
	}
	h, started := newBeside(), int64(0)
	defer func() { err = errors.Join(err, f.Close()) }()
	bufs := [2][]byte{make([]byte, copyStep), make([]byte, copyStep)}
	for i := 0; ; i++ {
		if err := ctx.Err(); err != nil {
			h.sum()
			return n, "", fmt.Errorf("dossier: %w", err)
		}
		buf := bufs[i%2] // the other one is being digested
		k, err := io.ReadFull(from, buf)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			h.sum()
			return n, "", fmt.Errorf("dossier: %w", err)
		}
		h.write(buf[:k])
		if k > 0 {
			if _, err := f.WriteAt(buf[:k], n); err != nil {
				h.sum()
				return n, "", err
			}
			if n += int64(k); n-started >= startEvery {
				f.StartWrite(started, n-started)
				started = n
			}
		}
		if last {
			break
		}
	}
	sum = h.sum()
	w.w.files[name] = listed{name, n, sum}
	return n, sum, nil
}

// beside digests in a goroutine of its own while the next stretch is read and written: one stretch at a time, so two buffers are enough.
type beside struct {
	next chan []byte
	free chan struct{}
	h    hash.Hash
}

func newBeside() *beside {
	b := &beside{next: make(chan []byte), free: make(chan struct{}, 1), h: sha256.New()}
	b.free <- struct{}{}
	go func() {
		for part := range b.next {
			_, _ = b.h.Write(part) // never fails
			b.free <- struct{}{}
		}
		close(b.free)
	}()
	return b
}

// write hands a stretch over, once the one before is digested.
func (b *beside) write(part []byte) {
	<-b.free
	b.next <- part
}

// sum ends it.
func (b *beside) sum() string {
	close(b.next)
	for range b.free { // until it is done
	}
	return hex.EncodeToString(b.h.Sum(nil))
}

// discard removes everything that lies under way: what may not leave leaves nothing behind.
func (w *work) discard() error {
	var clear func(dir string) error
	clear = func(dir string) error {
		list, err := w.fs.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range list {
			name := filepath.Join(dir, e.Name)
			if e.Dir {
				if err := clear(name); err != nil {
					return err
				}
				continue
			}
			if err := w.fs.Remove(name); err != nil {
				return err
			}
		}
		return w.fs.Remove(dir)
	}
	if err := clear(w.dir); err != nil {
		return err
	}
	return w.fs.SyncDir(filepath.Dir(w.dir))
}

// gone reports whether an error says that the package may not be made: its ground was taken back, or something of it may not leave.
func gone(err error) bool {
	return fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict)
}

// sumOf is the digest of a file that may be large.
func (w *work) sumOf(name string) (string, error) {
	f, err := w.fs.Open(w.path(name))
	if err != nil {
		return "", err
	}
	size, err := f.Size()
	h := sha256.New()
	if err == nil {
		_, err = io.Copy(h, io.NewSectionReader(f, 0, size))
	}
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}
