package edition_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

func shipped(t testing.TB) (edition.Files, edition.Content) {
	t.Helper()
	f, err := edition.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	c, problems := edition.Read(f)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	return f, c
}

func document(t testing.TB, c edition.Content, id string) catalogue.Document {
	t.Helper()
	at := slices.IndexFunc(c.Catalogue.Documents, func(d catalogue.Document) bool { return d.ID == id })
	if at < 0 {
		t.Fatalf("no document %s", id)
	}
	d := c.Catalogue.Documents[at]
	d.Fields, d.Signers = slices.Clone(d.Fields), slices.Clone(d.Signers)
	return d
}

// problemsOf gives the problems of a step that was not taken.
func problemsOf(t testing.TB, err error) []catalogue.Problem {
	t.Helper()
	b, ok := errors.AsType[*edition.Broken](err)
	if !ok {
		t.Fatalf("got %v, want *edition.Broken", err)
	}
	return b.Problems
}

// TestShipped: what the program ships is whole, keeps every row and opens no closed act.
func TestShipped(t *testing.T) {
	t.Parallel()
	_, c := shipped(t)
	want, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c.Catalogue); diff != "" {
		t.Fatal(diff)
	}
	if len(c.Powers) != 0 || len(c.Days.Rest) == 0 {
		t.Fatalf("%d powers, %d spans of rest", len(c.Powers), len(c.Days.Rest))
	}
}

// TestPut: a row replaces the one of its id and leaves the others, a new one is added, and the comparison says exactly what was
// changed.
func TestPut(t *testing.T) {
	t.Parallel()
	f, before := shipped(t)
	d := document(t, before, "case-assignment-notice")
	d.ZH = "案件交办通知书"
	d.Fields = append(d.Fields, catalogue.Field{ID: "copies", Text: catalogue.Text{ZH: "份数", EN: "copies"}, Type: "integer"})
	d.Fields[0].Required = !d.Fields[0].Required
	g, err := edition.Put[catalogue.Document]{Row: d}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	fresh := document(t, before, "case-assignment-notice")
	fresh.ID = "our-own-paper"
	if g, err = (edition.Put[catalogue.Document]{Row: fresh, New: true}).Apply(g); err != nil {
		t.Fatal(err)
	}
	after, problems := edition.Read(g)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	changes, err := edition.Compare(before, after)
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 2 || changes[0].Kind != edition.Changed || changes[1].Kind != edition.Added || changes[1].ID != "our-own-paper" {
		t.Fatalf("%+v", changes)
	}
	want := []edition.Field{
		{Name: "zh", Old: "案件交办（指定管辖）通知书", New: "案件交办通知书"},
		{Name: "fields[doc_no].required", Old: "true", New: "false"},
		{Name: "fields[copies].zh", New: "份数"},
		{Name: "fields[copies].en", New: "copies"},
	}
	for _, w := range want {
		if !slices.Contains(changes[0].Fields, w) {
			t.Errorf("the comparison does not say %+v: %+v", w, changes[0].Fields)
		}
	}
	for _, got := range changes[0].Fields {
		if !strings.HasPrefix(got.Name, "fields[copies].") && !slices.Contains(want, got) {
			t.Errorf("the comparison says %+v, which nobody changed", got)
		}
	}
	if got := problemsOf(t, errOf(edition.Put[catalogue.Document]{Row: fresh, New: true}.Apply(g))); got[0].Code != "twice" {
		t.Fatalf("the same id again: %+v", got)
	}
}

func errOf(_ edition.Files, err error) error { return err }

