package asset_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/web/asset"
)

func get(t *testing.T, method, path string, head http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.Header = head
	w := httptest.NewRecorder()
	asset.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestAssetsAreServedForEver(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{
		"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "upload.js": "text/javascript; charset=utf-8",
		"digest.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml", "seal.svg": "image/svg+xml",
	} {
		res := get(t, http.MethodGet, asset.URL(name), http.Header{})
		plain, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || len(plain) == 0 {
			t.Fatalf("%s: %s, %d bytes, %v", name, res.Status, len(plain), err)
		}
		if res.Header.Get("Content-Type") != kind || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", name, res.Header)
		}
		res = get(t, http.MethodGet, asset.URL(name), http.Header{"Accept-Encoding": {"gzip, br"}})
		body := io.Reader(res.Body)
		if res.Header.Get("Content-Encoding") == "gzip" {
			if body, err = gzip.NewReader(res.Body); err != nil {
				t.Fatal(err)
			}
		}
		again, err := io.ReadAll(body)
		if err != nil || string(again) != string(plain) {
			t.Errorf("%s: compressed differs, %v", name, err)
		}
	}
	if res := get(t, http.MethodHead, asset.URL("app.css"), http.Header{}); res.StatusCode != http.StatusOK || res.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %v", res.Header)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/asset/", "/asset/manifest.json", "/asset/app.css", "/asset/../asset.go", asset.URL("nothing.js")} {
		if res := get(t, http.MethodGet, path, http.Header{}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res := get(t, http.MethodPost, asset.URL("app.css"), http.Header{}); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", res.Status)
	}
}

// Chrome 90 reads none of these (blueprint §4).
func TestStylesKeepToChrome90(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`:has\(|@container|@layer|@scope|@starting-style|color-mix\(|accent-color|:where\(|oklch\(|\bsubgrid\b|text-wrap|\b(?:d|s|l)v[hw]\b|translate:|rotate:|scale:`)
	block := regexp.MustCompile(`[^{}]*\{|\}`)
	names, err := filepath.Glob("css/*.css")
	if err != nil || len(names) < 4 {
		t.Fatal(names, err)
	}
	comment := regexp.MustCompile(`(?s)/\*.*?\*/`)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		css := comment.ReplaceAllString(string(data), "")
		if m := forbidden.FindString(css); m != "" {
			t.Errorf("%s holds %q", name, m)
		}
		if strings.Contains(css, "http:") || strings.Contains(css, "https:") {
			t.Errorf("%s loads something from elsewhere", name)
		}
		// Nesting: a rule inside anything but an at-rule.
		var open []bool
		for _, m := range block.FindAllString(css, -1) {
			if m == "}" {
				open = open[:max(0, len(open)-1)]
				continue
			}
			selector := strings.TrimSpace(m[strings.LastIndex(m, ";")+1:])
			at := strings.HasPrefix(selector, "@")
			if len(open) > 0 && !open[len(open)-1] {
				t.Errorf("%s nests %q", name, selector)
			}
			open = append(open, at)
		}
	}
}

// Every icon that a template or a page names is in the sprite.
func TestIconsInUseExist(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("icon/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for n := range strings.FieldsSeq(string(data)) {
		have[n] = true
	}
	asked := regexp.MustCompile(`(?:Icon(?:Tone)?\(|[Ii]con:\s*)"([a-z0-9-]+)"`)
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if d.IsDir() || strings.HasSuffix(path, "_templ.go") || !strings.HasSuffix(path, ".templ") && !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range asked.FindAllStringSubmatch(string(src), -1) {
			if !have[m[1]] {
				t.Errorf("%s: the icon %q is not in icon/names.txt", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Scripts run nothing from text: the content policy of the pages would refuse it. htmx has the ability and it is
// switched off (ui.htmxConfig).
func TestOurScriptsNeedNoEval(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("script/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	bad := regexp.MustCompile(`\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|\.style\.cssText|setAttribute\("style"`)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if m := bad.FindString(string(data)); m != "" {
			t.Errorf("%s uses %s", name, m)
		}
		if han := regexp.MustCompile(`\p{Han}`).FindString(string(data)); han != "" {
			t.Errorf("%s holds text (%s…): words belong into the catalogues", name, han)
		}
	}
}

// What is committed is what the sources make. Needs npm ci; without node_modules it is skipped, with
// ZHILU_REQUIRE_TOOLS=1 it fails.
func TestDistIsBuiltFromTheSources(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("node_modules"); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal("node_modules is required: npm ci --prefix internal/web/asset")
		}
		t.Skip("node_modules is not installed")
	}
	out, err := exec.CommandContext(t.Context(), "go", "run", "./build", "-dir", ".", "-check").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// The packages are pinned to exact versions.
func TestPackagesArePinned(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for name, v := range p.Dependencies {
		if !exact.MatchString(v) {
			t.Errorf("%s is %q", name, v)
		}
	}
	for name, v := range p.DevDependencies {
		if !exact.MatchString(v) {
			t.Errorf("%s is %q", name, v)
		}
	}
}
