package player

import (
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/fault"
)

// FuzzSpans: what a player claims to have shown is read as stretches that run forwards, or refused.
func FuzzSpans(f *testing.F) {
	for _, s := range []string{"", "0-2000,9000-9500", "5-1", "-1-2", "1099511627776-1099511627777", "1", "0-0", strings.Repeat("1-2,", 70)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := spans(s)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if len(list) > maxSpans {
			t.Fatal(len(list))
		}
		for _, x := range list {
			if x.From < 0 || x.To < x.From {
				t.Fatalf("%q: %+v", s, x)
			}
		}
	})
}
