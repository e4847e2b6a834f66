package line_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/rules/line"
)

// TestReadsWhatItWrites for every row the program ships.
func TestReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	f, err := edition.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	c, _ := edition.Read(f)
	for _, d := range c.Catalogue.Documents {
		for _, f := range d.Fields {
			if diff := cmp.Diff(f.Options, line.Options(line.OfOptions(f.Options))) + cmp.Diff(f.Columns, line.Columns(line.OfColumns(f.Columns))); diff != "" {
				t.Errorf("%s %s: %s", d.ID, f.ID, diff)
			}
		}
		if diff := cmp.Diff(d.RulesOf().Events, line.Events(line.OfEvents(d.RulesOf().Events))); diff != "" {
			t.Errorf("%s: %s", d.ID, diff)
		}
	}
	for _, m := range c.Catalogue.Matters {
		if diff := cmp.Diff(append([]catalogue.Filmed{}, m.MustFilm...), line.Filmed(line.OfFilmed(m.MustFilm))); diff != "" {
			t.Errorf("%s: %s", m.ID, diff)
		}
	}
	if diff := cmp.Diff(c.Days.Rest, line.Rest(line.OfRest(c.Days.Rest))); diff != "" {
		t.Error(diff)
	}
}

// TestShort: what people leave out is filled in.
func TestShort(t *testing.T) {
	t.Parallel()
	want := []catalogue.Option{{ID: "o1", Text: catalogue.Text{ZH: "有", EN: "有"}}, {ID: "o2", Text: catalogue.Text{ZH: "无", EN: "none"}}, {ID: "x", Text: catalogue.Text{ZH: "其他", EN: "other"}}}
	if diff := cmp.Diff(want, line.Options(" 有 \r\n\n无｜none\nx|其他|other")); diff != "" {
		t.Error(diff)
	}
	if got := line.Columns("n | 数量 | quantity | * | integer"); len(got) != 1 || !got[0].Required || got[0].Type != "integer" {
		t.Errorf("%+v", got)
	}
	if got := line.Rest("2026-03-20 肉孜节\n2026-05-27 2026-05-29 古尔邦节"); len(got) != 2 || got[0].To != "2026-03-20" || got[1].Name != "古尔邦节" {
		t.Errorf("%+v", got)
	}
}

// TestAnything: no text makes it fail, and what was read once is written in a form that reads the same.
func TestAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z|｜=*0-9 \n中-]|.){0,60}`).Draw(t, "text")
		line.Filmed(text)
		line.Events(text)
		line.Rest(text)
		once := line.Options(text)
		for _, o := range once {
			if o.ID == "" || o.ZH == "" || o.EN == "" {
				return // the catalogue's check names these
			}
		}
		if diff := cmp.Diff(once, line.Options(line.OfOptions(once))); diff != "" {
			t.Fatal(diff)
		}
	})
}
