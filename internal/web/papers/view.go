package papers

import (
	"cmp"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

func headActions(p locale.Printer, v paperView) []ui.Action {
	return []ui.Action{
		{Text: p.T("paper.print"), Icon: "printer", Href: "/papers/" + v.ID + "/pdf"},
		{Text: p.T("paper.print_blank"), Href: "/papers/" + v.ID + "/pdf?blank=1", Quiet: true},
	}
}

func cellType(f ui.Field) string { return cmp.Or(f.Type, "text") }

// scans are the files of the paper from which a scanned signature is chosen.
func scans(p locale.Printer, v paperView) []ui.Option {
	out := []ui.Option{{Value: "", Text: p.T("paper.choose"), On: true}}
	for _, f := range v.Files {
		out = append(out, ui.Option{Value: f.ID, Text: f.Name})
	}
	return out
}
