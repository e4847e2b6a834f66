package rules

import (
	"slices"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// actView is one of the ten acts.
type actView struct {
	ID, Name string
	Mark     ui.Cell
	Facts    []ui.Fact // of the power it was opened by
	Form     []ui.Field
	Errors   []ui.FieldError
	Open     bool // the form is unfolded
	May      bool // opening takes a power, and the reader may record one
	Close    *ui.ConfirmView
}

// actsView is the page of acts and powers.
type actsView struct {
	Base  string
	Head  ui.HeadView
	Tabs  []ui.Tab
	Note  ui.NoteView
	Acts  []actView
	Count string
}

func (a *area) actsPage(p *site.Page, s source, typed edition.Power, err error) error {
	v := actsView{Base: s.base, Tabs: s.tabs(p.P, acts), Head: ui.HeadView{Crumbs: s.crumbs(p.P), Title: p.P.T("rules.part." + acts)}}
	bad, failed := refusal.Of(p.P, err)
	problems := problemsOf(err)
	for _, id := range s.actIDs() {
		v.Acts = append(v.Acts, s.actView(p, id, typed, problems))
	}
	v.Count = p.P.Num(int64(len(v.Acts)))
	if !failed {
		return p.Render(v.Head.Title+" · "+s.title, actsPage(p.P, v))
	}
	if len(problems) == 0 || !slices.Contains(s.actIDs(), typed.Act) {
		v.Note = ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: bad.What, Text: bad.Do}
	}
	return p.Refused(v.Head.Title+" · "+s.title, actsPage(p.P, v))
}

func (s source) actView(p *site.Page, id string, typed edition.Power, problems []catalogue.Problem) actView {
	act := s.content.Catalogue.Acts[id]
	v := actView{ID: id, Name: words(p.P, act.Text), May: s.may && edition.Closed(id), Mark: ui.St(p.P.T("rules.act_closed"), "lock", ui.None)}
	if act.EnabledByDefault {
		v.Mark = ui.St(p.P.T("rules.act_open"), "circle-check", ui.OK)
	}
	var power edition.Power
	if i := slices.IndexFunc(s.content.Powers, func(w edition.Power) bool { return w.Act == id }); i >= 0 {
		power = s.content.Powers[i]
		for _, f := range [][2]string{{"law", power.Law}, {"article", power.Article}, {"document_no", power.DocumentNo}, {"date", date(p.P, power.Date)}} {
			v.Facts = append(v.Facts, ui.FactText(p.P.T("rules.field."+f[0]), f[1], ""))
		}
	}
	if !v.May {
		return v
	}
	if act.EnabledByDefault {
		v.Close = &ui.ConfirmView{
			ID: "close-" + id, Open: ui.Action{Text: p.P.T("rules.close_act"), Danger: true, Label: p.P.T("rules.drop_label", p.P.T("rules.close_act"), v.Name)},
			Title: p.P.T("rules.close_title", v.Name), Text: p.P.T("rules.close_text"), Action: s.base + "/acts",
			Hidden: []ui.Hidden{{Name: "act", Value: id}, {Name: "do", Value: "close"}}, Yes: p.P.T("rules.close_act"), Danger: true,
		}
	}
	if typed.Act == id {
		power = typed
	} else {
		problems = nil
	}
	f := newForm(p.P, "", problems, func(field string) string { return field })
	put := func(name, kind, value string) ui.Field {
		field := f.add(ui.Field{Name: name, Label: p.P.T("rules.field." + name), Type: kind, Value: value, Auto: "off", Max: 200})
		field.ID = id + "-" + name // the same form stands once for each act
		return field
	}
	v.Form = []ui.Field{put("law", "", power.Law), put("article", "", power.Article), put("document_no", "", power.DocumentNo), put("date", "date", power.Date)}
	v.Errors, v.Open = ui.Errors(v.Form...), typed.Act == id
	return v
}

// putAct opens an act by a power, or closes one.
func (a *area) putAct(p *site.Page, s source) error {
	power := edition.Power{Act: p.Value("act"), Law: p.Value("law"), Article: p.Value("article"), DocumentNo: p.Value("document_no"), Date: p.Value("date")}
	var step edition.Step = edition.Open{Power: power}
	if p.Value("do") == "close" {
		step = edition.Close{Act: power.Act}
	}
	_, err := a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, step)
	if _, ok := refusal.Of(p.P, err); ok {
		return a.actsPage(p, s, power, err)
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.base + "/acts")
}
