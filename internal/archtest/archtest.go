// Package archtest holds the shape of the house as a test: which package may import which, where SQL may stand, and
// how long a file and a package may grow (decisions §12, style §2.18). The linter's depguard sees only direct imports;
// here every package must have a place, every import must go upward, and so what is imported through others does too.
//
// To add a package, give it its place in order.go. An import that is refused is a question about the design before it
// is a question about the list.
package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the path that all of our packages begin with.
const Module = "zhilu.dev/zhilu"

// Package is what the rules need to know of one package of ours.
type Package struct {
	Path    string   // below the module, without "internal/": "vault/localdir", "cmd/zhilu"
	Imports []string // of its non-test files: our packages as in Path, others whole ("net/http"); sorted, each once
	Files   []File
}

// File is what the rules need to know of one file.
type File struct {
	Path      string // below the module's root, with slashes
	Lines     int
	Test      bool  // *_test.go
	Generated bool  // says so in its first lines, or written by templ
	SQL       []int // lines that call the database
}

// Load reads every package below root/internal and root/cmd. All build constraints are read alike: the shape holds
// on every system. Files are parsed, not type-checked, so a package that does not build yet can be judged too.
func Load(root string) ([]Package, error) {
	packages := map[string]*Package{}
	for _, top := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			if name == filepath.Join(root, top) && errors.Is(err, fs.ErrNotExist) {
				return nil // a house without commands yet
			}
			if err != nil {
				return err
			}
			if d.IsDir() {
				if n := d.Name(); n == "testdata" || n == "node_modules" || strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_") {
					return fs.SkipDir
				}
				return nil
			}
			if ext := filepath.Ext(name); ext != ".go" && ext != ".templ" {
				return nil
			}
			return addFile(packages, root, name)
		})
		if err != nil {
			return nil, fmt.Errorf("archtest: %w", err)
		}
	}
	list := make([]Package, 0, len(packages))
	for _, p := range packages {
		slices.Sort(p.Imports)
		p.Imports = slices.Compact(p.Imports)
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Package) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

func addFile(packages map[string]*Package, root, name string) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	file := File{Path: rel, Lines: bytes.Count(source, []byte("\n")), Test: strings.HasSuffix(rel, "_test.go")}
	at := strings.TrimPrefix(path.Dir(rel), "internal/")
	p := packages[at]
	if p == nil {
		p = &Package{Path: at}
		packages[at] = p
	}
	if strings.HasSuffix(rel, ".go") {
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, rel, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		file.Generated = ast.IsGenerated(tree) || strings.HasSuffix(rel, "_templ.go")
		file.SQL = databaseCalls(files, tree)
		if !file.Test {
			for _, spec := range tree.Imports {
				p.Imports = append(p.Imports, ours(spec))
			}
		}
	}
	p.Files = append(p.Files, file)
	return nil
}

func ours(spec *ast.ImportSpec) string {
	imported, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	if rest, ok := strings.CutPrefix(imported, Module+"/"); ok {
		return Module + "/" + strings.TrimPrefix(rest, "internal/")
	}
	return imported
}

// databaseMethods are the calls by which a statement reaches the database, through bun or database/sql.
var databaseMethods = []string{
	"NewRaw", "NewSelect", "NewInsert", "NewUpdate", "NewDelete", "NewMerge", "NewValues",
	"NewCreateTable", "NewDropTable", "NewCreateIndex", "NewDropIndex", "NewTruncateTable",
	"ExecContext", "QueryContext", "QueryRowContext", "PrepareContext",
}

func databaseCalls(files *token.FileSet, tree *ast.File) []int {
	var lines []int
	ast.Inspect(tree, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(databaseMethods, sel.Sel.Name) {
				lines = append(lines, files.Position(sel.Sel.Pos()).Line)
			}
		}
		return true
	})
	return lines
}
