package redact

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// copyView is the page of one masked copy.
type copyView struct {
	Head    ui.HeadView
	Note    *ui.NoteView
	Doing   string // share made, "0.42", while it is being made
	DoingT  string
	Facts   []ui.Fact
	Masks   []maskView
	Edit    string // where its editor, or the picture to compare, is opened
	EditT   string
	NoLook  string
	Copy    string
	Ask     string
	Drop    *ui.ConfirmView
	Decide  *decideView
	Take    *takeView
	Written *writtenView
	Article ui.Cite
}

type maskView struct{ What, When string }

type decideView struct {
	Form  ui.FormView
	Words ui.Field
}

type takeView struct {
	Form    ui.FormView
	Request ui.Field
	None    string
}

var tones = map[redaction.State]struct {
	icon string
	tone ui.Tone
}{
	redaction.Draft: {"pencil", ui.Moot}, redaction.Asked: {"clock", ui.Due}, redaction.Refused: {"circle-x", ui.Late}, redaction.Approved: {"refresh", ui.Due},
	redaction.Ready: {"circle-check", ui.OK}, redaction.Failed: {"alert-circle", ui.Late}, redaction.Dropped: {"circle-minus", ui.Moot},
}

func (a *Area) show(p *site.Page) error {
	c, err := a.copyOf(p)
	if err != nil {
		return err
	}
	return a.page(p, c, refusal.Fault{}, "")
}

// page shows a copy; bad is what was wrong with the form named by which.
func (a *Area) page(p *site.Page, c *redaction.Copy, bad refusal.Fault, which string) error {
	pr := p.P
	brief, err := a.Recordings.Brief(p.Context(), c.Recording)
	if err != nil {
		return err
	}
	t := tones[c.State]
	name := pr.T("redact.title", c.No)
	v := copyView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("library.title"), Href: "/recordings"}, {Text: title(pr, brief, p.Now), Href: record.Path(c.Recording)}},
			Title:  name, Sub: pr.When(c.At, p.Now), Marks: ui.BadgeText(pr.T("redact.state."+string(c.State)), t.icon, t.tone),
		},
		Copy: string(c.ID), Article: ui.Cite{Article: "20"},
	}
	v.Facts = facts(p, c)
	for _, r := range c.Plan.Regions {
		v.Masks = append(v.Masks, maskView{pr.T("redact.kind." + string(r.Kind)), pr.T("redact.when", clockOf(r.Points[0].At), clockOf(r.Until), len(r.Points))})
	}
	for _, s := range c.Plan.Sounds {
		v.Masks = append(v.Masks, maskView{pr.T("redact.sound." + string(s.Kind)), pr.T("redact.span", clockOf(s.From), clockOf(s.To))})
	}
	if err := a.actions(p, c, &v, bad, which); err != nil {
		return err
	}
	if bad.What != "" {
		return p.Refused(name, copyPage(pr, v))
	}
	return p.Render(name, copyPage(pr, v))
}

// clockOf writes a moment of the recording, "0:00:07.4".
func clockOf(ms int64) string {
	s := ms / 1000
	return fmt.Sprintf("%d:%02d:%02d.%d", s/3600, s/60%60, s%60, ms%1000/100)
}

func facts(p *site.Page, c *redaction.Copy) []ui.Fact {
	pr := p.P
	out := []ui.Fact{
		ui.FactText(pr.T("redact.fact.span"), pr.T("redact.span", clockOf(c.Plan.From), clockOf(c.Plan.To)), ""),
		ui.FactText(pr.T("redact.fact.by"), c.ByName, c.ByDept),
		ui.FactText(pr.T("redact.fact.why"), record.Prose(c.Why), ""),
	}
	if c.FirstName != "" {
		out = append(out, ui.FactText(pr.T("redact.fact.first"), c.FirstName, pr.When(c.FirstAt, p.Now)))
	}
	if c.DecidedName != "" {
		out = append(out, ui.FactText(pr.T("redact.fact.decided"), c.DecidedName, pr.When(c.DecidedAt, p.Now)))
	}
	if c.Words != "" {
		out = append(out, ui.FactText(pr.T("redact.fact.words"), record.Prose(c.Words), ""))
	}
	if c.State == redaction.Ready {
		out = append(out,
			ui.FactText(pr.T("redact.fact.made"), pr.When(c.MadeAt, p.Now), ""), ui.FactText(pr.T("redact.fact.length"), pr.Duration(c.Length), ""),
			ui.FactText(pr.T("redact.fact.size"), pr.Size(c.Size), ""), ui.FactMono(pr.T("redact.fact.sha256"), c.SHA256, ""))
	}
	return out
}

