package library_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// TestKeys goes through the library by the keyboard alone, and looks at what the tests without a browser cannot see
// (WCAG 2.2 AA, 360 pixels wide).
func TestKeys(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	keeper := h.As(access.Custodian)
	if a := keeper.Post("/recordings/views", url.Values{"conditions": {"verdict=cannot_judge"}, "name": {"等我判定的"}, "share": {"1"}}); a.Status != 303 {
		t.Fatal(a.Status)
	}
	ctx := webtest.NewBrowser(t)
	const start = "/asset/none"
	webtest.Watch(t, ctx, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	webtest.Open(t, ctx, h.Server.URL+start, webtest.Desktop)
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+keeper.Token+`; path=/"`)); err != nil {
		t.Fatal(err)
	}
	ask := func(js string) string {
		t.Helper()
		s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`String(`+js+`)`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	peek := func(js string) string { // while the page may be leaving: "" when there is none to ask
		s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`String(`+js+`)`))
		if err != nil {
			return ""
		}
		return s
	}
	press := func(keys string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.KeyEvent(keys)); err != nil {
			t.Fatal(err)
		}
	}
	const row = `document.activeElement.closest("tbody tr")?.rowIndex`
	webtest.Open(t, ctx, h.Server.URL+"/recordings", webtest.Desktop)
	press("/")
	if s := ask(`document.activeElement.closest("main") !== null && document.activeElement.name`); s != "q" {
		t.Errorf("/ goes to %q", s)
	}
	ask(`document.activeElement.blur()`)
	for _, step := range []struct{ keys, want string }{{"j", "1"}, {"j", "2"}, {"j", "3"}, {"k", "2"}, {"x", "2"}, {"k", "1"}, {"x", "1"}} {
		if press(step.keys); ask(row) != step.want {
			t.Errorf("after %q the keys are at row %s, want %s", step.keys, ask(row), step.want)
		}
	}
	if s := ask(`getComputedStyle(document.activeElement).outlineStyle`); s != "solid" {
		t.Errorf("the focus is drawn as %q", s)
	}
	if s := ask(`document.querySelector("[data-zl-bulk]").innerText`); !strings.Contains(s, "已选 2 项") {
		t.Errorf("the bar says %q", s)
	}
	webtest.Axe(t, ctx)
	webtest.Screenshot(t, ctx, "library-picked", webtest.Desktop.Width, webtest.Desktop.Height)
	press("\r")
	for deadline := time.Now().Add(10 * time.Second); !strings.HasPrefix(peek(`location.pathname`), "/recordings/"); {
		if time.Now().After(deadline) {
			t.Fatalf("Enter leads to %s", peek(`location.pathname`))
		}
		time.Sleep(20 * time.Millisecond)
	}

	for _, look := range []webtest.Size{webtest.Desktop, webtest.Phone, webtest.Narrow} {
		for name, path := range map[string]string{
			"library-view": "/recordings?verdict=late&q=" + url.QueryEscape("买买提"), "library-dense": "/recordings?dense=1&col=who&col=length", "library-none": "/recordings?q=zzz",
		} {
			webtest.Open(t, ctx, h.Server.URL+path, look)
			ask(`document.querySelectorAll("main details").forEach((d) => (d.open = d.innerText.includes("存为视图")))`)
			webtest.NoSideways(t, ctx)
			webtest.Axe(t, ctx)
			webtest.Screenshot(t, ctx, name+"-"+strings.Repeat("w", int(look.Width/300)), look.Width, look.Height)
		}
		webtest.Open(t, ctx, h.Server.URL+"/recordings", look)
		peek(`(() => { const f = document.querySelector("main zl-table form"); f.querySelectorAll("[data-zl-pick]").forEach((b) => (b.checked = true)); f.requestSubmit(f.querySelector("button[value=assign]")); })()`)
		for deadline := time.Now().Add(10 * time.Second); peek(`location.pathname + document.readyState`) != "/recordings/bulkcomplete"; {
			if time.Now().After(deadline) {
				t.Fatalf("the deed leads to %s", peek(`location.pathname`))
			}
			time.Sleep(20 * time.Millisecond)
		}
		webtest.NoSideways(t, ctx)
		webtest.Axe(t, ctx)
		webtest.Screenshot(t, ctx, "bulk-"+strings.Repeat("w", int(look.Width/300)), look.Width, look.Height)
	}
}
