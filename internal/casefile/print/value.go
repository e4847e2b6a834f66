package print

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// visible writes what others wrote so that nobody is deceived by it (locale.Visible). The joiners that Arabic letters
// need stay.
func visible(s string) string {
	if !strings.ContainsAny(s, "\u200c\u200d") {
		return locale.Visible(s)
	}
	var b strings.Builder
	arabic := false
	for _, r := range s {
		if (r == '\u200c' || r == '\u200d') && arabic {
			b.WriteRune(r)
			continue
		}
		arabic = unicode.Is(unicode.Arabic, r)
		b.WriteString(locale.Visible(string(r)))
	}
	return b.String()
}

// paragraphs are the lines of a text, without empty ones. Tabs, which pasted tables have, become wide spaces.
func paragraphs(s string) []string {
	var out []string
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "　").Replace(s)
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, visible(line))
		}
	}
	return out
}

// object is a value that has parts: a party, an officer, a file, a row of a table.
type object map[string]json.RawMessage

func (o object) get(key string) string { return plain(o[key]) }

// plain is a value as text, whatever it is: nothing that was filled in goes unprinted because its form was not expected.
func plain(raw json.RawMessage) string {
	raw = trim(raw)
	var s string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}

func trim(raw json.RawMessage) json.RawMessage {
	return json.RawMessage(strings.TrimSpace(string(raw)))
}

// list takes a value apart: an array into its elements, anything else into itself, nothing into nothing.
func list(raw json.RawMessage) []json.RawMessage {
	raw = trim(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) == nil {
		return all
	}
	return []json.RawMessage{raw}
}

func asObject(raw json.RawMessage) (object, bool) {
	var o object
	return o, json.Unmarshal(raw, &o) == nil && o != nil
}

// value gives the raw value of a field. What a document asks for beside its party (name, number, address and so on) is
// taken from the party where it was not filled in.
func (w *writer) value(f catalogue.Field) json.RawMessage {
	raw := trim(w.in.Values[f.ID])
	if s := string(raw); s != "" && s != "null" && s != `""` && s != "[]" && s != "{}" {
		return raw
	}
	switch f.ID {
	case "case_ref":
		return quoted(w.in.CaseNo)
	case "agency":
		return quoted(w.in.Bureau)
	case "party", "party_name":
		if o, ok := asObject(trim(w.in.Values["party"])); ok {
			return o["name"]
		}
		return quoted(strings.Join(w.in.Parties, "、"))
	}
	if key := map[string]string{"party_id": "id_number", "legal_rep": "legal_rep", "address": "address", "phone": "phone"}[f.ID]; key != "" {
		if o, ok := asObject(trim(w.in.Values["party"])); ok {
			return o[key]
		}
	}
	return nil
}

func quoted(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return nil // a string always can be
	}
	return raw
}

// text is a field's value on one line.
func (w *writer) text(f catalogue.Field) string { return strings.Join(w.lines(f), "；") }

// lines are a field's value as paragraphs.
func (w *writer) lines(f catalogue.Field) []string { return w.linesOf(f, w.value(f)) }

func (w *writer) linesOf(f catalogue.Field, raw json.RawMessage) []string {
	var out []string
	switch f.Type {
	case "integer":
		s := plain(raw)
		if strings.HasSuffix(f.ZH, unitDay) && s != "" {
			s += strings.Trim(unitDay, "（）")
		}
		return paragraphs(s)
	case "date", "datetime":
		return w.when(plain(raw))
	case "money":
		return w.money(plain(raw))
	case "bool":
		switch s := plain(raw); s {
		case "true":
			return []string{w.p.T("print.yes")}
		case "false":
			return []string{w.p.T("print.no")}
		default:
			return paragraphs(s)
		}
	case "enum":
		s := plain(raw)
		for _, o := range options(f) {
			if s == o.id {
				s = o.text
			}
		}
		return paragraphs(s)
	}
	for _, one := range list(raw) {
		o, ok := asObject(one)
		if !ok {
			out = append(out, paragraphs(plain(one))...)
			continue
		}
		var line string
		switch f.Type {
		case "item-list", "table":
			line = w.rowOf(f, o)
		case "evidence-list", "recording-ref-list", "file", "file-list", "device-ref":
			line = w.reference(o)
		default:
			line = w.somebody(o)
		}
		out = append(out, paragraphs(line)...)
	}
	if len(out) > 1 && strings.HasSuffix(f.Type, "-list") {
		for i := range out {
			out[i] = strconv.Itoa(i+1) + "．" + out[i]
		}
	}
	return out
}

