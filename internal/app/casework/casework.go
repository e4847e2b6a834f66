// Package casework gives the pages of cases what they show of other concepts: names, officers, and what a case's story is
// told from.
package casework

import (
	"context"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/story"
)

// Desk answers the pages of cases.
type Desk struct {
	DB         *db.DB
	Cases      *casefile.Service
	Org        *org.Service
	Viewing    *viewing.Service
	Recordings *recording.Service
	Clock      clock.Clock
	ActorName  func(ctx context.Context, a custody.Actor) string
}

// most are how many entries and looks a story is told from.
const (
	mostEntries = 300
	mostLooks   = 50
)

// host reads the register for choices of names; what is chosen is checked where it is used.
var host = access.Actor{Kind: access.Host, ID: "casework"}

// Officers lists the people who can be named in a record, those of the department first.
func (d Desk) Officers(ctx context.Context, department ident.DepartmentID) ([]casefile.Officer, error) {
	page, err := d.Org.People(ctx, host, org.PeopleFilter{Limit: 200})
	if err != nil {
		return nil, err
	}
	ids := make([]ident.PersonID, len(page.Items))
	for i, p := range page.Items {
		ids[i] = p.ID
	}
	certificates, err := d.Org.Certificates(ctx, ids...)
	if err != nil {
		return nil, err
	}
	number := map[ident.PersonID]string{}
	for _, c := range certificates {
		if c.ValidOn(d.Clock.Now()) {
			number[c.Person] = c.Number
		}
	}
	var first, rest []casefile.Officer
	for _, p := range page.Items {
		o := casefile.Officer{ID: p.ID, Name: p.Name, Certificate: number[p.ID]}
		switch {
		case !p.Active():
		case p.Department == department:
			first = append(first, o)
		default:
			rest = append(rest, o)
		}
	}
	return append(first, rest...), nil
}

// Story gathers what a case's story is told from. Looks at recordings are told only to who may read the case.
func (d Desk) Story(ctx context.Context, actor access.Actor, f matter.File) (story.Source, error) {
	s := story.Source{File: f, Actors: map[string]string{}, Recordings: map[ident.RecordingID]recording.Recording{}}
	var err error
	if s.Names, err = d.Org.Names(ctx, story.People(f)); err != nil {
		return s, err
	}
	if s.Entries, err = custody.List(ctx, d.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "case", ID: string(f.Case.ID)}, Limit: mostEntries}); err != nil {
		return s, err
	}
	for _, e := range s.Entries {
		if _, ok := s.Actors[e.Actor.ID]; !ok {
			s.Actors[e.Actor.ID] = d.ActorName(ctx, e.Actor)
		}
	}
	var films []ident.RecordingID
	for _, l := range f.Links {
		if l.Struck.IsZero() && !slices.Contains(films, l.Recording) && len(films) < recording.MaxSelected {
			films = append(films, l.Recording)
		}
	}
	known, err := d.Recordings.Selected(ctx, actor, films) // what the reader may know of
	if err != nil {
		return s, err
	}
	for _, r := range known {
		s.Recordings[r.ID] = r
	}
	for _, id := range films {
		looks, err := d.Viewing.LooksAt(ctx, id, mostLooks)
		if err != nil {
			return s, err
		}
		s.Looks = append(s.Looks, looks...)
	}
	e, err := d.Cases.Edition(ctx, f)
	if err != nil {
		return s, err
	}
	s.Document = func(kind string) string {
		if x, ok := e.Catalogue.Document(kind); ok {
			return x.ZH
		}
		return kind
	}
	s.Item = s.Document
	return s, nil
}

// Recording names a recording by its camera's file name and its time, its id where nothing is known of it.
func (d Desk) Recording(ctx context.Context, id ident.RecordingID) string {
	r, err := d.Recordings.Get(ctx, host, id)
	if err != nil {
		return string(id)
	}
	if len(r.FileList) > 0 {
		return r.FileList[0].Name
	}
	return string(id)
}
