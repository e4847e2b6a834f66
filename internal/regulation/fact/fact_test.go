package fact_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/regulation/fact"
)

// TestJudge: decisions §29. Unknown facts make unknown conditions, unless the rest decides.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		known  fact.Answers
		want   fact.Truth
	}{
		{"site_inspected", nil, fact.Open},
		{"site_inspected", fact.Answers{"site_inspected": "true"}, fact.Yes},
		{"site_inspected", fact.Answers{"site_inspected": "false"}, fact.No},
		{"site_inspected", fact.Answers{"site_inspected": "perhaps"}, fact.Open},
		{"!site_inspected", nil, fact.Open},
		{"procedure == 'ordinary' && legal_review_due", fact.Answers{"procedure": "summary"}, fact.No},
		{"procedure == 'ordinary' && legal_review_due", fact.Answers{"procedure": "ordinary"}, fact.Open},
		{"act == 'penalty' || decided_on_spot", fact.Answers{"act": "penalty"}, fact.Yes},
		{"outcome == 'penalty'", nil, fact.Open},
		{"outcome != 'penalty'", fact.Answers{"outcome": "granted"}, fact.Yes},
		{"act in ['permit', 'payment']", fact.Answers{"act": "payment"}, fact.Yes},
		{"act in ['permit', 'payment']", nil, fact.Open},
	} {
		cond, err := fact.Compile(c.source)
		if err != nil {
			t.Fatalf("%s: %v", c.source, err)
		}
		if got, err := cond.Judge(c.known); err != nil || got != c.want {
			t.Errorf("%s with %v is %s (%v), want %s", c.source, c.known, got, err, c.want)
		}
	}
}

// TestCompileRefuses: what is no truth over the vocabulary is refused before anybody relies on it.
func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"", "weather_fine", "act", "act == 'fishing'", "outcome in ['granted', 'perhaps']", "site_inspected == 'yes'", "1 + 1 == ", "'a' + 'b'",
	} {
		if _, err := fact.Compile(source); !errors.Is(err, fact.ErrCondition) {
			t.Errorf("%q: %v", source, err)
		}
	}
}

// TestAnswersOnlySettle: a condition that is decided stays decided, whatever is answered later.
func TestAnswersOnlySettle(t *testing.T) {
	t.Parallel()
	sources := []string{
		"procedure == 'ordinary' && (act == 'penalty' || !decided_on_spot) && legal_review_due",
		"!(act in ['permit', 'payment']) || verified_on_site || hearing_asked", "crime_suspected && property_seized", "outcome == 'granted'",
	}
	rapid.Check(t, func(t *rapid.T) {
		c, err := fact.Compile(rapid.SampledFrom(sources).Draw(t, "source"))
		if err != nil {
			t.Fatal(err)
		}
		known := fact.Answers{}
		before := fact.Open
		for _, id := range rapid.Permutation(c.Uses()).Draw(t, "order") {
			f, _ := fact.Find(id)
			options := f.Options
			if f.Type == fact.Bool {
				options = []string{"true", "false"}
			}
			known[id] = rapid.SampledFrom(options).Draw(t, id)
			now, err := c.Judge(known)
			if err != nil {
				t.Fatal(err)
			}
			if before != fact.Open && now != before {
				t.Fatalf("was %s, became %s with %v", before, now, known)
			}
			before = now
		}
		if before == fact.Open {
			t.Fatalf("open with all answered: %v", known)
		}
	})
}

func TestFieldCondition(t *testing.T) {
	t.Parallel()
	c, err := fact.CompileField("has(values.language) && values.language != 'zh'")
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]bool{"zh": false, "ug": true} {
		if got := c.Holds(map[string]any{"language": lang}); got != want {
			t.Errorf("%s: %v", lang, got)
		}
	}
	if c.Holds(nil) {
		t.Error("an empty form asks for an interpreter")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"site_inspected", "act == 'penalty' && !sampled", "((((", "outcome in ['granted']"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		c, err := fact.Compile(source)
		if err != nil {
			return
		}
		if _, err := c.Judge(fact.Answers{"act": "penalty"}); err != nil {
			t.Log(err)
		}
	})
}
