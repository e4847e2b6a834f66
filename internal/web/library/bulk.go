package library

import (
	"net/url"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
	"zhilu.dev/zhilu/internal/web/viewings"
)

// The deeds on several recordings at once.
const (
	doAssign = "assign"
	doSettle = "settle"
	doExport = "export"
	doLook   = "look" // leads to the form that asks for consent
)

// deed asks the policies about one recording.
var deeds = map[string]access.Action{doAssign: access.RecordingAssign, doSettle: access.InboxResolve}

// bulkActions are the buttons that show while something is ticked. Who may do nothing to any row sees the export alone.
func bulkActions(p *site.Page) []ui.Action {
	var out []ui.Action
	if p.Actor.Has(access.Custodian) {
		out = append(out, ui.Action{Text: p.P.T("library.bulk.assign"), Name: "do", Value: doAssign, Icon: "user"}, ui.Action{Text: p.P.T("library.bulk.settle"), Name: "do", Value: doSettle, Icon: "check"})
	}
	if p.May(access.ViewingAsk, access.Subject{Kind: "viewing"}) {
		out = append(out, ui.Action{Text: p.P.T("library.bulk.look"), Name: "do", Value: doLook, Icon: "eye"})
	}
	if p.May(access.RecordingExport, access.Subject{Kind: "ledger", ID: "recordings"}) {
		out = append(out, ui.Action{Text: p.P.T("library.bulk.export"), Name: "do", Value: doExport, Icon: "table-export"})
	}
	return out
}

// allOf names the rest of the result, where it goes on after this page.
func allOf(p locale.Printer, page recording.Page) string {
	switch {
	case page.Next == "":
		return ""
	case page.More || page.Count > recording.MaxSelected:
		return p.T("library.bulk.all_first", recording.MaxSelected)
	}
	return p.T("library.bulk.all", page.Count)
}

// bulkView is the page of a deed before it is done, and after.
type bulkView struct {
	Head    ui.HeadView
	Title   string
	Text    string
	Skipped string // some may not be dealt with by this reader
	Done    string // how many were; "" before the deed
	Failed  []failView
	Form    *ui.FormView
	Device  ui.Field
	Officer ui.Field
	Words   ui.Field
	Table   ui.TableView
}

// failView is a recording that was not dealt with, and why.
type failView struct {
	Link     ui.Link
	Name     string
	Why, How string
}

// bulk shows what a deed would be about, or carries it out and says what became of each.
func (a area) bulk(p *site.Page) error {
	do := p.Value("do")
	ids, err := a.picked(p)
	if err != nil {
		return err
	}
	if do == doExport {
		return a.exportSelected(p, ids)
	}
	if do == doLook && len(ids) > 0 {
		return p.Redirect(viewings.AskAddress(ids...))
	}
	if deeds[do] == "" || len(ids) == 0 {
		return p.Redirect(Path)
	}
	rows, err := a.Recordings.Selected(p.Context(), p.Actor, ids)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r recording.Recording) bool { return !p.May(deeds[do], subject(r)) })
	v := bulkView{Head: ui.HeadView{Crumbs: []ui.Link{{Text: p.P.T("library.title"), Href: Path}}, Title: p.P.T("library.bulk.title." + do)}}
	if n := len(ids) - len(rows); n > 0 { // not theirs to know of, or not theirs to deal with
		v.Skipped = p.P.T("library.bulk.skipped", n)
	}
	if p.Value("go") != "1" {
		return a.bulkForm(p, do, v, rows, nil)
	}
	as, err := record.Assignment(p)
	if err == nil && do == doAssign && as.Device == "" && as.Officer == "" {
		err = fault.New(fault.Invalid, "recording.assign_empty").At("device")
	}
	if err == nil && as.Words == "" {
		err = fault.New(fault.Invalid, "recording.words", wordsLimit).At("words")
	}
	if err != nil {
		text := p.P.Fault(err)
		return a.bulkForm(p, do, v, rows, &text)
	}
	return a.carryOut(p, do, v, rows, as)
}

// wordsLimit is the most that a reason holds, in characters.
const wordsLimit = 500

func subject(r recording.Recording) access.Subject {
	return access.Subject{Kind: "recording", ID: string(r.ID), Department: r.Department, Officer: r.Officer}
}

