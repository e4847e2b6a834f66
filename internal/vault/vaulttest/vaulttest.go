// Package vaulttest is the one suite that every vault passes, and a decoder of its objects that shares no code with
// the one in use.
package vaulttest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// World is one vault of its own, with the hands that a test needs to hurt it. A nil hand skips the tests that need it.
type World struct {
	Vault vault.Vault
	Key   vault.Key     // the only storage key in use
	Clock *clock.Manual // the vault's

	// Reopen kills the process and opens the vault again, with the given key or its own.
	Reopen func(t *testing.T, key ...vault.Key) (vault.Vault, error)
	// Raw reads an object as it is stored; SetRaw exchanges it, or adds one.
	Raw    func(t *testing.T, d vault.Digest) []byte
	SetRaw func(t *testing.T, d vault.Digest, raw []byte)
	// FailSync makes the next fsync fail, once.
	FailSync func()
	// SetFree sets how many bytes are free, beyond the reserve.
	SetFree func(free int64)
}

// Run holds a vault to its contract. open makes a fresh, empty world.
func Run(t *testing.T, open func(t *testing.T) *World) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *World)
	}{
		{"round trip", roundTrip},
		{"random access", randomAccess},
		{"facts", facts},
		{"resume", resume},
		{"checksum", checksum},
		{"broken stream", brokenStream},
		{"announced length", announcedLength},
		{"digest mismatch", digestMismatch},
		{"duplicate", duplicate},
		{"concurrent duplicates", concurrentDuplicates},
		{"busy", busy},
		{"refusals", refusals},
		{"stages", stages},
		{"discard", discard},
		{"read back", readBack},
		{"read back anywhere", readBackAnywhere},
		{"read back beside", readBackBeside},
		{"touched", touched},
		{"every byte counts", everyByteCounts},
		{"truncation", truncation},
		{"exchange", exchange},
		{"stray objects", strayObjects},
		{"another key", anotherKey},
		{"failed fsync", failedSync},
		{"disk full", diskFull},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

// Sizes at which chunks begin and end, and some between.
var sizes = []int64{0, 1, 65535, 65536, 65537, 131072, 262144, 262145, 3<<20 + 7}

// Content makes bytes that differ with the seed and cannot be guessed from one another.
func Content(seed uint64, size int64) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 7}).Read(b) // never fails
	return b
}

func sum(b []byte) vault.Digest { return sha256.Sum256(b) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || !fault.HasCode(err, code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
}

func wantDamage(t *testing.T, err error) *vault.Damage {
	t.Helper()
	wantCode(t, err, fault.Internal, "vault.damaged")
	d, ok := errors.AsType[*vault.Damage](err)
	if !ok {
		t.Fatalf("got error %v, want one wrapping *vault.Damage", err)
	}
	return d
}

// Put stores content the ordinary way.
func Put(t *testing.T, v vault.Vault, content []byte, meta json.RawMessage) vault.Info {
	t.Helper()
	ctx := t.Context()
	s, err := v.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), meta)
	must(t, err)
	n, err := s.Append(ctx, bytes.NewReader(content), nil)
	must(t, err)
	if n != int64(len(content)) || s.Offset() != n {
		t.Fatalf("appended %d, offset %d, want %d", n, s.Offset(), len(content))
	}
	want := sum(content)
	info, existed, err := s.Seal(ctx, &want, nil)
	must(t, err)
	if existed {
		t.Fatal("fresh content is said to exist")
	}
	return info
}

// Get reads an object whole.
func Get(t *testing.T, v vault.Vault, d vault.Digest) []byte {
	t.Helper()
	o, err := v.Open(t.Context(), d)
	must(t, err)
	b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	must(t, errors.Join(err, o.Close()))
	return b
}

