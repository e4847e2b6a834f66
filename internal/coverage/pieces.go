package coverage

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/timeline"
	"zhilu.dev/zhilu/internal/recording/chain"
	"zhilu.dev/zhilu/internal/recording/record"
)

// reach is how far around an activity files are looked for: none of a day's length is missed, and no clock that is a whole day off.
const reach = 26 * time.Hour

// unsureStart are doubts of a file's start after which nobody can say where in time it lies.
var unsureStart = []media.Doubt{
	media.DoubtZoneUnconfirmed, media.DoubtDisagree, media.DoubtFileSystemOnly, media.DoubtFuture, media.DoubtYearsOff, media.DoubtNoTime,
}

// piecesOf turns what is known of a file into pieces: one, or two where its sound covers less of it than its picture. Footage that begins
// with seconds that have no sound (预录) is then a silent file beside a shorter one with sound.
func piecesOf(r *record.Recording, facts *media.Facts) []Piece {
	p := Piece{Recording: r.ID, Name: r.Name, Device: r.Device, Sound: continuity.Absent, Unsure: true}
	if r.StartFrom != 0 {
		p.Start = clock.Interval{From: clock.FromMicros(r.StartFrom), To: clock.FromMicros(r.StartTo)}
	}
	p.Duration = record.Micros(max(r.Duration, 0))
	if facts == nil {
		return []Piece{p}
	}
	for _, d := range strings.Fields(r.StartDoubts) {
		if slices.Contains(unsureStart, media.Doubt(d)) {
			return []Piece{p}
		}
	}
	picture, sound := line(facts.Timeline, "vide"), line(facts.Timeline, "soun")
	if picture == nil || !sound.whole() || !picture.whole() || !readable(facts.Timeline) {
		return []Piece{p}
	}
	p.Unsure, p.Duration = false, picture.End
	if picture.Start > 0 {
		p.Inner = append(p.Inner, Stretch{0, picture.Start})
	}
	p.Inner = append(p.Inner, picture.gaps()...)
	if sound == nil || sound.End <= sound.Start {
		return []Piece{p}
	}
	if sound.Start < media.Uneven && picture.End-sound.End < media.Uneven && len(sound.Gaps) == 0 {
		p.Sound = continuity.Present
		return []Piece{p}
	}
	heard := p
	heard.Sound, heard.Inner = continuity.Present, slices.Concat(p.Inner, sound.gaps())
	heard.Inner = append(heard.Inner, Stretch{0, max(0, sound.Start)})
	heard.Duration = min(p.Duration, sound.End)
	return []Piece{p, heard}
}

// track is one line of a file's timeline; nil where there is none.
type track timeline.Line

func line(t *timeline.Timeline, handler string) *track {
	if t == nil {
		return nil
	}
	for i := range t.Lines {
		if t.Lines[i].Handler == handler {
			return (*track)(&t.Lines[i])
		}
	}
	return nil
}

// whole reports whether all of its gaps are known.
func (l *track) whole() bool { return l == nil || l.GapCount == int64(len(l.Gaps)) }

func (l *track) gaps() []Stretch {
	out := make([]Stretch, len(l.Gaps))
	for i, g := range l.Gaps {
		out[i] = Stretch{g.At, g.At + g.Length}
	}
	return out
}

// readable reports whether the timeline tells all there is. A file that ends before its structure does tells what is there.
func readable(t *timeline.Timeline) bool {
	return t != nil && !slices.ContainsFunc(t.Doubts, func(d timeline.Doubt) bool { return d != timeline.DoubtCutOff })
}

// found is what is known of the cameras of an activity.
type found struct {
	pieces  []Piece
	cameras []Seen
}

// gather reads the files that the cameras of an activity may have made of it, and what is known of each camera since.
func gather(ctx context.Context, idb bun.IDB, st *activity.State, now time.Time) (found, error) {
	var out found
	from, to := st.Arrived.At, st.Departed.At
	if from.IsZero() {
		from = to
	}
	if to.IsZero() || to.Before(from) {
		to = now
	}
	if from.IsZero() {
		return out, nil
	}
	for _, c := range st.Cameras {
		recs, err := record.All[record.Recording](ctx, idb, "r.sort_at, r.seq", "r.device_id = ? AND r.sort_at BETWEEN ? AND ?", c.Device, clock.Micros(from.Add(-reach)), clock.Micros(to.Add(reach)))
		if err != nil {
			return out, err
		}
		pieces, err := ofCamera(ctx, idb, c.Device, recs)
		if err != nil {
			return out, err
		}
		seen, err := seenOf(ctx, idb, c.Device, from, to)
		if err != nil {
			return out, err
		}
		out.pieces, out.cameras = append(out.pieces, near(pieces, from, to)...), append(out.cameras, seen)
	}
	ids := make([]ident.FileID, len(out.pieces))
	for i := range out.pieces {
		ids[i] = out.pieces[i].File
	}
	known, err := soundOf(ctx, idb, ids...)
	out.pieces = heard(out.pieces, known)
	return out, err
}

// ofCamera gives a camera's pieces. Its clock has one offset, as wide as what is known of it around them (decision 20); where it was set in
// between, each file has its own.
func ofCamera(ctx context.Context, idb bun.IDB, id ident.DeviceID, recs []record.Recording) ([]Piece, error) {
	var out []Piece
	hull, known, stepped := continuity.Offset{}, true, false
	files, err := firstFiles(ctx, idb, recs)
	if err != nil {
		return nil, err
	}
	for i := range recs {
		r := &recs[i]
		file := files[r.ID]
		if file == nil {
			continue
		}
		o, err := device.OffsetAt(ctx, idb, id, clock.FromMicros(r.StartAt))
		if err != nil {
			return nil, err
		}
		if len(out) == 0 {
			hull = continuity.Offset{Min: o.Lo, Max: o.Hi}
		}
		hull = continuity.Offset{Min: min(hull.Min, o.Lo), Max: max(hull.Max, o.Hi)}
		known, stepped = known && o.Known, stepped || o.Stepped
		for _, p := range piecesOf(r, chain.Facts(file)) {
			p.File, p.Clock, p.Offset, p.Known = file.ID, i, continuity.Offset{Min: o.Lo, Max: o.Hi}, o.Known
			out = append(out, p)
		}
	}
	if !stepped && known {
		for i := range out {
			out[i].Clock, out[i].Offset = 0, hull
		}
	}
	return out, nil
}

// firstFiles gives the first file of each recording, in one reading.
func firstFiles(ctx context.Context, idb bun.IDB, recs []record.Recording) (map[ident.RecordingID]*record.File, error) {
	out := map[ident.RecordingID]*record.File{}
	if len(recs) == 0 {
		return out, nil
	}
	ids := make([]ident.RecordingID, len(recs))
	for i := range recs {
		ids[i] = recs[i].ID
	}
	files, err := record.All[record.File](ctx, idb, "f.recording_id, f.n DESC", "f.recording_id IN (?)", bun.List(ids))
	for i := range files { // the first one comes last
		out[files[i].Recording] = &files[i]
	}
	return out, err
}

// near leaves out files that surely lie before or after, with an hour to spare.
func near(list []Piece, from, to time.Time) []Piece {
	return slices.DeleteFunc(list, func(p Piece) bool {
		if !p.placed() {
			return false
		}
		return p.Start.To.Add(p.Duration+p.Offset.Max).Before(from.Add(-time.Hour)) || p.Start.From.Add(p.Offset.Min).After(to.Add(time.Hour))
	})
}
