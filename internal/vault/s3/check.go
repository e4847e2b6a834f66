package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"time"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/vault"
)

// trialTerm is how long the object of a trial is locked.
const trialTerm = 24 * time.Hour

// check asks whether the bucket protects what lies in it; by trying, if it may.
func (s *shelf) check(ctx context.Context, try bool) error {
	ver, err := s.api.GetBucketVersioning(ctx, s.where.Name)
	if err != nil {
		return told(err)
	}
	if !ver.Enabled() {
		return unprotected("the bucket keeps no versions")
	}
	lock, _, _, _, err := s.api.GetObjectLockConfig(ctx, s.where.Name)
	if said, ok := errors.AsType[minio.ErrorResponse](err); ok && said.Code == "ObjectLockConfigurationNotFoundError" {
		lock, err = "", nil
	}
	if err != nil {
		return told(err)
	}
	if lock != "Enabled" {
		return unprotected("Object Lock is off in the bucket")
	}
	if !try {
		return nil
	}
	return s.trial(ctx)
}

// trial does to an object of its own what must not be possible to any. It is one a day and node, so that it can be
// asked at every start; what earlier ones left is cleared away once their term is over.
func (s *shelf) trial(ctx context.Context) error {
	now := s.clock.Now().UTC()
	key := s.where.key("trial/" + s.node + "/" + now.Format(time.DateOnly))
	sum := sha256.Sum256([]byte(key))
	put := func() (minio.UploadInfo, error) {
		opts := s.options(base64.StdEncoding.EncodeToString(sum[:]))
		opts.RetainUntilDate = now.Add(trialTerm)
		return s.api.PutObject(ctx, s.where.Name, key, bytes.NewReader([]byte(key)), int64(len(key)), "", hex.EncodeToString(sum[:]), opts)
	}
	if _, err := put(); err != nil && !errors.Is(told(err), fs.ErrExist) {
		return told(err)
	}
	if _, err := put(); err == nil {
		return unprotected("the store gives away a name that is taken")
	} else if !errors.Is(told(err), fs.ErrExist) {
		return told(err)
	}
	var version string
	for l, err := range s.lots(ctx, key) {
		if err != nil {
			return err
		}
		if o, ok := l.first(); ok && l.key == key {
			version = o.VersionID
		}
	}
	if version == "" {
		return unprotected("the store does not list what it has just taken in")
	}
	sooner, weaker := now.Add(time.Hour), minio.Governance
	for _, deed := range []struct {
		why string
		do  func() error
	}{
		{"a version under COMPLIANCE can be deleted", func() error {
			return s.api.RemoveObject(ctx, s.where.Name, key, minio.RemoveObjectOptions{VersionID: version})
		}},
		{"a version under COMPLIANCE can be deleted by going round governance", func() error {
			return s.api.RemoveObject(ctx, s.where.Name, key, minio.RemoveObjectOptions{VersionID: version, GovernanceBypass: true})
		}},
		{"a term under COMPLIANCE can be shortened", func() error {
			return s.api.PutObjectRetention(ctx, s.where.Name, key, minio.PutObjectRetentionOptions{
				Mode: &weaker, RetainUntilDate: &sooner, VersionID: version, GovernanceBypass: true,
			})
		}},
	} {
		if deed.do() == nil {
			return unprotected(deed.why)
		}
	}
	// What refused could have been the network: the object must still be there.
	if _, err := s.api.StatObject(ctx, s.where.Name, key, minio.StatObjectOptions{VersionID: version}); err != nil {
		return told(err)
	}
	s.clear(ctx, now)
	return nil
}

// clear takes away old trials, and uploads in parts that a crash left. That it fails harms nobody.
func (s *shelf) clear(ctx context.Context, now time.Time) {
	for l, err := range s.lots(ctx, s.where.key("trial/"+s.node+"/")) {
		if err != nil {
			return
		}
		for _, o := range l.objects {
			if now.Sub(o.LastModified) > trialTerm+time.Hour {
				_ = s.api.RemoveObject(ctx, s.where.Name, l.key, minio.RemoveObjectOptions{VersionID: o.VersionID})
			}
		}
	}
	for up := range s.api.ListIncompleteUploads(ctx, s.where.Name, s.where.key("objects/"), true) {
		if up.Err == nil && now.Sub(up.Initiated) > vault.StaleAfter {
			_ = s.api.AbortMultipartUpload(ctx, s.where.Name, up.Key, up.UploadID)
		}
	}
}
