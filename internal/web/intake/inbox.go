package intake

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
	view "zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// inboxView is the page.
type inboxView struct {
	Head    ui.HeadView
	Done    bool
	Settle  *settleView
	Filters ui.Filters
	Table   ui.TableView
	Missing *ui.DutyList // numbers that are not there
}

// settleView is the form for one recording.
type settleView struct {
	Title, Name string
	Link        ui.Link
	Problems    []problemView
	Form        ui.FormView
	Device      ui.Field
	Officer     ui.Field
	Words       ui.Field
}

// problemView is what is wrong and what to do about it.
type problemView struct {
	Mark templ.Component
	Do   string
}

func (a area) inbox(p *site.Page) error { return a.showInbox(p, "", nil) }

// showInbox shows the inbox, with the form of one recording when the address or a refused form names it.
func (a area) showInbox(p *site.Page, settle ident.RecordingID, refused *locale.FaultText) error {
	f := recording.Filter{Query: p.Value("q")}
	switch v := p.Value("flag"); {
	case record.Doubtful(storage.Verdict(v)):
		f.Verdict = storage.Verdict(v)
	case slices.Contains(inboxFlags(), recording.Flag(v)):
		f.Flag = recording.Flag(v)
	}
	page, err := a.Recordings.Inbox(p.Context(), p.Actor, f, recording.Cursor(p.Value("after")), 0)
	if fault.HasCode(err, "recording.cursor") {
		return p.Redirect(inboxPath)
	}
	if err != nil {
		return err
	}
	pr := p.P
	v := inboxView{
		Head:    ui.HeadView{Title: pr.T("inbox.title"), Sub: pr.T("inbox.sub")},
		Done:    p.Value("done") == "1",
		Filters: inboxFilters(pr, f),
		Table:   inboxTable(p, f, page),
	}
	if p.Value("after") == "" && f.Query == "" && asked(f) == "" {
		if v.Missing, err = a.missing(p); err != nil {
			return err
		}
	}
	if settle == "" {
		if settle, err = ident.Parse[ident.RecordingID](p.Value("settle")); err != nil {
			settle = ""
		}
	}
	if settle != "" {
		if v.Settle, err = a.settleForm(p, settle, refused); err != nil {
			return err
		}
	}
	if refused != nil {
		return p.Refused(pr.T("inbox.title"), inboxPage(pr, v))
	}
	return p.Render(pr.T("inbox.title"), inboxPage(pr, v))
}

// inboxFlags are the findings one can look for in the inbox.
func inboxFlags() []recording.Flag { return append(record.InboxFlags(), record.TimeFlags()...) }

// asked is the problem that the list is narrowed to: a finding, or a verdict.
func asked(f recording.Filter) string {
	if f.Verdict != "" {
		return string(f.Verdict)
	}
	return string(f.Flag)
}

func inboxFilters(p locale.Printer, f recording.Filter) ui.Filters {
	flags := ui.Filter{Kind: ui.FilterSelect, Name: "flag", Label: p.T("inbox.problem"), Options: []ui.Option{{Text: p.T("table.any")}}}
	add := func(value, text string) {
		flags.Options = append(flags.Options, ui.Option{Value: value, Text: text, On: value == asked(f)})
	}
	for _, v := range []storage.Verdict{storage.Late, storage.CannotJudge} {
		add(string(v), ui.Storage(v).Words(p))
	}
	for _, v := range inboxFlags() {
		add(string(v), view.Word(p, "flag", string(v)))
	}
	return ui.Filters{Action: inboxPath, Clear: inboxPath, Fields: []ui.Filter{{Name: "q", Label: p.T("library.field.q"), Value: f.Query}, flags}}
}

func inboxTable(p *site.Page, f recording.Filter, page recording.Page) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("inbox.title"),
		Columns: []ui.Column{
			{Label: pr.T("inbox.column.recording")},
			{Label: pr.T("inbox.column.what")},
			{Label: pr.T("inbox.column.who")},
			{Label: pr.T("inbox.column.stored"), Tight: true},
			{Label: pr.T("inbox.column.do"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "inbox", Title: pr.T("inbox.none"), Text: pr.T("inbox.none_text"), Actions: []ui.Action{{Text: pr.T("inbox.see_cards"), Href: cardsPath}}},
	}
	if f.Query != "" || asked(f) != "" {
		t.Empty = ui.EmptyView{Icon: "inbox", Title: pr.T("inbox.none_match"), Text: pr.T("library.none_match_text"), Actions: []ui.Action{{Text: pr.T("library.clear"), Href: inboxPath, Primary: true}}}
	}
	for _, r := range page.Rows {
		who, dev := r.OfficerName, r.DeviceName
		if who == "" {
			who = pr.T("library.no_officer")
		}
		if dev == "" {
			dev = pr.T("library.no_device")
		}
		name := view.Harmless(r.Name)
		do := ui.Action{Text: pr.T("inbox.see"), Href: view.Path(r.ID), Label: pr.T("inbox.see_of", name)}
		subject := access.Subject{Kind: "recording", ID: string(r.ID), Department: r.Department, Officer: r.Officer}
		switch {
		case !r.Unexplained && p.May(access.RecordingReturnNote, subject):
			do = ui.Action{Text: pr.T("inbox.explain"), Href: view.Path(r.ID) + "#return", Label: pr.T("inbox.explain_of", name)}
		case r.Unexplained && p.May(access.InboxResolve, subject):
			do = ui.Action{Text: pr.T("inbox.settle"), Href: inboxPath + "?settle=" + string(r.ID) + "#settle", Label: pr.T("inbox.settle_of", name)}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: view.Start(pr, r, p.Now), Href: view.Path(r.ID)}, name, true), problemCell(pr, problems(pr, r)),
			ui.TwoCell(who, dev), ui.TwoCell(pr.When(r.StoredAt, p.Now), pr.Size(r.Size)), ui.Button(do),
		}})
	}
	if len(page.Rows) > 0 {
		t.Pager = &ui.PagerView{Total: int64(page.Count), AtLeast: page.More}
		if page.Next != "" {
			t.Pager.Next = inboxHref(f, string(page.Next))
		}
		if p.Value("after") != "" {
			t.Pager.First = inboxHref(f, "")
		}
	}
	return t
}

