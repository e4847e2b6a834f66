package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Size{
		"0": 0, "1": 1, "512B": 512, "3 KiB": 3 * KiB, "2gib": 2 * GiB, "1TiB": TiB, "5MB": 5e6, "1kb": 1000, " 7TB ": 7e12,
		"": -1, "GiB": -1, "-1": -1, "1.5GiB": -1, "2 lots": -1, "99999999TiB": -1, "9223372036854775808": -1,
	} {
		var got Size
		err := got.UnmarshalText([]byte(in))
		if want < 0 {
			if err == nil {
				t.Errorf("%q: got %d, want an error", in, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", in, got, err, want)
		}
	}
}

// TestSizeRoundTrip: what String writes, UnmarshalText reads.
func TestSizeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := Size(rapid.Int64Min(0).Draw(t, "size"))
		var got Size
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%d is written %s, read %d, %v", want, want, got, err)
		}
	})
}

func TestDistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 12, 12).Draw(t, "a"), rapid.StringN(0, 12, 12).Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Fatalf("distance(%q, %q) = %d", a, b, d)
		}
	})
	if d := distance("listn", "listen"); d != 1 {
		t.Errorf("listn → listen: %d", d)
	}
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{`{}`, `{"idle":"5m","reserve":1,"plain-http":true}`, `{"a":"1","a":2}`, `{"a":[]}`, `{"a":nul`, `[]`, "{}{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = parseFile(strings.NewReader(text)) // must not panic
	})
}
