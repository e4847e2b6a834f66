package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFuzzCorpora: every fuzz target has inputs in the repository that earlier runs found interesting, so that each run of the
// tests goes through what cost hours to find.
func TestFuzzCorpora(t *testing.T) {
	t.Parallel()
	const root = "../.."
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)`)
	n := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && e.Name() != ".." || e.Name() == "node_modules"):
			return filepath.SkipDir
		case e.IsDir() || !strings.HasSuffix(e.Name(), "_test.go"):
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllSubmatch(raw, -1) {
			n++
			corpus, err := os.ReadDir(filepath.Join(filepath.Dir(path), "testdata", "fuzz", string(m[1])))
			if err != nil || len(corpus) == 0 {
				t.Errorf("%s: %s has no corpus under testdata/fuzz", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 30 {
		t.Errorf("only %d targets found; is this the repository?", n)
	}
}
