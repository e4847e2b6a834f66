// Package split says which files are one pressing of the button (decision 13). Cameras cut a long recording into several
// files, at the limit of the card's file system or after a set time. Whether files belong together is told by their
// numbers, their times and the camera's habit, never by one of these alone; on doubt they stay apart, with the reason.
// It is a pure function of what is known of the files.
package split

import (
	"cmp"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/profile"
)

// Piece is what is known of one file.
type Piece struct {
	Name    media.NameFacts
	Card    ident.CardID // the docking it came from
	Device  ident.DeviceID
	Officer ident.PersonID
	Size    int64
	Start   time.Time // by the camera's clock; zero if unknown
	Source  media.Origin
	Length  time.Duration // 0 if unknown
	Form    *profile.Profile
	Picture bool // a still picture
	Noted   bool // somebody wrote something down of it: it is no more a matter of files alone
	Apart   bool // a custodian took it off the file before
}

// Why is how two files stand to each other. The codes are stable; their words are split.<code>.
type Why string

// Why files are joined.
const (
	Chapter   Why = "chapter"    // the camera's own names call them parts of one number, and their times fit
	SizeLimit Why = "size_limit" // the first ended at the size at which the file system or the camera cuts
	SetLength Why = "set_length" // the first has the length after which cameras cut
	SameAs    Why = "same_as"    // the first is as large or as long as the others that were cut
)

// Why files that follow one another by number stay apart.
const (
	OtherCamera  Why = "other_camera"  // not of the same camera, or it is not known
	OtherCard    Why = "other_card"    // not handed in together
	OtherOfficer Why = "other_officer" // in other hands
	OtherForm    Why = "other_form"    // not written alike
	NoTime       Why = "no_time"       // when one ended or the other began is not known
	OtherClock   Why = "other_clock"   // their times come from different sources
	Pause        Why = "pause"         // time passed between them
	Overlap      Why = "overlap"       // the second began before the first had ended
	NotFull      Why = "not_full"      // the first is shorter than the camera's cut: somebody pressed stop
	Noted        Why = "noted"         // something was written down of one of them
	TakenApart   Why = "taken_apart"   // a custodian took them apart
	notNext      Why = ""              // the numbers do not follow one another
)

// Tolerance is how far the end of one file and the start of the next may differ: names and containers tell whole
// seconds, and the last pictures may lie in either file.
const Tolerance = 2 * time.Second

// Join is what was found of two files that follow one another.
type Join struct {
	Joined bool
	Why    Why
	Gap    time.Duration // from the end of the first to the start of the second; negative if they overlap
}

// limits are the sizes at which file systems and cameras cut, and how far below a file may end: the camera closes it
// before the next second of pictures would go over.
var limits = []struct{ at, below int64 }{{1 << 32, 160 << 20}, {1 << 31, 80 << 20}, {4_000_000_000, 40 << 20}, {12_000_000_000, 120 << 20}}

// lengths are the times after which cameras cut.
var lengths = []time.Duration{
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour,
}

// Next reports whether b follows a by the camera's numbering: the next number, or the next part of the same.
func Next(a, b media.NameFacts) bool {
	if !a.HasNumber || !b.HasNumber || a.Series != b.Series || a.Width != b.Width || a.Channel != b.Channel {
		return false
	}
	if a.Number == b.Number {
		return a.Chapter > 0 && b.Chapter == a.Chapter+1
	}
	return a.Chapter <= 1 && b.Chapter <= 1 && b.Number == a.Number+1
}

// Order sorts files as the camera numbered them.
func Order(list []Piece) {
	slices.SortStableFunc(list, func(a, b Piece) int { return Compare(a.Name, b.Name) })
}

// Compare orders names as the camera numbered them.
func Compare(a, b media.NameFacts) int {
	return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Width, b.Width), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Number, b.Number),
		cmp.Compare(a.Chapter, b.Chapter), cmp.Compare(a.Base, b.Base))
}

// Joins says for each file of a sorted list how it stands to the one before; the first stands to none.
func Joins(list []Piece) []Join {
	out := make([]Join, len(list))
	for i := 1; i < len(list); i++ {
		out[i] = touch(list[i-1], list[i])
	}
	for i := 1; i < len(list); i++ {
		if !out[i].Joined || out[i].Why == Chapter {
			continue
		}
		if out[i].Why = cutOff(list, out, i); out[i].Why == "" {
			out[i].Joined, out[i].Why = false, NotFull
		}
	}
	return out
}

// touch tells whether b could go on where a ended, without asking whether a was cut by the camera.
func touch(a, b Piece) Join {
	j := Join{}
	apart := func(w Why) Join { j.Why = w; return j }
	switch {
	case !Next(a.Name, b.Name):
		return apart(notNext)
	case b.Apart:
		return apart(TakenApart)
	case a.Device == "" || a.Device != b.Device:
		return apart(OtherCamera)
	case a.Card == "" || a.Card != b.Card:
		return apart(OtherCard)
	case a.Officer != b.Officer:
		return apart(OtherOfficer)
	case a.Noted || b.Noted:
		return apart(Noted)
	case a.Picture || b.Picture || a.Form == nil || b.Form == nil || !alike(*a.Form, *b.Form):
		return apart(OtherForm)
	case a.Start.IsZero() || b.Start.IsZero() || a.Length <= 0:
		return apart(NoTime)
	case a.Source != b.Source:
		return apart(OtherClock)
	}
	j.Gap = b.Start.Sub(a.Start.Add(a.Length))
	parts := a.Name.Number == b.Name.Number
	switch {
	case parts && b.Start.Equal(a.Start): // some cameras write the start of the whole into each part
		j.Gap = 0
	case j.Gap > Tolerance:
		return apart(Pause)
	case j.Gap < -Tolerance:
		return apart(Overlap)
	}
	j.Joined = true
	if parts {
		j.Why = Chapter
	}
	return j
}

// alike reports whether two files are written alike, at the same setting: nobody changes it in the middle.
func alike(a, b profile.Profile) bool {
	switch profile.Compare(b, []profile.Profile{a}).Verdict {
	case profile.Usual:
		return true
	case profile.Setting, profile.Unusual, profile.Unknown:
	}
	return false
}

// cutOff says how it shows that the camera cut the file before list[i], and did not end because somebody pressed stop.
func cutOff(list []Piece, joins []Join, i int) Why {
	a, b := list[i-1], list[i]
	for _, l := range limits {
		if a.Size <= l.at && a.Size >= l.at-l.below {
			return SizeLimit
		}
	}
	if b.Length > a.Length+Tolerance {
		return "" // the camera would have cut the second sooner
	}
	for _, l := range lengths {
		if d := a.Length - l; -time.Second <= d && d <= time.Second {
			return SetLength
		}
	}
	if i >= 2 && joins[i-1].Joined && same(list[i-2], a) || i+1 < len(list) && joins[i+1].Joined && same(a, b) {
		return SameAs
	}
	return ""
}

// same reports whether two files were cut at the same size or the same length.
func same(a, b Piece) bool {
	d, l := a.Size-b.Size, a.Length-b.Length
	return a.Size > 0 && max(d, -d)*100 <= a.Size || -time.Second <= l && l <= time.Second && a.Length >= time.Minute
}
