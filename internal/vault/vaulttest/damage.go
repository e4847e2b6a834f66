package vaulttest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// everyByteCounts changes any one byte of a stored object, anywhere: Verify must find it, and no reader may hand out
// a byte that was not written. // G6
func everyByteCounts(t *testing.T, w *World) {
	if w.SetRaw == nil {
		t.Skip("this vault's objects cannot be changed")
	}
	content := Content(1, 140_000)
	d := Put(t, w.Vault, content, []byte(`{"name":"x"}`)).Digest
	raw := bytes.Clone(w.Raw(t, d))
	try := func(t *rapid.T, outer *testing.T, at int, flip byte) {
		changed := bytes.Clone(raw)
		changed[at] ^= flip
		w.SetRaw(outer, d, changed)
		if _, err := w.Vault.Verify(outer.Context(), d); err == nil {
			t.Fatalf("byte %d of %d changed by %x: not found", at, len(raw), flip)
		} else if !fault.HasCode(err, "vault.damaged") && !fault.HasCode(err, "vault.key_unknown") {
			t.Fatalf("byte %d: error %v", at, err)
		}
		o, err := w.Vault.Open(outer.Context(), d)
		if err != nil {
			return
		}
		got := make([]byte, o.Size())
		n, _ := o.ReadAt(got, 0)
		if !bytes.Equal(got[:n], content[:n]) {
			t.Fatalf("byte %d: wrong bytes were handed out", at)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ends := rapid.OneOf(
		rapid.IntRange(0, len(raw)-1), rapid.IntRange(0, 127), rapid.IntRange(len(raw)-400, len(raw)-1))
	rapid.Check(t, func(r *rapid.T) {
		try(r, t, ends.Draw(r, "byte"), rapid.ByteRange(1, 255).Draw(r, "flip"))
	})
	w.SetRaw(t, d, raw)
	_, err := w.Vault.Verify(t.Context(), d) // no false alarm
	must(t, err)
}

func truncation(t *testing.T, w *World) {
	if w.SetRaw == nil {
		t.Skip("this vault's objects cannot be changed")
	}
	ctx := t.Context()
	d := Put(t, w.Vault, Content(1, 140_000), nil).Digest
	raw := bytes.Clone(w.Raw(t, d))
	check := func(changed []byte) {
		t.Helper()
		w.SetRaw(t, d, changed)
		_, err := w.Vault.Verify(ctx, d)
		wantDamage(t, err)
		_, err = w.Vault.Open(ctx, d)
		wantDamage(t, err)
	}
	for _, keep := range []int{0, 1, 127, 128, 300, 128 + 65564, 128 + 2*65564, len(raw) - 77, len(raw) - 76, len(raw) - 1} {
		check(raw[:keep])
	}
	check(append(bytes.Clone(raw), 0))
	// A whole chunk taken out of the middle, the ends left as they are.
	check(append(bytes.Clone(raw[:128+65564]), raw[128+2*65564:]...))
}

// exchange puts authentic pieces in wrong places.
func exchange(t *testing.T, w *World) {
	if w.SetRaw == nil {
		t.Skip("this vault's objects cannot be changed")
	}
	ctx := t.Context()
	a, b := Put(t, w.Vault, Content(1, 140_000), nil), Put(t, w.Vault, Content(2, 140_000), nil)
	rawA, rawB := bytes.Clone(w.Raw(t, a.Digest)), bytes.Clone(w.Raw(t, b.Digest))
	const first, second, third = 128, 128 + 65564, 128 + 2*65564

	swapped := bytes.Clone(rawA) // two chunks of one object
	copy(swapped[first:second], rawA[second:third])
	copy(swapped[second:third], rawA[first:second])
	w.SetRaw(t, a.Digest, swapped)
	_, err := w.Vault.Verify(ctx, a.Digest)
	if got := wantDamage(t, err); got.Part != vault.PartChunk || got.Chunk != 0 || got.Digest != a.Digest {
		t.Fatalf("damage %+v", got)
	}

	foreign := bytes.Clone(rawA) // the same chunk of another object
	copy(foreign[second:third], rawB[second:third])
	w.SetRaw(t, a.Digest, foreign)
	_, err = w.Vault.Verify(ctx, a.Digest)
	if got := wantDamage(t, err); got.Part != vault.PartChunk || got.Chunk != 1 {
		t.Fatalf("damage %+v", got)
	}
	o, err := w.Vault.Open(ctx, a.Digest)
	must(t, err)
	n, err := o.ReadAt(make([]byte, 140_000), 0)
	if wantDamage(t, err); n != 65536 {
		t.Fatalf("%d bytes before the damage", n)
	}
	must(t, o.Close())

	w.SetRaw(t, a.Digest, rawB) // a whole object under another name
	_, err = w.Vault.Open(ctx, a.Digest)
	if got := wantDamage(t, err); got.Part != vault.PartDigest {
		t.Fatalf("damage %+v", got)
	}
}

// strayObjects are found: an object under a name that is not its own counts as damage in the list. // G6
func strayObjects(t *testing.T, w *World) {
	if w.SetRaw == nil {
		t.Skip("this vault's objects cannot be changed")
	}
	info := Put(t, w.Vault, Content(1, 10), nil)
	w.SetRaw(t, sum([]byte("added")), w.Raw(t, info.Digest))
	good, bad := 0, 0
	for got, err := range w.Vault.Objects(t.Context()) {
		if err == nil {
			good++
			continue
		}
		bad++
		if wantDamage(t, err); got.Digest != sum([]byte("added")) {
			t.Fatalf("the damage names %s", got.Digest)
		}
	}
	if good != 1 || bad != 1 {
		t.Fatalf("%d good, %d bad", good, bad)
	}
}

// anotherKey opens nothing and says so. // T29
func anotherKey(t *testing.T, w *World) {
	if w.Reopen == nil {
		t.Skip("this vault cannot be reopened")
	}
	ctx := t.Context()
	content := Content(1, 70_000)
	d := Put(t, w.Vault, content, nil).Digest
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 10, nil)
	must(t, err)
	other := vault.NewKey()
	v, err := w.Reopen(t, other)
	must(t, err)
	_, err = v.Open(ctx, d)
	wantCode(t, err, fault.Unavailable, "vault.key_unknown")
	_, err = v.Verify(ctx, d)
	wantCode(t, err, fault.Unavailable, "vault.key_unknown")
	_, err = v.Resume(ctx, s.ID())
	wantCode(t, err, fault.Unavailable, "vault.key_unknown")
	// Rotation: the new key seals, the old one still opens.
	v, err = w.Reopen(t, other, w.Key)
	must(t, err)
	if got := Put(t, v, Content(2, 100), nil); got.Key != other.ID() {
		t.Fatal("a new object is under the old key")
	}
	if !bytes.Equal(Get(t, v, d), content) {
		t.Fatal("other bytes")
	}
	_, err = v.Resume(ctx, s.ID())
	must(t, err)
}

// failedSync closes the vault for writing; what was acknowledged stays readable. // G3
func failedSync(t *testing.T, w *World) {
	if w.FailSync == nil {
		t.Skip("optional: this vault's fsync cannot be made to fail")
	}
	ctx := t.Context()
	d := Put(t, w.Vault, Content(1, 70_000), nil).Digest
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 100, nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(Content(2, 50)), nil)
	must(t, err)
	must(t, w.Vault.ReadOnly())
	w.FailSync()
	n, err := s.Append(ctx, bytes.NewReader(Content(2, 50)), nil)
	wantCode(t, err, fault.Unavailable, "vault.read_only")
	if n != 0 || s.Offset() != 50 || !errors.Is(err, durable.ErrSync) {
		t.Fatalf("acknowledged %d bytes after a failed fsync, offset %d, %v", n, s.Offset(), err)
	}
	wantCode(t, w.Vault.ReadOnly(), fault.Unavailable, "vault.read_only")
	_, err = s.Append(ctx, bytes.NewReader(Content(2, 50)), nil)
	wantCode(t, err, fault.Unavailable, "vault.read_only")
	_, _, err = s.Seal(ctx, nil, nil)
	wantCode(t, err, fault.Unavailable, "vault.read_only")
	_, err = w.Vault.Begin(ctx, ident.New[ident.UploadID](), 100, nil)
	wantCode(t, err, fault.Unavailable, "vault.read_only")
	_, err = w.Vault.Verify(ctx, d)
	must(t, err)
}

