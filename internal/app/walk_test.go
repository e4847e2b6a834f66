package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app/demo"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
)

// The demo's accounts, one a role, in the order of the columns of testdata/walk.txt.
var readers = []struct{ role, username string }{
	{"officer", "lmy"},
	{"custodian", "zhoujg"},
	{"head", "wujing"},
	{"leader", "zhenghf"},
	{"legal_reviewer", "fenglan"},
	{"supervisor", "chenxi"},
	{"system_admin", "sysadmin"},
	{"security_admin", "secadmin"},
	{"audit_admin", "audadmin"},
}

// startDemo makes the demo and serves it until the test ends. It is the product as it is: its footage comes from ffmpeg
// and went through the dock.
func startDemo(t *testing.T) (address string) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip("needs ffmpeg")
	}
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Config{
			Listen: "127.0.0.1:0", Dir: t.TempDir(), Clock: clock.System(), Log: slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Words: words.For(locale.Chinese), Say: func(string) {}, Hash: account.HashParams{Passes: 1, Memory: 8 << 10, Threads: 1},
			Ready: func(url string) { ready <- url },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended badly: %v", err)
		}
	})
	select {
	case address = <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the demo did not start: %v", err)
	}
	return address
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// browser is a signed-in visitor without pictures.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
}

// seats are the sessions that were begun: who signs in for every page is told to wait a minute.
var seats sync.Map // "base username" to http.CookieJar

// signIn gives somebody's session, begun once in each house.
func signIn(t *testing.T, base, username string) *visitor {
	t.Helper()
	if jar, ok := seats.Load(base + " " + username); ok && username != "" {
		return newVisitor(t, base, jar.(http.CookieJar)) //nolint:forcetypeassert // nothing else is in it
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, base, jar)
	if username == "" {
		return v
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", base+"/sign-in", strings.NewReader(url.Values{"username": {username}, "password": {demo.Password}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := v.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s cannot sign in: %d", username, resp.StatusCode)
	}
	seats.Store(base+" "+username, jar)
	return v
}

