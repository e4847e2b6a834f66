package edition

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMerge: moved onto a newer list, a draft keeps each row it changed, added or took out, and takes every other as the newer list
// has it; moved onto its own base it stays as it is.
func TestMerge(t *testing.T) {
	t.Parallel()
	type row struct {
		id   string
		text int
	}
	id := func(r row) string { return r.id }
	of := func(list []row) map[string]int {
		m := map[string]int{}
		for _, r := range list {
			m[r.id] = r.text
		}
		return m
	}
	rapid.Check(t, func(t *rapid.T) {
		list := func(label string) []row {
			m := rapid.MapOfN(rapid.StringMatching("[a-f]"), rapid.IntRange(1, 3), 0, 6).Draw(t, label)
			var out []row
			for _, k := range slices.Sorted(maps.Keys(m)) {
				out = append(out, row{k, m[k]})
			}
			return out
		}
		base, draft, newest := list("base"), list("draft"), list("newest")
		b, d, n, got := of(base), of(draft), of(newest), of(merge(base, draft, newest, id))
		for _, k := range []string{"a", "b", "c", "d", "e", "f"} {
			want := n[k]
			if d[k] != b[k] { // 0 where it is not there
				want = d[k]
			}
			if got[k] != want {
				t.Fatalf("%s: %d, want %d; base %v draft %v newest %v", k, got[k], want, b, d, n)
			}
		}
		if again := of(merge(base, draft, base, id)); !maps.Equal(again, d) {
			t.Fatalf("moved onto its own base: %v, want %v", again, d)
		}
	})
}
