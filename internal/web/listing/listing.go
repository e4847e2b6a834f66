// Package listing is what every list of the pages does alike: its state stands in its address, it is turned by keys,
// and it can be taken away as an Excel sheet.
package listing

import (
	"bytes"
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// The names that turn a list; every other name of an address is a condition.
const (
	after = "after" // the key the page begins behind
	seen  = "seen"  // how many rows the pages before held
)

// Query is the state of a list as its address has it.
type Query struct {
	path   string
	values url.Values
}

// Read takes the state of a page's list: the names are its conditions, anything else in the address is left out.
func Read(p *site.Page, names ...string) Query {
	q := Query{path: p.R.URL.Path, values: url.Values{}}
	for _, name := range slices.Concat(names, []string{after, seen}) {
		if v := p.Value(name); v != "" {
			q.values.Set(name, v)
		}
	}
	return q
}

// Start is the beginning of a list at an address, with one condition where name is set.
func Start(path, name, value string) Query {
	q := Query{path: path, values: url.Values{}}
	if name != "" {
		q.values.Set(name, value)
	}
	return q
}

// Get is the value of a condition, "" for none.
func (q Query) Get(name string) string { return q.values.Get(name) }

// After is the key the page begins behind, "" at the beginning.
func (q Query) After() string { return q.values.Get(after) }

// Pager leads on from a page of n rows behind which next follows. The total is exact on the last page; before it,
// what is known: as many as have been seen.
func (q Query) Pager(n int, next string) *ui.PagerView {
	before, err := strconv.ParseInt(q.values.Get(seen), 10, 32)
	if err != nil || before < 0 || q.After() == "" {
		before = 0
	}
	v := &ui.PagerView{Total: before + int64(n), AtLeast: next != ""}
	if q.After() != "" {
		v.First = q.address(q.path, nil)
	}
	if next != "" {
		v.Next = q.address(q.path, map[string]string{after: next, seen: strconv.FormatInt(v.Total, 10)})
	}
	return v
}

// With is the address of the same list, from its beginning, with one condition changed; an empty value drops it.
func (q Query) With(name, value string) string {
	return q.address(q.path, map[string]string{name: value})
}

// At is the address of another page with the same conditions, for the export of the list.
func (q Query) At(path string) string { return q.address(path, nil) }

// Clear is the address without conditions except those named.
func (q Query) Clear(keep ...string) string {
	c := Query{q.path, url.Values{}}
	for _, k := range keep {
		c.values.Set(k, q.values.Get(k))
	}
	return c.address(c.path, nil)
}

// Keep carries conditions along in a form that changes others.
func (q Query) Keep(names ...string) []ui.Hidden {
	var out []ui.Hidden
	for _, n := range names {
		if v := q.Get(n); v != "" {
			out = append(out, ui.Hidden{Name: n, Value: v})
		}
	}
	return out
}

func (q Query) address(path string, set map[string]string) string {
	v := url.Values{}
	for name, list := range q.values {
		if name != after && name != seen {
			v[name] = list
		}
	}
	for name, value := range set {
		if value == "" {
			v.Del(name)
		} else {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// Choice makes the options of a filter or a field: first 不限 when any is set, then each value under its words.
func Choice(p locale.Printer, anything bool, chosen string, values []string, words func(string) string) []ui.Option {
	var out []ui.Option
	if anything {
		out = append(out, ui.Option{Text: p.T("table.any"), On: chosen == ""})
	}
	for _, v := range values {
		out = append(out, ui.Option{Value: v, Text: words(v), On: v == chosen})
	}
	return out
}

// All walks a whole list, page by page. It ends with the first error.
func All[T any](ctx context.Context, page func(ctx context.Context, after string) (org.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next := ""
		for {
			got, err := page(ctx, next)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range got.Items {
				if !yield(item, nil) {
					return
				}
			}
			if next = got.Next; next == "" {
				return
			}
		}
	}
}

// Send sends a table as a workbook to be saved under a name without its ending. Nothing is sent if a row fails.
func Send(p *site.Page, name string, t ledger.Table) error {
	var b bytes.Buffer
	if err := ledger.Write(&b, t); err != nil {
		return err
	}
	return SendFile(p, name, b.Bytes())
}

// SendFile sends a finished workbook.
func SendFile(p *site.Page, name string, workbook []byte) error {
	p.Attach("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name+".xlsx")
	_, err := p.W.Write(workbook)
	return err
}

// Join names several things in one line.
func Join(p locale.Printer, parts []string) string {
	return strings.Join(parts, p.T("library.and"))
}
