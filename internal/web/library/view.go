package library

import (
	"net/url"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/shelf"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// shelfView is what can be kept of the list that is shown: its conditions under a name, or no longer.
type shelfView struct {
	Save   *ui.FormView
	Name   ui.Field
	Share  *ui.Field
	Open   bool // the form was refused
	Remove *ui.Action
}

// conditions are the conditions and the order, as a view keeps them: not columns, which are each reader's.
func (q query) conditions() string { return q.values.Encode() }

// current is the kept view whose conditions are those of the list; "" for none.
func current(q query, kept []shelf.View) ident.ViewID {
	for _, v := range kept {
		if values, err := url.ParseQuery(v.Query); err == nil && values.Encode() == q.conditions() {
			return v.ID
		}
	}
	return ""
}

func shelfOf(p *site.Page, q query, kept []shelf.View, refused *locale.FaultText) shelfView {
	pr := p.P
	var v shelfView
	at := current(q, kept)
	for _, k := range kept {
		if k.ID == at && k.Person == p.Actor.Person {
			v.Remove = &ui.Action{Text: pr.T("library.view.remove"), Href: viewsPath + "/" + string(k.ID) + "/remove", Icon: "trash", Post: true, Quiet: true, Label: pr.T("library.view.remove_of", record.Harmless(k.Name))}
		}
	}
	if q.conditions() == "" || at != "" && refused == nil {
		return v
	}
	v.Save = &ui.FormView{
		Action: viewsPath, Label: pr.T("library.view.save"), Hidden: []ui.Hidden{{Name: "conditions", Value: q.conditions()}},
		Buttons: []ui.Action{{Text: pr.T("library.view.save_do"), Primary: true}},
	}
	v.Name = ui.Field{ID: "view-name", Name: "name", Label: pr.T("library.view.name"), Max: shelf.MaxName, Auto: "off"}
	if p.May(access.RecordingSaveView, access.Subject{Kind: "view", Owner: p.Actor.ID, Department: p.Actor.Department}) && p.Actor.Department != "" {
		v.Share = &ui.Field{ID: "view-share", Name: "share", Label: pr.T("library.view.share"), Value: "1", Optional: true}
	}
	if refused != nil {
		v.Open, v.Name.Value, v.Name.Error = true, p.Value("name"), refused.What
		v.Save.Errors = ui.Errors(v.Name)
	}
	return v
}

// saveView keeps the conditions under a name; what is wrong with the name is said over the same list.
func (a area) saveView(p *site.Page) error {
	values, err := url.ParseQuery(p.Value("conditions"))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "shelf.query")
	}
	q := readValues(values) // what is no condition is not kept
	_, err = a.Shelf.Save(p.Context(), p.Actor, p.Value("name"), q.conditions(), p.Value("share") == "1")
	if text := p.P.Fault(err); err != nil && text.Field == "name" {
		return a.show(p, q, &text)
	}
	if err != nil {
		return err
	}
	return p.Redirect(Path + "?" + q.conditions())
}

func (a area) removeView(p *site.Page) error {
	id, err := ident.Parse[ident.ViewID](p.R.PathValue("id"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "shelf.unknown")
	}
	if err := a.Shelf.Remove(p.Context(), p.Actor, id); err != nil {
		return err
	}
	return p.Redirect(Path)
}

// setLayout keeps the columns for the next time, and shows the list with them.
func (a area) setLayout(p *site.Page) error {
	q := read(p)
	l := shelf.Layout{Columns: q.columns, Dense: q.dense}
	if strings.Join(l.Columns, " ") == strings.Join(optional, " ") {
		l.Columns = nil // all of them are the usual ones
	}
	if err := a.Shelf.SetLayout(p.Context(), p.Actor, l); err != nil {
		return err
	}
	q.chosen = len(q.columns) > 0
	return p.Redirect(q.href())
}
