package localdir_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

const benchSize = 256 << 20

func benchVault(b *testing.B) *localdir.Vault {
	b.Helper()
	ring, err := vault.NewRing(vault.NewKey())
	if err != nil {
		b.Fatal(err)
	}
	v, err := localdir.New(b.Context(), localdir.Config{
		Dir: filepath.Join(b.TempDir(), "v"), Keys: ring, Node: "bench", Reserve: -1,
		Clock: clock.System(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = v.Close() })
	return v
}

// stamp makes every round's content another one.
func stamp(content []byte, round int) {
	copy(content, time.Now().Format(time.RFC3339Nano))
	content[100], content[101] = byte(round), byte(round>>8)
}

func put(b *testing.B, v vault.Vault, content []byte, check func() error) vault.Info {
	b.Helper()
	s, err := v.Begin(b.Context(), ident.New[ident.UploadID](), int64(len(content)), nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Append(b.Context(), bytes.NewReader(content), check); err != nil {
		b.Fatal(err)
	}
	info, _, err := s.Seal(b.Context(), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	return info
}

// BenchmarkPut stages and seals, durable, 256 MiB at a time and 64 KiB at a time.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int64{64 << 10, benchSize} {
		b.Run(byteCount(size), func(b *testing.B) {
			v, content := benchVault(b), vaulttest.Content(1, size)
			b.SetBytes(size)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				stamp(content, i)
				put(b, v, content, nil)
			}
		})
	}
}

// BenchmarkVerify reads back from the disk, SHA-256 and SM3.
func BenchmarkVerify(b *testing.B) {
	v, content := benchVault(b), vaulttest.Content(1, benchSize)
	d := put(b, v, content, nil).Digest
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads an object from front to back in pieces of 32 KiB, as a web server does.
func BenchmarkRead(b *testing.B) {
	v, content := benchVault(b), vaulttest.Content(1, benchSize)
	o, err := v.Open(b.Context(), put(b, v, content, nil).Digest)
	if err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 32<<10)
	b.SetBytes(benchSize)
	for b.Loop() {
		for off := int64(0); off < benchSize; off += int64(len(p)) {
			if _, err := o.ReadAt(p, off); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := o.Close(); err != nil {
		b.Fatal(err)
	}
}

func byteCount(n int64) string {
	if n >= 1<<20 {
		return "256MiB"
	}
	return "64KiB"
}
