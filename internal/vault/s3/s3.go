// Package s3 is the vault in an S3 bucket. Uploads grow on the node's own disk exactly as package localdir lets them;
// the finished, encrypted object (format v1, sidecar inside) is put into the bucket under the name it would have in a
// directory, PREFIX/objects/ab/cd/<sha256>.zv, and only then lets the stage go.
//
// What the bucket must do is asked at every start and once a day (Check), by trying: versions, and Object Lock in
// COMPLIANCE mode, which nobody can shorten or lift, neither with the keys Zhilu has nor with the bucket owner's.
// Every object is put with a term (Bucket.Retain) and If-None-Match, so that none is overwritten.
//
// Whoever has the keys can still lay a newer version or a delete marker over an object. Reads always ask for the
// version that was sealed first, so what we serve does not change, and List names whatever lies over it.
//
// A crash between the put and the end of the stage leaves both. When the vault is opened again, or the upload is
// resumed, the object in the bucket is recognised as this stage's and the stage goes; nothing is put twice.
package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// Config says where objects lie and where they grow.
type Config struct {
	Bucket Bucket
	Keys   AccessKeys
	// Stages is the place on this node's own disk where uploads grow, and everything else a vault needs.
	Stages localdir.Config
}

// Vault is a vault in a bucket.
type Vault struct {
	*localdir.Vault
	shelf *shelf
}

var _ vault.Vault = (*Vault)(nil)

// New opens the vault and asks the bucket whether it protects what lies in it: see Check. Close frees the lock of the
// node's stages.
func New(ctx context.Context, cfg Config) (*Vault, error) {
	s, err := newShelf(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx, true); err != nil {
		return nil, err
	}
	cfg.Stages.Shelf = s
	v, err := localdir.New(ctx, cfg.Stages)
	if err != nil {
		return nil, err
	}
	return &Vault{Vault: v, shelf: s}, nil
}

// Inspect opens the vault only to read it: see localdir.Inspect. Nothing is written into the bucket.
func Inspect(cfg Config, beside bool) (*Vault, error) {
	s, err := newShelf(cfg)
	if err != nil {
		return nil, err
	}
	cfg.Stages.Shelf, s.still = s, true
	v, err := localdir.Inspect(cfg.Stages, beside)
	if err != nil {
		return nil, err
	}
	return &Vault{Vault: v, shelf: s}, nil
}

// Check asks the bucket, by trying, whether it still protects what lies in it: versions and Object Lock are on; a name
// that is taken is not given away; an object under COMPLIANCE can be neither deleted nor released earlier, with the keys
// we have (G15). The trial is made on an object of its own, one a day and node. Unavailable "vault.unprotected" if not.
func (v *Vault) Check(ctx context.Context) error { return v.shelf.check(ctx, true) }

// Verify reads an object back, and renews its lock when half of the term is over: what is still evidence when it is read
// again must not lose its protection meanwhile. A lock is only ever lengthened.
func (v *Vault) Verify(ctx context.Context, d vault.Digest) (vault.Verified, error) {
	seen, err := v.Vault.Verify(ctx, d)
	if err != nil || v.shelf.still {
		return seen, err
	}
	if err := v.shelf.renew(ctx, d); err != nil { // the bytes are sound all the same
		v.shelf.log.ErrorContext(ctx, "an object's lock was not renewed", "object", v.shelf.Name(d), "err", err)
	}
	return seen, nil
}

// Strays yields what localdir's does, and that the bucket does not protect what lies in it, if so.
func (v *Vault) Strays(ctx context.Context) iter.Seq2[*vault.Damage, error] {
	return func(yield func(*vault.Damage, error) bool) {
		if err := v.shelf.check(ctx, false); err != nil {
			if !yield(&vault.Damage{Path: v.shelf.where.String(), Part: vault.PartLock, Chunk: -1, Detail: err.Error()}, nil) {
				return
			}
		}
		for d, err := range v.Vault.Strays(ctx) {
			if !yield(d, err) {
				return
			}
		}
	}
}

// Adopt puts an object's stored bytes, as another vault holds them, into the bucket unchanged. It is done when the
// bucket has them already, byte for byte as long. It is how a vault moves.
func (v *Vault) Adopt(ctx context.Context, d vault.Digest, from localdir.Stored) error {
	return v.shelf.adopt(ctx, d, from)
}

// Raw opens an object's stored bytes as they lie in the bucket.
func (v *Vault) Raw(ctx context.Context, d vault.Digest) (localdir.Stored, error) {
	return v.shelf.Open(ctx, d)
}

// shelf is the bucket.
type shelf struct {
	api   minio.Core
	where Bucket
	node  string
	fsys  durable.FS
	clock clock.Clock
	log   *slog.Logger

	single, part int64 // see singleSize and partSize
	still        bool  // nothing may be changed

	putting keyedLocks // one Put of one digest at a time: not every store keeps If-None-Match against two at once
	first   versions
}

func newShelf(cfg Config) (*shelf, error) {
	if err := cfg.Bucket.check(); err != nil {
		return nil, err
	}
	if cfg.Keys.ID == "" || cfg.Keys.Secret == "" {
		return nil, errors.New("s3: the access keys are missing")
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute, // a store that has taken in a large part may think for a while
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
	}
	api, err := minio.NewCore(cfg.Bucket.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.Keys.ID, cfg.Keys.Secret, ""),
		Secure: cfg.Bucket.Secure, Region: cfg.Bucket.Region, Transport: transport, MaxRetries: 4,
		BucketLookup: cfg.Bucket.lookup(),
	})
	if err != nil {
		return nil, err
	}
	s := &shelf{
		api: *api, where: cfg.Bucket, node: cfg.Stages.Node, fsys: cfg.Stages.FS, clock: cfg.Stages.Clock, log: cfg.Stages.Log,
		single: singleSize, part: partSize,
	}
	if s.fsys == nil {
		s.fsys = durable.OS()
	}
	return s, nil
}
