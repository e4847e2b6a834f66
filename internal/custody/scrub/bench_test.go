package scrub_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// BenchmarkScrub reads an object back from the disk beside sha256sum on the same bytes, on one core each, and says the ratio.
func BenchmarkScrub(b *testing.B) {
	const size = 256 << 20
	dir, ctx := b.TempDir(), context.Background()
	ring, err := vault.NewRing(vault.NewKey())
	if err != nil {
		b.Fatal(err)
	}
	v, err := localdir.New(ctx, localdir.Config{Dir: filepath.Join(dir, "vault"), Keys: ring, Node: "n", Reserve: -1, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = v.Close() })
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, content, 0o600); err != nil {
		b.Fatal(err)
	}
	stage, err := v.Begin(ctx, ident.New[ident.UploadID](), size, nil)
	if err == nil {
		_, err = stage.Append(ctx, io.Reader(bytes.NewReader(content)), nil)
	}
	if err != nil {
		b.Fatal(err)
	}
	info, _, err := stage.Seal(ctx, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	file := fsck.File{SHA256: info.Digest.String(), Size: size}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var ours, peer time.Duration
	b.SetBytes(size)
	for b.Loop() {
		at := time.Now()
		if out, err := exec.CommandContext(ctx, "sha256sum", plain).CombinedOutput(); err != nil {
			b.Fatal(err, string(out))
		}
		peer += time.Since(at)
		at = time.Now()
		found, err := fsck.Object(ctx, v, file, func(int64) error { return nil })
		if err != nil || len(found) > 0 {
			b.Fatal(found, err)
		}
		ours += time.Since(at)
	}
	b.ReportMetric(float64(peer)/float64(ours), "x-sha256sum")
	b.ReportMetric(size*float64(b.N)/ours.Seconds()/1e6, "scrub-MB/s")
}
