// Package backup keeps copies of a house (备份): consistent while the server runs, incremental for objects, encrypted for
// recipients whose identities are elsewhere, and whole or not there (ADR 14, docs/formats/backup-v1.md).
//
// A backup folder holds sets and, beside them, objects that several sets share:
//
//	DIR/zhilu-backup                      the line that says what this folder is
//	DIR/objects/ab/<sha256>               sealed objects as the vault has them, named by the digest of these very bytes
//	DIR/sets/<set>/database.age           the database as it stood at one moment
//	DIR/sets/<set>/names.age              which object is which
//	DIR/sets/<set>/keys.age               the keys folder, only where it was asked for
//	DIR/sets/<set>/objects.list           the objects of the set
//	DIR/sets/<set>/manifest               every file with its digest, and the head of the log; signed; written last
//	DIR/sets/<set>.partial/               a set that is not finished
//
// Everything but the manifest and the list, which hold digests, sizes and times, is encrypted, so the folder can be checked
// by anybody ([Repository.Check]) and read by nobody without an identity.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

const (
	format      = "zhilu-backup/v1"
	markerFile  = "zhilu-backup"
	lockFile    = "lock"
	objectsDir  = "objects"
	setsDir     = "sets"
	partialExt  = ".partial"
	manifest    = "manifest"
	objectsList = "objects.list"
	databaseAge = "database.age"
	namesAge    = "names.age"
	keysAge     = "keys.age"
)

// Repository is a backup folder.
type Repository struct {
	fsys durable.FS
	dir  string
}

// Create opens a backup folder to write to, and makes it if it is not there. A folder that holds something else is fault
// Invalid "backup.foreign": a backup is not strewn among other files.
func Create(fsys durable.FS, dir string) (*Repository, error) {
	r := &Repository{fsys: fsys, dir: dir}
	if err := fsys.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(err, fault.Unavailable, "backup.folder", dir).At("to")
	}
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "backup.folder", dir).At("to")
	}
	if err := r.marked(); err != nil {
		for _, e := range entries {
			if e.Name != "lost+found" && !strings.HasSuffix(e.Name, durable.TempSuffix) {
				return nil, fault.Wrap(err, fault.Invalid, "backup.foreign", dir).At("to")
			}
		}
		if err := durable.WriteFile(fsys, filepath.Join(dir, markerFile), []byte(format+"\n"), 0o600); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "backup.folder", dir).At("to")
		}
	}
	for _, sub := range []string{objectsDir, setsDir} {
		if err := durable.MkdirAll(fsys, dir, filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "backup.folder", dir).At("to")
		}
	}
	return r, nil
}

// Open opens a backup folder to read. One that is none is fault NotFound "backup.none". Where sets and objects lie, a
// marker that rotted is no reason to lose them: each set says its own format, signed, and Check names the marker.
func Open(fsys durable.FS, dir string) (*Repository, error) {
	r := &Repository{fsys: fsys, dir: dir}
	if err := r.marked(); err != nil && !r.holdsSets() {
		return nil, fault.Wrap(err, fault.NotFound, "backup.none", dir)
	}
	return r, nil
}

// holdsSets says whether the folders of a backup are here and one set at least is whole.
func (r *Repository) holdsSets() bool {
	if _, err := r.fsys.ReadDir(filepath.Join(r.dir, objectsDir)); err != nil {
		return false
	}
	ids, err := r.Sets()
	return err == nil && len(ids) > 0
}

func (r *Repository) marked() error {
	text, err := r.readSmall(filepath.Join(r.dir, markerFile), 64)
	if err != nil {
		return err
	}
	if string(text) != format+"\n" {
		return fmt.Errorf("backup: %q is another format", strings.TrimSpace(string(text)))
	}
	return nil
}

// readSmall reads a file of at most limit bytes.
func (r *Repository) readSmall(path string, limit int64) ([]byte, error) {
	f, err := r.fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("backup: %s is too large", filepath.Base(path))
	}
	return io.ReadAll(io.NewSectionReader(f, 0, size))
}

// Sets gives the ids of all whole sets, oldest first. Unfinished ones are none.
func (r *Repository) Sets() ([]string, error) {
	entries, err := r.fsys.ReadDir(filepath.Join(r.dir, setsDir))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "backup.folder", r.dir)
	}
	var ids []string
	for _, e := range entries {
		if e.Dir && isSetID(e.Name) {
			ids = append(ids, e.Name)
		}
	}
	slices.Sort(ids) // an id begins with its time
	return ids, nil
}

// Newest gives the newest whole set: fault NotFound "backup.no_set" if there is none.
func (r *Repository) Newest() (string, error) {
	ids, err := r.Sets()
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", fault.New(fault.NotFound, "backup.no_set", r.dir)
	}
	return ids[len(ids)-1], nil
}

// Lock keeps two processes from writing the folder at once: fault Conflict "backup.locked".
func (r *Repository) lock() (io.Closer, error) {
	l, err := r.fsys.Lock(filepath.Join(r.dir, lockFile))
	if errors.Is(err, durable.ErrLocked) {
		return nil, fault.Wrap(err, fault.Conflict, "backup.locked", r.dir)
	}
	return l, err
}

func (r *Repository) setDir(id string) string { return filepath.Join(r.dir, setsDir, id) }

func (r *Repository) objectPath(stored vault.Digest) string {
	name := stored.String()
	return filepath.Join(r.dir, objectsDir, name[:2], name)
}

// Objects are those of a house's vault.
type Objects interface {
	// OpenStored opens an object as it is stored, encrypted, and tells its length.
	OpenStored(ctx context.Context, d vault.Digest) (io.ReadCloser, int64, error)
}

// digests yields plain digests.
type digests = iter.Seq2[vault.Digest, error]
