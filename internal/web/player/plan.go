package player

import (
	"time"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
)

// piece is a segment on the recording's own time line.
type piece struct {
	File     ident.FileID
	N        int
	From, To time.Duration
}

// stretch is one file on the recording's time line.
type stretch struct {
	Reel     reel
	From, To time.Duration
	Pieces   []piece
}

// plan is a recording as it is played: its files one after the other, cut into pieces.
type plan []stretch

// lay puts the files' copies one after the other; segments are those of each copy, nil where it is not made.
func lay(reels []reel, segments [][]derivative.Segment) plan {
	out := make(plan, 0, len(reels))
	at := time.Duration(0)
	for i, r := range reels {
		s := stretch{Reel: r, From: at, To: at + r.Duration}
		for _, g := range segments[i] {
			// Sound may begin a moment before the recording does: encoders need a run-up.
			s.Pieces = append(s.Pieces, piece{r.File, g.N, at + max(g.Start, 0), at + max(g.Start+g.Length, 0)})
		}
		out = append(out, s)
		at = s.To
	}
	return out
}

// length is how long the recording is as played.
func (pl plan) length() time.Duration {
	if len(pl) == 0 {
		return 0
	}
	return pl[len(pl)-1].To
}

// find gives a piece by file and number.
func (pl plan) find(file ident.FileID, n int) (piece, bool) {
	for _, s := range pl {
		if s.Reel.File != file {
			continue
		}
		for _, x := range s.Pieces {
			if x.N == n {
				return x, true
			}
		}
	}
	return piece{}, false
}

// of gives a file of the recording.
func (pl plan) of(file ident.FileID) (stretch, bool) {
	for _, s := range pl {
		if s.Reel.File == file {
			return s, true
		}
	}
	return stretch{}, false
}

// inside gives the pieces that lie wholly in a span (to 0: to the end), in order. A piece that sticks out of it is left
// out: not one picture beyond the consent is sent.
func (pl plan) inside(from, to time.Duration) []piece {
	var out []piece
	for _, s := range pl {
		for _, x := range s.Pieces {
			if x.From >= from && (to == 0 || x.To <= to) {
				out = append(out, x)
			}
		}
	}
	return out
}

// end is where a span ends: to, or the recording's end.
func (pl plan) end(to time.Duration) time.Duration {
	if to == 0 || to > pl.length() {
		return pl.length()
	}
	return to
}

// clip gives the part of a stretch of time inside a span; false if there is none.
func clip(from, to, a, b time.Duration) (time.Duration, time.Duration, bool) {
	from, to = max(from, a), min(to, b)
	return from, to, from < to
}

// state is how far the whole recording is: failed if nothing of it can be played, ready once every copy is made or has
// failed, with how much is done.
func (pl plan) state() (state, float64) {
	made, lost := 0, 0
	done := 0.0
	for _, s := range pl {
		switch s.Reel.State {
		case ready:
			made++
			done++
		case failed:
			lost++
			done++
		case making:
			done += min(max(s.Reel.Progress, 0), 1)
		}
	}
	switch {
	case len(pl) == 0:
		return making, 0
	case lost == len(pl):
		return failed, 1
	case made+lost == len(pl):
		return ready, 1
	}
	return making, done / float64(len(pl))
}
