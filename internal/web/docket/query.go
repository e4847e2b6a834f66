package docket

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/site"
)

// maxWords bounds what is searched for, in characters.
const maxWords = 100

// conditions are the names in the address.
var conditions = []string{"q", "act", "stage", "state", "department", "handler", "from", "to", "overdue", "sort", "dir"}

// query is what the address asks for. Values holds every condition as it was typed, so that it can be sent on.
type query struct {
	filter  docket.Filter
	after   docket.Cursor
	values  url.Values
	ignored []string // names of conditions that could not be read
}

// read takes the conditions from the address. One that makes no sense is left out and named, so that the page can say
// so instead of showing a list that looks like the answer.
func read(p *site.Page, acts []string) query {
	q := query{values: url.Values{}, after: docket.Cursor(p.Value("after"))}
	for _, name := range conditions {
		if v := p.Value(name); v != "" {
			q.values.Set(name, v)
		}
	}
	if r := []rune(q.values.Get("q")); len(r) > maxWords {
		q.values.Set("q", string(r[:maxWords]))
	}
	f := &q.filter
	f.Query = q.values.Get("q")
	f.Act = one(&q, "act", acts)
	f.Stage = one(&q, "stage", matter.Stages())
	f.State = one(&q, "state", docket.States())
	f.Order = one(&q, "sort", docket.Orders())
	f.Ascending = one(&q, "dir", []string{"asc"}) == "asc"
	f.Overdue = one(&q, "overdue", []string{"1"}) == "1"
	f.Department, f.Handler = id[ident.DepartmentID](&q, "department"), id[ident.PersonID](&q, "handler")
	f.From = q.day("from")
	if to := q.day("to"); !to.IsZero() {
		f.To = to.AddDate(0, 0, 1) // the last day belongs to it
	}
	return q
}

// drop leaves a condition out and remembers that it was there.
func (q *query) drop(name string) {
	q.values.Del(name)
	q.ignored = append(q.ignored, name)
}

func (q *query) day(name string) time.Time {
	v := q.values.Get(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, v, clock.Shanghai)
	if err != nil {
		q.drop(name)
		return time.Time{}
	}
	return t
}

// one reads a word of a closed set.
func one[T ~string](q *query, name string, all []T) T {
	v := T(q.values.Get(name))
	if v == "" || slices.Contains(all, v) {
		return v
	}
	q.drop(name)
	return ""
}

func id[T ~string](q *query, name string) T {
	v := q.values.Get(name)
	if v == "" {
		return ""
	}
	t, err := ident.Parse[T](v)
	if err != nil {
		q.drop(name)
		return ""
	}
	return t
}

// href is the address of the same list with conditions changed, from its beginning unless "after" is given.
func (q query) href(change ...string) string { return q.address(Path, change...) }

func (q query) address(path string, change ...string) string {
	v := url.Values{}
	for name, list := range q.values {
		v[name] = list
	}
	for i := 0; i+1 < len(change); i += 2 {
		if change[i+1] == "" {
			v.Del(change[i])
		} else {
			v.Set(change[i], change[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// narrowed reports whether anything but the order was asked for.
func (q query) narrowed() bool {
	for name := range q.values {
		if !strings.HasPrefix(name, "sort") && name != "dir" {
			return true
		}
	}
	return false
}
