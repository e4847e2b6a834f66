package library

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/web/site"
)

// maxWords bounds what is searched for, in characters.
const maxWords = 100

// conditions are the names in the address, in the order in which they are written there.
var conditions = []string{"q", "from", "to", "department", "officer", "device", "verdict", "flag", "state", "kind", "card", "sort", "dir"}

// query is what the address asks for. Values holds every condition as it was typed, so that it can be sent on.
type query struct {
	filter  recording.Filter
	after   recording.Cursor
	values  url.Values
	columns []string // chosen columns; empty for the usual ones
	dense   bool
	chosen  bool     // columns and density stand in the address
	ignored []string // names of conditions that could not be read
}

// read takes the conditions from the address. One that makes no sense is left out and named, so that the page can say
// so instead of showing a list that looks like the answer.
func read(p *site.Page) query {
	if err := p.R.ParseForm(); err != nil {
		return readValues(nil)
	}
	return readValues(p.R.Form)
}

func readValues(from url.Values) query {
	q := query{values: url.Values{}, after: recording.Cursor(from.Get("after"))}
	for _, name := range conditions {
		if v := strings.TrimSpace(from.Get(name)); v != "" {
			q.values.Set(name, v)
		}
	}
	f := &q.filter
	if r := []rune(q.values.Get("q")); len(r) > maxWords {
		q.values.Set("q", string(r[:maxWords]))
	}
	f.Query = q.values.Get("q")
	f.From = q.day("from")
	if to := q.day("to"); !to.IsZero() {
		f.To = to.AddDate(0, 0, 1) // the last day belongs to it
	}
	f.Department = id[ident.DepartmentID](&q, "department")
	f.Officer = id[ident.PersonID](&q, "officer")
	f.Device = id[ident.DeviceID](&q, "device")
	f.Card = id[ident.CardID](&q, "card")
	f.Verdict = one(&q, "verdict", storage.Verdicts())
	f.Flag = one(&q, "flag", allFlags())
	f.State = one(&q, "state", states())
	f.Kind = one(&q, "kind", kinds())
	f.Order = one(&q, "sort", recording.Orders())
	f.Ascending = one(&q, "dir", []string{"asc"}) != ""
	q.columns, q.dense = known(from["col"]), from.Get("dense") == "1"
	q.chosen = len(q.columns) > 0 || q.dense
	return q
}

// known keeps the names of columns that there are, each once, in the order in which they stand.
func known(columns []string) []string {
	var out []string
	for _, c := range optional {
		if slices.Contains(columns, c) {
			out = append(out, c)
		}
	}
	return out
}

func (q *query) drop(name string) {
	q.ignored = append(q.ignored, name)
	q.values.Del(name)
}

func (q *query) day(name string) time.Time {
	v := q.values.Get(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, v, clock.Shanghai)
	if err != nil {
		q.drop(name)
	}
	return t
}

// id reads the id of something to narrow by.
func id[T ~string](q *query, name string) T {
	v := q.values.Get(name)
	if v == "" {
		return ""
	}
	got, err := ident.Parse[T](v)
	if err != nil {
		q.drop(name)
	}
	return got
}

// one reads a word of a closed set.
func one[T ~string](q *query, name string, all []T) T {
	v := T(q.values.Get(name))
	if v != "" && !slices.Contains(all, v) {
		q.drop(name)
		return ""
	}
	return v
}

// narrowed reports whether anything but the order is asked for.
func (q query) narrowed() bool {
	for name := range q.values {
		if name != "sort" && name != "dir" {
			return true
		}
	}
	return false
}

// href is the address of the same list with other values; an empty one takes the condition away. It begins at the
// list's beginning.
func (q query) href(pairs ...string) string { return q.address(Path, pairs...) }

func (q query) address(path string, pairs ...string) string {
	v := url.Values{}
	for name, values := range q.values {
		v[name] = values
	}
	if q.chosen {
		v["col"] = q.columns
		if q.dense {
			v.Set("dense", "1")
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Del(pairs[i])
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func states() []recording.State {
	return []recording.State{recording.Stored, recording.Verified, recording.Damaged}
}

func kinds() []recording.Kind {
	return []recording.Kind{recording.Video, recording.Audio, recording.Picture, recording.Other, recording.Pending}
}

// allFlags lists the flags one can look for: the house's, then those of the bytes.
func allFlags() []recording.Flag {
	flags := []recording.Flag{
		recording.FlagUnknownDevice, recording.FlagDeviceDoubtful, recording.FlagNoOfficer, recording.FlagDuplicate, recording.FlagDamaged,
		recording.FlagMalware, recording.FlagUnlike, record.FlagParty,
	}
	for _, f := range []media.Flag{
		media.FlagClockDoubt, media.FlagNameMismatch, media.FlagTimeMissing, media.FlagFuture, media.FlagTruncated, media.FlagUnreadable,
		media.FlagEmpty, media.FlagForeign, media.FlagMisnamed, media.FlagNoVideo, media.FlagNoAudio, media.FlagPicture,
	} {
		flags = append(flags, recording.Flag(f))
	}
	return flags
}
