package rescue

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// Drilled is what a restore drill (恢复演练) saw.
type Drilled struct {
	Report *fsck.Report
	Full   bool
	Linked int // objects that were read
}

// How much a drill reads: everything once a week, else what is new and one in twenty of the rest, by chance.
const (
	drillFull   = 7 * 24 * time.Hour
	drillSample = 20
)

// drill restores a set that was just written into a scratch folder with the identity that was made for it, checks what came
// out as fsck would, and removes it. The identity is gone with the call. That a drill succeeded means: this set's database
// opens, its log is the one of the manifest and holds, its rows are what the log says, and the objects that were read are
// authentic.
func (s *Service) drill(ctx context.Context, actor access.Actor, c Request, b *Backed, identity age.Identity) (*Drilled, error) {
	run := backup.Run{ID: ident.New[ident.BackupID](), Kind: backup.Drill, Set: b.Set, Folder: c.To, At: s.c.Clock.Now(), LogSize: b.LogSize, Full: c.Full}
	if last, err := backup.Newest(ctx, s.c.DB.Reader, backup.Which{Kind: backup.Drill, OK: true, Folder: c.To, Full: true}); err != nil {
		return nil, err
	} else if last == nil || run.At.Sub(last.At) >= drillFull {
		run.Full = true
	}
	out, err := s.tryRestore(ctx, c, b, identity, run.Full)
	codes := []string{}
	if out != nil {
		run.Objects, run.Bytes, run.Findings = out.Report.Objects, out.Report.Bytes, len(out.Report.Findings)
		for _, f := range out.Report.Findings {
			if !slices.Contains(codes, f.Code) {
				codes = append(codes, f.Code)
			}
		}
		if err == nil && !out.Report.OK() {
			err = fault.New(fault.Internal, "backup.drill_found", run.Findings)
		}
	}
	return out, s.recordRun(ctx, actor, access.BackupDrill, &run, err, "codes", codes)
}

func (s *Service) tryRestore(ctx context.Context, c Request, b *Backed, identity age.Identity, full bool) (out *Drilled, err error) {
	scratch := s.work() + ".drill"
	if err := os.RemoveAll(scratch); err != nil { // what a drill that was killed left
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if err := os.MkdirAll(filepath.Join(scratch, "vault"), 0o700); err != nil {
		return nil, err
	}
	repo, err := backup.Open(durable.OS(), c.To)
	if err != nil {
		return nil, err
	}
	set, err := repo.Read(b.Set, identity)
	if err != nil {
		return nil, err
	}
	out = &Drilled{Report: &fsck.Report{}, Full: full}
	chosen := s.choose(b.New, full)
	dir := filepath.Join(scratch, "vault")
	if out.Linked, err = set.LinkObjects(ctx, func(d vault.Digest) string { return localdir.StoredPath(dir, d) }, chosen.has); err != nil {
		return out, err
	}
	url, drop, err := s.scratchDatabase(ctx, set, scratch)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	d, err := db.OpenReader(ctx, db.Config{URL: url, Log: s.c.Log}, true)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	last, err := custody.Latest(ctx, d.Reader)
	if err != nil {
		return out, err
	}
	if last.Size != set.LogSize || last.Root != set.LogRoot {
		return out, fault.New(fault.Internal, "backup.damaged", "database.age")
	}
	v, err := s.c.Vault(dir)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	rep, err := fsck.Run(ctx, fsck.Config{DB: d, Vault: v, Catalog: chosen, Tables: s.c.Tables, Clock: s.c.Clock})
	if rep != nil {
		out.Report = rep
	}
	return out, err
}

// scratchDatabase puts the set's database where it can be opened beside the house's own.
func (s *Service) scratchDatabase(ctx context.Context, set *backup.Reader, scratch string) (url string, drop func(context.Context) error, err error) {
	path := filepath.Join(scratch, "zhilu.db")
	if err := set.Database(ctx, path); err != nil {
		return "", nil, err
	}
	url, drop, err = db.Scratch(ctx, s.c.Database, path, "zhilu_drill_"+set.Set[len(set.Set)-8:])
	if err != nil || s.c.DB.Engine == db.SQLite {
		return url, drop, err
	}
	if err := db.LoadDump(ctx, url, path); err != nil {
		return "", nil, errors.Join(err, drop(context.WithoutCancel(ctx)))
	}
	return url, drop, nil
}

// selection is the catalogue of what a drill reads: all that is new, and of the rest a sample, or everything.
type selection struct {
	fsck.Catalog

	full bool
	some map[vault.Digest]bool
}

func (s *Service) choose(fresh []vault.Digest, full bool) selection {
	chosen := selection{Catalog: s.c.Catalog, full: full, some: map[vault.Digest]bool{}}
	for _, d := range fresh {
		chosen.some[d] = true
	}
	return chosen
}

// has chooses.
func (s selection) has(d vault.Digest) bool {
	if s.full || s.some[d] {
		return true
	}
	if rand.N(drillSample) == 0 { //nolint:gosec // a sample, not a secret
		s.some[d] = true
		return true
	}
	return false
}

// Files yields the files whose objects are read: the others are not missing.
func (s selection) Files(ctx context.Context, idb bun.IDB) iter.Seq2[fsck.File, error] {
	return func(yield func(fsck.File, error) bool) {
		for f, err := range s.Catalog.Files(ctx, idb) {
			if err == nil && !s.full {
				if d, err := vault.ParseDigest(f.SHA256); err != nil || !s.some[d] {
					continue
				}
			}
			if !yield(f, err) {
				return
			}
		}
	}
}
