package record

import (
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media/timeline"
	"zhilu.dev/zhilu/internal/recording"
)

// linesView is the tracks of one file in time: a picture of bars, and the holes as a table.
type linesView struct {
	Name   string // of the file, where there are several
	Label  string // the picture in words
	Length string
	Lanes  []laneView
	Gaps   []holeView
	More   string // says that not all holes are listed
	Doubts []string
}

// laneView is one track; places are shares of the file's length, 0 to 100.
type laneView struct {
	Name     string
	From, To float64
	Holes    [][2]float64 // where it begins, and how wide it is
}

// holeView is one stretch in which a track has nothing.
type holeView struct{ Track, At, Length string }

// holesShown is how many holes a table lists.
const holesShown = 50

// lines shows the tracks of each file whose timeline is known. It is no look: times only.
func lines(p locale.Printer, d recording.Detail) []linesView {
	var out []linesView
	for _, f := range d.FileList {
		if f.Facts == nil || f.Facts.Timeline == nil || len(f.Facts.Timeline.Lines) == 0 {
			continue
		}
		v := fileLines(p, *f.Facts.Timeline)
		if len(d.FileList) > 1 {
			v.Name = Harmless(f.Name)
		}
		if len(v.Lanes) > 0 {
			out = append(out, v)
		}
	}
	return out
}

func fileLines(p locale.Printer, t timeline.Timeline) linesView {
	var v linesView
	all := t.Claimed
	for _, l := range t.Lines {
		all = max(all, l.End)
	}
	if all <= 0 {
		return v
	}
	share := func(at time.Duration) float64 { return 100 * min(1, max(0, float64(at)/float64(all))) }
	v.Length = p.Exact(all)
	v.Label = p.T("timeline.label", v.Length, int(t.Gaps()))
	listed := int64(0)
	for _, l := range t.Lines {
		if l.Handler != "vide" && l.Handler != "soun" {
			continue
		}
		lane := laneView{Name: trackName(p, l), From: share(l.Start), To: share(l.End)}
		for _, g := range l.Gaps {
			lane.Holes = append(lane.Holes, [2]float64{share(g.At), share(g.At+g.Length) - share(g.At)})
			if listed++; listed <= holesShown {
				v.Gaps = append(v.Gaps, holeView{Track: lane.Name, At: offset(g.At), Length: p.Exact(g.Length)})
			}
		}
		v.Lanes = append(v.Lanes, lane)
	}
	if n := t.Gaps(); n > int64(len(v.Gaps)) {
		v.More = p.T("timeline.more", len(v.Gaps), int(n))
	}
	for _, d := range t.Doubts {
		v.Doubts = append(v.Doubts, Word(p, "timeline.doubt", string(d)))
	}
	return v
}

func trackName(p locale.Printer, l timeline.Line) string {
	if l.Handler == "soun" {
		return p.T("timeline.sound", l.Track+1)
	}
	return p.T("timeline.picture", l.Track+1)
}

// offset writes a place in a file as a player would, with tenths.
func offset(at time.Duration) string {
	at = at.Round(100 * time.Millisecond)
	two := func(n int64) string {
		s := strconv.FormatInt(n, 10)
		if len(s) < 2 {
			return "0" + s
		}
		return s
	}
	s := int64(at / time.Second)
	return two(s/3600) + ":" + two(s/60%60) + ":" + two(s%60) + "." + strconv.FormatInt(int64(at%time.Second)/int64(100*time.Millisecond), 10)
}

// percent is a share of a picture's width.
func percent(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + "%" }
