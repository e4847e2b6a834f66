// Package timeline says when a file's tracks begin and end and where nothing was recorded in between. It reads the
// tables of ISO base media files itself (MP4, QuickTime, 3GP) and takes ffprobe's packet times for the other kinds. It
// looks at times and sizes only, never at a picture.
package timeline

import (
	"context"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff"
)

// Source says where a timeline was read from.
type Source string

// The sources.
const (
	FromTables    Source = "tables"    // the sample tables of an index
	FromFragments Source = "fragments" // the same, of each fragment
	FromPackets   Source = "packets"   // ffprobe's list of packets
	FromNothing   Source = "none"      // there is no timeline
)

// Doubt is why a timeline may not be the whole truth.
type Doubt string

// The doubts.
const (
	DoubtCutOff    Doubt = "cut_off"        // the file ends before its structure does; the lines tell what is there
	DoubtNoIndex   Doubt = "index_missing"  // without the index nothing is known
	DoubtBroken    Doubt = "tables_differ"  // tables contradict one another
	DoubtLimit     Doubt = "limit"          // not all was read: more than any camera writes
	DoubtJoined    Doubt = "second_index"   // two recordings in one file; only the first was read
	DoubtFragments Doubt = "fragments_lost" // fragments' numbers are missing
	DoubtOrder     Doubt = "time_goes_back" // a track's time steps back further than cameras reorder
	DoubtNoTimes   Doubt = "times_missing"  // the container gives its samples no times
	DoubtReader    Doubt = "reader_stopped" // ffprobe gave up or was ended; the lines tell what it had read
)

// Timeline is a file's tracks in time.
type Timeline struct {
	Source Source
	Lines  []Line
	Doubts []Doubt
	// Claimed is how long the index says the file is; 0 if it does not say.
	Claimed time.Duration
	// FragmentsLost is how many fragments are missing by their numbers.
	FragmentsLost int64
}

// Line is one track. Times lie on the file's own time line, after its edit list.
type Line struct {
	Track    int    // place in the file, which is ffprobe's index
	Handler  string // "vide", "soun", …
	Codec    string // the container's own name of it
	Scale    int64  // ticks a second
	Start    time.Duration
	End      time.Duration // of the last sample that is there
	Usual    time.Duration // usual step from one sample to the next; 0 if unknown
	Samples  int64         // by the index
	Here     int64         // of which the file holds all bytes
	Gaps     []Gap         // of picture and sound only; at most MaxGaps
	GapCount int64         // all gaps, the unlisted ones too
}

// Gaps counts the gaps of all lines.
func (t Timeline) Gaps() int64 {
	n := int64(0)
	for _, l := range t.Lines {
		n += l.GapCount
	}
	return n
}

// Has reports whether the timeline carries a doubt.
func (t Timeline) Has(d Doubt) bool {
	for _, have := range t.Doubts {
		if have == d {
			return true
		}
	}
	return false
}

// judged says of which tracks gaps are told: a text or a place may come whenever it likes.
func judged(handler string) bool { return handler == "vide" || handler == "soun" }

// Read reads an ISO base media file of the given size, and gives what its boxes tell besides. What is wrong with the
// file is a doubt; an error means that the bytes could not be read, or that ctx ended.
func Read(ctx context.Context, r io.ReaderAt, size int64) (Timeline, *bmff.File, error) {
	var builders []*builder
	var tracks []*bmff.Track
	file, err := bmff.Open(ctx, r, size, func(track int, t *bmff.Track, run bmff.Run) {
		for len(builders) <= track {
			builders, tracks = append(builders, nil), append(tracks, nil)
		}
		if builders[track] == nil {
			builders[track], tracks[track] = newBuilder(int64(t.Scale), t.Handler, false), t
		}
		b := builders[track]
		if run.N == 1 {
			b.add(run.At+run.Shift, run.Step)
			return
		}
		b.run(run.At+run.Shift, run.Step, run.N)
	})
	if err != nil {
		return Timeline{}, nil, err
	}
	out := Timeline{Source: FromTables, FragmentsLost: file.FragmentsLost, Claimed: claimed(file)}
	if file.Fragments > 0 {
		out.Source = FromFragments
	}
	order := false
	for i, t := range file.Tracks {
		l := Line{Track: i, Handler: t.Handler, Codec: t.Codec, Scale: int64(t.Scale), Samples: t.Samples, Here: t.Here}
		if i < len(builders) && builders[i] != nil && t.Scale > 0 {
			b := builders[i]
			m := b.close()
			s := show(m, int64(t.Scale), t.Edits, int64(file.Scale))
			l.Start, l.End = s.from, s.to
			if judged(t.Handler) {
				l.Usual = seconds(m.usual, int64(t.Scale))
			}
			l.Gaps, l.GapCount = s.gaps, int64(len(s.gaps))+s.more
			order = order || b.disorder > 0 && judged(t.Handler)
		}
		out.Lines = append(out.Lines, l)
	}
	if len(out.Lines) == 0 {
		out.Source = FromNothing
	}
	for _, d := range []struct {
		is    bool
		doubt Doubt
	}{
		{file.Short, DoubtCutOff},
		{file.NoIndex, DoubtNoIndex},
		{file.Broken, DoubtBroken},
		{file.Limit, DoubtLimit},
		{file.Joined, DoubtJoined},
		{file.FragmentsLost > 0, DoubtFragments},
		{order, DoubtOrder},
	} {
		if d.is {
			out.Doubts = append(out.Doubts, d.doubt)
		}
	}
	return out, file, nil
}

// claimed is how long a file says it is, by the index or the segment index.
func claimed(f *bmff.File) time.Duration {
	return max(seconds(f.Claimed, int64(f.Scale)), seconds(f.ClaimedEnd, int64(f.ClaimedScale)))
}
