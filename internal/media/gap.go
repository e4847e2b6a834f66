package media

import (
	"cmp"
	"slices"
)

// GapKind says what sort of hole a card shows.
type GapKind string

// The gap kinds.
const (
	GapMissing GapKind = "missing" // numbers between two files of a series are not there
	GapJump    GapKind = "jump"    // the counter leaps further than losses explain: a reset, or another camera's card
	GapChapter GapKind = "chapter" // parts of one recording are not there
)

// MaxMissing is the longest run of numbers that is reported as missing; a longer one is a jump.
const MaxMissing = 200

// Gap is one hole in a series. From and To are the first and last number (or chapter) that is not there.
type Gap struct {
	Kind          GapKind
	Series        string
	Width         int
	From, To      int
	Number        int    // the recording whose chapters are missing; GapChapter only
	Before, After string // the names beside the hole; Before is empty when the earlier card ended there
}

// Count is how many numbers or chapters are not there; 0 for a jump, which says nothing about how many were made.
func (g Gap) Count() int {
	if g.Kind == GapJump {
		return 0
	}
	return g.To - g.From + 1
}

type seriesKey struct {
	series string
	width  int
	day    Civil // set only where the counter starts anew each day
}

// MissingNumbers finds the holes in the numbering of one camera's card (T2). Names without a number are passed over,
// copies of a number count once. previous, if given, are the last known names of the same camera from earlier cards:
// the series goes on from there. A counter that ran over its end (9999, then 0001) is followed across. A missing
// number is a question to the officer, not a finding: cameras also number what was never kept.
func MissingNumbers(names []NameFacts, previous ...NameFacts) []Gap {
	series := map[seriesKey][]NameFacts{}
	for _, n := range names {
		if n.HasNumber {
			k := seriesKey{series: n.Series, width: n.Width}
			series[k] = append(series[k], n)
		}
	}
	for k, members := range series {
		if restartsDaily(members) {
			delete(series, k)
			for _, n := range members {
				k.day = day(n)
				series[k] = append(series[k], n)
			}
		}
	}
	last := map[seriesKey]NameFacts{}
	for _, n := range previous {
		k := seriesKey{series: n.Series, width: n.Width}
		if n.HasNumber {
			last[k] = n // the caller gives them in order; the latest counts
		}
	}
	var gaps []Gap
	for k, members := range series {
		prev, has := last[k]
		if !has {
			gaps = append(gaps, seriesGaps(k, members, nil)...)
			continue
		}
		gaps = append(gaps, seriesGaps(k, members, &prev)...)
	}
	slices.SortFunc(gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Width, b.Width), cmp.Compare(a.Before, b.Before),
			cmp.Compare(a.From, b.From), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Kind, b.Kind))
	})
	return gaps
}

func day(n NameFacts) Civil {
	d := n.Date
	if n.HasTime {
		d = n.Time
	}
	return Civil{Year: d.Year, Month: d.Month, Day: d.Day}
}

// restartsDaily reports whether the counter begins anew each day: numbers repeat on different days, and on no day does
// the counter only carry on from the day before.
func restartsDaily(members []NameFacts) bool {
	days := map[int]Civil{}
	for _, n := range members {
		d := day(n)
		if d.IsZero() {
			return false
		}
		if had, ok := days[n.Number]; ok && had != d {
			return true
		}
		days[n.Number] = d
	}
	return false
}

func seriesGaps(k seriesKey, members []NameFacts, prev *NameFacts) []Gap {
	gaps := chapterGaps(k, members)
	slices.SortStableFunc(members, func(a, b NameFacts) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Chapter, b.Chapter), cmp.Compare(a.Base, b.Base))
	})
	members = slices.CompactFunc(members, func(a, b NameFacts) bool { return a.Number == b.Number })
	top, bottom := 1, 1
	for range k.width {
		top *= 10
	}
	top-- // 9999
	if members[0].Number == 0 {
		bottom = 0
	}
	members = unroll(members, top)
	hole := func(before string, low, high int, after string) {
		// low and high are the numbers beside the hole; high < low means that the counter ran over.
		switch {
		case high > low:
			gaps = append(gaps, cut(k, low+1, high-1, before, after)...)
		case high < low && top-low+high-bottom <= MaxMissing:
			gaps = append(gaps, cut(k, low+1, top, before, after)...)
			gaps = append(gaps, cut(k, bottom, high-1, before, after)...)
		case high < low:
			gaps = append(gaps, Gap{Kind: GapJump, Series: k.series, Width: k.width, From: low + 1, To: high - 1, Before: before, After: after})
		}
	}
	if prev != nil && !slices.ContainsFunc(members, func(n NameFacts) bool { return n.Number == prev.Number }) {
		first := members[0]
		if before := slices.IndexFunc(members, func(n NameFacts) bool { return n.Number > prev.Number }); before > 0 &&
			members[0].Number < prev.Number && members[len(members)-1].Number > prev.Number {
			first = NameFacts{} // the earlier card lies inside this one's range: its number is only not missing
			members = slices.Insert(members, before, *prev)
		}
		if first.Base != "" {
			hole(prev.Base, prev.Number, first.Number, first.Base)
		}
	}
	for i := 1; i < len(members); i++ {
		hole(members[i-1].Base, members[i-1].Number, members[i].Number, members[i].Base)
	}
	return gaps
}

// unroll puts a sorted series into the order of recording when its counter ran over: numbers from the top tenth of the
// range come before those from the lowest tenth if the middle half is empty.
func unroll(members []NameFacts, top int) []NameFacts {
	if members[0].Number > top/10 || members[len(members)-1].Number < top-top/10 {
		return members
	}
	split, width := 0, 0
	for i := 1; i < len(members); i++ {
		if w := members[i].Number - members[i-1].Number; w > width {
			split, width = i, w
		}
	}
	if width <= top/2 {
		return members
	}
	return slices.Concat(members[split:], members[:split])
}

func cut(k seriesKey, from, to int, before, after string) []Gap {
	if from > to {
		return nil
	}
	g := Gap{Kind: GapMissing, Series: k.series, Width: k.width, From: from, To: to, Before: before, After: after}
	if g.Count() > MaxMissing {
		g.Kind = GapJump
	}
	return []Gap{g}
}

// chapterGaps finds missing parts inside each recording; that the last part is missing cannot be seen from numbers.
func chapterGaps(k seriesKey, members []NameFacts) []Gap {
	parts := map[int]map[int]string{}
	for _, n := range members {
		if n.Chapter > 0 {
			if parts[n.Number] == nil {
				parts[n.Number] = map[int]string{}
			}
			parts[n.Number][n.Chapter] = n.Base
		}
	}
	var gaps []Gap
	for number, have := range parts {
		before, from := "", 1
		highest := 0
		for c := range have {
			highest = max(highest, c)
		}
		for c := 1; c <= highest; c++ {
			name, ok := have[c]
			if !ok {
				continue
			}
			if from < c {
				gaps = append(gaps, Gap{Kind: GapChapter, Series: k.series, Width: k.width, From: from, To: c - 1, Number: number, Before: before, After: name})
			}
			before, from = name, c+1
		}
	}
	return gaps
}
