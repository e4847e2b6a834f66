package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/s3"
)

// derivedDir is where what was made from recordings lies: apart from evidence, so that it can be emptied.
func derivedDir(p config.Place) string { return filepath.Join(p.Data, "derived") }

// derivedBucket is where derivatives lie beside an S3 vault: in the same bucket, so that every server of the bureau can
// show what any of them made, and locked for a day only, so that they can be emptied.
func derivedBucket(p config.Place, cfg localdir.Config) (s3.Config, bool, error) {
	evidence := cfg
	remote, ok, err := bucketOf(p, &evidence)
	if !ok || err != nil {
		return remote, ok, err
	}
	remote.Stages, remote.Bucket = cfg, remote.Bucket.Below("derived", s3.MinRetain)
	return remote, true, nil
}

func openDerived(ctx context.Context, p config.Place, cfg localdir.Config) (EvidenceVault, error) {
	remote, ok, err := derivedBucket(p, cfg)
	if err != nil {
		return nil, err
	}
	if ok {
		return s3.New(ctx, remote)
	}
	return localdir.New(ctx, cfg)
}

func inspectDerived(p config.Place, cfg localdir.Config, beside bool) (EvidenceVault, error) {
	remote, ok, err := derivedBucket(p, cfg)
	if err != nil {
		return nil, err
	}
	if ok {
		return s3.Inspect(remote, beside)
	}
	return localdir.Inspect(cfg, beside)
}

// derivatives opens the vault of what can be made again, and the service over it. A house without ffmpeg takes in
// evidence all the same; it only has nothing to look at.
func (h *House) derivatives(ctx context.Context, c OpenConfig, cfg localdir.Config, temp string) error {
	if cfg.Reserve == 0 {
		cfg.Reserve = localdir.DefaultReserve
	}
	cfg.Dir, cfg.Reserve = derivedDir(c.Place), 2*cfg.Reserve // it stops before evidence does
	v, err := openDerived(ctx, c.Place, cfg)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, v.Close)
	maker, err := derive.New(ctx, derive.Config{Logger: h.Log, TempDir: temp, AllowRlimit: true, Busy: h.arrivals.busy})
	if err != nil {
		h.Log.ErrorContext(ctx, "no derivatives can be made", "cause", err)
	} else if c.Serving {
		if err := maker.Sweep(); err != nil {
			h.Log.WarnContext(ctx, "private files of an earlier run are left", "cause", err)
		}
	}
	h.Derived, err = derivative.New(derivative.Config{
		DB: h.DB, Gate: h.Gate, Originals: h.Vault, Derived: v, Maker: maker, Clock: h.Clock, Log: h.Log,
		Frozen: func(ctx context.Context, rec ident.RecordingID) error { return marking.Refuse(ctx, h.DB.Reader, rec) },
	})
	return err
}

// checkDerived tells what of the derivatives has to be made again.
func checkDerived(ctx context.Context, c FsckConfig, ring vault.KeyRing, d *db.DB, rep *fsck.Report) (err error) {
	var v vault.Vault
	cfg := localdir.Config{Dir: derivedDir(c.Place), Keys: ring, Node: nodeOf(c.Place), Clock: c.Clock, Log: c.Log}
	_, inBucket, err := derivedBucket(c.Place, cfg)
	if err != nil {
		return err
	}
	if _, statErr := os.Stat(cfg.Dir); statErr == nil || inBucket {
		opened, err := inspectDerived(c.Place, cfg, c.Online)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened.Close()) }()
		v = opened
	}
	sound, lost, err := derivative.Check(ctx, d.Reader, v)
	if err != nil {
		return err
	}
	rep.Derivatives = sound
	for _, l := range lost {
		rep.Rebuild = append(rep.Rebuild, fsck.Finding{Code: "derivative.lost", ID: string(l.ID), What: string(l.Kind) + " " + string(l.File)})
	}
	return giving.CheckMasked(ctx, d.Reader, v, rep)
}

// Rebuild asks again for every derivative that is gone from its vault; the server makes them. It gives how many.
func Rebuild(ctx context.Context, c OpenConfig) (n int, err error) {
	c.WithVault = true
	h, err := Open(ctx, c)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return h.Derived.Rebuild(ctx)
}
