package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// place is where a package stands: its storey, its position in it, and the listed package it belongs to.
type place struct {
	group, index int
	family       string
}

func placeOf(at string) (place, bool) {
	for family := at; family != "." && family != "cmd"; family = path.Dir(family) {
		for g, group := range Order {
			if i := slices.Index(group.Packages, family); i >= 0 {
				return place{group: g, index: i, family: family}, true
			}
		}
	}
	return place{}, false
}

// forTests reports whether the package exists to test others (vaulttest, webtest, archtest).
func forTests(at string) bool { return strings.HasSuffix(path.Base(at), "test") }

// Direction says which packages have no place and which imports go the wrong way.
func Direction(packages []Package) []string {
	var wrong []string
	for _, p := range packages {
		if p.Path == "archtest" {
			wrong = append(wrong, nothingOfOurs(p)...)
			continue
		}
		from, ok := placeOf(p.Path)
		if !ok {
			wrong = append(wrong, p.Path+": has no place in the house; give it one in internal/archtest/order.go")
			continue
		}
		if slices.Contains(badNames, path.Base(p.Path)) {
			wrong = append(wrong, p.Path+": the name says nothing; name it after what an investigator would call it")
		}
		for _, imported := range p.Imports {
			if why := judge(p.Path, from, imported); why != "" {
				wrong = append(wrong, p.Path+" imports "+strings.TrimPrefix(imported, Module+"/")+": "+why)
			}
		}
	}
	return wrong
}

func nothingOfOurs(p Package) []string {
	var wrong []string
	for _, imported := range p.Imports {
		if strings.HasPrefix(imported, Module+"/") {
			wrong = append(wrong, p.Path+" imports "+imported+": the judge stands outside the house")
		}
	}
	return wrong
}

// judge gives the reason why the import is refused, or nothing.
func judge(importer string, from place, imported string) string {
	target, isOurs := strings.CutPrefix(imported, Module+"/")
	if !isOurs {
		return judgeLibrary(importer, from, imported)
	}
	to, ok := placeOf(target)
	switch {
	case !ok:
		return "it has no place in the house"
	case forTests(target) && !forTests(importer):
		return "it exists for tests only"
	case to.family == from.family:
		return "" // Go itself forbids the circle
	case to.group > from.group:
		return fmt.Sprintf("%s stands below %s", Order[to.group].Name, Order[from.group].Name)
	case to.group < from.group:
		return ""
	case Order[from.group].Apart:
		return Order[from.group].Name + " never import each other"
	case to.index > from.index:
		return fmt.Sprintf("in %s, %s comes after %s", Order[from.group].Name, to.family, from.family)
	}
	return ""
}

func judgeLibrary(importer string, from place, imported string) string {
	if imported == "testing" && !forTests(importer) {
		return "only tests and packages for tests use it"
	}
	for library, homes := range Homes {
		if imported != library && !strings.HasPrefix(imported, library+"/") {
			continue
		}
		if !slices.Contains(homes, from.family) {
			return "its home is " + strings.Join(homes, ", ")
		}
	}
	return ""
}

// Reach says which closed packages reach something, through any number of others, that they may not.
func Reach(packages []Package) []string {
	byPath := map[string]Package{}
	for _, p := range packages {
		byPath[p.Path] = p
	}
	var wrong []string
	for _, p := range packages {
		at, _ := placeOf(p.Path)
		allowed, closed := Closed[at.family]
		if !closed || forTests(p.Path) {
			continue
		}
		seen := map[string]bool{}
		var walk func(at string, way []string)
		walk = func(current string, way []string) {
			for _, imported := range byPath[current].Imports {
				target, isOurs := strings.CutPrefix(imported, Module+"/")
				if !isOurs || seen[target] {
					continue
				}
				seen[target] = true
				way := append(slices.Clone(way), target)
				to, _ := placeOf(target)
				if to.family != at.family && !slices.Contains(allowed, to.family) {
					wrong = append(wrong, fmt.Sprintf("%s reaches %s (%s)", p.Path, target, strings.Join(way, " → ")))
					continue
				}
				walk(target, way)
			}
		}
		walk(p.Path, []string{p.Path})
	}
	return wrong
}

// Statements says where SQL stands that belongs into a store*.go.
func Statements(packages []Package) []string {
	var wrong []string
	for _, p := range packages {
		at, _ := placeOf(p.Path)
		if slices.Contains(sqlHomes, at.family) || forTests(p.Path) {
			continue
		}
		for _, f := range p.Files {
			if f.Test || strings.HasPrefix(path.Base(f.Path), "store") {
				continue
			}
			for _, line := range f.SQL {
				wrong = append(wrong, fmt.Sprintf("%s:%d: a statement outside store*.go", f.Path, line))
			}
		}
	}
	return wrong
}

// Sizes says what has grown too long. Generated files are not counted; tests and templates count for themselves only.
func Sizes(packages []Package) []string {
	var wrong []string
	for _, p := range packages {
		sum := 0
		for _, f := range p.Files {
			limit := maxFile
			switch {
			case f.Generated:
				continue
			case f.Test:
				limit = maxTestFile
			case strings.HasSuffix(f.Path, ".go"):
				sum += f.Lines
			}
			if f.Lines >= limit {
				wrong = append(wrong, fmt.Sprintf("%s: %d lines, the limit is %d; split it by concept", f.Path, f.Lines, limit))
			}
		}
		if sum >= maxPackage && !forTests(p.Path) {
			wrong = append(wrong, fmt.Sprintf("%s: %d lines, the limit is %d; it holds more than one concept", p.Path, sum, maxPackage))
		}
	}
	return wrong
}
