package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// callers are the only packages that speak to others over the network. Every address they use is given on the command line of
// the host by whoever runs it: no page, no file and no upload can name one. // T25
var callers = []string{
	"internal/app/diagnosis",       // the running server of the same data folder, by a socket inside it
	"internal/custody/countersign", // witnesses
	"internal/custody/stamp",       // a time-stamping authority
	"internal/dock",                // a house
	"internal/recording/malware",   // a scanner
	"internal/node",                // the house's other servers
	"internal/trace",               // a collector
	"internal/vault/s3",            // a bucket
	"internal/verify/source",       // somebody's log
}

// TestWhoDials: nothing else makes a client, every client refuses to be led elsewhere, and certificates are checked.
func TestWhoDials(t *testing.T) {
	t.Parallel()
	dials := regexp.MustCompile(`http\.(Client\{|Get\(|Post\(|PostForm\(|DefaultClient|DefaultTransport|Transport\{|NewRequest)|net\.Dial|httputil\.ReverseProxy|minio\.New|otlptracehttp\.New`)
	client := regexp.MustCompile(`http\.Client\{(?s:.{0,600})`)
	found := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel("../..", path)
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && e.Name() != ".." || e.Name() == "node_modules" || slices.Contains([]string{"scripts", "tools", "internal/hardship"}, rel)):
			return filepath.SkipDir
		case e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test"):
			return nil // what only tests use lies in packages that end with "test"
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if m := dials.Find(raw); m != nil {
			dir := filepath.ToSlash(filepath.Dir(rel))
			found[dir] = true
			if !slices.Contains(callers, dir) {
				t.Errorf("%s speaks to others (%s); see callers in dial_test.go", rel, m)
			}
		}
		for _, m := range client.FindAll(raw, -1) {
			if !strings.Contains(string(m), "CheckRedirect") {
				t.Errorf("%s: a client that follows redirects: %s", rel, m)
			}
		}
		if strings.Contains(string(raw), "InsecureSkipVerify") && (rel != "internal/dock/client.go" || !strings.Contains(string(raw), "VerifyConnection")) {
			t.Errorf("%s does not check certificates", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range callers {
		if !found[dir] {
			t.Errorf("%s speaks to nobody any more", dir)
		}
	}
}
