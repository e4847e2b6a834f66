package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"zhilu.dev/zhilu/internal/durable"
)

// A rotation has three steps, so that a crash between them loses nothing: Prepare keeps the next key durably beside
// the current one, the log names the next key in a transaction, Adopt puts it in the current one's place. After a crash
// the log says whether to Adopt or to Discard.

// PauseReceipts waits for receipts being signed and holds up every other until the function it gives is called.
func (k *Keyring) PauseReceipts() (resume func()) {
	k.issuing.Lock()
	return k.issuing.Unlock
}

// Prepare makes the next key of a kind and keeps it durably. A next key that is there already is replaced.
func (k *Keyring) Prepare(kind Kind) (ed25519.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("keyring: make key: %w", err)
	}
	text, err := formatKey(kind, k.origin, private)
	if err != nil {
		return nil, err
	}
	if err := durable.WriteFile(k.fs, k.path(kind)+nextSuffix, text, 0o600); err != nil {
		return nil, fmt.Errorf("keyring: keep next key: %w", err)
	}
	return public, nil
}

// Next gives the public half of a prepared key, nil if there is none.
func (k *Keyring) Next(kind Kind) (ed25519.PublicKey, error) {
	if _, err := k.fs.Stat(k.path(kind) + nextSuffix); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	_, private, err := k.load(kind, nextSuffix)
	if err != nil {
		return nil, err
	}
	return private.Public().(ed25519.PublicKey), nil // see public
}

// Adopt makes the prepared key the one that signs. The old private key is overwritten.
func (k *Keyring) Adopt(kind Kind) error {
	_, private, err := k.load(kind, nextSuffix)
	if err != nil {
		return err
	}
	text, err := formatKey(kind, k.origin, private)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(k.fs, k.path(kind), text, 0o600); err != nil {
		return fmt.Errorf("keyring: keep new key: %w", err)
	}
	k.mu.Lock()
	if kind == Receipt {
		k.receipt = private
	} else {
		k.log = private
	}
	k.mu.Unlock()
	return k.Discard(kind)
}

// Discard removes a prepared key.
func (k *Keyring) Discard(kind Kind) error {
	if err := durable.Remove(k.fs, k.path(kind)+nextSuffix); err != nil {
		return fmt.Errorf("keyring: remove next key: %w", err)
	}
	return nil
}
