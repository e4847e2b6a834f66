package record_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// TestLooks opens the pages of the areas on a desktop and a phone, in light and dark and in large English, and looks for
// what axe-core calls serious, for refusals of the content policy, and for pages that scroll sideways (WCAG 2.2 AA).
func TestLooks(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper := h.As(access.Custodian)
	ctx := webtest.NewBrowser(t)
	const start = "/asset/none" // a page of ours that needs no sign-in, to set cookies on
	webtest.Watch(t, ctx, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	every := []struct{ name, path string }{
		{"library", "/recordings"},
		{"docking", "/cards/" + string(d.Card)},
		{"inbox", "/inbox?settle=" + string(d.Unknown.RecordingID)},
		{"cards", "/cards"},
		{"upload-files", "/upload-files"},
		{"recording-late", record.Path(d.Late.RecordingID)},
		{"library-empty", "/recordings?verdict=designated&q=%E6%B2%A1%E6%9C%89"},
		{"recording-in-time", record.Path(d.InTime.RecordingID)},
		{"recording-doubtful", record.Path(d.Doubtful.RecordingID)},
		{"recording-hostile", record.Path(d.Hostile[4].RecordingID)},
		{"certificate", record.Path(d.InTime.RecordingID) + "/certificate"},
		{"docking-hostile", "/cards/" + string(d.Second)},
	}
	for _, look := range []struct {
		name, theme, size, lang string
		window                  webtest.Size
		pages                   int
	}{
		{"desk", "light", "normal", "zh-CN", webtest.Desktop, len(every)},
		{"phone", "light", "normal", "zh-CN", webtest.Phone, len(every)},
		{"dark", "dark", "normal", "zh-CN", webtest.Desktop, 6},
		{"narrow-en", "light", "large", "en", webtest.Narrow, 5},
	} {
		webtest.Open(t, ctx, h.Server.URL+start, look.window)
		for name, value := range map[string]string{"session": keeper.Token, "theme": look.theme, "size": look.size, "lang": look.lang} {
			if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_`+name+`=`+value+`; path=/"`)); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range every[:look.pages] {
			t.Run(p.name+"-"+look.name, func(t *testing.T) {
				webtest.Open(t, ctx, h.Server.URL+p.path, look.window)
				webtest.NoSideways(t, ctx)
				webtest.Screenshot(t, ctx, p.name+"-"+look.name, look.window.Width, look.window.Height)
				webtest.Axe(t, ctx)
			})
		}
	}
	printed(ctx, t, h.Server.URL+record.Path(d.InTime.RecordingID)+"/certificate")
}

// printed prints the certificate and reads the paper: nothing that only a screen needs is on it, nothing is lost.
func printed(ctx context.Context, t *testing.T, address string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_lang=zh-CN; path=/"; document.cookie = "zhilu_size=normal; path=/"`)); err != nil {
		t.Fatal(err)
	}
	webtest.Open(t, ctx, address, webtest.Desktop)
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "certificate.pdf")
	if dir := os.Getenv("ZHILU_SHOTS"); dir != "" {
		path = filepath.Join(dir, "certificate.pdf")
	}
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	text, err := exec.CommandContext(ctx, tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"封存证明", "证明从入库", "按时入库", "zhilu verify --trust trust.json", "日志第 43 条", "回执公钥指纹"} {
		if !strings.Contains(string(text), s) {
			t.Errorf("the paper lacks %q", s)
		}
	}
	for _, s := range []string{"工作台", "打印功能"} {
		if strings.Contains(string(text), s) {
			t.Errorf("the paper shows %q", s)
		}
	}
}
