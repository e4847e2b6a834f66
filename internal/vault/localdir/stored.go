package localdir

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"zhilu.dev/zhilu/internal/vault"
)

// OpenStored opens an object as it is stored: encrypted, with header, sidecar and trailer, byte for byte what a backup
// keeps. Nothing of it is authenticated by reading. NotFound "vault.object_unknown".
func (v *Vault) OpenStored(ctx context.Context, d vault.Digest) (io.ReadCloser, int64, error) {
	f, err := v.shelf.Open(ctx, d)
	if err != nil {
		return nil, 0, v.damage(d, err)
	}
	size, err := f.Size()
	if err != nil {
		return nil, 0, errors.Join(v.damage(d, err), f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, 0, size), f}, size, nil
}

// StoredPath is where an object lies in a vault's directory, for whoever puts a vault together from a backup.
func StoredPath(dir string, d vault.Digest) string {
	return filepath.Join(dir, filepath.FromSlash(ObjectName(d)))
}