func inboxHref(f recording.Filter, after string) string {
	v := url.Values{}
	for name, s := range map[string]string{"q": f.Query, "flag": asked(f), "after": after} {
		if s != "" {
			v.Set(name, s)
		}
	}
	if len(v) == 0 {
		return inboxPath
	}
	return inboxPath + "?" + v.Encode()
}

// problems are what a person must do something about: a verdict that leaves something to find out, and findings, each with
// what to do.
func problems(p locale.Printer, r recording.Recording) []problemView {
	var out []problemView
	do := func(code string) string {
		if k := "flagdo." + code; p.Has(k) {
			return p.T(k)
		}
		return p.T("flagdo.other")
	}
	if record.Doubtful(r.Verdict) {
		out = append(out, problemView{ui.Badge(p, ui.Storage(r.Verdict)), do(string(r.Verdict))})
	}
	for _, f := range record.Asks(r.Flags, r.Verdict) {
		out = append(out, problemView{ui.FlagMark(p, ui.Flag{Code: string(f)}), do(string(f))})
	}
	return out
}

func (a area) settleForm(p *site.Page, id ident.RecordingID, refused *locale.FaultText) (*settleView, error) {
	d, err := a.Recordings.Get(p.Context(), p.Actor, id)
	if err != nil {
		return nil, err
	}
	devices, people, err := view.Choices(p, a.Devices, a.People)
	if err != nil {
		return nil, err
	}
	pr := p.P
	name := view.Harmless(d.Name)
	unchanged := ui.Option{Text: pr.T("recording.assign.unchanged"), On: true}
	v := &settleView{
		Title: pr.T("inbox.settle_title"), Name: name, Link: ui.Link{Text: pr.T("inbox.open"), Href: view.Path(id)}, Problems: problems(pr, d.Recording),
		Form: ui.FormView{
			Action: inboxPath + "/" + string(id), Label: pr.T("inbox.settle_title"),
			Buttons: []ui.Action{{Text: pr.T("inbox.settle_do"), Primary: true}, {Text: pr.T("form.cancel"), Href: inboxPath}},
		},
		Device:  ui.Field{Name: "device", Label: pr.T("recording.assign.device"), Options: append([]ui.Option{unchanged}, devices...)},
		Officer: ui.Field{Name: "officer", Label: pr.T("recording.assign.officer"), Hint: pr.T("recording.assign.officer_hint"), Options: append([]ui.Option{unchanged}, people...)},
		Words:   ui.Field{Name: "words", Label: pr.T("inbox.words"), Hint: pr.T("inbox.words_hint"), Max: 500},
	}
	if refused == nil {
		return v, nil
	}
	v.Words.Value = p.Value("words")
	for _, f := range []*ui.Field{&v.Device, &v.Officer, &v.Words} {
		for i := range f.Options {
			f.Options[i].On = f.Options[i].Value == p.Value(f.Name)
		}
		if refused.Field == f.Name {
			f.Error = refused.What
		}
	}
	if v.Form.Errors = ui.Errors(v.Device, v.Officer, v.Words); len(v.Form.Errors) == 0 {
		v.Words.Error = refused.What
		v.Form.Errors = ui.Errors(v.Words)
	}
	return v, nil
}

func (a area) resolve(p *site.Page) error {
	id, err := ident.Parse[ident.RecordingID](p.R.PathValue("id"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "recording.unknown")
	}
	as, err := view.Assignment(p)
	if err == nil {
		err = a.Recordings.Resolve(p.Context(), p.Actor, id, as)
	}
	switch {
	case err == nil:
		return p.Redirect(inboxPath + "?done=1")
	case fault.HasCode(err, "recording.unknown"):
		return err
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
		t := p.P.Fault(err)
		return a.showInbox(p, id, &t)
	}
	return err
}
