package intake

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	view "zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// fileLimit bounds the files a page shows of one card; their count always stands above.
const fileLimit = 2000

// dockingView is the page of one docking.
type dockingView struct {
	Head    ui.HeadView
	Ordered bool
	Counts  []countView
	Facts   []ui.Fact
	Gaps    []gapView
	Files   ui.TableView
	More    string // says that not all files are shown
	Clear   *clearView
	Events  []ui.Event
}

type gapView struct{ Text, Beside, State string }

// clearView is the order to clear: what would go, what stays and why.
type clearView struct {
	Goes  string
	Stays []staysView
	Wait  string // entries that are not in the log yet
	Form  *ui.FormView
	Ask   ui.Field // the password
	Why   string   // why nothing can be ordered
}

type staysView struct{ Text, Count string }

func (a area) card(p *site.Page) error { return a.showCard(p, refusal.Fault{}) }

func (a area) showCard(p *site.Page, refused refusal.Fault) error {
	id, err := ident.Parse[ident.CardID](p.R.PathValue("id"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "card.unknown")
	}
	c, files, err := a.Recordings.Card(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	gaps, err := a.Recordings.Gaps(p.Context(), p.Actor, "", id)
	if err != nil {
		return err
	}
	device, err := a.deviceName(p, c.Device)
	if err != nil {
		return err
	}
	pr := p.P
	v := dockingView{
		Head:    ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("card.title"), Href: cardsPath}}, Title: pr.T("card.one", pr.WhenSec(c.OpenedAt, p.Now)), Sub: label(pr, c)},
		Ordered: p.Value("ordered") == "1", Counts: counts(pr, c), Facts: cardFacts(p, c, device), Files: fileTable(p, files),
	}
	for _, g := range gaps {
		gv := gapView{Text: view.GapText(pr, g), Beside: view.GapBeside(pr, g), State: pr.T("gap.open")}
		if g.Arrived {
			gv.State = pr.T("gap.arrived")
		}
		v.Gaps = append(v.Gaps, gv)
	}
	if len(files) > fileLimit {
		v.More = pr.T("card.more_files", fileLimit, len(files))
	}
	if v.Clear, err = a.clearForm(p, c, files, refused); err != nil {
		return err
	}
	if v.Events, err = a.events(p.Context(), p, id); err != nil {
		return err
	}
	if refused.Code != "" {
		return p.Refused(v.Head.Title, dockingPage(pr, v))
	}
	return p.Render(v.Head.Title, dockingPage(pr, v))
}

func (a area) deviceName(p *site.Page, id ident.DeviceID) (string, error) {
	if id == "" {
		return "", nil
	}
	item, err := a.Devices.Get(p.Context(), p.Actor, id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return p.P.T("recording.some_device"), nil
	}
	return item.Label, err
}

func cardFacts(p *site.Page, c recording.Card, device string) []ui.Fact {
	pr := p.P
	out := []ui.Fact{
		{Label: pr.T("card.column.device"), Value: deviceCell(pr, device)},
		ui.FactText(pr.T("card.station"), station(pr, c), ""),
		ui.FactText(pr.T("card.owner"), c.OwnerName, ""), ui.FactText(pr.T("card.opened"), pr.WhenSec(c.OpenedAt, p.Now), pr.T("origin.server_clock")),
	}
	if c.ClosedAt.IsZero() {
		out = append(out, ui.Fact{Label: pr.T("card.ended"), Value: ui.St(pr.T("card.open"), "clock", ui.Due)})
	} else {
		out = append(out, ui.FactText(pr.T("card.ended"), pr.WhenSec(c.ClosedAt, p.Now), pr.T("origin.server_clock")))
	}
	out = append(out, ui.FactText(pr.T("card.listed"), pr.T("card.listed_value", c.Files, pr.Size(c.Bytes)), pr.T("card.own_list")))
	if c.TotalBytes > 0 {
		out = append(out, ui.FactText(pr.T("card.space"), pr.T("card.space_value", pr.Size(c.FreeBytes), pr.Size(c.TotalBytes)), pr.T("card.own_list")))
	}
	return append(out, ui.Fact{Label: pr.T("recording.label.id"), Value: ui.Mono(string(c.ID))})
}

func fileTable(p *site.Page, files []recording.CardFile) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("card.files"),
		Columns: []ui.Column{
			{Label: pr.T("card.file.path")}, {Label: pr.T("card.file.outcome")}, {Label: pr.T("card.file.state")},
		},
		Empty: ui.EmptyView{Icon: "device-sd-card", Title: pr.T("card.no_files"), Text: pr.T("card.no_files_text")},
	}
	for _, f := range files[:min(len(files), fileLimit)] {
		link := ui.Link{Text: view.Harmless(f.Path)}
		if f.Recording != "" {
			link.Href = view.Path(f.Recording)
		}
		text, icon, tone := outcomeMark(pr, f.Status)
		why := ""
		if f.Code != "" {
			why = view.Reason(pr, f.Code)
		}
		state := ui.NoneCell(pr)
		if f.State != "" {
			st, si, so := view.StateMark(pr, f.State)
			state = ui.St(st, si, so)
		}
		second := pr.Size(f.Size)
		if !f.ModTime.IsZero() {
			second = pr.T("card.file.size", second, view.Stamp(f.ModTime))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{ui.MainCell(link, second, false), ui.Under(ui.St(text, icon, tone), why), state}})
	}
	return t
}