// TestPutBroken: what is wrong in a row is named by its field, and nothing is taken over.
func TestPutBroken(t *testing.T) {
	t.Parallel()
	f, c := shipped(t)
	for name, row := range map[string]struct {
		edit  func(*catalogue.Document)
		field string
		code  string
	}{
		"no Chinese name":    {func(d *catalogue.Document) { d.ZH = " " }, "zh", "empty"},
		"no act":             {func(d *catalogue.Document) { d.Acts = nil }, "acts", "empty"},
		"a stage of nobody":  {func(d *catalogue.Document) { d.Stage = "tea" }, "stage", "unknown_reference"},
		"a type of nobody":   {func(d *catalogue.Document) { d.Fields[1].Type = "colour" }, "fields.case_ref.type", "unknown_value"},
		"a field twice":      {func(d *catalogue.Document) { d.Fields[1].ID = "doc_no" }, "fields.doc_no", "twice"},
		"a term of nobody":   {func(d *catalogue.Document) { d.Deadlines = []string{"never"} }, "deadlines", "unknown_reference"},
		"script for an id":   {func(d *catalogue.Document) { d.ID = "<script>" }, "id", "bad_id"},
		"no legal basis":     {func(d *catalogue.Document) { d.LegalBasis, d.SeedArticles = nil, nil }, "legal_basis", "empty"},
		"only if, but what?": {func(d *catalogue.Document) { d.Condition = nil }, "condition", "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document(t, c, "case-assignment-notice")
			row.edit(&d)
			got := problemsOf(t, errOf(edition.Put[catalogue.Document]{Row: d}.Apply(f)))
			if len(got) != 1 || got[0].Field != row.field || got[0].Code != row.code {
				t.Fatalf("%+v, want %s at %s", got, row.code, row.field)
			}
		})
	}
}

// TestDrop: a term that documents name may go, and then those documents are wrong by name until they are changed.
func TestDrop(t *testing.T) {
	t.Parallel()
	f, c := shipped(t)
	var user catalogue.Document
	for _, d := range c.Catalogue.Documents {
		if len(d.Deadlines) > 0 {
			user = d
			break
		}
	}
	g, err := edition.Drop{Part: edition.Deadlines, ID: user.Deadlines[0]}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	_, problems := edition.Read(g)
	if !slices.ContainsFunc(problems, func(p catalogue.Problem) bool {
		return p.File == "documents.json" && p.ID == user.ID && p.Field == "deadlines" && p.Row > 0
	}) {
		t.Fatalf("%+v", problems)
	}
	if got := problemsOf(t, errOf(edition.Drop{Part: edition.Deadlines, ID: "none"}.Apply(f))); got[0].Code != "unknown_reference" {
		t.Fatalf("%+v", got)
	}
	if _, err := (edition.Drop{Part: edition.Calendar, ID: "x"}).Apply(f); err == nil {
		t.Fatal("a calendar has no rows to drop")
	}
}

// TestPowers: R-03-1. A closed act opens only by a legal power, and closes without a trace of it.
func TestPowers(t *testing.T) {
	t.Parallel()
	f, before := shipped(t)
	power := edition.Power{Act: "compulsion", Law: "中华人民共和国行政强制法", Article: "第十七条", DocumentNo: "和县司发〔2026〕3号", Date: "2026-03-01"}
	for name, edit := range map[string]func(*edition.Power){
		"law": func(p *edition.Power) { p.Law = "" }, "article": func(p *edition.Power) { p.Article = " " },
		"document_no": func(p *edition.Power) { p.DocumentNo = "" }, "date": func(p *edition.Power) { p.Date = "2026-02-30" },
		"act": func(p *edition.Power) { p.Act = "war" },
	} {
		p := power
		edit(&p)
		if got := problemsOf(t, errOf(edition.Open{Power: p}.Apply(f))); got[0].Field != name {
			t.Errorf("%s: %+v", name, got)
		}
	}
	g, err := edition.Open{Power: power}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	after, problems := edition.Read(g)
	if len(problems) > 0 || !after.Catalogue.Acts["compulsion"].EnabledByDefault || len(after.Powers) != 1 {
		t.Fatalf("%+v %+v", problems, after.Powers)
	}
	changes, err := edition.Compare(before, after)
	if err != nil || len(changes) != 2 || changes[0].Part != "acts" || changes[1].Part != edition.Powers {
		t.Fatalf("%+v %v", changes, err)
	}
	bare := g
	bare.Powers = f.Powers // as if somebody opened it past the program
	if _, problems := edition.Read(bare); len(problems) != 1 || problems[0].Code != "power_missing" || problems[0].ID != "compulsion" {
		t.Fatalf("%+v", problems)
	}
	if g, err = (edition.Close{Act: "compulsion"}).Apply(g); err != nil || !g.Same(f) {
		t.Fatalf("closing does not lead back: %v", err)
	}
}