func newVisitor(t *testing.T, base string, jar http.CookieJar) *visitor {
	t.Helper()
	return &visitor{t, base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), "GET", v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// settled waits until every docked file was looked into and read back.
func settled(t *testing.T, base string) {
	t.Helper()
	v := signIn(t, base, "chenxi")
	for range 300 {
		if _, body := v.get("/recordings?state=stored"); !strings.Contains(body, `href="/recordings/0`) {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("recordings are not verified after a minute")
}

// pages are the addresses every role asks for; an id in braces is found on the page before it, as its owner sees it.
func pages(t *testing.T, base string) []string {
	t.Helper()
	first := func(username, path, pattern string) string {
		_, body := signIn(t, base, username).get(path)
		m := regexp.MustCompile(pattern).FindStringSubmatch(body)
		if m == nil {
			t.Fatalf("nothing like %s on %s for %s", pattern, path, username)
		}
		return m[1]
	}
	id := `([0-9a-f-]{36})`
	theCase := first("wujing", "/cases?act=penalty", `href="/cases/`+id+`"`)
	paper := first("aynur", "/cases/"+theCase, `href="/papers/`+id+`"`)
	rec := first("zhoujg", "/recordings", `href="/recordings/`+id+`"`)
	matter := "/persons/" + first("zhoujg", "/persons?kind=look_up", `href="/persons/`+id+`"`)
	given := "/disclosures/" + first("fenglan", "/disclosures", `href="/disclosures/`+id+`"`)
	masked := first("fenglan", "/recordings/"+first("fenglan", "/viewings/"+first("fenglan", "/viewings?view=inforce", `href="/viewings/`+id+`"`), `href="/recordings/`+id+`"`), `href="/masked/`+id+`"`)
	return []string{
		"/", "/password", "/recordings", "/recordings/export", "/recordings/" + rec, "/recordings/" + rec + "/certificate", "/recordings/" + rec + "/link", "/recordings/" + rec + "/marks", "/inbox", "/cards",
		"/cards/" + first("zhoujg", "/cards", `href="/cards/`+id+`"`), "/upload-files", "/devices",
		"/devices/" + first("zhoujg", "/devices", `href="/devices/`+id+`"`), "/devices/new", "/devices/export", "/devices/template", "/device-import",
		"/persons", "/persons/new", "/people", "/people/" + first("sysadmin", "/people", `href="/people/`+id+`"`), "/people/new", "/people/export", "/people/template", "/people-import", "/departments",
		"/accounts", "/accounts/export", "/tokens", "/custody", "/custody/export", "/custody/" + first("audadmin", "/custody", `href="/custody/`+id+`"`),
		"/viewings", "/viewings/new", "/viewings/" + first("fenglan", "/viewings", `href="/viewings/`+id+`"`), "/register", "/register/export", "/register/print", "/register/proof", "/register/loans", "/register/loans/export", "/register/refused", "/register/refused/export", "/handed-in", "/handed-in/new", "/handed-in/export", given, matter, matter + "/lookup", "/persons/export", "/disclosures", "/disclosures/export", "/disclosures/print", "/disclosures/new?request=1", "/discs", "/discs/new", "/discs/export",
		"/rules", "/rules/editions/0", "/rules/editions/0/documents", "/rules/editions/0/documents/penalty-decision", "/rules/editions/0/calendar",
		"/rules/editions/0/acts", "/rules/editions/0/export/documents", "/rules/editions/9",
		"/activities", "/activities/new", "/activities/export", "/activities/" + first("chenxi", "/activities", `href="/activities/`+id+`"`),
		"/cases", "/cases/export", "/cases/parties", "/unlinked", "/cases/new", "/cases/" + theCase, "/cases/" + theCase + "/story", "/cases/" + theCase + "/papers",
		"/cases/" + theCase + "/recordings", "/cases/" + theCase + "/execution", "/cases/" + theCase + "/package", "/cases/" + theCase + "/calls", "/papers/" + paper,
		"/masked/" + masked,
		"/settings", "/policies", "/health", "/health/scrub", "/nowhere",
	}
}

// TestEveryPageForEveryRole asks for every page as every role and holds the outcomes against testdata/walk.txt: a change
// of who sees what must be seen in a review. ZHILU_TEST_UPDATE=1 writes it anew.
func TestEveryPageForEveryRole(t *testing.T) {
	base := startDemo(t)
	settled(t, base)
	visitors := []*visitor{signIn(t, base, "")}
	head := []string{"anyone"}
	for _, r := range readers {
		visitors = append(visitors, signIn(t, base, r.username))
		head = append(head, r.role)
	}
	var b strings.Builder
	fmt.Fprintln(&b, "page", strings.Join(head, " "))
	ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
	for _, path := range pages(t, base) {
		line := []string{ids.ReplaceAllString(path, "{id}")}
		for i, v := range visitors {
			status, body := v.get(path)
			line = append(line, fmt.Sprint(status))
			if status >= 500 {
				t.Errorf("%s for %s: %d", path, head[i], status)
			}
			may := 0 // pictures: the demo's legal reviewer has one grant
			if head[i] == "legal_reviewer" && path == "/recordings" {
				may = 1
			}
			if strings.Contains(body, "<video") || strings.Contains(path, "/recordings") && strings.Count(body, "<img") > may {
				t.Errorf("%s shows a picture to %s without a grant (decision 1)", path, head[i])
			}
		}
		fmt.Fprintln(&b, strings.Join(line, " "))
	}
	for i, v := range visitors[1:] {
		navigate(t, v, head[i+1])
		diagnostics(t, v, head[i+1])
	}
	golden := filepath.Join("testdata", "walk.txt")
	if os.Getenv("ZHILU_TEST_UPDATE") == "1" {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got, was := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n"); !slices.Equal(got, was) {
		for i := range max(len(got), len(was)) {
			g, w := "", ""
			if i < len(got) {
				g = got[i]
			}
			if i < len(was) {
				w = was[i]
			}
			if g != w {
				t.Errorf("who sees what has changed:\n got %s\nwant %s", g, w)
			}
		}
	}
	t.Run("in a browser", func(t *testing.T) { look(t, base) })
}

var (
	navLink = regexp.MustCompile(`<a href="(/[a-z-]*)"[^>]*>\s*<svg class="i"`)
	icon    = regexp.MustCompile(`(/asset/icon-[0-9a-f]+\.svg)#i-([a-z0-9-]+)`)
)

// navigate holds the navigation against what the reader may really open: every place offered opens and lights itself,
// every place that is not offered is refused, and every sign on the way is in the sprite.
func navigate(t *testing.T, v *visitor, role string) {
	t.Helper()
	_, home := v.get("/")
	side := home[strings.Index(home, `<nav class="zl-nav`):]
	side = side[:strings.Index(side, "</nav>")]
	offered := map[string]bool{}
	for _, m := range navLink.FindAllStringSubmatch(side, -1) {
		offered[m[1]] = true
	}
	if !offered["/"] || len(offered) < 4 {
		t.Fatalf("%s is offered %v", role, offered)
	}
	sprite := ""
	for _, place := range []string{
		"/", "/cases", "/activities", "/unlinked", "/recordings", "/upload-files", "/inbox", "/handed-in", "/viewings", "/register", "/disclosures", "/discs", "/cards", "/devices", "/persons", "/people", "/accounts", "/tokens", "/custody",
		"/rules", "/settings", "/policies", "/health",
	} {
		status, body := v.get(place)
		if (status == http.StatusOK) != offered[place] {
			t.Errorf("%s: %s answers %d, offered: %v", role, place, status, offered[place])
		}
		if status == http.StatusOK && !strings.Contains(body, `<a href="`+place+`" aria-current="page">`) {
			t.Errorf("%s: %s does not light its place", role, place)
		}
		for _, m := range icon.FindAllStringSubmatch(body, -1) {
			if sprite == "" {
				_, sprite = v.get(m[1])
			}
			if !strings.Contains(sprite, `id="i-`+m[2]+`"`) {
				t.Errorf("%s: %s asks for an icon %q that is not there", role, place, m[2])
			}
		}
		delete(offered, place)
	}
	if len(offered) > 0 {
		t.Errorf("%s is offered places that no test knows: %v", role, offered)
	}
}