// stays says why a file would not be cleared; "" if it would.
func stays(f recording.CardFile) string {
	switch f.Status {
	case recording.Sealed, recording.Duplicate:
		switch f.State {
		case recording.Verified:
			return ""
		case recording.Damaged:
			return "damaged"
		case recording.Stored:
		}
		return "stored"
	case recording.Left, recording.Waiting, recording.Failed, recording.Missing:
	}
	return string(f.Status)
}

func clearSubject(p *site.Page, c recording.Card) access.Subject {
	s := access.Subject{Kind: "card", ID: string(c.ID), Department: c.Department}
	if s.Department == "" { // nobody's yet: the custodian at hand may; the service looks closer
		s.Department = p.Actor.Department
	}
	return s
}

// clearForm is nil for readers who may not order. It stands there without a button while nothing may go, and says why.
func (a area) clearForm(p *site.Page, c recording.Card, files []recording.CardFile, refused refusal.Fault) (*clearView, error) {
	if !p.May(access.ClearOrder, clearSubject(p, c)) {
		return nil, nil // no form is an answer
	}
	pr := p.P
	v := &clearView{}
	goes, why := 0, map[string]int{}
	for _, f := range files {
		if s := stays(f); s == "" {
			goes++
		} else {
			why[s]++
		}
	}
	for _, s := range []string{"stored", "damaged", "waiting", "failed", "missing", "left"} {
		if n := why[s]; n > 0 {
			v.Stays = append(v.Stays, staysView{pr.T("card.stays." + s), pr.T("card.count", n)})
		}
	}
	pending, err := custody.Pending(p.Context(), a.Log)
	if err != nil {
		return nil, err
	}
	if pending > 0 {
		v.Wait = pr.T("card.wait", pending)
	}
	if goes == 0 {
		v.Why = pr.T("card.nothing_goes")
		return v, nil
	}
	v.Goes = pr.T("card.goes", goes)
	v.Form = &ui.FormView{
		Action: cardPath(c.ID) + "/clear", Label: pr.T("card.clear"), Buttons: []ui.Action{{Text: pr.T("card.clear_do"), Icon: "trash", Danger: true}},
	}
	v.Ask = ui.Field{Name: "password", Label: pr.T("card.password"), Hint: pr.T("card.password_hint"), Type: "password", Auto: "current-password", Max: 200}
	v.Ask = refused.Mark(v.Ask)
	v.Form.Errors = refused.Errors(v.Ask)
	return v, nil
}

// clear orders a card to be cleared, after the password was given once more.
func (a area) clear(p *site.Page) error {
	id, err := ident.Parse[ident.CardID](p.R.PathValue("id"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "card.unknown")
	}
	_, err = a.Recordings.OrderClear(p.Context(), p.Actor, id, func(ctx context.Context) error {
		return a.Confirm(ctx, p.Actor, p.Secret("password"))
	})
	if err == nil {
		return p.Redirect(cardPath(id) + "?ordered=1")
	}
	if refused, ok := refusal.Of(p.P, err); ok {
		return a.showCard(p, refused)
	}
	return err
}

// events is the docking's own history: when it was opened and closed, what was ordered, what the dock reported.
func (a area) events(ctx context.Context, p *site.Page, id ident.CardID) ([]ui.Event, error) {
	list, err := custody.List(ctx, a.Log, custody.Filter{Subject: custody.Subject{Kind: "card", ID: string(id)}, Limit: 500})
	if err != nil {
		return nil, err
	}
	kept := list[:0]
	for _, r := range list { // what happened to single files stands on their recordings
		if r.Subject.Kind == "card" {
			kept = append(kept, r)
		}
	}
	people, err := view.Actors(ctx, a.Accounts, a.People, kept)
	if err != nil {
		return nil, err
	}
	out := make([]ui.Event, 0, len(kept))
	for _, r := range kept {
		e := ui.Event{Time: p.P.Day(r.At, p.Now), Day: p.P.ClockSec(r.At), Text: view.ActionText(p.P, r), Facts: []string{view.ActorText(p.P, r.Actor, people)}}
		e.Icon, e.Tone = view.Mark(r)
		if r.Index >= 0 {
			e.Facts = append(e.Facts, p.P.T("history.position", r.Index+1))
		} else {
			e.Facts = append(e.Facts, p.P.T("history.waiting"))
		}
		out = append(out, e)
	}
	return out, nil
}
