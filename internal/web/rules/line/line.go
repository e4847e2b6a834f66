// Package line is how repeated things are written in forms. Fields and signers are rows with buttons (Arrange). The rest stands in a
// text area, one a line: what an enumeration offers, the columns of a table,
// events, what must be seen, days of rest. It reads what it writes, whatever stands in it, and never fails: what cannot be right
// is left for the catalogue's check to name.
package line

import (
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

// Split gives the lines that hold anything, never nil.
func Split(v string) []string {
	out := []string{}
	for l := range strings.SplitSeq(v, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// cells parts a line at its bars: "low | 较低 | low".
func cells(line string) []string {
	out := strings.FieldsFunc(line, func(r rune) bool { return r == '|' || r == '｜' })
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// named makes an id and a text of a line's cells: id, Chinese, English; or Chinese and English; or one word for all.
func named(c []string, number int) (string, catalogue.Text) {
	switch len(c) {
	case 0:
		return "", catalogue.Text{}
	case 1:
		return "o" + strconv.Itoa(number), catalogue.Text{ZH: c[0], EN: c[0]}
	case 2:
		return "o" + strconv.Itoa(number), catalogue.Text{ZH: c[0], EN: c[1]}
	}
	return c[0], catalogue.Text{ZH: c[1], EN: c[2]}
}

// Options reads lines "id | 中文 | English"; an id that is left out is made of the line's number.
func Options(v string) []catalogue.Option {
	var out []catalogue.Option
	for i, l := range Split(v) {
		id, t := named(cells(l), i+1)
		out = append(out, catalogue.Option{ID: id, Text: t})
	}
	return out
}

// OfOptions writes options as Options reads them.
func OfOptions(list []catalogue.Option) string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = strings.Join([]string{o.ID, o.ZH, o.EN}, " | ")
	}
	return strings.Join(out, "\n")
}

// Columns reads lines "id | 中文 | English | type | *": the star says that the cell is required.
func Columns(v string) []catalogue.Column {
	var out []catalogue.Column
	for i, l := range Split(v) {
		c := cells(l)
		id, t := named(c[:min(len(c), 3)], i+1)
		col := catalogue.Column{ID: id, Text: t, Type: "text"}
		for _, more := range c[min(len(c), 3):] {
			if more == "*" {
				col.Required = true
			} else {
				col.Type = more
			}
		}
		out = append(out, col)
	}
	return out
}

// OfColumns writes columns as Columns reads them.
func OfColumns(list []catalogue.Column) string {
	out := make([]string, len(list))
	for i, c := range list {
		line := []string{c.ID, c.ZH, c.EN, c.Type}
		if c.Required {
			line = append(line, "*")
		}
		out[i] = strings.Join(line, " | ")
	}
	return strings.Join(out, "\n")
}

// Events reads lines "event | when" and "event | when | field = option".
func Events(v string) []catalogue.Event {
	var out []catalogue.Event
	for _, l := range Split(v) {
		c := append(cells(l), "", "", "")
		e := catalogue.Event{ID: c[0], At: c[1]}
		field, is, _ := strings.Cut(c[2], "=")
		e.Field, e.Is = strings.TrimSpace(field), strings.TrimSpace(is)
		out = append(out, e)
	}
	return out
}

// OfEvents writes events as Events reads them.
func OfEvents(list []catalogue.Event) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.ID + " | " + e.At
		if e.Field != "" {
			out[i] += " | " + e.Field + " = " + e.Is
		}
	}
	return strings.Join(out, "\n")
}

// OfFilmed writes what must be seen, one a line: id | 中文 | English | article.
func OfFilmed(list []catalogue.Filmed) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = strings.Join([]string{f.Item, f.ZH, f.EN, f.Article}, " | ")
	}
	return strings.Join(out, "\n")
}

// Filmed reads lines "item | 中文 | English | article".
func Filmed(v string) []catalogue.Filmed {
	out := []catalogue.Filmed{}
	for i, l := range Split(v) {
		c := cells(l)
		id, t := named(c[:min(len(c), 3)], i+1)
		f := catalogue.Filmed{Item: id, Text: t}
		if len(c) > 3 {
			f.Article = c[3]
		}
		out = append(out, f)
	}
	return out
}

// Rest reads lines "FROM TO NAME" and "DAY NAME".
func Rest(v string) []edition.Rest {
	out := []edition.Rest{}
	for _, l := range Split(v) {
		words := strings.Fields(l)
		r := edition.Rest{From: words[0], To: words[0]}
		rest := words[1:]
		if len(rest) > 0 && rest[0][0] >= '0' && rest[0][0] <= '9' {
			r.To, rest = rest[0], rest[1:]
		}
		r.Name = strings.Join(rest, " ")
		out = append(out, r)
	}
	return out
}

// OfRest writes days of rest as Rest reads them.
func OfRest(list []edition.Rest) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.From + " " + r.To + " " + r.Name
	}
	return strings.Join(out, "\n")
}
