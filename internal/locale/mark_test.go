package locale_test

import (
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/locale"
)

// TestMarks: what is marked is what was searched for, and nothing of the text is lost.
func TestMarks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, query, want string }{
		{"古丽巴哈尔·阿卜杜热西提", "巴哈尔", "古丽[巴哈尔]·阿卜杜热西提"},
		{"阿依努尔·买买提", "努尔买", "阿依[努尔·买]买提"},
		{"执法记录执法", "执法", "[执法]记录[执法]"},
		{"ＤＳＪ-0007.MP4", "dsj", "[ＤＳＪ]-0007.MP4"},
		{"DSJ-0007_20261124.MP4", "0007", "DSJ-[0007]_20261124.MP4"},
		{"DSJ-0007", "007", "DSJ-0007"},
		{"Z-07 张三", "张", "Z-07 [张]三"},
		{"𬱖䶮", "𬱖䶮", "[𬱖䶮]"},
		{"甲", "乙", "甲"},
		{"甲", "", "甲"},
		{"", "甲", ""},
		{"a\xffb", "b", "a\xff[b]"},
	} {
		var got, whole strings.Builder
		for _, m := range locale.Marks(c.text, c.query) {
			whole.WriteString(m.Text)
			if m.On {
				got.WriteString("[" + m.Text + "]")
			} else {
				got.WriteString(m.Text)
			}
		}
		if got.String() != c.want || whole.String() != c.text {
			t.Errorf("%q in %q: %q, want %q", c.query, c.text, got.String(), c.want)
		}
	}
}

func FuzzMarks(f *testing.F) {
	f.Add("阿依努尔·买买提", "努尔买")
	f.Add("ﬁle.MP4", "file")
	f.Fuzz(func(t *testing.T, text, query string) {
		var whole strings.Builder
		for _, m := range locale.Marks(text, query) {
			whole.WriteString(m.Text)
		}
		if whole.String() != text {
			t.Errorf("%q became %q", text, whole.String())
		}
	})
}
