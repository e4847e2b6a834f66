package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
)

// KeyID names a storage key. It is computed from the key, so a wrong key under a right name is noticed at once.
type KeyID [16]byte

// String gives 32 hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// KeyRing knows the storage keys. Several coexist: new objects are wrapped with the current one, old objects name
// theirs. A ring over PKCS#11 only has to offer AES-256-GCM with a 12-byte nonce and a 16-byte tag.
type KeyRing interface {
	// Current is the key that new objects are wrapped with.
	Current() KeyID
	// AEAD gives the cipher of a key, or fault Unavailable "vault.key_unknown" (its id).
	AEAD(id KeyID) (cipher.AEAD, error)
}

// Key is a storage key (存储密钥): 256 bits that wrap the key of every object. Whoever loses all copies of it loses
// every object; it lives apart from the data.
type Key struct{ secret [32]byte }

// keyPrefix starts the text form, so that a storage key is recognised wherever it lies.
const keyPrefix = "zhilu-storage-key-v1:"

// NewKey makes a fresh random key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k.secret[:]) // never fails: crypto/rand ends the program instead
	return k
}

// ParseKey reads the text form; anything else is fault Invalid "vault.key_malformed". White space around it is
// ignored, since keys are kept in files and on paper.
func ParseKey(text string) (Key, error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(text), keyPrefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(body)
	if !ok || err != nil || len(raw) != 32 {
		return Key{}, fault.New(fault.Invalid, "vault.key_malformed")
	}
	return Key{secret: [32]byte(raw)}, nil
}

// Text is the form in which the key is written to a file or escrowed: a fixed prefix and base64. It is the secret
// itself.
func (k Key) Text() string { return keyPrefix + base64.StdEncoding.EncodeToString(k.secret[:]) }

// String hides the secret from logs.
func (k Key) String() string { return "storage key " + k.ID().String() }

// GoString hides the secret from %#v.
func (k Key) GoString() string { return k.String() }

// ID is the first 16 bytes of SHA-256("zhilu storage key v1" ‖ key).
func (k Key) ID() KeyID {
	sum := sha256.Sum256(append([]byte("zhilu storage key v1"), k.secret[:]...))
	return KeyID(sum[:16])
}

// Ring is a KeyRing held in memory.
type Ring struct {
	current KeyID
	keys    map[KeyID]cipher.AEAD
}

// NewRing makes a ring. New objects are wrapped with current; the older keys only open.
func NewRing(current Key, older ...Key) (*Ring, error) {
	r := &Ring{current: current.ID(), keys: make(map[KeyID]cipher.AEAD, 1+len(older))}
	for _, k := range append([]Key{current}, older...) {
		if k == (Key{}) {
			return nil, errors.New("vault: the storage key is empty")
		}
		block, err := aes.NewCipher(k.secret[:])
		if err != nil {
			return nil, err
		}
		if r.keys[k.ID()], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Current is the key that new objects are wrapped with.
func (r *Ring) Current() KeyID { return r.current }

// AEAD gives the cipher of a key, or fault Unavailable "vault.key_unknown" (its id).
func (r *Ring) AEAD(id KeyID) (cipher.AEAD, error) {
	if a, ok := r.keys[id]; ok {
		return a, nil
	}
	return nil, fault.New(fault.Unavailable, "vault.key_unknown", id.String())
}
