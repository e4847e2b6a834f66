package webtest

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
)

// endOfWatch is what Watch writes to the console to know that it has seen everything before it.
const endOfWatch = "zhilu: end of watch"

// Watch collects what goes wrong in the tab from now on (exceptions, console errors, refusals of the content policy,
// failed loads) and fails the test at its end for each, unless allow says that it is expected.
func Watch(t testing.TB, ctx context.Context, allow func(text string) bool) {
	t.Helper()
	messages := chromedp.Console(ctx)
	t.Cleanup(func() {
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`console.log("`+endOfWatch+`")`)); err != nil {
			t.Errorf("webtest: watch: %v", err)
			return
		}
		for m, err := range messages {
			if err != nil {
				t.Errorf("webtest: watch: %v", err)
				return
			}
			if m.Text == endOfWatch {
				return
			}
			bad := m.IsException() || m.Type == "error"
			if text := m.String() + " " + m.URL; bad && (allow == nil || !allow(text)) {
				t.Errorf("webtest: in the page: %s", text)
			}
		}
	})
}
