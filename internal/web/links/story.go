package links

import (
	"slices"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/story"
	"zhilu.dev/zhilu/internal/web/ui"
)

const (
	// perRecording is how many looks at one recording a story tells of.
	perRecording = 50
	// maxEntries is how many entries of the case itself are read, the newest.
	maxEntries = 500
	// beside is how many moments stand beside a case.
	beside = 8
)

// source gathers what a case's story is told from. Looks are told where the reader may know of the recording.
func (a *Area) source(p *site.Page, f matter.File, known map[ident.RecordingID]recording.Recording) (s story.Source, more bool, err error) {
	s = story.Source{File: f, Recordings: known}
	docs, err := a.documentsOf(p, f)
	if err != nil {
		return s, false, err
	}
	s.Document = docs.name
	s.Item = docs.name
	if s.Names, err = a.d.People.Names(p.Context(), story.People(f)); err != nil {
		return s, false, err
	}
	if s.Entries, err = custody.List(p.Context(), a.d.Log, custody.Filter{Subject: custody.Subject{Kind: "case", ID: string(f.Case.ID)}, Limit: maxEntries}); err != nil {
		return s, false, err
	}
	s.Entries = slices.DeleteFunc(s.Entries, func(r custody.Record) bool { return r.Subject.Kind != "case" })
	if s.Actors, err = record.Actors(p.Context(), a.d.Accounts, a.d.People, s.Entries); err != nil {
		return s, false, err
	}
	for id := range known {
		looks, err := a.d.Looks(p.Context(), id, perRecording)
		if err != nil {
			return s, false, err
		}
		more = more || len(looks) == perRecording
		s.Looks = append(s.Looks, looks...)
	}
	return s, more, nil
}

// story shows everything that happened in a case, by day.
func (a *Area) story(p *site.Page) error {
	f, err := a.file(p)
	if err != nil {
		return err
	}
	known, err := a.filmed(p, f)
	if err != nil {
		return err
	}
	s, more, err := a.source(p, f, known)
	if err != nil {
		return err
	}
	pr := p.P
	all := story.Tell(pr, s, p.Now)
	kind := story.Kind(p.Value("kind"))
	if !slices.Contains(story.Kinds(), kind) {
		kind = ""
	}
	v := story.PageView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("docket.title"), Href: "/cases"}, {Text: record.Prose(f.Case.No), Href: casePath(f.Case.ID)}}, Title: pr.T("story.title"), Sub: record.Prose(f.Case.Title),
			Actions: []ui.Action{{Text: pr.T("links.films"), Href: FilmPath(f.Case.ID), Icon: "video"}},
		},
		Days: story.Days(pr, story.Narrow(all, kind), p.Now), Printed: pr.T("story.printed", pr.Full(p.Now), p.Actor.Name),
	}
	if more {
		v.More = pr.T("story.looks_more", perRecording)
	}
	counts := story.Count(all)
	v.Tabs = []ui.Tab{{Text: pr.T("story.kind.all"), Count: pr.Num(int64(len(all))), Href: StoryPath(f.Case.ID), Current: kind == ""}}
	for _, k := range story.Kinds() {
		v.Tabs = append(v.Tabs, ui.Tab{Text: pr.T("story.kind." + string(k)), Count: pr.Num(int64(counts[k])), Href: StoryPath(f.Case.ID) + "?kind=" + string(k), Current: k == kind})
	}
	return p.Render(pr.T("story.title"), story.Page(pr, v))
}

// Beside is the newest of a case's story, and what of its records contradicts its recordings, for the side of its page.
func (a *Area) Beside(p *site.Page, f matter.File) (templ.Component, error) {
	known, err := a.filmed(p, f)
	if err != nil {
		return nil, err
	}
	s, _, err := a.source(p, f, known)
	if err != nil {
		return nil, err
	}
	all := story.Tell(p.P, s, p.Now)
	docs, err := a.documentsOf(p, f)
	if err != nil {
		return nil, err
	}
	return besideSheet(p.P, FilmPath(f.Case.ID), odd(p, f, known, docs), len(known),
		story.Aside(p.P, story.Latest(p.P, all, p.Now, beside), ui.Link{Text: p.P.T("story.all"), Href: StoryPath(f.Case.ID)})), nil
}
