package story

import (
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Source is what a story is told from.
type Source struct {
	File       matter.File
	Entries    []custody.Record // of the case itself
	Looks      []viewing.Look   // at its recordings
	Recordings map[ident.RecordingID]recording.Recording
	Names      map[ident.PersonID]string
	Actors     map[string]string        // by the accounts of entries
	Document   func(kind string) string // what a document type is called
	Item       func(id string) string   // what an item of the list of what must be there is called
}

// People are those whom a file names by their ids.
func People(f matter.File) []ident.PersonID {
	seen := map[ident.PersonID]bool{f.Case.OpenedBy: true}
	for _, h := range f.Handlers {
		seen[h.Person] = true
	}
	for _, p := range f.Papers {
		seen[p.MadeBy] = true
	}
	for _, a := range f.Approvals {
		seen[a.By], seen[a.For] = true, true
	}
	for _, d := range f.Deliveries {
		seen[d.By] = true
	}
	for _, w := range f.Waivers {
		seen[w.By] = true
	}
	for _, r := range f.Reports {
		seen[r.By] = true
	}
	delete(seen, "")
	out := make([]ident.PersonID, 0, len(seen))
	for id := range seen {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// teller tells one story.
type teller struct {
	Source

	p   locale.Printer
	now time.Time
	out []Moment
}

// Tell gives everything that happened, newest first.
func Tell(p locale.Printer, s Source, now time.Time) []Moment {
	t := &teller{Source: s, p: p, now: now}
	t.course()
	t.papers()
	t.approvals()
	t.deliveries()
	t.reports()
	t.waivers()
	t.recordings()
	t.looks()
	return sorted(t.out)
}

func (t *teller) add(m Moment) {
	if !m.At.IsZero() {
		t.out = append(t.out, m)
	}
}

func (t *teller) name(id ident.PersonID) string {
	if id == "" {
		return ""
	}
	if n := t.Names[id]; n != "" {
		return n
	}
	return t.p.T("story.somebody")
}

// by says who did it.
func (t *teller) by(id ident.PersonID) string {
	if id == "" {
		return ""
	}
	return t.p.T("story.by", t.name(id))
}

// course is how the case was led: its opening, its handlers, and what the log says was done with it.
func (t *teller) course() {
	c := t.File.Case
	t.add(Moment{
		At: c.OpenedAt, Kind: Course, Icon: "briefcase", Tone: ui.OK, Text: t.p.T("story.opened." + string(c.Origin)), Facts: []string{c.No, t.by(c.OpenedBy)}, key: "0",
	})
	for _, h := range t.File.Handlers {
		if h.From.Sub(c.OpenedAt).Abs() > time.Minute { // those of the beginning stand in its head
			t.add(Moment{At: h.From, Kind: Course, Icon: "user", Text: t.p.T("story.handler_on", t.name(h.Person)), Facts: []string{h.Certificate}, key: string(h.ID)})
		}
		t.add(Moment{At: h.Until, Kind: Course, Icon: "user-off", Text: t.p.T("story.handler_off", t.name(h.Person)), Facts: []string{record.Prose(h.Reason)}, key: string(h.ID)})
	}
	for _, r := range t.Entries {
		if !told(r) {
			continue
		}
		t.add(Moment{
			At: r.At, Kind: Course, Icon: courseIcon(r.Action), Text: record.ActionText(t.p, r), Facts: []string{record.ActorText(t.p, r.Actor, t.Actors), article(t.p, r.Article)}, key: string(r.ID),
		})
	}
}

// elsewhere are deeds on a case that other rows tell, or that change nothing.
var elsewhere = []string{"open", "view", "list", "edit", "answer", "report", "waive", "link", "unlink", "handler", "party", "film", "assign"}

// told reports whether an entry of the case is one of its course.
func told(r custody.Record) bool {
	area, deed, _ := strings.Cut(r.Action, ".")
	return area == "case" && r.Outcome != custody.Refused && r.Outcome != custody.Failed && r.Outcome != custody.Intent && !slices.Contains(elsewhere, deed)
}

func courseIcon(action string) string {
	switch _, deed, _ := strings.Cut(action, "."); deed {
	case "suspend", "withdraw":
		return "player-pause"
	case "resume":
		return "player-play"
	case "close", "archive":
		return "archive"
	case "export":
		return "download"
	}
	return "arrow-right"
}

func article(p locale.Printer, no string) string {
	if no == "" {
		return ""
	}
	return p.Article(no)
}

// papers are the written records, each where its text became what it is.
func (t *teller) papers() {
	for _, p := range t.File.Papers {
		m := Moment{Kind: Document, Icon: "file-text", Facts: []string{p.No, t.by(p.MadeBy)}, Href: paperHref(p.ID), key: string(p.ID)}
		name := t.Document(p.Type)
		switch p.State {
		case matter.Void:
			m.At, m.Icon, m.Tone, m.Text = p.ChangedAt, "file-off", ui.None, t.p.T("story.paper_void", name)
			m.Facts = append(m.Facts, record.Prose(p.Reason))
		case matter.Complete:
			m.At, m.Text = latest(p.DoneAt, p.FixedAt), t.p.T("story.paper_done", name)
		case matter.Fixed:
			m.At, m.Text = p.FixedAt, t.p.T("story.paper_fixed", name)
			m.Tone = ui.Due
		case matter.Submitted:
			m.At, m.Text = latest(p.ChangedAt, p.MadeAt), t.p.T("story.paper_submitted", name)
		case matter.Returned:
			m.At, m.Text, m.Tone = latest(p.ChangedAt, p.MadeAt), t.p.T("story.paper_returned", name), ui.Late
		case matter.Draft:
			m.At, m.Text, m.Tone = p.MadeAt, t.p.T("story.paper_draft", name), ui.None
		}
		if p.Version > 1 && p.State != matter.Void {
			m.Facts = append(m.Facts, t.p.T("story.version", p.Version), record.Prose(p.Reason))
		}
		for _, s := range t.File.SignedBy(p) {
			if s.Mode == matter.Refused && p.State != matter.Void {
				m.Facts = append(m.Facts, t.p.T("story.refused", record.Prose(s.Name)))
			}
		}
		t.add(m)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func paperHref(id ident.PaperID) string { return "/papers/" + string(id) }

// approvals are decisions on papers, with what was said.
func (t *teller) approvals() {
	for _, a := range t.File.Approvals {
		p, _ := t.File.Paper(a.Paper)
		m := Moment{At: a.At, Kind: Decision, Icon: stepIcon(a.Step), Tone: ui.OK, Href: paperHref(a.Paper), key: string(a.ID)}
		key := "story.agreed"
		if !a.Agreed {
			key, m.Tone = "story.sent_back", ui.Late
		}
		m.Text = t.p.T(key, t.p.T("story.step."+string(a.Step)), t.Document(p.Type))
		who := t.name(a.By)
		if a.For != "" {
			who = t.p.T("story.for", who, t.name(a.For))
		}
		m.Facts = []string{who}
		if a.Opinion != "" {
			m.Facts = append(m.Facts, t.p.T("story.opinion", record.Prose(a.Opinion)))
		}
		t.add(m)
	}
}

func stepIcon(s matter.Step) string {
	switch s {
	case matter.StepLegal:
		return "scale"
	case matter.StepLeader:
		return "gavel"
	case matter.StepHandler, matter.StepUnit:
	}
	return "circle-check"
}

// deliveries are services of papers.
func (t *teller) deliveries() {
	for _, d := range t.File.Deliveries {
		p, _ := t.File.Paper(d.Paper)
		m := Moment{
			At: d.When(), Kind: Service, Icon: "send", Text: t.p.T("story.served", t.Document(p.Type), t.word("delivery.mode.", d.Mode)), Href: paperHref(d.Paper), key: string(d.ID),
			Facts: []string{record.Prose(d.Recipient), record.Prose(d.Place)},
		}
		if d.Refused() {
			m.Tone = ui.Due
			m.Facts = append(m.Facts, t.p.T("story.service_refused", record.Prose(d.Witness)))
		}
		switch {
		case !d.Deemed.IsZero():
			m.Facts = append(m.Facts, t.p.T("story.deemed", t.p.Date(d.Deemed)))
		case d.State != "":
			m.Tone = ui.Moot
			m.Facts = append(m.Facts, t.p.T("story.deemed_unknown"))
		}
		t.add(m)
	}
}

// word is a code in words, the code itself where nobody gave it any.
func (t *teller) word(prefix, code string) string {
	if k := prefix + code; t.p.Has(k) {
		return t.p.T(k)
	}
	return record.Harmless(code)
}

// reports are things that happened of which no document of ours tells.
func (t *teller) reports() {
	for _, r := range t.File.Reports {
		t.add(Moment{
			At: r.On, Dated: !r.Timed, Kind: Course, Icon: "info-circle", Text: t.word("event.", r.Event), Facts: []string{record.Prose(r.Basis), t.by(r.By)}, key: string(r.ID),
		})
	}
}

// waivers are decisions that something need not be there.
func (t *teller) waivers() {
	for _, w := range t.File.Waivers {
		t.add(Moment{
			At: w.At, Kind: Decision, Icon: "scale", Tone: ui.Moot, Text: t.p.T("story.waived", t.Item(w.Item)), Facts: []string{t.name(w.By), record.Prose(w.Reason)}, key: string(w.ID),
		})
	}
}

// recordings stand where they were filmed, each once however often it is linked.
func (t *teller) recordings() {
	seen := map[ident.RecordingID]bool{}
	for _, l := range t.File.Links {
		r, known := t.Recordings[l.Recording]
		if !l.Struck.IsZero() || seen[l.Recording] {
			continue
		}
		seen[l.Recording] = true
		m := Moment{At: l.At, Kind: Recording, Icon: "video", Text: t.p.T("story.recording_unseen"), Href: record.Path(l.Recording), key: string(l.Recording)}
		if known {
			if m.Text = t.p.T("story.recording", record.Word(t.p, "kind", string(r.Kind))); r.HasDuration {
				m.Text = t.p.T("story.recording_of", record.Word(t.p, "kind", string(r.Kind)), t.p.Duration(r.Duration))
			}
			m.Facts = []string{r.OfficerName, r.DeviceName}
			if !r.Start.IsZero() {
				m.At = r.Start
			}
			if r.Kind == recording.Audio {
				m.Icon = "volume"
			}
			if r.State == recording.Damaged {
				m.Tone = ui.Late
			}
		}
		if p, ok := t.File.Paper(l.Paper); ok {
			m.Facts = append(m.Facts, t.p.T("story.shows", t.Document(p.Type)))
		}
		t.add(m)
	}
}

// looks are who looked at the recordings, on what ground, and for how long (R-23-3).
func (t *teller) looks() {
	for _, l := range t.Looks {
		m := Moment{At: l.OpenedAt, Kind: Look, Icon: "eye", Text: t.p.T("story.look", l.ViewerName), Facts: []string{l.ViewerDept, t.p.T("story.look_no", l.No)}, Href: record.Path(l.Recording), key: string(l.ID)}
		if r, ok := t.Recordings[l.Recording]; ok {
			m.Facts = append(m.Facts, record.Start(t.p, r, t.now))
		}
		if l.WatchedFor > 0 {
			m.Facts = append(m.Facts, t.p.T("story.watched", t.p.Duration(l.WatchedFor)))
		}
		t.add(m)
	}
}
