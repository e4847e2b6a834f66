package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/s3"
	"zhilu.dev/zhilu/internal/vault/s3/buckettest"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

// BenchmarkBucket compares a vault in a bucket with one in a folder, on one disk: taking in 64 MiB, reading it on, reading
// it back to verify. The store is versitygw on this machine, so no network is in it.
func BenchmarkBucket(b *testing.B) {
	store := buckettest.Start(b)
	ring, err := vault.NewRing(vault.NewKey())
	if err != nil {
		b.Fatal(err)
	}
	stages := func(name string) localdir.Config {
		return localdir.Config{
			Dir: filepath.Join(b.TempDir(), name), Keys: ring, Node: "n1", Reserve: -1, Clock: clock.NewManual(time.Now()), Log: slog.New(slog.DiscardHandler),
		}
	}
	bucket, err := s3.New(b.Context(), s3.Config{Bucket: store.Bucket(b), Keys: store.Keys, Stages: stages("s3")})
	if err != nil {
		b.Fatal(err)
	}
	folder, err := localdir.New(b.Context(), stages("local"))
	if err != nil {
		b.Fatal(err)
	}
	const size = 64 << 20
	for _, v := range []struct {
		name string
		vault.Vault
	}{{"bucket", bucket}, {"folder", folder}} {
		var d vault.Digest
		b.Run("take in/"+v.name, func(b *testing.B) {
			b.SetBytes(size)
			for i := range b.N {
				b.StopTimer()
				content := vaulttest.Content(uint64(i), size)
				d = sha256.Sum256(content)
				b.StartTimer()
				st, err := v.Begin(b.Context(), ident.New[ident.UploadID](), size, nil)
				if err == nil {
					_, err = st.Append(b.Context(), bytes.NewReader(content), nil)
				}
				if err == nil {
					_, _, err = st.Seal(b.Context(), nil, nil)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("read on/"+v.name, func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				o, err := v.Open(context.Background(), d)
				if err == nil {
					_, err = io.Copy(io.Discard, io.NewSectionReader(o, 0, o.Size()))
				}
				if err != nil {
					b.Fatal(err)
				}
				_ = o.Close()
			}
		})
		b.Run("verify/"+v.name, func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				if _, err := v.Verify(context.Background(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
