package app_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/web/webtest"
)

// look opens the pages in a real browser as those who work on them, at a desk and on a phone: nothing serious for
// axe-core, no sideways scroll, no refused script. ZHILU_SHOTS keeps the pictures.
func look(t *testing.T, base string) {
	ctx := webtest.NewBrowser(t)
	all := pages(t, base)
	for _, c := range []struct {
		username string
		skip     func(path string) bool
	}{
		{"zhoujg", func(p string) bool {
			return strings.Contains(p, "/accounts") || p == "/tokens" || strings.HasPrefix(p, "/health") || p == "/people/new" || p == "/people-import" || p == "/departments"
		}},
		{"sysadmin", func(p string) bool {
			return p != "/" && p != "/tokens" && p != "/people/new" && p != "/people-import" && p != "/departments" && !strings.HasPrefix(p, "/health")
		}},
		{"secadmin", func(p string) bool { return p != "/accounts" }},
		{"audadmin", func(p string) bool { return p != "/" && !strings.HasPrefix(p, "/custody") && p != "/accounts" }},
		{"lmy", func(p string) bool { return p != "/" && p != "/cards" }},
		{"zhenghf", func(p string) bool { return p != "/" && p != "/settings" }},
		{"wujing", func(p string) bool { return p != "/" && p != "/inbox" && p != "/tokens" }}, // the last is refused: the page of an error
	} {
		v := signIn(t, base, c.username)
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		webtest.Open(t, ctx, base+"/sign-in", webtest.Desktop)
		webtest.NoSideways(t, ctx)
		for _, k := range v.client.Jar.Cookies(u) {
			if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "`+k.Name+`=`+k.Value+`; path=/"`)); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range all {
			if c.skip(path) || strings.HasPrefix(path, "/rules/") || strings.Contains(path, "/export") || strings.HasSuffix(path, "/template") || path == "/register/proof" {
				continue
			}
			name := c.username + strings.ReplaceAll(path, "/", "-")
			for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
				webtest.Open(t, ctx, base+path, size)
				webtest.NoSideways(t, ctx)
				suffix := "-desk"
				if size == webtest.Phone {
					suffix = "-phone"
				}
				webtest.Screenshot(t, ctx, name+suffix, size.Width, size.Height)
			}
			if webtest.Axe(t, ctx); t.Failed() {
				t.Fatalf("%s as %s", path, c.username)
			}
		}
	}
}