// actions adds what this reader may do about the copy.
func (a *Area) actions(p *site.Page, c *redaction.Copy, v *copyView, bad refusal.Fault, which string) error {
	pr := p.P
	mine := c.By == p.Actor.Person
	for _, n := range c.Notes {
		v.Note = &ui.NoteView{Tone: ui.Due, Icon: "alert-triangle", Text: pr.T("redact.note." + n)}
	}
	o, err := a.Object(p.Context(), c.Recording)
	if err != nil {
		return err
	}
	b, err := a.Looks.Basis(p.Context(), p.Actor, o)
	if err != nil {
		return err
	}
	if b.Ground != "" {
		v.Edit, v.EditT = record.Path(c.Recording)+"/mask", pr.T("redact.compare")
		if mine && c.State == redaction.Draft {
			v.EditT = pr.T("redact.edit")
		}
	} else {
		v.NoLook = pr.T("redact.no_look")
	}
	v.Written = a.written(p, c, b.Ground != "", bad, which)
	switch c.State {
	case redaction.Draft:
		if mine {
			v.Ask = Path(c.ID) + "/ask"
		}
	case redaction.Asked:
		text := pr.T("redact.waits." + string(c.Level))
		if c.AwaitsSecond() {
			text = pr.T("redact.waits_second", c.FirstName)
		}
		v.Note = &ui.NoteView{Tone: ui.Due, Icon: "clock", Text: text}
		if a.Copies.May(p.Actor, access.RedactionDecide, c) {
			v.Decide = decision(p, c, bad, which)
		}
	case redaction.Approved:
		v.Doing, v.DoingT = strconv.FormatFloat(c.Progress, 'f', 2, 64), pr.T("redact.making", int(c.Progress*100))
		p.W.Header().Set("Refresh", "3")
	case redaction.Failed:
		v.Note = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: pr.T("redact.failed"), Text: pr.Fault(fault.New(fault.Invalid, "derivative."+c.Reason)).What}
	case redaction.Ready:
		if v.Take, err = a.taking(p, c, bad, which); err != nil {
			return err
		}
	case redaction.Refused, redaction.Dropped:
	}
	if mine && (c.State == redaction.Draft || c.State == redaction.Asked) {
		v.Drop = &ui.ConfirmView{
			ID: "drop", Open: ui.Action{Text: pr.T("redact.drop")}, Title: pr.T("redact.drop_title"), Text: pr.T("redact.drop_text"), Action: Path(c.ID) + "/drop", Yes: pr.T("redact.drop"),
		}
	}
	return nil
}

func decision(p *site.Page, c *redaction.Copy, bad refusal.Fault, which string) *decideView {
	pr := p.P
	d := &decideView{
		Words: ui.Field{Name: "words", Label: pr.T("redact.decide_words"), Hint: pr.T("redact.decide_hint"), Optional: true, Max: 500},
		Form: ui.FormView{Action: Path(c.ID) + "/decide", Label: pr.T("redact.decide"), Buttons: []ui.Action{
			{Text: pr.T("redact.agree"), Icon: "check", Primary: true, Name: "answer", Value: "agree"}, {Text: pr.T("redact.refuse"), Name: "answer", Value: "refuse"},
		}},
	}
	if which == "decide" {
		d.Words.Value = p.Value("words")
		d.Words = bad.Mark(d.Words, "why")
		d.Form.Errors = bad.Errors(d.Words)
	}
	return d
}

// taking offers the reader's own grants on which the copy may be taken away.
func (a *Area) taking(p *site.Page, c *redaction.Copy, bad refusal.Fault, which string) (*takeView, error) {
	pr := p.P
	grants, err := a.Looks.Grants(p.Context(), p.Actor)
	if err != nil {
		return nil, err
	}
	t := &takeView{
		Form:    ui.FormView{Action: Path(c.ID) + "/take", Label: pr.T("redact.take"), Buttons: []ui.Action{{Text: pr.T("redact.take"), Icon: "download", Primary: true}}},
		Request: ui.Field{Name: "request", Label: pr.T("redact.take_request"), Hint: pr.T("redact.take_hint")},
	}
	for _, g := range grants {
		if g.Manner == viewing.MannerView || g.Manner == viewing.MannerBorrow {
			continue
		}
		for _, i := range g.Items {
			if i.Recording == c.Recording {
				t.Request.Options = append(t.Request.Options, ui.Option{Value: strconv.FormatInt(g.No, 10), Text: pr.T("redact.take_no", g.No)})
				break
			}
		}
	}
	if len(t.Request.Options) == 0 {
		t.None = pr.T("redact.take_none")
	}
	if which == "take" {
		t.Request = bad.Mark(t.Request)
		t.Form.Errors = bad.Errors(t.Request)
	}
	return t, nil
}

