package archtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/archtest"
)

func TestHouse(t *testing.T) {
	t.Parallel()
	packages, err := archtest.Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 5 {
		t.Fatalf("only %d packages found; is this the repository?", len(packages))
	}
	rules := map[string]func([]archtest.Package) []string{
		"direction": archtest.Direction, "reach": archtest.Reach, "statements": archtest.Statements, "sizes": archtest.Sizes,
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, wrong := range rule(packages) {
				t.Error(wrong)
			}
		})
	}
}

// TestPlacesAreUnique holds the list itself: a package listed twice would stand in two storeys.
func TestPlacesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, group := range archtest.Order {
		for _, p := range group.Packages {
			if other, twice := seen[p]; twice {
				t.Errorf("%s stands in %s and in %s", p, other, group.Name)
			}
			seen[p] = group.Name
		}
	}
}

func pkg(path string, imports ...string) archtest.Package {
	for i, imported := range imports {
		if !strings.Contains(imported, ".") && imported != "testing" && imported != "net/http" {
			imports[i] = archtest.Module + "/" + imported
		}
	}
	return archtest.Package{Path: path, Imports: imports}
}

func TestDirection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pkg  archtest.Package
		want string // part of the only complaint; none when empty
	}{
		"a storey above":                  {pkg("recording", "custody", "fault", "net/http"), ""},
		"a storey below":                  {pkg("vault", "recording"), "records stands below ground"},
		"earlier in the storey":           {pkg("recording", "org"), ""},
		"later in the storey":             {pkg("org", "recording"), "comes after"},
		"a face imports a face":           {pkg("web", "door"), "never import each other"},
		"a face's own rooms":              {pkg("web/ui", "web/asset", "recording"), ""},
		"a face's room, another face":     {pkg("web/ui", "api"), "never import each other"},
		"a subpackage follows its parent": {pkg("vault/localdir", "vault", "durable"), ""},
		"a subpackage goes down":          {pkg("vault/localdir", "media"), "comes after"},
		"fsck stands after verify":        {pkg("custody/fsck", "verify", "vault"), ""},
		"custody does not know verify":    {pkg("custody", "verify"), "comes after"},
		"main may import anything":        {pkg("cmd/zhilu", "app", "dock", "verify"), ""},
		"nobody imports main":             {pkg("app", "cmd/zhilu"), "stands below"},
		"unknown package":                 {pkg("blockchain"), "no place"},
		"unknown command":                 {pkg("cmd/other"), "no place"},
		"unknown import":                  {pkg("web", "blockchain"), "no place"},
		"bad name":                        {pkg("web/util"), "says nothing"},
		"production imports a test kit":   {pkg("app", "vault/vaulttest"), "for tests only"},
		"a test kit imports its subject":  {pkg("vault/vaulttest", "vault", "testing"), ""},
		"testing in production":           {pkg("vault", "testing"), "only tests"},
		"templ in a record":               {pkg("org", "github.com/a-h/templ"), "its home is web"},
		"templ in a room of web":          {pkg("web/ui", "github.com/a-h/templ/runtime"), ""},
		"the judge imports the house":     {pkg("archtest", "fault"), "outside the house"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := archtest.Direction([]archtest.Package{tt.pkg})
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("complaints: %q", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("complaints %q, want one with %q", got, tt.want)
			}
		})
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	got := archtest.Reach([]archtest.Package{pkg("verify", "clock", "fault"), pkg("clock", "locale"), pkg("locale"), pkg("fault")})
	want := []string{"verify reaches locale (verify → clock → locale)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	p := archtest.Package{Path: "org", Files: []archtest.File{
		{Path: "internal/org/a.go", Lines: 499},
		{Path: "internal/org/b.go", Lines: 500},
		{Path: "internal/org/c_test.go", Lines: 799, Test: true},
		{Path: "internal/org/d_test.go", Lines: 800, Test: true},
		{Path: "internal/org/e_templ.go", Lines: 9000, Generated: true},
		{Path: "internal/org/e.templ", Lines: 501},
	}}
	if got := archtest.Sizes([]archtest.Package{p}); len(got) != 3 {
		t.Errorf("complaints: %q, want three", got)
	}
	for range 4 {
		p.Files = append(p.Files, archtest.File{Path: "internal/org/f.go", Lines: 499})
	}
	if got := archtest.Sizes([]archtest.Package{p}); len(got) != 4 || !strings.Contains(got[3], "more than one concept") {
		t.Errorf("complaints: %q, want the package's too", got)
	}
}

// TestLoad reads a small house from disk: build constraints, tests, generated files and statements are told apart.
func TestLoad(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, source := range map[string]string{
		"internal/org/store.go":           "package org\n\nfunc s() { db.NewSelect() }\n",
		"internal/org/service.go":         "//go:build windows\n\npackage org\n\nimport \"zhilu.dev/zhilu/internal/fault\"\n\nfunc q() {\n\ttx.ExecContext(ctx, \"\")\n}\n",
		"internal/org/org_test.go":        "package org\n\nimport \"zhilu.dev/zhilu/internal/web\"\n\nfunc q() { db.NewRaw() }\n",
		"internal/org/page_templ.go":      "// Code generated by templ - DO NOT EDIT.\n\npackage org\n",
		"internal/org/testdata/x.go":      "not Go",
		"internal/x/node_modules/p/p.go":  "not Go",
		"cmd/zhilu/main.go":               "package main\n\nimport \"os\"\n",
		"internal/vault/vaulttest/kit.go": "package vaulttest\n\nfunc q() { db.NewRaw() }\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := archtest.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []archtest.Package{
		{Path: "cmd/zhilu", Imports: []string{"os"}, Files: []archtest.File{{Path: "cmd/zhilu/main.go", Lines: 3}}},
		{Path: "org", Imports: []string{archtest.Module + "/fault"}, Files: []archtest.File{
			{Path: "internal/org/org_test.go", Lines: 5, Test: true, SQL: []int{5}},
			{Path: "internal/org/page_templ.go", Lines: 3, Generated: true},
			{Path: "internal/org/service.go", Lines: 9, SQL: []int{8}},
			{Path: "internal/org/store.go", Lines: 3, SQL: []int{3}},
		}},
		{Path: "vault/vaulttest", Files: []archtest.File{{Path: "internal/vault/vaulttest/kit.go", Lines: 3, SQL: []int{3}}}},
	}
	if diff := cmp.Diff(want, packages); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"internal/org/service.go:8: a statement outside store*.go"}, archtest.Statements(packages)); diff != "" {
		t.Error(diff)
	}
}
