package performance_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/fault"
)

func TestParseFen(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]performance.Fen{
		"0": 0, "0.01": 1, "0.10": 10, "0.1": 10, "12": 1200, "1234.50": 123450, "007": 700,
		"100000000000": performance.Most, "100000000000.00": performance.Most,
	} {
		if got, err := performance.ParseFen(in); err != nil || got != want {
			t.Errorf("%s: %d %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", ".", ".5", "5.", "1.234", "-1", "+1", " 1", "1 ", "1,200", "1e3", "0x10", "１２", "一百", "1.2.3", "NaN", "100000000000.01", "1000000000000", "99999999999999999999",
	} {
		if got, err := performance.ParseFen(in); !fault.HasCode(err, "performance.money") {
			t.Errorf("%q was read as %d (%v)", in, got, err)
		}
	}
}

func TestFenText(t *testing.T) {
	t.Parallel()
	for f, want := range map[performance.Fen]string{
		0: "0.00", 1: "0.01", 99: "0.99", 100: "1.00", 123450: "1234.50", -5: "-0.05", -123450: "-1234.50",
		math.MinInt64: "-92233720368547758.08",
	} {
		if got := f.String(); got != want {
			t.Errorf("%d: %s", int64(f), got)
		}
	}
	raw, err := json.Marshal(map[string]performance.Fen{"fine": 123450})
	if err != nil || string(raw) != `{"fine":"1234.50"}` {
		t.Errorf("%s %v", raw, err)
	}
	var back map[string]performance.Fen
	if err := json.Unmarshal(raw, &back); err != nil || back["fine"] != 123450 {
		t.Errorf("%v %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"fine":1234.5}`), &back); err == nil {
		t.Error("a float was read as money")
	}
}

// TestFenRoundTrip: what is written is read again, to the fen.
func TestFenRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := performance.Fen(rapid.Int64Range(0, int64(performance.Most)).Draw(t, "fen"))
		if got, err := performance.ParseFen(f.String()); err != nil || got != f {
			t.Fatalf("%d: %s: %d %v", int64(f), f, int64(got), err)
		}
	})
}

// FuzzParseFen: whatever a person types is an amount that is written the same way, or refused.
func FuzzParseFen(f *testing.F) {
	for _, s := range []string{"0", "1234.50", "1234.5", "1,200", "１２", "-1", "1e9", "100000000000.01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := performance.ParseFen(s)
		if err != nil {
			return
		}
		if a < 0 || a > performance.Most {
			t.Fatalf("%q is %d", s, int64(a))
		}
		if b, err := performance.ParseFen(a.String()); err != nil || b != a {
			t.Fatalf("%q is %s, which is %d (%v)", s, a, int64(b), err)
		}
	})
}
