package s3_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/s3"
	"zhilu.dev/zhilu/internal/vault/s3/buckettest"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

func config(t *testing.T, store *buckettest.Store, b s3.Bucket, fsys durable.FS, dir string, c clock.Clock, keys ...vault.Key) s3.Config {
	t.Helper()
	ring, err := vault.NewRing(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return s3.Config{Bucket: b, Keys: store.Keys, Stages: localdir.Config{
		Dir: dir, Keys: ring, Node: "n1", Reserve: 1 << 20, Clock: c, Log: slog.New(slog.DiscardHandler), FS: fsys,
	}}
}

// TestVault runs the suite over a real S3 store, with stages on a disk on which every call can be made to fail. What a
// test changes in an object it changes in the store's own folder, behind its back.
func TestVault(t *testing.T) {
	t.Parallel()
	store := buckettest.Start(t)
	t.Run("suite", func(t *testing.T) {
		vaulttest.Run(t, func(t *testing.T) *vaulttest.World {
			b := store.Bucket(t)
			disk := durabletest.NewDisk(256 << 20)
			faults := durabletest.NewFaults(disk)
			w := &vaulttest.World{Key: vault.NewKey(), Clock: clock.NewManual(time.Now().Truncate(time.Second))}
			open := func(t *testing.T, keys ...vault.Key) (vault.Vault, error) {
				v, err := s3.New(t.Context(), config(t, store, b, faults, "/v", w.Clock, keys...))
				if err != nil {
					return nil, err
				}
				return v, nil
			}
			v, err := open(t, w.Key)
			if err != nil {
				t.Fatal(err)
			}
			w.Vault = v
			w.Reopen = func(t *testing.T, keys ...vault.Key) (vault.Vault, error) {
				disk.PowerCut(nil)
				if len(keys) == 0 {
					keys = []vault.Key{w.Key}
				}
				return open(t, keys...)
			}
			w.Raw = func(t *testing.T, d vault.Digest) []byte {
				raw, err := os.ReadFile(store.Path(b, d))
				if err != nil {
					t.Fatal(err)
				}
				return raw
			}
			w.SetRaw = func(t *testing.T, d vault.Digest, raw []byte) {
				if _, err := os.Stat(store.Path(b, d)); err == nil {
					overwrite(t, store.Path(b, d), raw)
					return
				}
				_, err := store.Client.PutObject(t.Context(), b.Name, buckettest.Key(b, d), bytes.NewReader(raw), int64(len(raw)), minio.PutObjectOptions{DisableMultipart: true, SendContentMd5: true})
				if err != nil {
					t.Fatal(err)
				}
			}
			w.FailSync = func() {
				var done atomic.Bool
				faults.Plan(errors.New("EIO"), func(s durabletest.Step) durabletest.Outcome {
					if s.Op == "sync" && done.CompareAndSwap(false, true) {
						return durabletest.Fail
					}
					return durabletest.Pass
				})
			}
			w.SetFree = func(free int64) {
				s, _ := disk.Space("/")
				disk.SetTotal(s.Total - s.Free + 1<<20 + free)
			}
			return w
		})
	})
}

// overwrite changes a file's bytes and leaves what the store keeps beside them.
func overwrite(t *testing.T, name string, raw []byte) {
	t.Helper()
	f, err := os.OpenFile(filepath.Clean(name), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(raw)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}
