package form_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

func field(id, kind string) catalogue.Field { return catalogue.Field{ID: id, Type: kind} }

// TestClean: what is typed or pasted is kept in one form; what cannot be of its type is a problem of its field, never lost.
func TestClean(t *testing.T) {
	t.Parallel()
	rows := catalogue.Field{ID: "items", Type: "item-list", Columns: []catalogue.Column{{ID: "name", Type: "text"}, {ID: "n", Type: "integer"}}}
	choice := catalogue.Field{ID: "e", Type: "enum", Options: []catalogue.Option{{ID: "a"}, {ID: "b"}}}
	for name, c := range map[string]struct {
		field      catalogue.Field
		raw        string
		want, code string
	}{
		"a line":                    {field("t", "text"), `"  云溪县\u0000  东街\n9号 "`, `"云溪县 东街 9号"`, ""},
		"a table of Word":           {field("l", "longtext"), `"甲\t乙\r\n丙\u0007丁"`, `"甲 | 乙\n丙 | 丁"`, ""},
		"text that turns around":    {field("t", "text"), `"a\u202eb"`, `"ab"`, ""},
		"a script is words":         {field("t", "text"), `"<script>alert(1)</script>"`, `"\u003cscript\u003ealert(1)\u003c/script\u003e"`, ""},
		"a formula is words":        {field("t", "text"), `"=1+1"`, `"=1+1"`, ""},
		"empty":                     {field("t", "text"), `" "`, ``, ""},
		"a day":                     {field("d", "date"), `"2026-11-28"`, `"2026-11-28"`, ""},
		"no day":                    {field("d", "date"), `"2026-02-30"`, ``, "date"},
		"a moment":                  {field("d", "datetime"), `"2026-11-28T09:30"`, `"2026-11-28T09:30:00+08:00"`, ""},
		"money":                     {field("m", "money"), `"￥1，200.5元"`, `"1200.50"`, ""},
		"no money":                  {field("m", "money"), `"-5"`, ``, "money"},
		"a choice":                  {choice, `"b"`, `"b"`, ""},
		"no choice":                 {choice, `"c"`, ``, "option"},
		"rows":                      {rows, `[{"name":" 印章 ","n":"2","x":1},{},{"name":""}]`, `[{"n":2,"name":"印章"}]`, ""},
		"a cell of the wrong type":  {rows, `[{"name":"a","n":"two"}]`, ``, "integer"},
		"a person by name":          {field("p", "person"), `"买买提·艾力"`, `{"name":"买买提·艾力"}`, ""},
		"nothing else of a person":  {field("p", "person"), `{"name":"甲","nation":"x","fingerprint":"y"}`, `{"name":"甲"}`, ""},
		"a list that is none":       {field("p", "person-list"), `{"name":"甲"}`, ``, "list"},
		"a file that has no digest": {field("f", "file"), `{"file_id":"x","name":"a"}`, ``, ""},
	} {
		got, p := form.Clean(c.field, json.RawMessage(c.raw))
		code := ""
		if p != nil {
			code = p.Code
		}
		if string(got) != c.want || code != c.code {
			t.Errorf("%s: %s %q, want %s %q", name, got, code, c.want, c.code)
		}
	}
	if _, p := form.Clean(field("l", "longtext"), json.RawMessage(`"`+strings.Repeat("长", form.MaxLong+1)+`"`)); p == nil || p.Code != "too_long" {
		t.Error("a text without end was taken")
	}
}

