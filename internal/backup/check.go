package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// Finding is something wrong with a backup folder. Kind is "changed", "missing" or "added"; Subject the file below the
// folder; Good when it was last known to be good: when the newest set that names it was taken.
type Finding struct {
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	Good    time.Time `json:"last_good,omitzero"`
	What    string    `json:"what,omitempty"`
}

// Checked is what Check saw.
type Checked struct {
	Sets     int       `json:"sets"`
	Objects  int       `json:"objects"`
	Bytes    int64     `json:"bytes"`
	Findings []Finding `json:"findings"`
}

// Check reads every byte of the folder and compares it with the manifests. It needs no key: everything is named by the
// digest of what lies there. trusted says whether a key that signed a manifest is the bureau's; nil where nobody can tell.
func (r *Repository) Check(ctx context.Context, trusted func(*Manifest) bool) (*Checked, error) {
	c := &Checked{Findings: []Finding{}}
	add := func(kind, path, what string, good time.Time) {
		rel, err := filepath.Rel(r.dir, path)
		if err != nil {
			rel = path
		}
		c.Findings = append(c.Findings, Finding{Kind: kind, Subject: filepath.ToSlash(rel), What: what, Good: good})
	}
	if err := r.marked(); err != nil {
		kind := "changed"
		if errors.Is(err, fs.ErrNotExist) {
			kind = "missing"
		}
		add(kind, filepath.Join(r.dir, markerFile), err.Error(), time.Time{})
	}
	ids, err := r.Sets()
	if err != nil {
		return nil, err
	}
	want := map[vault.Digest]named{}
	for _, id := range ids {
		m, err := r.Manifest(id)
		if err != nil || trusted != nil && !trusted(m) {
			what := "signed by a key that is not the bureau's"
			if err != nil {
				what = err.Error()
			}
			add("changed", filepath.Join(r.setDir(id), manifest), what, time.Time{})
			continue
		}
		c.Sets++
		if err := r.checkSet(ctx, c, m, add); err != nil {
			return nil, err
		}
		if list, err := r.objectsOf(id); err == nil {
			for _, o := range list {
				want[o.digest] = named{o.size, m.Taken}
			}
		}
	}
	return c, r.checkObjects(ctx, c, want, add)
}

type named struct {
	size int64
	good time.Time
}

type adder = func(kind, path, what string, good time.Time)

// checkSet reads the files of one set.
func (r *Repository) checkSet(ctx context.Context, c *Checked, m *Manifest, add adder) error {
	dir := r.setDir(m.Set)
	entries, err := r.fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := m.file(e.Name); !ok && e.Name != manifest {
			add("added", filepath.Join(dir, e.Name), "", m.Taken)
		}
	}
	for _, f := range m.Files {
		path := filepath.Join(dir, f.Name)
		size, sum, err := r.digest(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			add("missing", path, "", m.Taken)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			add("changed", path, err.Error(), m.Taken)
		case sum != f.SHA256 || size != f.Size:
			add("changed", path, "", m.Taken)
		}
		c.Bytes += size
	}
	return nil
}

// checkObjects reads every object that a set names, and says what is there besides.
func (r *Repository) checkObjects(ctx context.Context, c *Checked, want map[vault.Digest]named, add adder) error {
	root := filepath.Join(r.dir, objectsDir)
	shelves, err := r.fsys.ReadDir(root)
	if err != nil {
		return err
	}
	for _, s := range shelves {
		if !s.Dir {
			if !strings.HasSuffix(s.Name, durable.TempSuffix) {
				add("added", filepath.Join(root, s.Name), "", time.Time{})
			}
			continue
		}
		files, err := r.fsys.ReadDir(filepath.Join(root, s.Name))
		if err != nil {
			return err
		}
		for _, f := range files {
			path := filepath.Join(root, s.Name, f.Name)
			d, err := vault.ParseDigest(f.Name)
			if err != nil || f.Name[:2] != s.Name {
				add("added", path, "", time.Time{})
				continue
			}
			w, ok := want[d]
			if !ok {
				continue // of a run that was broken off, or of sets that are gone: the next run uses or removes it
			}
			delete(want, d)
			size, sum, err := r.digest(ctx, path)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil || sum != d || size != w.size {
				add("changed", path, "", w.good)
			}
			c.Objects++
			c.Bytes += size
		}
	}
	missing := make([]vault.Digest, 0, len(want))
	for d := range want {
		missing = append(missing, d)
	}
	slices.SortFunc(missing, func(a, b vault.Digest) int { return strings.Compare(a.String(), b.String()) })
	for _, d := range missing {
		add("missing", r.objectPath(d), "", want[d].good)
	}
	return nil
}

// digest reads a file from the disk rather than from memory, as well as the system allows.
func (r *Repository) digest(ctx context.Context, path string) (int64, vault.Digest, error) {
	f, err := r.fsys.Open(path)
	if err != nil {
		return 0, vault.Digest{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	size, err := f.Size()
	if err != nil {
		return 0, vault.Digest{}, err
	}
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, stoppable{ctx, io.NewSectionReader(f, 0, size)}, make([]byte, 1<<20)); err != nil {
		return 0, vault.Digest{}, err
	}
	return size, vault.Digest(sum.Sum(nil)), nil
}

// stoppable ends reading when its context ends.
type stoppable struct {
	ctx context.Context //nolint:containedctx // a reader lives for one call
	io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// damaged is the fault of a set that is not what was written.
func damaged(name string) error { return fault.New(fault.Internal, "backup.damaged", name) }
