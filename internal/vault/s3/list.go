package s3

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// lot is everything the bucket holds under one name.
type lot struct {
	key     string
	objects []minio.ObjectInfo // versions and delete markers, newest first
}

// lots lists the bucket below a prefix, name by name. S3 lists versions of a name newest first, but some stores give
// delete markers after the versions.
func (s *shelf) lots(ctx context.Context, prefix string) iter.Seq2[lot, error] {
	return func(yield func(lot, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var now lot
		give := func() bool {
			if now.key == "" {
				return true
			}
			slices.SortStableFunc(now.objects, func(a, b minio.ObjectInfo) int { return b.LastModified.Compare(a.LastModified) })
			return yield(now, nil)
		}
		for o := range s.api.ListObjectsIter(ctx, s.where.Name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}) {
			if o.Err != nil {
				yield(lot{}, told(o.Err))
				return
			}
			if o.Key != now.key {
				if !give() {
					return
				}
				now = lot{key: o.Key}
			}
			now.objects = append(now.objects, o)
		}
		if err := ctx.Err(); err != nil {
			yield(lot{}, err)
			return
		}
		give()
	}
}

// first is the version that was put first, which is the one sealed.
func (l lot) first() (minio.ObjectInfo, bool) {
	for _, o := range slices.Backward(l.objects) {
		if !o.IsDeleteMarker {
			return o, true
		}
	}
	return minio.ObjectInfo{}, false
}

// over counts what was laid over it.
func (l lot) over() (newer, markers int) {
	for _, o := range l.objects {
		if o.IsDeleteMarker {
			markers++
		} else {
			newer++
		}
	}
	return newer - 1, markers
}

// sealed finds the version of an object that was put first: fs.ErrNotExist if there is none.
func (s *shelf) sealed(ctx context.Context, d vault.Digest) (string, error) {
	if v, ok := s.first.get(d); ok {
		return v, nil
	}
	for l, err := range s.lots(ctx, s.key(d)) {
		if err != nil {
			return "", err
		}
		if o, ok := l.first(); ok && l.key == s.key(d) {
			s.first.set(d, o.VersionID)
			return o.VersionID, nil
		}
	}
	return "", fs.ErrNotExist
}

// List lists the objects. S3 lists names in the order of their bytes, which is that of the digests.
func (s *shelf) List(ctx context.Context) iter.Seq2[vault.Digest, error] {
	return func(yield func(vault.Digest, error) bool) {
		var last vault.Digest
		for l, err := range s.lots(ctx, s.where.key("objects/")) {
			if err != nil {
				yield(vault.Digest{}, err)
				return
			}
			d, ours := localdir.ParseObjectName(s.where.below(l.key))
			if !ours || bytes.Compare(last[:], d[:]) >= 0 {
				stray := &vault.Damage{Path: "s3://" + s.where.Name + "/" + l.key, Part: vault.PartName, Chunk: -1, Detail: "this is not an object"}
				if !yield(vault.Digest{}, stray.Fault()) {
					return
				}
				continue
			}
			last = d
			o, ok := l.first()
			if ok {
				s.first.set(d, o.VersionID)
				if !yield(d, nil) {
					return
				}
			}
			if newer, markers := l.over(); newer > 0 || markers > 0 {
				what := fmt.Sprintf("%d newer versions and %d delete markers lie over the object", newer, markers)
				if !ok {
					what = fmt.Sprintf("%d delete markers and no object", markers)
				}
				if !yield(d, s.wrong(d, vault.PartVersion, "%s", what)) {
					return
				}
			}
		}
	}
}

// versions remembers which version of an object is the first: it cannot change while the lock lasts.
type versions struct {
	mu    sync.Mutex
	known map[vault.Digest]string
}

const maxKnown = 100_000

func (v *versions) get(d vault.Digest) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id, ok := v.known[d]
	return id, ok
}

func (v *versions) set(d vault.Digest, id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil || len(v.known) >= maxKnown {
		v.known = map[vault.Digest]string{}
	}
	v.known[d] = id
}

func (v *versions) forget(d vault.Digest) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.known, d)
}

// keyedLocks is a lock for each digest in use.
type keyedLocks struct {
	mu   sync.Mutex
	held map[vault.Digest]chan struct{}
}

// lock waits for the digest and gives what frees it.
func (k *keyedLocks) lock(d vault.Digest) (unlock func()) {
	for {
		k.mu.Lock()
		wait, taken := k.held[d]
		if !taken {
			if k.held == nil {
				k.held = map[vault.Digest]chan struct{}{}
			}
			done := make(chan struct{})
			k.held[d] = done
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, d)
				k.mu.Unlock()
				close(done)
			}
		}
		k.mu.Unlock()
		<-wait
	}
}
