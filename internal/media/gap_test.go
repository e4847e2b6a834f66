package media

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func names(all ...string) []NameFacts {
	out := make([]NameFacts, 0, len(all))
	for _, n := range all {
		out = append(out, ParseName(n))
	}
	return out
}

// T2: an officer deletes a clip from the card.
func TestMissingNumbers(t *testing.T) {
	t.Parallel()
	type gap struct {
		Kind             GapKind
		From, To, Number int
		Before, After    string
	}
	cases := map[string]struct {
		card, previous []string
		want           []gap
	}{
		"whole":                   {card: []string{"IMG_0001.JPG", "MVI_0002.AVI", "IMG_0003.JPG"}},
		"one is gone":             {card: []string{"MVI_0001.AVI", "MVI_0003.AVI"}, want: []gap{{GapMissing, 2, 2, 0, "MVI_0001.AVI", "MVI_0003.AVI"}}},
		"three are gone":          {card: []string{"C0005.MP4", "C0001.MP4"}, want: []gap{{GapMissing, 2, 4, 0, "C0001.MP4", "C0005.MP4"}}},
		"a copy counts once":      {card: []string{"C0001.MP4", "C0001 (1).MP4", "C0002.MP4"}},
		"goes on from last card":  {card: []string{"C0012.MP4"}, previous: []string{"C0009.MP4"}, want: []gap{{GapMissing, 10, 11, 0, "C0009.MP4", "C0012.MP4"}}},
		"same card again":         {card: []string{"C0008.MP4", "C0009.MP4", "C0010.MP4"}, previous: []string{"C0009.MP4"}},
		"ran over":                {card: []string{"IMG_9998.JPG", "IMG_9999.JPG", "IMG_0001.JPG"}},
		"ran over with a loss":    {card: []string{"IMG_9998.JPG", "IMG_0002.JPG"}, want: []gap{{GapMissing, 1, 1, 0, "IMG_9998.JPG", "IMG_0002.JPG"}, {GapMissing, 9999, 9999, 0, "IMG_9998.JPG", "IMG_0002.JPG"}}},
		"ran over from last card": {card: []string{"IMG_0001.JPG"}, previous: []string{"IMG_9999.JPG"}},
		"big jump":                {card: []string{"C0001.MP4", "C5000.MP4"}, want: []gap{{GapJump, 2, 4999, 0, "C0001.MP4", "C5000.MP4"}}},
		"counter reset":           {card: []string{"C0001.MP4"}, previous: []string{"C0500.MP4"}, want: []gap{{GapJump, 501, 0, 0, "C0500.MP4", "C0001.MP4"}}},
		"chapters":                {card: []string{"GX010007.MP4", "GX030007.MP4", "GX010008.MP4"}, want: []gap{{GapChapter, 2, 2, 7, "GX010007.MP4", "GX030007.MP4"}}},
		"first chapter":           {card: []string{"GP010007.MP4", "GOPR0008.MP4"}, want: []gap{{GapChapter, 1, 1, 7, "", "GP010007.MP4"}}},
		"recorder, two officers": {
			card: []string{"DSJ-AB12_000001_20261123091208_0001.mp4", "DSJ-AB12_000002_20261123101208_0002.mp4", "DSJ-AB12_000001_20261123111208_0004.mp4"},
			want: []gap{{GapMissing, 3, 3, 0, "DSJ-AB12_000002_20261123101208_0002.mp4", "DSJ-AB12_000001_20261123111208_0004.mp4"}},
		},
		"starts anew each day": {
			card: []string{"20261123_091208_0001.mp4", "20261123_101208_0002.mp4", "20261124_091208_0001.mp4", "20261124_101208_0003.mp4"},
			want: []gap{{GapMissing, 2, 2, 0, "20261124_091208_0001.mp4", "20261124_101208_0003.mp4"}},
		},
		"no numbers": {card: []string{"VID_20261123_091208.mp4", "会议.mp4"}},
		"two series": {card: []string{"C0001.MP4", "DSC00003.JPG"}},
		"nothing":    {},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var got []gap
			for _, g := range MissingNumbers(names(c.card...), names(c.previous...)...) {
				got = append(got, gap{g.Kind, g.From, g.To, g.Number, g.Before, g.After})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}

// T2: exactly the removed numbers are reported, wherever the counter starts and in whatever order the card lists them.
func TestMissingNumbersProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.IntRange(1, 9999).Draw(t, "start")
		count := rapid.IntRange(2, 180).Draw(t, "count")
		seed := rapid.Uint64().Draw(t, "seed")
		var card []NameFacts
		removed := map[int]bool{}
		for i := range count {
			number := (start+i-1)%9999 + 1
			if i > 0 && i < count-1 && rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
				removed[number] = true
				continue
			}
			card = append(card, ParseName(fmt.Sprintf("REC_20261123_091208_%04d.mp4", number)))
		}
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(card), func(i, j int) { card[i], card[j] = card[j], card[i] })
		found := map[int]bool{}
		for _, g := range MissingNumbers(card) {
			if g.Kind != GapMissing {
				t.Fatalf("kind %s in %+v", g.Kind, g)
			}
			for n := g.From; n <= g.To; n++ {
				if found[n] {
					t.Fatalf("%d reported twice", n)
				}
				found[n] = true
			}
		}
		if diff := cmp.Diff(removed, found); diff != "" {
			t.Fatalf("missing (-removed +found):\n%s", diff)
		}
	})
}
