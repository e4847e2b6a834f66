package derive

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestQuiet finds stretches of silence however the samples are cut into pieces.
func TestQuiet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var raw []byte
		var want []Silence
		n := int64(0)
		for i := range rapid.IntRange(0, 6).Draw(t, "stretches") {
			length := rapid.Int64Range(1, 7*soundRate).Draw(t, "length")
			loud := i%2 == 0
			for j := range length {
				v := int16(0)
				switch {
				case loud && (j == 0 || j == length-1):
					v = hush + 1
				case j%3 == 0:
					v = -hush
				}
				raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
			}
			if from, to := at(n), at(n+length); !loud && to-from >= hushed {
				want = append(want, Silence{from, to})
			}
			if loud && at(n+length-1)-at(n+1) >= hushed {
				want = append(want, Silence{at(n + 1), at(n + length - 1)})
			}
			n += length
		}
		var q quiet
		write := sampled(q.take)
		for len(raw) > 0 {
			k := min(len(raw), rapid.IntRange(1, 70_000).Draw(t, "piece"))
			_, _ = write(raw[:k]) // it takes all
			raw = raw[k:]
		}
		if diff := cmp.Diff(want, q.end()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestManySilences: a track with more stretches than are listed is told as one.
func TestManySilences(t *testing.T) {
	t.Parallel()
	var q quiet
	for i := range int64(maxSilences + 5) {
		q.since, q.n = i*10*soundRate, i*10*soundRate+soundRate*6
		q.close()
	}
	if got := q.list; len(got) == 0 || got[0].From != 0 || got[len(got)-1].To < time.Duration(maxSilences)*10*time.Second {
		t.Fatal(len(got), got[0])
	}
}
