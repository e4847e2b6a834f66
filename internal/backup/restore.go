package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// Reader reads one set with an identity. What it hands out has been compared with the manifest.
type Reader struct {
	*Manifest

	r          *Repository
	identities []age.Identity
}

// Read opens a set. A manifest that is not what was signed is fault Invalid "backup.manifest".
func (r *Repository) Read(set string, identities ...age.Identity) (*Reader, error) {
	m, err := r.Manifest(set)
	if err != nil {
		return nil, err
	}
	return &Reader{m, r, identities}, nil
}

// HasKeys reports whether the set holds the keys folder.
func (r *Reader) HasKeys() bool { _, ok := r.file(keysAge); return ok }

// open hands a file of the set to read, decrypted, and compares what lies on the disk with the manifest: an error of either
// is that of open, and then nothing that read did counts. A wrong identity is fault Unavailable "backup.wrong_identity".
func (r *Reader) open(ctx context.Context, name string, read func(in io.Reader) error) error {
	want, ok := r.file(name)
	if !ok {
		return fault.New(fault.NotFound, "backup.not_in_set", name)
	}
	f, err := os.Open(filepath.Join(r.r.setDir(r.Set), name)) //nolint:gosec // one of setFiles, in the operator's folder
	if err != nil {
		return fault.Wrap(err, fault.Internal, "backup.damaged", name)
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := &counted{h: sha256.New(), out: io.Discard}
	raw := io.TeeReader(stoppable{ctx, f}, sum)
	err = unseal(raw, r.identities, read)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, drained := io.Copy(io.Discard, raw)
	if drained != nil || sum.n != want.Size || vault.Digest(sum.h.Sum(nil)) != want.SHA256 {
		return fault.Wrap(errors.Join(err, drained), fault.Internal, "backup.damaged", name)
	}
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return fault.Wrap(err, fault.Unavailable, "backup.wrong_identity")
	}
	return err
}

func unseal(raw io.Reader, identities []age.Identity, read func(in io.Reader) error) error {
	dec, err := age.Decrypt(raw, identities...)
	if err != nil {
		return err
	}
	zip, err := gzip.NewReader(dec)
	if err != nil {
		return err
	}
	if err := read(zip); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, zip) //nolint:gosec // thrown away: its checksum stands at the end
	return err
}

// Database writes the set's database to a new file, durably: the SQLite file, or pg_dump's.
func (r *Reader) Database(ctx context.Context, path string) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the caller's
	if err != nil {
		return err
	}
	err = r.open(ctx, databaseAge, func(in io.Reader) error { _, err := io.Copy(out, in); return err })
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// Names yields the set's objects under both names, after the whole list was compared with the manifest and with the list of
// objects.
func (r *Reader) names(ctx context.Context) ([]pair, error) {
	var pairs []pair
	err := r.open(ctx, namesAge, func(in io.Reader) error {
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			p, err := parseName(lines.Text())
			if err != nil {
				return fault.Wrap(err, fault.Internal, "backup.damaged", namesAge)
			}
			pairs = append(pairs, p)
		}
		return lines.Err()
	})
	if err != nil {
		return nil, err
	}
	list, err := r.r.objectsOf(r.Set)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "backup.damaged", objectsList)
	}
	want, _ := r.file(objectsList)
	if sum := sha256.Sum256(renderObjects(list)); want.SHA256 != vault.Digest(sum) || len(list) != len(pairs) {
		return nil, damaged(objectsList)
	}
	for i, o := range list { // both are in the order of stored digests
		if pairs[i].stored != o {
			return nil, damaged(namesAge)
		}
	}
	return pairs, nil
}

// Objects puts the set's objects where path says, each under its plain digest, after comparing every byte with its name.
// One that is there already, from a run that was broken off, is read again and kept if it is right. keep chooses; nil for
// all. What is damaged is told to bad, and the others go on; bad may end it with an error.
func (r *Reader) Objects(ctx context.Context, path func(vault.Digest) string, keep func(vault.Digest) bool, done func(n int, bytes int64), bad func(name string) error) error {
	pairs, err := r.names(ctx)
	if err != nil {
		return err
	}
	n, bytes := 0, int64(0)
	for _, p := range pairs {
		if keep != nil && !keep(p.plain) {
			continue
		}
		err := r.object(ctx, p, path(p.plain))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if fault.HasCode(err, "backup.damaged") {
			err = bad(filepath.ToSlash(filepath.Join(objectsDir, p.digest.String()[:2], p.digest.String())))
		}
		if err != nil {
			return err
		}
		n, bytes = n+1, bytes+p.size
		done(n, bytes)
	}
	return nil
}

func (r *Reader) object(ctx context.Context, p pair, path string) error {
	if size, sum, err := r.r.digest(ctx, path); err == nil && size == p.size && sum == p.digest {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	in, err := os.Open(r.r.objectPath(p.digest))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.Internal, "backup.damaged", p.digest.String())
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	temp := path + durable.TempSuffix
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	out, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o400) //nolint:gosec // below the caller's folder
	if err != nil {
		return err
	}
	sum := &counted{h: sha256.New(), out: out}
	_, err = io.CopyBuffer(sum, stoppable{ctx, in}, make([]byte, 1<<20))
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if sum.n != p.size || vault.Digest(sum.h.Sum(nil)) != p.digest {
		return errors.Join(damaged(p.digest.String()), os.Remove(temp))
	}
	return os.Rename(temp, path)
}

// LinkObjects is Objects for a drill: instead of copying, it points to what lies in the backup, so that what the drill reads
// are the backup's own bytes and no second copy of everything is needed.
func (r *Reader) LinkObjects(ctx context.Context, path func(vault.Digest) string, keep func(vault.Digest) bool) (int, error) {
	pairs, err := r.names(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range pairs {
		if !keep(p.plain) {
			continue
		}
		target, err := filepath.Abs(r.r.objectPath(p.digest))
		if err != nil {
			return n, err
		}
		if err := os.MkdirAll(filepath.Dir(path(p.plain)), 0o700); err != nil {
			return n, err
		}
		if err := os.Symlink(target, path(p.plain)); err != nil {
			return n, err
		}
		size, sum, err := r.r.digest(ctx, target)
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		if err != nil || size != p.size || sum != p.digest {
			return n, fault.Wrap(err, fault.Internal, "backup.damaged", filepath.ToSlash(filepath.Join(objectsDir, p.digest.String()[:2], p.digest.String())))
		}
		n++
	}
	return n, nil
}

// Keys writes the keys folder that the set holds into an empty folder.
func (r *Reader) Keys(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return fault.Wrap(err, fault.Conflict, "backup.keys_there", dir)
	}
	return r.open(ctx, keysAge, func(in io.Reader) error {
		t := tar.NewReader(in)
		for {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if h.Name != filepath.Base(h.Name) || !filepath.IsLocal(h.Name) || h.Size > 1<<20 {
				return fmt.Errorf("backup: %q in the keys", h.Name)
			}
			text, err := io.ReadAll(t)
			if err != nil {
				return err
			}
			if err := durable.CreateFile(durable.OS(), filepath.Join(dir, h.Name), text, 0o600); err != nil { //nolint:gosec // a bare name, looked at above
				return err
			}
		}
	})
}
