package discs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/disctest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// picked has the page check a folder and gives what it says.
func picked(t *testing.T, ctx context.Context, folder, fingerprint string) string {
	t.Helper()
	set := `document.getElementById("fingerprint").value = "` + fingerprint + `"; document.getElementById("result").replaceChildren(); true`
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](set), chromedp.SetUploadFiles("#folder", []string{folder}), chromedp.WaitVisible("#result .verdict")); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById("result").innerText`))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestVerifierPage: the page on the disc, opened from a file in a browser without network, tells a whole disc from one that was changed. // decision 27, T30, T31
func TestVerifierPage(t *testing.T) {
	t.Parallel()
	d := disctest.New(t, gatetest.New(t, dbtest.SQLite(t)), "现场检查.mp4", "询问.mov")
	folder := d.Make(t, disc.Folder)
	print := d.Trust(t).Fingerprint
	tab := webtest.NewBrowser(t)
	webtest.Watch(t, tab, nil)
	webtest.Open(t, tab, "file://"+filepath.Join(folder, "核对.html"), webtest.Desktop)
	webtest.Axe(t, tab)
	for _, c := range []struct {
		name, print string
		spoil       func(t *testing.T)
		want        []string
	}{
		{"whole", print, nil, []string{"没有改动，签名可信，在存证日志中", "示案〔2026〕1号", print}},
		{"unknown signer", "", nil, []string{"没有改动，但还不知道是谁出具的"}},
		{"other fingerprint", strings.Repeat("0", 64), nil, []string{"不符：", "指纹与输入的不一致"}},
		{"added", print, func(t *testing.T) { write(t, filepath.Join(folder, "recordings", "另加.mp4"), "x") }, []string{"不符：1 处", "增加", "recordings/另加.mp4"}},
		{"changed", print, func(t *testing.T) { write(t, filepath.Join(folder, "note.json"), "{}") }, []string{"改动", "note.json"}},
		{"missing", print, func(t *testing.T) { remove(t, filepath.Join(folder, "recordings", "002-询问.mov")) }, []string{"缺少", "recordings/002-询问.mov"}},
		{"proof", print, func(t *testing.T) { write(t, filepath.Join(folder, "disc.json"), "{}") }, []string{"改动\tdisc.json"}},
	} {
		if c.spoil != nil {
			c.spoil(t)
		}
		text := picked(t, tab, folder, c.print)
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %q", c.name, w, text)
			}
		}
		if c.name == "whole" || c.name == "missing" {
			webtest.Axe(t, tab)
			webtest.Screenshot(t, tab, "verifier-"+c.name, webtest.Desktop.Width, webtest.Desktop.Height)
			webtest.Screenshot(t, tab, "verifier-"+c.name+"-phone", webtest.Phone.Width, webtest.Phone.Height)
			webtest.NoSideways(t, tab)
		}
	}
	webtest.Open(t, tab, "file://"+filepath.Join(folder, "播放.html"), webtest.Desktop)
	webtest.Axe(t, tab)
	webtest.Screenshot(t, tab, "player", webtest.Desktop.Width, webtest.Desktop.Height)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}
