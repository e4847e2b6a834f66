package vaulttest

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

func announcedLength(t *testing.T, w *World) {
	ctx := t.Context()
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), vault.SizeUnknown, nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(Content(1, 100)), nil)
	must(t, err)
	wantCode(t, s.DeclareSize(ctx, 99), fault.Conflict, "vault.size_declared")
	wantCode(t, s.DeclareSize(ctx, -5), fault.Invalid, "vault.size_malformed")
	must(t, s.DeclareSize(ctx, 200_000))
	must(t, s.DeclareSize(ctx, 200_000))
	wantCode(t, s.DeclareSize(ctx, 200_001), fault.Conflict, "vault.size_declared")
	for _, check := range []func() error{nil, func() error { return nil }} {
		n, err := s.Append(ctx, bytes.NewReader(Content(2, 199_901)), check)
		wantCode(t, err, fault.TooLarge, "vault.over_size")
		if n != 0 || s.Offset() != 100 || s.Size() != 200_000 {
			t.Fatalf("too many bytes left %d behind", s.Offset())
		}
	}
	_, _, err = s.Seal(ctx, nil, nil)
	wantCode(t, err, fault.Conflict, "vault.incomplete")
	if w.Reopen == nil {
		return
	}
	v, err := w.Reopen(t)
	must(t, err)
	s, err = v.Resume(ctx, s.ID())
	must(t, err)
	if s.Size() != 200_000 || s.Offset() != 100 {
		t.Fatalf("size %d, offset %d after a restart", s.Size(), s.Offset())
	}
}

func digestMismatch(t *testing.T, w *World) {
	ctx := t.Context()
	content := Content(1, 70_000)
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(content), nil)
	must(t, err)
	wrong := sum([]byte("other"))
	_, _, err = s.Seal(ctx, &wrong, nil)
	wantCode(t, err, fault.Conflict, "vault.digest_mismatch")
	for info, err := range w.Vault.Objects(ctx) {
		t.Fatalf("a refused object is listed: %v %v", info, err)
	}
	again, err := w.Vault.Resume(ctx, s.ID())
	must(t, err)
	right := sum(content)
	_, _, err = again.Seal(ctx, &right, nil)
	must(t, err)
}

// duplicate content is stored once, and the first sidecar stays. // G11
func duplicate(t *testing.T, w *World) {
	ctx := t.Context()
	content := Content(1, 70_000)
	first := Put(t, w.Vault, content, json.RawMessage(`{"n":1}`))
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), json.RawMessage(`{"n":2}`))
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(content), nil)
	must(t, err)
	info, existed, err := s.Seal(ctx, nil, nil)
	must(t, err)
	if !existed || info != first {
		t.Fatalf("existed %t, info %+v, want %+v", existed, info, first)
	}
	_, err = w.Vault.Resume(ctx, s.ID())
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
	sidecar, err := w.Vault.Sidecar(ctx, first.Digest)
	must(t, err)
	if string(sidecar.Meta) != `{"n":1}` {
		t.Fatalf("the first sidecar became %s", sidecar.Meta)
	}

	if w.SetRaw == nil {
		return
	}
	// A damaged object is no reason to give up a good copy.
	raw := bytes.Clone(w.Raw(t, first.Digest))
	raw[len(raw)-1]++
	w.SetRaw(t, first.Digest, raw)
	s, err = w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader(content), nil)
	must(t, err)
	_, _, err = s.Seal(ctx, nil, nil)
	wantDamage(t, err)
	if again, err := w.Vault.Resume(ctx, s.ID()); err != nil || again.Offset() != int64(len(content)) {
		t.Fatalf("the good copy is gone: %v", err)
	}
}

// concurrentDuplicates: two hundred races, one object. // G11
func concurrentDuplicates(t *testing.T, w *World) {
	ctx := t.Context()
	for round := range 25 {
		content := Content(uint64(round), 1000)
		var fresh, existed atomic.Int32
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range 8 {
			s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), int64(len(content)), nil)
			must(t, err)
			_, err = s.Append(ctx, bytes.NewReader(content), nil)
			must(t, err)
			wg.Go(func() {
				<-start
				_, was, err := s.Seal(ctx, nil, nil)
				switch {
				case err != nil:
					t.Error(err)
				case was:
					existed.Add(1)
				default:
					fresh.Add(1)
				}
			})
		}
		close(start)
		wg.Wait()
		if fresh.Load() != 1 || existed.Load() != 7 {
			t.Fatalf("round %d: %d sealed, %d existed", round, fresh.Load(), existed.Load())
		}
		if !bytes.Equal(Get(t, w.Vault, sum(content)), content) {
			t.Fatalf("round %d: other bytes", round)
		}
	}
	for info, err := range w.Vault.Stages(ctx) {
		t.Fatalf("a stage is left: %v %v", info, err)
	}
}

