package objectv1

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

func ring(t testing.TB) (*vault.Ring, vault.Key) {
	t.Helper()
	k, err := vault.ParseKey("zhilu-storage-key-v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	r, err := vault.NewRing(k)
	if err != nil {
		t.Fatal(err)
	}
	return r, k
}

func TestLayout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ size, chunks, sidecarAt int64 }{
		{0, 1, 156}, {1, 1, 157}, {65535, 1, 65691}, {65536, 1, 65692}, {65537, 2, 65721}, {131072, 2, 131256},
	} {
		if got := Chunks(c.size); got != c.chunks {
			t.Errorf("Chunks(%d) = %d, want %d", c.size, got, c.chunks)
		}
		if got := SidecarOffset(c.size); got != c.sidecarAt {
			t.Errorf("SidecarOffset(%d) = %d, want %d", c.size, got, c.sidecarAt)
		}
		if got := StoredSize(c.size, 10); got != c.sidecarAt+10+28+76 {
			t.Errorf("StoredSize(%d, 10) = %d", c.size, got)
		}
	}
}

// TestSpecimen reads an object that was written once and is kept: format v1 must be readable for ever. Both decoders
// read it.
func TestSpecimen(t *testing.T) {
	t.Parallel()
	keys, key := ring(t)
	files, err := filepath.Glob("testdata/specimen/*.zv")
	if err != nil || len(files) != 1 {
		t.Fatalf("specimens: %v %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	d, err := vault.ParseDigest(strings.TrimSuffix(filepath.Base(files[0]), ".zv"))
	if err != nil {
		t.Fatal(err)
	}
	content, sidecar, err := vaulttest.Decode(raw, key, d)
	if err != nil || string(content) != specimenContent || sidecar["node"] != "n1" {
		t.Fatalf("%q %v %v", content, sidecar, err)
	}
	h, c, err := Open(raw[:HeaderSize], keys)
	if err != nil || h.Key != key.ID() {
		t.Fatal(err)
	}
	tr, err := c.OpenTrailer(raw[len(raw)-TrailerSize:])
	if err != nil || tr.Digest != d || StoredSize(tr.Size, tr.Sidecar) != int64(len(raw)) {
		t.Fatalf("%+v %v", tr, err)
	}
}

const specimenContent = "执录 vault object format v1\n"

func TestChunkBinding(t *testing.T) {
	t.Parallel()
	keys, _ := ring(t)
	_, a, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	_, b, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	f := a.SealChunk(nil, []byte("plain"), 3, false)
	if got, err := a.OpenChunk(nil, f, 3, false); err != nil || string(got) != "plain" {
		t.Fatal(err)
	}
	for what, open := range map[string]func() ([]byte, error){
		"another place":  func() ([]byte, error) { return a.OpenChunk(nil, f, 4, false) },
		"as the last":    func() ([]byte, error) { return a.OpenChunk(nil, f, 3, true) },
		"another object": func() ([]byte, error) { return b.OpenChunk(nil, f, 3, false) },
		"as a sidecar":   func() ([]byte, error) { return a.OpenSidecar(f) },
		"too short":      func() ([]byte, error) { return a.OpenChunk(nil, f[:27], 3, false) },
	} {
		if _, err := open(); err == nil {
			t.Errorf("%s: opened", what)
		}
	}
	if bytes.Equal(f, a.SealChunk(nil, []byte("plain"), 3, false)) {
		t.Error("a nonce was used twice")
	}
}

func TestStateRoundTrip(t *testing.T) {
	t.Parallel()
	keys, _ := ring(t)
	_, c, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	id := ident.New[ident.UploadID]()
	rapid.Check(t, func(r *rapid.T) {
		want := drawState(r)
		sealed := c.SealState(id, want)
		if int64(len(sealed)) > MaxState {
			r.Fatalf("%d bytes", len(sealed))
		}
		got, err := c.OpenState(id, sealed)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			r.Fatal(diff)
		}
		if _, err := c.OpenState(ident.New[ident.UploadID](), sealed); err == nil {
			r.Fatal("the checkpoint of another stage was accepted")
		}
	})
}

func drawState(r *rapid.T) State {
	s := State{
		Frames: rapid.Int64Range(0, 1<<20).Draw(r, "frames"),
		Begun:  time.UnixMicro(rapid.Int64Range(1, 1<<52).Draw(r, "begun")).UTC(),
		Hash:   rapid.SliceOfN(rapid.Byte(), 0, 120).Draw(r, "hash"), Node: "n1",
		Meta: rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(r, "meta"),
		Tail: make([]byte, rapid.IntRange(0, ChunkSize).Draw(r, "tail")),
	}
	s.Touched = s.Begun.Add(time.Second)
	s.Size = rapid.OneOf(rapid.Just(int64(-1)), rapid.Int64Range(s.Offset(), MaxSize)).Draw(r, "size")
	return s
}

func TestSidecarRoundTrip(t *testing.T) {
	t.Parallel()
	want := vault.Sidecar{
		Digest: vault.Digest{1}, Size: 7, SealedAt: time.Date(2026, 3, 1, 2, 3, 4, 5000, time.UTC),
		Upload: ident.New[ident.UploadID](), Node: "n1", Meta: []byte(`{"a":"<&>"}`),
	}
	b, err := EncodeSidecar(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeSidecar(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	for _, bad := range []string{"", "[]", "{}", `{"sealed_at":"yesterday"}`, string(b[:len(b)-1])} {
		if _, err := DecodeSidecar([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func FuzzHeader(f *testing.F) {
	keys, _ := ring(f)
	good, _, err := New(keys)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err == nil && len(b) != HeaderSize {
			t.Fatal("a header of another length was accepted")
		}
		if h2, c, err := Open(b, keys); err == nil {
			if h2 != h || c == nil {
				t.Fatal("the two readers disagree")
			}
		}
	})
}

func FuzzTrailer(f *testing.F) {
	f.Add(Trailer{Size: 5, Sidecar: 9}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := decodeTrailer(b)
		if err != nil {
			return
		}
		if !bytes.Equal(tr.encode(), b) {
			t.Fatalf("%x was read as %+v", b, tr)
		}
		if tr.Size < 0 || StoredSize(tr.Size, tr.Sidecar) <= 0 {
			t.Fatalf("out of bounds: %+v", tr)
		}
	})
}

func FuzzState(f *testing.F) {
	f.Add(State{Size: -1, Node: "n1", Hash: []byte("h"), Tail: []byte("t")}.encode())
	f.Add(State{Size: 70_000, Frames: 1, Node: "n1", Meta: []byte("{}"), Tail: make([]byte, 4464)}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeState(b)
		if err != nil {
			return
		}
		if !bytes.Equal(s.encode(), b) {
			t.Fatalf("%s was read as %+v", hex.EncodeToString(b), s)
		}
		if s.Offset() < 0 || len(s.Tail) > ChunkSize || (s.Size >= 0 && s.Offset() > s.Size) {
			t.Fatalf("out of bounds: %+v", s)
		}
	})
}

func FuzzSidecar(f *testing.F) {
	f.Add([]byte(`{"sha256":"` + strings.Repeat("00", 32) + `","size":1,"sealed_at":"2026-03-01T02:03:04.000005Z","meta":{"a":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeSidecar(b)
		if err != nil {
			return
		}
		if _, err := EncodeSidecar(s); err != nil {
			t.Fatalf("%q was read but cannot be written: %v", b, err)
		}
	})
}

var _ vault.KeyRing = emptyRing{}

type emptyRing struct{}

func (emptyRing) Current() vault.KeyID                  { return vault.KeyID{} }
func (emptyRing) AEAD(vault.KeyID) (cipher.AEAD, error) { return nil, os.ErrNotExist }

func TestWithoutKey(t *testing.T) {
	t.Parallel()
	keys, _ := ring(t)
	h, _, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(h, emptyRing{}); err != os.ErrNotExist { //nolint:errorlint // as it is
		t.Fatalf("got %v, want the ring's own error", err)
	}
	if _, _, err := New(emptyRing{}); err == nil {
		t.Fatal("an object without a storage key")
	}
}
