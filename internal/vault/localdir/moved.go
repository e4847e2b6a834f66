package localdir

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// Moved says where the objects of this vault went, and by which move, or "".
func (v *Vault) Moved() (place, id string, err error) {
	raw, err := v.readAll(filepath.Join(v.root, movedFile), 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	place, id, _ = strings.Cut(strings.TrimSpace(string(raw)), "\n")
	return place, id, err
}

// MarkMoved says for ever where the objects of this vault went. From then on no server begins on it. They stay where they
// are, for whoever wants to look.
func (v *Vault) MarkMoved(place, id string) error {
	entries, err := v.fsys.ReadDir(v.root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isMovedFile(e) && e.Name != movedFile { // an earlier try was killed here
			if err := v.fsys.Remove(filepath.Join(v.root, e.Name)); err != nil {
				return err
			}
		}
	}
	return durable.WriteFile(v.fsys, filepath.Join(v.root, movedFile), []byte(place+"\n"+id+"\n"), 0o600)
}

// isMovedFile reports whether a name beside objects and stages is the mark, or what an interrupted writing left of it.
func isMovedFile(e durable.Entry) bool {
	return !e.Dir && (e.Name == movedFile || strings.HasPrefix(e.Name, "."+movedFile+".") && strings.HasSuffix(e.Name, durable.TempSuffix))
}

// stays refuses a vault whose objects went elsewhere, unless only its stages are used now.
func (v *Vault) stays() error {
	if _, own := v.shelf.(*folder); !own {
		return nil
	}
	place, _, err := v.Moved()
	if err != nil || place == "" {
		return err
	}
	return fault.New(fault.Conflict, "vault.moved", place)
}

// Raw opens an object's stored bytes as they lie on the disk.
func (v *Vault) Raw(ctx context.Context, d vault.Digest) (Stored, error) { return v.shelf.Open(ctx, d) }
