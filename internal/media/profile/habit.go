package profile

import "slices"

// Why says why a file could not be held against its camera's other files.
type Why string

// The reasons; "" where it could be.
const (
	WhyFew     Why = "few"     // fewer than Enough files to compare with
	WhyDivided Why = "divided" // they have several forms, and none is the usual one
)

// The bounds of a habit. A form is usual when at least Enough of the files compared with have it and they are at least
// one in usualShare of them: a camera has several modes. A file of another form is unlike its camera only when one form is
// that of more than half.
const (
	Enough     = 3
	usualShare = 10
	// An editing program's name is the camera's own when at least ownFrom other files are there and nine in ten name it.
	ownFrom = 5
)

// Judgement is how a file stands to the other files of its camera.
type Judgement struct {
	Comparison

	// Why nothing can be said; then Verdict is Unknown.
	Why Why `json:"why,omitempty"`
	// Compared is how many files it was held against, and Alike how many of them have its form.
	Compared int `json:"compared"`
	Alike    int `json:"alike"`
	// Programs are editing programs that wrote into the file, though this camera's files do not usually name them.
	Programs []string `json:"programs,omitempty"`
	// Cut: an edit list hides a part of what is stored, as programs leave it that cut without encoding anew. It is
	// told where there is nothing to compare with; else it is a difference like any other.
	Cut bool `json:"cut,omitempty"`
}

// Unlike reports whether somebody should ask how the file came about.
func (j Judgement) Unlike() bool { return j.Verdict == Unusual || len(j.Programs) > 0 || j.Cut }

// Weigh holds a file against other files of the same camera, newest first or in any order: earlier ones and later ones,
// since what was handed in first is not thereby genuine. Only files of its own sort (with pictures, or sound alone) and
// of its own version count. It is a pure function; see ADR 10 for what it does when the first files were not genuine.
func Weigh(p Profile, others []Profile) Judgement {
	marks := p.Programs()
	var sort, basis []Profile
	named := 0
	for _, o := range others {
		if o.Version != p.Version || o.pictures() != p.pictures() {
			continue
		}
		sort = append(sort, o)
		switch theirs := o.Programs(); {
		case len(theirs) == 0:
			basis = append(basis, o)
		case len(marks) > 0 && slices.Equal(theirs, marks):
			named++
		}
	}
	if len(sort) >= ownFrom && 10*named >= 9*len(sort) {
		marks, basis = nil, sort // the camera itself is built on that program
	}
	j := Judgement{Comparison: Comparison{Verdict: Unknown, Nearest: -1, Differences: []Difference{}}, Compared: len(basis), Programs: marks}
	if len(basis) < Enough {
		j.Why, j.Cut = WhyFew, p.cut()
		return j
	}
	families := families(basis)
	var alike []Profile
	largest := families[0]
	for _, f := range families {
		if len(f) > len(largest) {
			largest = f
		}
		if Compare(p, f).Verdict != Unusual {
			alike = append(alike, f...)
		}
	}
	j.Alike = len(alike)
	switch {
	case len(alike) >= Enough && usualShare*len(alike) >= len(basis):
		j.Comparison = Compare(p, alike)
	case 2*len(largest) > len(basis):
		j.Comparison = Compare(p, largest)
	default:
		j.Why, j.Cut = WhyDivided, p.cut()
	}
	return j
}

// families parts forms into groups that differ only in what an officer can choose on the camera.
func families(list []Profile) [][]Profile {
	var out [][]Profile
	for _, p := range list {
		var own []Profile
		rest := out[:0:0]
		for _, f := range out {
			if Compare(p, f).Verdict == Unusual {
				rest = append(rest, f)
			} else {
				own = append(own, f...)
			}
		}
		out = append(rest, append(own, p))
	}
	return out
}

// pictures reports whether it is the form of a file with pictures.
func (p Profile) pictures() bool {
	return slices.ContainsFunc(p.Tracks, func(t Track) bool { return t.Kind == "vide" })
}

func (p Profile) cut() bool {
	return slices.ContainsFunc(p.Tracks, func(t Track) bool { return t.Edit != Whole })
}
