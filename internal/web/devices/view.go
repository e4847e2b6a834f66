package devices

import (
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/ui"
)

type listView struct {
	Tabs    []ui.Tab
	Actions []ui.Action
	Filters *ui.Filters // nil for a view without
	Table   ui.TableView
}

type formView struct {
	Title, Action, Yes, Cancel string
	Label                      string // of the device that is changed; empty for a new one
	Version                    int64
	Fields                     []ui.Field
	Bad                        refusal.Fault
	State                      []ui.Field
	StateBad                   refusal.Fault
	Out                        bool
	May                        bool
}

type deviceView struct {
	ID, Label, Sub string
	Words, Icon    string
	Tone           ui.Tone
	Halt           string // why a device that is not in use is not
	Facts          []ui.Fact
	MayEdit        bool
	MayRecordings  bool

	Holder      string
	HolderFacts []string
	Issue       []ui.Field // empty: the reader hands nothing out now
	IssueBad    refusal.Fault
	Return      []ui.Field
	ReturnBad   refusal.Fault

	Clock      string
	ClockKnown bool
	ClockFacts []string
	ClockField ui.Field
	ClockBad   refusal.Fault

	Ledger     ui.TableView
	ExportHref string
}

// headActions are the plain buttons beside a device's title.
func headActions(p locale.Printer, v deviceView) []ui.Action {
	var out []ui.Action
	if v.MayRecordings {
		out = append(out, ui.Action{Text: p.T("device.recordings"), Href: "/recordings?device=" + v.ID, Icon: "movie"})
	}
	if v.MayEdit {
		out = append(out, ui.Action{Text: p.T("device.change"), Href: listPath + "/" + v.ID + "?edit=1", Icon: "pencil"})
	}
	return out
}