func roundTrip(t *testing.T, w *World) {
	ctx := t.Context()
	for i, size := range sizes {
		content := Content(uint64(i), size)
		info := Put(t, w.Vault, content, json.RawMessage(`{"name":"执法 <记录>.mp4"}`))
		if info.Digest != sum(content) || info.Size != size || info.Key != w.Key.ID() || !info.SealedAt.Equal(w.Clock.Now()) {
			t.Fatalf("size %d: wrong info %+v", size, info)
		}
		if got := Get(t, w.Vault, info.Digest); !bytes.Equal(got, content) {
			t.Fatalf("size %d: other bytes came back", size)
		}
		seen, err := w.Vault.Verify(ctx, info.Digest)
		must(t, err)
		if seen.SHA256 != info.Digest || seen.Info != info || seen.SM3.IsZero() || seen.Medium == "" {
			t.Fatalf("size %d: wrong verdict %+v", size, seen)
		}
		if w.Raw != nil {
			raw := w.Raw(t, info.Digest)
			if int64(len(raw)) != info.Stored {
				t.Fatalf("size %d: %d bytes stored, info says %d", size, len(raw), info.Stored)
			}
			got, sidecar, err := Decode(raw, w.Key, info.Digest)
			must(t, err)
			if !bytes.Equal(got, content) || sidecar["upload"] != string(info.Upload) {
				t.Fatalf("size %d: the other decoder disagrees", size)
			}
			// T29: whoever steals the disk reads neither names nor content.
			if bytes.Contains(raw, []byte("执法")) || size > 100 && bytes.Contains(raw, content[:100]) {
				t.Fatalf("size %d: something is stored in the clear", size)
			}
		}
	}
	var listed []vault.Digest
	for info, err := range w.Vault.Objects(ctx) {
		must(t, err)
		if n := len(listed); n > 0 && bytes.Compare(listed[n-1][:], info.Digest[:]) >= 0 {
			t.Fatal("objects are not in the order of their digests")
		}
		listed = append(listed, info.Digest)
	}
	if len(listed) != len(sizes) {
		t.Fatalf("%d objects listed, want %d", len(listed), len(sizes))
	}
}

func randomAccess(t *testing.T, w *World) {
	content := Content(1, 300_001)
	info := Put(t, w.Vault, content, nil)
	o, err := w.Vault.Open(t.Context(), info.Digest)
	must(t, err)
	var wg sync.WaitGroup
	for worker := range uint64(4) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(worker, 1))
			for range 200 {
				off := r.Int64N(info.Size + 10)
				p := make([]byte, r.IntN(150_000))
				n, err := o.ReadAt(p, off)
				rest := info.Size - off
				switch {
				case int64(len(p)) <= rest && (n != len(p) || err != nil):
					t.Errorf("ReadAt(%d, %d) = %d, %v", len(p), off, n, err)
				case int64(len(p)) > rest && len(p) > 0 && (int64(n) != max(0, rest) || !errors.Is(err, io.EOF)):
					t.Errorf("ReadAt(%d, %d) = %d, %v at the end", len(p), off, n, err)
				case n > 0 && !bytes.Equal(p[:n], content[off:off+int64(n)]):
					t.Errorf("ReadAt(%d, %d): other bytes", len(p), off)
				}
			}
		})
	}
	wg.Wait()
	must(t, iotest.TestReader(io.NewSectionReader(o, 0, o.Size()), content))
	must(t, o.Close())
	if _, err := o.ReadAt(make([]byte, 1), 0); err == nil {
		t.Fatal("a closed object can be read")
	}
}

func facts(t *testing.T, w *World) {
	ctx := t.Context()
	id := ident.New[ident.UploadID]()
	s, err := w.Vault.Begin(ctx, id, 3, json.RawMessage(`{"name":"a"}`))
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader([]byte("abc")), nil)
	must(t, err)
	w.Clock.Add(time.Minute)
	// T19: hostile names stay inside the sidecar, byte for byte.
	hostile := json.RawMessage(`{"name":"../../etc/passwd\u0000<b>&\u2028\\..\\执法"}`)
	info, _, err := s.Seal(ctx, nil, hostile)
	must(t, err)
	got, err := w.Vault.Sidecar(ctx, info.Digest)
	must(t, err)
	want := vault.Sidecar{
		Digest: sum([]byte("abc")), Size: 3, SealedAt: w.Clock.Now(), Upload: id, Node: got.Node, Meta: hostile,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Node == "" {
		t.Fatal("sidecar:", diff)
	}
	stat, err := w.Vault.Stat(ctx, info.Digest)
	must(t, err)
	if stat != info {
		t.Fatalf("Stat tells %+v, Seal told %+v", stat, info)
	}
	_, err = w.Vault.Resume(ctx, id)
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
	_, err = s.Append(ctx, bytes.NewReader(nil), nil)
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
	for _, ask := range []func(vault.Digest) error{
		func(d vault.Digest) error { _, err := w.Vault.Open(ctx, d); return err },
		func(d vault.Digest) error { _, err := w.Vault.Stat(ctx, d); return err },
		func(d vault.Digest) error { _, err := w.Vault.Sidecar(ctx, d); return err },
		func(d vault.Digest) error { _, err := w.Vault.Verify(ctx, d); return err },
	} {
		wantCode(t, ask(sum([]byte("nothing"))), fault.NotFound, "vault.object_unknown")
	}
}

