package app

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/s3"
)

// EvidenceVault is the vault of evidence, wherever its objects lie.
type EvidenceVault interface {
	vault.Vault
	Close() error
}

// Beside opens another vault of evidence beside the house's own, with its keys and clock, without taking locks.
func (h *House) Beside(p config.Place) (EvidenceVault, error) {
	ring, err := LoadStorageKeys(p.Keys)
	if err != nil {
		return nil, err
	}
	return inspectVault(p, localdir.Config{Keys: ring, Node: nodeOf(p), Clock: h.Clock, Log: h.Log}, true)
}

// openVault opens the vault of evidence by its setting. cfg says everything but where it is. Uploads always grow on this
// node's own disk; with an S3 vault only the finished objects go elsewhere.
func openVault(ctx context.Context, p config.Place, cfg localdir.Config) (EvidenceVault, error) {
	remote, ok, err := bucketOf(p, &cfg)
	if err != nil {
		return nil, err
	}
	if ok {
		return s3.New(ctx, remote)
	}
	return localdir.New(ctx, cfg)
}

// inspectVault opens it only to be read; beside says that a server may be running over it.
func inspectVault(p config.Place, cfg localdir.Config, beside bool) (EvidenceVault, error) {
	remote, ok, err := bucketOf(p, &cfg)
	if err != nil {
		return nil, err
	}
	if ok {
		return s3.Inspect(remote, beside)
	}
	return localdir.Inspect(cfg, beside)
}

// bucketOf reads the setting of the vault: a bucket, or the folder that it puts into cfg.
func bucketOf(p config.Place, cfg *localdir.Config) (remote s3.Config, ok bool, err error) {
	if !strings.HasPrefix(p.Vault, "s3:") {
		cfg.Dir, err = vaultDir(p)
		return s3.Config{}, false, err
	}
	cfg.Dir = filepath.Join(p.Data, "vault") // where only uploads grow
	remote.Stages = *cfg
	if remote.Bucket, err = s3.ParseURL(p.Vault); err != nil {
		return s3.Config{}, false, err
	}
	remote.Keys, err = s3.LoadKeys(filepath.Join(p.Keys, s3.KeyFile), os.Getenv)
	return remote, true, err
}

// vaultDir is the folder of a local vault.
func vaultDir(p config.Place) (string, error) {
	if p.Vault == "" {
		return filepath.Join(p.Data, "vault"), nil
	}
	u, err := url.Parse(p.Vault)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", fault.New(fault.Invalid, "setting.vault_url").At("vault")
	}
	return filepath.FromSlash(u.Path), nil
}

// lockWatch remembers whether the bucket last stood the trial of its lock (G15).
type lockWatch struct {
	tried atomic.Pointer[lockTrial]
}

type lockTrial struct {
	at  time.Time
	err error
}

// lockEvery is how often the bucket is tried again, and how soon after it could not be.
const (
	lockEvery = 24 * time.Hour
	lockAgain = 10 * time.Minute
)

// watchLock tries once a day whether what lies in the vault can still not be taken away. The first time was when it was
// opened.
func (h *House) watchLock(ctx context.Context, ready func()) error {
	ready()
	bucket, ok := h.Vault.(*s3.Vault)
	if !ok {
		<-ctx.Done()
		return nil
	}
	h.lock.tried.Store(&lockTrial{at: h.Clock.Now()})
	wait := lockEvery
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		err := bucket.Check(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait = lockEvery
		if err != nil {
			wait = lockAgain
			h.Log.ErrorContext(ctx, "the bucket did not stand the trial of its lock", "err", err)
		}
		h.lock.tried.Store(&lockTrial{at: h.Clock.Now(), err: err})
	}
}
