package edition

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Kind says what became of a row between two editions.
type Kind string

// The kinds of change.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Change is one row that differs between two editions.
type Change struct {
	Part   Part
	ID     string
	Name   catalogue.Text // as the newer edition has it, or the older where it was removed
	Kind   Kind
	Fields []Field // in the order of the row; of a row that came or went all that is filled
}

// Field is one place in a row: "length", "signers[party].required", "fields[amount].options[low].zh". Lists of plain
// values stand as a whole, one value a line.
type Field struct{ Name, Old, New string }

// row is a row of any part in the form in which rows are compared.
type row struct {
	id    string
	name  catalogue.Text
	value any
}

// Compare gives the rows that differ, part by part and in the order of the rows.
func Compare(older, newer Content) ([]Change, error) {
	var out []Change
	for _, p := range append([]Part{"acts"}, Parts()...) {
		old, now := rowsOf(older, p), rowsOf(newer, p)
		was := make(map[string]row, len(old))
		for _, r := range old {
			was[r.id] = r
		}
		is := make(map[string]bool, len(now))
		for _, r := range now {
			is[r.id] = true
			before, ok := was[r.id]
			kind := Changed
			if !ok {
				kind, before = Added, row{}
			}
			fields, err := differ(before.value, r.value)
			if err != nil {
				return nil, err
			}
			if len(fields) > 0 {
				out = append(out, Change{p, r.id, r.name, kind, fields})
			}
		}
		for _, r := range old {
			if is[r.id] {
				continue
			}
			fields, err := differ(r.value, nil)
			if err != nil {
				return nil, err
			}
			out = append(out, Change{p, r.id, r.name, Removed, fields})
		}
	}
	return out, nil
}

// rowsOf gives a part's rows. "acts" is the head of the documents' file: which acts are open.
func rowsOf(c Content, p Part) []row {
	var out []row
	switch p {
	case "acts":
		for _, id := range slices.Sorted(maps.Keys(c.Catalogue.Acts)) {
			a := c.Catalogue.Acts[id]
			out = append(out, row{id, a.Text, a})
		}
	case Documents:
		for _, d := range c.Catalogue.Documents {
			out = append(out, row{d.ID, d.Text, d})
		}
	case Deadlines:
		for _, t := range c.Catalogue.Terms {
			out = append(out, row{t.ID, t.Text, t})
		}
	case Matters:
		for _, m := range c.Catalogue.Matters {
			out = append(out, row{m.ID, m.Text, m})
		}
	case Requirements:
		for _, o := range c.Catalogue.Obligations {
			out = append(out, row{o.ID, o.Obligation, o})
		}
	case Calendar:
		out = append(out, row{"calendar", catalogue.Text{}, map[string]string{"place": c.Days.Place, "from": c.Days.From, "to": c.Days.To}})
		for _, r := range c.Days.Rest {
			out = append(out, row{r.From, catalogue.Text{ZH: r.Name, EN: r.Name}, r})
		}
		for _, d := range c.Days.Work {
			out = append(out, row{"work " + d, catalogue.Text{ZH: "调休上班日", EN: "make-up working day"}, map[string]string{"work": d}})
		}
	case Powers:
		for _, w := range c.Powers {
			out = append(out, row{w.Act, c.Catalogue.Acts[w.Act].Text, w})
		}
	}
	return out
}

// differ gives the places in which two rows differ.
func differ(older, newer any) ([]Field, error) {
	old, err := placesOf(older)
	if err != nil {
		return nil, err
	}
	now, err := placesOf(newer)
	if err != nil {
		return nil, err
	}
	var out []Field
	for _, name := range old.merged(now) {
		if a, b := old.text[name], now.text[name]; a != b {
			out = append(out, Field{name, a, b})
		}
	}
	for _, list := range now.lists {
		before, after := common(old.order[list], now.order[list]), common(now.order[list], old.order[list])
		if !slices.Equal(before, after) {
			out = append(out, Field{list, strings.Join(before, "\n"), strings.Join(after, "\n")})
		}
	}
	return out, nil
}

// common gives those of a that stand in b as well.
func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// places are a row's leaves by name, and the order of its lists of structures.
type places struct {
	names, lists []string
	text         map[string]string
	order        map[string][]string
}

// merged gives the names of both, the newer ones' first.
func (p places) merged(q places) []string {
	out := slices.Clone(q.names)
	for _, n := range p.names {
		if _, ok := q.text[n]; !ok {
			out = append(out, n)
		}
	}
	return out
}

func placesOf(v any) (places, error) {
	p := places{text: map[string]string{}, order: map[string][]string{}}
	if v == nil {
		return p, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return p, fmt.Errorf("edition: compare: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return p, fmt.Errorf("edition: compare: %w", err)
	}
	p.walk("", tree, raw)
	return p, nil
}

func (p *places) put(name, text string) {
	if text == "" {
		return // nothing, and no place for it, are the same to a reader
	}
	p.names = append(p.names, name)
	p.text[name] = text
}

func (p *places) walk(name string, v any, raw []byte) {
	switch v := v.(type) {
	case nil:
	case string:
		p.put(name, v)
	case json.Number:
		p.put(name, v.String())
	case bool:
		p.put(name, fmt.Sprint(v))
	case map[string]any:
		for _, k := range inOrder(v, raw) {
			at := k
			if name != "" {
				at = name + "." + k
			}
			p.walk(at, v[k], raw)
		}
	case []any:
		if keys := keysOf(v); keys != nil {
			p.lists = append(p.lists, name)
			p.order[name] = keys
			for i, e := range v {
				p.walk(name+"["+keys[i]+"]", e, raw)
			}
			return
		}
		lines := make([]string, len(v))
		for i, e := range v {
			if s, ok := e.(string); ok {
				lines[i] = s
			} else if b, err := json.Marshal(e); err == nil {
				lines[i] = string(b)
			}
		}
		p.put(name, strings.Join(lines, "\n"))
	}
}

// inOrder gives an object's keys in the order of the type it was written from.
func inOrder(m map[string]any, raw []byte) []string {
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int {
		return bytes.Index(raw, []byte(`"`+a+`":`)) - bytes.Index(raw, []byte(`"`+b+`":`))
	})
	return keys
}

// keysOf gives the names by which structures of a list are told apart, nil if they have none or share one.
func keysOf(list []any) []string {
	out := make([]string, len(list))
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		for _, k := range []string{"id", "role", "item"} {
			if s, ok := m[k].(string); ok && s != "" && !slices.Contains(out[:i], s) {
				out[i] = s
				break
			}
		}
		if out[i] == "" {
			return nil
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Tell gives all that is filled in a row, place by place, as Compare names places; the texts stand in New.
func Tell(row any) ([]Field, error) { return differ(nil, row) }