// resume kills the process at many lengths and goes on. // G2
func resume(t *testing.T, w *World) {
	if w.Reopen == nil {
		t.Skip("this vault cannot be reopened")
	}
	ctx := t.Context()
	content := Content(2, 400_000)
	id := ident.New[ident.UploadID]()
	_, err := w.Vault.Begin(ctx, id, int64(len(content)), nil)
	must(t, err)
	var v vault.Vault
	for _, upTo := range []int64{0, 1, 65535, 65536, 65536, 65537, 200_000, 262144, 400_000} {
		v, err = w.Reopen(t)
		must(t, err)
		s, err := v.Resume(ctx, id)
		must(t, err)
		if _, ok := s.SHA256(); ok {
			t.Fatal("an unfinished stage tells a digest")
		}
		n, err := s.Append(ctx, iotest.OneByteReader(bytes.NewReader(content[s.Offset():upTo])), nil)
		must(t, err)
		if s.Offset() != upTo {
			t.Fatalf("appended %d, offset %d, want %d", n, s.Offset(), upTo)
		}
	}
	v, err = w.Reopen(t)
	must(t, err)
	s, err := v.Resume(ctx, id)
	must(t, err)
	if d, ok := s.SHA256(); !ok || d != sum(content) {
		t.Fatalf("digest %s, %t after resuming", d, ok)
	}
	info, _, err := s.Seal(ctx, nil, nil)
	must(t, err)
	v, err = w.Reopen(t)
	must(t, err)
	if !bytes.Equal(Get(t, v, info.Digest), content) {
		t.Fatal("other bytes after resuming")
	}
	_, err = v.Resume(ctx, id)
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
}

// checksum is all or nothing. // T21
func checksum(t *testing.T, w *World) {
	ctx := t.Context()
	content := Content(3, 500_000)
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
	must(t, err)
	good := func() error { return nil }
	wrong := errors.New("checksum")
	bad := func() error { return wrong }
	for off := int64(0); off < int64(len(content)); off = s.Offset() {
		for _, garbage := range []int64{1, 70_000, 300_000} {
			r := bytes.NewReader(Content(99, min(garbage, int64(len(content))-off)))
			if n, err := s.Append(ctx, r, bad); n != 0 || !errors.Is(err, wrong) || s.Offset() != off {
				t.Fatalf("a failed check kept %d bytes, offset %d, error %v", n, s.Offset(), err)
			}
		}
		r := io.MultiReader(bytes.NewReader(content[off:min(off+10, int64(len(content)))]), iotest.ErrReader(wrong))
		if n, err := s.Append(ctx, r, good); n != 0 || !errors.Is(err, wrong) || s.Offset() != off {
			t.Fatalf("a broken checked stream kept %d bytes, error %v", n, err)
		}
		_, err := s.Append(ctx, bytes.NewReader(content[off:min(off+130_000, int64(len(content)))]), good)
		must(t, err)
	}
	want := sum(content)
	info, _, err := s.Seal(ctx, &want, nil)
	must(t, err)
	if !bytes.Equal(Get(t, w.Vault, info.Digest), content) {
		t.Fatal("other bytes")
	}
}

// brokenStream keeps what came before the break, and survives long streams that become durable piece by piece. // G9
func brokenStream(t *testing.T, w *World) {
	ctx := t.Context()
	content := Content(4, 40<<20)
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), vault.SizeUnknown, nil)
	must(t, err)
	broken := errors.New("connection reset")
	wrapped := errorReader{io.ErrUnexpectedEOF}
	for _, piece := range []struct {
		upTo int64
		end  io.Reader
		want error
	}{{100, iotest.ErrReader(broken), broken}, {36 << 20, iotest.ErrReader(broken), broken}, {37 << 20, wrapped, io.ErrUnexpectedEOF}} {
		off := s.Offset()
		n, err := s.Append(ctx, io.MultiReader(bytes.NewReader(content[off:piece.upTo]), piece.end), nil)
		if !errors.Is(err, piece.want) || n != piece.upTo-off || s.Offset() != piece.upTo {
			t.Fatalf("a broken stream kept %d, offset %d, error %v; want %d", n, s.Offset(), err, piece.upTo)
		}
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	off := s.Offset()
	r := io.MultiReader(bytes.NewReader(content[off:off+50]), readerFunc(func([]byte) (int, error) { cancel(broken); return 0, nil }))
	if n, err := s.Append(cancelled, r, nil); !errors.Is(err, broken) || n != 50 {
		t.Fatalf("a cancelled stream kept %d, error %v", n, err)
	}
	_, err = s.Append(ctx, bytes.NewReader(content[s.Offset():]), nil)
	must(t, err)
	_, _, err = s.Seal(ctx, nil, nil)
	wantCode(t, err, fault.Conflict, "vault.incomplete")
	must(t, s.DeclareSize(ctx, int64(len(content))))
	want := sum(content)
	_, _, err = s.Seal(ctx, &want, nil)
	must(t, err)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// errorReader is a stream whose error wraps io.EOF, which must not pass for its end.
type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, errors.Join(r.err, io.EOF) }
