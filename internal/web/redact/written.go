package redact

import (
	"mime"
	"net/http"
	"path"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// writtenView is the part of a copy's page about the written text of its sound (录音文字).
type writtenView struct {
	Name, Facts, Get string
	Form             *ui.FormView // puts one with a draft
	File             ui.Field
	Remove           string // takes it away from a draft
}

// written makes that part; nil where there is none and the reader may put none.
func (a *Area) written(p *site.Page, c *redaction.Copy, ground bool, bad refusal.Fault, which string) *writtenView {
	pr := p.P
	v := &writtenView{}
	if t := c.Transcript; t != nil {
		v.Name, v.Facts, v.Get = record.Harmless(t.Name), pr.T("redact.written_facts", pr.Size(t.Size), t.SHA256), Path(c.ID)+"/written"
	}
	if c.State == redaction.Draft && c.By == p.Actor.Person && ground {
		v.File = ui.Field{Name: "transcript", Label: pr.T("redact.written_file"), Hint: pr.T("redact.written_hint"), Type: "file", Accept: ".txt,.docx,.pdf"}
		v.Form = &ui.FormView{Action: Path(c.ID) + "/written", Files: true, Label: pr.T("redact.written"), Buttons: []ui.Action{{Text: pr.T("redact.written_put"), Icon: "upload"}}}
		if which == "written" {
			v.File = bad.Mark(v.File)
			v.Form.Errors = bad.Errors(v.File)
		}
		if v.Name != "" {
			v.Remove = Path(c.ID) + "/written/remove"
		}
	}
	if v.Name == "" && v.Form == nil {
		return nil
	}
	return v
}

func (a *Area) putWritten(p *site.Page) error {
	return a.act(p, "written", func(c *redaction.Copy) error {
		raw, name, err := p.File("transcript", redaction.MaxTranscript)
		if err != nil {
			return err
		}
		_, err = a.Copies.Attach(p.Context(), p.Actor, c.ID, name, raw)
		return err
	})
}

func (a *Area) removeWritten(p *site.Page) error {
	return a.act(p, "written", func(c *redaction.Copy) error {
		_, err := a.Copies.Detach(p.Context(), p.Actor, c.ID)
		return err
	})
}

// sendWritten sends the written text to be saved, never to be shown.
func (a *Area) sendWritten(p *site.Page) error {
	c, err := a.copyOf(p)
	if err != nil {
		return err
	}
	got, raw, err := a.Copies.Written(p.Context(), p.Actor, c.ID)
	if err != nil {
		return err
	}
	kind := mime.TypeByExtension(strings.ToLower(path.Ext(got.Transcript.Name)))
	if kind == "" {
		kind = "application/octet-stream"
	}
	p.Attach(kind, got.Transcript.Name)
	_, _ = p.W.Write(raw) // where it fails the reader has gone, and nobody is left to tell
	return nil
}

// writtenRoutes are its addresses.
func (a *Area) writtenRoutes(route func(method, path string, action access.Action, h func(*site.Page) error) site.Route) []site.Route {
	return []site.Route{
		route(http.MethodPost, "/masked/{copy}/written", access.RedactionPlan, a.putWritten),
		route(http.MethodPost, "/masked/{copy}/written/remove", access.RedactionPlan, a.removeWritten),
		route(http.MethodGet, "/masked/{copy}/written", access.RedactionView, a.sendWritten),
	}
}
