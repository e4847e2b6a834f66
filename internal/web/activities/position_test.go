package activities

import "testing"

func TestPosition(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{
		"0:02:15": 135_000, "2:15": 135_000, "135": 135_000, "2：15.5": 135_500, "": -1, "a:1": -1, "1:2:3:4": -1, "-5": -1, "NaN": -1, "Inf": -1, "1e9": -1,
	} {
		if got := position(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}