// diskFull refuses before the first byte, pauses what runs, and goes on when there is room. // G4
func diskFull(t *testing.T, w *World) {
	if w.SetFree == nil {
		t.Skip("optional: this vault's disk cannot be filled")
	}
	ctx := t.Context()
	content := Content(1, 2<<20)
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(content[:100_000]), nil)
	must(t, err)

	w.SetFree(1 << 20)
	_, err = w.Vault.Begin(ctx, ident.New[ident.UploadID](), 2<<20, nil)
	wantCode(t, err, fault.Exhausted, "vault.full")
	if args := fault.As(err).Args; len(args) != 2 || args[0].(int64) < 2<<20 || args[1].(int64) < 1<<20 {
		t.Fatalf("the refusal says %v", args)
	}
	n, err := s.Append(ctx, bytes.NewReader(content[s.Offset():]), nil)
	wantCode(t, err, fault.Exhausted, "vault.full")
	if n <= 0 || s.Offset() != 100_000+n {
		t.Fatalf("kept %d, offset %d", n, s.Offset())
	}
	kept := s.Offset()
	w.SetFree(0)
	n, err = s.Append(ctx, bytes.NewReader(content[kept:]), func() error { return nil })
	wantCode(t, err, fault.Exhausted, "vault.full")
	if n != 0 || s.Offset() != kept {
		t.Fatalf("kept %d, offset %d, want %d", n, s.Offset(), kept)
	}
	space, err := w.Vault.Free(ctx)
	must(t, err)
	if space.Usable() != 0 {
		t.Fatalf("usable %d", space.Usable())
	}

	w.SetFree(64 << 20)
	again, err := w.Vault.Resume(ctx, s.ID())
	must(t, err)
	_, err = again.Append(ctx, io.LimitReader(bytes.NewReader(content[kept:]), 1<<40), nil)
	must(t, err)
	want := sum(content)
	_, _, err = again.Seal(ctx, &want, nil)
	must(t, err)
}
