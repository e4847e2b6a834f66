package links

import (
	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/accord"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// filmView is the page of a case's recordings.
type filmView struct {
	Head  ui.HeadView
	Odd   []oddView // times that contradict, or may
	Table ui.TableView
	Bad   refusal.Fault
	Asks  *strikeView // the form that takes a link back
}

// oddView is a time of a record that contradicts its recordings, or may.
type oddView struct {
	Link  ui.Link // to the record
	Text  string
	Facts []string
	Tone  ui.Tone
	Icon  string
}

type strikeView struct {
	Form   ui.FormView
	Reason ui.Field
	What   string
}

// file reads the case that the address names.
func (a *Area) file(p *site.Page) (matter.File, error) {
	id, err := ident.Parse[ident.CaseID](p.R.PathValue("id"))
	if err != nil {
		return matter.File{}, fault.New(fault.NotFound, "case.unknown")
	}
	return a.d.Cases.Get(p.Context(), p.Actor, id)
}

// filmed reads the recordings a case's links name, as far as they lie in the reader's scope.
func (a *Area) filmed(p *site.Page, f matter.File) (map[ident.RecordingID]recording.Recording, error) {
	seen := map[ident.RecordingID]bool{}
	var ids []ident.RecordingID
	for _, l := range f.Links {
		if l.Struck.IsZero() && !seen[l.Recording] && len(ids) < recording.MaxSelected {
			seen[l.Recording] = true
			ids = append(ids, l.Recording)
		}
	}
	out := map[ident.RecordingID]recording.Recording{}
	if len(ids) == 0 {
		return out, nil
	}
	list, err := a.d.Recordings.Selected(p.Context(), p.Actor, ids)
	for _, r := range list {
		out[r.ID] = r
	}
	return out, err
}

func (a *Area) films(p *site.Page) error {
	f, err := a.file(p)
	if err != nil {
		return err
	}
	return a.filmPage(p, f, refusal.Fault{})
}

func (a *Area) filmPage(p *site.Page, f matter.File, bad refusal.Fault) error {
	known, err := a.filmed(p, f)
	if err != nil {
		return err
	}
	docs, err := a.documentsOf(p, f)
	if err != nil {
		return err
	}
	pr := p.P
	v := filmView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("docket.title"), Href: "/cases"}, {Text: record.Prose(f.Case.No), Href: casePath(f.Case.ID)}}, Title: pr.T("links.films"), Sub: record.Prose(f.Case.Title),
			Actions: []ui.Action{{Text: pr.T("story.title"), Href: casePath(f.Case.ID) + "/story", Icon: "timeline-event"}},
		},
		Odd: odd(p, f, known, docs), Table: a.filmTable(p, f, known, docs), Bad: bad,
	}
	if id := p.Value("strike") + p.R.PathValue("link"); id != "" && a.d.Cases.May(f, p.Actor, access.CaseFilm) {
		for _, l := range f.Links {
			if string(l.ID) == id && l.Struck.IsZero() {
				v.Asks = strikeForm(p, f, l, known, bad)
			}
		}
	}
	if bad.What != "" {
		return p.Refused(v.Head.Title, filmPage(pr, v))
	}
	return p.Render(v.Head.Title, filmPage(pr, v))
}

func strikeForm(p *site.Page, f matter.File, l matter.Link, known map[ident.RecordingID]recording.Recording, bad refusal.Fault) *strikeView {
	pr := p.P
	s := &strikeView{Reason: bad.Mark(ui.Field{Name: "reason", Label: pr.T("links.strike_reason"), Value: p.Value("reason"), Max: 500, Rows: 3}), What: pr.T("story.recording_unseen")}
	if r, ok := known[l.Recording]; ok {
		s.What = record.Start(pr, r, p.Now)
	}
	s.Form = ui.FormView{
		Action: FilmPath(f.Case.ID) + "/" + string(l.ID) + "/strike", Label: pr.T("links.strike"), Errors: bad.Errors(s.Reason),
		Buttons: []ui.Action{{Text: pr.T("links.strike"), Primary: true}, {Text: pr.T("form.cancel"), Href: FilmPath(f.Case.ID)}},
	}
	return s
}

