package ui

import (
	"slices"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/locale"
)

// Sort is how a column stands to the order of a table.
type Sort uint8

// The states of a column.
const (
	NotSortable Sort = iota
	Sortable
	Ascending
	Descending
)

// Column is the head of a column. At most eight stand in a table.
type Column struct {
	Key   string // stable, for the column settings
	Label string
	Sort  Sort
	Href  string // where a click on the head leads, when it sorts
	Num   bool   // figures, to the right
	Quiet bool   // the label is for readers of the screen only (pictures, actions)
	Acts  bool   // what can be done with the row: the last column, quiet, at the row's end
	Lead  bool   // names the row; without one the first column that is no picture does
	Tight bool   // times and short words: not wrapped where there is room
}

// quiet reports whether the label is not shown.
func (c Column) quiet() bool { return c.Quiet || c.Acts }

// lead is the column whose values name the rows: the first that is no picture.
func (t TableView) lead() int {
	if i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Lead }); i >= 0 {
		return i
	}
	for i, c := range t.Columns {
		if !c.quiet() {
			return i
		}
	}
	return 0
}

func (t TableView) cellClass(i int) templ.CSSClasses {
	var c Column
	if i < len(t.Columns) {
		c = t.Columns[i]
	}
	return templ.CSSClasses{templ.KV("zl-num", c.Num), templ.KV("zl-acts", c.Acts), templ.KV("zl-tight", c.Tight), templ.KV("zl-lead", i == t.lead())}
}

// label is what stands before a value when a phone shows the row as a card: the column's label, except where the value
// speaks for itself.
func (t TableView) label(i int) templ.Attributes {
	if i >= len(t.Columns) || t.Columns[i].quiet() || i == t.lead() {
		return nil
	}
	return templ.Attributes{"data-label": t.Columns[i].Label}
}

// Cell is what stands in a row under a column.
type Cell = templ.Component

// Row is one line of a table.
type Row struct {
	ID    string // of the row, so that it can be replaced in place; may be empty
	Value string // what its tick sends
	Label string // what its tick is for, said to readers of the screen
	Cells []Cell
}

// TableView is a list. On a phone each row is a card; a table that is wider than its place scrolls in a focusable region.
type TableView struct {
	Caption     string
	ShowCaption bool // else the caption is for readers of the screen
	Columns     []Column
	Rows        []Row
	Pick        string          // name of the ticks' field; empty for a list without
	Bulk        templ.Component // buttons of the bar that shows while something is ticked; they stand in a form
	BulkHref    string          // where that form posts to
	Pager       *PagerView
	Empty       EmptyView // shown instead of the table when there are no rows
	Compact     bool      // fits a phone as it is: does not scroll
	Dense       bool      // more rows on a page
}

// FilterKind is what a filter looks like.
type FilterKind uint8

// The kinds of filter.
const (
	FilterText FilterKind = iota
	FilterSelect
	FilterDate
)

// Option is a choice of a filter or a field.
type Option struct {
	Value string
	Text  string
	On    bool
}

// Filter is one condition of a filter bar.
type Filter struct {
	Kind    FilterKind
	Name    string
	Label   string
	Value   string
	Options []Option // of a select; the first should be 不限 with an empty value
}

func (f Filter) on() bool {
	if f.Kind != FilterSelect {
		return f.Value != ""
	}
	for _, o := range f.Options {
		if o.On && o.Value != "" {
			return true
		}
	}
	return false
}

// Filters is the bar over a list: a GET form, so that its state is in the address and can be kept and sent.
type Filters struct {
	Action  string
	Fields  []Filter
	Keep    []Hidden // what else of the query must be kept (sort, tab)
	Clear   string   // address without conditions; shown when one is on
	Export  string   // address of the same list as Excel
	Columns []Option // column settings: Value is the column's key; empty for none
	KeepAt  string   // where the choice of columns is posted to, to be kept; "" leaves it in the address alone
	Dense   *Option  // more rows on a page, with the columns
}

func (f Filters) on() bool {
	for _, c := range f.Fields {
		if c.on() {
			return true
		}
	}
	return false
}

func (c Column) ariaSort() templ.Attributes {
	switch c.Sort {
	case Ascending:
		return templ.Attributes{"aria-sort": "ascending"}
	case Descending:
		return templ.Attributes{"aria-sort": "descending"}
	case NotSortable, Sortable:
	}
	return nil
}

func (c Column) icon() string {
	switch c.Sort {
	case Ascending:
		return "chevron-up"
	case Descending:
		return "chevron-down"
	case NotSortable, Sortable:
	}
	return "arrows-sort"
}

func oneForm(p locale.Printer, key string) string { return p.T(key, 1) }

// keptAt has a button of a GET form post it instead.
func keptAt(path string) templ.Attributes {
	if path == "" {
		return nil
	}
	return templ.Attributes{"formmethod": "post", "formaction": path}
}
