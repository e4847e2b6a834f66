package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// How many sets are kept: all of the last day, and the newest of each of the last days, weeks and months that have one.
const (
	keepAll    = 24 * time.Hour
	keepDays   = 7
	keepWeeks  = 4
	keepMonths = 12
)

// Retain chooses which of the sets, given by when they were taken, are kept: all of the 24 hours before the newest, and the
// newest of each of the last 7 days, 4 weeks and 12 months that have any, in the bureau's time.
func Retain(taken []time.Time, zone *time.Location) []bool {
	order := make([]int, len(taken))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return taken[b].Compare(taken[a]) })
	keep := make([]bool, len(taken))
	for i := range taken {
		keep[i] = taken[order[0]].Sub(taken[i]) < keepAll
	}
	for _, rule := range []struct {
		count int
		of    func(time.Time) string
	}{
		{keepDays, func(t time.Time) string { return t.Format(time.DateOnly) }},
		{keepWeeks, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, w) }},
		{keepMonths, func(t time.Time) string { return t.Format("2006-01") }},
	} {
		seen := map[string]bool{}
		for _, i := range order {
			if k := rule.of(taken[i].In(zone)); !seen[k] && len(seen) < rule.count {
				seen[k], keep[i] = true, true
			}
		}
	}
	return keep
}

// Prune removes the sets that the rule does not keep, and then the objects that no set names any more. Where a set that is
// kept cannot be read, nothing is removed: what it needs is not known.
func (r *Repository) Prune(ctx context.Context, zone *time.Location) (sets, objects int, err error) {
	lock, err := r.lock()
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	ids, err := r.Sets()
	if err != nil {
		return 0, 0, err
	}
	taken := make([]time.Time, len(ids))
	for i, id := range ids {
		m, err := r.Manifest(id)
		if err != nil {
			return 0, 0, err
		}
		taken[i] = m.Taken
	}
	needed := map[vault.Digest]bool{}
	for i, keep := range Retain(taken, zone) {
		if !keep {
			// First it is no set any more, then its files go.
			gone := r.setDir(ids[i]) + partialExt
			if err := r.fsys.Rename(r.setDir(ids[i]), gone); err != nil {
				return sets, 0, err
			}
			if err := r.fsys.SyncDir(filepath.Join(r.dir, setsDir)); err != nil {
				return sets, 0, err
			}
			if err := r.removeDir(gone); err != nil {
				return sets, 0, err
			}
			sets++
			continue
		}
		list, err := r.objectsOf(ids[i])
		if err != nil {
			return sets, 0, fault.Wrap(err, fault.Internal, "backup.damaged", ids[i]+"/"+objectsList)
		}
		for _, o := range list {
			needed[o.digest] = true
		}
	}
	objects, err = r.sweep(ctx, needed)
	return sets, objects, err
}

// sweep removes objects that are not needed.
func (r *Repository) sweep(ctx context.Context, needed map[vault.Digest]bool) (int, error) {
	n := 0
	root := filepath.Join(r.dir, objectsDir)
	shelves, err := r.fsys.ReadDir(root)
	if err != nil {
		return 0, err
	}
	for _, s := range shelves {
		if !s.Dir {
			continue
		}
		files, err := r.fsys.ReadDir(filepath.Join(root, s.Name))
		if err != nil {
			return n, err
		}
		for _, f := range files {
			d, err := vault.ParseDigest(f.Name)
			if err != nil || needed[d] {
				continue // what is not ours is not touched; Check names it
			}
			if err := ctx.Err(); err != nil {
				return n, err
			}
			if err := durable.Remove(r.fsys, filepath.Join(root, s.Name, f.Name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return n, err
			}
			n++
		}
	}
	return n, nil
}
