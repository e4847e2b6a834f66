package viewings

import (
	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// sheetView stands on the page of a recording where its picture would be: what the reader's look would rest on, or how
// to ask for one.
type sheetView struct {
	Length   string
	Text     string
	Look     string // where the button that begins a look posts to; "" for none
	Until    string
	Span     string
	Pending  *ui.Link
	State    string
	Icon     string
	Tone     ui.Tone
	Ask      *askView
	Said     string // what the officer said the recording shows
	SaidBy   string
	Register string // the register of looks at this recording
}

// Sheet is the part of a recording's page about looking at it.
func (a Area) Sheet(p *site.Page, r recording.Recording) (templ.Component, error) {
	pr := p.P
	o, err := a.Object(p.Context(), r.ID)
	if err != nil {
		return nil, err
	}
	b, err := a.Viewings.Basis(p.Context(), p.Actor, o)
	if err != nil {
		return nil, err
	}
	v := sheetView{Length: record.Length(r)}
	if said, found, err := a.Viewings.RegistrationOf(p.Context(), r.ID); err != nil {
		return nil, err
	} else if found {
		v.Said, v.SaidBy = said.Words, pr.T("viewing.said_by", said.ByName, pr.When(said.At, p.Now))
	}
	if p.May(access.RegisterList, access.Subject{Kind: "register"}) {
		v.Register = registerPath + "?recording=" + string(r.ID)
	}
	if b.Ground != "" {
		v.Look = record.Path(r.ID) + "/look"
		v.Until, v.Span = pr.T("player.until_case"), span(pr, b.Item)
		if !b.Until.IsZero() {
			v.Until = pr.When(b.Until, p.Now)
		}
		v.Text = pr.T("viewing.sheet_own")
		if b.Case != "" {
			c, err := a.Viewings.CaseOf(p.Context(), b.Case)
			if err != nil {
				return nil, err
			}
			v.Text = pr.T("viewing.sheet_handler")
			v.Pending = &ui.Link{Text: pr.T("viewing.case_no", c.No), Href: "/cases/" + string(c.ID)}
		}
		if b.Request != nil {
			v.Text = pr.T("viewing.sheet_consent", b.Request.DecidedName)
			v.Pending = &ui.Link{Text: pr.T("viewing.request_no", b.Request.No), Href: path(b.Request.ID)}
		}
		return sheet(pr, v), nil
	}
	if v.Text, err = a.whose(p, o); err != nil {
		return nil, err
	}
	last, err := a.Viewings.Own(p.Context(), p.Actor, r.ID)
	if err != nil {
		return nil, err
	}
	if last != nil {
		v.Pending = &ui.Link{Text: pr.T("viewing.request_no", last.No), Href: path(last.ID)}
		v.State, v.Icon, v.Tone = state(pr, last, p)
	}
	if (last == nil || last.State != viewing.Asked) && o.Department != "" && p.May(access.ViewingAsk, access.Subject{Kind: "viewing"}) {
		form := view(pr, askForm{Recordings: []recording.Recording{r}, Until: proposed(p.Now)}, p.Now)
		form.List = nil // the page itself says which
		v.Ask = &form
	}
	return sheet(pr, v), nil
}

// whose says who would have to consent.
func (a Area) whose(p *site.Page, o viewing.Object) (string, error) {
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return "", err
	}
	if d, found := tree.Find(o.Department); found {
		return p.P.T("viewing.sheet_ask", d.Name), nil
	}
	return p.P.T("viewing.sheet_nobody"), nil
}
