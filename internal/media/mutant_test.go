package media

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// mutants is how many spoiled files are probed; `make fault-media` asks for 10,000.
func mutants(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ZHILU_MUTANTS")
	if text == "" {
		return 30
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// spoil changes some bytes as zzuf does: each bit with a small chance, more of them in the head and the tail, where the
// tables stand; now and then the end is missing. The same seed gives the same file.
func spoil(good []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	b := bytes.Clone(good)
	if r.IntN(8) == 0 {
		b = b[:r.IntN(len(b))+1]
	}
	for range 1 + r.IntN(400) {
		at := r.IntN(len(b))
		switch r.IntN(3) {
		case 0:
			at = r.IntN(min(len(b), 4096))
		case 1:
			at = len(b) - 1 - r.IntN(min(len(b), 64<<10))
		}
		b[at] ^= 1 << r.IntN(8)
	}
	return b
}

// T16, T17: whatever is spoiled in a file, probing it in the fence gives facts and flags, never a panic, never an error of
// the house, and memory stays flat.
func TestMutants(t *testing.T) {
	needTool(t, "ffprobe", "prlimit")
	p := newProber(t)
	names := []string{"phone-uuid540.mp4", "iphone-with-gps.mov", "sony-avchd.mts"}
	var good [][]byte
	for _, n := range names {
		b, err := os.ReadFile(realFile(t, n))
		if err != nil {
			t.Fatal(err)
		}
		good = append(good, b)
	}
	var first, now runtime.MemStats
	n := mutants(t)
	for i := range n {
		k := i % len(names)
		b := spoil(good[k], uint64(i))
		facts, err := p.Probe(t.Context(), Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: names[k], SeenAt: seen})
		if err != nil {
			t.Fatalf("mutant %d of %s: %v", i, names[k], err)
		}
		for _, f := range facts.Flags {
			if !knownFlag(f) {
				t.Errorf("mutant %d of %s: flag %q", i, names[k], f)
			}
		}
		if i == n/10 {
			runtime.GC()
			runtime.ReadMemStats(&first)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&now)
	if now.HeapAlloc > first.HeapAlloc+16<<20 {
		t.Errorf("memory grew from %d to %d bytes", first.HeapAlloc, now.HeapAlloc)
	}
}

func knownFlag(f Flag) bool {
	for _, k := range allFlags {
		if k == f {
			return true
		}
	}
	return false
}
