package papers

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/web/ui"
)

// prefix stands before the names of a record's inputs, so that no field's id meets a name of the page's own.
const prefix = "v."

// spare is how many empty rows a list ends with: without scripts one fills them and saves for more.
const spare = 1

// input is one field of the form: plain ones are a ui.Field, rows a table of cells.
type input struct {
	ID      string
	Field   ui.Field   // of a plain one
	Parts   []ui.Field // of a person: its parts
	Columns []string   // of rows: their heads
	Rows    [][]ui.Field
	Checks  []ui.Option // of recordings and files to refer to
	Kind    string      // "field", "parts", "rows", "checks"
	Label   string
	Hint    string
	Error   string
	Count   int
	Wide    bool // takes the whole width
}

// reader turns what a browser sent back into values.
type reader struct {
	officers map[string]form.Person
	links    map[string]form.RecordingRef
	files    map[string]form.FileRef
}

// inputs lays the fields of a section out.
func inputs(p locale.Printer, s sheaf, fields []catalogue.Field, people []casefile.Officer, files []form.FileRef, problems map[string]string, named func(ident.RecordingID) string) []input {
	out := make([]input, 0, len(fields))
	for _, f := range fields {
		x := input{ID: f.ID, Label: label(p, f), Kind: "field", Error: problems[f.ID]}
		name := prefix + f.ID
		base := ui.Field{ID: "f-" + f.ID, Name: name, Label: x.Label, Error: x.Error, Optional: !f.Required && f.When == ""}
		v := s.paper.Values
		switch f.Type {
		case "longtext":
			base.Rows, base.Max, base.Value, x.Wide = 5, form.MaxLong, v.Text(f.ID), true
		case "date":
			base.Type, base.Value = "date", v.Text(f.ID)
		case "datetime":
			base.Type, base.Value = "datetime-local", localMoment(v.Text(f.ID))
		case "bool":
			is, ok := v.Bool(f.ID)
			base.Inline = true
			base.Options = []ui.Option{{Value: "true", Text: p.T("paper.yes"), On: ok && is}, {Value: "false", Text: p.T("paper.no"), On: ok && !is}}
		case "enum":
			if len(f.Options) == 0 {
				base.Value = v.Text(f.ID)
				break
			}
			base.Options = []ui.Option{{Value: "", Text: p.T("paper.choose"), On: v.Empty(f.ID)}}
			for _, o := range f.Options {
				base.Options = append(base.Options, ui.Option{Value: o.ID, Text: form.OptionText(f, o.ID, string(p.Lang())), On: v.Text(f.ID) == o.ID})
			}
		case "integer":
			base.Mode, base.Value = "numeric", strings.Trim(string(v[f.ID]), `"`)
		case "money":
			base.Mode, base.Value = "decimal", v.Text(f.ID)
		case "law-ref-list":
			var laws []string
			_ = json.Unmarshal(v[f.ID], &laws) // a broken value shows as empty
			base.Rows, base.Value, base.Hint, x.Wide = 3, strings.Join(laws, "\n"), p.T("paper.one_per_line"), true
		case "evidence-list":
			var refs []form.EvidenceRef
			_ = json.Unmarshal(v[f.ID], &refs)
			lines := make([]string, len(refs))
			for i, r := range refs {
				lines[i] = r.Text
			}
			base.Rows, base.Value, base.Hint, x.Wide = 3, strings.Join(lines, "\n"), p.T("paper.one_per_line"), true
		case "party", "person":
			x.Kind, x.Parts, x.Wide = "parts", personParts(p, f, v.People(f.ID), name), true
		case "officer":
			base.Options = officerOptions(p, people, v.People(f.ID), s.file)
		case "officer-list":
			x.Kind, x.Checks, x.Wide = "checks", checked(officerOptions(p, enforcing(f, people), v.People(f.ID), s.file)), true
		case "person-list", "item-list", "table":
			x.Kind, x.Wide = "rows", true
			x.Columns, x.Rows = rows(p, f, v, name)
			x.Count = max(len(x.Rows)-spare, 0)
		case "recording-ref-list":
			x.Kind, x.Checks, x.Wide = "checks", recordings(s, v.Recordings(f.ID), named), true
			x.Hint = p.T("paper.recordings_hint")
		case "file", "file-list":
			x.Kind, x.Checks, x.Wide = "checks", fileOptions(files, v, f.ID), true
			x.Hint = p.T("paper.files_hint")
		default:
			base.Value, base.Max = v.Text(f.ID), form.MaxText
		}
		base.Auto = "off"
		x.Field = base
		out = append(out, x)
	}
	return out
}

