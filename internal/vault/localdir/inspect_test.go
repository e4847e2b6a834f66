package localdir_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

// print is every name below dir with its mode, its time and the digest of what it holds.
func print(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := [32]byte{}
		if !d.IsDir() {
			raw, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			sum = sha256.Sum256(raw)
		}
		fmt.Fprintf(&b, "%s %s %s %x\n", name, info.Mode(), info.ModTime(), sum)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A vault that is inspected stays as it is, to the byte and the date, also where a crash left something to clear away
// (decision 17, T17: what is checked as evidence is not changed by the check).
func TestInspect(t *testing.T) {
	t.Parallel()
	dir, key := filepath.Join(t.TempDir(), "v"), vault.NewKey()
	ring, err := vault.NewRing(key)
	if err != nil {
		t.Fatal(err)
	}
	cfg := localdir.Config{Dir: dir, Keys: ring, Node: "n1", Reserve: -1, Clock: clock.NewManual(noon), Log: slog.New(slog.DiscardHandler)}
	v, err := localdir.Inspect(cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range v.Objects(t.Context()) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("a vault that is not there: %v", err)
		}
	}
	if v, err = localdir.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	sealed := vaulttest.Put(t, v, vaulttest.Content(1, 100_000), nil)
	open := ident.New[ident.UploadID]()
	stage, err := v.Begin(t.Context(), open, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stage.Append(t.Context(), bytes.NewReader([]byte("12345")), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := localdir.Inspect(cfg, false); !errors.Is(err, durable.ErrLocked) {
		t.Fatalf("alone, while it is being written: %v", err)
	}
	beside, err := localdir.Inspect(cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, closer := range []interface{ Close() error }{beside, v} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}

	staging := filepath.Join(dir, "staging", "n1")
	for _, name := range []string{
		filepath.Join(staging, ident.New[string]()+".part"), // half begun: New would clear it away
		filepath.Join(staging, "."+string(open)+".state.17.tmp"),
		filepath.Join(staging, "notes.txt"), filepath.Join(dir, "README"), filepath.Join(dir, "staging", "Node!", "x"),
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	before := print(t, dir)
	if v, err = localdir.Inspect(cfg, false); err != nil {
		t.Fatal(err)
	}
	if _, err := localdir.New(t.Context(), cfg); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a server starts while the vault is inspected: %v", err)
	}
	if _, err := v.Verify(t.Context(), sealed.Digest); err != nil {
		t.Error(err)
	}
	stages := 0
	for info, err := range v.Stages(t.Context()) {
		stages++
		if info.ID == open && (err != nil || info.Offset != 5) {
			t.Errorf("%+v %v", info, err)
		}
	}
	if stages != 2 {
		t.Errorf("%d stages", stages)
	}
	var strays []string
	for d, err := range v.Strays(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		strays = append(strays, d.Path)
	}
	if want := []string{"README", "staging/Node!", "staging/n1/notes.txt"}; !slices.Equal(strays, want) {
		t.Errorf("strays %v, want %v", strays, want)
	}
	if _, err := v.Begin(t.Context(), ident.New[ident.UploadID](), 10, nil); !fault.HasCode(err, "vault.read_only") {
		t.Errorf("begun: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if after := print(t, dir); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}
