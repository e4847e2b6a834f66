package preview

import (
	"net/url"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// askView is the page that takes the file.
type askView struct {
	Kind
	Title  string
	Bad    refusal.Fault
	Result string // what the import before did
}

func (v askView) file(p locale.Printer) ui.Field {
	return v.Bad.Mark(ui.Field{
		Name: "file", Label: p.T("preview.file"), Hint: p.T("preview.file_hint"),
		Accept: ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	})
}

// showView is the page of a preview.
type showView struct {
	Kind
	Title   string
	File    string
	ID      string
	Changes int
	Wrong   int
	Sum     string
	Heads   []string // what is wrong with the sheet as a whole
	Rows    []ui.Row
	Left    int // rows that are not shown
	Back    string
}

// viewOf shows the rows that need eyes first: wrong, then changed, new, unchanged; each in the sheet's order.
func viewOf(p locale.Printer, k Kind, file string, pre org.Preview) showView {
	v := showView{
		Kind: k, Title: p.T(k.Words + ".title"), File: file, ID: string(pre.ID), Changes: pre.Changes(),
		Wrong: pre.Count[org.EffectWrong], Sum: sum(p, pre.Count), Back: back(pre),
	}
	why := map[int][]string{}
	for _, q := range pre.Problems {
		if q.Line == 0 {
			v.Heads = append(v.Heads, problem(p, k, q))
			continue
		}
		why[q.Line] = append(why[q.Line], problem(p, k, q))
	}
	for _, e := range []org.Effect{org.EffectWrong, org.EffectChanged, org.EffectNew, org.EffectUnchanged} {
		for _, r := range pre.Rows {
			if r.Effect != e {
				continue
			}
			if len(v.Rows) == maxShown {
				v.Left++
				continue
			}
			v.Rows = append(v.Rows, row(p, k, r, why[r.Line]))
		}
	}
	return v
}

func row(p locale.Printer, k Kind, r org.PreviewRow, why []string) ui.Row {
	var rest []string
	for _, c := range k.Spec.Columns {
		if text := r.Cells[c.Key]; text != "" && c.Key != k.Main {
			rest = append(rest, p.T("preview.cell", columnTitle(p, k.Spec, c.Key), text))
		}
	}
	var last ui.Cell
	switch {
	case len(why) > 0:
		last = lines(why)
	case len(r.Changed) > 0:
		titles := make([]string, len(r.Changed))
		for i, c := range r.Changed {
			titles[i] = columnTitle(p, k.Spec, c)
		}
		last = ui.TwoCell(p.T("preview.changes", strings.Join(titles, p.T("preview.comma"))), "")
	}
	name := r.Cells[k.Main]
	if name == "" {
		name = p.T("table.none")
	}
	return ui.Row{Cells: []ui.Cell{
		ui.Text(strconv.Itoa(r.Line)), effect(p, r.Effect), ui.MainCell(ui.Link{Text: name}, strings.Join(rest, p.T("preview.comma")), false), last,
	}}
}

func sum(p locale.Printer, c map[org.Effect]int) string {
	return p.T("preview.sum", locale.Named("new", c[org.EffectNew]), locale.Named("changed", c[org.EffectChanged]),
		locale.Named("unchanged", c[org.EffectUnchanged]), locale.Named("wrong", c[org.EffectWrong]))
}

var counted = []org.Effect{org.EffectNew, org.EffectChanged, org.EffectUnchanged, org.EffectWrong}

func doneQuery(count map[org.Effect]int) string {
	q := url.Values{"done": {"1"}}
	for _, e := range counted {
		q.Set(string(e), strconv.Itoa(count[e]))
	}
	return "?" + q.Encode()
}

// result reads what Done wrote; "" for none.
func result(p *site.Page) string {
	if p.R.URL.Query().Get("done") != "1" {
		return ""
	}
	count := map[org.Effect]int{}
	for _, e := range counted {
		n, err := strconv.Atoi(p.R.URL.Query().Get(string(e)))
		if err != nil || n < 0 {
			return ""
		}
		count[e] = n
	}
	return sum(p.P, count)
}

func leftWords(p locale.Printer, left int) string {
	if left == 0 {
		return ""
	}
	return p.T("preview.left", left)
}
