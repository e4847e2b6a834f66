package ui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/asset"
	"zhilu.dev/zhilu/internal/web/ui"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// The time left that a script writes is the one the server would have written.
func TestRunningClocksSpeakAsTheServerDoes(t *testing.T) {
	t.Parallel()
	cat, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	spans := []time.Duration{
		30 * time.Minute, 90*time.Minute + 30*time.Second, 5*time.Hour + 30*time.Minute + 30*time.Second, 30*time.Hour + 30*time.Second, 100*time.Hour + 30*time.Minute,
		24*4*time.Hour + 30*time.Second, -(2*time.Hour + 52*time.Minute + 30*time.Second), -80 * time.Hour,
	}
	mux := http.NewServeMux()
	mux.Handle(asset.Prefix, asset.Handler())
	mux.HandleFunc("GET /{lang}", func(w http.ResponseWriter, r *http.Request) {
		p := cat.For(locale.Choose(r.PathValue("lang")))
		parts := make([]templ.Component, len(spans))
		for i, d := range spans {
			parts[i] = ui.ClockFace(ui.Clock{Text: "?", Live: galleryNow.Add(d)})
		}
		send(w, r, ui.Page(ui.Shell{P: p, Now: galleryNow}, "clock", ui.Join(parts...)))
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	ctx := webtest.NewBrowser(t)
	webtest.Watch(t, ctx, nil)
	for _, l := range locale.Langs() {
		webtest.Open(t, ctx, srv.URL+"/"+string(l), webtest.Desktop)
		got, err := chromedp.Run(ctx, chromedp.Poll[string](`(() => { const a = Array.from(document.querySelectorAll("zl-left"), e => e.textContent); return a.includes("?") ? "" : a.join("|"); })()`))
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range strings.Split(got, "|") {
			// The script's clock has run on for a moment; the spans of whole minutes change by a second's unit only.
			ok := false
			for wait := time.Duration(0); wait < 20*time.Second && !ok; wait += time.Second {
				want, _ := cat.For(l).Left(galleryNow.Add(spans[i]), galleryNow.Add(wait))
				ok = want == text
			}
			if !ok {
				want, _ := cat.For(l).Left(galleryNow.Add(spans[i]), galleryNow)
				t.Errorf("%s: the script writes %q, the server %q", l, text, want)
			}
		}
	}
}

// Keys and switches: "/" searches, arrows walk through a table, ticks bring up the bulk bar, the theme changes in
// place, a question before an act is a dialog that gives the focus back.
func TestKeysAndSwitches(t *testing.T) {
	t.Parallel()
	srv := gallery(t)
	ctx := webtest.NewBrowser(t)
	webtest.Watch(t, ctx, nil)
	ask := func(js string) string {
		t.Helper()
		s, err := chromedp.Run(ctx, chromedp.Evaluate[string](js))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	webtest.Open(t, ctx, srv.URL+"/list", webtest.Desktop)
	do(chromedp.KeyEvent("/"))
	if s := ask(`document.activeElement.outerHTML`); !strings.Contains(s, "data-zl-search") {
		t.Errorf("/ leads to %s", s)
	}
	do(chromedp.Focus(chromedp.CSS(`tbody tr [data-zl-row]`)), chromedp.KeyEvent("j"))
	if s := ask(`document.activeElement.textContent`); s != "昨天 15:40:22" {
		t.Errorf("j leads to %q", s)
	}
	do(chromedp.Click(chromedp.CSS(`input[data-zl-pick-all]`)))
	if s := ask(`document.querySelector("[data-zl-bulk]").innerText`); !strings.Contains(s, "已选 6 项") {
		t.Errorf("the bulk bar says %q", s)
	}
	webtest.Screenshot(t, ctx, "list-picked", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, ctx)
	do(chromedp.Click(chromedp.CSS(`zl-theme button`)))
	if s := ask(`document.documentElement.getAttribute("data-bs-theme") + document.querySelector("zl-theme button").value`); s != "darklight" {
		t.Errorf("the theme is %s", s)
	}
	do(chromedp.Click(chromedp.CSS(`.zl-memenu > summary`)))
	webtest.ScreenshotView(t, ctx, "list-menu", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, ctx)
	do(chromedp.KeyEvent("\u001b"))
	if s := ask(`String(document.querySelector(".zl-memenu").open)`); s != "false" {
		t.Error("Escape does not close the menu")
	}
	webtest.Open(t, ctx, srv.URL+"/parts", webtest.Desktop)
	do(chromedp.Click(chromedp.CSS(`zl-confirm summary`)))
	if s := ask(`String(document.querySelector("dialog").open)`); s != "true" {
		t.Error("the question is no dialog")
	}
	if s := ask(`String(document.activeElement.closest("dialog") !== null && !document.activeElement.matches(".zl-btn-late"))`); s != "true" {
		t.Error("the focus is not in the dialog, or stands on what cannot be undone")
	}
	webtest.ScreenshotView(t, ctx, "parts-confirm", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, ctx)
	do(chromedp.Click(chromedp.CSS(`dialog [data-close]`)))
	if s := ask(`document.activeElement.tagName + document.querySelector("dialog").open`); s != "SUMMARYfalse" {
		t.Errorf("after the question: %s", s)
	}
	webtest.Open(t, ctx, srv.URL+"/form", webtest.Desktop)
	if s := ask(`document.activeElement.className`); s != "zl-errsum" {
		t.Errorf("a form with errors opens with the focus at %q", s)
	}
	do(chromedp.Click(chromedp.CSS(`.zl-errsum a`)))
	if s := ask(`document.activeElement.id`); s != "serial" {
		t.Errorf("the first error leads to %q", s)
	}
	webtest.Open(t, ctx, srv.URL+"/workbench", webtest.Phone)
	do(chromedp.Click(chromedp.CSS(`.zl-moretab > summary`)))
	webtest.ScreenshotView(t, ctx, "workbench-more", webtest.Phone.Width, webtest.Phone.Height)
	webtest.Axe(t, ctx)
}
