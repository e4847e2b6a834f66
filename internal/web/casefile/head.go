package casefile

import (
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

func headActions(p locale.Printer, v caseView) []ui.Action {
	var out []ui.Action
	if v.Edit {
		out = append(out, ui.Action{Text: p.T("case.add_paper"), Icon: "plus", Href: "/cases/" + v.ID + "/papers"})
	}
	out = append(out, ui.Action{Text: p.T("case.story"), Href: "/cases/" + v.ID + "/story"}, ui.Action{Text: p.T("case.calls"), Href: "/cases/" + v.ID + "/calls"})
	if v.Export {
		out = append(out, ui.Action{Text: p.T("case.package"), Href: "/cases/" + v.ID + "/package"})
	}
	return out
}

// turns are the decisions that stop a case or end it without one.
func turns(p locale.Printer) []ui.Option {
	var out []ui.Option
	for i, do := range []string{"suspend", "resume", "withdraw", "join"} {
		out = append(out, ui.Option{Value: do, Text: p.T("case.turn." + do), On: i == 0})
	}
	return out
}
