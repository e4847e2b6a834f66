package custody

import (
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/durable"
)

// Keyring is the keys folder, named here for those who only hand it on.
type Keyring = keyring.Keyring

// GenerateKeys makes the keys of a new log: see keyring.Generate.
func GenerateKeys(fsys durable.FS, dir, origin string) (*Keyring, error) {
	return keyring.Generate(fsys, dir, origin)
}

// LoadKeys opens a keys folder: see keyring.Load.
func LoadKeys(fsys durable.FS, dir string) (*Keyring, error) { return keyring.Load(fsys, dir) }
