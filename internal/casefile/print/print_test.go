package print_test

import (
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/print"
)

// TestEveryType: every document type of the regulation prints, filled in and as an empty form, with all of its values.
func TestEveryType(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	all := shipped(t)
	var took time.Duration
	for _, d := range all {
		o := print.Paper(words, filled(t, d))
		start := time.Now()
		pdf := set(t, press, o, d.ID)
		took += time.Since(start)
		if len(pdf.Missing) > 0 {
			t.Errorf("%s: no glyphs for %q", d.ID, pdf.Missing)
		}
		set(t, press, print.Paper(words, print.Input{Document: d, Bureau: "和田县市场监督管理局", Blank: true, At: at}), d.ID+"-blank")
	}
	t.Logf("%d types, %v each", len(all), took/time.Duration(len(all)))
	_ = strings.Repeat
}
