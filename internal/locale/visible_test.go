package locale

import (
	"strings"
	"testing"
	"unicode"
)

// T26, T19: what turns, hides or commands is seen; letters of every script are untouched.
func TestVisible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, visible, steady string }{
		{"photo_\u202egpj.exe", "photo_‹U+202E›gpj.exe", "photo_‹U+202E›gpj.exe"},
		{"\u2066a\u2069\u061cb\u200e\u200f", "‹U+2066›a‹U+2069›‹U+061C›b‹U+200E›‹U+200F›", "‹U+2066›a‹U+2069›‹U+061C›b‹U+200E›‹U+200F›"},
		{"a\x1b[2Jb\x00\x7f\u0085", "a‹U+001B›[2Jb‹U+0000›‹U+007F›‹U+0085›", "a‹U+001B›[2Jb‹U+0000›‹U+007F›‹U+0085›"},
		{"first\nsecond\tthird", "first‹U+000A›second‹U+0009›third", "first\nsecond\tthird"},
		{"soft\u00adhyphen \ufeffmark join\u200dер \U000e0041 \ue000", "soft‹U+00AD›hyphen ‹U+FEFF›mark join‹U+200D›ер ‹U+E0041› ‹U+E000›", "soft\u00adhyphen \ufeffmark join\u200dер \U000e0041 \ue000"},
		{"line\u2028end\u2029", "line‹U+2028›end‹U+2029›", "line\u2028end\u2029"},
		{"阿依努尔·买买提 𬱖䶮 ئايىمۇ.mp4", "阿依努尔·买买提 𬱖䶮 ئايىمۇ.mp4", "阿依努尔·买买提 𬱖䶮 ئايىمۇ.mp4"},
		{"bad \xff byte", "bad \xff byte", "bad \xff byte"},
		{"", "", ""},
	} {
		if got := Visible(c.in); got != c.visible {
			t.Errorf("Visible(%q) = %q, want %q", c.in, got, c.visible)
		}
		if got := Steady(c.in); got != c.steady {
			t.Errorf("Steady(%q) = %q, want %q", c.in, got, c.steady)
		}
		if got := string(SteadyHTML([]byte(c.in))); got != c.steady {
			t.Errorf("SteadyHTML(%q) = %q, want %q", c.in, got, c.steady)
		}
	}
	for r := range unicode.MaxRune + 1 {
		s := "x" + string(r) + "y"
		if unsteady(r) && (!unseen(r) || string(SteadyHTML([]byte(s))) == s) {
			t.Errorf("%U passes", r)
		}
	}
	cat, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := cat.For(Chinese).T("gap.before", "\u202egpj.mp4"); !strings.Contains(got, "‹U+202E›gpj.mp4") {
		t.Errorf("a sentence is turned by what comes into it: %q", got)
	}
}