func busy(t *testing.T, w *World) {
	ctx := t.Context()
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 4, nil)
	must(t, err)
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() { _, err := s.Append(ctx, pr, nil); done <- err }()
	_, err = pw.Write([]byte("ab"))
	must(t, err)
	again, err := w.Vault.Resume(ctx, s.ID())
	must(t, err)
	if again.Offset() != 0 {
		t.Fatal("bytes were acknowledged before they were durable")
	}
	_, err = again.Append(ctx, bytes.NewReader(nil), nil)
	wantCode(t, err, fault.Conflict, "vault.stage_busy")
	_, _, err = again.Seal(ctx, nil, nil)
	wantCode(t, err, fault.Conflict, "vault.stage_busy")
	wantCode(t, again.Discard(ctx), fault.Conflict, "vault.stage_busy")
	must(t, pw.Close())
	must(t, <-done)
	if again.Offset() != 2 {
		t.Fatalf("offset %d", again.Offset())
	}
}

func refusals(t *testing.T, w *World) {
	ctx := t.Context()
	id := ident.New[ident.UploadID]()
	_, err := w.Vault.Begin(ctx, id, 1, nil)
	must(t, err)
	_, err = w.Vault.Begin(ctx, id, 1, nil)
	wantCode(t, err, fault.Conflict, "vault.stage_exists")
	// T19: what is not an id never becomes a name on the disk.
	for _, bad := range []ident.UploadID{"", "..", "../../etc/passwd", "a/b", `..\x`, "nul\x00", "0198C0DE-0000-7000-8000-00000000000A", "执法"} {
		_, err = w.Vault.Begin(ctx, bad, 1, nil)
		wantCode(t, err, fault.Invalid, "id.malformed")
		_, err = w.Vault.Resume(ctx, bad)
		wantCode(t, err, fault.Invalid, "id.malformed")
	}
	fresh := ident.New[ident.UploadID]
	_, err = w.Vault.Begin(ctx, fresh(), -2, nil)
	wantCode(t, err, fault.Invalid, "vault.size_malformed")
	_, err = w.Vault.Begin(ctx, fresh(), 1, json.RawMessage(`{`))
	wantCode(t, err, fault.Invalid, "vault.meta_malformed")
	big := json.RawMessage(`"` + string(bytes.Repeat([]byte("x"), vault.MaxMeta)) + `"`)
	_, err = w.Vault.Begin(ctx, fresh(), 1, big)
	wantCode(t, err, fault.TooLarge, "vault.meta_too_large")
	_, err = w.Vault.Resume(ctx, fresh())
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
}

func stages(t *testing.T, w *World) {
	ctx := t.Context()
	old, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 10, json.RawMessage(`{"n":1}`))
	must(t, err)
	begun := w.Clock.Now()
	w.Clock.Add(time.Hour)
	_, err = old.Append(ctx, bytes.NewReader([]byte("abc")), nil)
	must(t, err)
	touched := w.Clock.Now()
	w.Clock.Add(vault.StaleAfter - time.Second)
	v := w.Vault
	for range 2 {
		var list []vault.StageInfo
		for info, err := range v.Stages(ctx) {
			must(t, err)
			list = append(list, info)
		}
		if len(list) != 1 {
			t.Fatalf("%d stages", len(list))
		}
		got := list[0]
		if got.ID != old.ID() || got.Offset != 3 || got.Size != 10 || string(got.Meta) != `{"n":1}` || got.Node == "" ||
			!got.Begun.Equal(begun) || !got.Touched.Equal(touched) {
			t.Fatalf("wrong stage %+v", got)
		}
		if got.Stale(w.Clock.Now()) || !got.Stale(w.Clock.Now().Add(time.Second)) {
			t.Fatal("a stage is stale after seven days, not before")
		}
		if w.Reopen == nil {
			return
		}
		v, err = w.Reopen(t)
		must(t, err)
	}
}

func discard(t *testing.T, w *World) {
	ctx := t.Context()
	s, err := w.Vault.Begin(ctx, ident.New[ident.UploadID](), 10, nil)
	must(t, err)
	_, err = s.Append(ctx, bytes.NewReader([]byte("abc")), nil)
	must(t, err)
	must(t, s.Discard(ctx))
	wantCode(t, s.Discard(ctx), fault.NotFound, "vault.stage_unknown")
	_, err = w.Vault.Resume(ctx, s.ID())
	wantCode(t, err, fault.NotFound, "vault.stage_unknown")
	for info, err := range w.Vault.Stages(ctx) {
		t.Fatalf("a discarded stage is listed: %v %v", info, err)
	}
}
