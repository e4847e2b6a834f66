package intake

import (
	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	view "zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// cardLimit is how many dockings are listed, the latest first.
const cardLimit = 200

// cardsView is the page.
type cardsView struct {
	Head  ui.HeadView
	Table ui.TableView
}

// outcomes are the ways a file of a card can end, in the order in which pages count them.
func outcomes() []recording.Outcome {
	return []recording.Outcome{
		recording.Sealed, recording.Duplicate, recording.Left, recording.Waiting, recording.Failed, recording.Missing,
	}
}

// outcomeMark gives the words, icon and tone of an outcome.
func outcomeMark(p locale.Printer, o recording.Outcome) (text, icon string, tone ui.Tone) {
	text = view.Word(p, "outcome", string(o))
	switch o {
	case recording.Sealed:
		return text, "lock", ui.OK
	case recording.Duplicate:
		return text, "files", ui.OK
	case recording.Left:
		return text, "minus", ui.None
	case recording.Waiting:
		return text, "clock", ui.Due
	case recording.Failed:
		return text, "circle-x", ui.Late
	case recording.Missing:
		return text, "file-unknown", ui.Late
	}
	return text, "help-circle", ui.Moot
}

func (a area) cards(p *site.Page) error {
	list, err := a.Recordings.Cards(p.Context(), p.Actor, cardLimit)
	if err != nil {
		return err
	}
	devices, err := a.Devices.List(p.Context(), p.Actor, device.Filter{Limit: org.MaxPage})
	if err != nil {
		return err
	}
	labels := map[ident.DeviceID]string{}
	for _, d := range devices.Items {
		labels[d.ID] = d.Label
	}
	pr := p.P
	v := cardsView{Head: ui.HeadView{Title: pr.T("card.title"), Sub: pr.T("card.sub")}}
	v.Table = ui.TableView{
		Caption: pr.T("card.title"),
		Columns: []ui.Column{
			{Label: pr.T("card.column.when")},
			{Label: pr.T("card.column.where")},
			{Label: pr.T("card.column.device")},
			{Label: pr.T("card.column.files")},
			{Label: pr.T("card.column.size"), Num: true},
			{Label: pr.T("card.column.state")},
		},
		Empty: ui.EmptyView{Icon: "device-sd-card", Title: pr.T("card.none"), Text: pr.T("card.none_text")},
	}
	if p.May(access.UploadCreate, access.Subject{Kind: "upload"}) {
		up := ui.Action{Text: pr.T("library.upload"), Href: uploadPath, Icon: "upload"}
		v.Head.Actions = []ui.Action{up}
		up.Primary = true
		v.Table.Empty.Actions = []ui.Action{up}
	}
	for _, c := range list {
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: pr.WhenSec(c.OpenedAt, p.Now), Href: cardPath(c.ID)}, label(pr, c), false),
			ui.TwoCell(station(pr, c), c.OwnerName), deviceCell(pr, labels[c.Device]), countCell(counts(pr, c)),
			ui.TwoCell(pr.Size(c.Bytes), pr.T("card.count", c.Files)), stateCell(pr, c),
		}})
	}
	return p.Render(pr.T("card.title"), cardsPage(pr, v))
}

func cardPath(id ident.CardID) string { return cardsPath + "/" + string(id) }

func label(p locale.Printer, c recording.Card) string {
	if c.Label == "" {
		return p.T("recording.no_label")
	}
	return view.Harmless(c.Label)
}

func station(p locale.Printer, c recording.Card) string {
	if c.Station == "" {
		return p.T("card.by_browser")
	}
	return view.Harmless(c.Station)
}

func deviceCell(p locale.Printer, name string) ui.Cell {
	if name == "" {
		return ui.St(p.T("card.no_device"), "device-unknown", ui.Due)
	}
	return ui.Text(name)
}

func stateCell(p locale.Printer, c recording.Card) ui.Cell {
	if c.ClosedAt.IsZero() {
		return ui.St(p.T("card.open"), "clock", ui.Due)
	}
	for _, o := range []recording.Outcome{recording.Missing, recording.Failed} {
		if c.Counts[o] > 0 {
			return ui.St(p.T("card.short"), "alert-triangle", ui.Late)
		}
	}
	return ui.St(p.T("card.closed"), "circle-check", ui.OK)
}

// countView is how many files ended in one way.
type countView struct {
	Text, Icon string
	Tone       ui.Tone
}

func counts(p locale.Printer, c recording.Card) []countView {
	var out []countView
	for _, o := range outcomes() {
		if n := c.Counts[o]; n > 0 {
			text, icon, tone := outcomeMark(p, o)
			out = append(out, countView{p.T("card.outcome", text, n), icon, tone})
		}
	}
	return out
}
