package stray

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Why says by what a case is suggested, the surest first.
type Why string

// The reasons.
const (
	OnTheSpot Why = "on_the_spot" // its officer signs a record of that time and place
	Neighbour Why = "neighbour"   // recordings of the same officer or camera around that time belong to it
	Handles   Why = "handles"     // its officer handles the case
)

// Suggestion is a case to which a recording may belong.
type Suggestion struct {
	Case  ident.CaseID
	No    string
	Title string
	Paper ident.PaperID // the record of that time; "" where there is none
	Type  string        // of the paper
	Why   Why
}

const (
	// spotReach is how far before and after a record of the spot its recording may lie: officers film on the way in and out.
	spotReach = 30 * time.Minute
	// nearReach is how far a recording that is linked already may lie from one like it.
	nearReach = 3 * time.Hour
	// maxHandled bounds the cases that are suggested for no better reason than that the officer handles them.
	maxHandled = 8
)

// Suggest gives the cases in the actor's scope to which a recording may belong, the surest first, at most limit. It suggests:
// a person links.
func (s *Service) Suggest(ctx context.Context, actor access.Actor, id ident.RecordingID, limit int) ([]Suggestion, error) {
	idb := s.c.DB.Reader
	r, err := recordingBy(ctx, idb, id)
	if err != nil || r == nil {
		return nil, err
	}
	from, to := r.span()
	var out []Suggestion
	add := func(list []Suggestion, err error) error {
		for _, x := range list {
			if !slices.ContainsFunc(out, func(o Suggestion) bool { return o.Case == x.Case && (o.Paper == x.Paper || x.Paper == "") }) {
				out = append(out, x)
			}
		}
		return err
	}
	sc := access.ScopeOf(actor)
	if sc.None() {
		return nil, nil
	}
	for _, look := range []func() ([]Suggestion, error){
		func() ([]Suggestion, error) {
			return onTheSpot(ctx, idb, sc, r.Officer, from.Add(-spotReach), to.Add(spotReach))
		},
		func() ([]Suggestion, error) {
			return neighbours(ctx, idb, sc, r, from.Add(-nearReach), to.Add(nearReach))
		},
		func() ([]Suggestion, error) { return handled(ctx, idb, sc, r.Officer, from, maxHandled) },
	} {
		if err := add(look()); err != nil {
			return nil, err
		}
		if len(out) >= limit {
			return out[:limit], nil
		}
	}
	return out, nil
}

// Held is a link of a recording that holds.
type Held struct {
	ID    ident.LinkID
	Case  ident.CaseID // "" for a case that lies outside the reader's scope
	No    string
	Title string
	Paper ident.PaperID
	Type  string // of the paper
	Note  string
	By    ident.PersonID
	At    time.Time
}

// Links gives the links of a recording that hold, oldest first. Of a case outside the actor's scope it is told that there is
// one, and no more.
func (s *Service) Links(ctx context.Context, actor access.Actor, id ident.RecordingID) ([]Held, error) {
	return linksOf(ctx, s.c.DB.Reader, access.ScopeOf(actor), id)
}

// span is when a recording was made: by its camera's clock where that is known, else the day before its storing.
func (r *recordingRow) span() (from, to time.Time) {
	if r.StartAt == 0 {
		to = clock.FromMicros(r.StoredAt)
		return to.Add(-24 * time.Hour), to
	}
	from = clock.FromMicros(r.StartAt)
	return from, from.Add(time.Duration(max(r.Duration, 0)) * time.Microsecond)
}
