package vouch_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/custody/vouch"
)

type kind string

type row struct {
	ID     string  `bun:"id,pk"`
	Kind   kind    `bun:"kind"`
	Size   int64   `bun:"size"`
	On     bool    `bun:"on"`
	Name   string  `bun:"name"`
	Text   string  `bun:"text"`
	Parent *string `bun:"parent"`
	Apart  string  `bun:"-"`
	PartID string
}

// T9: what is said of a row and what the row holds are told apart column by column, whatever types they have on the
// way through JSON.
func TestDiffer(t *testing.T) {
	t.Parallel()
	parent := "p"
	one := row{ID: "1", Kind: "video", Size: 1_795_000_000_123_456, On: true, Name: "阿依古丽", Parent: &parent, Apart: "x", PartID: "q"}
	raw, err := json.Marshal(vouch.Of(&one, "name"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "阿依古丽") || strings.Contains(string(raw), `"x"`) || !strings.Contains(string(raw), `"part_id":"q"`) {
		t.Errorf("said too much or too little: %s", raw)
	}
	said, err := vouch.Read(raw)
	if err != nil || len(said) != 1 || said[0].ID != "1" {
		t.Fatalf("%v %v", said, err)
	}
	for name, c := range map[string]struct {
		edit func(*row)
		want []string
	}{
		"nothing":     {func(*row) {}, nil},
		"no column":   {func(r *row) { r.Apart = "" }, nil},
		"untagged":    {func(r *row) { r.PartID = "" }, []string{"part_id"}},
		"a number":    {func(r *row) { r.Size++ }, []string{"size"}},
		"to zero":     {func(r *row) { r.Size, r.Kind = 0, "" }, []string{"kind", "size"}},
		"from zero":   {func(r *row) { r.Text = "t" }, []string{"text"}},
		"a name":      {func(r *row) { r.Name = "阿依古力" }, []string{"name"}},
		"a truth":     {func(r *row) { r.On = false }, []string{"on"}},
		"no parent":   {func(r *row) { r.Parent = nil }, []string{"parent"}},
		"a long text": {func(r *row) { r.Text = strings.Repeat("t", 1000) }, []string{"text"}},
	} {
		other := one
		c.edit(&other)
		got, err := vouch.Differ(vouch.Of(&other, "name"), said[0].Says)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v (%v)", name, got, c.want, err)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"id":"a","n":1}`:            "a",
		`[{"id":"a"},{"id":"b"},{}]`:  "a b",
		`{"n":1}`:                     "",
		`{"id":1}`:                    "",
		` [ ]`:                        "",
		`"text"`:                      "error",
		`[{"id":"a"},"text"]`:         "error",
		`{"id":"a","nested":{"x":1}}`: "a",
	} {
		said, err := vouch.Read([]byte(raw))
		var ids []string
		for _, s := range said {
			ids = append(ids, s.ID)
		}
		got := strings.Join(ids, " ")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
