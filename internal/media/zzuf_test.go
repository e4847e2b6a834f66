package media

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/exif"
	"zhilu.dev/zhilu/internal/media/place"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// Bounds on what our own readers may take for one mutant of a few megabytes. The time only catches what would never end.
const (
	mutantMemory = 64 << 20
	mutantTime   = 2 * time.Minute
)

// zzuf spoils a file by the tool of that name: three mutants in nine everywhere, three in the head, three in the tail, where the
// tables stand, each at another ratio of bits. The same number gives the same mutant.
func zzuf(t *testing.T, good []byte, n int) []byte {
	t.Helper()
	args := []string{"-s", fmt.Sprint(n), "-r", []string{"0.00002", "0.0005", "0.01"}[n%3]}
	switch n / 3 % 3 {
	case 1:
		args = append(args, "-b", "0-65535")
	case 2:
		args = append(args, "-b", fmt.Sprintf("%d-", max(0, len(good)-64<<10)))
	}
	cmd := exec.CommandContext(t.Context(), "zzuf", args...)
	cmd.Stdin = bytes.NewReader(good)
	out, err := cmd.Output()
	if err != nil || len(out) != len(good) {
		t.Fatalf("zzuf %v: %d bytes of %d, %v", args, len(out), len(good), err)
	}
	return out
}

// readAll puts a file through every reader of ours that runs in the server's own process, whatever its kind.
func readAll(ctx context.Context, b []byte) error {
	r, size, head := bytes.NewReader(b), int64(len(b)), b[:min(len(b), sniff.HeadLen)]
	kind := sniff.Of(head)
	tl, file, err := timeline.Read(ctx, r, size)
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	_ = profile.OfRecording(kind, file, tl)
	if _, err := place.OfRecording(ctx, r, size, file); err != nil {
		return fmt.Errorf("place: %w", err)
	}
	for i := range file.Tracks {
		if _, err := bmff.Extents(ctx, r, size, file.Tracks[i], 100_000); err != nil {
			return fmt.Errorf("extents: %w", err)
		}
	}
	if front, err := bmff.Front(ctx, r, size); err == nil { // else it says why not
		if n, err := io.Copy(io.Discard, io.LimitReader(front, 2*size+1)); err == nil && n > 2*size {
			return fmt.Errorf("front: more than %d bytes out of %d", n, size)
		}
	}
	for _, k := range []sniff.Kind{kind, sniff.AVI, sniff.TS, sniff.Matroska} {
		if _, err := profile.Read(r, size, k); err != nil {
			return fmt.Errorf("profile as %s: %w", k, err)
		}
	}
	exif.Read(head)
	exif.Turn(head)
	place.OfPicture(head)
	return nil
}

// T16, T18: mutants by zzuf of all camera files go through our own readers, and through the fenced prober: all of them where
// ZHILU_MUTANTS asks for many, or every one in ZHILU_MUTANTS_PROBE_EVERY; one in six in the short cut.
func TestZzuf(t *testing.T) {
	needTool(t, "zzuf", "ffprobe", "prlimit")
	p := newProber(t)
	names := []string{"phone-uuid540.mp4", "iphone-with-gps.mov", "sony-avchd.mts", "gopro-karma.mp4", "MVI_4823.AVI"}
	good := make([][]byte, len(names))
	for i, n := range names {
		var err error
		if good[i], err = os.ReadFile(realFile(t, n)); err != nil {
			t.Fatal(err)
		}
		if err := readAll(t.Context(), good[i]); err != nil {
			t.Fatalf("%s unspoiled: %v", n, err)
		}
	}
	n, every := mutants(t), 6
	if os.Getenv("ZHILU_MUTANTS") != "" {
		every = 1
	}
	if v := os.Getenv("ZHILU_MUTANTS_PROBE_EVERY"); v != "" {
		if _, err := fmt.Sscan(v, &every); err != nil || every < 1 {
			t.Fatalf("ZHILU_MUTANTS_PROBE_EVERY=%s", v)
		}
	}
	var probed, unreadable int
	var most uint64
	var slowest time.Duration
	for i := range n {
		k := i % len(names)
		b := zzuf(t, good[k], i/len(names))
		used, took := readMutant(t, b, fmt.Sprintf("mutant %d of %s", i/len(names), names[k]))
		most, slowest = max(most, used), max(slowest, took)
		if i > 0 && i%1000 == 0 {
			t.Logf("%d so far, at most %.1f MiB and %v for one; %d probed", i, float64(most)/(1<<20), slowest.Round(time.Millisecond), probed)
		}
		if i%every != 0 {
			continue
		}
		probed++
		facts, err := p.Probe(t.Context(), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: names[k], SeenAt: seen})
		if err != nil {
			t.Fatalf("mutant %d of %s: %v", i/len(names), names[k], err)
		}
		if slices.Contains(facts.Flags, FlagUnreadable) {
			unreadable++
		}
		for _, f := range facts.Flags {
			if !knownFlag(f) {
				t.Errorf("mutant %d of %s: flag %q", i/len(names), names[k], f)
			}
		}
	}
	t.Logf("%d mutants through our readers, at most %.1f MiB and %v for one; %d of them through the fenced prober, %d unreadable",
		n, float64(most)/(1<<20), slowest.Round(time.Millisecond), probed, unreadable)
}

// readMutant reads one mutant within the bounds, and says what it took.
func readMutant(t *testing.T, b []byte, what string) (memory uint64, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), mutantTime)
	defer cancel()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	err := readAll(ctx, b)
	took = time.Since(began)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	memory = after.TotalAlloc - before.TotalAlloc
	if memory > mutantMemory {
		t.Errorf("%s: %d bytes of memory for a file of %d", what, memory, len(b))
	}
	return memory, took
}
