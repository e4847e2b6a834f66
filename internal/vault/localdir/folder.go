package localdir

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
	"sync"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/vault"
)

// folder is the shelf in the vault's own directory.
type folder struct {
	fsys    durable.FS
	root    string
	objects string
	staging string // of this node, where finished files come from

	mu      sync.Mutex
	durable map[string]bool // directories of objects known to be durable

	renaming sync.Mutex // for file systems on which RenameNew is two steps
}

func newFolder(fsys durable.FS, root, staging string) *folder {
	return &folder{
		fsys: fsys, root: root, objects: filepath.Join(root, objectsDir), staging: staging, durable: map[string]bool{},
	}
}

func (f *folder) path(d vault.Digest) string {
	return filepath.Join(f.root, filepath.FromSlash(ObjectName(d)))
}

// Name is the object's path below the vault.
func (f *folder) Name(d vault.Digest) string { return ObjectName(d) }

// Open opens an object's file.
func (f *folder) Open(_ context.Context, d vault.Digest) (Stored, error) {
	file, err := f.fsys.Open(f.path(d))
	if err != nil {
		return nil, err
	}
	return file, nil
}

// Reread opens an object's file past the page cache.
func (f *folder) Reread(_ context.Context, d vault.Digest) (Stored, durable.Medium, error) {
	file, medium, err := f.fsys.OpenUncached(f.path(d))
	if err != nil {
		return nil, "", err
	}
	return file, medium, nil
}

// Put renames the finished file. The new name must be durable before the old one is gone for good.
func (f *folder) Put(_ context.Context, d vault.Digest, part string) (bool, error) {
	if err := f.makeDir(d); err != nil {
		return false, err
	}
	if err := f.rename(d, part); err != nil {
		return false, err
	}
	for _, dir := range []string{filepath.Dir(f.path(d)), f.staging} {
		if err := f.fsys.SyncDir(dir); err != nil {
			return true, err
		}
	}
	return true, nil
}

// rename moves the finished file to its place, which must be free.
func (f *folder) rename(d vault.Digest, part string) error {
	f.renaming.Lock()
	defer f.renaming.Unlock()
	err := f.fsys.RenameNew(part, f.path(d))
	if err == nil {
		return nil
	}
	if _, statErr := f.fsys.Stat(part); errors.Is(statErr, fs.ErrNotExist) {
		return nil // reported as failed, but done
	}
	return err
}

// Settle makes the object's name durable: whoever sealed it may not have got so far.
func (f *folder) Settle(_ context.Context, d vault.Digest) error {
	if err := f.makeDir(d); err != nil {
		return err
	}
	return f.fsys.SyncDir(filepath.Dir(f.path(d)))
}

// makeDir makes the directory of an object durable, once.
func (f *folder) makeDir(d vault.Digest) error {
	dir := filepath.Dir(f.path(d))
	f.mu.Lock()
	known := f.durable[dir]
	f.mu.Unlock()
	if known {
		return nil
	}
	if err := durable.MkdirAll(f.fsys, f.objects, dir, 0o700); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable[dir] = true
	return nil
}

// List walks the folder of objects.
func (f *folder) List(ctx context.Context) iter.Seq2[vault.Digest, error] {
	return func(yield func(vault.Digest, error) bool) { f.walk(ctx, f.objects, "", yield) }
}

// walk yields what lies in one directory of the objects; prefix is what the names in it begin with. It reports whether
// to go on.
func (f *folder) walk(ctx context.Context, dir, prefix string, yield func(vault.Digest, error) bool) bool {
	if err := ctx.Err(); err != nil {
		yield(vault.Digest{}, err)
		return false
	}
	entries, err := f.fsys.ReadDir(dir)
	if err != nil {
		return yield(vault.Digest{}, err)
	}
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name)
		d, isObject := objectName(entry.Name)
		goOn := true
		switch {
		case entry.Dir && len(prefix) < 4 && isHexPair(entry.Name):
			goOn = f.walk(ctx, name, prefix+entry.Name, yield)
		case !entry.Dir && len(prefix) == 4 && isObject && strings.HasPrefix(entry.Name, prefix):
			goOn = yield(d, nil)
		default:
			below, err := filepath.Rel(f.root, name)
			if err != nil {
				below = name
			}
			stray := &vault.Damage{Path: filepath.ToSlash(below), Part: vault.PartName, Chunk: -1, Detail: "this is not an object"}
			goOn = yield(vault.Digest{}, stray.Fault())
		}
		if !goOn {
			return false
		}
	}
	return true
}

func isHexPair(name string) bool {
	return len(name) == 2 && strings.Trim(name, "0123456789abcdef") == ""
}
