package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/vault"
)

// Source is the house that is backed up.
type Source struct {
	DB       *db.DB
	Database string // its URL
	Vault    Objects
	Files    func(ctx context.Context, idb bun.IDB) digests // the objects that rows name
	Keys     *keyring.Keyring
	KeysDir  string
	Work     string // a folder of the house for what is being written and what is remembered between runs
	Clock    clock.Clock
	Log      *slog.Logger
}

// Request says for whom a set is encrypted, and what is in it besides.
type Request struct {
	Recipients []age.Recipient
	WithKeys   bool // the keys folder too: whoever reads the set can then read everything and sign as the bureau
	OnObject   func(done int, bytes int64)
}

// Result is what was written.
type Result struct {
	*Manifest

	New      []vault.Digest // plain digests of the objects that no earlier set had
	NewBytes int64
}

// Write makes a new set. The database is read at one moment while work goes on; objects are copied only if the folder does
// not have them. A run that was broken off left no set: the next one uses what it copied, after reading it again.
func (r *Repository) Write(ctx context.Context, s Source, q Request) (_ *Result, err error) {
	lock, err := r.lock()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	w := &writer{Repository: r, s: s, q: q, res: &Result{}}
	if w.q.OnObject == nil {
		w.q.OnObject = func(int, int64) {}
	}
	if err := w.clear(); err != nil {
		return nil, err
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	if err := w.database(ctx); err != nil {
		return nil, err
	}
	if err := w.finish(ctx); err != nil {
		return nil, err
	}
	return w.res, nil
}

type writer struct {
	*Repository

	s       Source
	q       Request
	m       *Manifest
	partial string                  // the unfinished set's folder
	whole   map[vault.Digest]int64  // stored digests that a whole set names, with their lengths
	known   map[vault.Digest]stored // plain digests met in earlier runs
	pairs   []pair                  // of this set
	res     *Result
}

// pair is an object under both its names.
type pair struct {
	plain vault.Digest
	stored
}

// clear takes away what runs that were broken off left, other than objects.
func (w *writer) clear() error {
	entries, err := w.fsys.ReadDir(filepath.Join(w.dir, setsDir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, partialExt) {
			if err := w.removeDir(filepath.Join(w.dir, setsDir, e.Name)); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(w.s.Work)
}

// removeDir takes away a folder of files.
func (r *Repository) removeDir(dir string) error {
	files, err := r.fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := r.fsys.Remove(filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	return durable.Remove(r.fsys, dir)
}

func (w *writer) begin() error {
	now := w.s.Clock.Now().UTC()
	var tail [4]byte
	_, _ = rand.Read(tail[:]) // never fails
	w.m = &Manifest{Set: strings.Replace(now.Format("20060102T150405.000000Z-"), ".", "", 1) + hex.EncodeToString(tail[:]), Origin: w.s.Keys.Origin(), Engine: string(w.s.DB.Engine)}
	w.res.Manifest = w.m
	w.partial = w.setDir(w.m.Set) + partialExt
	if err := w.fsys.Mkdir(w.partial, 0o700); err != nil {
		return err
	}
	if err := os.MkdirAll(w.s.Work, 0o700); err != nil {
		return err
	}
	ids, err := w.Sets()
	if err != nil {
		return err
	}
	w.whole = map[vault.Digest]int64{}
	for _, id := range ids {
		list, err := w.objectsOf(id)
		if err != nil {
			w.s.Log.Warn("a set of the backup cannot be read; its objects are read again", "set", id, "err", err)
			continue
		}
		for _, o := range list {
			w.whole[o.digest] = o.size
		}
	}
	w.known = readNames(w.namesCache())
	return nil
}

// objectsOf reads the list of a set's objects, if it is what the manifest says.
func (r *Repository) objectsOf(id string) ([]stored, error) {
	m, err := r.Manifest(id)
	if err != nil {
		return nil, err
	}
	text, err := r.readSmall(filepath.Join(r.setDir(id), objectsList), 1<<32)
	if err != nil {
		return nil, err
	}
	if want, _ := m.file(objectsList); want.SHA256 != sha256.Sum256(text) {
		return nil, damaged(objectsList)
	}
	return parseObjects(text)
}

// database takes the snapshot, and copies the objects that it names.
func (w *writer) database(ctx context.Context) error {
	head, err := w.s.Keys.Published()
	if err != nil {
		return err
	}
	path := filepath.Join(w.s.Work, "snapshot")
	w.m.Taken = w.s.Clock.Now().UTC().Truncate(time.Microsecond)
	snap, err := w.s.DB.Snapshot(ctx, w.s.Database, path)
	if err != nil {
		return err
	}
	err = w.contents(ctx, snap)
	if err := errors.Join(err, snap.Close()); err != nil {
		return err
	}
	w.m.Published = head.Size
	f, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return err
	}
	err = w.sealed(databaseAge, func(out io.Writer) error { _, err := io.Copy(out, f); return err })
	return errors.Join(err, f.Close(), os.Remove(path))
}

// contents reads what the snapshot says of the log and copies the objects it names.
func (w *writer) contents(ctx context.Context, snap *db.Snapshot) error {
	last, err := custody.Latest(ctx, snap.Read)
	if err != nil {
		return err
	}
	w.m.LogSize, w.m.LogRoot, w.m.LogEpoch, w.m.Note = last.Size, last.Root, last.Epoch, last.Note
	for d, err := range w.s.Files(ctx, snap.Read) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := w.object(ctx, d)
		if err != nil {
			return fmt.Errorf("backup: object %s: %w", d, err)
		}
		w.pairs = append(w.pairs, pair{d, o})
		w.m.Bytes += o.size
		w.q.OnObject(len(w.pairs), w.m.Bytes)
	}
	slices.SortFunc(w.pairs, func(a, b pair) int { return bytes.Compare(a.digest[:], b.digest[:]) })
	w.pairs = slices.CompactFunc(w.pairs, func(a, b pair) bool { return a.digest == b.digest })
	w.m.Objects, w.m.Bytes = len(w.pairs), 0
	for _, p := range w.pairs {
		w.m.Bytes += p.size
	}
	return nil
}

// object sees to it that the folder has an object. What a whole set names is there and is not read again: the drill and
// Check do that.
func (w *writer) object(ctx context.Context, d vault.Digest) (stored, error) {
	if o, ok := w.known[d]; ok && w.whole[o.digest] == o.size && w.length(o) {
		return o, nil
	}
	in, size, err := w.s.Vault.OpenStored(ctx, d)
	if err != nil {
		return stored{}, err
	}
	o, fresh, err := w.keep(in)
	if err := errors.Join(err, in.Close()); err != nil {
		return stored{}, err
	}
	if o.size != size {
		return stored{}, fmt.Errorf("%d of %d bytes read", o.size, size)
	}
	if fresh {
		w.res.New = append(w.res.New, d)
		w.res.NewBytes += o.size
	}
	return o, nil
}

// length reports whether the folder has a file of the object's length.
func (r *Repository) length(o stored) bool {
	info, err := r.fsys.Stat(r.objectPath(o.digest))
	return err == nil && info.Size == o.size
}

// keep copies an object into the folder under the digest of its bytes. It is not durable before finish syncs all.
func (w *writer) keep(in io.Reader) (o stored, fresh bool, err error) {
	temp := filepath.Join(w.dir, objectsDir, "incoming"+durable.TempSuffix)
	if err := w.fsys.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, false, err
	}
	f, err := w.fsys.Create(temp, 0o400)
	if err != nil {
		return o, false, err
	}
	sum := sha256.New()
	o.size, err = io.CopyBuffer(io.MultiWriter(&at{f: f}, sum), in, make([]byte, 1<<20))
	if err := errors.Join(err, f.Close()); err != nil {
		return o, false, err
	}
	o.digest = vault.Digest(sum.Sum(nil))
	if size, ok := w.whole[o.digest]; ok && size == o.size && w.length(o) {
		return o, false, w.fsys.Remove(temp) // a whole set has it: only its other name was forgotten
	}
	path := w.objectPath(o.digest)
	if err := w.fsys.Mkdir(filepath.Dir(path), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return o, false, err
	}
	// What a run that was broken off left under this name may never have reached the disk: it is replaced.
	return o, true, w.fsys.Rename(temp, path)
}

// at writes to a file from its beginning on.
type at struct {
	f   durable.File
	off int64
}

func (a *at) Write(p []byte) (int, error) {
	n, err := a.f.WriteAt(p, a.off)
	a.off += int64(n)
	return n, err
}

// plain writes a file of the set and enters it in the manifest.
func (w *writer) plain(name string, fill func(io.Writer) error) error {
	f, err := w.fsys.Create(filepath.Join(w.partial, name), 0o600)
	if err != nil {
		return err
	}
	sum := &counted{h: sha256.New(), out: &at{f: f}}
	err = fill(sum)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("backup: %s: %w", name, err)
	}
	w.m.Files = append(w.m.Files, FileEntry{Name: name, Size: sum.n, SHA256: vault.Digest(sum.h.Sum(nil))})
	return nil
}

