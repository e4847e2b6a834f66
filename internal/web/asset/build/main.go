// Command build makes what the pages load: it bundles the scripts and styles with esbuild, collects the icons into
// one sprite, makes the page on evidence discs that checks them, and writes everything else to dist/ under names that hold a digest of the content, with manifest.json to
// find them by. dist/ is committed and embedded, so only who changes a script, a style or an icon needs npm:
//
//	npm ci --prefix internal/web/asset && go run ./internal/web/asset/build
//
// With -check nothing is written; exit code 1 says that dist/ is not what the sources make.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	dir := flag.String("dir", "internal/web/asset", "folder of the assets")
	check := flag.Bool("check", false, "compare with dist/ instead of writing it")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "asset build:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	files := map[string][]byte{} // by the name pages ask for
	for _, name := range []string{"app.ts", "upload.ts", "digest.ts", "player.ts"} {
		out, err := bundle(dir, filepath.Join("script", name))
		if err != nil {
			return err
		}
		files[strings.TrimSuffix(name, ".ts")+".js"] = out
	}
	css, err := bundle(dir, filepath.Join("css", "app.css"))
	if err != nil {
		return err
	}
	files["app.css"] = css
	if files["icon.svg"], err = sprite(dir); err != nil {
		return err
	}
	if files["seal.svg"], err = os.ReadFile(filepath.Join(dir, "icon", "seal.svg")); err != nil {
		return err
	}
	axe, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return err
	}

	dist := map[string][]byte{}
	manifest := map[string]string{}
	for name, data := range files {
		ext := filepath.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "-" + digest(data) + ext
		manifest[name] = hashed
		dist[hashed] = data
	}
	list, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	dist["manifest.json"] = append(list, '\n')

	page, err := verifierPage(dir)
	if err != nil {
		return err
	}
	pagePath := filepath.Join(dir, "..", "..", "disclosure", "disc", "verifier.html")
	axePath := filepath.Join(dir, "..", "webtest", "axe.min.js")
	if check {
		old, err := os.ReadFile(axePath)
		if err != nil || !bytes.Equal(old, axe) {
			return errors.New("webtest/axe.min.js is not the pinned axe-core")
		}
		if old, err := os.ReadFile(pagePath); err != nil || !bytes.Equal(old, page) {
			return errors.New("disclosure/disc/verifier.html is not what the sources make")
		}
		return compare(filepath.Join(dir, "dist"), dist)
	}
	if err := os.WriteFile(pagePath, page, 0o644); err != nil { //nolint:gosec // source files are for everyone
		return err
	}
	if err := os.WriteFile(axePath, axe, 0o644); err != nil { //nolint:gosec // source files are for everyone
		return err
	}
	return write(filepath.Join(dir, "dist"), dist)
}

// verifierPage makes the one file that checks an evidence disc in any browser without network: script and style stand in it, and its
// own policy lets nothing else run or load.
func verifierPage(dir string) ([]byte, error) {
	page, err := os.ReadFile(filepath.Join(dir, "script", "verifier", "page.html"))
	if err != nil {
		return nil, err
	}
	script, err := bundle(dir, filepath.Join("script", "verifier", "main.ts"))
	if err != nil {
		return nil, err
	}
	style, err := bundle(dir, filepath.Join("script", "verifier", "page.css"))
	if err != nil {
		return nil, err
	}
	if bytes.Contains(bytes.ToLower(script), []byte("</script")) || bytes.Contains(script, []byte("<!--")) {
		return nil, errors.New("the verifier's script would end its own element")
	}
	hash := func(b []byte) []byte {
		sum := sha256.Sum256(b)
		return []byte("sha256-" + base64.StdEncoding.EncodeToString(sum[:]))
	}
	for _, r := range []struct {
		name string
		by   []byte
	}{{"{SCRIPT-HASH}", hash(script)}, {"{STYLE-HASH}", hash(style)}, {"{STYLE}", style}, {"{SCRIPT}", script}} {
		page = bytes.Replace(page, []byte(r.name), r.by, 1)
	}
	return page, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:5])
}

func bundle(dir, entry string) ([]byte, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	res := api.Build(api.BuildOptions{
		AbsWorkingDir:     abs,
		EntryPoints:       []string{entry},
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		Charset:           api.CharsetUTF8,
		Format:            api.FormatIIFE,
		Engines:           []api.Engine{{Name: api.EngineChrome, Version: "90"}, {Name: api.EngineFirefox, Version: "91"}},
		LegalComments:     api.LegalCommentsEndOfFile,
		LogLevel:          api.LogLevelWarning,
		Write:             false,
		Outdir:            "dist",
		External:          []string{"data:*"},
	})
	if len(res.Errors) > 0 {
		return nil, fmt.Errorf("%s: %s", entry, res.Errors[0].Text)
	}
	if len(res.OutputFiles) != 1 {
		return nil, fmt.Errorf("%s: %d output files", entry, len(res.OutputFiles))
	}
	return res.OutputFiles[0].Contents, nil
}

var (
	inner = regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`)
	blank = regexp.MustCompile(`\s+`)
)

// sprite collects the icons named in icon/names.txt as symbols "i-NAME".
func sprite(dir string) ([]byte, error) {
	list, err := os.ReadFile(filepath.Join(dir, "icon", "names.txt"))
	if err != nil {
		return nil, err
	}
	names := strings.Fields(string(list))
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		return nil, errors.New("icon/names.txt must be sorted and each name stand once")
	}
	var b bytes.Buffer
	b.WriteString("<svg xmlns=\"http://www.w3.org/2000/svg\"><!-- Tabler Icons, MIT licence, © Paweł Kuna -->\n")
	for _, n := range names {
		src, err := os.ReadFile(filepath.Join(dir, "node_modules", "@tabler", "icons", "icons", "outline", n+".svg")) //nolint:gosec // a path of the project
		if err != nil {
			return nil, fmt.Errorf("icon %s: %w", n, err)
		}
		m := inner.FindSubmatch(src)
		if m == nil {
			return nil, fmt.Errorf("icon %s is not an svg", n)
		}
		body := strings.TrimSpace(blank.ReplaceAllString(string(m[1]), " "))
		fmt.Fprintf(&b, "<symbol id=\"i-%s\" viewBox=\"0 0 24 24\">%s</symbol>\n", n, strings.ReplaceAll(body, "> <", "><"))
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

func write(dist string, files map[string][]byte) error {
	if err := os.MkdirAll(dist, 0o755); err != nil { //nolint:gosec // source files are for everyone
		return err
	}
	old, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, e := range old {
		if _, keep := files[e.Name()]; !keep {
			if err := os.Remove(filepath.Join(dist, e.Name())); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dist, name), files[name], 0o644); err != nil { //nolint:gosec // source files are for everyone
			return err
		}
		fmt.Printf("%8d %s\n", len(files[name]), name)
	}
	return nil
}

func compare(dist string, files map[string][]byte) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		old, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil || !bytes.Equal(old, files[name]) {
			errs = append(errs, fmt.Errorf("dist/%s is not what the sources make", name))
		}
	}
	have, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, e := range have {
		if _, ok := files[e.Name()]; !ok {
			errs = append(errs, fmt.Errorf("dist/%s is made by nothing", e.Name()))
		}
	}
	return errors.Join(errs...)
}
