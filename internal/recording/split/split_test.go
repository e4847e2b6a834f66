package split_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/recording/split"
)

var began = time.Date(2026, 11, 27, 9, 12, 8, 0, time.UTC)

func form() *profile.Profile {
	return &profile.Profile{Version: profile.Version, Container: "mp4", Brand: "mp42", Tracks: []profile.Track{{Kind: "vide", Codec: "avc1", Width: 1920}}}
}

// chain makes files that follow one another, of these lengths.
func chain(pattern string, lengths ...time.Duration) []split.Piece {
	var out []split.Piece
	at := began
	for i, l := range lengths {
		out = append(out, split.Piece{
			Name: media.ParseName(fmt.Sprintf(pattern, i+1)), Card: "c", Device: "d", Officer: "o", Size: int64(l / time.Millisecond * 1000), Start: at,
			Source: media.OriginName, Length: l, Form: form(),
		})
		at = at.Add(l)
	}
	return out
}

const (
	body  = "DSJ-0007_20261127091208_%04d.MP4"
	gopro = "GH%02d0123.MP4"
)

func TestJoins(t *testing.T) {
	t.Parallel()
	ten, odd := 10*time.Minute, 8*time.Minute+53*time.Second
	for _, c := range []struct {
		what   string
		list   []split.Piece
		change func([]split.Piece)
		want   []split.Why // of the second, the third, …; joined unless it is a reason to stay apart
		joined int
	}{
		{"cut each ten minutes", chain(body, ten, ten, 3*time.Minute), nil, []split.Why{split.SetLength, split.SetLength}, 2},
		{"cut at 4 GiB", chain(body, odd, 3*time.Minute), func(l []split.Piece) { l[0].Size = 1<<32 - 20<<20 }, []split.Why{split.SizeLimit}, 1},
		{"cut at 2 GiB, the second longer", chain(body, odd, 9*time.Minute), func(l []split.Piece) { l[0].Size, l[1].Size = 1<<31-5, 1<<31-9 }, []split.Why{split.SizeLimit}, 1},
		{"cut at a length of its own", chain(body, odd, odd, odd, time.Minute), nil, []split.Why{split.SameAs, split.SameAs, split.SameAs}, 3},
		{"two of an odd length", chain(body, odd, 3*time.Minute), nil, []split.Why{split.NotFull}, 0},
		{"stopped at once and started again", chain(body, 4*time.Minute+2*time.Second, 3*time.Minute), nil, []split.Why{split.NotFull}, 0},
		{"the second is longer", chain(body, ten, 12*time.Minute), nil, []split.Why{split.NotFull}, 0},
		{"chapters", chain(gopro, odd, odd, time.Minute), nil, []split.Why{split.Chapter, split.Chapter}, 2},
		{"chapters with the start of the whole", chain(gopro, odd, odd), func(l []split.Piece) { l[1].Start = l[0].Start }, []split.Why{split.Chapter}, 1},
		{"chapters whose times do not fit", chain(gopro, odd, odd), func(l []split.Piece) { l[1].Start = l[1].Start.Add(time.Hour) }, []split.Why{split.Pause}, 0},
		{"half a second between", chain(body, ten, ten), func(l []split.Piece) { l[1].Start = l[1].Start.Add(500 * time.Millisecond) }, []split.Why{split.SetLength}, 1},
		{"a pause", chain(body, ten, ten), func(l []split.Piece) { l[1].Start = l[1].Start.Add(34 * time.Second) }, []split.Why{split.Pause}, 0},
		{"an overlap", chain(body, ten, ten), func(l []split.Piece) { l[1].Start = l[1].Start.Add(-5 * time.Second) }, []split.Why{split.Overlap}, 0},
		{"another card", chain(body, ten, ten), func(l []split.Piece) { l[1].Card = "e" }, []split.Why{split.OtherCard}, 0},
		{"no card", chain(body, ten, ten), func(l []split.Piece) { l[0].Card, l[1].Card = "", "" }, []split.Why{split.OtherCard}, 0},
		{"another camera", chain(body, ten, ten), func(l []split.Piece) { l[1].Device = "e" }, []split.Why{split.OtherCamera}, 0},
		{"unknown cameras", chain(body, ten, ten), func(l []split.Piece) { l[0].Device, l[1].Device = "", "" }, []split.Why{split.OtherCamera}, 0},
		{"other hands", chain(body, ten, ten), func(l []split.Piece) { l[1].Officer = "p" }, []split.Why{split.OtherOfficer}, 0},
		{"something was noted", chain(body, ten, ten), func(l []split.Piece) { l[1].Noted = true }, []split.Why{split.Noted}, 0},
		{"taken apart", chain(body, ten, ten, ten), func(l []split.Piece) { l[1].Apart = true }, []split.Why{split.TakenApart, split.SetLength}, 1},
		{"another size of picture", chain(body, ten, ten), func(l []split.Piece) { l[1].Form.Tracks[0].Width = 1280 }, []split.Why{split.OtherForm}, 0},
		{"re-muxed", chain(body, ten, ten), func(l []split.Piece) { l[1].Form.Brand = "isom" }, []split.Why{split.OtherForm}, 0},
		{"unknown form", chain(body, ten, ten), func(l []split.Piece) { l[0].Form = nil }, []split.Why{split.OtherForm}, 0},
		{"pictures", chain(body, ten, ten), func(l []split.Piece) { l[0].Picture, l[1].Picture = true, true }, []split.Why{split.OtherForm}, 0},
		{"no start", chain(body, ten, ten), func(l []split.Piece) { l[1].Start = time.Time{} }, []split.Why{split.NoTime}, 0},
		{"the first has no end", chain(body, ten, ten), func(l []split.Piece) { l[0].Length = 0 }, []split.Why{split.NoTime}, 0},
		{"the last was cut by a flat battery", chain(body, ten, ten), func(l []split.Piece) { l[1].Length = 0 }, []split.Why{split.SetLength}, 1},
		{"times of different sources", chain(body, ten, ten), func(l []split.Piece) { l[1].Source = media.OriginFileSystem }, []split.Why{split.OtherClock}, 0},
		{"a number is missing", chain(body, ten, ten, ten), func(l []split.Piece) {
			l[1].Name, l[2].Name = media.ParseName(fmt.Sprintf(body, 3)), media.ParseName(fmt.Sprintf(body, 4))
		}, []split.Why{"", split.SetLength}, 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			for i := range c.list {
				if !c.list[i].Name.HasNumber {
					t.Fatalf("%q has no number", c.list[i].Name.Base)
				}
			}
			if c.change != nil {
				c.change(c.list)
			}
			split.Order(c.list)
			joined := 0
			for i, j := range split.Joins(c.list) {
				if j.Joined {
					joined++
				}
				if i > 0 && j.Why != c.want[i-1] {
					t.Errorf("%d: %+v, want %s", i, j, c.want[i-1])
				}
			}
			if joined != c.joined {
				t.Errorf("%d joined, want %d", joined, c.joined)
			}
		})
	}
}