func label(p locale.Printer, f catalogue.Field) string {
	return p.Pick(f.ZH, f.EN)
}

// localMoment is a moment as an input of a browser wants it.
func localMoment(s string) string {
	t, ok := form.ParseTime(s)
	if !ok {
		return ""
	}
	return form.Show(t, "")[:10] + "T" + form.Show(t, "")[11:]
}

var personFields = map[string][]string{
	"party":  {"name", "kind", "id_number", "legal_rep", "address", "phone"},
	"person": {"name", "capacity", "id_number", "phone", "address"},
}

func partOf(x form.Person, part string) string {
	switch part {
	case "name":
		return x.Name
	case "kind":
		return x.Kind
	case "id_number":
		return x.IDNumber
	case "legal_rep":
		return x.LegalRep
	case "address":
		return x.Address
	case "phone":
		return x.Phone
	}
	return x.Capacity
}

func personParts(p locale.Printer, f catalogue.Field, have []form.Person, name string) []ui.Field {
	var x form.Person
	if len(have) > 0 {
		x = have[0]
	}
	var out []ui.Field
	for _, part := range personFields[f.Type] {
		u := ui.Field{ID: "f-" + f.ID + "-" + part, Name: name + "." + part, Label: p.T("paper.person." + part), Value: partOf(x, part), Optional: part != "name" || !f.Required, Auto: "off"}
		if part == "kind" {
			u.Options = []ui.Option{{Value: "", Text: p.T("paper.choose"), On: x.Kind == ""}}
			for _, k := range []matter.PartyKind{matter.Natural, matter.Business, matter.Organisation} {
				u.Options = append(u.Options, ui.Option{Value: string(k), Text: p.T("case.party_kind." + string(k)), On: x.Kind == string(k)})
			}
		}
		out = append(out, u)
	}
	return out
}

func officerOptions(p locale.Printer, people []casefile.Officer, have []form.Person, f matter.File) []ui.Option {
	out := []ui.Option{{Value: "", Text: p.T("paper.choose"), On: len(have) == 0}}
	has := func(id ident.PersonID) bool {
		for _, x := range have {
			if x.ID == string(id) {
				return true
			}
		}
		return false
	}
	for _, first := range []bool{true, false} {
		for _, x := range people {
			if f.Handles(x.ID) == first {
				text := x.Name
				if first {
					text = p.T("paper.handler_of_case", x.Name)
				}
				out = append(out, ui.Option{Value: string(x.ID), Text: text, On: has(x.ID)})
			}
		}
	}
	return out
}

// enforcing are the people a list of officers offers: those with a certificate, everybody where a meeting is noted.
func enforcing(f catalogue.Field, people []casefile.Officer) []casefile.Officer {
	if f.ID == "members" || f.ID == "observers" {
		return people
	}
	return slices.DeleteFunc(slices.Clone(people), func(o casefile.Officer) bool { return o.Certificate == "" })
}

func checked(o []ui.Option) []ui.Option { return o[1:] }

func recordings(s sheaf, have []form.RecordingRef, name func(ident.RecordingID) string) []ui.Option {
	on := map[string]bool{}
	for _, r := range have {
		on[r.Recording] = true
	}
	var out []ui.Option
	for _, l := range s.file.Links {
		if l.Struck.IsZero() {
			text := name(l.Recording)
			out = append(out, ui.Option{Value: string(l.Recording), Text: text, On: on[string(l.Recording)]})
		}
	}
	return out
}

func fileOptions(files []form.FileRef, v form.Values, id string) []ui.Option {
	on := map[string]bool{}
	var have []form.FileRef
	if json.Unmarshal(v[id], &have) == nil {
		for _, x := range have {
			on[x.ID] = true
		}
	}
	var out []ui.Option
	for _, x := range files {
		out = append(out, ui.Option{Value: x.ID, Text: x.Name, On: on[x.ID]})
	}
	return out
}

// columns of a list of people, as if it were a table.
var peopleColumns = []catalogue.Column{
	{ID: "name", Text: catalogue.Text{ZH: "姓名", EN: "name"}, Type: "text", Required: true},
	{ID: "capacity", Text: catalogue.Text{ZH: "身份、职务", EN: "capacity"}, Type: "text"},
	{ID: "phone", Text: catalogue.Text{ZH: "联系电话", EN: "phone"}, Type: "text"},
}

func columnsOf(f catalogue.Field) []catalogue.Column {
	if f.Type == "person-list" {
		return peopleColumns
	}
	return f.Columns
}

