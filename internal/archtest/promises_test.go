package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName   = regexp.MustCompile("`([a-z0-9]+)\\.(Test[A-Za-z0-9]+|Run)`")
	scriptName = regexp.MustCompile("`([a-z]+\\.txtar)`")
)

// Every test that docs/promises.md calls upon is there: a promise whose test went away is no longer held by anything.
func TestPromises(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	doc, err := os.ReadFile(filepath.Join(root, "docs", "promises.md"))
	if err != nil {
		t.Fatal(err)
	}
	source := map[string]string{} // by the name of the folder: its tests, or for folders that exist for tests, all of it
	scripts := map[string]bool{}
	err = filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == "node_modules" || d.Name() == ".git") {
				return filepath.SkipDir
			}
			return err
		}
		folder := filepath.Base(filepath.Dir(name))
		if folder == "zhilu" {
			folder = "main"
		}
		switch {
		case strings.HasSuffix(name, ".txtar"):
			scripts[d.Name()] = true
		case strings.HasSuffix(name, "_test.go"), strings.HasSuffix(folder, "test") && strings.HasSuffix(name, ".go"):
			raw, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			source[folder] += string(raw)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := testName.FindAllStringSubmatch(string(doc), -1)
	if len(named) < 50 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !strings.Contains(source[m[1]], "func "+m[2]+"(") {
			t.Errorf("%s is promised and not there", m[0])
		}
	}
	for _, m := range scriptName.FindAllStringSubmatch(string(doc), -1) {
		if !scripts[m[1]] {
			t.Errorf("%s is promised and not there", m[0])
		}
	}
}
