package vaulttest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// readAll reads an object to its end and closes it.
func readAll(t *testing.T, o vault.Object) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	must(t, err)
	must(t, o.Close())
	return b
}

// readBack: a stage gives back what is durable, no more, at every size at which chunks begin and end.
func readBack(t *testing.T, w *World) {
	ctx := t.Context()
	for i, size := range sizes {
		content := Content(uint64(i), size)
		s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), vault.SizeUnknown, nil)
		must(t, err)
		for off := int64(0); ; {
			o, err := s.Open(ctx)
			must(t, err)
			if o.Size() != s.Offset() || !bytes.Equal(readAll(t, o), content[:off]) {
				t.Fatalf("size %d: other bytes at offset %d", size, off)
			}
			if off == size {
				break
			}
			next := min(size, off+(size+2)/3)
			_, err = s.Append(ctx, bytes.NewReader(content[off:next]), nil)
			must(t, err)
			off = next
		}
		if w.Reopen == nil || i != len(sizes)-1 {
			continue
		}
		v, err := w.Reopen(t)
		must(t, err)
		s, err = v.Resume(ctx, s.ID())
		must(t, err)
		o, err := s.Open(ctx)
		must(t, err)
		if !bytes.Equal(readAll(t, o), content) {
			t.Fatal("other bytes after a restart")
		}
	}
}

// readBackAnywhere: any range of a stage, also across the end of what its file holds.
func readBackAnywhere(t *testing.T, w *World) {
	ctx := t.Context()
	content := Content(3, 3*65536+100)
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(content), nil)
	must(t, err)
	o, err := s.Open(ctx)
	must(t, err)
	for _, r := range [][2]int{{0, 1}, {65535, 2}, {65536, 65536}, {131000, 65700}, {3 * 65536, 100}, {3*65536 - 1, 101}, {3*65536 + 99, 1}} {
		p := make([]byte, r[1])
		if n, err := o.ReadAt(p, int64(r[0])); n != len(p) || err != nil || !bytes.Equal(p, content[r[0]:r[0]+r[1]]) {
			t.Fatalf("range %v: %d bytes, %v", r, n, err)
		}
	}
	p := make([]byte, 10)
	if n, err := o.ReadAt(p, int64(len(content)-4)); n != 4 || !errors.Is(err, io.EOF) {
		t.Fatalf("past the end: %d bytes, %v", n, err)
	}
	if _, err := o.ReadAt(p, -1); err == nil {
		t.Fatal("a negative offset was read")
	}
	must(t, o.Close())
}

// readBackBeside: what is appended meanwhile does not show, a running Append does not refuse a reader, and a stage that
// has ended gives its own bytes or none.
func readBackBeside(t *testing.T, w *World) {
	ctx := t.Context()
	first, rest := Content(1, 200_000), Content(2, 70_000)
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(first)+len(rest)), nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(first), nil)
	must(t, err)
	early, err := s.Open(ctx)
	must(t, err)

	pr, pw := io.Pipe()
	done := make(chan error)
	go func() { _, err := s.Append(ctx, pr, nil); done <- err }()
	_, err = pw.Write(rest)
	must(t, err)
	during, err := s.Open(ctx)
	must(t, err)
	must(t, pw.Close())
	must(t, <-done)
	if !bytes.Equal(readAll(t, during), first) {
		t.Fatal("bytes show that were not durable")
	}
	late, err := s.Open(ctx)
	must(t, err)
	_, _, err = s.Seal(ctx, nil, nil)
	must(t, err)
	for _, c := range []struct {
		o    vault.Object
		want []byte
	}{{early, first}, {late, append(bytes.Clone(first), rest...)}} {
		got, err := io.ReadAll(io.NewSectionReader(c.o, 0, c.o.Size()))
		if err != nil {
			wantCode(t, err, fault.NotFound, "vault.stage_unknown")
		} else if !bytes.Equal(got, c.want) {
			t.Fatal("other bytes after the stage ended")
		}
		must(t, c.o.Close())
	}
	_, err = s.Open(ctx)
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")

	gone, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 1, nil)
	must(t, err)
	must(t, gone.Discard(ctx))
	_, err = gone.Open(ctx)
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
}

// touched: the time of the last durable byte, across a restart.
func touched(t *testing.T, w *World) {
	ctx := t.Context()
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 10, nil)
	must(t, err)
	w.Clock.Add(time.Hour)
	_, err = s.Append(ctx, bytes.NewReader([]byte("abc")), nil)
	must(t, err)
	at := w.Clock.Now()
	w.Clock.Add(time.Hour)
	if !s.Touched().Equal(at) {
		t.Fatalf("touched %v, want %v", s.Touched(), at)
	}
	if w.Reopen == nil {
		return
	}
	v, err := w.Reopen(t)
	must(t, err)
	s, err = v.Resume(ctx, s.ID())
	must(t, err)
	if !s.Touched().Equal(at) {
		t.Fatalf("touched %v after a restart, want %v", s.Touched(), at)
	}
}
