// Package webtest opens pages in a real browser: headless Chromium driven by chromedp, axe-core for accessibility,
// pictures for eyes. It is for tests only.
//
// Where there is no Chromium the test is skipped, or fails if ZHILU_REQUIRE_TOOLS=1.
package webtest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

//go:embed axe.min.js
var axe string

// patience is how long one test may use the browser; machines of CI are slow and have few cores.
const patience = 30 * time.Minute

// Size is a window in CSS pixels.
type Size struct{ Width, Height int64 }

// The sizes at which pages are looked at.
var (
	Desktop = Size{1366, 768}
	Phone   = Size{390, 844}
	Narrow  = Size{360, 740}
)

// NewBrowser starts a browser with a profile of its own and gives a chromedp context with one tab open. It ends with
// the test.
func NewBrowser(t testing.TB) context.Context {
	t.Helper()
	path := find(t)
	profile := t.TempDir()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox,
		chromedp.NoFirstRun,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("lang", "zh-CN"),
		chromedp.WSURLReadTimeout(time.Minute),
		chromedp.WindowSize(int(Desktop.Width), int(Desktop.Height)),
	)
	ctx, stop := context.WithTimeout(context.Background(), patience) // t.Context ends before the cleanups run
	alloc, freeAlloc := chromedp.NewExecAllocator(ctx, opts...)
	tab, closeTab := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		closeTab()
		freeAlloc()
		stop()
	})
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("webtest: start %s: %v", path, err)
	}
	return tab
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
		t.Fatal("webtest: chromium is required (ZHILU_REQUIRE_TOOLS=1) and not installed")
	}
	t.Skip("webtest: chromium is not installed")
	return ""
}

// Open goes to an address in a window of this size and waits until the page is there.
func Open(t testing.TB, ctx context.Context, url string, s Size) {
	t.Helper()
	err := chromedp.Do(ctx,
		viewport(s.Width, s.Height),
		chromedp.Navigate(url),
		chromedp.Evaluate[chromedp.Void](`document.fonts.ready.then(() => true)`, chromedp.EvalAwaitPromise),
	)
	if err != nil {
		t.Fatalf("webtest: open %s: %v", url, err)
	}
}

// Screenshot takes a picture of the whole page in a window of w×h and writes it as NAME.png to $ZHILU_SHOTS, or to a
// folder of the test. It gives the path.
func Screenshot(t testing.TB, ctx context.Context, name string, w, h int64) string {
	t.Helper()
	return shoot(t, ctx, name, w, h, true)
}

// ScreenshotView is Screenshot of what is in view only.
func ScreenshotView(t testing.TB, ctx context.Context, name string, w, h int64) string {
	t.Helper()
	return shoot(t, ctx, name, w, h, false)
}

func shoot(t testing.TB, ctx context.Context, name string, w, h int64, whole bool) string {
	t.Helper()
	dir := os.Getenv("ZHILU_SHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, viewport(w, h)); err != nil {
		t.Fatalf("webtest: picture %s: %v", name, err)
	}
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(ctx, take)
	if err != nil {
		t.Fatalf("webtest: picture %s: %v", name, err)
	}
	path := filepath.Join(dir, name+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// viewport sets the window; one narrower than 760 behaves as a phone.
func viewport(w, h int64) chromedp.Action[chromedp.Void] {
	if w < 760 {
		return chromedp.EmulateViewport(w, h, chromedp.EmulateMobile)
	}
	return chromedp.EmulateViewport(w, h)
}

// violation is what axe says of a rule that is broken.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Axe runs axe-core on the page that is open and fails the test for every serious or critical violation of WCAG 2.2 A
// and AA and of good practice; milder ones are logged.
func Axe(t testing.TB, ctx context.Context) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axe+`;true`)); err != nil {
		t.Fatalf("webtest: axe: %v", err)
	}
	result, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("webtest: axe: %v", err)
	}
	var broken []violation
	if err := json.Unmarshal([]byte(result), &broken); err != nil {
		t.Fatalf("webtest: axe: %v", err)
	}
	for _, v := range broken {
		var b strings.Builder
		fmt.Fprintf(&b, "axe: %s (%s): %s", v.ID, v.Impact, v.Help)
		for i, n := range v.Nodes {
			if i == 4 {
				fmt.Fprintf(&b, "\n\t… and %d more", len(v.Nodes)-i)
				break
			}
			fmt.Fprintf(&b, "\n\t%s\n\t\t%s", n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n\t\t"))
		}
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Error(b.String())
		} else {
			t.Log(b.String())
		}
	}
}

// NoSideways fails the test if the page that is open scrolls sideways.
func NoSideways(t testing.TB, ctx context.Context) {
	t.Helper()
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(() => {
		const w = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= w) return "";
		const far = Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest(".zl-scrollx, .zl-tabs, .zl-path"));
		return document.documentElement.scrollWidth + " > " + w + ": " + far.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join("\n");
	})()`))
	if err != nil {
		t.Fatalf("webtest: %v", err)
	}
	if wide != "" {
		t.Errorf("webtest: the page scrolls sideways: %s", wide)
	}
}
