package record

import (
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// view is the page.
type view struct {
	Head       ui.HeadView
	Next       *ui.Next
	Look       templ.Component // on what the reader may look, or how to ask
	Parts      templ.Component // what belongs to it
	Marks      templ.Component // what it holds that the law protects
	Verdict    ui.Verdict
	Branches   []branchView
	Flags      []flagView
	Likeness   *likenessView // nil while nobody has looked into the file
	Lines      []linesView
	Belonging  *partsView // why files are one recording; nil where there is nothing to tell
	Apart      string     // where a wrong join is taken apart; empty for who may not
	Facts      []ui.Fact
	Files      []fileView
	Candidates []candidateView
	Doubts     []string
	Gaps       []gapView
	Notes      []ui.Event
	Events     []ui.Event
	More       string // says that the history goes on
	Papers     []paperView
	Forms      []formView
}

// paperView is something to take away.
type paperView struct {
	Icon, Title, Text, Href string
	Download                bool
}

func (a area) show(p *site.Page) error {
	d, err := a.detail(p)
	if err != nil {
		return err
	}
	if p.R.PathValue("id") != string(d.ID) { // it was joined into another
		return p.Redirect(Path(d.ID))
	}
	return a.page(p, d, attempt{})
}

// page shows a recording; after a form was refused it is shown again with what was typed and what is wrong.
func (a area) page(p *site.Page, d recording.Detail, at attempt) error {
	list, more, err := a.history(p.Context(), d, pageLimit)
	if err != nil {
		return err
	}
	actors, err := Actors(p.Context(), a.Accounts, a.People, list)
	if err != nil {
		return err
	}
	n, err := a.names(p, d, list)
	if err != nil {
		return err
	}
	forms, err := a.forms(p, d, at)
	if err != nil {
		return err
	}
	look, err := a.Look(p, d.Recording)
	if err != nil {
		return err
	}
	parts := make([]templ.Component, len(a.Parts))
	for i, part := range a.Parts {
		if parts[i], err = part(p, d.Recording); err != nil {
			return err
		}
	}
	marks := templ.Component(templ.NopComponent)
	if a.Marks != nil {
		if marks, err = a.Marks(p, d.Recording); err != nil {
			return err
		}
	}
	pr := p.P
	v := view{
		Head: head(p, d), Next: next(p, d), Look: look, Parts: templ.Join(parts...), Marks: marks, Verdict: verdictOf(pr, d, p.Now),
		Branches: branches(pr, d.Judgement), Flags: flagList(pr, d), Likeness: likeness(pr, d), Lines: lines(pr, d), Belonging: belonging(pr, d), Facts: facts(pr, d, n, p.Now), Files: files(pr, d, p.Now),
		Candidates: candidates(pr, d), Doubts: doubts(pr, d), Gaps: gaps(pr, d), Notes: notes(pr, d, n, p.Now), Papers: papers(pr, d, list), Forms: forms,
	}
	for _, e := range events(pr, d, list, actors, n, p.Now) {
		v.Events = append(v.Events, e.Event)
	}
	v.Forms = append(v.Forms, a.apartForm(p, d, at)...)
	if p.May(access.RecordingAssign, subject(d)) {
		v.Apart = Path(d.ID) + "?do=apart#apart"
	}
	if more {
		v.More = pr.T("recording.history_more", pageLimit)
	}
	if at.fault != nil {
		return p.Refused(v.Head.Title, recordPage(pr, v))
	}
	return p.Render(v.Head.Title, recordPage(pr, v))
}

// names gathers what people, departments and cameras on the page are called.
func (a area) names(p *site.Page, d recording.Detail, list []custody.Record) (names, error) {
	n := names{departments: map[ident.DepartmentID]string{}, devices: map[ident.DeviceID]string{}}
	people := map[ident.PersonID]bool{d.Officer: true, d.FoundOfficer: true}
	devices := map[ident.DeviceID]bool{d.FoundDevice: true}
	for _, note := range d.Notes {
		people[note.By], people[note.Officer], devices[note.Device] = true, true, true
	}
	for _, r := range list {
		for _, s := range r.Related {
			if s.Kind == "person" {
				people[ident.PersonID(s.ID)] = true
			}
		}
	}
	delete(people, "")
	delete(devices, "")
	ids := make([]ident.PersonID, 0, len(people))
	for id := range people {
		ids = append(ids, id)
	}
	var err error
	if n.people, err = a.People.Names(p.Context(), ids); err != nil {
		return n, err
	}
	for id := range devices {
		item, err := a.Devices.Get(p.Context(), p.Actor, id)
		if err == nil {
			n.devices[id] = item.Label
		} else if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Forbidden) {
			return n, err
		}
	}
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return n, err
	}
	for _, dep := range tree {
		n.departments[dep.ID] = dep.Name
	}
	return n, nil
}

// title names a recording by what it is and when it began.
func title(p locale.Printer, d recording.Detail, now time.Time) string {
	if d.Start.IsZero() {
		return p.T("recording.title_unknown", Word(p, "kind", string(d.Kind)))
	}
	return p.T("recording.title", p.WhenSec(d.Start, now), Word(p, "kind", string(d.Kind)))
}

