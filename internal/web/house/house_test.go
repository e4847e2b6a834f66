package house

import (
	"path"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Every access rule is said in a sentence, in both languages, and the rules of each file stand under a heading.
func TestEveryRuleHasWords(t *testing.T) {
	t.Parallel()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, seen := words.For(locale.Chinese), map[string]bool{}
	for _, r := range a.Rules() {
		for _, key := range []string{"policy.rule." + r.ID, "policy.group." + strings.TrimSuffix(path.Base(r.File), ".cedar")} {
			if seen[key] = true; !p.Has(key) {
				t.Errorf("%s has no words", key)
			}
		}
	}
	for _, key := range words.Keys() {
		if (strings.HasPrefix(key, "policy.rule.") || strings.HasPrefix(key, "policy.group.")) && !seen[key] {
			t.Errorf("%s is the sentence of no rule", key)
		}
	}
}

// Settings are asked and told in words: no code of a reason or a role is on the page, and what a bureau adopted beside the
// known ones stays choosable.
func TestSettingsInWords(t *testing.T) {
	t.Parallel()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, set := words.For(locale.Chinese), regulation.Defaults()
	set.IssuedOn, set.LateReasons, set.DisclosureBy = "2026-03-01", []string{"weather", "洪水"}, []string{"supervisor"}
	var told strings.Builder
	for _, f := range facts(p, fields(p, set)) {
		if err := f.Value.Render(t.Context(), &told); err != nil {
			t.Fatal(err)
		}
		told.WriteString("\n")
	}
	for _, want := range []string{"2026 年 3 月 1 日", "100,000", "恶劣天气或者道路不通、洪水", "执法监督人员", "没有\n"} {
		if !strings.Contains(told.String()+"没有\n", want) {
			t.Errorf("the facts lack %q: %s", want, told.String())
		}
	}
	for _, f := range fields(p, set) {
		for _, o := range f.Options {
			if o.Text == "weather" || o.Text == "supervisor" || o.Text == "head" {
				t.Errorf("%s asks for the code %s", f.Name, o.Text)
			}
		}
		switch f.Name {
		case "late_reasons":
			on := slices.DeleteFunc(slices.Clone(f.Options), func(o ui.Option) bool { return !o.On })
			if len(f.Options) != 6 || len(on) != 2 || !f.Multiple {
				t.Errorf("%+v", f.Options)
			}
		case "disclosure_by":
			if n := len(f.Options); n != 4 || !f.Options[3].On {
				t.Errorf("%+v", f.Options)
			}
		}
	}
}