func (a *Area) filmTable(p *site.Page, f matter.File, known map[ident.RecordingID]recording.Recording, docs documents) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("links.films"),
		Columns: []ui.Column{
			{Label: pr.T("links.column.recording"), Lead: true},
			{Label: pr.T("links.column.who")},
			{Label: pr.T("links.column.shows")},
			{Label: pr.T("links.column.verdict")},
			{Label: pr.T("links.column.linked"), Tight: true},
			{Label: pr.T("links.column.do"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "video", Title: pr.T("links.films_none"), Text: pr.T("links.films_none_text"), Actions: []ui.Action{{Text: pr.T("links.title"), Href: Path}}},
	}
	may := a.d.Cases.May(f, p.Actor, access.CaseFilm)
	for _, l := range f.Links {
		if !l.Struck.IsZero() {
			continue
		}
		shows := pr.T("links.whole_case")
		if x, ok := f.Paper(l.Paper); ok {
			shows = docs.name(x.Type)
		}
		var do ui.Cell
		if may {
			do = ui.Button(ui.Action{Text: pr.T("links.strike"), Href: FilmPath(f.Case.ID) + "?strike=" + string(l.ID) + "#strike", Quiet: true})
		}
		main, who, verdict := ui.Text(pr.T("story.recording_unseen")), ui.NoneCell(pr), ui.NoneCell(pr)
		if r, ok := known[l.Recording]; ok {
			main = ui.MainCell(ui.Link{Text: record.Start(pr, r, p.Now), Href: record.Path(r.ID)}, record.Harmless(r.Name), true)
			who, verdict = ui.TwoCell(r.OfficerName, r.DeviceName), ui.Under(ui.Badge(pr, ui.Storage(r.Verdict)), record.Length(r))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{main, who, ui.TwoCell(shows, record.Prose(l.Note)), verdict, ui.Text(pr.When(l.At, p.Now)), do}})
	}
	return t
}

// odd lists the times in records that contradict the recordings they stand with, and those of which nobody can tell.
func odd(p *site.Page, f matter.File, known map[ident.RecordingID]recording.Recording, docs documents) []oddView {
	var sure, open []oddView
	for _, x := range f.Papers {
		d, ok := docs.cat.Document(x.Type)
		if !ok || x.State == matter.Void {
			continue
		}
		said, ids := accord.Of(d, x, f.Links)
		var footage []accord.Footage
		for _, id := range ids {
			if r, ok := known[id]; ok {
				footage = append(footage, footageOf(r))
			}
		}
		for _, finding := range accord.Check(said, footage) {
			v := oddView{
				Link: ui.Link{Text: docs.name(x.Type), Href: "/papers/" + string(x.ID)}, Tone: ui.Late, Icon: "clock-x",
				Text: p.P.T("links.odd."+string(finding.Verdict), docs.field(x.Type, finding.Field), p.P.WhenSec(finding.At, p.Now)),
			}
			if finding.Off > 0 {
				v.Facts = append(v.Facts, p.P.T("links.odd.off", p.P.Duration(finding.Off)))
			}
			if r, ok := known[finding.Nearest]; ok {
				v.Facts = append(v.Facts, p.P.T("links.odd.nearest", record.Start(p.P, r, p.Now), record.Length(r)))
			}
			switch {
			case finding.Verdict.Contradicts():
				sure = append(sure, v)
			case finding.Verdict == accord.Unsure:
				v.Tone, v.Icon = ui.Moot, "clock-question"
				open = append(open, v)
			}
		}
	}
	return append(sure, open...)
}

// footageOf is when a recording was made: its end as far as its camera's clock lets know, its start by its length.
func footageOf(r recording.Recording) accord.Footage {
	f := accord.Footage{Recording: r.ID, End: r.End}
	if r.End.IsZero() || !r.HasDuration {
		return f
	}
	f.Start = clock.Interval{From: r.End.From.Add(-r.Duration), To: r.End.To.Add(-r.Duration)}
	return f
}

// strike takes a link back, with a reason.
func (a *Area) strike(p *site.Page) error {
	f, err := a.file(p)
	if err != nil {
		return err
	}
	id, err := ident.Parse[ident.LinkID](p.R.PathValue("link"))
	if err != nil {
		return fault.New(fault.NotFound, "case.link_unknown")
	}
	err = a.d.Cases.Strike(p.Context(), p.Actor, f.Case.ID, id, p.Value("reason"))
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.filmPage(p, f, bad)
	}
	if err != nil {
		return err
	}
	return p.Redirect(FilmPath(f.Case.ID))
}