// Whatever files there are: what is joined follows by number, is of one camera and one card, touches in time within the
// tolerance, and one more doubt never joins what was apart.
func TestNeverOnDoubt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(r, "files")
		var list []split.Piece
		at := began
		for i := range n {
			length := time.Duration(rapid.SampledFrom([]int{0, 59, 60, 300, 533, 600, 601, 602}).Draw(r, "length")) * time.Second
			p := chain(body, length)[0]
			p.Name = media.ParseName(fmt.Sprintf(body, i+rapid.IntRange(1, 2).Draw(r, "step")))
			p.Size = rapid.SampledFrom([]int64{1, 1 << 20, 1<<31 - 1, 1<<32 - 1, 1 << 33}).Draw(r, "size")
			p.Card = ident.CardID(rapid.SampledFrom([]string{"c", "c", "c", "e", ""}).Draw(r, "card"))
			p.Device = ident.DeviceID(rapid.SampledFrom([]string{"d", "d", "d", "e", ""}).Draw(r, "device"))
			at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, -1, 3, -3, 60}).Draw(r, "gap")) * time.Second)
			p.Start = at
			at = at.Add(length)
			list = append(list, p)
		}
		split.Order(list)
		joins := split.Joins(list)
		for i := 1; i < n; i++ {
			a, b, j := list[i-1], list[i], joins[i]
			if !j.Joined {
				continue
			}
			if gap := b.Start.Sub(a.Start.Add(a.Length)); gap > split.Tolerance || gap < -split.Tolerance || j.Gap != gap {
				r.Fatalf("joined over %v", gap)
			}
			if !split.Next(a.Name, b.Name) || a.Device != b.Device || a.Device == "" || a.Card != b.Card || a.Card == "" || a.Length == 0 || j.Why == split.NotFull {
				r.Fatalf("joined %+v and %+v", a, b)
			}
		}
		k := rapid.IntRange(0, n-1).Draw(r, "doubt")
		list[k].Noted = true
		for i, j := range split.Joins(list) {
			if j.Joined && !joins[i].Joined {
				r.Fatalf("a doubt joined %d", i)
			}
			if j.Joined && (i == k || i == k+1) {
				r.Fatalf("joined in spite of the doubt")
			}
		}
	})
}