// TestCleanTwice: cleaning what is clean changes nothing, whatever it was.
func TestCleanTwice(t *testing.T) {
	t.Parallel()
	kinds := []string{"text", "longtext", "date", "datetime", "money", "person", "law-ref-list", "evidence-list", "person-list", "integer", "bool"}
	rapid.Check(t, func(t *rapid.T) {
		f := field("x", rapid.SampledFrom(kinds).Draw(t, "kind"))
		raw, err := json.Marshal(rapid.OneOf(rapid.String().AsAny(), rapid.SliceOf(rapid.String()).AsAny(), rapid.Int().AsAny()).Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		once, p := form.Clean(f, raw)
		if p != nil || once == nil {
			return
		}
		twice, p := form.Clean(f, once)
		if p != nil || string(twice) != string(once) {
			t.Fatalf("%s: %s became %s (%v)", f.Type, once, twice, p)
		}
	})
}

// TestDigest: the digest is of the words and of nothing else: the order of keys and what approvers write do not matter, any
// other change does (R-09-05).
func TestDigest(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	d, _ := c.Document("decision-approval")
	digest := func(v form.Values) string {
		t.Helper()
		s, err := form.Digest(d, v)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := form.Values{"facts": json.RawMessage(`"一"`), "party": json.RawMessage(`{"name":"甲","phone":"1"}`)}
	b := form.Values{"party": json.RawMessage(`{ "phone":"1", "name":"甲" }`), "facts": json.RawMessage(`"一"`), "leader_opinion": json.RawMessage(`"同意"`), "proposal": json.RawMessage(`""`)}
	if digest(a) != digest(b) {
		t.Error("the same words have two digests")
	}
	b["facts"] = json.RawMessage(`"一。"`)
	if digest(a) == digest(b) {
		t.Error("other words have the same digest")
	}
}

// TestCheckOfficers: R-08-01. Two people, each with a certificate valid on the day of the record, shown while it lasted.
func TestCheckOfficers(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	d, _ := c.Document("officer-identification-record")
	day := time.Date(2026, 11, 27, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	known := form.Known{Now: day.AddDate(0, 0, 1), Officers: []form.Officer{
		{Person: "1", Certificates: []form.Certificate{{Number: "a", From: day.AddDate(-1, 0, 0), To: day}}},
		{Person: "2", Certificates: []form.Certificate{{Number: "b", From: day.AddDate(-1, 0, 0), To: day.AddDate(0, 0, -1)}}},
		{Person: "3", Certificates: []form.Certificate{{Number: "c", From: day, To: day.AddDate(1, 0, 0)}}},
	}}
	codes := func(officers string, over map[string]any) []string {
		v := form.Values{"officers": json.RawMessage(officers)}
		for id, x := range map[string]any{
			"cert_shown": true, "cert_shown_at": day.Format(time.RFC3339), "started_at": day.Format(time.RFC3339), "ended_at": day.Add(time.Hour).Format(time.RFC3339),
			"party_present": true, "place": "东街",
		} {
			v.Set(id, x)
		}
		for id, x := range over {
			v.Set(id, x)
		}
		var out []string
		for _, p := range form.Check(d, v, known) {
			if p.Code != "required" {
				out = append(out, p.Code)
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		officers string
		over     map[string]any
		want     []string
	}{
		"two":                 {`[{"person_id":"1","name":"甲"},{"person_id":"3","name":"丙"}]`, nil, nil},
		"one":                 {`[{"person_id":"1","name":"甲"}]`, nil, []string{"two_officers"}},
		"one twice":           {`[{"person_id":"1","name":"甲"},{"person_id":"1","name":"甲"}]`, nil, []string{"two_officers"}},
		"an old certificate":  {`[{"person_id":"1","name":"甲"},{"person_id":"2","name":"乙"}]`, nil, []string{"certificate"}},
		"a stranger":          {`[{"person_id":"1","name":"甲"},{"name":"路人"}]`, nil, []string{"officer_unknown"}},
		"not shown":           {`[{"person_id":"1","name":"甲"},{"person_id":"3","name":"丙"}]`, map[string]any{"cert_shown": false}, []string{"must_hold"}},
		"shown afterwards":    {`[{"person_id":"1","name":"甲"},{"person_id":"3","name":"丙"}]`, map[string]any{"cert_shown_at": day.Add(2 * time.Hour).Format(time.RFC3339)}, []string{"outside"}},
		"an end before start": {`[{"person_id":"1","name":"甲"},{"person_id":"3","name":"丙"}]`, map[string]any{"ended_at": day.Add(-time.Hour).Format(time.RFC3339)}, []string{"before"}},
		"not yet":             {`[{"person_id":"1","name":"甲"},{"person_id":"3","name":"丙"}]`, map[string]any{"ended_at": day.AddDate(0, 0, 3).Format(time.RFC3339)}, []string{"future"}},
	} {
		if got := codes(c.officers, c.over); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{`"a"`, `[{"name":"x"}]`, `{"name":1}`, `[[[]]]`, `"\u0000"`, `null`, `123456789012345678901234567890`} {
		f.Add("item-list", s)
		f.Add("person", s)
		f.Add("file-list", s)
	}
	f.Fuzz(func(t *testing.T, kind, raw string) {
		x := catalogue.Field{ID: "x", Type: kind, Columns: []catalogue.Column{{ID: "name", Type: "text"}, {ID: "n", Type: "money"}}}
		once, p := form.Clean(x, json.RawMessage(raw))
		if p != nil || once == nil {
			return
		}
		if !json.Valid(once) {
			t.Fatalf("%q became %q", raw, once)
		}
		if twice, p := form.Clean(x, once); p != nil || string(twice) != string(once) {
			t.Fatalf("%q then %q (%v)", once, twice, p)
		}
	})
}