func head(p *site.Page, d recording.Detail) ui.HeadView {
	pr := p.P
	text, icon, tone := StateMark(pr, d.State)
	h := ui.HeadView{
		Crumbs: []ui.Link{{Text: pr.T("library.title"), Href: "/recordings"}}, Title: title(pr, d, p.Now),
		Marks:   ui.Join(ui.Badge(pr, ui.Storage(d.Verdict)), ui.BadgeText(text, icon, tone)),
		Actions: []ui.Action{{Text: pr.T("certificate.title"), Href: Path(d.ID) + "/certificate", Icon: "certificate"}},
	}
	if p.May(access.RecordingCertify, subject(d)) {
		h.Actions = append(h.Actions, makeAction(pr, Path(d.ID), false))
	}
	if _, owner := needed(d); !owner && p.May(access.RecordingAssign, subject(d)) {
		h.Actions = append(h.Actions, ui.Action{Text: pr.T("recording.assign.open"), Href: Path(d.ID) + "?do=assign#assign", Icon: "pencil"})
	}
	if d.Device != "" && d.DeviceName != "" {
		h.Crumbs = append(h.Crumbs, ui.Link{Text: d.DeviceName, Href: "/recordings?device=" + string(d.Device)})
	}
	return h
}

// next is the one thing the reader can do about this recording; nil if there is none.
func next(p *site.Page, d recording.Detail) *ui.Next {
	pr := p.P
	switch {
	case d.Unexplained && p.May(access.InboxResolve, subject(d)):
		return &ui.Next{
			Eyebrow: pr.T("recording.next.settle_eyebrow"), Title: pr.T("recording.next.settle"), Text: pr.T("recording.next.settle_text"),
			Action: ui.Action{Text: pr.T("recording.next.settle_do"), Href: "/inbox?settle=" + string(d.ID) + "#settle", Primary: true},
		}
	case d.Verdict == storage.Late && p.May(access.RecordingReturnNote, subject(d)):
		if reason, _ := needed(d); !reason {
			return nil
		}
		return &ui.Next{
			Eyebrow: pr.T("recording.next.late_eyebrow"), Cite: ui.Cite{Article: "19.2"}, Title: pr.T("recording.next.late"), Text: pr.T("recording.next.late_text"),
			Action: ui.Action{Text: pr.T("recording.next.late_do"), Href: "#return", Primary: true},
		}
	}
	return nil
}

// notes are the overlays in words, newest first.
func notes(p locale.Printer, d recording.Detail, n names, now time.Time) []ui.Event {
	out := make([]ui.Event, 0, len(d.Notes))
	for i := len(d.Notes) - 1; i >= 0; i-- {
		note := d.Notes[i]
		e := ui.Event{Time: p.Day(note.At, now), Day: p.ClockSec(note.At), Icon: "writing"}
		switch note.Kind {
		case recording.NoteReturn:
			e.Text = p.T("note.return", p.When(note.ReturnedAt, now), Reason(p, note.Reason))
		case recording.NoteDesignated:
			e.Text = p.T("note.designated", p.When(note.StoredAt, now), Harmless(note.Where))
		case recording.NoteAssign:
			e.Icon = "user"
			switch {
			case note.Device != "" && note.Officer != "":
				e.Text = p.T("note.assign_both", n.device(p, note.Device), n.person(p, note.Officer))
			case note.Device != "":
				e.Text = p.T("note.assign_device", n.device(p, note.Device))
			default:
				e.Text = p.T("note.assign_officer", n.person(p, note.Officer))
			}
		case recording.NoteReview:
			e.Icon, e.Text = "check", p.T("note.review")
		}
		name := note.ByName
		if name == "" {
			name = n.person(p, note.By)
		}
		e.Facts = []string{p.T("recording.noted_by", name)}
		if note.Words != "" {
			e.Facts = append(e.Facts, p.T("history.words", Prose(note.Words)))
		}
		out = append(out, e)
	}
	return out
}

// papers are what can be taken away and checked without this system.
func papers(p locale.Printer, d recording.Detail, list []custody.Record) []paperView {
	out := []paperView{{Icon: "certificate", Title: p.T("certificate.title"), Text: p.T("recording.paper.certificate"), Href: Path(d.ID) + "/certificate"}}
	for _, f := range d.FileList {
		kind := ""
		for _, r := range d.Receipts {
			if r.File == f.ID {
				kind = Word(p, "recording.receipt", string(r.Kind))
			}
		}
		if kind == "" {
			continue
		}
		paper := paperView{Icon: "receipt", Title: kind, Text: p.T("recording.paper.receipt"), Href: "/files/" + string(f.ID) + "/receipt", Download: true}
		if len(d.FileList) > 1 {
			paper.Text = Harmless(f.Name)
		}
		out = append(out, paper)
	}
	for _, r := range list {
		if len(d.FileList) > 0 && r.ID == d.FileList[0].Entry && r.Index >= 0 {
			out = append(out, paperView{
				Icon: "timeline-event", Title: p.T("recording.paper.proof"), Text: p.T("history.position", r.Index+1), Href: proofPath(d.ID, r.ID), Download: true,
			})
		}
	}
	return append(out, paperView{Icon: "key", Title: p.T("recording.paper.trust"), Text: p.T("recording.paper.trust_text"), Href: "/log/trust.json", Download: true})
}
