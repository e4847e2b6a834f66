package locale

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	callLiteral = regexp.MustCompile(`\.(?:T|Has)\(\s*"([^"]+)"\s*[,)]`)
	callPrefix  = regexp.MustCompile(`\.(?:T|Has)\(\s*"([^"]+\.)"\s*\+`)
	faultCode   = regexp.MustCompile(`fault\.(?:New\(|Wrap\([^"\n]*,\s*)\s*fault\.\w+,\s*"([^"]+)"`)
	keyLiteral  = regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"`)
)

// source calls visit with every line of the product's own source that is not a comment.
func source(t *testing.T, visit func(path, line string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "node_modules" || name == ".git" || name == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		goFile := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
		if !goFile && !strings.HasSuffix(name, ".templ") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(src)) {
			if !strings.HasPrefix(strings.TrimSpace(line), "//") {
				visit(path, line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryKeyAskedForExists finds keys that the source asks for and no catalogue holds, and reports words that
// nothing seems to use.
func TestEveryKeyAskedForExists(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := c.Keys()
	used := map[string]bool{}
	source(t, func(path, line string) {
		for _, m := range callLiteral.FindAllStringSubmatch(line, -1) {
			if _, ok := slices.BinarySearch(keys, m[1]); !ok {
				t.Errorf("%s: the key %q stands in no catalogue", path, m[1])
			}
		}
		for _, m := range callPrefix.FindAllStringSubmatch(line, -1) {
			n := 0
			for _, k := range keys {
				if strings.HasPrefix(k, m[1]) {
					used[k] = true
					n++
				}
			}
			if n == 0 {
				t.Errorf("%s: no key begins with %q", path, m[1])
			}
		}
		for _, m := range keyLiteral.FindAllStringSubmatch(line, -1) {
			used[m[1]] = true
		}
	})
	for _, k := range keys {
		if !used[k] && !strings.HasPrefix(k, "fault.") {
			t.Logf("nothing seems to use %q", k)
		}
	}
}

// TestEveryFaultHasWords finds codes of faults for which no catalogue holds "fault.<code>.what", and words for codes
// that no fault carries.
func TestEveryFaultHasWords(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := c.Keys()
	codes, literals := map[string]string{}, map[string]bool{}
	source(t, func(path, line string) {
		for _, m := range faultCode.FindAllStringSubmatch(line, -1) {
			codes[m[1]] = path
		}
		for _, m := range keyLiteral.FindAllStringSubmatch(line, -1) {
			literals[m[1]] = true
		}
	})
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if stem, ok := strings.CutSuffix(code, "."); ok { // the code is put together: some words must begin so
			if i, _ := slices.BinarySearch(keys, "fault."+stem+"."); i < len(keys) && strings.HasPrefix(keys[i], "fault."+stem+".") {
				continue
			}
		}
		if _, ok := slices.BinarySearch(keys, "fault."+code+".what"); !ok {
			t.Errorf("%s: the fault %q has no words", codes[code], code)
		}
	}
	for _, k := range keys {
		code, ok := strings.CutPrefix(strings.TrimSuffix(k, ".what"), "fault.")
		if ok && strings.HasSuffix(k, ".what") && !strings.HasPrefix(code, "kind.") && !literals[code] {
			t.Logf("no fault seems to carry the code %q", code)
		}
	}
}