type counted struct {
	h   hash.Hash
	out io.Writer
	n   int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	return n, err
}

// sealed writes a compressed and encrypted file of the set.
func (w *writer) sealed(name string, fill func(io.Writer) error) error {
	return w.plain(name, func(out io.Writer) error {
		enc, err := age.Encrypt(out, w.q.Recipients...)
		if err != nil {
			return err
		}
		zip, err := gzip.NewWriterLevel(enc, gzip.BestSpeed)
		if err != nil {
			return err
		}
		return errors.Join(fill(zip), zip.Close(), enc.Close())
	})
}

// finish writes the rest, makes all of it durable, and gives the set its name: only then it is one.
func (w *writer) finish(ctx context.Context) error {
	if err := w.sealed(namesAge, func(out io.Writer) error { return writeNames(out, w.pairs) }); err != nil {
		return err
	}
	if w.q.WithKeys {
		if err := w.sealed(keysAge, func(out io.Writer) error { return tarKeys(out, w.s.KeysDir) }); err != nil {
			return err
		}
	}
	list := make([]stored, len(w.pairs))
	for i, p := range w.pairs {
		list[i] = p.stored
	}
	if err := w.plain(objectsList, func(out io.Writer) error { _, err := out.Write(renderObjects(list)); return err }); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	slices.SortFunc(w.m.Files, func(a, b FileEntry) int { return slices.Index(setFiles, a.Name) - slices.Index(setFiles, b.Name) })
	text := w.m.render(w.s.Keys.Sign)
	if _, err := ParseManifest(text); err != nil {
		return err
	}
	if err := durable.WriteFile(w.fsys, filepath.Join(w.partial, manifest), text, 0o600); err != nil {
		return err
	}
	if err := w.fsys.SyncAll(w.dir); err != nil { // the objects, all at once
		return err
	}
	if err := w.fsys.Rename(w.partial, w.setDir(w.m.Set)); err != nil {
		return err
	}
	if err := w.fsys.SyncDir(filepath.Join(w.dir, setsDir)); err != nil {
		return err
	}
	if err := keepNames(w.namesCache(), w.pairs); err != nil {
		w.s.Log.WarnContext(ctx, "the next backup will have to read every object", "err", err)
	}
	return nil
}

// tarKeys packs the files of the keys folder, without the identity that opens backups.
func tarKeys(out io.Writer, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	t := tar.NewWriter(out)
	for _, e := range entries {
		if !e.Type().IsRegular() || e.Name() == IdentityFile || strings.HasSuffix(e.Name(), ".lock") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name())) //nolint:gosec // the operator's own folder
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.Name(), Size: int64(len(text)), Mode: 0o600}); err != nil {
			return err
		}
		if _, err := t.Write(text); err != nil {
			return err
		}
	}
	return t.Close()
}