// rowOf is a row of a table on one line, where there is no room for a table.
func (w *writer) rowOf(f catalogue.Field, o object) string {
	var parts []string
	ids, heads := w.columnNames(f)
	for i, id := range ids {
		if s := w.entry(o, id, heads[i]); s != "" {
			parts = append(parts, strings.ReplaceAll(s, "\n", " "))
		}
	}
	return strings.Join(parts, "，")
}

// somebody is a person, an officer or a party on one line.
func (w *writer) somebody(o object) string {
	name, more := o.get("name"), w.about(o)
	if len(more) == 0 {
		return name
	}
	return name + "（" + strings.Join(more, "，") + "）"
}

// about is what is known of somebody beside the name.
func (w *writer) about(o object) []string {
	var more []string
	for _, key := range []string{"kind", "capacity", "department", "certificate", "valid_until", "id_number", "legal_rep", "address", "phone"} {
		s := o.get(key)
		if s == "" || key == "kind" || key == "valid_until" {
			continue
		}
		more = append(more, w.p.T("print.about."+key, s))
	}
	return more
}

// reference names what the value points to: another paper, a recording, a file.
func (w *writer) reference(o object) string {
	var parts []string
	for _, key := range []string{"paper_id", "recording_id", "file_id", "device_id"} {
		id := o.get(key)
		if name := w.in.Names[id]; name != "" {
			parts = append(parts, name)
		} else if id != "" && o.get("text") == "" && o.get("name") == "" {
			parts = append(parts, id)
		}
	}
	for _, key := range []string{"name", "at", "text"} {
		s := o.get(key)
		if key == "at" && s != "" {
			s = strings.Join(w.when(s), "")
		}
		if s != "" {
			parts = append(parts, s)
		}
	}
	if sum := o.get("sha256"); sum != "" {
		parts = append(parts, w.p.T("print.sum", shortDigest(sum)))
	}
	return strings.Join(parts, "　")
}

// when writes a day or a moment; what is neither is printed as it is.
func (w *writer) when(s string) []string {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return []string{w.p.T("print.day", strconv.Itoa(t.Year()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Day()))}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return []string{w.moment(t)}
	}
	return paragraphs(s)
}

// choice is a value that a field may have.
type choice struct{ id, text string }

// options are the values of a field; for one without any, those that its label names in brackets.
func options(f catalogue.Field) []choice {
	if f.Type == "bool" {
		return nil
	}
	if len(f.Options) > 0 {
		out := make([]choice, 0, len(f.Options))
		for _, o := range f.Options {
			out = append(out, choice{o.ID, o.ZH})
		}
		return out
	}
	_, named := label(f)
	out := make([]choice, 0, len(named))
	for _, s := range named {
		out = append(out, choice{s, s})
	}
	return out
}

// unitDay ends the names of fields that are a number of days.
const unitDay = "（日）"

// shortAside is how long brackets may be that belong to the name and do not explain it.
const shortAside = 3

// label is what a field is called on paper, and what its name in the regulation lists in brackets: 送达方式（直接、留置、…）.
func label(f catalogue.Field) (name string, listed []string) {
	name = strings.TrimSuffix(f.ZH, unitDay)
	open := strings.LastIndex(name, "（")
	if open <= 0 || !strings.HasSuffix(name, "）") {
		return name, nil
	}
	inner := strings.TrimSuffix(name[open+len("（"):], "）")
	if utf8.RuneCountInString(inner) <= shortAside || inner[0] < utf8.RuneSelf {
		return name, nil // 法定代表人（负责人）, 校验值（SM3）
	}
	if strings.Contains(inner, "、") && !strings.ContainsAny(inner, "，；") {
		listed = strings.Split(strings.TrimSuffix(inner, "等"), "、")
	}
	return name[:open], listed
}

// ticks are the options of a field with boxes, the one that was chosen ticked. Something else that was written stands as
// one more.
func (w *writer) ticks(f catalogue.Field) []sheet.Choice {
	var out []sheet.Choice
	chosen := plain(w.value(f))
	if f.Type == "bool" {
		return []sheet.Choice{{Text: w.p.T("print.yes"), On: chosen == "true"}, {Text: w.p.T("print.no"), On: chosen == "false"}}
	}
	for _, o := range options(f) {
		on := chosen != "" && (chosen == o.id || chosen == o.text)
		out = append(out, sheet.Choice{Text: visible(o.text), On: on})
		if on {
			chosen = ""
		}
	}
	if chosen != "" && len(out) > 0 {
		out = append(out, sheet.Choice{Text: strings.Join(paragraphs(chosen), " "), On: true})
	}
	return out
}