// TestDays: a calendar is taken over only if it can be counted with; what is wrong is named by its row.
func TestDays(t *testing.T) {
	t.Parallel()
	f, c := shipped(t)
	days := c.Days
	days.Rest = append(slices.Clone(days.Rest), edition.Rest{From: "2026-03-20", To: "2026-03-20", Name: "肉孜节"})
	g, err := edition.SetDays{Days: days}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	after, problems := edition.Read(g)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	changes, err := edition.Compare(c, after)
	if err != nil || len(changes) != 1 || changes[0].ID != "2026-03-20" || changes[0].Kind != edition.Added {
		t.Fatalf("%+v %v", changes, err)
	}
	days.Rest[1].To = "2024-13-01"
	got := problemsOf(t, errOf(edition.SetDays{Days: days}.Apply(f)))
	if got[0].File != "calendar.json" || got[0].Row != 2 || got[0].Field != "rest" {
		t.Fatalf("%+v", got)
	}
}

// TestImport: files of every part come in as JSON or Excel; which acts are open stays; wrong rows are named and refuse the file;
// a reference to what is not there yet does not.
func TestImport(t *testing.T) {
	t.Parallel()
	f, c := shipped(t)
	for _, file := range c.Files {
		book, err := catalogue.Excel(file)
		if err != nil {
			t.Fatal(err)
		}
		step := &edition.Import{Name: "x.xlsx", Raw: book}
		g, err := step.Apply(f)
		if err != nil || !g.Same(f) {
			t.Fatalf("%s: a workbook does not lead back: %v", file.Schema, err)
		}
		if said := step.Says(); said.Part.File() != file.Name {
			t.Fatalf("%+v for %s", said, file.Name)
		}
	}
	opened, err := edition.Open{Power: edition.Power{Act: "compulsion", Law: "法", Article: "1", DocumentNo: "1", Date: "2026-01-01"}}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := (&edition.Import{Name: "documents.json", Raw: opened.Documents}).Apply(f); err != nil || !g.Same(f) {
		t.Fatalf("an imported file opened an act: %v", err)
	}
	calendar := strings.Replace(string(f.Calendar), "元旦", "新年", 1)
	if g, err := (&edition.Import{Name: "c.json", Raw: []byte(calendar)}).Apply(f); err != nil || string(g.Calendar) != calendar {
		t.Fatalf("calendar: %v", err)
	}
	var whole struct {
		Meta      json.RawMessage   `json:"meta"`
		Documents []json.RawMessage `json:"documents"`
	}
	if err := json.Unmarshal(f.Documents, &whole); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ old, new, code string }{
		"wrong type":  {`"is_approval_form": false`, `"is_approval_form": "no"`, "wrong_type"},
		"wrong value": {`"kind": "internal-record"`, `"kind": "novel"`, "unknown_value"},
		"later":       {`"deadlines": []`, `"deadlines": ["soon"]`, ""},
	} {
		d := whole
		d.Documents = slices.Clone(whole.Documents)
		d.Documents[3] = json.RawMessage(strings.Replace(string(d.Documents[3]), row.old, row.new, 1))
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		g, err := (&edition.Import{Name: "mine.json", Raw: raw}).Apply(f)
		if row.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, problems := edition.Read(g); len(problems) != 1 || problems[0].Row != 4 || problems[0].Code != "unknown_reference" {
				t.Errorf("%s: %+v", name, problems)
			}
			continue
		}
		if got := problemsOf(t, err); len(got) != 1 || got[0].Row != 4 || got[0].Code != row.code || got[0].File != "mine.json" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// BenchmarkRead is what a server pays once for each edition it meets, and a draft for each step.
func BenchmarkRead(b *testing.B) {
	f, _ := shipped(b)
	for b.Loop() {
		if _, problems := edition.Read(f); len(problems) > 0 {
			b.Fatal(problems[0])
		}
	}
}
