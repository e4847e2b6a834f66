package keyring_test

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

const origin = "log.example.gov.cn/执录"

func TestKeysComeBackAndSign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made, err := keyring.Generate(durable.OS(), dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log.key", "receipt.key", "log.head"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	k, err := keyring.Load(durable.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []keyring.Kind{keyring.Log, keyring.Receipt} {
		if !k.Public(kind).Equal(made.Public(kind)) {
			t.Errorf("another %s key came back", kind)
		}
	}
	if k.Origin() != origin || k.Public(keyring.Log).Equal(k.Public(keyring.Receipt)) {
		t.Error("origin or keys are mixed up")
	}
	msg, err := k.SignNote(origin + "\n0\nroot\n")
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := keyring.VerifierKey(origin, k.Public(keyring.Log))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(msg), note.VerifierList(v)); err != nil {
		t.Error(err)
	}
	if public, sig := k.Sign("zhilu-x/v1\n"); !ed25519.Verify(public, []byte("zhilu-x/v1\n"), sig) {
		t.Error("the receipt key does not sign")
	}
	h, err := k.Published()
	if err != nil || h.Size != 0 || h.Epoch != 1 {
		t.Error(h, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := keyring.Load(durable.OS(), dir); !fault.HasCode(err, "keys.missing") {
		t.Error(err)
	}
	for _, bad := range []string{"", "a b", "a+b", "a\nb", "a\u3000b", "\xff", strings.Repeat("a", 201)} {
		if _, err := keyring.Generate(durable.OS(), dir, bad); !fault.HasCode(err, "keys.origin") {
			t.Errorf("origin %q: %v", bad, err)
		}
	}
	if _, err := keyring.Generate(durable.OS(), dir, origin); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Generate(durable.OS(), dir, origin); !fault.HasCode(err, "keys.exist") {
		t.Errorf("keys were made over keys: %v", err)
	}
	for _, name := range []string{"log.key", "receipt.key"} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.Load(durable.OS(), dir); !fault.HasCode(err, "keys.mode") {
			t.Errorf("%s is readable by others: %v", name, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"", "x", string(good[:len(good)/2])} {
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := keyring.Load(durable.OS(), dir); !fault.HasCode(err, "keys.unreadable") {
				t.Errorf("%s damaged: %v", name, err)
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keyring.Load(durable.OS(), dir); err != nil {
		t.Error(err)
	}
}
