package catalogue_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// TestShipped: what the program ships is whole, and there is as much of it as the drafts have.
func TestShipped(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, a := range c.Acts {
		if a.EnabledByDefault {
			open++
		}
	}
	got := [...]int{len(c.Acts), open, len(c.Stages), len(c.Documents), len(c.Terms), len(c.Matters), len(c.Obligations)}
	if want := [...]int{10, 4, 6, 134, 66, 36, 94}; got != want {
		t.Fatalf("acts, open acts, stages, documents, terms, matters, obligations: %v, want %v", got, want)
	}
}

// TestWrongRows: each wrong row is named, with field and reason.
func TestWrongRows(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("data", "deadlines.json"))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, new string
		want     catalogue.Problem
	}{
		"whole":             {"", "", catalogue.Problem{}},
		"a length in words": {`"length": 90,`, `"length": "ninety",`, catalogue.Problem{Row: 9, ID: "penalty-decision-90d", Field: "length", Code: "wrong_type", Arg: "int"}},
		"no such unit":      {"\"length\": 90,\n   \"unit\": \"natural-day\"", "\"length\": 90,\n   \"unit\": \"moon\"", catalogue.Problem{Row: 9, ID: "penalty-decision-90d", Field: "unit", Code: "unknown_value", Arg: "moon"}},
		"length zero":       {`"length": 90,`, `"length": 0,`, catalogue.Problem{Row: 9, ID: "penalty-decision-90d", Field: "length", Code: "length"}},
		"a field too many":  {`"length": 90,`, `"length": 90, "lenght": 90,`, catalogue.Problem{Row: 9, ID: "penalty-decision-90d", Field: "lenght", Code: "unknown_field"}},
		"a field too few":   {`"length": 90,`, ``, catalogue.Problem{Row: 9, ID: "penalty-decision-90d", Field: "length", Code: "missing"}},
		"an id twice":       {`"id": "limitation-5y"`, `"id": "limitation-2y"`, catalogue.Problem{Row: 7, ID: "limitation-2y", Field: "id", Code: "twice", Arg: "limitation-2y"}},
		"no basis":          {`"basis": "行政处罚法 §60"`, `"basis": " "`, catalogue.Problem{Row: 9, ID: "penalty-decision-90d", Field: "basis", Code: "empty"}},
		"the row keeps its number behind a broken one": {
			"\"id\": \"limitation-2y\",", "\"id\": 7,", catalogue.Problem{Row: 6, Field: "id", Code: "wrong_type", Arg: "string"},
		},
		"no JSON": {`"deadlines": [`, `"deadlines": [,`, catalogue.Problem{Code: "not_json"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edited := raw
			if c.old != "" {
				if edited = bytes.Replace(raw, []byte(c.old), []byte(c.new), 1); bytes.Equal(edited, raw) {
					t.Fatal("nothing was edited")
				}
			}
			f, problems := catalogue.Read("x.json", edited)
			problems = append(problems, catalogue.Check([]catalogue.File{f}, rest)...)
			if c.want.Code == "" {
				if len(problems) > 0 {
					t.Fatalf("%+v", problems)
				}
				return
			}
			if len(problems) == 0 {
				t.Fatal("nothing was found")
			}
			c.want.File = "x.json"
			if c.want.Code == "not_json" {
				c.want.Arg = problems[0].Arg // its line
			}
			if problems[0] != c.want {
				t.Fatalf("found %+v, want %+v", problems[0], c.want)
			}
		})
	}
}

// FuzzRead: whatever a file holds, reading and checking it ends.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"deadlines.json", "requirements.json"} {
		raw, err := os.ReadFile(filepath.Join("data", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"meta":{"schema":"documents/1"},"documents":[{"id":"a"},null,7]}`))
	f.Add([]byte(`{"meta":null}`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		got, _ := catalogue.Read("f", raw)
		_ = catalogue.Check([]catalogue.File{got}, catalogue.Catalogue{})
	})
}

// TestNumbersBehindABrokenRow: rows are counted as they stand in the file, whole or not.
func TestNumbersBehindABrokenRow(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("data", "deadlines.json"))
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte(`"id": "limitation-2y"`), []byte(`"id": 7`), 1)
	raw = bytes.Replace(raw, []byte(`"basis": "行政处罚法 §60"`), []byte(`"basis": ""`), 1)
	f, problems := catalogue.Read("x.json", raw)
	problems = append(problems, catalogue.Check([]catalogue.File{f}, catalogue.Catalogue{})...)
	if len(problems) != 2 || problems[0].Row != 6 || problems[1].Row != 9 {
		t.Fatalf("%+v", problems)
	}
}

// TestRoundTrip: the typed rows hold all of what the files say of them.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for file, list := range map[string]string{
		"documents.json": "documents", "deadlines.json": "deadlines", "recording-matters.json": "matters", "requirements.json": "requirements",
	} {
		raw, err := os.ReadFile(filepath.Join("data", file))
		if err != nil {
			t.Fatal(err)
		}
		var top map[string]any
		if err := json.Unmarshal(raw, &top); err != nil {
			t.Fatal(err)
		}
		f, _ := catalogue.Read(file, raw)
		rows := map[string]any{"documents": f.Documents, "deadlines": f.Terms, "matters": f.Matters, "requirements": f.Obligations}[list]
		again, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(again, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(top[list], got); diff != "" {
			t.Fatalf("%s: %s", file, diff)
		}
	}
}

// TestRulesAreWhole: decisions §29. Every condition, enumeration and time limit of the shipped catalogue has its form in the
// vocabulary, and what starts or meets a time limit is shown by a document or can be reported.
func TestRulesAreWhole(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, e := range fact.Reported() {
		shown[e] = true
	}
	for _, d := range c.Documents {
		if d.Requirement == "conditional" && d.RulesOf().When == "" {
			t.Errorf("%s: a condition in words only", d.ID)
		}
		for _, e := range d.RulesOf().Events {
			shown[e.ID] = true
		}
		for _, f := range d.Fields {
			if f.Type == "enum" && len(f.Options) == 0 && f.ID != "matter_ref" {
				t.Errorf("%s.%s: nothing to choose from", d.ID, f.ID)
			}
			if (f.Type == "item-list" || f.Type == "table") && len(f.Columns) == 0 {
				t.Errorf("%s.%s: rows without columns", d.ID, f.ID)
			}
		}
	}
	bare := map[string]bool{ // constraints, keeping times of other systems, and extensions counted with what they extend
		"surcharge-cap": true, "no-night-holiday": true, "netlog-6m": true, "public-video-30d": true, "police-av-6m": true,
		"seizure-extension-30d": true, "permit-extension-10wd": true,
	}
	for _, x := range c.Terms {
		if (x.Rules == nil || x.Rules.Start == "") != bare[x.ID] {
			t.Errorf("%s: start event", x.ID)
		}
		if x.Rules == nil {
			continue
		}
		for _, e := range append([]string{x.Rules.Start}, x.Rules.Met...) {
			if e != "" && !shown[e] {
				t.Errorf("%s: nothing ever shows %s", x.ID, e)
			}
		}
	}
	for _, e := range fact.Events() {
		if !shown[e] {
			t.Errorf("nothing shows the event %s", e)
		}
	}
}
