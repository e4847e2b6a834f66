package vault_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

func TestDigest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d vault.Digest
		copy(d[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest"))
		if got, err := vault.ParseDigest(d.String()); err != nil || got != d {
			t.Fatalf("%s came back as %s, %v", d, got, err)
		}
	})
	good := strings.Repeat("0a", 32)
	for _, bad := range []string{"", good[1:], good + "00", strings.ToUpper(good), "../" + good[3:], strings.Repeat("0g", 32)} {
		if _, err := vault.ParseDigest(bad); !fault.HasCode(err, "vault.digest_malformed") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	k := vault.NewKey()
	back, err := vault.ParseKey("\n " + k.Text() + "\r\n")
	if err != nil || back != k || back.ID() != k.ID() {
		t.Fatalf("the key came back as %v, %v", back, err)
	}
	secret := strings.TrimPrefix(k.Text(), "zhilu-storage-key-v1:")
	if shown := fmt.Sprintf("%v %s %#v %+v", k, k, k, k); strings.Contains(shown, secret) || strings.Contains(shown, "{") {
		t.Fatalf("the secret shows: %s", shown)
	}
	for _, bad := range []string{"", secret, k.Text()[:40], k.Text() + "A", "zhilu-storage-key-v2:" + secret} {
		if _, err := vault.ParseKey(bad); !fault.HasCode(err, "vault.key_malformed") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// Fixed for ever: docs/formats/vault-object-v1.md.
	fixed, err := vault.ParseKey("zhilu-storage-key-v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil || fixed.ID().String() != "849d0b20300710542d76351b32e0d841" {
		t.Fatalf("the id of the example key is %s, %v", fixed.ID(), err)
	}
}

func TestRing(t *testing.T) {
	t.Parallel()
	if _, err := vault.NewRing(vault.Key{}); err == nil {
		t.Fatal("an empty key was accepted")
	}
	now, old, other := vault.NewKey(), vault.NewKey(), vault.NewKey()
	r, err := vault.NewRing(now, old)
	if err != nil || r.Current() != now.ID() {
		t.Fatal(err)
	}
	for _, k := range []vault.Key{now, old} {
		if _, err := r.AEAD(k.ID()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.AEAD(other.ID()); !fault.Is(err, fault.Unavailable) || !fault.HasCode(err, "vault.key_unknown") {
		t.Fatalf("got %v", err)
	}
}