// picked gives what was ticked, or all of the result up to MaxSelected.
func (a area) picked(p *site.Page) ([]ident.RecordingID, error) {
	var ids []ident.RecordingID
	if p.Value("all") != "1" {
		for _, v := range p.Values("pick") {
			id, err := ident.Parse[ident.RecordingID](v)
			if err != nil {
				return nil, fault.Wrap(err, fault.NotFound, "recording.unknown")
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		return ids, nil
	}
	values, err := url.ParseQuery(p.Value("conditions"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "shelf.query")
	}
	q := readValues(values)
	for after := recording.Cursor(""); ; {
		page, err := a.Recordings.List(p.Context(), p.Actor, q.filter, after, 200)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			ids = append(ids, r.ID)
		}
		if after = page.Next; after == "" || len(ids) >= recording.MaxSelected {
			return ids[:min(len(ids), recording.MaxSelected)], nil
		}
	}
}

// carryOut does the deed to each, as an act of its own with an entry of its own, so that one that fails undoes no other.
func (a area) carryOut(p *site.Page, do string, v bulkView, rows []recording.Recording, as recording.Assignment) error {
	act := a.Recordings.Assign
	if do == doSettle {
		act = a.Recordings.Resolve
	}
	var failed []recording.Recording
	for _, r := range rows {
		err := act(p.Context(), p.Actor, r.ID, as)
		if err == nil {
			continue
		}
		if fault.KindOf(err) == fault.Internal {
			p.Note(err)
		}
		text := p.P.Fault(err)
		failed = append(failed, r)
		v.Failed = append(v.Failed, failView{Link: ui.Link{Text: record.Start(p.P, r, p.Now), Href: record.Path(r.ID)}, Name: record.Harmless(r.Name), Why: text.What, How: text.Do})
	}
	v.Done = p.P.T("library.bulk.done", len(rows)-len(failed))
	if len(failed) == 0 {
		v.Title = p.P.T("library.bulk.all_done")
		return p.Render(v.Head.Title, bulkPage(p.P, v))
	}
	v.Title = p.P.T("library.bulk.some_failed", len(failed))
	return a.bulkForm(p, do, v, failed, nil)
}

// bulkForm shows the recordings and the form that deals with them; after a try, with those that are left.
func (a area) bulkForm(p *site.Page, do string, v bulkView, rows []recording.Recording, refused *locale.FaultText) error {
	pr := p.P
	if v.Title == "" {
		v.Title = pr.T("library.bulk.about", len(rows))
		v.Text = pr.T("library.bulk.text." + do)
	}
	v.Table = bulkTable(p, rows)
	if len(rows) > 0 {
		devices, people, err := record.Choices(p, a.Devices, a.People)
		if err != nil {
			return err
		}
		v.Form = &ui.FormView{Action: bulkPath, Label: v.Head.Title, Hidden: []ui.Hidden{{Name: "do", Value: do}, {Name: "go", Value: "1"}}, Buttons: []ui.Action{{Text: pr.T("library.bulk.do." + do), Primary: true}}}
		for _, r := range rows {
			v.Form.Hidden = append(v.Form.Hidden, ui.Hidden{Name: "pick", Value: string(r.ID)})
		}
		field := func(name, label string, options []ui.Option) ui.Field {
			f := ui.Field{ID: "bulk-" + name, Name: name, Label: pr.T("recording.assign." + label), Value: p.Value(name)}
			if options != nil {
				f.Options = append([]ui.Option{{Text: pr.T("recording.assign.unchanged")}}, options...)
				f.Optional = true
			} else {
				f.Max = wordsLimit
			}
			for i := range f.Options {
				f.Options[i].On = f.Options[i].Value == f.Value
			}
			if refused != nil && refused.Field == name {
				f.Error = refused.What
			}
			return f
		}
		v.Device, v.Officer, v.Words = field("device", "device", devices), field("officer", "officer", people), field("words", "words", nil)
		v.Form.Errors = ui.Errors(v.Device, v.Officer, v.Words)
	}
	if refused != nil {
		return p.Refused(v.Head.Title, bulkPage(pr, v))
	}
	return p.Render(v.Head.Title, bulkPage(pr, v))
}

func bulkTable(p *site.Page, rows []recording.Recording) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("library.bulk.list"), Columns: []ui.Column{{Label: pr.T("library.column.start")}, {Label: pr.T("library.column.who")}, {Label: pr.T("library.column.flag")}}, Dense: true,
		Empty: ui.EmptyView{Icon: "movie", Title: pr.T("library.bulk.none"), Text: pr.T("library.bulk.none_text"), Actions: []ui.Action{{Text: pr.T("library.title"), Href: Path, Primary: true}}},
	}
	for _, r := range rows {
		who, dev := names(pr, r)
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: record.Start(pr, r, p.Now), Href: record.Path(r.ID)}, record.Harmless(r.Name), true), ui.TwoCell(who, dev), ui.Flags(pr, record.Flags(r.Flags)),
		}})
	}
	return t
}

func doneTone(v bulkView) ui.Tone {
	if len(v.Failed) > 0 {
		return ui.Due
	}
	return ui.OK
}

func doneIcon(v bulkView) string {
	if len(v.Failed) > 0 {
		return "alert-triangle"
	}
	return "circle-check"
}

func formTitle(p locale.Printer, v bulkView) string {
	if len(v.Failed) > 0 {
		return p.T("library.bulk.again")
	}
	return v.Title
}
