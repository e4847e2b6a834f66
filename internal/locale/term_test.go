package locale

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestBigrams(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"王", []string{"王"}},
		{"清和律所", []string{"清和", "和律", "律所", "所"}},
		{"ZL_Z05_20261123_0912.MP4", []string{"zl", "z05", "20261123", "0912", "mp4"}},
		{"阿依·买买", []string{"阿依", "依", "依买", "买买", "买"}},
		{"䶮𬱖镇", []string{"䶮𬱖", "𬱖镇", "镇"}},
		{"ＡＢ１２王小", []string{"ab12", "王小", "小"}},
		{"云司检〔2026〕037 号", []string{"云司", "司检", "检", "2026", "037", "号"}},
		{"二〇二六", []string{"二〇", "〇二", "二六", "六"}},
		{"يولتۇز", []string{"يولتۇز"}},
		{"甲，乙", []string{"甲", "乙"}},
	} {
		if d := cmp.Diff(tc.want, Bigrams(tc.in)); d != "" {
			t.Errorf("Bigrams(%q): %s", tc.in, d)
		}
	}
}

// finds says what a full-text index would: every term of the search is a term of the text, or begins one.
func finds(text, query string) bool {
	index := strings.Fields(IndexText(text))
	for _, q := range Query(query) {
		e := encode(q.Text)
		if !slices.ContainsFunc(index, func(t string) bool { return t == e || q.Prefix && strings.HasPrefix(t, e) }) {
			return false
		}
	}
	return true
}

// han draws characters of the basic block, the extensions and the names' dot.
func han() *rapid.Generator[rune] {
	return rapid.OneOf(rapid.RuneFrom([]rune("王小明清和律师所䶮𬱖𠮷㐀·阿买提")), rapid.RuneFrom([]rune("abzAZ09_-. （）")))
}

// A person who types any part of a name or place finds it.
func TestAnyPartOfATextFindsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.RuneFrom([]rune("王小明清和律师所䶮𬱖𠮷㐀阿买提")), 1, 20).Draw(t, "text")
		from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(text)).Draw(t, "to")
		if !finds(string(text), string(text[from:to])) {
			t.Fatalf("%q does not find %q", string(text[from:to]), string(text))
		}
	})
}

// The whole text finds itself whatever it holds, and a name is found without its dots.
func TestATextFindsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(han(), 1, 30).Draw(t, "text"))
		if !finds(text, text) {
			t.Fatalf("%q does not find itself: %v, %v", text, Query(text), Bigrams(text))
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if !finds(text, text) {
			t.Fatalf("%q does not find itself: %v, %v", text, Query(text), Bigrams(text))
		}
	})
	name := "阿依努尔·买买提依明·托合提"
	for _, q := range []string{name, strings.ReplaceAll(name, "·", ""), strings.ReplaceAll(name, "·", "•"), "尔买", "买买提", "托"} {
		if !finds(name, q) {
			t.Errorf("%q does not find %s", q, name)
		}
	}
	if finds(name, "努买") || finds("清和律师事务所", "和清") {
		t.Error("finds what is not there")
	}
}

// Whatever is typed, the expressions hold nothing a full-text parser could stumble over.
func TestMatchExpressionsAreHarmless(t *testing.T) {
	t.Parallel()
	fts := regexp.MustCompile(`^("[a-z0-9]+"( \*)?( |$))*$`)
	ts := regexp.MustCompile(`^([a-z0-9]+(:\*)?( & |$))*$`)
	index := regexp.MustCompile(`^([a-z0-9]+( |$))*$`)
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.String().Draw(t, "query")
		if s := MatchFTS5(q); !fts.MatchString(s) {
			t.Fatalf("FTS5 %q", s)
		}
		if s := MatchTSQuery(q); !ts.MatchString(s) {
			t.Fatalf("tsquery %q", s)
		}
		if s := IndexText(q); !index.MatchString(s) {
			t.Fatalf("index %q", s)
		}
	})
}

func FuzzBigrams(f *testing.F) {
	for _, s := range []string{"清和律所", "阿依·买买", "䶮𬱖", "a\xffb", "\u0301", "ﷺ", "⅓"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !finds(s, s) {
			t.Fatalf("%q does not find itself", s)
		}
	})
}