// act carries out what a form asks and leads back to the copy, or shows it again with what is wrong.
func (a *Area) act(p *site.Page, which string, do func(*redaction.Copy) error) error {
	c, err := a.copyOf(p)
	if err != nil {
		return err
	}
	err = do(c)
	if err == nil {
		return p.Redirect(Path(c.ID))
	}
	bad, ok := refusal.Of(p.P, err)
	if !ok {
		return err
	}
	if now, err := a.copyOf(p); err == nil {
		c = now
	}
	return a.page(p, c, bad, which)
}

func (a *Area) ask(p *site.Page) error {
	return a.act(p, "ask", func(c *redaction.Copy) error {
		_, err := a.Copies.Ask(p.Context(), p.Actor, c.ID)
		return err
	})
}

func (a *Area) drop(p *site.Page) error {
	return a.act(p, "drop", func(c *redaction.Copy) error {
		_, err := a.Copies.Drop(p.Context(), p.Actor, c.ID)
		return err
	})
}

func (a *Area) decide(p *site.Page) error {
	return a.act(p, "decide", func(c *redaction.Copy) error {
		_, err := a.Copies.Decide(p.Context(), p.Actor, c.ID, p.Value("answer") == "agree", p.Value("words"))
		return err
	})
}

// taken opens a copy on the request that the form names. A nil copy says that the page was answered already.
func (a *Area) taken(p *site.Page) (*redaction.Taken, error) {
	c, err := a.copyOf(p)
	if err != nil {
		return nil, err
	}
	no, err := strconv.ParseInt(p.Value("request"), 10, 64)
	if err != nil {
		no = 0
	}
	t, err := a.Copies.Take(p.Context(), p.Actor, c.ID, no)
	if err == nil {
		return t, nil
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return nil, a.page(p, c, bad, "take")
	}
	return nil, err
}

func (a *Area) take(p *site.Page) error {
	if p.Value("what") == "statement" {
		return a.statement(p)
	}
	t, err := a.taken(p)
	if t == nil {
		return err
	}
	defer func() { _ = t.Close() }() // only read
	p.Attach("video/mp4", t.Name)
	p.W.Header().Set("Content-Length", strconv.FormatInt(t.Size, 10))
	p.W.Header().Set("Cache-Control", "no-store")
	p.W.WriteHeader(http.StatusOK)
	_, err = io.Copy(p.W, t)
	_ = err // the reader has gone; nobody is left to tell
	return nil
}

func (a *Area) statement(p *site.Page) error {
	t, err := a.taken(p)
	if t == nil {
		return err
	}
	defer func() { _ = t.Close() }() // only read
	p.Attach("text/plain; charset=utf-8", t.Name+".statement")
	p.W.Header().Set("Cache-Control", "no-store")
	p.W.WriteHeader(http.StatusOK)
	_, err = p.W.Write(t.Statement)
	_ = err // the reader has gone; nobody is left to tell
	return nil
}

// sheetView stands on the page of a recording.
type sheetView struct {
	New  string // where the button for a new copy posts to; "" for none
	Rows []rowView
}

type rowView struct {
	Link        ui.Link
	By          string
	State, Icon string
	Tone        ui.Tone
}

// Sheet is the part of a recording's page about its masked copies; nil where there is nothing to say.
func (a *Area) Sheet(p *site.Page, r recording.Recording) (templ.Component, error) {
	list, err := a.Copies.ForRecording(p.Context(), p.Actor, r.ID)
	if err != nil {
		return nil, err
	}
	o, err := a.Object(p.Context(), r.ID)
	if err != nil {
		return nil, err
	}
	b, err := a.Looks.Basis(p.Context(), p.Actor, o)
	if err != nil {
		return nil, err
	}
	v := sheetView{}
	if b.Ground != "" && r.Kind == recording.Video {
		v.New = record.Path(r.ID) + "/mask"
	}
	if v.New == "" && len(list) == 0 {
		return templ.NopComponent, nil
	}
	for i := range list {
		c := &list[i]
		t := tones[c.State]
		v.Rows = append(v.Rows, rowView{
			Link: ui.Link{Text: p.P.T("redact.title", c.No), Href: Path(c.ID)}, By: byline(p.P, c, p.Now), State: p.P.T("redact.state." + string(c.State)), Icon: t.icon, Tone: t.tone,
		})
	}
	return recordSheet(p.P, v), nil
}

func byline(pr locale.Printer, c *redaction.Copy, now time.Time) string {
	return pr.T("redact.by", c.ByName, pr.When(c.At, now))
}

func title(pr locale.Printer, r recording.Recording, now time.Time) string {
	kind := record.Word(pr, "kind", string(r.Kind))
	if r.Start.IsZero() {
		return pr.T("recording.title_unknown", kind)
	}
	return pr.T("recording.title", pr.WhenSec(r.Start, now), kind)
}
