package performance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/locale"
)

// TestWords reads the package's own source: every constant of a state and every code of a lack has words in both
// languages (the catalogues are compared when they are loaded), so that nothing said here reaches a page as a code.
func TestWords(t *testing.T) {
	t.Parallel()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	areas := map[string]string{
		"FineState": "fine", "InstalmentState": "instalment", "PlanCode": "plan", "LimitState": "limit", "GuardState": "guard", "Hour": "hour",
		"Way": "way", "StepID": "step", "StepState": "state",
	}
	var keys []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, raw, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				kind, ok := n.Type.(*ast.Ident)
				if ok && areas[kind.Name] != "" && len(n.Values) == 1 {
					if v := literal(n.Values[0]); v != "" {
						keys = append(keys, "performance."+areas[kind.Name]+"."+v)
						if kind.Name == "StepID" && v != "act" && v != "apply" {
							keys = append(keys, "performance.lack.step_"+v)
						}
					}
				}
			case *ast.CallExpr:
				called := ""
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					called = f.Sel.Name
				case *ast.Ident:
					called = f.Name
				}
				if called == "Want" || called == "Add" || called == "fail" {
					if v := literal(n.Args[0]); v != "" {
						keys = append(keys, "performance.lack."+v)
					}
				}
				if called == "New" && len(n.Args) > 1 {
					for _, part := range []string{"what", "kept", "do"} {
						keys = append(keys, "fault."+literal(n.Args[1])+"."+part)
					}
				}
			}
			return true
		})
	}
	if len(keys) < 80 {
		t.Fatalf("only %d words are asked for: %v", len(keys), keys)
	}
	for _, k := range keys {
		if !words.For(locale.Chinese).Has(k) {
			t.Errorf("no words for %s", k)
		}
	}
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}
