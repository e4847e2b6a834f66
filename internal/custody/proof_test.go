package custody_test

import (
	"context"
	"encoding/base64"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
)

// Proofs made from any tree and any two sizes are accepted by another library's verifier, with the roots that were
// signed, and by no other root.
func TestProofsProperty(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, dbtest.SQLite(t))
	roots := map[int64][]byte{}
	var sizes []int64
	n := 0
	for _, more := range []int{0, 1, 1, 3, 7, 60, 181, 2, 1, 256, 30, 500} {
		var batch []custody.Entry
		for range more {
			batch = append(batch, sample(n))
			n++
		}
		if more > 0 {
			write(t, w.d, batch...)
		}
		w.sequence(t)
		c, err := custody.Latest(ctx, w.d.Reader)
		if err != nil {
			t.Fatal(err)
		}
		roots[c.Size] = decode(t, c.Root)
		sizes = append(sizes, c.Size)
	}
	last := sizes[len(sizes)-1]
	rapid.Check(t, func(rt *rapid.T) {
		older, newer := rapid.SampledFrom(sizes).Draw(rt, "older"), rapid.SampledFrom(sizes).Draw(rt, "newer")
		if older > newer {
			older, newer = newer, older
		}
		hashes, err := custody.ProveConsistency(ctx, w.d.Reader, older, newer)
		if err != nil {
			rt.Fatal(err)
		}
		check := func(root []byte) error {
			return proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(older), uint64(newer), decodeAll(hashes), roots[older], root)
		}
		if err := check(roots[newer]); err != nil {
			rt.Fatalf("%d in %d: %v", older, newer, err)
		}
		wrong := append([]byte(nil), roots[newer]...)
		wrong[rapid.IntRange(0, 31).Draw(rt, "byte")] ^= 1
		if check(wrong) == nil && older != newer {
			rt.Fatal("another root is accepted")
		}
		index := rapid.Int64Range(0, last-1).Draw(rt, "index")
		p, err := custody.ProveInclusion(ctx, w.d.Reader, index)
		if err != nil {
			rt.Fatal(err)
		}
		rec, err := custody.Range(ctx, w.d.Reader, index, index+1)
		if err != nil {
			rt.Fatal(err)
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(rec[0].Leaf())
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(p.Size), leaf, decodeAll(p.Hashes), roots[p.Size]); err != nil {
			rt.Fatal(err)
		}
	})
	for _, wrong := range [][2]int64{{2, 1}, {-1, 1}, {0, last + 1}} {
		if _, err := custody.ProveConsistency(ctx, w.d.Reader, wrong[0], wrong[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	if _, err := custody.ProveInclusion(ctx, w.d.Reader, last); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

func decode(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeAll(texts []string) [][]byte {
	out := make([][]byte, len(texts))
	for i, s := range texts {
		out[i], _ = base64.StdEncoding.DecodeString(s)
	}
	return out
}

// T15, decision 5: a rotation that was cut short at any step is finished or undone at the next start.
func TestRotationSurvivesACrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		w.sequence(t)
		// Cut short before the log named the key: it is dropped.
		old := w.keys.Public("log")
		if _, err := w.keys.Prepare("log"); err != nil {
			t.Fatal(err)
		}
		w.reopen(t)
		if !w.keys.Public("log").Equal(old) {
			t.Fatal("a key that the log does not name signs")
		}
		if next, err := w.keys.Next("log"); next != nil || err != nil {
			t.Fatal(next, err)
		}
		// Cut short after: it is taken into use.
		prev := t.TempDir() + "/log.key"
		copyFile(t, w.dir+"/log.key", prev)
		if err := w.seq.RotateKey(ctx, "log", person); err != nil {
			t.Fatal(err)
		}
		copyFile(t, w.dir+"/log.key", w.dir+"/log.key.next")
		copyFile(t, prev, w.dir+"/log.key")
		w.reopen(t)
		if w.keys.Public("log").Equal(old) {
			t.Fatal("the retired key signs")
		}
		write(t, d, sample(1))
		w.sequence(t)
		if r := w.audit(t); len(r) != 0 {
			t.Fatalf("%+v", r)
		}
		trust, err := custody.ReadTrust(ctx, d.Reader, origin, "")
		if err != nil || len(trust.Keys) != 3 {
			t.Fatalf("%+v %v", trust, err)
		}
	})
}
