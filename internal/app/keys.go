package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// storageKeyFile holds the storage keys, one a line; the first wraps new objects, the others only open old ones.
const storageKeyFile = "storage.key"

// CreateStorageKey makes the first storage key in the keys folder. It never replaces one.
func CreateStorageKey(keys string) error {
	text := vault.NewKey().Text() + "\n"
	if err := durable.CreateFile(durable.OS(), filepath.Join(keys, storageKeyFile), []byte(text), 0o600); err != nil {
		return fmt.Errorf("app: storage key: %w", err)
	}
	return nil
}

// LoadStorageKeys reads the keys that open the vault. A missing file is fault Unavailable "keys.missing".
func LoadStorageKeys(keys string) (vault.KeyRing, error) {
	raw, err := os.ReadFile(filepath.Join(keys, storageKeyFile)) //nolint:gosec // inside the keys folder the operator named
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "keys.missing", storageKeyFile)
	}
	var list []vault.Key
	for line := range strings.Lines(string(raw)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		k, err := vault.ParseKey(line)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Unavailable, "keys.missing", storageKeyFile)
	}
	return vault.NewRing(list[0], list[1:]...)
}
