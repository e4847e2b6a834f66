package ui_test

import (
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/web/webtest"
)

// TestGallery opens every component in Chinese and English, light, dark and large, on a desktop and on a phone, and
// looks for what axe-core calls serious or critical, for refusals of the content policy, and for pages that scroll
// sideways (WCAG 2.2 AA).
func TestGallery(t *testing.T) {
	t.Parallel()
	srv := gallery(t)
	ctx := webtest.NewBrowser(t)
	webtest.Watch(t, ctx, nil)
	for _, page := range []string{"workbench", "list", "recording", "form", "parts", "signin", "error", "intake"} {
		for _, look := range []struct {
			name, query string
			size        webtest.Size
		}{
			{"light", "", webtest.Desktop},
			{"dark", "?theme=dark", webtest.Desktop},
			{"phone", "", webtest.Phone},
			{"phone-large-en", "?size=large&lang=en", webtest.Narrow},
		} {
			name := page + "-" + look.name
			t.Run(strings.ReplaceAll(name, " ", ""), func(t *testing.T) {
				webtest.Open(t, ctx, srv.URL+"/"+page+look.query, look.size)
				webtest.NoSideways(t, ctx)
				webtest.Screenshot(t, ctx, name, look.size.Width, look.size.Height)
				webtest.Axe(t, ctx)
			})
		}
	}
}