func rows(p locale.Printer, f catalogue.Field, v form.Values, name string) (heads []string, out [][]ui.Field) {
	columns := columnsOf(f)
	for _, c := range columns {
		heads = append(heads, p.Pick(c.ZH, c.EN))
	}
	have := v.Rows(f.ID)
	for i := range len(have) + spare {
		var row []ui.Field
		for j, c := range columns {
			n := strconv.Itoa(i)
			u := ui.Field{
				ID: "f-" + f.ID + "-" + n + "-" + c.ID, Name: name + "." + n + "." + c.ID, Optional: true, Auto: "off",
				Label: p.T("paper.cell", i+1, heads[j]),
			}
			if i < len(have) {
				u.Value = cellText(have[i][c.ID])
			}
			switch c.Type {
			case "date":
				u.Type = "date"
			case "datetime":
				u.Type, u.Value = "datetime-local", localMoment(u.Value)
			case "longtext":
				u.Rows = 2
			case "integer", "money":
				u.Mode = "decimal"
			case "bool":
				u.Options = []ui.Option{{Value: "", Text: "", On: u.Value == ""}, {Value: "true", Text: p.T("paper.yes"), On: u.Value == "true"}, {Value: "false", Text: p.T("paper.no"), On: u.Value == "false"}}
			}
			row = append(row, u)
		}
		out = append(out, row)
	}
	return heads, out
}

func cellText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return ""
}

// value reads one field back. A field none of whose inputs came is not there (ok is false): a script sends only what changed.
func (r reader) value(f catalogue.Field, sent url.Values) (json.RawMessage, bool) {
	name := prefix + f.ID
	if !came(sent, name) {
		return nil, false
	}
	raw := func(x any) (json.RawMessage, bool) {
		b, err := json.Marshal(x)
		return b, err == nil
	}
	switch f.Type {
	case "bool":
		switch sent.Get(name) {
		case "true":
			return raw(true)
		case "false":
			return raw(false)
		}
		return json.RawMessage("null"), true
	case "law-ref-list":
		return raw(lines(sent.Get(name)))
	case "evidence-list":
		var refs []form.EvidenceRef
		for _, l := range lines(sent.Get(name)) {
			refs = append(refs, form.EvidenceRef{Text: l})
		}
		return raw(refs)
	case "party", "person":
		x := form.Person{
			Name: sent.Get(name + ".name"), Kind: sent.Get(name + ".kind"), IDNumber: sent.Get(name + ".id_number"), LegalRep: sent.Get(name + ".legal_rep"),
			Address: sent.Get(name + ".address"), Phone: sent.Get(name + ".phone"), Capacity: sent.Get(name + ".capacity"),
		}
		return raw(x)
	case "officer":
		x, ok := r.officers[sent.Get(name)]
		if !ok {
			return json.RawMessage("null"), true
		}
		return raw(x)
	case "officer-list":
		list := []form.Person{}
		for _, id := range sent[name] {
			if x, ok := r.officers[id]; ok {
				list = append(list, x)
			}
		}
		return raw(list)
	case "recording-ref-list":
		list := []form.RecordingRef{}
		for _, id := range sent[name] {
			if x, ok := r.links[id]; ok {
				list = append(list, x)
			}
		}
		return raw(list)
	case "file", "file-list":
		list := []form.FileRef{}
		for _, id := range sent[name] {
			if x, ok := r.files[id]; ok {
				list = append(list, x)
			}
		}
		return raw(list)
	case "person-list", "item-list", "table":
		return raw(tableOf(f, sent, name))
	}
	return raw(sent.Get(name))
}

// came reports whether any input of a field was sent; name itself may stand there empty as its marker.
func came(v url.Values, name string) bool {
	if _, ok := v[name]; ok {
		return true
	}
	for k := range v {
		if strings.HasPrefix(k, name+".") {
			return true
		}
	}
	return false
}

func tableOf(f catalogue.Field, v url.Values, name string) []map[string]any {
	last := -1
	for k := range v {
		rest, ok := strings.CutPrefix(k, name+".")
		if !ok {
			continue
		}
		n, _, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(n); err == nil && i < form.MaxRows {
			last = max(last, i)
		}
	}
	out := []map[string]any{}
	for i := range last + 1 {
		row := map[string]any{}
		for _, c := range columnsOf(f) {
			s := v.Get(name + "." + strconv.Itoa(i) + "." + c.ID)
			switch {
			case s == "":
			case c.Type == "bool":
				row[c.ID] = s == "true"
			default:
				row[c.ID] = s
			}
		}
		if len(row) > 0 {
			out = append(out, row)
		}
	}
	return out
}

func lines(s string) []string {
	out := []string{}
	for l := range strings.SplitSeq(form.Long(s), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
