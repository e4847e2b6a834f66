package localdir_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

// TestReadBackFindsChanges: a changed or cut byte of a staging file is found when it is read back, not handed out.
func TestReadBackFindsChanges(t *testing.T) {
	t.Parallel()
	disk := durabletest.NewDisk(64 << 20)
	v, err := open(t, disk, "/v", clock.NewManual(noon), vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	content := vaulttest.Content(5, 2*65536+50)
	s, err := v.Begin(t.Context(), ident.New[ident.UploadID](), int64(len(content)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), bytes.NewReader(content), nil); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join("/v", "staging", "n1", string(s.ID())+".part")
	good := read(t, disk, part)
	for name, spoil := range map[string]func(b []byte) []byte{
		"a changed byte":   func(b []byte) []byte { b[200] ^= 1; return b },
		"the second chunk": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"exchanged chunks": func(b []byte) []byte {
			frame := (len(b) - 128) / 2
			return append(append(append([]byte{}, b[:128]...), b[128+frame:]...), b[128:128+frame]...)
		},
		"cut": func(b []byte) []byte { return b[:len(b)-1] },
	} {
		write(t, disk, "/v", part, spoil(bytes.Clone(good)))
		o, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
		d, ok := errors.AsType[*vault.Damage](err)
		if !fault.HasCode(err, "vault.damaged") || !ok || d.Path == "" {
			t.Errorf("%s: got %v", name, err)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
